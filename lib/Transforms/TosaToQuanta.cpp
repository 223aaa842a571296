//===- TosaToQuanta.cpp - TOSA as quantized operations --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TosaToQuanta.h"
#include "TosaBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace quanta {

//===----------------------------------------------------------------------===//
// Types and constants
//===----------------------------------------------------------------------===//

InFlightDiagnostic TosaToQuanta::refuse() {
  return op->emitOpError() << "has no counterpart in quanta: ";
}

DenseElementsAttr TosaToQuanta::getElements(Value value) {
  while (auto cast = value.getDefiningOp<quant::StorageCastOp>())
    value = cast.getInput();
  DenseElementsAttr elements;
  if (auto constant = value.getDefiningOp<tosa::ConstOp>())
    return dyn_cast<DenseElementsAttr>(constant.getValues());
  if (matchPattern(value, m_Constant(&elements)))
    return elements;
  return {};
}

FailureOr<int64_t> TosaToQuanta::getZeroPoint(Value value, bool isUnsigned) {
  DenseElementsAttr elements = getElements(value);
  if (!elements || !elements.getElementType().isInteger() ||
      elements.getNumElements() != 1)
    return refuse() << "a zero point is not constant";
  APInt number = *elements.value_begin<APInt>();
  return isUnsigned ? static_cast<int64_t>(number.getZExtValue())
                    : number.getSExtValue();
}

quant::QuantizedType TosaToQuanta::makeType(MLIRContext *context,
                                            unsigned width, bool isSigned,
                                            double scale, int64_t zeroPoint) {
  int64_t low = isSigned ? -(int64_t(1) << (width - 1)) : 0;
  return quant::UniformQuantizedType::get(
      isSigned ? quant::QuantizationFlags::Signed : 0,
      IntegerType::get(context, width), Float32Type::get(context), scale,
      zeroPoint, low, low + (int64_t(1) << width) - 1);
}

quant::QuantizedType TosaToQuanta::withScales(quant::QuantizedType type,
                                              double scale,
                                              ArrayRef<double> factors,
                                              int32_t axis) {
  QuantParams params = *QuantParams::get(type);
  unsigned flags = params.isSigned() ? quant::QuantizationFlags::Signed : 0;
  Type f32 = Float32Type::get(type.getContext());
  if (factors.size() == 1)
    return quant::UniformQuantizedType::get(
        flags, params.storageType(), f32, scale * factors[0],
        params.zeroPoints[0], type.getStorageTypeMin(),
        type.getStorageTypeMax());
  SmallVector<double> scales;
  for (double factor : factors)
    scales.push_back(scale * factor);
  return quant::UniformQuantizedPerAxisType::get(
      flags, params.storageType(), f32, scales,
      SmallVector<int64_t>(factors.size(), params.zeroPoints[0]), axis,
      type.getStorageTypeMin(), type.getStorageTypeMax());
}

FailureOr<quant::QuantizedType>
TosaToQuanta::getType(Value value, int64_t zeroPoint, bool isUnsigned) {
  Type element = getElementTypeOrSelf(value.getType());
  auto quantized = dyn_cast<quant::QuantizedType>(element);
  unsigned width = quantized ? quantized.getStorageTypeIntegralWidth()
                             : element.getIntOrFloatBitWidth();
  if (width > 8)
    return refuse() << "a tensor of " << element << " where one of i8 is read";
  if (quantized) {
    QuantParams params = *QuantParams::get(quantized);
    if (isUnsigned == params.isSigned())
      return refuse() << "it reads or writes " << element << " as "
                      << (isUnsigned ? "unsigned" : "signed");
    for (int64_t known : params.zeroPoints)
      if (known != zeroPoint)
        return refuse() << "its zero point " << zeroPoint
                        << " contradicts that of " << element;
    return quantized;
  }
  int64_t low = isUnsigned ? 0 : -(int64_t(1) << (width - 1));
  int64_t high = low + (int64_t(1) << width) - 1;
  if (zeroPoint < low || zeroPoint > high)
    return refuse() << "zero point " << zeroPoint << " lies outside of [" << low
                    << ", " << high << "]";
  return makeType(op->getContext(), width, !isUnsigned, 1.0, zeroPoint);
}

