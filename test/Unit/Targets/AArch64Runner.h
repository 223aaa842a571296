//===- AArch64Runner.h - Sweeps on an emulated AArch64 ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TEST_UNIT_TARGETS_AARCH64RUNNER_H
#define QUANTA_TEST_UNIT_TARGETS_AARCH64RUNNER_H

#include "Sweep.h"

#include "quanta/API/Program.h"

namespace quanta::test {

/// Emits an object file, links it with Inputs/run-cases.c by Debian's cross
/// compiler and runs it under qemu-aarch64. Skips where they are missing.
void runOnAArch64(const Sweep &sweep, const Program &program,
                  llvm::StringRef cpu);

} // namespace quanta::test

#endif // QUANTA_TEST_UNIT_TARGETS_AARCH64RUNNER_H
