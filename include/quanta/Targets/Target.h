//===- Target.h - The machine that code is generated for ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TARGETS_TARGET_H
#define QUANTA_TARGETS_TARGET_H

#include "quanta/Targets/Dot.h"

#include "llvm/Support/Error.h"

#include <string>

namespace quanta {

/// A machine: its LLVM names and the instruction sets that kernels use on it.
struct Target {
  std::string triple;
  std::string cpu;
  std::string features;
  std::string dataLayout;
  /// Name of the integer instruction set for reports, e.g. "avx512-vnni".
  std::string isa;
  DotAttrInterface integerDot;
  DotAttrInterface floatDot;
  /// Preferred width in bits of automatically vectorized code, 0 for LLVM's
  /// choice.
  unsigned vectorWidth = 0;

  /// The target for `triple` (empty: this machine's) and `cpu` (`native`: this
  /// machine's; empty: the triple's generic one). Fails with one sentence if
  /// LLVM does not know either name.
  static llvm::Expected<Target> create(mlir::MLIRContext *context,
                                       llvm::StringRef triple,
                                       llvm::StringRef cpu);
};

} // namespace quanta

#endif // QUANTA_TARGETS_TARGET_H
