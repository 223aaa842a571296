//===- Tasks.h - What quant-run does ----------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TOOLS_QUANTRUN_TASKS_H
#define QUANTA_TOOLS_QUANTRUN_TASKS_H

#include "Options.h"

namespace quanta::tool {

/// Calls the program with the inputs, or with each of the samples.
llvm::Error runProgram(const Options &options, Program &program);

/// Writes the program's code to a file.
llvm::Error emitCode(const Options &options, const Program &program);

/// Runs the inputs through every stage and compares.
llvm::Error checkStages(const Options &options, const Program &program);

/// Prints what quantization costs each layer on the inputs.
llvm::Error analyzeProgram(const Options &options, const Program &program);

/// Writes the recipe that loses little enough on the inputs.
llvm::Error chooseRecipe(const Options &options, const Program &program);

} // namespace quanta::tool

#endif // QUANTA_TOOLS_QUANTRUN_TASKS_H
