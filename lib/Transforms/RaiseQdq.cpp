//===- RaiseQdq.cpp - From quantize-dequantize arithmetic to operations ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_RAISEQDQ
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// A number in an elementwise body that does not depend on the data: one value,
/// one for each index of a dimension, or one for each block of the data, in
/// row-major order.
struct Parameter {
  SmallVector<double, 1> values;
  std::optional<int32_t> axis = std::nullopt;
  /// For each dimension of the data the number of consecutive indices in a
  /// block, 0 where it is all of them; empty if there are no blocks.
  SmallVector<int64_t> blockSizes = {};

  bool isUniform() const { return !axis && blockSizes.empty(); }
  /// Notes how the values lie, of which `map` gives the one of each index.
  LogicalResult setPlaces(AffineMap map, ArrayRef<int64_t> shape);
};

LogicalResult Parameter::setPlaces(AffineMap map, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes(map.getNumDims(), 0);
  SmallVector<int32_t> dims;
  for (auto [expr, size] : llvm::zip(map.getResults(), shape)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    int64_t block = 1;
    if (auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
        quotient && quotient.getKind() == AffineExprKind::FloorDiv) {
      auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
      dim = dyn_cast<AffineDimExpr>(quotient.getLHS());
      block = divisor ? divisor.getValue() : 0;
    }
    if (!dim && size == 1)
      continue;
    // The values are in the order of the dimensions.
    auto position = dim ? static_cast<int32_t>(dim.getPosition()) : 0;
    if (!dim || block <= 0 || (!dims.empty() && position <= dims.back()))
      return failure();
    sizes[position] = block;
    dims.push_back(position);
  }
  if (dims.size() == 1 && sizes[dims.front()] == 1)
    axis = dims.front();
  else if (!dims.empty())
    blockSizes = std::move(sizes);
  return success();
}

/// An elementwise operation of a data tensor, its first input, and parameters.
struct Body {
  linalg::GenericOp op;
  BlockArgument data;

  static std::optional<Body> match(linalg::GenericOp op);
  /// What `value` is, if it is a parameter.
  std::optional<Parameter> getParameter(Value value) const;
  /// Splits a commutative operation into the operand that depends on the data
  /// and a parameter.
  std::optional<std::pair<Value, Parameter>> split(Operation *op) const;
};

std::optional<Body> Body::match(linalg::GenericOp op) {
  // Parameters may be read once for each block: by maps that are no
  // projections.
  if (op.getNumLoops() != op.getNumParallelLoops() ||
      !op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      !op.getIndexingMapsArray().back().isIdentity())
    return std::nullopt;
  if (op.getNumDpsInputs() == 0 ||
      !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return std::nullopt;
  Body body{op, op.getMatchingBlockArgument(op.getDpsInputOperand(0))};
  return body;
}

std::optional<Parameter> Body::getParameter(Value value) const {
  linalg::GenericOp op = this->op;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != op.getBody() || argument == data ||
        argument.getArgNumber() >= op.getNumDpsInputs())
      return std::nullopt;
    OpOperand *operand = op.getDpsInputOperand(argument.getArgNumber());
    DenseElementsAttr dense = getDenseConstant(operand->get());
    if (!dense)
      return std::nullopt;
    Parameter result;
    if (failed(result.setPlaces(op.getMatchingIndexingMap(operand),
                                dense.getType().getShape())))
      return std::nullopt;
    if (dense.getElementType().isF32()) {
      for (float element : dense.getValues<float>())
        result.values.push_back(element);
    } else if (dense.getElementType().isSignlessInteger()) {
      for (const APInt &element : dense.getValues<APInt>())
        result.values.push_back(static_cast<double>(element.getSExtValue()));
    } else {
      return std::nullopt;
    }
    return result;
  }
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant))) {
    if (auto number = dyn_cast<FloatAttr>(constant))
      return Parameter{{number.getValueAsDouble()}, {}};
    if (auto number = dyn_cast<IntegerAttr>(constant))
      return Parameter{{static_cast<double>(number.getValue().getSExtValue())},
                       {}};
    return std::nullopt;
  }
  Operation *convert = value.getDefiningOp();
  if (isa_and_nonnull<arith::ExtSIOp, arith::SIToFPOp>(convert))
    return getParameter(convert->getOperand(0));
  if (isa_and_nonnull<arith::ExtUIOp, arith::UIToFPOp>(convert)) {
    unsigned width = convert->getOperand(0).getType().getIntOrFloatBitWidth();
    std::optional<Parameter> result = getParameter(convert->getOperand(0));
    if (result)
      for (double &number : result->values)
        number += number < 0 ? static_cast<double>(uint64_t(1) << width) : 0;
    return result;
  }
  return std::nullopt;
}

std::optional<std::pair<Value, Parameter>> Body::split(Operation *op) const {
  for (unsigned index : {0u, 1u})
    if (auto parameter = getParameter(op->getOperand(index)))
      return std::make_pair(op->getOperand(1 - index), *parameter);
  return std::nullopt;
}

