//===- ExpandNamedOps.cpp - Named layers as general operations ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/ConvolutionShape.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_EXPANDNAMEDOPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct ExpandBatchMatmul : OpRewritePattern<BatchMatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchMatmulOp op,
                                PatternRewriter &rewriter) const override {
    auto rank = static_cast<unsigned>(op.getResult().getType().getRank());
    // The batch, then m, n and k.
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim <= rank; ++dim)
      dims.push_back(rewriter.getAffineDimExpr(dim));
    auto makeMap = [&](unsigned row, unsigned column) {
      SmallVector<AffineExpr> exprs(ArrayRef(dims).take_front(rank - 2));
      exprs.append({dims[row], dims[column]});
      return AffineMap::get(rank + 1, 0, exprs, rewriter.getContext());
    };
    unsigned m = rank - 2, n = rank - 1, k = rank;
    AffineMap maps[] = {makeMap(m, k), makeMap(k, n), makeMap(m, n)};
    rewriter.replaceOpWithNewOp<ContractOp>(
        op, op.getResult().getType(), op.getLhs(), op.getRhs(), op.getBias(),
        rewriter.getAffineMapArrayAttr(maps), rewriter.getI32IntegerAttr(n));
    return success();
  }
};

template <typename OpTy> struct ExpandConvolution : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    ConvolutionShape shape = getConvolutionShape(op);
    Value input = pad(op, shape, rewriter);
    // With one channel for each group there is nothing to sum over.
    int64_t depth = shape.channels / shape.groups;
    bool isDepthwise = depth == 1 && shape.groups > 1;
    Value weights = isDepthwise ? dropChannel(op, rewriter) : op.getWeights();
    rewriter.replaceOpWithNewOp<ContractOp>(
        op, op.getResult().getType(), input, weights, op.getBias(),
        rewriter.getAffineMapArrayAttr(
            makeMaps(shape, depth, isDepthwise, rewriter)),
        rewriter.getI32IntegerAttr(static_cast<int32_t>(shape.channelDim)));
    return success();
  }

private:
  static constexpr int64_t count = OpTy::spatialDims;

  static Value pad(OpTy op, const ConvolutionShape &shape,
                   PatternRewriter &rewriter) {
    if (llvm::all_of(shape.pads, [](int64_t pad) { return pad == 0; }))
      return op.getInput();
    SmallVector<int64_t> low(count + 2, 0), high(count + 2, 0);
    for (int64_t i = 0; i < count; ++i) {
      low[shape.firstSpatialDim + i] = shape.pads[i];
      high[shape.firstSpatialDim + i] = shape.pads[count + i];
    }
    return PadOp::create(rewriter, op.getLoc(), op.getInput(), low, high,
                         /*value=*/IntegerAttr());
  }

  /// Weights without their dimension of size 1; on the storage of constants, so
  /// that they stay such.
  static Value dropChannel(OpTy op, PatternRewriter &rewriter) {
    SmallVector<ReassociationIndices> groups{{0, 1}};
    for (int64_t i = 0; i < count; ++i)
      groups.push_back({2 + i});
    RankedTensorType type = op.getWeights().getType();
    SmallVector<int64_t> sizes(type.getShape());
    sizes.erase(sizes.begin() + 1);
    auto cast = op.getWeights().template getDefiningOp<quant::StorageCastOp>();
    Value source = cast ? cast.getInput() : op.getWeights();
    auto sourceType = llvm::cast<RankedTensorType>(source.getType());
    Value collapsed = rewriter.createOrFold<tensor::CollapseShapeOp>(
        op.getLoc(), sourceType.clone(sizes), source, groups);
    if (!cast)
      return collapsed;
    return quant::StorageCastOp::create(rewriter, op.getLoc(),
                                        type.clone(sizes), collapsed);
  }

  /// Iterators: image, filter, positions, channel of the group (if there are
  /// several), taps.
  static SmallVector<AffineMap> makeMaps(const ConvolutionShape &shape,
                                         int64_t depth, bool isDepthwise,
                                         PatternRewriter &rewriter) {
    auto dim = [&](int64_t position) {
      return rewriter.getAffineDimExpr(static_cast<unsigned>(position));
    };
    int64_t firstTap = 2 + count + (isDepthwise ? 0 : 1);
    AffineExpr filter = dim(1), channel = filter;
    if (isDepthwise)
      channel = filter.floorDiv(shape.filters / shape.groups);
    else if (shape.groups == 1)
      channel = dim(2 + count);
    else
      channel = filter.floorDiv(shape.filters / shape.groups) * depth +
                dim(2 + count);
    SmallVector<AffineExpr> input(count + 2), weights{filter},
        result(count + 2);
    input[0] = result[0] = dim(0);
    input[shape.channelDim] = channel;
    result[shape.channelDim] = filter;
    if (!isDepthwise)
      weights.push_back(dim(2 + count));
    for (int64_t i = 0; i < count; ++i) {
      AffineExpr position = dim(2 + i), tap = dim(firstTap + i);
      input[shape.firstSpatialDim + i] =
          position * shape.strides[i] + tap * shape.dilations[i];
      result[shape.firstSpatialDim + i] = position;
      weights.push_back(tap);
    }
    auto iterators = static_cast<unsigned>(firstTap + count);
    MLIRContext *context = rewriter.getContext();
    return {AffineMap::get(iterators, 0, input, context),
            AffineMap::get(iterators, 0, weights, context),
            AffineMap::get(iterators, 0, result, context)};
  }
};

/// Float operations between a dequantization and a quantization.
struct ExpandSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type =
        op.getInput().getType().clone(rewriter.getF32Type());
    Value input = DequantizeOp::create(rewriter, loc, type, op.getInput(),
                                       /*name=*/StringAttr());
    Value init = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, input),
        type.getElementType());
    auto softmax = linalg::SoftmaxOp::create(
        rewriter, loc, TypeRange{type}, input, init,
        rewriter.getI64IntegerAttr(static_cast<int32_t>(op.getDimension())));
    FailureOr<SmallVector<Value>> values = softmax.decomposeOperation(rewriter);
    if (failed(values))
      return failure();
    rewriter.eraseOp(softmax);
    rewriter.replaceOpWithNewOp<QuantizeOp>(op, op.getResult().getType(),
                                            values->front(),
                                            /*name=*/StringAttr());
    return success();
  }
};

struct ExpandNamedOpsPass : impl::ExpandNamedOpsBase<ExpandNamedOpsPass> {
  void runOnOperation() override { expandNamedOps(getOperation()); }
};

} // namespace

void expandNamedOps(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  patterns.add<ExpandBatchMatmul, ExpandConvolution<Conv1DOp>,
               ExpandConvolution<Conv2DOp>, ExpandSoftmax>(module.getContext());
  // A walk folds nothing and touches nothing else.
  walkAndApplyPatterns(module, std::move(patterns));
}

} // namespace quanta