FailureOr<quant::QuantizedType> TosaToQuanta::getType(Value value) {
  auto quantized =
      dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
  if (!quantized || quantized.getStorageTypeIntegralWidth() > 8)
    return getType(value, /*zeroPoint=*/0);
  if (!quantized.isSigned())
    return refuse() << "it reads or writes " << quantized << " as signed";
  return quantized;
}

Value TosaToQuanta::getStorage(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
  if (!quantized)
    return value;
  if (auto cast = value.getDefiningOp<quant::StorageCastOp>())
    return cast.getInput();
  auto storage = IntegerType::get(op->getContext(),
                                  quantized.getStorageTypeIntegralWidth());
  return quant::StorageCastOp::create(builder, loc, type.clone(storage), value);
}

Value TosaToQuanta::as(Value value, quant::QuantizedType type) {
  auto wanted = cast<RankedTensorType>(value.getType()).clone(type);
  if (value.getType() == wanted)
    return value;
  if (auto cast = value.getDefiningOp<quant::StorageCastOp>())
    if (cast.getInput().getType() == wanted)
      return cast.getInput();
  if (DenseElementsAttr elements = getElements(value))
    value = arith::ConstantOp::create(builder, loc, elements);
  else
    value = getStorage(value);
  return quant::StorageCastOp::create(builder, loc, wanted, value);
}

void TosaToQuanta::replace(Value value) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  auto valueType = cast<RankedTensorType>(value.getType());
  if (valueType.getShape() != type.getShape()) {
    valueType = valueType.clone(type.getShape());
    value = tensor::CastOp::create(builder, loc, valueType, value);
  }
  if (valueType != type) {
    if (isa<quant::QuantizedType>(type.getElementType()))
      value = getStorage(value);
    if (value.getType() != type)
      value = quant::StorageCastOp::create(builder, loc, type, value);
  }
  result.replaceAllUsesWith(value);
}

Value TosaToQuanta::transposeStorage(Value value, ArrayRef<int64_t> order) {
  if (DenseElementsAttr elements = getElements(value))
    return arith::ConstantOp::create(builder, loc,
                                     permuteElements(elements, order));
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : order)
    sizes.push_back(tensor::getMixedSize(builder, loc, value, dim));
  Value empty = tensor::EmptyOp::create(builder, loc, sizes,
                                        getElementTypeOrSelf(value.getType()));
  return linalg::TransposeOp::create(builder, loc, value, empty, order)
      .getResult()[0];
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult TosaToQuanta::convert(tosa::IdentityOp identity) {
  identity.getResult().replaceAllUsesWith(identity.getInput1());
  return success();
}

/// What others than the operations here read.
LogicalResult TosaToQuanta::convert(tosa::ConstOp constant) {
  if (op->use_empty())
    return success();
  auto elements = dyn_cast<TypedAttr>(constant.getValues());
  auto dense = dyn_cast<ElementsAttr>(constant.getValues());
  if (!elements || !dense)
    return refuse() << "its values are not dense";
  replace(arith::ConstantOp::create(builder, loc, elements));
  return success();
}

LogicalResult TosaToQuanta::convert() {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, tosa::TransposeConv2DOp,
            tosa::MatMulOp, tosa::RescaleOp, tosa::AddOp, tosa::SubOp,
            tosa::MulOp, tosa::ClampOp, tosa::TableOp, tosa::NegateOp,
            tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::PadOp, tosa::ResizeOp,
            tosa::ReshapeOp, tosa::TransposeOp, tosa::SliceOp, tosa::ConcatOp,
            tosa::IdentityOp, tosa::ConstOp>(
          [&](auto typed) { return convert(typed); })
      .Default([&](Operation *) -> LogicalResult {
        return refuse() << "it is none of the operations that "
                           "convert-tosa-to-quanta takes";
      });
}

} // namespace quanta
