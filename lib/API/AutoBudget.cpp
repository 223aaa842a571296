//===- AutoBudget.cpp - Whether a recipe keeps its budget -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AutoBudget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace quanta {

/// Probability that of `count` predictions `changed` or more change, if each
/// does so with probability `rate`.
static double getTail(int64_t count, int64_t changed, double rate) {
  if (changed <= 0)
    return 1;
  if (rate <= 0)
    return 0;
  if (rate >= 1)
    return 1;
  double below = 0;
  for (int64_t i = 0; i < changed; ++i) {
    auto n = static_cast<double>(count), k = static_cast<double>(i);
    below += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                      std::lgamma(n - k + 1) + k * std::log(rate) +
                      (n - k) * std::log1p(-rate));
  }
  return 1 - below;
}

Verdict judge(const Analysis &analysis, double maxLoss) {
  constexpr double significance = 0.01;
  Verdict worst;
  auto note = [&](Budget budget, double loss, std::string why) {
    if (loss > 0)
      worst.excess = std::max(worst.excess, loss / maxLoss);
    if (budget > worst.budget) {
      worst.budget = budget;
      worst.why = std::move(why);
    }
  };
  for (auto [index, result] : enumerate(analysis.results)) {
    double noise = result.isInteger ? 0 : result.error.getNoiseRatio();
    note(noise > maxLoss ? Budget::RuledOut : Budget::Holds, noise,
         formatv("result {0} kept {1:F1} dB", index, result.error.getSqnr()));
    if (!result.isPrediction)
      continue;
    double expected = result.getExpectedLoss();
    note(expected > maxLoss ? Budget::Exceeded : Budget::Holds, expected,
         formatv("{0:F1}% of the predictions of result {1} are expected to "
                 "change",
                 100 * expected, index));
    double changed = result.predictions - result.agreeing;
    double loss = 1 - result.getAgreement();
    // What is expected compares rounds better than what happened.
    if (loss <= maxLoss)
      continue;
    std::string why =
        formatv("{0:F0} of {1:F0} predictions of result {2} changed", changed,
                result.predictions, index);
    if (worst.changed.empty())
      worst.changed = why;
    note(getTail(result.predictions, changed, maxLoss) < significance
             ? Budget::RuledOut
             : Budget::Exceeded,
         result.decisions.empty() ? loss : 0, std::move(why));
  }
  return worst;
}

} // namespace quanta
