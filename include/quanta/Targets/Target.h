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

#include <memory>
#include <string>

namespace llvm {
class MCSubtargetInfo;
class Target;
class Triple;
} // namespace llvm

namespace quanta {

/// LLVM's generator for a triple, in any spelling: for x86-64, AArch64 or
/// 64-bit RISC-V, with the low byte first.
llvm::Expected<const llvm::Target *> findLLVMTarget(llvm::StringRef triple);

/// What LLVM knows of a CPU. Fails with one sentence if it does not exist (LLVM
/// itself prints a warning and goes on) or cannot run the triple's code (LLVM
/// ends the process). An empty name is the triple's generic CPU.
llvm::Expected<std::unique_ptr<llvm::MCSubtargetInfo>>
describeCpu(const llvm::Target &target, const llvm::Triple &triple,
            llvm::StringRef cpu, llvm::StringRef features);

/// Asks the system to let this process use the registers of AMX; whether it
/// does.
bool requestMatrixRegisters();

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
  /// LLVM does not know either name, or `context` not the dialect.
  static llvm::Expected<Target> create(mlir::MLIRContext *context,
                                       llvm::StringRef triple,
                                       llvm::StringRef cpu);
};

} // namespace quanta

#endif // QUANTA_TARGETS_TARGET_H
