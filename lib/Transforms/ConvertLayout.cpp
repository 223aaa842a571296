//===- ConvertLayout.cpp - Channels last, once for the whole model --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EpilogueBound.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTLAYOUT
#include "quanta/Transforms/Passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Orders positions by class, those of one class as they were.
SmallVector<int64_t> sortByClass(ArrayRef<int> classes) {
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, classes.size()));
  llvm::stable_sort(
      order, [&](int64_t a, int64_t b) { return classes[a] < classes[b]; });
  return order;
}

/// How the tensors of a convolution are laid out with channels last, and in
/// which order the loops then run.
struct ChannelsLast {
  /// Input: batch, window, groups, channels. Weights: window, groups, input
  /// channels, output channels. Output: batch, window, channels.
  SmallVector<int64_t> input, weights, output;
  /// The old loops in their new order.
  SmallVector<int64_t> loops;

  static std::optional<ChannelsLast> get(linalg::LinalgOp op);
};

std::optional<ChannelsLast> ChannelsLast::get(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || !getConstant(op->getOperand(1)))
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap input = maps[0], weights = maps[1], output = maps[2];
  if (!weights.isProjectedPermutation() || !output.isProjectedPermutation())
    return std::nullopt;

  llvm::SmallDenseSet<unsigned> windowDims;
  for (AffineExpr expr : input.getResults())
    if (!isa<AffineDimExpr>(expr))
      for (unsigned dim = 0; dim < input.getNumDims(); ++dim)
        if (expr.isFunctionOfDim(dim))
          windowDims.insert(dim);
  if (windowDims.empty())
    return std::nullopt;
  SmallVector<int> inputClasses, weightClasses, outputClasses;
  for (AffineExpr expr : input.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    bool isChannel = dim && weights.isFunctionOfDim(dim.getPosition());
    inputClasses.push_back(!dim ? 1 : isChannel ? 2 : 0);
  }
  for (AffineExpr expr : weights.getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    bool inInput = input.isFunctionOfDim(dim);
    weightClasses.push_back(windowDims.contains(dim)      ? 0
                            : !inInput                    ? 3
                            : output.isFunctionOfDim(dim) ? 1
                                                          : 2);
  }
  for (AffineExpr expr : output.getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    outputClasses.push_back(windowDims.contains(dim)       ? 1
                            : weights.isFunctionOfDim(dim) ? 2
                                                           : 0);
  }
  ChannelsLast layout{sortByClass(inputClasses),
                      sortByClass(weightClasses),
                      sortByClass(outputClasses),
                      {}};
  for (int64_t position : layout.output)
    layout.loops.push_back(output.getDimPosition(position));
  for (int64_t position : layout.weights)
    if (unsigned dim = weights.getDimPosition(position);
        !output.isFunctionOfDim(dim))
      layout.loops.push_back(dim);
  if (layout.loops.size() != input.getNumDims() ||
      (isIdentityPermutation(layout.input) &&
       isIdentityPermutation(layout.weights) &&
       isIdentityPermutation(layout.output)))
    return std::nullopt;
  return layout;
}

void convertConvolution(linalg::LinalgOp op, const ChannelsLast &layout,
                        IRRewriter &rewriter) {
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  SmallVector<int64_t> newDims = invertPermutationVector(layout.loops);
  SmallVector<AffineExpr> replacements;
  SmallVector<utils::IteratorType> iterators;
  for (auto [dim, old] : llvm::zip(newDims, layout.loops)) {
    replacements.push_back(rewriter.getAffineDimExpr(dim));
    iterators.push_back(op.getIteratorTypesArray()[old]);
  }
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  ArrayRef<int64_t> layouts[] = {layout.input, layout.weights, layout.output};
  for (auto [value, map, permutation] :
       llvm::zip(op->getOperands(), op.getIndexingMapsArray(), layouts)) {
    operands.push_back(buildTranspose(rewriter, loc, value, permutation));
    SmallVector<AffineExpr> results(
        map.replaceDimsAndSymbols(replacements, {}, newDims.size(), 0)
            .getResults());
    applyPermutationToVector(results, permutation);
    maps.push_back(
        AffineMap::get(newDims.size(), 0, results, rewriter.getContext()));
  }
  auto generic = linalg::GenericOp::create(rewriter, loc, operands[2].getType(),
                                           ValueRange{operands[0], operands[1]},
                                           operands[2], maps, iterators);
  // What linalg itself remembers about an operation is no longer so.
  for (NamedAttribute attr : op->getDiscardableAttrs())
    if (attr.getNameDialect() !=
        rewriter.getContext()->getLoadedDialect<linalg::LinalgDialect>())
      generic->setDiscardableAttr(attr.getName(), attr.getValue());
  rewriter.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                             generic.getRegion().begin());
  rewriter.replaceOp(op,
                     buildTranspose(rewriter, loc, generic.getResult(0),
                                    invertPermutationVector(layout.output)));
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

