//===- Fuse.cpp - Give every contraction its bias and one tail ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FUSE
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// A constant vector along the channels that is added to a contraction becomes
/// the value on which the contraction accumulates. The sum may be the start of
/// a longer elementwise body.
struct FoldBiasIntoInit : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!linalg::isElementwise(op) || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not elementwise on tensors");
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto contraction = input->get().getDefiningOp<QuantizableOpInterface>();
      if (!contraction || !contraction->hasOneUse() ||
          !op.getMatchingIndexingMap(input).isIdentity() ||
          !isZeroTensor(contraction.getAccumulatorInit()->get()))
        continue;
      arith::AddFOp add = getOnlySum(op, input);
      if (!add)
        continue;
      OpOperand *other = getOtherSummand(op, input, add);
      if (!other)
        continue;
      std::optional<SmallVector<float>> bias =
          getBias(op, other, contraction.getChannelResultDim());
      if (!bias)
        continue;
      setInit(op.getLoc(), contraction, *bias, rewriter);
      rewriter.replaceOp(add, op.getMatchingBlockArgument(input));
      return success();
    }
    return rewriter.notifyMatchFailure(
        op, "no sum of a contraction and a constant along its channels");
  }

private:
  /// The sum that is the only use of an input's element.
  static arith::AddFOp getOnlySum(linalg::GenericOp op, OpOperand *input) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    if (!argument.hasOneUse())
      return {};
    return dyn_cast<arith::AddFOp>(*argument.user_begin());
  }

  static OpOperand *getOtherSummand(linalg::GenericOp op, OpOperand *input,
                                    arith::AddFOp add) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    auto other = dyn_cast<BlockArgument>(
        add.getLhs() == argument ? add.getRhs() : add.getLhs());
    if (!other || other.getOwner() != op.getBody() || other == argument ||
        other.getArgNumber() >= op.getNumDpsInputs())
      return nullptr;
    return op.getDpsInputOperand(other.getArgNumber());
  }

  /// The other summand as a vector along dimension `channelDim`: a constant
  /// whose map selects that dimension and otherwise only dimensions of size 1.
  static std::optional<SmallVector<float>>
  getBias(linalg::GenericOp op, OpOperand *operand, int32_t channelDim) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    auto type = dyn_cast<RankedTensorType>(operand->get().getType());
    auto resultType = cast<RankedTensorType>(op.getResultTypes().front());
    if (!type || ShapedType::isDynamic(resultType.getDimSize(channelDim)))
      return std::nullopt;
    bool selectsChannel = false;
    for (auto [expr, size] : llvm::zip(map.getResults(), type.getShape())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (dim && static_cast<int32_t>(dim.getPosition()) == channelDim)
        selectsChannel = true;
      else if (size != 1)
        return std::nullopt;
    }
    std::optional<SmallVector<float>> values =
        getConstantFloats(operand->get());
    if (values && !selectsChannel)
      values->assign(resultType.getDimSize(channelDim), values->front());
    return values;
  }

  static void setInit(Location loc, QuantizableOpInterface contraction,
                      ArrayRef<float> bias, PatternRewriter &rewriter) {
    rewriter.setInsertionPoint(contraction);
    int64_t channelDim = contraction.getChannelResultDim();
    Value vector = createConstant(rewriter, loc,
                                  {static_cast<int64_t>(bias.size())}, bias);
    Value init = contraction.getAccumulatorInit()->get();
    Value empty = createEmptyLike(rewriter, loc, init, rewriter.getF32Type());
    SmallVector<int64_t> otherDims;
    int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != channelDim)
        otherDims.push_back(dim);
    Value broadcast =
        linalg::BroadcastOp::create(rewriter, loc, vector, empty, otherDims)
            .getResult()[0];
    rewriter.modifyOpInPlace(
        contraction, [&] { contraction.getAccumulatorInit()->set(broadcast); });
  }
};

