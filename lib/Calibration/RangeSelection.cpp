//===- RangeSelection.cpp - Ranges from statistics ------------------------===//
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

Expected<RealRange> selectRange(const ObserverStatistics &statistics,
                                const RangeOptions &options) {
  RealRange seen{statistics.min, statistics.max};
  auto select = [&]() -> Expected<RealRange> {
    if (options.selection == RangeSelection::Max || seen.min == seen.max)
      return seen;
    if (statistics.histogram.isEmpty())
      return createStringError(
          "range selection by mse, percentile or entropy needs a histogram "
          "with data, and an observer of kind " +
          statistics.kind + " left none");
    switch (options.selection) {
    case RangeSelection::Mse:
      return detail::selectByMse(statistics.histogram, seen, options);
    case RangeSelection::Percentile:
      return detail::selectByPercentile(statistics.histogram, seen, options);
    case RangeSelection::Entropy:
      return detail::selectByEntropy(statistics.histogram, seen, options);
    case RangeSelection::Max:
      break;
    }
    return seen;
  };
  Expected<RealRange> range = select();
  if (!range || !options.isSymmetric)
    return range;
  double magnitude = std::max(std::abs(range->min), std::abs(range->max));
  return RealRange{-magnitude, magnitude};
}

double predictSqnr(const ObserverStatistics &statistics, RealRange range,
                   const RangeOptions &options) {
  double low = std::min(range.min, 0.0), high = std::max(range.max, 0.0);
  if (options.isSymmetric) {
    high = std::max(-low, high);
    low = -high;
  }
  double step = (high - low) / static_cast<double>(options.levels - 1);
  double signal = 0, noise = 0;
  const Histogram &histogram = statistics.histogram;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    double value =
        std::clamp(histogram.center(i), statistics.min, statistics.max);
    double outside = value - std::clamp(value, low, high);
    double error = outside != 0 ? outside * outside : step * step / 12;
    signal += histogram.counts[i] * value * value;
    noise += histogram.counts[i] * error;
  }
  // Values that are all the same one, or zero, are hit exactly.
  if (statistics.min == statistics.max || signal == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

} // namespace quanta
