//===- Reciprocal.cpp - Division by a constant as a product ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With d = 1 / (high + low) up to 2^-47 of itself, and low at most 2^-23 of
// high, what the fma rounds differs from x / d by at most 2^-45 of itself. Both
// round to the same float unless x / d is that close to the middle of two
// floats, and there are few x of which it is: those are found and tried. The
// products and quotients scale with the powers of two of x and d, so that one x
// of each significand is enough.
//
//===----------------------------------------------------------------------===//

#include "quanta/Numerics/Reciprocal.h"

#include <cmath>
#include <cstdint>

namespace quanta {

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
static uint64_t invertPowerOfTwo(uint64_t odd) {
  uint64_t inverse = odd;
  for (int step = 0; step < 5; ++step)
    inverse *= 2 - odd * inverse;
  return inverse;
}

/// The inverse of 2^shift modulo an odd number below 2^24.
static uint64_t invertShift(int shift, uint64_t odd) {
  // With i * odd = -1 modulo 2^shift, (i * odd + 1) / 2^shift is the inverse.
  uint64_t mask = (uint64_t(1) << shift) - 1;
  uint64_t i = (~invertPowerOfTwo(odd) + 1) & mask;
  return ((i * odd + 1) >> shift) % odd;
}

/// Calls `check` with every significand X of 24 bits for which X / Y comes
/// close to the middle of two floats, until it returns false. X / Y is in [1,
/// 2) where X >= Y and the middles are (2M + 1) / 2^24, or else in (1/2, 1),
/// and they are (2M + 1) / 2^25: X * 2^shift = k modulo Y for a small k.
template <typename Function>
static bool checkCloseToMiddle(uint64_t significand, Function check) {
  constexpr uint64_t least = uint64_t(1) << 23, end = uint64_t(1) << 24;
  // 2^-45 of a quotient below 2, times Y * 2^24.
  constexpr int64_t closest = 16;
  int zeros = 0;
  while (!((significand >> zeros) & 1))
    ++zeros;
  uint64_t odd = significand >> zeros;
  for (int shift : {24, 25}) {
    uint64_t inverse = invertShift(shift - zeros, odd);
    for (int64_t k = -closest; k <= closest; ++k) {
      // Both sides are multiples of 2^zeros.
      if (k % (int64_t(1) << zeros))
        continue;
      int64_t rest = (k / (int64_t(1) << zeros)) % static_cast<int64_t>(odd);
      uint64_t positive = rest < 0 ? rest + odd : rest;
      uint64_t first = positive * inverse % odd;
      uint64_t skipped = first < least ? (least - first + odd - 1) / odd : 0;
      for (uint64_t x = first + skipped * odd; x < end; x += odd)
        if (!check(x))
          return false;
    }
  }
  return true;
}

/// Whether 17 significant bits are enough for a float, as they are for every
/// integer and a half up to 2^16.
static bool hasFewBits(float value) {
  int exponent;
  float significand = std::ldexp(std::frexp(value, &exponent), 17);
  return significand == std::floor(significand);
}

static std::optional<Reciprocal> getReciprocal(float divisor, bool isRounded) {
  if (!(divisor >= 0x1p-100f && divisor <= 0x1p100f))
    return std::nullopt;
  int exponent;
  float fraction = std::frexp(divisor, &exponent);
  if (fraction == 0.5f)
    return std::nullopt;
  auto significand = static_cast<uint64_t>(std::ldexp(fraction, 24));
  double inverse = 1 / static_cast<double>(divisor);
  // Rounded down, so that both parts have the sign of the quotient and an
  // infinite x gives no difference of infinities.
  auto high = static_cast<float>(inverse);
  if (high > inverse)
    high = std::nextafter(high, 0.0f);
  auto nearest = static_cast<float>(inverse - high);
  for (float low : {nearest, std::nextafter(nearest, 0.0f),
                    std::nextafter(nearest, 1.0f)}) {
    if (!(low > 0))
      continue;
    bool isRight = checkCloseToMiddle(significand, [&](uint64_t x) {
      float dividend = std::ldexp(static_cast<float>(x), exponent - 24);
      float product = std::fma(dividend, high, dividend * low);
      float quotient = dividend / divisor;
      // Of two neighbors, one must be halfway between integers if they are
      // rounded to different ones.
      return product == quotient ||
             (isRounded && !hasFewBits(product) && !hasFewBits(quotient));
    });
    if (isRight)
      return Reciprocal{high, low};
  }
  return std::nullopt;
}

std::optional<Reciprocal> Reciprocal::get(float divisor) {
  return getReciprocal(divisor, /*isRounded=*/false);
}

std::optional<Reciprocal> Reciprocal::getForRounding(float divisor) {
  return getReciprocal(divisor, /*isRounded=*/true);
}

} // namespace quanta