/// The quantized type with these parameters, if it is one that the tensor of
/// `shape` can have and the numerics contract allows; otherwise why not.
quant::QuantizedType makeType(RankedTensorType shape, bool isSigned,
                              unsigned width, int64_t low, int64_t high,
                              const Parameter &scale,
                              const Parameter &zeroPoint, bool isWeight,
                              std::string &reason) {
  if (!scale.isUniform() && !zeroPoint.isUniform() &&
      (scale.axis != zeroPoint.axis ||
       scale.blockSizes != zeroPoint.blockSizes)) {
    reason = "its scales lie along another dimension than its zero points";
    return {};
  }
  auto isInteger = [](double value) {
    return value == std::nearbyint(value) && std::abs(value) < 2147483648.0;
  };
  if (!llvm::all_of(zeroPoint.values, isInteger)) {
    reason = "a zero point is no integer";
    return {};
  }
  if (low >= high || scale.values.empty() || zeroPoint.values.empty()) {
    reason = "it has no values to round to";
    return {};
  }
  for (double value : scale.values)
    if (!std::isfinite(value) || value < FLT_MIN) {
      reason =
          llvm::formatv("scale {0:E2} is not a positive, normal f32", value);
      return {};
    }
  MLIRContext *context = shape.getContext();
  // Only asked: a type that is not allowed leaves the arithmetic in float.
  ScopedDiagnosticHandler ask(
      context, [&](Diagnostic &diagnostic) { reason = diagnostic.str(); });
  auto storage = IntegerType::get(context, width);
  auto expressed = Float32Type::get(context);
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  const Parameter &places = scale.isUniform() ? zeroPoint : scale;
  size_t count = std::max(scale.values.size(), zeroPoint.values.size());
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  for (size_t i = 0; i < count; ++i) {
    scales.push_back(scale.values[scale.isUniform() ? 0 : i]);
    zeroPoints.push_back(
        static_cast<int64_t>(zeroPoint.values[zeroPoint.isUniform() ? 0 : i]));
  }
  quant::QuantizedType type;
  if (!places.blockSizes.empty()) {
    SmallVector<int64_t> counts;
    int64_t product = 1;
    for (auto [dim, size] : llvm::enumerate(places.blockSizes)) {
      counts.push_back(size > 0 ? shape.getDimSize(dim) / size : 1);
      product *= counts.back();
    }
    if (!shape.hasStaticShape() || static_cast<size_t>(product) != count) {
      reason = "its blocks do not divide the tensor";
      return {};
    }
    auto inRange = [&](int64_t zeroPoint) {
      return zeroPoint >= low && zeroPoint <= high;
    };
    if (!llvm::all_of(zeroPoints, inRange)) {
      reason = "a zero point lies outside of the storage range";
      return {};
    }
    type = getBlockType(storage, isSigned,
                        {static_cast<int32_t>(low), static_cast<int32_t>(high)},
                        counts, places.blockSizes, scales, zeroPoints);
  } else if (places.axis) {
    type = quant::UniformQuantizedPerAxisType::getChecked(
        [&] { return emitError(UnknownLoc::get(context)); }, flags, storage,
        expressed, scales, zeroPoints, *places.axis, low, high);
  } else {
    type = quant::UniformQuantizedType::getChecked(
        [&] { return emitError(UnknownLoc::get(context)); }, flags, storage,
        expressed, scales.front(), zeroPoints.front(), low, high);
  }
  auto emit = [&] { return emitError(UnknownLoc::get(context)); };
  if (!type || failed(verifyQuantizedType(shape, type, emit, isWeight)))
    return {};
  return type;
}

/// `min(max(x, low), high)` in either order; returns x.
Value matchBounds(const Body &body, Value value, double &low, double &high) {
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
  std::optional<Body> body = op ? Body::match(op) : std::optional<Body>();
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
                     : std::optional<std::pair<Value, Parameter>>();
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
    std::optional<Body> body = Body::match(op);
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
    Parameter zeroPoint{{0.0}, {}};
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
    std::optional<Parameter> scale = body->getParameter(divide.getRhs());
    if (!scale)
      return rewriter.notifyMatchFailure(op, "its scale is not constant");
    double limit = std::exp2(storage.getWidth());
    if (low != std::nearbyint(low) || high != std::nearbyint(high) ||
        low < -limit / 2 || high >= limit || (low < 0 && high >= limit / 2))
      return rewriter.notifyMatchFailure(op, "its bounds are no storage range");
    bool isSigned =
        low < 0 || (isa<arith::FPToSIOp>(convert) && high < limit / 2);
    std::string reason;
    auto type = makeType(resultType, isSigned, storage.getWidth(),
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
    std::optional<Body> body = Body::match(op);
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
                          : std::optional<std::pair<Value, Parameter>>();
    if (!parts)
      return rewriter.notifyMatchFailure(op, "is no product with a scale");
    Parameter scale = parts->second, zeroPoint{{0.0}, {}};
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
    auto type = makeType(resultType, isSigned, storage.getWidth(), low,
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
