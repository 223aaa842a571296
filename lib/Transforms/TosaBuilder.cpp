//===- TosaBuilder.cpp - Operations of TOSA -------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TosaBuilder.h"

#include "QuantizedAxis.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace quanta {

bool TosaResampling::isLegal(int64_t in, int64_t out) const {
  constexpr int64_t maxSize = 16384, maxScale = 1 << 11, maxRatio = 256,
                    maxMargin = 16;
  int64_t border = getBorder(in, out);
  return in < maxSize && out < maxSize && scale > 0 && step > 0 &&
         scale <= maxScale && scale <= maxRatio * step &&
         step < maxMargin * scale && offset >= -scale &&
         offset < maxMargin * scale && border >= -maxMargin * scale &&
         border < scale;
}

SmallVector<int64_t> TosaResampling::getNearest(int64_t in, int64_t out) const {
  SmallVector<int64_t> result;
  for (int64_t o = 0; o < out; ++o)
    result.push_back(std::clamp<int64_t>(
        llvm::divideFloorSigned(2 * (o * step + offset) + scale, 2 * scale), 0,
        in - 1));
  return result;
}

std::optional<TosaResampling> TosaResampling::get(ArrayRef<int64_t> nearest,
                                                  int64_t in) {
  auto out = static_cast<int64_t>(nearest.size());
  // Those of `half_pixel`, `asymmetric` and `align_corners`. TOSA rounds ties
  // up: what rounds otherwise lies up to half an element further.
  for (auto [factor, offset, unit] :
       {std::tuple(2 * in, in - out, 2 * out), std::tuple(in, int64_t(0), out),
        std::tuple(in - 1, int64_t(0), out - 1)})
    for (int64_t shift : {int64_t(0), int64_t(-1), -unit, unit - 1}) {
      TosaResampling resampling{2 * unit, 2 * factor, 2 * offset + shift};
      int64_t divisor = std::gcd(std::gcd(resampling.scale, resampling.step),
                                 resampling.offset);
      if (divisor == 0)
        continue;
      resampling.scale /= divisor;
      resampling.step /= divisor;
      resampling.offset /= divisor;
      if (resampling.isLegal(in, out) &&
          ArrayRef(resampling.getNearest(in, out)) == nearest)
        return resampling;
    }
  return std::nullopt;
}

std::optional<TosaFactor> TosaFactor::get(double factor) {
  int exponent;
  double fraction = std::frexp(factor, &exponent);
  auto multiplier =
      static_cast<int64_t>(std::nearbyint(std::ldexp(fraction, 31)));
  if (multiplier == int64_t(1) << 31) {
    multiplier >>= 1;
    ++exponent;
  }
  int shift = 31 - exponent;
  if (!(factor > 0) || shift < 2 || shift > 62)
    return std::nullopt;
  return TosaFactor{static_cast<int32_t>(multiplier),
                    static_cast<int8_t>(shift)};
}

double TosaFactor::value() const { return std::ldexp(multiplier, -shift); }

Value TosaBuilder::constant(DenseElementsAttr values) {
  return constant(values, values.getElementType());
}

Value TosaBuilder::constant(DenseElementsAttr values, Type elementType) {
  Type type = RankedTensorType::get(values.getType().getShape(), elementType);
  return tosa::ConstOp::create(builder, loc, type, values);
}

Value TosaBuilder::zeroPoint(int64_t value, unsigned width) {
  auto type = RankedTensorType::get({1}, builder.getIntegerType(width));
  return constant(DenseElementsAttr::get(
      type, APInt(width, static_cast<uint64_t>(value), /*isSigned=*/true,
                  /*implicitTrunc=*/true)));
}

Value TosaBuilder::shape(ArrayRef<int64_t> sizes) {
  auto rank = static_cast<int64_t>(sizes.size());
  return tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), sizes.size()),
      DenseIntElementsAttr::get(
          RankedTensorType::get({rank}, builder.getIndexType()), sizes));
}

DenseElementsAttr permuteElements(DenseElementsAttr values,
                                  ArrayRef<int64_t> order) {
  ArrayRef<int64_t> shape = values.getType().getShape();
  SmallVector<int64_t> sizes = applyPermutation(shape, order);
  if (values.isSplat())
    return values.reshape(values.getType().clone(sizes));
  SmallVector<int64_t> strides = computeStrides(sizes);
  SmallVector<int64_t> sourceStrides =
      applyPermutation(computeStrides(shape), order);
  SmallVector<APInt> source(values.getValues<APInt>()), result;
  result.reserve(source.size());
  for (int64_t index = 0; index < int64_t(source.size()); ++index)
    result.push_back(
        source[linearize(delinearize(index, strides), sourceStrides)]);
  return DenseElementsAttr::get(values.getType().clone(sizes), result);
}