/// The patterns of `tensor.empty` would do this, and turn one whose sizes turn
/// out to be static into one behind a cast: elementwise fusion, which wants its
/// results in a `tensor.empty`, would then make another, again and again.
struct FoldSizeOfEmpty : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::DimOp op,
                                PatternRewriter &rewriter) const override {
    auto empty = op.getSource().getDefiningOp<tensor::EmptyOp>();
    std::optional<int64_t> index = op.getConstantIndex();
    if (!empty || !index || *index < 0 || *index >= empty.getType().getRank() ||
        !empty.getType().isDynamicDim(*index))
      return rewriter.notifyMatchFailure(op, "is no size of tensor.empty");
    rewriter.replaceOp(op, empty.getDynamicSize(*index));
    return success();
  }
};

/// An elementwise operation reads what is broadcast for it where it comes from.
struct ReadBeforeBroadcast : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || !linalg::isElementwise(op))
      return rewriter.notifyMatchFailure(op, "is not elementwise");
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto broadcast = operand->get().getDefiningOp<linalg::BroadcastOp>();
      if (!broadcast)
        continue;
      AffineMap &map = maps[operand->getOperandNumber()];
      SmallVector<AffineExpr> kept;
      for (auto [dim, expr] : llvm::enumerate(map.getResults()))
        if (!llvm::is_contained(broadcast.getDimensions(),
                                static_cast<int64_t>(dim)))
          kept.push_back(expr);
      map = AffineMap::get(map.getNumDims(), 0, kept, op.getContext());
      rewriter.modifyOpInPlace(op, [&] {
        operand->set(broadcast.getInput());
        op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "reads nothing that is broadcast");
  }
};

struct FusePass : impl::FuseBase<FusePass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Simulated, Stage::Quantized,
                           Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    generalizeElementwise();
    // Biases first: fused into a longer chain, a sum would be harder to see.
    RewritePatternSet biases(&getContext());
    biases.add<FoldBiasIntoInit, ReadBeforeBroadcast>(&getContext());
    cleanUp(biases);
    if (failed(applyPatternsGreedily(getOperation(), std::move(biases))))
      return signalPassFailure();
    RewritePatternSet chains(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(chains, isChain);
    cleanUp(chains);
    // Not on contractions: weights that are all one number would become part of
    // what they compute, which then is none.
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
      if (op != getOperation() &&
          !(linalgOp && (linalg::isaContractionOpInterface(linalgOp) ||
                         linalg::isaConvolutionOpInterface(linalgOp))))
        ops.push_back(op);
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    if (failed(applyOpPatternsGreedily(ops, std::move(chains), config)))
      signalPassFailure();
  }

private:
  /// `linalg.add`, `linalg.map` and the like, for which nothing else looks.
  void generalizeElementwise() {
    SmallVector<linalg::LinalgOp> named;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!isa<linalg::GenericOp, linalg::FillOp, linalg::BroadcastOp,
               linalg::TransposeOp, linalg::CopyOp>(op) &&
          op.hasPureTensorSemantics() && linalg::isElementwise(op))
        named.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      auto attrs = llvm::to_vector(op->getDiscardableAttrs());
      FailureOr<linalg::GenericOp> generic =
          linalg::generalizeNamedOp(rewriter, op);
      if (succeeded(generic))
        for (NamedAttribute attr : attrs)
          (*generic)->setDiscardableAttr(attr.getName(), attr.getValue());
    }
  }

  void cleanUp(RewritePatternSet &patterns) {
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    // Asking a result for its size would count as another use of it.
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    patterns.add<FoldSizeOfEmpty>(&getContext());
  }

  /// Whether an operation does more for an element than a few cycles take.
  static bool isCostly(linalg::GenericOp op) {
    return llvm::any_of(op.getBody()->without_terminator(), [](Operation &op) {
      return isa<arith::DivFOp>(op) || isa<math::MathDialect>(op.getDialect());
    });
  }

  /// Only chains of elementwise operations: fusing a broadcast or a fill would
  /// take a contraction's init away. What is costly is not done again for each
  /// element of a row.
  static bool isChain(OpOperand *operand) {
    auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
    auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
    return producer && producer->hasOneUse() && consumer &&
           linalg::isElementwise(consumer) && linalg::isElementwise(producer) &&
           producer.getNumDpsInputs() > 0 &&
           (producer.getNumLoops() >= consumer.getNumLoops() ||
            !isCostly(producer)) &&
           // The report tells of layers in 16 bits one by one.
           !producer->hasAttr(attrs::float16) &&
           !consumer->hasAttr(attrs::float16);
  }
};

} // namespace
} // namespace quanta
