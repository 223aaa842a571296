//===- RaiseQdq.cpp - From quantize-dequantize arithmetic to operations ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QdqBody.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_RAISEQDQ
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// `min(max(x, low), high)` in either order; returns x.
Value matchBounds(const QdqBody &body, Value value, double &low, double &high) {
  bool hasLow = false, hasHigh = false;
  while (Operation *op = value.getDefiningOp()) {
    bool isLow = isa<arith::MaximumFOp, arith::MaxNumFOp>(op);
    if (!isLow && !isa<arith::MinimumFOp, arith::MinNumFOp>(op))
      break;
    auto parts = body.split(op);
    if (!parts || !parts->second.isUniform() || (isLow ? hasLow : hasHigh))
      return {};
    (isLow ? low : high) = parts->second.values.front();
    (isLow ? hasLow : hasHigh) = true;
    value = parts->first;
  }
  return hasLow && hasHigh ? value : Value();
}

/// The constant that `value` is as integers of fewer bits, if it is clamped to
/// what they hold: so a model says that it stores them, whose importer has no
/// type for it.
DenseElementsAttr getNarrowConstant(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  std::optional<QdqBody> body =
      op ? QdqBody::match(op) : std::optional<QdqBody>();
  DenseElementsAttr constant =
      body ? getDenseConstant(op.getDpsInputOperand(0)->get())
           : DenseElementsAttr();
  if (!constant || !constant.getElementType().isSignlessInteger(8))
    return {};
  std::optional<double> low, high;
  Value element = op.getBody()->getTerminator()->getOperand(0);
  while (Operation *bound = element.getDefiningOp()) {
    bool isLow = isa<arith::MaxSIOp>(bound);
    auto parts = isLow || isa<arith::MinSIOp>(bound)
                     ? body->split(bound)
                     : std::optional<std::pair<Value, QdqParameter>>();
    if (!parts || !parts->second.isUniform() || (isLow ? low : high))
      return {};
    (isLow ? low : high) = parts->second.values.front();
    element = parts->first;
  }
  if (element != body->data || !low || !high)
    return {};
  for (unsigned width : {2U, 4U}) {
    int64_t limit = int64_t(1) << (width - 1);
    bool isRange = *low == static_cast<double>(-limit) &&
                   *high == static_cast<double>(limit - 1);
    if (isRange && llvm::all_of(constant.getValues<APInt>(), [&](APInt number) {
          return number.isSignedIntN(width);
        }))
      return constant.mapValues(
          IntegerType::get(value.getContext(), width),
          [&](const APInt &number) { return number.trunc(width); });
  }
  return {};
}

/// A pattern that may have to say what it could not raise.
struct RaisePattern : OpRewritePattern<linalg::GenericOp> {
  /// With `refused`, arithmetic of the form is an error, which it counts.
  RaisePattern(MLIRContext *context, unsigned *refused)
      : OpRewritePattern(context), refused(refused) {}

protected:
  LogicalResult refuse(linalg::GenericOp op, StringRef form,
                       const std::string &reason) const {
    if (refused && ++*refused)
      op.emitError() << "is the arithmetic of a " << form
                     << " with parameters that no quantized tensor can have: "
                     << reason;
    return failure();
  }

private:
  unsigned *refused;
};

