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
          "range selection by mse, percentile or entropy needs a histogram, "
          "and its observer is of kind " +
          statistics.kind);
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

} // namespace quanta
