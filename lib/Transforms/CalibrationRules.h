//===- CalibrationRules.h - What decides on schemes -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_CALIBRATIONRULES_H
#define QUANTA_LIB_TRANSFORMS_CALIBRATIONRULES_H

#include "quanta/Calibration/AutoScheme.h"
#include "quanta/Calibration/Recipe.h"
#include "quanta/Calibration/Statistics.h"
#include "quanta/IR/Quanta.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace quanta {

/// A statistics file and a recipe, either of which may be missing.
struct CalibrationRules {
  std::string statisticsPath, recipePath;
  Statistics statistics;
  Recipe recipe;

  /// Reads the files for a module, whose fingerprint the statistics must have;
  /// the message names `pass`.
  static mlir::FailureOr<CalibrationRules> load(mlir::ModuleOp module,
                                                llvm::StringRef pass,
                                                llvm::StringRef statisticsPath,
                                                llvm::StringRef recipePath);

  /// What the observer learned; null where nothing is known of it.
  const ObserverStatistics *find(ObserveOp observe) const;

  /// What the recipe says about an operation that reads an activation. Without
  /// a recipe, the statistics decide, if there is a histogram, when an
  /// activation is first asked for: `weights` are what it meets then.
  OperandScheme resolve(QuantizableOpInterface op, ObserveOp observe,
                        const ChannelWeights &weights = {}) const;

private:
  mutable llvm::StringMap<std::optional<AutoScheme>> decided;
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_CALIBRATIONRULES_H
