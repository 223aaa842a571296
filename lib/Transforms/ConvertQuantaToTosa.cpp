//===- ConvertQuantaToTosa.cpp - The quantized stage in TOSA --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EraseDead.h"
#include "QuantaToTosa.h"
#include "RewriteFamilies.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTQUANTATOTOSA
#include "quanta/Transforms/Passes.h.inc"

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The i8 type with the same values as a u8 one; any other as it is.
static quant::QuantizedType toSigned(const QuantParams &params) {
  if (params.isSigned() || params.storageWidth() != 8)
    return params.type;
  MLIRContext *context = params.type.getContext();
  auto i8 = IntegerType::get(context, 8);
  auto f32 = Float32Type::get(context);
  if (!params.axis)
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, i8, f32, params.scales[0],
        params.zeroPoints[0] - 128, params.range.min - 128,
        params.range.max - 128);
  SmallVector<int64_t> zeroPoints;
  for (int64_t zeroPoint : params.zeroPoints)
    zeroPoints.push_back(zeroPoint - 128);
  return quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, i8, f32, params.scales, zeroPoints,
      *params.axis, params.range.min - 128, params.range.max - 128);
}

Type QuantaToTosa::getElementType(Type quantized) const {
  QuantParams params = *QuantParams::get(quantized);
  if (params.storageWidth() == 32)
    return IntegerType::get(quantized.getContext(), 32);
  if (storageTypes)
    return IntegerType::get(quantized.getContext(), 8);
  return toSigned(params);
}

int64_t QuantaToTosa::getShift(const QuantParams &params) {
  // A byte with a sign holds all narrower numbers.
  return params.isSigned() || params.storageWidth() < 8 ? 0 : 128;
}

/// A constant of at most 8 bits as one of i8; nothing for other values.
static Value convertConstant(TosaBuilder &tosa, quant::StorageCastOp cast,
                             const QuantaToTosa &state) {
  DenseElementsAttr values = getDenseConstant(cast.getInput());
  if (!values || !values.getElementType().isSignlessInteger())
    return {};
  QuantParams params = getQuantParams(cast.getResult());
  unsigned width = params.storageWidth();
  if (width == 32)
    return tosa.constant(values);
  if (width > 8)
    return {};
  SmallVector<APInt> stored;
  for (const APInt &value : values.getValues<APInt>())
    stored.push_back(params.isSigned() || width < 8
                         ? (params.isSigned() ? value.sext(8) : value.zext(8))
                         : value - 128);
  auto i8 = IntegerType::get(cast.getContext(), 8);
  Type elementType = i8;
  if (!state.storageTypes && width == 8) {
    elementType = toSigned(params);
  } else if (!state.storageTypes) {
    // The same numbers in a byte, which holds the narrower range.
    auto flags = quant::QuantizationFlags::Signed;
    auto f32 = Float32Type::get(cast.getContext());
    if (params.axis)
      elementType = quant::UniformQuantizedPerAxisType::get(
          flags, i8, f32, params.scales, params.zeroPoints, *params.axis,
          params.range.min, params.range.max);
    else
      elementType = quant::UniformQuantizedType::get(
          flags, i8, f32, params.scales[0], params.zeroPoints[0],
          params.range.min, params.range.max);
  }
  return tosa.constant(
      DenseElementsAttr::get(values.getType().clone(i8), stored), elementType);
}

/// Between u8 and i8: the same values, 128 lower. `params` are those of u8.
static Value shiftSign(TosaBuilder &tosa, Value value, Type elementType,
                       const QuantParams &params, bool fromUnsigned) {
  TosaBuilder::Rescale options;
  options.factors = {*TosaFactor::get(1.0)};
  options.inputZeroPoint = params.zeroPoint(0) - (fromUnsigned ? 0 : 128);
  options.outputZeroPoint = params.zeroPoint(0) - (fromUnsigned ? 128 : 0);
  options.inputUnsigned = fromUnsigned;
  options.outputUnsigned = !fromUnsigned;
  return tosa.rescale(value, elementType, options);
}

Value QuantaToTosa::get(OpBuilder &builder, Value quantized) {
  Value &known = values[quantized];
  if (known)
    return known;
  // Where the value is defined: all of its users may read it.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(quantized);
  Location loc = quantized.getLoc();
  TosaBuilder tosa(builder, loc);
  if (auto cast = quantized.getDefiningOp<quant::StorageCastOp>())
    if (Value constant = convertConstant(tosa, cast, *this))
      return known = constant;
  auto type = cast<RankedTensorType>(quantized.getType());
  QuantParams params = getQuantParams(quantized);
  Type elementType = getElementType(type.getElementType());
  Value value = quantized;
  if (storageTypes || params.storageWidth() == 32)
    value = quant::StorageCastOp::create(
        builder, loc, type.clone(params.storageType()), value);
  if (!params.isSigned())
    value = shiftSign(tosa, value, elementType, params, /*fromUnsigned=*/true);
  return known = value;
}

