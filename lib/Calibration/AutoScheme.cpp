//===- AutoScheme.cpp - Schemes chosen from statistics --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/AutoScheme.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;

namespace quanta {

/// Of an activation and the static range with the smallest squared error, in
/// dB.
static std::optional<double> predict(const ObserverStatistics &statistics,
                                     int64_t levels = 256) {
  if (statistics.histogram.isEmpty())
    return std::nullopt;
  RangeOptions options;
  options.selection = RangeSelection::Mse;
  options.levels = levels;
  Expected<RealRange> range = selectRange(statistics, options);
  if (range)
    return predictSqnr(statistics, *range, options);
  consumeError(range.takeError());
  return std::nullopt;
}

std::optional<AutoScheme> chooseAutoScheme(const ObserverStatistics &statistics,
                                           const ChannelWeights &weights,
                                           double target, bool staticOnly) {
  std::optional<double> plain = predict(statistics), smoothed;
  if (!plain)
    return std::nullopt;
  if (statistics.hasChannels() &&
      weights.maxima.size() == statistics.channelMin.size()) {
    SmallVector<float> scales =
        chooseSmoothingScales(statistics, weights.maxima, autoSmoothing);
    ObserverStatistics divided = divideChannels(statistics, scales);
    smoothed = predict(divided);
    // Channels that the weights make up for must not hide the noise of others,
    // nor a few large values that of all others.
    if (smoothed)
      smoothed = std::min(*smoothed,
                          predictContractionSqnr(statistics, divided, *smoothed,
                                                 scales, weights));
    plain = std::min(*plain, predictContractionSqnr(statistics, statistics,
                                                    *plain, {}, weights));
  }
  AutoScheme result;
  result.predictedSqnr = *plain;
  result.predictedWideSqnr = predict(statistics, 1 << 16).value_or(*plain);
  if (smoothed && *smoothed >= std::max(target, *plain + autoSmoothingGain))
    result.dynamicSmooth.alpha = autoSmoothing;
  if (*plain >= target) {
    result.reason =
        formatv("a static range is predicted to keep {0:F1} dB, {1:F1} wanted",
                *plain, target);
    return result;
  }
  if (smoothed && *smoothed >= target) {
    result.smooth.alpha = autoSmoothing;
    result.predictedSqnr = *smoothed;
    result.reason = formatv(
        "a static range is predicted to keep {0:F1} dB with smoothing and "
        "{1:F1} dB without, {2:F1} wanted",
        *smoothed, *plain, target);
    return result;
  }
  if (staticOnly) {
    result.activation = ActivationStorage::U16;
  } else {
    result.scheme = Scheme::Dynamic;
  }
  result.reason = formatv(
      "a static range {0}is predicted to keep only {1:F1} dB"
      "{2}, {3:F1} wanted",
      staticOnly ? "of 8 bits " : "", *plain,
      smoothed ? formatv(", {0:F1} dB with smoothing", *smoothed).str() : "",
      target);
  return result;
}

} // namespace quanta
