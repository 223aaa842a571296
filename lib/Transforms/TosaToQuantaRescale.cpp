//===- TosaToQuantaRescale.cpp - Rescaling of TOSA ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"
#include "TosaToQuanta.h"

#include "mlir/Dialect/Quant/IR/Quant.h"

#include <cmath>

using namespace mlir;

namespace quanta {

FailureOr<SmallVector<double>>
TosaToQuanta::getFactors(tosa::RescaleOp rescale) {
  DenseElementsAttr multipliers = getElements(rescale.getMultiplier());
  DenseElementsAttr shifts = getElements(rescale.getShift());
  if (!multipliers || !shifts)
    return rescale.emitOpError() << "has no counterpart in quanta: its "
                                    "multipliers and shifts are not constant";
  SmallVector<double> factors;
  for (auto [multiplier, shift] :
       llvm::zip(multipliers.getValues<APInt>(), shifts.getValues<APInt>())) {
    double factor = std::ldexp(static_cast<double>(multiplier.getSExtValue()),
                               -static_cast<int>(shift.getSExtValue()));
    auto rounded = static_cast<float>(factor);
    if (!(rounded > 0) || !std::isnormal(rounded))
      return rescale.emitOpError()
             << "has no counterpart in quanta: it multiplies by " << factor
             << ", which is not a positive, normal f32";
    factors.push_back(factor);
  }
  return factors;
}

/// Whether a factor is the quotient of scales, but for the bits that TOSA's
/// multiplier does not have.
static bool isSame(double factor, double quotient) {
  return std::abs(factor - quotient) <= std::abs(quotient) * 1e-6;
}

/// The type that the input has: that of the accumulators which it is, and of
/// scale 1 where nothing is known.
FailureOr<quant::QuantizedType>
TosaToQuanta::getSourceType(tosa::RescaleOp rescale, int64_t zeroPoint) {
  Value input = rescale.getInput();
  if (!getElementTypeOrSelf(input.getType()).isInteger(32))
    return getType(input, zeroPoint, rescale.getInputUnsigned());
  if (zeroPoint != 0)
    return refuse() << "its i32 input has the zero point " << zeroPoint;
  if (auto cast = input.getDefiningOp<quant::StorageCastOp>())
    if (auto type = dyn_cast<quant::QuantizedType>(
            getElementTypeOrSelf(cast.getInput().getType())))
      return type;
  return makeType(op->getContext(), 32, true, 1.0, 0);
}

/// The number of a channel, of one for each or for all.
static double ofChannel(ArrayRef<double> list, size_t channel) {
  return list[list.size() == 1 ? 0 : channel];
}

namespace {
/// How factors agree with the quotients of scales: not at all, but for the bits
/// that TOSA does not have, or in the f32 that requantization multiplies by.
enum class Agreement { None, Near, Equal };
} // namespace

static Agreement compareFactors(ArrayRef<double> factors,
                                ArrayRef<double> scales,
                                ArrayRef<double> results, size_t channels) {
  bool isEqual = true;
  for (size_t channel = 0; channel < channels; ++channel) {
    double factor = ofChannel(factors, channel),
           scale = ofChannel(scales, channel),
           result = ofChannel(results, channel);
    if (!isSame(factor, scale / result))
      return Agreement::None;
    isEqual &= reference::requantizeMultiplier(scale, result) ==
               static_cast<float>(factor);
  }
  return isEqual ? Agreement::Equal : Agreement::Near;
}

/// The type with the scales of which the factors are the quotients.
quant::QuantizedType TosaToQuanta::withFactors(quant::QuantizedType type,
                                               ArrayRef<double> factors,
                                               ArrayRef<double> results,
                                               int32_t axis) {
  QuantParams params = *QuantParams::get(type);
  if (params.axis)
    type = makeType(type.getContext(), params.storageWidth(), params.isSigned(),
                    1.0, params.zeroPoints[0]);
  SmallVector<double> scales;
  for (size_t channel = 0; channel < std::max(factors.size(), results.size());
       ++channel)
    scales.push_back(ofChannel(results, channel) * ofChannel(factors, channel));
  return withScales(type, 1.0, scales, axis);
}

LogicalResult TosaToQuanta::convert(tosa::RescaleOp rescale) {
  Value input = rescale.getInput();
  Type from = getElementTypeOrSelf(input.getType());
  Type to = getElementTypeOrSelf(rescale.getType());
  if (to.isInteger(32)) {
    // Its reader, an addition or a multiplication, takes it along.
    for (Operation *user : rescale->getUsers())
      if (!isa<tosa::AddOp, tosa::SubOp, tosa::MulOp>(user))
        return refuse() << "its i32 result is read by '" << user->getName()
                        << "'";
    return success();
  }
  if (Operation *sum = input.getDefiningOp();
      isa_and_nonnull<tosa::AddOp, tosa::SubOp, tosa::MulOp>(sum))
    return convertBinary(rescale, sum);
  auto factors = getFactors(rescale);
  if (failed(factors))
    return failure();
  auto zeroIn = getZeroPoint(rescale.getInputZp(), rescale.getInputUnsigned());
  auto zeroOut =
      getZeroPoint(rescale.getOutputZp(), rescale.getOutputUnsigned());
  if (failed(zeroIn) || failed(zeroOut))
    return failure();
  auto result =
      getType(rescale.getOutput(), *zeroOut, rescale.getOutputUnsigned());
  if (failed(result))
    return failure();
  QuantParams target = *QuantParams::get(*result);
  auto type = cast<RankedTensorType>(rescale.getType());
  auto last = static_cast<int32_t>(type.getRank() - 1);
  if (target.axis && *target.axis != last)
    return refuse() << "its result has several scales along another dimension "
                       "than its last";
  FailureOr<quant::QuantizedType> source = getSourceType(rescale, *zeroIn);
  if (failed(source))
    return failure();
  QuantParams known = *QuantParams::get(*source);
  size_t channels =
      std::max({known.scales.size(), factors->size(), target.scales.size()});
  auto fits = [&](ArrayRef<double> list) {
    return list.size() == 1 || list.size() == channels;
  };
  if (!fits(*factors) || !fits(target.scales))
    return refuse() << "it has " << factors->size() << " factors, and "
                    << target.scales.size() << " scales in its result";
  Agreement agreement = Agreement::None;
  if ((!known.axis || *known.axis == last) && fits(known.scales))
    agreement = compareFactors(*factors, known.scales, target.scales, channels);
  if (isa<quant::QuantizedType>(from) && isa<quant::QuantizedType>(to)) {
    if (agreement == Agreement::None)
      return refuse() << "it multiplies by " << factors->front()
                      << ", but its types say "
                      << known.scales[0] / target.scales[0];
  } else if (agreement != Agreement::Equal) {
    source = withFactors(*source, *factors, target.scales, last);
  }
  replace(RequantizeOp::create(builder, loc, type.clone(Type(*result)),
                               as(input, *source), DenseI64ArrayAttr(),
                               StringAttr()));
  return success();
}

FailureOr<TosaToQuanta::RescaledOperand>
TosaToQuanta::getRescaledOperand(Operation *sum, unsigned number) {
  auto rescale = sum->getOperand(number).getDefiningOp<tosa::RescaleOp>();
  if (!rescale)
    return refuse() << "an operand of '" << sum->getName()
                    << "' is not rescaled from i8";
  auto factor = getFactors(rescale);
  auto zero = getZeroPoint(rescale.getInputZp(), rescale.getInputUnsigned());
  auto zeroBetween = getZeroPoint(rescale.getOutputZp());
  if (failed(factor) || failed(zero) || failed(zeroBetween))
    return failure();
  if (factor->size() != 1 || *zeroBetween != 0)
    return refuse() << "an operand of '" << sum->getName()
                    << "' has several factors or a zero point";
  auto type = getType(rescale.getInput(), *zero, rescale.getInputUnsigned());
  if (failed(type))
    return failure();
  if (QuantParams::get(*type)->axis)
    return refuse() << "an operand of '" << sum->getName()
                    << "' has several scales";
  return RescaledOperand{rescale.getInput(), *type, factor->front()};
}

LogicalResult TosaToQuanta::convertBinary(tosa::RescaleOp rescale,
                                          Operation *sum) {
  auto toResult = getFactors(rescale);
  auto zeroOut =
      getZeroPoint(rescale.getOutputZp(), rescale.getOutputUnsigned());
  if (failed(toResult) || failed(zeroOut))
    return failure();
  auto result =
      getType(rescale.getOutput(), *zeroOut, rescale.getOutputUnsigned());
  if (failed(result))
    return failure();
  if (toResult->size() != 1 || QuantParams::get(*result)->axis)
    return refuse() << "the result of '" << sum->getName()
                    << "' has several scales";
  bool isProduct = isa<tosa::MulOp>(sum);
  if (auto product = dyn_cast<tosa::MulOp>(sum)) {
    auto shift = getZeroPoint(product.getShift());
    if (failed(shift))
      return failure();
    if (*shift != 0)
      return refuse() << "'tosa.mul' shifts by " << *shift;
  }
  auto left = getRescaledOperand(sum, 0);
  if (failed(left))
    return failure();
  auto right = getRescaledOperand(sum, 1);
  if (failed(right))
    return failure();
  // One unit of the sum is `unit` of what the result stands for.
  auto scale = [](quant::QuantizedType type) {
    return QuantParams::get(type)->scales[0];
  };
  double unit = (*toResult)[0] * scale(*result);
  bool isKnown = isProduct
                     ? isSame(left->factor * right->factor * unit,
                              scale(left->type) * scale(right->type))
                     : isSame(left->factor * unit, scale(left->type)) &&
                           isSame(right->factor * unit, scale(right->type));
  if (!isKnown) {
    left->type = withScales(left->type, left->factor * unit, 1.0, 0);
    right->type = withScales(
        right->type, isProduct ? right->factor : right->factor * unit, 1.0, 0);
  }
  Value x = as(left->value, left->type), y = as(right->value, right->type);
  auto type = cast<RankedTensorType>(rescale.getType()).clone(Type(*result));
  if (isProduct)
    replace(MulOp::create(builder, loc, type, x, y, DenseI64ArrayAttr(),
                          StringAttr()));
  else if (isa<tosa::AddOp>(sum))
    replace(AddOp::create(builder, loc, type, x, y, DenseI64ArrayAttr(),
                          StringAttr()));
  else
    replace(SubOp::create(builder, loc, type, x, y, DenseI64ArrayAttr(),
                          StringAttr()));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::ClampOp clamp) {
  Value input = clamp.getInput();
  auto low = dyn_cast<IntegerAttr>(clamp.getMinVal());
  auto high = dyn_cast<IntegerAttr>(clamp.getMaxVal());
  auto quantized =
      dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(input.getType()));
  if (quantized && !quantized.isSigned())
    return refuse() << "it bounds unsigned integers";
  auto type = getType(
      input, quantized ? QuantParams::get(quantized)->zeroPoints[0] : 0);
  if (failed(type))
    return failure();
  int64_t least = type->getStorageTypeMin(), most = type->getStorageTypeMax();
  SmallVector<int64_t> bounds{std::max(low.getInt(), least),
                              std::min(high.getInt(), most)};
  if (bounds[0] > bounds[1])
    return refuse() << "its bounds lie outside of the storage range";
  if (bounds[0] == least && bounds[1] == most) {
    op->getResult(0).replaceAllUsesWith(input);
    return success();
  }
  // Into the operation that rounds, if nobody else reads its result.
  Value source = input;
  auto cast = source.getDefiningOp<quant::StorageCastOp>();
  if (cast && cast->hasOneUse())
    source = cast.getInput();
  Operation *producer = source.getDefiningOp();
  auto attribute = builder.getDenseI64ArrayAttr(bounds);
  if (producer && producer->hasOneUse() && input.hasOneUse() &&
      isa<RequantizeOp, AddOp, SubOp, MulOp>(producer) &&
      !producer->hasAttr("clamp")) {
    // It may have less than the range of its storage.
    auto params = *QuantParams::get(getElementTypeOrSelf(source.getType()));
    SmallVector<int64_t> own{std::max<int64_t>(bounds[0], params.range.min),
                             std::min<int64_t>(bounds[1], params.range.max)};
    if (params.isSigned() && own[0] <= own[1]) {
      producer->setAttr("clamp", builder.getDenseI64ArrayAttr(own));
      op->getResult(0).replaceAllUsesWith(input);
      return success();
    }
  }
  Value value = as(input, *type);
  replace(RequantizeOp::create(builder, loc, value.getType(), value, attribute,
                               StringAttr()));
  return success();
}

} // namespace quanta