template <typename FromOp, typename ToOp>
struct ConvertPooling : OpRewritePattern<FromOp> {
  using OpRewritePattern<FromOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(FromOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    Location loc = op.getLoc();
    int64_t rank =
        cast<RankedTensorType>(op->getOperand(0).getType()).getRank();
    SmallVector<int64_t> toLast{0};
    llvm::append_range(toLast, llvm::seq<int64_t>(2, rank));
    toLast.push_back(1);
    Value input = buildTranspose(rewriter, loc, op->getOperand(0), toLast);
    Value init = buildTranspose(rewriter, loc, op->getOperand(2), toLast);
    auto pooled = ToOp::create(rewriter, loc, TypeRange(init.getType()),
                               ValueRange{input, op->getOperand(1)}, init,
                               op.getStrides(), op.getDilations());
    rewriter.replaceOp(op, buildTranspose(rewriter, loc, pooled->getResult(0),
                                          invertPermutationVector(toLast)));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Elementwise operations on one tensor
//===----------------------------------------------------------------------===//

/// Whether each element of the result is computed from that of one input alone.
bool isUnaryElementwise(linalg::GenericOp op) {
  return linalg::isElementwise(op) && op.hasPureTensorSemantics() &&
         op.getNumDpsInputs() == 1 && op->getNumResults() == 1 &&
         !op.hasIndexSemantics() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

/// The same operation on another tensor.
Value cloneOnto(Value input, linalg::GenericOp op, OpBuilder &builder) {
  Value empty = createEmptyLike(builder, op.getLoc(), input,
                                getElementTypeOrSelf(op.getResult(0)));
  auto clone = linalg::GenericOp::create(
      builder, op.getLoc(), empty.getType(), input, empty,
      op.getIndexingMapsArray(), op.getIteratorTypesArray());
  clone->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op.getRegion().cloneInto(&clone.getRegion(), mapping);
  return clone.getResult(0);
}

/// And on one scalar.
Value evaluateOn(Value scalar, linalg::GenericOp op, OpBuilder &builder) {
  IRMapping mapping;
  mapping.map(op.getBody()->getArgument(0), scalar);
  for (Operation &inner : op.getBody()->without_terminator())
    builder.clone(inner, mapping);
  return mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0));
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// `f(pad(x, c))` is `pad(f(x), f(c))`: padding moves fewer bytes behind a
/// quantization.
struct PadBehindElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isUnaryElementwise(op))
      return rewriter.notifyMatchFailure(op, "not elementwise on one tensor");
    auto pad = op.getDpsInputs()[0].getDefiningOp<tensor::PadOp>();
    Value padding = pad ? pad.getConstantPaddingValue() : Value();
    if (!padding || !pad->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no padding by a constant");
    Location loc = op.getLoc();
    Value inner = cloneOnto(pad.getSource(), op, rewriter);
    // The same on the one value that is everywhere.
    Value newPadding = evaluateOn(padding, op, rewriter);
    Value result = tensor::PadOp::create(
        rewriter, pad.getLoc(), Type(), inner, pad.getMixedLowPad(),
        pad.getMixedHighPad(), newPadding, pad.getNofold());
    if (result.getType() != op.getResult(0).getType())
      result = tensor::CastOp::create(rewriter, loc, op.getResult(0).getType(),
                                      result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Maximum
//===----------------------------------------------------------------------===//

/// Whether the body never decreases where its argument grows, in the order of
/// unsigned integers if it yields integers: steps with constants that keep the
/// order.
bool isMonotone(Block &body) {
  Value value = body.getTerminator()->getOperand(0);
  bool isInteger = false;
  auto getNumber = [](Value constant) -> std::optional<double> {
    FloatAttr attr;
    if (!matchPattern(constant, m_Constant(&attr)) || attr.getValue().isNaN())
      return std::nullopt;
    return attr.getValueAsDouble();
  };
  std::optional<double> low, high;
  if (auto truncate = value.getDefiningOp<arith::TruncIOp>()) {
    auto convert = truncate.getIn().getDefiningOp<arith::FPToSIOp>();
    if (!convert || !truncate.getType().isInteger(8))
      return false;
    isInteger = true;
    value = convert.getIn();
  }
  for (bool isOutermost = true; value != body.getArgument(0);) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &body)
      return false;
    std::optional<double> number =
        op->getNumOperands() == 2 ? getNumber(op->getOperand(1)) : std::nullopt;
    if (isa<arith::MinNumFOp>(op) && number) {
      if (isOutermost)
        high = number;
    } else if (isa<arith::MaxNumFOp>(op) && number) {
      if (isOutermost)
        low = number;
    } else {
      isOutermost = false;
      bool keepsOrder = isa<math::RoundEvenOp>(op) ||
                        (isa<arith::AddFOp, arith::SubFOp>(op) && number &&
                         std::isfinite(*number)) ||
                        (isa<arith::MulFOp, arith::DivFOp>(op) && number &&
                         std::isfinite(*number) && *number > 0);
      if (!keepsOrder)
        return false;
    }
    value = op->getOperand(0);
  }
  return !isInteger || (low && high && *low >= 0 && *high <= 255);
}

/// Whether the elements of a tensor are numbers, as what is computed from
/// integers and constants is.
bool holdsNumbers(Value tensor) {
  if (auto pad = tensor.getDefiningOp<tensor::PadOp>()) {
    FloatAttr padding;
    Value value = pad.getConstantPaddingValue();
    return value && matchPattern(value, m_Constant(&padding)) &&
           !padding.getValue().isNaN() && holdsNumbers(pad.getSource());
  }
  auto generic = tensor.getDefiningOp<linalg::GenericOp>();
  return generic && linalg::isElementwise(generic) &&
         std::isfinite(
             getEpilogueBound(generic.getBody()->getTerminator()->getOperand(0),
                              SmallVector<Value>(generic.getDpsInputs())));
}

/// `f(max(x))` is `max(f(x))` where `f` keeps the order: the window slides over
/// fewer bytes behind a quantization.
struct MaxPoolingBehindElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isUnaryElementwise(op))
      return rewriter.notifyMatchFailure(op, "not elementwise on one tensor");
    auto pool = op.getDpsInputs()[0].getDefiningOp<linalg::PoolingNhwcMaxOp>();
    auto fill = pool ? pool.getOutputs()[0].getDefiningOp<linalg::FillOp>()
                     : linalg::FillOp();
    if (!fill || !pool->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no maximum of windows");
    Type element = getElementTypeOrSelf(op.getResult(0));
    FloatAttr start;
    if (!element.isInteger(8) || !isMonotone(*op.getBody()) ||
        !matchPattern(fill.getInputs()[0], m_Constant(&start)) ||
        start.getValue().isNaN() || !holdsNumbers(pool.getInputs()[0]))
      return rewriter.notifyMatchFailure(
          op, "is no quantization of numbers to unsigned bytes");
    Location loc = op.getLoc();
    Value bytes = cloneOnto(pool.getInputs()[0], op, rewriter);
    Value first = evaluateOn(fill.getInputs()[0], op, rewriter);
    Value empty = createEmptyLike(rewriter, loc, op.getResult(0), element);
    Value init =
        linalg::FillOp::create(rewriter, loc, first, empty).getResult(0);
    Value window = createEmptyLike(rewriter, loc, pool.getInputs()[1], element);
    auto maximum = linalg::PoolingNhwcMaxUnsignedOp::create(
        rewriter, pool.getLoc(), TypeRange(init.getType()),
        ValueRange{bytes, window}, ValueRange{init}, pool.getStrides(),
        pool.getDilations());
    rewriter.replaceOp(op, maximum->getResults());
    return success();
  }
};

