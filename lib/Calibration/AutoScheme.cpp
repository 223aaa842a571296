//===- AutoScheme.cpp - Schemes chosen from statistics --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/AutoScheme.h"

#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace quanta {

std::optional<AutoScheme> chooseAutoScheme(const ObserverStatistics &statistics,
                                           double target) {
  if (statistics.histogram.isEmpty())
    return std::nullopt;
  RangeOptions options;
  options.selection = RangeSelection::Mse;
  Expected<RealRange> range = selectRange(statistics, options);
  if (!range) {
    consumeError(range.takeError());
    return std::nullopt;
  }
  AutoScheme result;
  result.predictedSqnr = predictSqnr(statistics, *range, options);
  if (result.predictedSqnr >= target) {
    result.reason =
        formatv("a static range is predicted to keep {0:F1} dB, {1:F1} wanted",
                result.predictedSqnr, target);
    return result;
  }
  result.scheme = Scheme::Dynamic;
  result.reason = formatv("a static range is predicted to keep only {0:F1} dB, "
                          "{1:F1} wanted",
                          result.predictedSqnr, target);
  return result;
}

} // namespace quanta
