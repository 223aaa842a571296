//===- QuantParams.cpp - Parameters of a quantized type -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/Diagnostics.h"

#include <cfloat>
#include <cmath>
#include <limits>

using namespace mlir;
using mlir::quant::QuantizationFlags::Signed;

namespace quanta {

std::optional<QuantParams> QuantParams::get(Type elementType) {
  QuantParams params;
  if (auto type = dyn_cast<quant::UniformQuantizedType>(elementType)) {
    params.type = type;
    params.scales = {type.getScale()};
    params.zeroPoints = {type.getZeroPoint()};
  } else if (auto type =
                 dyn_cast<quant::UniformQuantizedPerAxisType>(elementType)) {
    params.type = type;
    params.axis = type.getQuantizedDimension();
    params.scales.assign(type.getScales().begin(), type.getScales().end());
    params.zeroPoints.assign(type.getZeroPoints().begin(),
                             type.getZeroPoints().end());
  } else {
    return std::nullopt;
  }
  params.range = {static_cast<int32_t>(params.type.getStorageTypeMin()),
                  static_cast<int32_t>(params.type.getStorageTypeMax())};
  return params;
}

bool QuantParams::hasFiniteValues() const {
  for (size_t i = 0; i < scales.size(); ++i)
    for (int32_t q : {range.min, range.max})
      if (!std::isfinite(reference::dequantize(q, scale(i), zeroPoint(i))))
        return false;
  return true;
}

bool QuantParams::isWholeRange() const {
  return range.min == quant::QuantizedType::getDefaultMinimumForInteger(
                          isSigned(), storageWidth()) &&
         range.max == quant::QuantizedType::getDefaultMaximumForInteger(
                          isSigned(), storageWidth());
}

std::optional<QuantParams> QuantParams::getOfWeight(Type elementType) {
  auto type = dyn_cast<quant::UniformQuantizedSubChannelType>(elementType);
  if (!type)
    return get(elementType);
  QuantParams params;
  params.type = type;
  params.range = {static_cast<int32_t>(type.getStorageTypeMin()),
                  static_cast<int32_t>(type.getStorageTypeMax())};
  params.blockCounts =
      SmallVector<int64_t, 2>(type.getScales().getType().getShape());
  params.blockSizes.assign(params.blockCounts.size(), 0);
  for (auto [dim, size] : type.getBlockSizeInfo())
    if (dim >= 0 && dim < static_cast<int64_t>(params.blockSizes.size()))
      params.blockSizes[dim] = size;
  for (const APFloat &scale : type.getScales().getValues<APFloat>())
    params.scales.push_back(scale.convertToDouble());
  // Upstream prints them as signed numbers, whatever the storage.
  for (const APInt &zeroPoint : type.getZeroPoints().getValues<APInt>())
    params.zeroPoints.push_back(
        type.isSigned() ? zeroPoint.getSExtValue()
                        : static_cast<int64_t>(zeroPoint.getZExtValue()));
  return params;
}

size_t QuantParams::getChannel(ArrayRef<int64_t> shape, int64_t index) const {
  if (scales.size() == 1)
    return 0;
  if (axis) {
    int64_t inner = 1;
    for (int64_t size : shape.drop_front(*axis + 1))
      inner *= size;
    return index / inner % shape[*axis];
  }
  int64_t channel = 0, stride = 1;
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    int64_t position = index % shape[dim];
    index /= shape[dim];
    if (blockSizes[dim] > 0)
      channel += position / blockSizes[dim] * stride;
    stride *= blockCounts[dim];
  }
  return channel;
}

