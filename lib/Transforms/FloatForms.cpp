//===- FloatForms.cpp - Quantized operations in float ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatForms.h"
#include "PoolWindows.h"
#include "RewriteFamilies.h"

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;

namespace quanta {

/// The value that a stored integer stands for; of a type quantized per tensor
/// in any channel.
static float getValue(const QuantParams &params, int64_t q,
                      size_t channel = 0) {
  return reference::dequantize(static_cast<int32_t>(q), params.scale(channel),
                               params.zeroPoint(channel));
}

Value buildFloatClamp(OpBuilder &builder, Location loc, Value x,
                      ArrayRef<int64_t> bounds, const QuantParams &params) {
  bool hasLow = bounds[0] > params.range.min;
  bool hasHigh = bounds[1] < params.range.max;
  if (!hasLow && !hasHigh)
    return x;
  ElementwiseBuilder elementwise(builder, loc, x);
  return elementwise.build(builder.getF32Type(), [&](OpBuilder &b, Location loc,
                                                     ValueRange elements) {
    Value y = elements[0];
    if (hasLow)
      y = arith::MaximumFOp::create(
          b, loc, y, buildF32(b, loc, getValue(params, bounds[0])));
    if (hasHigh)
      y = arith::MinimumFOp::create(
          b, loc, y, buildF32(b, loc, getValue(params, bounds[1])));
    return y;
  });
}

Value buildFloatLookup(OpBuilder &builder, LookupOp op, Value x) {
  Location loc = op.getLoc();
  QuantParams from = getQuantParams(op.getInput());
  QuantParams to = getQuantParams(op.getResult());
  SmallVector<APInt> stored(op.getTable().getValues<APInt>());
  // From the smallest stored integer up.
  int64_t smallest =
      from.isSigned() ? -(int64_t(1) << (from.storageWidth() - 1)) : 0;
  SmallVector<float> table;
  for (int64_t index = 0; index < int64_t(stored.size()); ++index) {
    const APInt &y = stored[(index + smallest) & (stored.size() - 1)];
    table.push_back(
        getValue(to, to.isSigned() ? y.getSExtValue() : y.getZExtValue()));
  }
  Value values = createConstant(builder, loc, {int64_t(table.size())},
                                ArrayRef<float>(table));
  ElementwiseBuilder elementwise(builder, loc, x);
  return elementwise.build(
      builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value steps = arith::DivFOp::create(b, loc, elements[0],
                                            buildF32(b, loc, from.scale(0)));
        steps = math::RoundEvenOp::create(b, loc, steps);
        steps = arith::AddFOp::create(
            b, loc, steps,
            buildF32(b, loc, static_cast<float>(from.zeroPoint(0) - smallest)));
        Value index = arith::FPToSIOp::create(b, loc, b.getI32Type(), steps);
        index = arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
        return tensor::ExtractOp::create(b, loc, values, index);
      });
}

/// The named operation of `linalg` for pooling images, or its loops.
template <typename NchwOp, typename NhwcOp, typename OpTy>
static Value buildNamedPool(OpBuilder &builder, OpTy op, Value x, float start,
                            PoolBody body) {
  Location loc = op.getLoc();
  PoolWindows windows = getPoolWindows(op);
  Value init =
      createPoolInit(builder, loc, x, windows, builder.getF32FloatAttr(start));
  auto list = [&](ArrayRef<int64_t> values) -> Attribute {
    return DenseIntElementsAttr::get(
        RankedTensorType::get({2}, builder.getI64Type()), values);
  };
  auto build = [&](auto named) -> Value {
    // Only its sizes count.
    Value window = tensor::EmptyOp::create(builder, loc, windows.sizes,
                                           builder.getF32Type());
    return decltype(named)::create(
               builder, loc, TypeRange{init.getType()}, ValueRange{x, window},
               ValueRange{init}, list(windows.strides), list(windows.dilations))
        .getResult(0);
  };
  bool isOfImages = op.getResult().getType().getRank() == 4;
  if (isOfImages && op.getDims() == ArrayRef<int64_t>({2, 3}))
    return build(NchwOp());
  if (isOfImages && op.getDims() == ArrayRef<int64_t>({1, 2}))
    return build(NhwcOp());
  return buildPool(builder, loc, x, windows, init, body);
}

