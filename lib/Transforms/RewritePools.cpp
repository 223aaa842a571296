//===- RewritePools.cpp - Pooling on storage ------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {
namespace {

/// A reduction of `input` over the windows of `op`, on elements of type
/// `elementType`, from `start`.
template <typename OpTy>
Value buildPool(OpTy op, Value input, OpBuilder &builder, TypedAttr start,
                function_ref<Value(OpBuilder &, Location, Value, Value)> body) {
  Location loc = op.getLoc();
  RankedTensorType type = op.getResult().getType();
  int64_t rank = type.getRank(), loops = rank + op.getDims().size();
  SmallVector<AffineExpr> exprs, windowExprs;
  for (int64_t dim = 0; dim < rank; ++dim)
    exprs.push_back(builder.getAffineDimExpr(dim));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  AffineExpr size;
  bindDims(builder.getContext(), size);
  for (auto [index, dim] : llvm::enumerate(op.getDims())) {
    int64_t stride = op.getStrides()[index];
    int64_t dilation = op.getDilations()[index];
    int64_t reach = dilation * (op.getWindow()[index] - 1);
    AffineExpr offset = builder.getAffineDimExpr(rank + index);
    windowExprs.push_back(offset);
    exprs[dim] = exprs[dim] * stride + offset * dilation;
    sizes[dim] = affine::makeComposedFoldedAffineApply(
        builder, loc, (size - reach - 1).floorDiv(stride) + 1, {sizes[dim]});
  }
  AffineMap maps[] = {
      AffineMap::get(loops, 0, exprs, builder.getContext()),
      AffineMap::get(loops, 0, windowExprs, builder.getContext()),
      AffineMap::getMultiDimIdentityMap(loops, builder.getContext())
          .getMajorSubMap(rank)};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.resize(loops, utils::IteratorType::reduction);
  // Only its sizes count.
  Value window =
      tensor::EmptyOp::create(builder, loc, op.getWindow(), start.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, start.getType());
  Value first = arith::ConstantOp::create(builder, loc, start);
  Value init = linalg::FillOp::create(builder, loc, first, empty).getResult(0);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), ValueRange{input, window}, init,
             maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               linalg::YieldOp::create(b, loc,
                                       body(b, loc, elements[0], elements[2]));
             })
      .getResult(0);
}

struct MaxPoolLowering : OpConversionPattern<MaxPoolOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(MaxPoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams params = getQuantParams(op.getInput());
    bool isSigned = params.isSigned();
    unsigned width = params.storageWidth();
    APInt lowest =
        isSigned ? APInt::getSignedMinValue(width) : APInt::getMinValue(width);
    Value result = buildPool(
        op, adaptor.getInput(), rewriter,
        IntegerAttr::get(params.storageType(), lowest),
        [&](OpBuilder &b, Location loc, Value x, Value maximum) -> Value {
          if (isSigned)
            return arith::MaxSIOp::create(b, loc, maximum, x);
          return arith::MaxUIOp::create(b, loc, maximum, x);
        });
    replaceWithStored(op, result, rewriter);
    return success();
  }
};

struct AveragePoolLowering : OpConversionPattern<AveragePoolOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AveragePoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams params = getQuantParams(op.getInput());
    QuantParams to = getQuantParams(op.getResult());
    Value sums = buildPool(
        op, adaptor.getInput(), rewriter, rewriter.getI32IntegerAttr(0),
        [&](OpBuilder &b, Location loc, Value q, Value sum) -> Value {
          Value x = buildScalarCenter(b, loc, q, params);
          return arith::AddIOp::create(b, loc, sum, x);
        });
    double count = 1;
    for (int64_t size : op.getWindow())
      count *= static_cast<double>(size);
    // The sums as a quantized tensor: its scale is that of the mean.
    QuantParams mean = params;
    mean.type = quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, rewriter.getI32Type(),
        rewriter.getF32Type(), 1.0, 0, INT32_MIN, INT32_MAX);
    mean.scales = {params.scales.front() / count};
    mean.zeroPoints = {0};
    replaceWithStored(
        op, buildRequantize(rewriter, op.getLoc(), sums, mean, to, to.range),
        rewriter);
    return success();
  }
};

} // namespace

void populateRewritePools(const TypeConverter &converter,
                          RewritePatternSet &patterns) {
  patterns.add<MaxPoolLowering, AveragePoolLowering>(converter,
                                                     patterns.getContext());
}

} // namespace quanta