/// The blocks of a sub-channel type divide the tensor, and there is a scale and
/// a zero point for each.
static LogicalResult
verifyBlocks(ShapedType shapedType, quant::UniformQuantizedSubChannelType type,
             function_ref<InFlightDiagnostic()> emitError) {
  ArrayRef<int64_t> counts = type.getScales().getType().getShape();
  if (!type.getScales().getElementType().isF32() ||
      type.getZeroPoints().getType().getShape() != counts)
    return emitError() << type << " needs f32 scales and as many zero points";
  if (!shapedType.hasStaticShape() ||
      shapedType.getRank() != static_cast<int64_t>(counts.size()))
    return emitError() << "has scales for blocks of a tensor of rank "
                       << counts.size() << ", which needs static sizes, not "
                       << shapedType;
  SmallVector<int64_t> sizes(shapedType.getShape());
  for (auto [dim, size] : type.getBlockSizeInfo()) {
    if (dim < 0 || dim >= shapedType.getRank() || size <= 0)
      return emitError() << "block size " << size << " of dimension " << dim
                         << " does not fit " << shapedType;
    sizes[dim] = size;
  }
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    int64_t whole = shapedType.getDimSize(dim);
    if (whole % std::max<int64_t>(size, 1) != 0 || size * counts[dim] != whole)
      return emitError() << "has " << counts[dim] << " blocks of " << size
                         << " elements along dimension " << dim << " of size "
                         << whole;
  }
  return success();
}

LogicalResult verifyQuantizedType(ShapedType shapedType, Type elementType,
                                  function_ref<InFlightDiagnostic()> emitError,
                                  bool isWeight) {
  std::optional<QuantParams> params =
      isWeight ? QuantParams::getOfWeight(elementType)
               : QuantParams::get(elementType);
  if (!params)
    return emitError() << "needs a per-tensor or per-axis uniform quantized "
                          "type, got "
                       << elementType;
  if (params->type.getExpressedType() !=
      Float32Type::get(elementType.getContext()))
    return emitError() << elementType << " does not express f32 values";
  for (double scale : params->scales) {
    float rounded = static_cast<float>(scale);
    if (!std::isfinite(rounded) || rounded < FLT_MIN)
      return emitError() << "scale " << scale << " of " << elementType
                         << " is not a positive, normal f32";
  }
  int64_t qmin = params->type.getStorageTypeMin();
  int64_t qmax = params->type.getStorageTypeMax();
  if (qmax > std::numeric_limits<int32_t>::max())
    return emitError() << "storage of " << elementType << " does not fit i32";
  unsigned width = params->storageWidth();
  if (width != 2 && width != 4 && width != 8 && width != 16 && width != 32)
    return emitError() << "storage of " << elementType << " has " << width
                       << " bits, but 2, 4, 8, 16 or 32 are supported";
  if (width == 32 && params->hasZeroPoint())
    return emitError() << elementType
                       << " has a zero point, but storage of 32 bits, that of "
                          "accumulators, has none";
  for (int64_t zeroPoint : params->zeroPoints)
    if (zeroPoint < qmin || zeroPoint > qmax)
      return emitError() << "zero point " << zeroPoint
                         << " lies outside the storage range [" << qmin << ", "
                         << qmax << "] of " << elementType;
  if (auto blocks =
          dyn_cast<quant::UniformQuantizedSubChannelType>(elementType))
    return verifyBlocks(shapedType, blocks, emitError);
  if (!params->axis || !shapedType.hasRank())
    return success();
  int32_t axis = *params->axis;
  if (axis < 0 || axis >= shapedType.getRank())
    return emitError() << "quantized dimension " << axis << " of "
                       << elementType << " does not exist in a tensor of rank "
                       << shapedType.getRank();
  int64_t size = shapedType.getDimSize(axis);
  if (size != static_cast<int64_t>(params->scales.size()))
    return emitError() << "has " << params->scales.size()
                       << " scales for dimension " << axis << " of size "
                       << (ShapedType::isDynamic(size) ? std::string("?")
                                                       : std::to_string(size));
  return success();
}

/// A scale as it is stored in a type: an f32, never subnormal.
static double toScale(double value) {
  return std::max(static_cast<float>(value), FLT_MIN);
}

quant::UniformQuantizedType chooseAffineType(MLIRContext *context, double min,
                                             double max, bool isSigned,
                                             unsigned width, bool isSymmetric) {
  int64_t qmin = isSigned ? -(int64_t(1) << (width - 1)) : 0;
  int64_t qmax = qmin + (int64_t(1) << width) - 1;
  min = std::min(min, 0.0);
  max = std::max(max, 0.0);
  if (isSymmetric) {
    max = std::max(-min, max);
    min = -max;
  }
  double scale = 1;
  int64_t zeroPoint = qmin;
  if (max > min) {
    scale = toScale((max - min) / static_cast<double>(qmax - qmin));
    // In f32, as in PyTorch: ties are where they are there.
    float steps = static_cast<float>(min) / static_cast<float>(scale);
    double exact = static_cast<double>(qmin) - std::nearbyint(steps);
    zeroPoint = static_cast<int64_t>(std::min(
        std::max(exact, static_cast<double>(qmin)), static_cast<double>(qmax)));
  }
  // The middle itself: a rounded scale would make it one less.
  if (isSymmetric)
    zeroPoint = qmin + (int64_t(1) << (width - 1));
  return quant::UniformQuantizedType::get(
      isSigned ? Signed : 0, IntegerType::get(context, width),
      Float32Type::get(context), scale, zeroPoint, qmin, qmax);
}