/// `toint(clamp(roundeven(x / s) + zp))`.
struct RaiseQuantize : RaisePattern {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto resultType = dyn_cast_or_null<RankedTensorType>(
        op->getNumResults() == 1 ? op->getResult(0).getType() : Type());
    std::optional<QdqBody> body = QdqBody::match(op);
    if (!body || !resultType)
      return rewriter.notifyMatchFailure(op, "not elementwise in one tensor");
    auto storage = dyn_cast<IntegerType>(resultType.getElementType());
    if (!storage || storage.getWidth() > 16 || !body->data.getType().isF32())
      return rewriter.notifyMatchFailure(
          op, "does not turn f32 into at most 16 bits");
    Value value = op.getBody()->getTerminator()->getOperand(0);
    if (auto truncate = value.getDefiningOp<arith::TruncIOp>())
      value = truncate.getIn();
    Operation *convert = value.getDefiningOp();
    if (!isa_and_nonnull<arith::FPToUIOp, arith::FPToSIOp>(convert))
      return rewriter.notifyMatchFailure(op, "ends in no conversion");
    double low = 0, high = 0;
    value = matchBounds(*body, convert->getOperand(0), low, high);
    if (!value)
      return rewriter.notifyMatchFailure(op, "is not clamped");
    QdqParameter zeroPoint{{0.0}, {}};
    if (auto add = value.getDefiningOp<arith::AddFOp>()) {
      auto parts = body->split(add);
      if (!parts)
        return rewriter.notifyMatchFailure(op, "adds no constant zero point");
      value = parts->first;
      zeroPoint = parts->second;
    }
    auto round = value.getDefiningOp<math::RoundEvenOp>();
    auto divide = round ? round.getOperand().getDefiningOp<arith::DivFOp>()
                        : arith::DivFOp();
    if (!divide || divide.getLhs() != body->data)
      return rewriter.notifyMatchFailure(op, "is no rounded quotient");
    std::optional<QdqParameter> scale = body->getParameter(divide.getRhs());
    if (!scale)
      return rewriter.notifyMatchFailure(op, "its scale is not constant");
    double limit = std::exp2(storage.getWidth());
    if (low != std::nearbyint(low) || high != std::nearbyint(high) ||
        low < -limit / 2 || high >= limit || (low < 0 && high >= limit / 2))
      return rewriter.notifyMatchFailure(op, "its bounds are no storage range");
    bool isSigned =
        low < 0 || (isa<arith::FPToSIOp>(convert) && high < limit / 2);
    std::string reason;
    auto type =
        makeQdqType(resultType, isSigned, storage.getWidth(),
                    static_cast<int64_t>(low), static_cast<int64_t>(high),
                    *scale, zeroPoint, /*isWeight=*/false, reason);
    if (!type)
      return refuse(op, "quantization", reason);
    Value input = op.getDpsInputOperand(0)->get();
    auto inputType = cast<RankedTensorType>(input.getType());
    if (inputType.clone(storage) != resultType)
      return rewriter.notifyMatchFailure(op, "its sizes differ in type");
    StringRef name = getLocationName(op.getLoc());
    Value quantized = QuantizeOp::create(
        rewriter, op.getLoc(), inputType.clone(type), input,
        name.empty() ? StringAttr() : rewriter.getStringAttr(name));
    Value result = quant::StorageCastOp::create(rewriter, op.getLoc(),
                                                resultType, quantized);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// `float(q - zp) * s`.
struct RaiseDequantize : RaisePattern {
  using RaisePattern::RaisePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto resultType = dyn_cast_or_null<RankedTensorType>(
        op->getNumResults() == 1 ? op->getResult(0).getType() : Type());
    std::optional<QdqBody> body = QdqBody::match(op);
    if (!body || !resultType || !resultType.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "no f32 of one tensor");
    auto storage = dyn_cast<IntegerType>(body->data.getType());
    if (!storage || storage.getWidth() > 32)
      return rewriter.notifyMatchFailure(op, "is not of integers");
    auto multiply = op.getBody()
                        ->getTerminator()
                        ->getOperand(0)
                        .getDefiningOp<arith::MulFOp>();
    auto parts = multiply ? body->split(multiply)
                          : std::optional<std::pair<Value, QdqParameter>>();
    if (!parts)
      return rewriter.notifyMatchFailure(op, "is no product with a scale");
    QdqParameter scale = parts->second, zeroPoint{{0.0}, {}};
    Value value = parts->first;
    // The difference is taken in integers, or in float where it is exact.
    if (auto subtract = value.getDefiningOp<arith::SubFOp>()) {
      auto parameter = body->getParameter(subtract.getRhs());
      if (!parameter || storage.getWidth() > 16)
        return rewriter.notifyMatchFailure(op, "subtracts no zero point");
      zeroPoint = *parameter;
      value = subtract.getLhs();
    }
    Operation *convert = value.getDefiningOp();
    if (!isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(convert))
      return rewriter.notifyMatchFailure(op, "converts no integer");
    bool isSigned = isa<arith::SIToFPOp>(convert);
    value = convert->getOperand(0);
    if (auto subtract = value.getDefiningOp<arith::SubIOp>()) {
      auto parameter = body->getParameter(subtract.getRhs());
      // Wide enough for the difference, and signed.
      unsigned width = value.getType().getIntOrFloatBitWidth();
      if (!parameter || !isSigned || width <= storage.getWidth())
        return rewriter.notifyMatchFailure(op, "subtracts no zero point");
      zeroPoint = *parameter;
      value = subtract.getLhs();
    }
    if (auto extend = value.getDefiningOp();
        isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extend)) {
      // Negative numbers would be read as large ones.
      if (!isSigned && isa<arith::ExtSIOp>(extend))
        return rewriter.notifyMatchFailure(op, "mixes signs");
      isSigned = isa<arith::ExtSIOp>(extend);
      value = extend->getOperand(0);
    }
    if (value != body->data)
      return rewriter.notifyMatchFailure(op, "is not of stored integers");
    Value input = op.getDpsInputOperand(0)->get();
    if (input.getType() != resultType.clone(storage))
      return rewriter.notifyMatchFailure(op, "its sizes differ in type");
    DenseElementsAttr narrow =
        isSigned ? getNarrowConstant(input) : DenseElementsAttr();
    if (narrow)
      storage = cast<IntegerType>(narrow.getElementType());
    int64_t range = int64_t(1) << storage.getWidth();
    int64_t low = isSigned ? -range / 2 : 0;
    std::string reason;
    auto type = makeQdqType(resultType, isSigned, storage.getWidth(), low,
                            low + range - 1, scale, zeroPoint,
                            /*isWeight=*/storage.getWidth() <= 16, reason);
    if (!type)
      return refuse(op, "dequantization", reason);
    if (narrow)
      input = arith::ConstantOp::create(rewriter, op.getLoc(), narrow);
    if (storage.getWidth() == 32 && foldConstant(op, input, type, rewriter))
      return success();
    rewriter.replaceOpWithNewOp<DequantizeOp>(
        op, resultType, getQuantized(rewriter, op.getLoc(), input, type),
        StringAttr());
    return success();
  }

