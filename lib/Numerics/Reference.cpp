//===- Reference.cpp - Scalar reference of the numerics contract ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Numerics/Reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace quanta::reference {

/// Rounds half to even: `nearbyint` in the default rounding mode, which nothing
/// in this project changes.
static float roundEven(float x) { return std::nearbyint(x); }

/// Clamps in float, before the conversion, which is then exact. `fmax` returns
/// the other operand for a NaN: NaN ends at the lower bound.
static int32_t clampToInteger(float x, StorageRange range) {
  float low = static_cast<float>(range.min);
  float high = static_cast<float>(range.max);
  return static_cast<int32_t>(std::fmin(std::fmax(x, low), high));
}

int32_t quantize(float x, float scale, int32_t zeroPoint, StorageRange range) {
  return clampToInteger(roundEven(x / scale) + static_cast<float>(zeroPoint),
                        range);
}

float dequantize(int32_t q, float scale, int32_t zeroPoint) {
  return static_cast<float>(q - zeroPoint) * scale;
}

float requantizeMultiplier(double scaleIn, double scaleOut) {
  // An infinity would make NaN of zero; this saturates what it would.
  double most = std::numeric_limits<float>::max();
  return static_cast<float>(std::min(scaleIn / scaleOut, most));
}

int32_t requantize(int32_t q, int32_t zeroPointIn, float multiplier,
                   int32_t zeroPointOut, StorageRange range) {
  float product = static_cast<float>(q - zeroPointIn) * multiplier;
  return clampToInteger(roundEven(product) + static_cast<float>(zeroPointOut),
                        range);
}

bool quantizeBias(float bias, double accumulatorScale, int32_t &result) {
  double rounded = std::nearbyint(static_cast<double>(bias) / accumulatorScale);
  // Written so that NaN fails too.
  if (!(rounded >= std::numeric_limits<int32_t>::min() &&
        rounded <= std::numeric_limits<int32_t>::max()))
    return false;
  result = static_cast<int32_t>(rounded);
  return true;
}

float fakeQuantize(float x, float scale, int32_t zeroPoint,
                   StorageRange range) {
  return dequantize(quantize(x, scale, zeroPoint, range), scale, zeroPoint);
}

DynamicRange chooseDynamicRange(const float *row, int64_t count,
                                StorageRange range, int32_t zeroPoint,
                                bool isSymmetric) {
  // Half of the largest f32: the width of the range does not overflow.
  constexpr float limit = std::numeric_limits<float>::max() / 2;
  float low = 0, high = 0;
  // `fmin` and `fmax` leave NaN out.
  for (int64_t i = 0; i < count; ++i) {
    low = std::fmin(low, row[i]);
    high = std::fmax(high, row[i]);
  }
  low = std::fmax(low, -limit);
  high = std::fmin(high, limit);
  auto qmin = static_cast<float>(range.min);
  auto qmax = static_cast<float>(range.max);
  float scale = isSymmetric ? std::fmax(high, -low) /
                                  (qmax - static_cast<float>(zeroPoint))
                            : (high - low) / (qmax - qmin);
  if (scale < std::numeric_limits<float>::min())
    scale = 1;
  if (!isSymmetric)
    zeroPoint = clampToInteger(roundEven(qmin - low / scale), range);
  return {scale, zeroPoint};
}

float addStoredProduct(float x, int32_t q, float scale, int32_t zeroPoint,
                       float acc) {
  return std::fma(x, dequantize(q, scale, zeroPoint), acc);
}

/// The nearest number with `digits` binary digits, none of them below
/// `2^lowest`, and infinity beyond `largest`.
static float roundToDigits(float x, int digits, int lowest, float largest) {
  if (std::isinf(x) || x == 0)
    return x;
  int unit = std::max(std::ilogb(x) - digits + 1, lowest);
  // In f64, where scaling is exact.
  double rounded = std::ldexp(
      std::nearbyint(std::ldexp(static_cast<double>(x), -unit)), unit);
  if (std::abs(rounded) > largest)
    return std::copysign(std::numeric_limits<float>::infinity(), x);
  return static_cast<float>(rounded);
}

float roundToF16(float x) {
  if (!std::isnan(x))
    return roundToDigits(x, 11, -24, 65504.0f);
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  bits = (bits & 0xFFFFE000) | 0x00400000;
  std::memcpy(&x, &bits, sizeof(bits));
  return x;
}

float roundToBF16(float x) {
  if (std::isnan(x))
    return std::numeric_limits<float>::quiet_NaN();
  return roundToDigits(x, 8, -133, 0x1.FEp127f);
}

} // namespace quanta::reference
