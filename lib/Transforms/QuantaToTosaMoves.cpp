//===- QuantaToTosaMoves.cpp - Moves of elements in TOSA ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantaToTosa.h"
#include "RewriteFamilies.h"
#include "quanta/IR/Resampling.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace quanta {

LogicalResult QuantaToTosa::convertOp(ConcatOp op) {
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op.getLoc());
  QuantParams to = getQuantParams(op.getResult());
  Type elementType = getElementType(to.type);
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    Value value = get(builder, input);
    QuantParams from = getQuantParams(input);
    if (from.type != to.type) {
      auto factors = getFactors(
          op, reference::requantizeMultiplier(from.scales[0], to.scales[0]));
      if (failed(factors))
        return failure();
      TosaBuilder::Rescale options{*factors, getZeroPoint(from),
                                   getZeroPoint(to), false, false};
      value =
          clamp(builder, op.getLoc(), tosa.rescale(value, elementType, options),
                to, std::nullopt);
    }
    inputs.push_back(value);
  }
  values[op.getResult()] = tosa::ConcatOp::create(
      builder, op.getLoc(), op.getType().clone(elementType), inputs,
      builder.getI32IntegerAttr(static_cast<int32_t>(op.getDim())));
  return success();
}

LogicalResult QuantaToTosa::convertOp(PadOp op) {
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op.getLoc());
  auto type = cast<RankedTensorType>(op.getType());
  Type elementType = getElementType(type.getElementType());
  QuantParams params = getQuantParams(op.getInput());
  int64_t value = op.getValue()
                      ? static_cast<int64_t>(*op.getValue()) - getShift(params)
                      : getZeroPoint(params);
  SmallVector<int64_t> pads;
  for (auto [low, high] : llvm::zip(op.getLow(), op.getHigh()))
    pads.append({low, high});
  auto padding = DenseElementsAttr::get(
      RankedTensorType::get({1}, builder.getI8Type()),
      builder.getI8IntegerAttr(static_cast<int8_t>(value)));
  // One number has one scale: any, as it is stored.
  Type padType = elementType;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(elementType))
    padType = quant::UniformQuantizedType::get(
        perAxis.getFlags(), perAxis.getStorageType(),
        perAxis.getExpressedType(), perAxis.getScales()[0],
        perAxis.getZeroPoints()[0], perAxis.getStorageTypeMin(),
        perAxis.getStorageTypeMax());
  values[op.getResult()] =
      tosa::PadOp::create(builder, op.getLoc(), type.clone(elementType),
                          get(builder, op.getInput()), tosa.shape(pads),
                          tosa.constant(padding, padType));
  return success();
}

LogicalResult QuantaToTosa::convertOp(ResizeOp op) {
  if (op.getMode() != ResizeMode::Nearest)
    return op.emitOpError() << "interpolates: only mode nearest becomes a "
                               "tosa.resize";
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (op.getDims().size() != 2 || type.getRank() != 4)
    return op.emitOpError() << "resizes other dimensions than two of four, "
                               "which TOSA has no operation for";
  if (getQuantParams(op.getResult()).axis && !storageTypes)
    return op.emitOpError() << "moves elements with several scales, whose "
                               "dimension TOSA cannot rename";
  SmallVector<int64_t> scale, offset, border;
  for (int64_t dim : op.getDims()) {
    int64_t in = op.getInput().getType().getDimSize(dim);
    SmallVector<int64_t> places = getNearestPlaces(
        op.getCoordinates(),
        op.getRounding().value_or(ResizeRounding::RoundPreferFloor), in,
        type.getDimSize(dim));
    std::optional<TosaResampling> resampling = TosaResampling::get(places, in);
    if (!resampling)
      return op.emitOpError()
             << "resizes " << in << " to " << type.getDimSize(dim)
             << " elements, in steps that tosa.resize does not allow";
    scale.append({resampling->scale, resampling->step});
    offset.push_back(resampling->offset);
    border.push_back(resampling->getBorder(in, type.getDimSize(dim)));
  }
  SmallVector<int64_t> order = putBetweenOthers(op.getDims());
  SmallVector<int64_t> back = invertPermutationVector(order);
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op.getLoc());
  Value value = tosa.transpose(get(builder, op.getInput()), order);
  SmallVector<int64_t> sizes;
  for (int64_t dim : order)
    sizes.push_back(type.getDimSize(dim));
  value = tosa::ResizeOp::create(
      builder, op.getLoc(),
      cast<RankedTensorType>(value.getType()).clone(sizes), value,
      tosa.shape(scale), tosa.shape(offset), tosa.shape(border),
      tosa::ResizeMode::NEAREST_NEIGHBOR);
  values[op.getResult()] = tosa.transpose(value, back);
  return success();
}

LogicalResult QuantaToTosa::convertMove(Operation *op) {
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op->getLoc());
  Value input = get(builder, op->getOperand(0)), result;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  // Scales that stay along their dimension are those of the type.
  bool keepsType = getElementTypeOrSelf(op->getOperand(0)) ==
                   getElementTypeOrSelf(op->getResult(0));
  if (getQuantParams(op->getResult(0)).axis && !keepsType && !storageTypes)
    return op->emitOpError() << "moves elements with several scales, whose "
                                "dimension TOSA cannot rename";
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    ArrayRef<int64_t> starts = slice.getStaticOffsets();
    ArrayRef<int64_t> sizes = slice.getStaticSizes();
    if (!ShapedType::isDynamicShape(starts) &&
        !ShapedType::isDynamicShape(sizes) &&
        llvm::all_of(slice.getStaticStrides(),
                     [](int64_t stride) { return stride == 1; }))
      result = tosa.reshape(tosa.slice(input, starts, sizes), type.getShape());
  } else if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
    result = tosa.reshape(input, type.getShape());
  } else if (isa<tensor::CastOp>(op)) {
    result = tensor::CastOp::create(
        builder, op->getLoc(),
        type.clone(getElementTypeOrSelf(input.getType())), input);
  }
  if (!result)
    return op->emitOpError()
           << "has no counterpart in TOSA: its sizes, offsets or strides are "
              "not those of a tosa.slice or tosa.reshape";
  values[op->getResult(0)] = result;
  return success();
}

/// A transpose or a reshape of the storage, between casts from and to quantized
/// tensors, is one of the values.
bool QuantaToTosa::convertStorageMove(Operation *op) {
  Operation *move = op->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<linalg::TransposeOp, tensor::CollapseShapeOp,
                       tensor::ExpandShapeOp>(move))
    return false;
  auto first = move->getOperand(0).getDefiningOp<quant::StorageCastOp>();
  Value source = first ? first.getInput() : Value();
  if (!source ||
      getElementTypeOrSelf(source.getType()) !=
          getElementTypeOrSelf(op->getResult(0).getType()) ||
      QuantParams::get(getElementTypeOrSelf(source.getType()))->axis)
    return false;
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op->getLoc());
  Value value = get(builder, source);
  auto transpose = dyn_cast<linalg::TransposeOp>(move);
  value =
      transpose
          ? tosa.transpose(value, transpose.getPermutation())
          : tosa.reshape(
                value,
                cast<RankedTensorType>(op->getResult(0).getType()).getShape());
  if (!value)
    return false;
  values[op->getResult(0)] = value;
  return true;
}

} // namespace quanta
