//===- CheckStages.h - Compare the stages of a program ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_CHECKSTAGES_H
#define QUANTA_API_CHECKSTAGES_H

#include "quanta/API/Compile.h"
#include "quanta/Execution/Tensor.h"

#include "llvm/Support/raw_ostream.h"

#include <string>

namespace quanta {

struct CheckStagesOptions {
  /// Function to call; empty for the only public one.
  std::string entry;
  /// Statistics and recipe file, for programs before the simulated stage.
  std::string statistics;
  std::string recipe;
  CompileOptions compile;
};

/// Runs `inputs` through every stage of `program` from its own on, prints how
/// the stages differ to `os`, and fails at the first operation that breaks the
/// contract:
///  - from the quantized stage down, every quantized tensor and every result
///  has
///    the same bytes, whether computed by reference loops that follow the
///    contract literally, by plain loops on integers, or by kernels;
///  - each quantization point of the simulated stage, computed alone from the
///    values that the quantized program has before it, is within one step of
///    the quantized program's value. For a float result, a step is a 255th of
///    its range, that in the statistics included; for 16 bits it is 256 of
///    their own, the size of one of 8 bits.
/// Float and simulated results may differ, and the whole networks too: that is
/// only printed.
llvm::Error checkStages(const Program &program,
                        llvm::ArrayRef<HostTensor> inputs,
                        const CheckStagesOptions &options,
                        llvm::raw_ostream &os);

} // namespace quanta

#endif // QUANTA_API_CHECKSTAGES_H
