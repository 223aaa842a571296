//===- ReciprocalTest.cpp - Division by a constant as a product -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Numerics/Reciprocal.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace quanta;

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool isQuotient(const Reciprocal &reciprocal, float x, float divisor) {
  return bitsOf(std::fma(x, reciprocal.high, x * reciprocal.low)) ==
         bitsOf(x / divisor);
}

// Every significand, for a few divisors: those of GELU, of 8 bits, and three
// with the least and the most bits.
TEST(ReciprocalTest, EverySignificand) {
  for (float divisor :
       {std::sqrt(2.0f), 1.0f / 255, 3.0f, 0x1.fffffep0f, 0x1.000002p-50f}) {
    std::optional<Reciprocal> reciprocal = Reciprocal::get(divisor);
    ASSERT_TRUE(reciprocal) << divisor;
    int wrong = 0;
    for (float x = 1; x < 2; x += 0x1p-23f)
      wrong += !isQuotient(*reciprocal, x, divisor);
    EXPECT_EQ(wrong, 0) << divisor;
  }
}

// The first part alone is not enough, or the search would prove nothing.
TEST(ReciprocalTest, OneProductIsWrong) {
  Reciprocal reciprocal = *Reciprocal::get(3.0f);
  int wrong = 0;
  for (float x = 1; x < 2; x += 0x1p-18f)
    wrong += !isQuotient({reciprocal.high, 0}, x, 3.0f);
  EXPECT_GT(wrong, 0);
}

TEST(ReciprocalTest, RandomDivisors) {
  std::mt19937 random(0);
  std::uniform_int_distribution<uint32_t> significands(0, (1u << 23) - 1);
  std::uniform_int_distribution<int> exponents(-99, 99);
  int found = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    float divisor =
        std::ldexp(1 + significands(random) * 0x1p-23f, exponents(random));
    std::optional<Reciprocal> reciprocal = Reciprocal::get(divisor);
    if (!reciprocal)
      continue;
    ++found;
    for (int i = 0; i < 2000; ++i) {
      float quotient =
          std::ldexp(1 + significands(random) * 0x1p-23f,
                     std::uniform_int_distribution<int>(-99, 120)(random));
      // What is close to it in quotient: above all the middles of integers.
      float x = (i % 2 ? quotient : std::round(quotient) + 0.5f) * divisor;
      if (i % 3 == 0)
        x = std::nextafter(-x, 0.0f);
      if (std::isfinite(x) && std::abs(x / divisor) >= 0x1p-100)
        ASSERT_TRUE(isQuotient(*reciprocal, x, divisor)) << x << " " << divisor;
    }
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (float x :
         {0.0f, -0.0f, infinity, -infinity, std::numeric_limits<float>::max()})
      ASSERT_TRUE(isQuotient(*reciprocal, x, divisor)) << x << " " << divisor;
    EXPECT_TRUE(
        std::isnan(std::fma(NAN, reciprocal->high, NAN * reciprocal->low)));
  }
  EXPECT_GT(found, 1900);
}

// Around each half between the integers of 8 bits, for scales of every
// magnitude.
TEST(ReciprocalTest, Rounding) {
  std::mt19937 random(0);
  int found = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    float divisor = std::ldexp(1 + (random() >> 9) * 0x1p-23f,
                               static_cast<int>(random() % 190) - 95);
    std::optional<Reciprocal> reciprocal = Reciprocal::getForRounding(divisor);
    if (!reciprocal)
      continue;
    ++found;
    for (int number = -256; number < 256; ++number) {
      float x = (number + 0.5f) * divisor;
      for (float end : {-1e38f, 1e38f}) {
        float near = x;
        for (int step = 0; step < 3; ++step, near = std::nextafter(near, end))
          ASSERT_EQ(std::nearbyint(near / divisor),
                    std::nearbyint(std::fma(near, reciprocal->high,
                                            near * reciprocal->low)))
              << near << " " << divisor;
      }
    }
  }
  EXPECT_GT(found, 1990);
}

TEST(ReciprocalTest, NoReciprocal) {
  for (float divisor : {0.0f, -3.0f, 0.5f, 1.0f, 4.0f, 0x1.8p-110f, 0x1.8p110f,
                        std::numeric_limits<float>::infinity(), NAN})
    EXPECT_FALSE(Reciprocal::get(divisor)) << divisor;
}
