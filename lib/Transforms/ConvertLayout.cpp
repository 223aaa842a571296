//===- ConvertLayout.cpp - Channels last, once for the whole model --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BehindElementwise.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

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
  llvm::sort(order, [&](int64_t a, int64_t b) {
    return std::pair(classes[a], a) < std::pair(classes[b], b);
  });
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
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() < 2 ||
      op.getNumDpsInits() != 1 || !getConstant(op->getOperand(1)))
    return std::nullopt;
  // What comes behind the weights are their scales and zero points.
  for (Value parameter : llvm::drop_begin(op.getDpsInputs(), 2))
    if (!getConstant(parameter))
      return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap input = maps[0], weights = maps[1], output = maps.back();
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
  SmallVector<AffineMap> oldMaps = op.getIndexingMapsArray();
  SmallVector<SmallVector<int64_t>> layouts{layout.input, layout.weights};
  // One for each block has the dimensions of the weights, one for each channel
  // a single one.
  for (AffineMap map : ArrayRef(oldMaps).drop_front(2))
    layouts.push_back(
        map.getNumResults() == layout.weights.size()
            ? layout.weights
            : llvm::to_vector(llvm::seq<int64_t>(0, map.getNumResults())));
  layouts.back() = layout.output;
  for (auto [value, map, permutation] :
       llvm::zip_equal(op->getOperands(), oldMaps, layouts)) {
    operands.push_back(buildTranspose(rewriter, loc, value, permutation));
    SmallVector<AffineExpr> results(
        map.replaceDimsAndSymbols(replacements, {}, newDims.size(), 0)
            .getResults());
    applyPermutationToVector(results, permutation);
    maps.push_back(
        AffineMap::get(newDims.size(), 0, results, rewriter.getContext()));
  }
  auto generic = linalg::GenericOp::create(
      rewriter, loc, operands.back().getType(),
      ArrayRef<Value>(operands).drop_back(), operands.back(), maps, iterators);
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

struct ConvertLayoutPass : impl::ConvertLayoutBase<ConvertLayoutPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    apply(populatePadBehindElementwisePatterns);
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
      populateReshapeBehindElementwisePatterns(patterns);
    });
    apply([](RewritePatternSet &patterns) {
      populatePadBehindElementwisePatterns(patterns);
      populateMaxPoolingBehindElementwisePatterns(patterns);
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
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