quant::QuantizedType
getBlockType(IntegerType storage, bool isSigned, reference::StorageRange range,
             ArrayRef<int64_t> blockCounts, ArrayRef<int64_t> blockSizes,
             ArrayRef<double> scales, ArrayRef<int64_t> zeroPoints) {
  auto expressed = Float32Type::get(storage.getContext());
  SmallVector<float> floats(scales.begin(), scales.end());
  SmallVector<APInt> integers;
  for (int64_t zeroPoint : zeroPoints)
    integers.emplace_back(storage.getWidth(), static_cast<uint64_t>(zeroPoint),
                          isSigned, /*implicitTrunc=*/true);
  SmallVector<int32_t> dims;
  SmallVector<int64_t> sizes;
  for (auto [dim, size] : llvm::enumerate(blockSizes))
    if (size > 0) {
      dims.push_back(static_cast<int32_t>(dim));
      sizes.push_back(size);
    }
  return quant::UniformQuantizedSubChannelType::get(
      isSigned ? Signed : 0, storage, expressed,
      DenseElementsAttr::get(RankedTensorType::get(blockCounts, expressed),
                             ArrayRef<float>(floats)),
      DenseElementsAttr::get(RankedTensorType::get(blockCounts, storage),
                             integers),
      dims, sizes, range.min, range.max);
}

quant::QuantizedType chooseSymmetricType(MLIRContext *context,
                                         ArrayRef<double> maxAbs,
                                         std::optional<int32_t> axis,
                                         unsigned width) {
  int64_t qmax = (int64_t(1) << (width - 1)) - 1;
  // Both bytes of 16 bits have a sign: 127 * 256 + 127 is the largest.
  if (width == 16)
    qmax -= 128;
  double largest = 0;
  for (double value : maxAbs)
    largest = std::max(largest, value);
  // Beside the others, such a channel is as good as zero, and its own scale
  // would leave no normal f32 for that of the sums.
  constexpr double negligible = 0x1p-64;
  SmallVector<double> scales;
  for (double value : maxAbs) {
    double range = value > largest * negligible ? value : largest;
    scales.push_back(range > 0 ? toScale(range / static_cast<double>(qmax))
                               : 1.0);
  }
  auto storage = IntegerType::get(context, width);
  auto expressed = Float32Type::get(context);
  if (!axis)
    return quant::UniformQuantizedType::get(Signed, storage, expressed,
                                            scales.front(), 0, -qmax, qmax);
  SmallVector<int64_t> zeroPoints(scales.size(), 0);
  return quant::UniformQuantizedPerAxisType::get(
      Signed, storage, expressed, scales, zeroPoints, *axis, -qmax, qmax);
}

quant::QuantizedType getAccumulatorType(const QuantParams &lhs,
                                        const QuantParams &rhs,
                                        int32_t channelDim) {
  MLIRContext *context = lhs.type.getContext();
  auto storage = IntegerType::get(context, 32);
  auto expressed = Float32Type::get(context);
  SmallVector<double> scales;
  // The product of two f32 values is exact in f64.
  for (size_t channel = 0; channel < rhs.scales.size(); ++channel)
    scales.push_back(static_cast<double>(lhs.scale(0)) * rhs.scale(channel));
  if (!rhs.axis)
    return quant::UniformQuantizedType::get(
        Signed, storage, expressed, scales.front(), 0, INT32_MIN, INT32_MAX);
  SmallVector<int64_t> zeroPoints(scales.size(), 0);
  return quant::UniformQuantizedPerAxisType::get(Signed, storage, expressed,
                                                 scales, zeroPoints, channelDim,
                                                 INT32_MIN, INT32_MAX);
}

} // namespace quanta
