//===- Resampling.cpp - Where resized tensors are read --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Resampling.h"

#include <algorithm>
#include <numeric>

using namespace llvm;

namespace quanta {

namespace {

/// Result `o` reads the place `(factor * o + offset) / denominator`.
struct Places {
  int64_t factor, offset, denominator;
};

/// In lowest terms: as `o` takes the values 0 and 1 at least where it takes
/// several, the least common denominator of all places is that of the two
/// coefficients.
Places getPlaces(ResizeCoordinates coordinates, int64_t in, int64_t out) {
  Places places{in, 0, out};
  switch (coordinates) {
  case ResizeCoordinates::HalfPixel:
    places = {2 * in, in - out, 2 * out};
    break;
  case ResizeCoordinates::AlignCorners:
    places = {in - 1, 0, out - 1};
    break;
  case ResizeCoordinates::Asymmetric:
    break;
  }
  // Only the first result, which the formula need not divide for.
  if (out == 1)
    places.factor = 0;
  if (places.denominator == 0)
    places.denominator = 1;
  int64_t divisor =
      std::gcd(std::gcd(places.factor, places.offset), places.denominator);
  return {places.factor / divisor, places.offset / divisor,
          places.denominator / divisor};
}

} // namespace

int64_t getResamplingDenominator(ResizeCoordinates coordinates, int64_t in,
                                 int64_t out) {
  return getPlaces(coordinates, in, out).denominator;
}

SmallVector<int64_t> getResamplingPlaces(ResizeCoordinates coordinates,
                                         int64_t in, int64_t out) {
  Places places = getPlaces(coordinates, in, out);
  SmallVector<int64_t> result;
  for (int64_t o = 0; o < out; ++o)
    result.push_back(std::clamp<int64_t>(places.factor * o + places.offset, 0,
                                         (in - 1) * places.denominator));
  return result;
}

SmallVector<int64_t> getNearestPlaces(ResizeCoordinates coordinates,
                                      ResizeRounding rounding, int64_t in,
                                      int64_t out) {
  int64_t unit = getResamplingDenominator(coordinates, in, out);
  SmallVector<int64_t> result;
  for (int64_t place : getResamplingPlaces(coordinates, in, out)) {
    int64_t fraction = place % unit;
    bool isUp = false;
    switch (rounding) {
    case ResizeRounding::RoundPreferFloor:
      isUp = 2 * fraction > unit;
      break;
    case ResizeRounding::RoundPreferCeil:
      isUp = 2 * fraction >= unit;
      break;
    case ResizeRounding::Floor:
      break;
    case ResizeRounding::Ceil:
      isUp = fraction > 0;
      break;
    }
    result.push_back(place / unit + isUp);
  }
  return result;
}

} // namespace quanta
