//===- Histogram.h - Histograms that merge exactly --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_HISTOGRAM_H
#define QUANTA_CALIBRATION_HISTOGRAM_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace quanta {

/// Counts of values on a grid of powers of two.
///
/// Bins are `[k * width, (k + 1) * width)` for integers k, and `width` is a
/// power of two: the smallest, not below `minWidth`, with which
///
///   * all bins from the one of the minimum to the one of the maximum are at
///     most `maxBins`, and
///   * no value lies `maxIndex` bins or more from zero (finer bins than the
///     spacing of f32 values say nothing).
///
/// When data outgrows this, the width doubles and bins 2k and 2k + 1 become bin
/// k. Because `floor(floor(x / w) / 2) == floor(x / 2w)`, a histogram depends
/// on nothing but the values that it counted: not on their order, and not on
/// how they were split over runs that are merged. At least 1,024 bins lie
/// between the minimum and the maximum as soon as they are that many f32 steps
/// apart, steps of the one with the larger magnitude.
///
/// Compiled observers keep bin k in slot `k mod maxBins` of a buffer, so that a
/// range that moves within `maxBins` bins moves no data.
struct Histogram {
  static constexpr int64_t maxBins = 2048;
  static constexpr double maxIndex = 16777216.0; // 2^24
  static constexpr double minWidth = 0x1p-150;

  /// Zero for a histogram without data.
  double width = 0;
  /// Index k of the first bin, the one of the minimum.
  int64_t first = 0;
  /// Counts of the bins up to that of the maximum.
  std::vector<double> counts;

  /// The width for finite data from `min` to `max`.
  static double chooseWidth(double min, double max);
  /// Reads the buffer of a compiled observer: `slots` are `maxBins` counts.
  static Histogram fromSlots(double min, double max, double width,
                             const double *slots);

  bool isEmpty() const { return counts.empty(); }
  double total() const;
  /// Lower edge of bin `index` of `counts`; of the upper edge for its size.
  double edge(size_t index) const {
    return static_cast<double>(first + static_cast<int64_t>(index)) * width;
  }
  double center(size_t index) const { return edge(index) + width / 2; }

  /// Adds the counts of `other`; `min` and `max` are those of all the data.
  void merge(const Histogram &other, double min, double max);

  /// Checks that the bins are those of `elements` finite values from `min` to
  /// `max`; `where` names the histogram in the error.
  llvm::Error verify(double elements, double min, double max,
                     llvm::StringRef where) const;
};

} // namespace quanta

#endif // QUANTA_CALIBRATION_HISTOGRAM_H
