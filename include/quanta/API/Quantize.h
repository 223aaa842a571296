//===- Quantize.h - From stage to stage with files ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_QUANTIZE_H
#define QUANTA_API_QUANTIZE_H

#include "quanta/API/Program.h"

namespace quanta {

/// The files that quantization reads and writes; none where a path is empty.
/// Paths may have any characters, which the text of a pipeline would not take.
struct QuantizeOptions {
  std::string statistics;
  std::string recipe;
  /// Written: JSON that says what stayed in float, and why.
  std::string report;
  /// Whether a contraction that stays in float is an error.
  bool strict = false;
  /// Whether sums that leave i32 wrap around; otherwise the program is stopped
  /// where only a run can tell.
  bool allowWrap = false;
};

/// Takes a program from the float to the observed stage, as the pass
/// `quanta-insert-observers` does.
///
/// `observer` is the kind where the recipe names none, such as "histogram";
/// with `keepExisting`, a program that is observed already stays as it is.
llvm::Error insertObservers(Program &program, llvm::StringRef observer,
                            llvm::StringRef recipe, bool keepExisting);

/// Takes a program from the observed to the simulated stage, as the pass
/// `quanta-apply-calibration` does.
llvm::Error applyCalibration(Program &program, llvm::StringRef statistics,
                             llvm::StringRef recipe);

/// Takes a program from the float, observed or simulated to the integer stage,
/// as the pipeline `quanta-ptq` does.
llvm::Error quantize(Program &program, const QuantizeOptions &options);

} // namespace quanta

#endif // QUANTA_API_QUANTIZE_H
