//===- QuantaOps.cpp - Operations of the quanta dialect -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/JSON.h"

#include <cmath>

using namespace mlir;

#define GET_OP_CLASSES
#include "quanta/IR/QuantaOps.cpp.inc"

namespace quanta {

namespace {
/// What an executed observer writes; keeps observers alive and in order.
struct ObserverState : SideEffects::Resource::Base<ObserverState> {
  StringRef getName() final { return "quanta.observer_state"; }
};
} // namespace

/// Values are rounded and clamped in f32: it must hold all of them.
static LogicalResult verifyTargetStorage(Operation *op, Type elementType) {
  unsigned width = QuantParams::getOfWeight(elementType)->storageWidth();
  if (width <= 16)
    return success();
  return op->emitOpError() << "cannot round to " << width
                           << " bits of storage, only to 16 at most";
}

//===----------------------------------------------------------------------===//
// ObserveOp, FakeQuantOp
//===----------------------------------------------------------------------===//

void ObserveOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), ObserverState::get());
}

std::optional<int64_t> ObserveOp::getChannelDim() {
  if (!getAxis() || !(isPerChannelObserver(getKind()) ||
                      getKind() == ObserverKind::Histogram))
    return std::nullopt;
  return *getAxis();
}

LogicalResult ObserveOp::verify() {
  if (getName().empty())
    return emitOpError() << "needs a name, under which its statistics are kept";
  if (!llvm::json::isUTF8(getName()))
    return emitOpError() << "has a name that is not UTF-8";
  bool isPerChannel = isPerChannelObserver(getKind());
  bool mayHaveAxis = isPerChannel || getKind() == ObserverKind::Histogram ||
                     getSmoothing().has_value();
  if (getAxis() ? !mayHaveAxis : isPerChannel)
    return emitOpError() << "of kind " << stringifyObserverKind(getKind())
                         << (isPerChannel ? " needs" : " has no")
                         << " dimension of channels ('axis')";
  if (!getAxis())
    return getSmoothing() ? emitOpError() << "has 'smoothing' but no dimension "
                                             "of channels ('axis')"
                          : success();
  auto type = cast<RankedTensorType>(getInput().getType());
  int64_t axis = *getAxis();
  if (axis < 0 || axis >= type.getRank())
    return emitOpError() << "axis " << axis << " does not exist in a tensor of "
                         << "rank " << type.getRank();
  if (type.isDynamicDim(axis))
    return emitOpError() << "axis " << axis << " of " << type
                         << " has no static size";
  if (!getSmoothing())
    return success();
  if (static_cast<int64_t>(getSmoothing()->size()) != type.getDimSize(axis))
    return emitOpError() << "has " << getSmoothing()->size()
                         << " numbers in 'smoothing' for "
                         << type.getDimSize(axis) << " channels";
  ArrayRef<float> scales = *getSmoothing();
  for (float scale : scales) {
    int exponent;
    if (!std::isnormal(scale) || std::frexp(scale, &exponent) != 0.5F)
      return emitOpError() << "has the number " << scale
                           << " in 'smoothing', which is no power of two";
  }
  return success();
}

LogicalResult FakeQuantOp::verify() {
  if (getFloatType())
    return success();
  if (failed(verifyQuantizedType(
          getInput().getType(), getQuantizedType(),
          [&] { return emitOpError(); },
          /*isWeight=*/true)))
    return failure();
  return verifyTargetStorage(*this, getQuantizedType());
}

//===----------------------------------------------------------------------===//
// QuantizeOp, DequantizeOp, RequantizeOp
//===----------------------------------------------------------------------===//

LogicalResult QuantizeOp::verify() {
  if (failed(verifyQuantizedTensor(*this, getResult())))
    return failure();
  return verifyTargetStorage(*this, getResult().getType().getElementType());
}

/// What f32 holds without overflow comes back: the product and the quotient are
/// wrong by less than half of a step.
OpFoldResult QuantizeOp::fold(FoldAdaptor) {
  auto dequantize = getInput().getDefiningOp<DequantizeOp>();
  if (getNameAttr() || !dequantize ||
      dequantize.getInput().getType() != getType())
    return {};
  auto params = *QuantParams::get(getType().getElementType());
  return params.isWholeRange() && params.hasFiniteValues()
             ? dequantize.getInput()
             : Value();
}

LogicalResult DequantizeOp::verify() {
  RankedTensorType type = getInput().getType();
  return verifyQuantizedType(
      type, type.getElementType(), [&] { return emitOpError(); },
      /*isWeight=*/true);
}

DequantizeOp getDequantize(Value value) {
  auto op = value.getDefiningOp<DequantizeOp>();
  return op && QuantParams::get(op.getInput().getType().getElementType())
             ? op
             : DequantizeOp();
}

LogicalResult RequantizeOp::verify() {
  if (failed(verifyQuantizedTensor(*this, getInput())) ||
      failed(verifyQuantizedTensor(*this, getResult())))
    return failure();
  auto from = *QuantParams::get(getInput().getType().getElementType());
  auto to = *QuantParams::get(getResult().getType().getElementType());
  if (failed(verifyTargetStorage(*this, to.type)))
    return failure();
  if (from.axis && to.axis && *from.axis != *to.axis)
    return emitOpError() << "moves between types that are quantized along "
                            "different dimensions, "
                         << *from.axis << " and " << *to.axis;
  return verifyClamp(*this, getClamp(), to);
}

/// From a type to itself: the multiplier is one.
std::optional<int32_t>
RequantizeOp::evaluateStored(ArrayRef<int32_t> operands) {
  auto from = *QuantParams::get(getInput().getType().getElementType());
  auto to = *QuantParams::get(getResult().getType().getElementType());
  if (from.axis || to.axis)
    return std::nullopt;
  reference::StorageRange range = to.range;
  if (auto clamp = getClamp())
    range = {static_cast<int32_t>((*clamp)[0]),
             static_cast<int32_t>((*clamp)[1])};
  return reference::requantize(
      operands[0], from.zeroPoint(0),
      reference::requantizeMultiplier(from.scales[0], to.scales[0]),
      to.zeroPoint(0), range);
}

OpFoldResult RequantizeOp::fold(FoldAdaptor) {
  bool keeps = !getNameAttr() && !getClamp() &&
               getInput().getType() == getType() &&
               QuantParams::get(getType().getElementType())->isWholeRange();
  return keeps ? getInput() : Value();
}

} // namespace quanta
