//===- Auto.h - The recipe that holds an accuracy budget ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_AUTO_H
#define QUANTA_API_AUTO_H

#include "quanta/API/Analysis.h"
#include "quanta/Calibration/AutoScheme.h"

namespace quanta {

struct AutoOptions {
  /// The budget: for every result of the program, noise power over signal power
  /// on the data must not exceed it, nor must the share of predictions that
  /// change, where rows of a result look like scores of classes
  /// (`ResultFigures::isPrediction`).
  double maxLoss = 0.003;
  /// In dB, for the first choice from statistics.
  double targetSqnr = autoTargetSqnr;
  /// No ranges at run time: activations of 16 bits take their place.
  bool staticOnly = false;
  /// Function to call; empty for the only public one.
  std::string entry;
  CompileOptions compile;
  /// As in `AnalyzeOptions`.
  std::function<bool()> isInterrupted;
  /// Whether temporary files go when a signal ends the process, whose handlers
  /// LLVM's then stand before.
  bool endsFilesOnSignal = false;
};

struct AutoResult {
  /// Text of a recipe file with one rule for each activation.
  std::string recipe;
  /// What the recipe costs on the data.
  Analysis analysis;
  /// Whether the data leave it possible that the budget holds.
  bool holds = false;
  /// If it holds only because chance explains that predictions exceed it, by
  /// what they do: "1 of 240 predictions of result 0 changed".
  std::string excess;
  /// Recipes that were tried.
  unsigned rounds = 0;
};

/// Chooses a scheme for each activation of a contraction: first the cheapest
/// one that its statistics (histograms) predict to be good enough. Then the
/// quantized program is run on `data`. Activations with a range at run time
/// that turn out not to be good enough get 16 bits. As long as the budget does
/// not hold, 6 dB more are wanted of those, and what makes most of the noise in
/// the results of contractions
/// (`OperandFigures::resultNoise`, `resultWeightNoise`) is lifted: activations
/// from a static range to one for each row at run time (with `staticOnly` to 16
/// bits) and on to a static one of 16 bits, weights to 16 bits, where not both
/// factors get them, whose four products take as long as float, and when that
/// is done, contractions to float.
///
/// Predictions exceed the budget if more of them change than it allows, or are
/// expected to (`ResultFigures::getExpectedLoss`). That alone lifts only what
/// is cheap: to ranges at run time, and to 16 bits what in all adds at most a
/// tenth to the products of 8 bits. Everything else has to be ruled out by the
/// noise of a result, or by changed predictions of which so many are unlikely
/// (1 in 100) in a model that keeps the budget.
///
/// The recipe is the best that was measured: of those that are not ruled out
/// the one with most multiply-accumulates in integers, otherwise the one
/// closest to the budget. What went to float is tried without, the largest
/// contractions first.
llvm::Expected<AutoResult> chooseRecipeOnCalls(const Program &program,
                                               const Statistics &statistics,
                                               llvm::ArrayRef<Arguments> data,
                                               const AutoOptions &options);

/// The same on `inputs`, which are cut into batches if need be.
llvm::Expected<AutoResult> chooseRecipe(const Program &program,
                                        const Statistics &statistics,
                                        llvm::ArrayRef<HostTensor> inputs,
                                        const AutoOptions &options);

} // namespace quanta

#endif // QUANTA_API_AUTO_H