struct ConvertLayoutPass : impl::ConvertLayoutBase<ConvertLayoutPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    apply([](RewritePatternSet &patterns) {
      patterns.add<PadBehindElementwise>(patterns.getContext());
    });
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](linalg::LinalgOp op) {
      if (std::optional<ChannelsLast> layout = ChannelsLast::get(op))
        convertConvolution(op, *layout, rewriter);
    });
    apply([](RewritePatternSet &patterns) {
      patterns.add<
          ConvertPooling<linalg::PoolingNchwMaxOp, linalg::PoolingNhwcMaxOp>,
          ConvertPooling<linalg::PoolingNchwSumOp, linalg::PoolingNhwcSumOp>,
          ConvertPooling<linalg::PoolingNcwMaxOp, linalg::PoolingNwcMaxOp>,
          ConvertPooling<linalg::PoolingNcwSumOp, linalg::PoolingNwcSumOp>>(
          patterns.getContext());
      populateSinkTransposePatterns(patterns);
    });
    apply([](RewritePatternSet &patterns) {
      patterns.add<PadBehindElementwise, MaxPoolingBehindElementwise>(
          patterns.getContext());
    });
    apply(populateRaiseTransposePatterns);
    apply(populateAbsorbTransposePatterns);
    if (failed(foldConstants(getOperation())))
      signalPassFailure();
  }

private:
  void apply(function_ref<void(RewritePatternSet &)> populate) {
    RewritePatternSet patterns(&getContext());
    populate(patterns);
    tensor::CastOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
