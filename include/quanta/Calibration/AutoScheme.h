//===- AutoScheme.h - Schemes chosen from statistics ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_AUTOSCHEME_H
#define QUANTA_CALIBRATION_AUTOSCHEME_H

#include "quanta/Calibration/Recipe.h"
#include "quanta/Calibration/Smoothing.h"

namespace quanta {

/// The signal-to-noise ratio, in dB, that an activation must be predicted to
/// have for a range that is known at compile time.
inline constexpr double autoTargetSqnr = 30;

/// What the default recipe does with an activation.
struct AutoScheme {
  Scheme scheme = Scheme::Static;
  ActivationStorage activation = ActivationStorage::U8;
  Smoothing smooth;
  /// In dB, of the static scheme, with smoothing if that was chosen: of the
  /// activation, or of the contraction's result if that is worse, see
  /// `predictContractionSqnr`.
  double predictedSqnr = 0;
  /// The same of a static range of 16 bits.
  double predictedWideSqnr = 0;
  /// What goes with a range at run time if a static one turns out not to do:
  /// smoothing, if it was predicted to gain and to be good enough.
  Smoothing dynamicSmooth;
  std::string reason;
};

/// SmoothQuant's alpha, where a recipe names no other.
inline constexpr double autoSmoothing = 0.5;
/// How much better, in dB, smoothing must be predicted to make an activation.
inline constexpr double autoSmoothingGain = 1;

/// The cheapest scheme that is predicted to be good enough: static with the
/// range that has the smallest squared error; the same with smoothing, where
/// the statistics have channels and `weights` are known; otherwise a range for
/// each row at run time, or with `staticOnly` a static one of 16 bits. Nothing
/// without a histogram of finite values.
std::optional<AutoScheme> chooseAutoScheme(const ObserverStatistics &statistics,
                                           const ChannelWeights &weights = {},
                                           double target = autoTargetSqnr,
                                           bool staticOnly = false);

} // namespace quanta

#endif // QUANTA_CALIBRATION_AUTOSCHEME_H
