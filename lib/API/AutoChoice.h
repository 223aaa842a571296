//===- AutoChoice.h - What the default recipe chooses from ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_AUTOCHOICE_H
#define QUANTA_LIB_API_AUTOCHOICE_H

#include "quanta/Calibration/AutoScheme.h"

#include "llvm/ADT/MapVector.h"

#include <cmath>
#include <map>
#include <optional>
#include <string>

namespace quanta {

/// What an activation may have, the cheapest first: a contraction takes about
/// as long with a range at run time as with a static one, twice as long with 16
/// bits, and four times in float.
enum class Rung { Static, Dynamic, Wide, Float };

/// An activation of a contraction, and the weights that it meets.
struct Choice {
  AutoScheme first;
  Rung rung = Rung::Static;
  Smoothing smooth;
  /// Noise power over signal power, as measured; the worst of its readers.
  double noiseRatio = 0;
  bool isMeasured = false;
  /// The same in the results of its readers: of rounding the activation, and of
  /// rounding the weights.
  double resultNoiseRatio = 0, weightNoiseRatio = 0;
  /// The reader whose weights make the most noise: others may have none.
  std::string weightReader;
  /// Whether the weights have 16 bits.
  bool hasWideWeights = false;
  /// Multiply-accumulates of its readers.
  double macs = 0;
  /// Whether anything reads it rounded: not where the other factor is in float.
  bool isRounded = false;
  std::string reason;
  /// Why the weights have 16 bits.
  std::string weightReason;
  /// What it was, if the budget has put it into float.
  std::optional<std::pair<Rung, std::string>> beforeFloat;

  /// In dB, where statistics tell of the rung.
  std::optional<double> getPrediction() const {
    if (rung == Rung::Wide)
      return first.predictedWideSqnr;
    return rung == Rung::Static ? std::optional(first.predictedSqnr)
                                : std::nullopt;
  }
  /// What was smoothed stays so with more bits: a channel that is much larger
  /// than the others would take their steps.
  Smoothing getSmoothing() const {
    if (rung == Rung::Float)
      return {};
    return rung != Rung::Dynamic && first.smooth.alpha ? first.smooth
                                                       : first.dynamicSmooth;
  }
  double getNoise() const {
    return isMeasured
               ? noiseRatio
               : std::pow(10.0,
                          -getPrediction().value_or(first.predictedSqnr) / 10);
  }
  double getResultNoise() const {
    return isMeasured ? resultNoiseRatio : getNoise();
  }
  /// Products of 8 bits for each multiply-accumulate.
  double getProducts() const {
    return (rung == Rung::Wide ? 2 : 1) * (hasWideWeights ? 2 : 1);
  }
  void setRung(Rung to) {
    rung = to;
    smooth = getSmoothing();
  }
};

/// By the names of activations, in the order of the program.
using Choices =
    llvm::MapVector<std::string, Choice, std::map<std::string, unsigned>>;

Rung getRung(const AutoScheme &scheme);

/// What a rung is in a reason.
llvm::StringRef describe(Rung rung);
/// "kept 31.2 dB"; where nothing was measured (in a loop), what was predicted.
std::string describeNoise(const Choice &choice);
std::string describeWeights(const Choice &choice);

/// The text of a recipe file with a rule for each choice.
std::string writeRecipe(const Choices &choices);

} // namespace quanta

#endif // QUANTA_LIB_API_AUTOCHOICE_H