private:
  /// The quantized tensor whose storage is `input`. If it was quantized with
  /// the same parameters to a narrower range, that is the one.
  static Value getQuantized(OpBuilder &builder, Location loc, Value input,
                            quant::QuantizedType type) {
    auto params = *QuantParams::getOfWeight(type);
    if (auto cast = input.getDefiningOp<quant::StorageCastOp>()) {
      auto source = dyn_cast<RankedTensorType>(cast.getInput().getType());
      auto known = source ? QuantParams::get(source.getElementType())
                          : std::optional<QuantParams>();
      if (known && known->scales == params.scales &&
          known->zeroPoints == params.zeroPoints &&
          known->axis == params.axis && known->isSigned() == params.isSigned())
        return cast.getInput();
    }
    return quant::StorageCastOp::create(
        builder, loc, cast<RankedTensorType>(input.getType()).clone(type),
        input);
  }

  /// A bias: contractions quantize it at the scale of their accumulators, which
  /// gives the same integers back.
  static bool foldConstant(linalg::GenericOp op, Value input, Type type,
                           PatternRewriter &rewriter) {
    std::optional<SmallVector<int32_t>> values = getConstantInts(input);
    if (!values)
      return false;
    auto params = *QuantParams::get(type);
    auto shape = cast<RankedTensorType>(input.getType()).getShape();
    SmallVector<float> floats;
    for (auto [index, value] : llvm::enumerate(*values)) {
      size_t channel = params.getChannel(shape, static_cast<int64_t>(index));
      floats.push_back(reference::dequantize(value, params.scale(channel),
                                             params.zeroPoint(channel)));
    }
    rewriter.replaceOp(op, createConstant(rewriter, op.getLoc(), shape,
                                          ArrayRef<float>(floats)));
    return true;
  }
};

struct RaiseQdqPass : impl::RaiseQdqBase<RaiseQdqPass> {
  using RaiseQdqBase::RaiseQdqBase;

  void runOnOperation() override {
    if (failed(checkStage(
            getOperation(),
            {Stage::Float, Stage::Observed, Stage::Simulated, Stage::Quantized},
            getArgument())))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    unsigned refused = 0;
    patterns.add<RaiseQuantize, RaiseDequantize>(&getContext(),
                                                 strict ? &refused : nullptr);
    // Without cleaning up: a model that is not in QDQ form stays what it is.
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    if (refused)
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