static DenseElementsAttr sliceElements(DenseElementsAttr values,
                                       ArrayRef<int64_t> starts,
                                       ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> strides = computeStrides(sizes);
  SmallVector<int64_t> sourceStrides =
      computeStrides(values.getType().getShape());
  int64_t first = linearize(starts, sourceStrides);
  SmallVector<APInt> source(values.getValues<APInt>()), result;
  int64_t count = ShapedType::getNumElements(sizes);
  for (int64_t index = 0; index < count; ++index)
    result.push_back(
        source[first + linearize(delinearize(index, strides), sourceStrides)]);
  return DenseElementsAttr::get(values.getType().clone(sizes), result);
}

Value TosaBuilder::transpose(Value value, ArrayRef<int64_t> order) {
  if (llvm::equal(order, llvm::seq<int64_t>(0, order.size())))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  Type elementType = type.getElementType();
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(elementType))
    elementType = withAxis(
        elementType,
        static_cast<int32_t>(
            llvm::find(order, int64_t(perAxis.getQuantizedDimension())) -
            order.begin()));
  if (auto known = value.getDefiningOp<tosa::ConstOp>())
    return constant(
        permuteElements(cast<DenseElementsAttr>(known.getValues()), order),
        elementType);
  SmallVector<int64_t> sizes;
  for (int64_t dim : order)
    sizes.push_back(type.getDimSize(dim));
  return tosa::TransposeOp::create(builder, loc,
                                   type.clone(elementType).clone(sizes), value,
                                   SmallVector<int32_t>(order));
}

Value TosaBuilder::reshape(Value value, ArrayRef<int64_t> sizes, int32_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == sizes)
    return value;
  if (auto known = value.getDefiningOp<tosa::ConstOp>()) {
    auto values = cast<DenseElementsAttr>(known.getValues());
    Type elementType = type.getElementType();
    if (isa<quant::UniformQuantizedPerAxisType>(elementType))
      elementType =
          axis < 0 ? values.getElementType() : withAxis(elementType, axis);
    return constant(values.reshape(values.getType().clone(sizes)), elementType);
  }
  SmallVector<int64_t> target;
  int64_t dynamic = 0;
  for (int64_t size : sizes) {
    dynamic += ShapedType::isDynamic(size);
    target.push_back(ShapedType::isDynamic(size) ? -1 : size);
  }
  if (dynamic > 1)
    return {};
  return tosa::ReshapeOp::create(builder, loc, type.clone(sizes), value,
                                 shape(target));
}

Value TosaBuilder::slice(Value value, ArrayRef<int64_t> starts,
                         ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == sizes)
    return value;
  if (auto known = value.getDefiningOp<tosa::ConstOp>()) {
    auto values = cast<DenseElementsAttr>(known.getValues());
    Type elementType = type.getElementType();
    if (auto perAxis =
            dyn_cast<quant::UniformQuantizedPerAxisType>(elementType)) {
      int32_t axis = perAxis.getQuantizedDimension();
      elementType = quant::UniformQuantizedPerAxisType::get(
          perAxis.getFlags(), perAxis.getStorageType(),
          perAxis.getExpressedType(),
          perAxis.getScales().slice(starts[axis], sizes[axis]),
          perAxis.getZeroPoints().slice(starts[axis], sizes[axis]), axis,
          perAxis.getStorageTypeMin(), perAxis.getStorageTypeMax());
    }
    return constant(sliceElements(values, starts, sizes), elementType);
  }
  return tosa::SliceOp::create(builder, loc, type.clone(sizes), value,
                               shape(starts), shape(sizes));
}

Value TosaBuilder::rescale(Value value, Type elementType,
                           const Rescale &options) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int32_t> multipliers;
  SmallVector<int8_t> shifts;
  for (TosaFactor factor : options.factors) {
    multipliers.push_back(factor.multiplier);
    shifts.push_back(factor.shift);
  }
  auto count = static_cast<int64_t>(multipliers.size());
  auto list = [&](auto &values, Type type) {
    return constant(DenseElementsAttr::get(RankedTensorType::get({count}, type),
                                           ArrayRef(values)));
  };
  auto width = [](Type type) {
    if (auto quantized = dyn_cast<quant::QuantizedType>(type))
      return quantized.getStorageTypeIntegralWidth();
    return type.getIntOrFloatBitWidth();
  };
  return tosa::RescaleOp::create(
      builder, loc, type.clone(elementType), value,
      list(multipliers, builder.getI32Type()),
      list(shifts, builder.getI8Type()),
      zeroPoint(options.inputZeroPoint, width(type.getElementType())),
      zeroPoint(options.outputZeroPoint, width(elementType)), /*scale32=*/true,
      tosa::RoundingMode::SINGLE_ROUND, /*per_channel=*/count > 1,
      options.inputUnsigned, options.outputUnsigned);
}

} // namespace quanta
