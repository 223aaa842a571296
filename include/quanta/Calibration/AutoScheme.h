//===- AutoScheme.h - Schemes chosen from statistics ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_AUTOSCHEME_H
#define QUANTA_CALIBRATION_AUTOSCHEME_H

#include "quanta/Calibration/Recipe.h"

namespace quanta {

/// The signal-to-noise ratio, in dB, that an activation must be predicted to
/// have for a range that is known at compile time.
inline constexpr double autoTargetSqnr = 30;

/// What the default recipe does with an activation.
struct AutoScheme {
  Scheme scheme = Scheme::Static;
  /// Of the static scheme.
  double predictedSqnr = 0;
  std::string reason;
};

/// The cheapest scheme that is predicted to be good enough: static with the
/// range that has the smallest squared error, otherwise a range for each row at
/// run time. Nothing without a histogram of finite values.
std::optional<AutoScheme> chooseAutoScheme(const ObserverStatistics &statistics,
                                           double target = autoTargetSqnr);

} // namespace quanta

#endif // QUANTA_CALIBRATION_AUTOSCHEME_H
