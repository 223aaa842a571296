//===- Histogram.cpp - Histograms that merge exactly ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace llvm;

namespace quanta {

static int64_t getBin(double value, double width) {
  return static_cast<int64_t>(std::floor(value / width));
}

double Histogram::chooseWidth(double min, double max) {
  double magnitude = std::max(std::abs(min), std::abs(max));
  double width = minWidth;
  while (magnitude >= width * maxIndex ||
         std::floor(max / width) - std::floor(min / width) >= maxBins)
    width *= 2;
  return width;
}

/// An empty histogram with the bins of data from `min` to `max`.
static Histogram makeBins(double min, double max, double width) {
  Histogram result;
  result.width = width;
  result.first = getBin(min, width);
  result.counts.assign(getBin(max, width) - result.first + 1, 0.0);
  return result;
}

Histogram Histogram::fromSlots(double min, double max, double width,
                               const double *slots) {
  if (!(min <= max))
    return {};
  Histogram result = makeBins(min, max, width);
  for (size_t i = 0; i < result.counts.size(); ++i)
    result.counts[i] = slots[(result.first + int64_t(i)) & (maxBins - 1)];
  return result;
}

double Histogram::total() const {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

void Histogram::merge(const Histogram &other, double min, double max) {
  if (other.isEmpty())
    return;
  if (isEmpty()) {
    *this = other;
    return;
  }
  Histogram merged = makeBins(min, max, chooseWidth(min, max));
  for (const Histogram *part : {const_cast<const Histogram *>(this), &other})
    // Edges are exact: products of a power of two and a small integer.
    for (size_t i = 0; i < part->counts.size(); ++i)
      merged.counts[getBin(part->edge(i), merged.width) - merged.first] +=
          part->counts[i];
  *this = std::move(merged);
}

Error Histogram::verify(double elements, double min, double max,
                        StringRef where) const {
  if (isEmpty() && elements == 0)
    return Error::success();
  if (!(min <= max) || width != chooseWidth(min, max) ||
      first != getBin(min, width) ||
      int64_t(counts.size()) != getBin(max, width) - first + 1)
    return createStringError(where + " has a histogram whose bins are not those"
                                     " of its minimum and maximum");
  for (double count : counts)
    if (!(count >= 0) || count != std::floor(count))
      return createStringError(where +
                               " has a histogram with an impossible count");
  if (total() != elements)
    return createStringError(
        where + " has a histogram that does not count its finite elements");
  return Error::success();
}

} // namespace quanta
