//===- ReferenceTest.cpp - The scalar reference, rule by rule -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Numerics/Reference.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using namespace quanta::reference;

namespace {

constexpr StorageRange u8{0, 255};
constexpr StorageRange i8{-128, 127};
constexpr StorageRange narrow{-127, 127};
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Round half to even and saturate, from the definition: in f64, where every
/// step is exact for an f32 quotient, and without the library's rounding.
int32_t saturateByDefinition(float quotient, int32_t zeroPoint,
                             StorageRange range) {
  if (std::isnan(quotient))
    return range.min;
  double clamped = std::fmax(-1e9, std::fmin(1e9, quotient));
  double below = std::floor(clamped);
  double rest = clamped - below;
  bool up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2.0) != 0.0);
  double sum = below + (up ? 1 : 0) + zeroPoint;
  return static_cast<int32_t>(std::fmax(range.min, std::fmin(range.max, sum)));
}

/// Every sign and exponent, with mantissas from a fixed sequence.
template <typename Function> void forManyFloats(Function function) {
  std::mt19937 random(1);
  for (uint32_t exponent = 0; exponent < 512; ++exponent)
    for (int i = 0; i < 128; ++i) {
      uint32_t bits = exponent << 23 | (random() & 0x7fffff);
      float x;
      std::memcpy(&x, &bits, sizeof(x));
      function(x);
    }
}

TEST(Reference, QuantizeRoundsHalfToEvenBeforeTheZeroPoint) {
  // Where frameworks differ: x / s = 0.5 with zero point 1 is 1 for ONNX, 2
  // for those that add the zero point first or round away from zero.
  EXPECT_EQ(quantize(0.5f, 1.0f, 1, u8), 1);
  EXPECT_EQ(quantize(1.5f, 1.0f, 1, u8), 3);
  EXPECT_EQ(quantize(-0.5f, 1.0f, 0, i8), 0);
  EXPECT_EQ(quantize(-1.5f, 1.0f, 0, i8), -2);
  EXPECT_EQ(quantize(2.5f, 1.0f, 0, i8), 2);
}

TEST(Reference, QuantizeSaturates) {
  EXPECT_EQ(quantize(300.0f, 1.0f, 0, i8), 127);
  EXPECT_EQ(quantize(-300.0f, 1.0f, 0, i8), -128);
  EXPECT_EQ(quantize(-300.0f, 1.0f, 0, narrow), -127);
  EXPECT_EQ(quantize(1e30f, 1e-10f, 255, u8), 255);
}

TEST(Reference, QuantizeDefinesNonFiniteValues) {
  EXPECT_EQ(quantize(infinity, 0.1f, 3, u8), 255);
  EXPECT_EQ(quantize(-infinity, 0.1f, 3, u8), 0);
  EXPECT_EQ(quantize(nan, 0.1f, 3, u8), 0);
  EXPECT_EQ(quantize(-nan, 0.1f, 0, narrow), -127);
}

TEST(Reference, QuantizeEqualsItsDefinition) {
  for (float scale : {1.0f, 0.1f, 3.0e-3f, 7.0f, 1.2e-38f, 3.0e38f})
    for (int32_t zeroPoint : {0, 3, 128, 255})
      forManyFloats([&](float x) {
        float quotient = x / scale;
        EXPECT_EQ(quantize(x, scale, zeroPoint, u8),
                  saturateByDefinition(quotient, zeroPoint, u8))
            << x << " / " << scale << " + " << zeroPoint;
      });
}

TEST(Reference, DequantizeInvertsQuantize) {
  for (float scale : {1.0f, 0.1f, 1.0f / 255, 12345.0f})
    for (int32_t zeroPoint = 0; zeroPoint < 256; ++zeroPoint)
      for (int32_t q = 0; q < 256; ++q)
        EXPECT_EQ(
            quantize(dequantize(q, scale, zeroPoint), scale, zeroPoint, u8), q);
}

TEST(Reference, FakeQuantizeIsIdempotent) {
  forManyFloats([](float x) {
    float once = fakeQuantize(x, 0.05f, 17, u8);
    EXPECT_EQ(once, fakeQuantize(once, 0.05f, 17, u8)) << x;
  });
}

TEST(Reference, RequantizeEqualsItsDefinition) {
  std::mt19937 random(2);
  for (float multiplier : {1.0f, 0.5f, 0.00037f, 1.7e-7f, 3.0f})
    for (int i = 0; i < 20000; ++i) {
      auto sum = static_cast<int32_t>(random());
      // From the smallest sums to the largest: few would be near the range.
      sum >>= random() % 32;
      float product = static_cast<float>(sum) * multiplier;
      EXPECT_EQ(requantize(sum, 0, multiplier, 7, u8),
                saturateByDefinition(product, 7, u8))
          << sum << " * " << multiplier;
    }
}

TEST(Reference, RequantizeClampIsRelu) {
  EXPECT_EQ(requantize(-1000, 0, 0.1f, 12, {12, 255}), 12);
  EXPECT_EQ(requantize(100, 0, 0.1f, 12, {12, 255}), 22);
}

TEST(Reference, MultiplierRoundsOnce) {
  EXPECT_EQ(requantizeMultiplier(0.1, 0.3), static_cast<float>(0.1 / 0.3));
}

TEST(Reference, MultiplierStaysFinite) {
  float multiplier = requantizeMultiplier(1e30, 1e-30);
  EXPECT_EQ(multiplier, std::numeric_limits<float>::max());
  const StorageRange u8{0, 255};
  EXPECT_EQ(requantize(3, 3, multiplier, 7, u8), 7);
  EXPECT_EQ(requantize(4, 3, multiplier, 7, u8), 255);
  EXPECT_EQ(requantize(2, 3, multiplier, 7, u8), 0);
}

TEST(Reference, BiasOutsideI32IsRefused) {
  int32_t result = 0;
  EXPECT_TRUE(quantizeBias(1.25f, 0.5, result));
  EXPECT_EQ(result, 2);
  EXPECT_TRUE(quantizeBias(-2147483648.0f, 1.0, result));
  EXPECT_EQ(result, std::numeric_limits<int32_t>::min());
  EXPECT_FALSE(quantizeBias(2147483648.0f, 1.0, result));
  EXPECT_FALSE(quantizeBias(1.0f, 1e-12, result));
  EXPECT_FALSE(quantizeBias(nan, 1.0, result));
  EXPECT_FALSE(quantizeBias(infinity, 1.0, result));
}

TEST(Reference, MatmulSumsDifferences) {
  std::vector<uint8_t> lhs = {0, 255, 3, 128, 128, 128};
  std::vector<int8_t> rhs = {1, -128, 2, 127, 3, -1};
  std::vector<int32_t> bias = {10, -10};
  std::vector<int32_t> result(4);
  matmul(lhs.data(), 128, rhs.data(), bias.data(), 2, 2, 3, result.data());
  EXPECT_EQ(result,
            (std::vector<int32_t>{10 - 128 * 1 + 127 * 2 - 125 * 3,
                                  -10 + 128 * 128 + 127 * 127 + 125, 10, -10}));
}

TEST(Reference, MatmulWrapsAround) {
  std::vector<uint8_t> lhs(70000, 255);
  std::vector<int8_t> rhs(70000, 127);
  int32_t result = 0;
  matmul(lhs.data(), 0, rhs.data(), nullptr, 1, 1, 70000, &result);
  EXPECT_EQ(result,
            static_cast<int32_t>(static_cast<uint32_t>(70000LL * 255 * 127)));
}

} // namespace
