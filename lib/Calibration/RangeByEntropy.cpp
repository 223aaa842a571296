//===- RangeByEntropy.cpp - The range that loses least information --------===//
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

/// Levels to which the values are rounded, and bins at most on each side of
/// zero: the numbers of TensorRT and ONNX Runtime.
static constexpr int64_t levels = 128;
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

/// Divergence of saturating at `half` bins on each side of zero, which is in
/// the middle of `bins`, and of rounding what is between them.
static double getDivergence(ArrayRef<double> bins, int64_t half) {
  auto middle = static_cast<int64_t>(bins.size()) / 2;
  ArrayRef<double> inside = bins.slice(middle - half, 2 * half);
  std::vector<double> p(inside.begin(), inside.end());
  for (double outlier : bins.take_front(middle - half))
    p.front() += outlier;
  for (double outlier : bins.drop_front(middle + half))
    p.back() += outlier;
  // Each level stands for the values that are rounded to it, spread evenly over
  // its bins that hold any.
  std::vector<double> q(p.size(), 0.0);
  for (int64_t level = 0; level < levels; ++level) {
    int64_t begin = level * 2 * half / levels;
    int64_t end = (level + 1) * 2 * half / levels;
    double sum = 0, used = 0;
    for (int64_t i = begin; i < end; ++i) {
      sum += inside[i];
      used += p[i] != 0;
    }
    for (int64_t i = begin; i < end; ++i)
      if (p[i] != 0)
        q[i] = sum / used;
  }
  if (!smooth(p) || !smooth(q))
    return std::numeric_limits<double>::infinity();
  return getDivergence(p, q);
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
  // Zeros, of which a ReLU leaves many, are kept exactly by any range: without
  // this, their bin would decide alone. NVIDIA's `HistogramCalibrator` does so
  // (pytorch-quantization, `_compute_amax_entropy`), ONNX Runtime does not.
  if (half > 1)
    bins[half] = std::min(bins[half], bins[half + 1]);
  // Without more bins than levels, nothing is lost by rounding.
  int64_t best = half;
  double bestDivergence = std::numeric_limits<double>::infinity();
  for (int64_t candidate = levels / 2; candidate <= half; ++candidate) {
    double divergence = getDivergence(bins, candidate);
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
