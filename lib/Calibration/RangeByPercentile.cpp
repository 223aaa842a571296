//===- RangeByPercentile.cpp - The range of most values -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/RangeSelection.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace llvm;

namespace quanta {

static RealRange selectSymmetric(const Histogram &histogram, double excess) {
  // Bins [k, k + 1) and [-k - 1, -k) hold the same magnitudes.
  std::map<int64_t, double> magnitudes;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    int64_t bin = histogram.first + static_cast<int64_t>(i);
    magnitudes[bin >= 0 ? bin : -bin - 1] += histogram.counts[i];
  }
  auto last = magnitudes.rbegin();
  for (double left = excess; std::next(last) != magnitudes.rend(); ++last)
    if ((left -= last->second) < 0)
      break;
  double magnitude = static_cast<double>(last->first + 1) * histogram.width;
  return {-magnitude, magnitude};
}

RealRange detail::selectByPercentile(const Histogram &histogram, RealRange seen,
                                     const RangeOptions &options) {
  // In this order: 100 - 99.9 is a little less than a tenth.
  double total = histogram.total();
  double excess = total - total * options.percentile / 100;
  RealRange result;
  if (options.isSymmetric) {
    result = selectSymmetric(histogram, excess);
    double magnitude = std::max(std::abs(seen.min), std::abs(seen.max));
    return {std::max(result.min, -magnitude), std::min(result.max, magnitude)};
  }
  // Bins whose values may all be cut off.
  size_t first = 0, end = histogram.counts.size();
  for (double left = excess / 2; first + 1 < end; ++first)
    if ((left -= histogram.counts[first]) < 0)
      break;
  for (double left = excess / 2; end > first + 1; --end)
    if ((left -= histogram.counts[end - 1]) < 0)
      break;
  return {std::max(histogram.edge(first), seen.min),
          std::min(histogram.edge(end), seen.max)};
}

} // namespace quanta
