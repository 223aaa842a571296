//===- quant-run.cpp - Compile and run a program on NumPy data ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tasks.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quanta;
using namespace quanta::tool;

static int fail(Error error) {
  std::string text = toString(std::move(error));
  // Diagnostics say so themselves, after their location.
  StringRef firstLine = StringRef(text).split('\n').first;
  bool isDiagnostic =
      firstLine.starts_with("error: ") || firstLine.contains(": error: ");
  errs() << (isDiagnostic ? "" : "error: ") << text << "\n";
  return 1;
}

int main(int argc, char **argv) {
  InitLLVM initLLVM(argc, argv);
  // A library of LLVM has an option of this name for tools of its own.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("threads"))
    other->removeArgument();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv,
                              "Compiles a program of any stage and runs it on "
                              "NumPy data\n");
  if (Error error = options.check())
    return fail(std::move(error));
  Expected<Program> program = Program::parseFile(options.model);
  if (!program)
    return fail(program.takeError());
  Error error = !options.emit.empty() ? emitCode(options, *program)
                : options.checkStages ? checkStages(options, *program)
                : !options.chooseRecipe.empty()
                    ? chooseRecipe(options, *program)
                : options.isAnalysis() ? analyzeProgram(options, *program)
                                       : runProgram(options, *program);
  for (const std::string &remark : program->takeRemarks())
    errs() << remark << "\n";
  if (error)
    return fail(std::move(error));
  return 0;
}
