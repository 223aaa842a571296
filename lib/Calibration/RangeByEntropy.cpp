//===- RangeByEntropy.cpp - The range that loses least information --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/RangeSelection.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace llvm;

namespace quanta {

/// Bins at most on each side of zero: half of what TensorRT and ONNX Runtime
/// have over both.
static constexpr int64_t maxHalf = 1024;

/// Takes from what is there what gives each empty bin a small probability: the
/// divergence would be infinite otherwise (J. Han, M. Kamber, J. Pei, "Data
/// Mining", on the Kullback-Leibler divergence).
static bool smooth(std::vector<double> &distribution) {
  constexpr double epsilon = 0.0001;
  auto zeros = static_cast<double>(llvm::count(distribution, 0.0));
  double others = static_cast<double>(distribution.size()) - zeros;
  if (others == 0)
    return false;
  double share = epsilon * zeros / others;
  for (double &entry : distribution)
    entry = entry == 0 ? epsilon : entry - share;
  return llvm::all_of(distribution, [](double entry) { return entry > 0; });
}

static double getDivergence(ArrayRef<double> p, ArrayRef<double> q) {
  double sumP = 0, sumQ = 0, result = 0;
  for (double entry : p)
    sumP += entry;
  for (double entry : q)
    sumQ += entry;
  for (auto [a, b] : llvm::zip(p, q))
    result += a / sumP * std::log((a / sumP) / (b / sumQ));
  return result;
}

/// Divergence of saturating outside of [`begin`, `end`), and of rounding what
/// is inside to `levels` values. What is inside counts as in `inside`, what
/// saturates as in `bins`.
static double getDivergence(ArrayRef<double> bins, ArrayRef<double> inside,
                            int64_t begin, int64_t end, int64_t levels) {
  inside = inside.slice(begin, end - begin);
  std::vector<double> p(inside.begin(), inside.end());
  for (double outlier : bins.take_front(begin))
    p.front() += outlier;
  for (double outlier : bins.drop_front(end))
    p.back() += outlier;
  // Each level stands for the values that are rounded to it, spread evenly over
  // its bins that hold any.
  std::vector<double> q(p.size(), 0.0);
  auto size = static_cast<int64_t>(p.size());
  for (int64_t level = 0; level < levels; ++level) {
    int64_t first = level * size / levels;
    int64_t last = (level + 1) * size / levels;
    double sum = 0, used = 0;
    for (int64_t i = first; i < last; ++i) {
      sum += inside[i];
      used += p[i] != 0;
    }
    for (int64_t i = first; i < last; ++i)
      if (p[i] != 0)
        q[i] = sum / used;
  }
  if (!smooth(p) || !smooth(q))
    return std::numeric_limits<double>::infinity();
  return getDivergence(p, q);
}

/// Counts no larger than the larger one of the next bins that hold any, so that
/// a value which repeats exactly (the zeros that a ReLU leaves, the background
/// of an image after a convolution) weighs as much as its neighbourhood. It is
/// moved by half a step at most, like every value; but spread over the bins of
/// its level it would be most of the divergence, and the smallest range would
/// win. NVIDIA's `HistogramCalibrator` (pytorch-quantization) does so for zero.
static std::vector<double> levelSpikes(ArrayRef<double> bins) {
  std::vector<size_t> used;
  for (auto [i, count] : llvm::enumerate(bins))
    if (count > 0)
      used.push_back(i);
  std::vector<double> result(bins.begin(), bins.end());
  for (size_t i = 0; i < used.size() && used.size() > 1; ++i) {
    double before = i > 0 ? bins[used[i - 1]] : 0;
    double after = i + 1 < used.size() ? bins[used[i + 1]] : 0;
    result[used[i]] = std::min(bins[used[i]], std::max(before, after));
  }
  return result;
}

RealRange detail::selectByEntropy(const Histogram &histogram, RealRange seen,
                                  const RangeOptions &options) {
  double magnitude = std::max(std::abs(seen.min), std::abs(seen.max));
  double width = histogram.width;
  while (magnitude >= width * maxHalf)
    width *= 2;
  auto half = static_cast<int64_t>(std::floor(magnitude / width)) + 1;
  std::vector<double> bins(2 * half, 0.0);
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    auto bin = static_cast<int64_t>(std::floor(histogram.edge(i) / width));
    bins[std::clamp<int64_t>(bin + half, 0, 2 * half - 1)] +=
        histogram.counts[i];
  }
  std::vector<double> inside = levelSpikes(bins);
  // The levels lie where the values do: all of them on one side of zero if need
  // be. ONNX Runtime has as many on the other side.
  int64_t lowest = 0, highest = 2 * half;
  if (!options.isSymmetric) {
    auto isUsed = [](double count) { return count > 0; };
    lowest = std::min(llvm::find_if(bins, isUsed) - bins.begin(), half);
    highest =
        std::max(2 * half - (std::find_if(bins.rbegin(), bins.rend(), isUsed) -
                             bins.rbegin()),
                 half);
  }
  std::vector<double> before(bins.size() + 1, 0.0);
  std::partial_sum(bins.begin(), bins.end(), before.begin() + 1);
  // Without more bins than levels, nothing is lost by rounding.
  int64_t best = half;
  double bestDivergence = std::numeric_limits<double>::infinity();
  for (int64_t candidate = 1; candidate <= half; ++candidate) {
    int64_t begin = std::max(half - candidate, lowest);
    int64_t end = std::min(half + candidate, highest);
    // Where most values saturate, those inside and the end that stands for the
    // others may well agree: all of them in one bin, at worst.
    bool mostSaturate = 2 * (before[end] - before[begin]) < before.back();
    if (end - begin < options.levels || mostSaturate)
      continue;
    double divergence = getDivergence(bins, inside, begin, end, options.levels);
    if (divergence < bestDivergence) {
      bestDivergence = divergence;
      best = candidate;
    }
  }
  double threshold = std::min(static_cast<double>(best) * width, magnitude);
  if (options.isSymmetric)
    return {-threshold, threshold};
  return {std::max(-threshold, seen.min), std::min(threshold, seen.max)};
}

} // namespace quanta