Value buildFloatPool(OpBuilder &builder, MaxPoolOp op, Value x) {
  return buildNamedPool<linalg::PoolingNchwMaxOp, linalg::PoolingNhwcMaxOp>(
      builder, op, x, -std::numeric_limits<float>::infinity(),
      [](OpBuilder &b, Location loc, Value element, Value maximum) -> Value {
        return arith::MaximumFOp::create(b, loc, maximum, element);
      });
}

Value buildFloatPool(OpBuilder &builder, AveragePoolOp op, Value x) {
  Value sums =
      buildNamedPool<linalg::PoolingNchwSumOp, linalg::PoolingNhwcSumOp>(
          builder, op, x, 0.0f,
          [](OpBuilder &b, Location loc, Value element, Value sum) -> Value {
            return arith::AddFOp::create(b, loc, sum, element);
          });
  float count = 1;
  for (int64_t size : op.getWindow())
    count *= static_cast<float>(size);
  ElementwiseBuilder elementwise(builder, op.getLoc(), sums);
  return elementwise.build(
      builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        return arith::DivFOp::create(b, loc, elements[0],
                                     buildF32(b, loc, count));
      });
}

/// What each channel is padded with, or all of them.
static SmallVector<float> getPadding(PadOp op, const QuantParams &params) {
  if (!op.getValue())
    return {0.0f};
  auto stored = static_cast<int64_t>(*op.getValue());
  if (stored == params.range.min)
    return {-std::numeric_limits<float>::infinity()};
  SmallVector<float> values;
  for (size_t channel = 0; channel < params.scales.size(); ++channel)
    values.push_back(getValue(params, stored, channel));
  return values;
}

/// `x` in a tensor that holds `values` along `axis` everywhere else.
static Value insertIntoChannels(OpBuilder &builder, PadOp op, Value x,
                                ArrayRef<float> values, int64_t axis) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> inner = tensor::getMixedSizes(builder, loc, x),
                            outer, offsets, strides;
  SmallVector<int64_t> otherDims;
  for (auto [dim, size] : llvm::enumerate(inner)) {
    int64_t low = op.getLow()[dim], high = op.getHigh()[dim];
    AffineExpr expr;
    bindDims(builder.getContext(), expr);
    outer.push_back(affine::makeComposedFoldedAffineApply(
        builder, loc, expr + (low + high), {size}));
    offsets.push_back(builder.getIndexAttr(low));
    strides.push_back(builder.getIndexAttr(1));
    if (static_cast<int64_t>(dim) != axis)
      otherDims.push_back(static_cast<int64_t>(dim));
  }
  Value channels = createConstant(
      builder, loc, {static_cast<int64_t>(values.size())}, values);
  Value empty =
      tensor::EmptyOp::create(builder, loc, outer, builder.getF32Type());
  Value padding =
      linalg::BroadcastOp::create(builder, loc, channels, empty, otherDims)
          .getResult()[0];
  return tensor::InsertSliceOp::create(builder, loc, x, padding, offsets, inner,
                                       strides);
}

Value buildFloatPad(OpBuilder &builder, PadOp op, Value x) {
  QuantParams params = getQuantParams(op.getInput());
  SmallVector<float> values = getPadding(op, params);
  if (!llvm::all_equal(values))
    return insertIntoChannels(builder, op, x, values, *params.axis);
  auto toSizes = [&](ArrayRef<int64_t> sizes) {
    return getAsIndexOpFoldResult(builder.getContext(), sizes);
  };
  return tensor::PadOp::create(
      builder, op.getLoc(),
      cast<RankedTensorType>(op.getType()).clone(builder.getF32Type()), x,
      toSizes(op.getLow()), toSizes(op.getHigh()),
      buildF32(builder, op.getLoc(), values.front()));
}

} // namespace quanta
