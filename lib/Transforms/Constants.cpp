//===- Constants.cpp - Constant tensors as C++ values ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Constants.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Numerics/Reference.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

ElementsAttr getConstant(Value value) {
  ElementsAttr attr;
  matchPattern(value, m_Constant(&attr));
  return attr;
}

DenseElementsAttr getDenseConstant(Value value) {
  ElementsAttr attr = getConstant(value);
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(attr))
    return dense;
  auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(attr);
  if (!resource)
    return {};
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return {};
  bool isSplat = false;
  if (!DenseElementsAttr::isValidRawBuffer(resource.getType(), blob->getData(),
                                           isSplat))
    return {};
  return DenseElementsAttr::getFromRawBuffer(resource.getType(),
                                             blob->getData());
}

std::optional<SmallVector<float>> getConstantFloats(Value value) {
  DenseElementsAttr dense = getDenseConstant(value);
  if (!dense || !dense.getElementType().isF32())
    return std::nullopt;
  auto values = dense.getValues<float>();
  return SmallVector<float>(values.begin(), values.end());
}

std::optional<SmallVector<float>> getRoundedConstant(FakeQuantOp op) {
  std::optional<SmallVector<float>> values = getConstantFloats(op.getInput());
  if (!values)
    return std::nullopt;
  if (FloatType type = op.getFloatType()) {
    for (float &value : *values)
      value = type.isF16() ? reference::roundToF16(value)
                           : reference::roundToBF16(value);
    return values;
  }
  auto params = *QuantParams::getOfWeight(op.getQuantizedType());
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  for (auto [index, value] : llvm::enumerate(*values)) {
    size_t channel = params.getChannel(shape, index);
    value = reference::fakeQuantize(value, params.scale(channel),
                                    params.zeroPoint(channel), params.range);
  }
  return values;
}

std::optional<SmallVector<int32_t>> getConstantInts(Value value) {
  DenseElementsAttr dense = getDenseConstant(value);
  if (!dense || !dense.getElementType().isSignlessInteger() ||
      dense.getElementType().getIntOrFloatBitWidth() > 32)
    return std::nullopt;
  SmallVector<int32_t> result;
  result.reserve(dense.getNumElements());
  for (const APInt &element : dense.getValues<APInt>())
    result.push_back(static_cast<int32_t>(element.getSExtValue()));
  return result;
}

std::optional<SmallVector<int32_t>> getStoredValues(Value quantized) {
  auto cast = quantized.getDefiningOp<quant::StorageCastOp>();
  auto values = cast ? getConstantInts(cast.getInput())
                     : std::optional<SmallVector<int32_t>>();
  auto params =
      *QuantParams::getOfWeight(getElementTypeOrSelf(quantized.getType()));
  if (values && !params.isSigned() && params.storageWidth() < 32)
    for (int32_t &value : *values)
      value &= (1 << params.storageWidth()) - 1;
  return values;
}

template <typename T>
static Value createDense(OpBuilder &builder, Location loc,
                         ArrayRef<int64_t> shape, Type elementType,
                         ArrayRef<T> values) {
  auto type = RankedTensorType::get(shape, elementType);
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, values));
}

Value createConstant(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                     ArrayRef<float> values) {
  return createDense(builder, loc, shape, builder.getF32Type(), values);
}

Value createConstant(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                     ArrayRef<int32_t> values) {
  return createDense(builder, loc, shape, builder.getI32Type(), values);
}

Value createConstant(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                     ArrayRef<int8_t> values) {
  return createDense(builder, loc, shape, builder.getI8Type(), values);
}

Value createConstant(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                     ArrayRef<int16_t> bits, FloatType type) {
  auto bitsType = RankedTensorType::get(shape, builder.getIntegerType(16));
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(bitsType, bits).bitcast(type));
}

Value takePadding(tensor::PadOp pad, RewriterBase &rewriter) {
  Value padding = pad.getConstantPaddingValue();
  Operation *constant = padding ? padding.getDefiningOp() : nullptr;
  if (constant && pad->isProperAncestor(constant))
    rewriter.moveOpBefore(constant, pad);
  return padding;
}

bool isZeroTensor(Value value) {
  auto isZero = [](Value v) {
    return matchPattern(v, m_AnyZeroFloat()) || matchPattern(v, m_Zero());
  };
  if (isZero(value))
    return true;
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && isZero(fill.getInputs().front());
}

Value getBroadcastVector(Value value, int64_t dim) {
  auto broadcast = value.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast)
    return {};
  Value input = broadcast.getInput();
  auto type = cast<RankedTensorType>(input.getType());
  auto resultType = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 1 || resultType.getRank() <= dim ||
      llvm::is_contained(broadcast.getDimensions(), dim))
    return {};
  return getDenseConstant(input) ? input : Value();
}

} // namespace quanta
