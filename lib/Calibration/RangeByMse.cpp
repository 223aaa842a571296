//===- RangeByMse.cpp - The range with the smallest squared error ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/RangeSelection.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace quanta {

namespace {
/// Bins that hold values: where they lie and how many.
struct Samples {
  std::vector<double> values, counts;
};

/// Parts of the full range below and above zero.
struct Fractions {
  double below = 1;
  double above = 1;
};
} // namespace

static Samples getSamples(const Histogram &histogram, RealRange seen) {
  Samples samples;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    if (histogram.counts[i] == 0)
      continue;
    // Spread over its bin: a grid whose steps are a whole number of bins would
    // seem better than it is by what their centres alone tell.
    for (double third : {-1.0, 0.0, 1.0}) {
      double value = histogram.center(i) + third / 3 * histogram.width;
      samples.values.push_back(std::clamp(value, seen.min, seen.max));
      samples.counts.push_back(histogram.counts[i] / 3);
    }
  }
  return samples;
}

/// Sum of the squared errors of quantizing to `levels` integers, whose range
/// is that of `chooseAffineType`.
static double getError(const Samples &samples, double min, double max,
                       int64_t levels) {
  double qmax = static_cast<double>(levels - 1);
  auto scale = static_cast<float>((max - min) / qmax);
  double zeroPoint = std::nearbyint(static_cast<float>(-min) / scale);
  double inverse = 1.0 / scale, error = 0;
  for (size_t i = 0; i < samples.values.size(); ++i) {
    double rounded = std::nearbyint(samples.values[i] * inverse) + zeroPoint;
    double kept = std::min(std::max(rounded, 0.0), qmax);
    double difference = (kept - zeroPoint) * scale - samples.values[i];
    error += samples.counts[i] * difference * difference;
  }
  return error;
}

RealRange detail::selectByMse(const Histogram &histogram, RealRange seen,
                              const RangeOptions &options) {
  RealRange full{std::min(seen.min, 0.0), std::max(seen.max, 0.0)};
  if (options.isSymmetric) {
    double magnitude = std::max(-full.min, full.max);
    full = {-magnitude, magnitude};
  }
  Samples samples = getSamples(histogram, seen);
  auto errorOf = [&](Fractions f) {
    return getError(samples, full.min * f.below, full.max * f.above,
                    options.levels);
  };
  Fractions best;
  double bestError = errorOf(best);
  auto consider = [&](Fractions candidate) {
    if (!(candidate.below > 0 && candidate.below <= 1 && candidate.above > 0 &&
          candidate.above <= 1))
      return false;
    double error = errorOf(candidate);
    if (!(error < bestError))
      return false;
    best = candidate;
    bestError = error;
    return true;
  };
  // The error has many local minima: first both ends together over their whole
  // way, and then each end by itself, in ever smaller steps.
  for (int part = 127; part > 0; --part)
    consider({part / 128.0, part / 128.0});
  for (double step = 1 / 8.0; step >= 1 / 2048.0;) {
    bool isBetter = false;
    for (double below : {-step, 0.0, step})
      for (double above : {-step, 0.0, step}) {
        bool isAllowed =
            options.isSymmetric ? below == above : below != 0 || above != 0;
        if (isAllowed)
          isBetter |= consider({best.below + below, best.above + above});
      }
    if (!isBetter)
      step /= 2;
  }
  return {full.min * best.below, full.max * best.above};
}

/// The hundredths of a range, from all to a fifth, with the least error.
static int findBestPart(function_ref<double(int)> errorOf) {
  int best = 100;
  double bestError = std::numeric_limits<double>::infinity();
  for (int part = 100; part >= 20; --part) {
    double error = errorOf(part);
    if (error < bestError) {
      bestError = error;
      best = part;
    }
  }
  return best;
}

double selectMagnitude(ArrayRef<float> weights, RangeSelection selection,
                       int64_t qmax) {
  double largest = 0;
  for (float weight : weights)
    largest = std::max(largest, std::abs(static_cast<double>(weight)));
  if (selection != RangeSelection::Mse || largest == 0)
    return largest;
  auto limit = static_cast<double>(qmax);
  int best = findBestPart([&](int part) {
    double scale = largest * part / 100 / limit, inverse = 1 / scale, error = 0;
    for (float weight : weights) {
      double rounded = std::nearbyint(weight * inverse);
      double kept = std::min(std::max(rounded, -limit), limit);
      error += (kept * scale - weight) * (kept * scale - weight);
    }
    return error;
  });
  return largest * best / 100;
}

RealRange selectWeightRange(ArrayRef<float> weights, RangeSelection selection,
                            int64_t levels) {
  RealRange full;
  for (float weight : weights) {
    full.min = std::min(full.min, static_cast<double>(weight));
    full.max = std::max(full.max, static_cast<double>(weight));
  }
  if (selection != RangeSelection::Mse || full.min == full.max)
    return full;
  Samples samples;
  samples.values.assign(weights.begin(), weights.end());
  samples.counts.assign(weights.size(), 1);
  auto shrink = [&](int part) {
    return RealRange{full.min * part / 100, full.max * part / 100};
  };
  return shrink(findBestPart([&](int part) {
    RealRange candidate = shrink(part);
    return getError(samples, candidate.min, candidate.max, levels);
  }));
}

} // namespace quanta