Value QuantaToTosa::getBack(OpBuilder &builder, Value quantized) {
  Value value = values.lookup(quantized);
  auto type = cast<RankedTensorType>(quantized.getType());
  QuantParams params = getQuantParams(quantized);
  Location loc = quantized.getLoc();
  if (!params.isSigned()) {
    TosaBuilder tosa(builder, loc);
    value = shiftSign(tosa, value,
                      storageTypes ? Type(params.storageType())
                                   : type.getElementType(),
                      params, /*fromUnsigned=*/false);
  }
  if (value.getType() != type)
    value = quant::StorageCastOp::create(builder, loc, type, value);
  return value;
}

//===----------------------------------------------------------------------===//
// Operations at the edge of float
//===----------------------------------------------------------------------===//

LogicalResult QuantaToTosa::convertOp(QuantizeOp op) {
  OpBuilder builder(op);
  RankedTensorType type = op.getType();
  QuantParams params = getQuantParams(op.getResult());
  Value value =
      QuantizeOp::create(builder, op.getLoc(), type.clone(toSigned(params)),
                         op.getInput(), op.getNameAttr());
  if (storageTypes)
    value = quant::StorageCastOp::create(
        builder, op.getLoc(), type.clone(params.storageType()), value);
  values[op.getResult()] = value;
  return success();
}

LogicalResult QuantaToTosa::convertOp(DequantizeOp op) {
  OpBuilder builder(op);
  RankedTensorType type = op.getInput().getType();
  Value value = get(builder, op.getInput());
  QuantParams params = getQuantParams(op.getInput());
  if (!isa<quant::QuantizedType>(getElementTypeOrSelf(value.getType())))
    value = quant::StorageCastOp::create(builder, op.getLoc(),
                                         type.clone(toSigned(params)), value);
  op.getResult().replaceAllUsesWith(DequantizeOp::create(builder, op.getLoc(),
                                                         op.getType(), value,
                                                         op.getNameAttr())
                                        .getResult());
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

/// What TOSA computes on: i8, and i32 for accumulators; u8 at the edges.
/// Constants may be narrower.
LogicalResult checkType(Operation *op, Value value) {
  auto type =
      dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
  if (!type)
    return success();
  auto params = QuantParams::get(type);
  if (params && params->storageWidth() == 8)
    return success();
  if (params && params->storageWidth() == 32 && params->isSigned() &&
      !params->hasZeroPoint())
    return success();
  auto cast = value.getDefiningOp<quant::StorageCastOp>();
  if (params && params->storageWidth() < 8 && cast &&
      getConstant(cast.getInput()))
    return success();
  return op->emitOpError() << "works on " << type
                           << ", but TOSA computes on i8 and u8, and on i32 "
                              "between them";
}

struct ConvertQuantaToTosaPass
    : impl::ConvertQuantaToTosaBase<ConvertQuantaToTosaPass> {
  using ConvertQuantaToTosaBase::ConvertQuantaToTosaBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, Stage::Quantized, getArgument())))
      return signalPassFailure();
    // By their names, before they become something else.
    WalkResult result = module.walk([](Operation *op) {
      if (!isa<SoftmaxOp, LayerNormOp>(op))
        return WalkResult::advance();
      op->emitOpError() << "has no counterpart in TOSA; "
                           "quanta-expand-named-ops makes float operations of "
                           "it, which stay";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted() ||
        failed(expandNamedOps(module, /*keepTransposed=*/true)))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    result = module.walk([&](Operation *op) {
      bool isQuantized = isa<QuantaDialect>(op->getDialect());
      auto values = llvm::to_vector(op->getOperands());
      llvm::append_range(values, op->getResults());
      for (Value value : values) {
        isQuantized |=
            isa<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
        if (failed(checkType(op, value)))
          return WalkResult::interrupt();
      }
      if (isQuantized)
        ops.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    QuantaToTosa state(types == "storage");
    if (types != "storage" && types != "quantized") {
      module.emitError() << "convert-quanta-to-tosa: types is 'quantized' or "
                            "'storage', not '"
                         << types << "'";
      return signalPassFailure();
    }
    llvm::SmallPtrSet<Operation *, 16> converted;
    for (Operation *op : ops) {
      FailureOr<bool> done = state.convert(op);
      if (failed(done))
        return signalPassFailure();
      if (*done)
        converted.insert(op);
    }
    // What is not of TOSA goes on reading the types that it has.
    for (auto &[quantized, value] : state.getValues()) {
      Operation *op = quantized.getDefiningOp();
      if (!op || !converted.contains(op))
        continue;
      auto isOther = [&](OpOperand &use) {
        return !converted.contains(use.getOwner());
      };
      if (llvm::none_of(quantized.getUses(), isOther))
        continue;
      OpBuilder builder(op);
      builder.setInsertionPointAfterValue(value);
      quantized.replaceUsesWithIf(state.getBack(builder, quantized), isOther);
    }
    for (Operation *op : llvm::reverse(ops))
      if (converted.contains(op) && op->use_empty())
        op->erase();
    eraseDead(module);
  }
};

} // namespace
} // namespace quanta
