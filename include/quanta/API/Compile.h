//===- Compile.h - Programs to machine code ---------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_COMPILE_H
#define QUANTA_API_COMPILE_H

#include "quanta/API/Program.h"
#include "quanta/Calibration/Statistics.h"
#include "quanta/Execution/Executable.h"

#include <memory>
#include <string>
#include <vector>

namespace quanta {

struct CompileOptions {
  /// LLVM's name of a CPU; `native` is this machine's, or the generic one where
  /// `triple` names another architecture.
  std::string cpu = "native";
  /// Further CPUs that code is emitted for, less capable ones later: the object
  /// chooses with CPUID. x86-64 only; programs in this process run for `cpu`.
  std::vector<std::string> fallbackCpus;
  /// The function to compile, with what it calls; empty for all of them. A name
  /// that no public function has is an error.
  /// Observed programs are compiled whole: their statistics are those of the
  /// module.
  std::string entry;
  /// LLVM target triple; empty for this machine.
  std::string triple;
  /// 0 to 3.
  unsigned optLevel = 3;
  /// Generate kernels. Without them, every operation becomes plain loops: slow,
  /// and what kernels are checked against.
  bool kernels = true;
  /// Place the buffers of a function in one block of memory that is kept
  /// between calls. Without it, each is allocated when it is needed.
  bool planBuffers = true;
  /// Threads that share the work of one call, through OpenMP: 1 to 1024.
  /// Results have the same bits whatever their number.
  unsigned threads = 1;
  /// Folder that keeps object files, so that the same code is generated once;
  /// made where it is missing. Empty, or where it cannot be made or written:
  /// nothing is kept.
  std::string cacheDirectory;
};

/// The defaults, with the folder for object files that the environment variable
/// QUANTA_CACHE_DIR names.
CompileOptions getCompileOptionsFromEnvironment();

/// A copy of the program in the LLVM dialect. One whose kernels are generated
/// keeps its target: another one, or threads, are errors.
llvm::Expected<Program> lowerToLLVM(const Program &program,
                                    const CompileOptions &options = {});

/// Compiles a program of any stage into this process. The program stays as it
/// is.
llvm::Expected<std::unique_ptr<Executable>>
compile(const Program &program, const CompileOptions &options = {});

/// The same of a program that `lowerToLLVM` has made, which is not copied.
llvm::Expected<std::unique_ptr<Executable>>
compileLowered(const Program &lowered, const CompileOptions &options = {});

/// The same of several programs, which have to be clones of one: code is
/// generated for all at once.
llvm::Expected<std::vector<std::unique_ptr<Executable>>>
compileAll(llvm::ArrayRef<Program> programs,
           const CompileOptions &options = {});

/// Compiles a program of any stage ahead of time. The object file's functions
/// are declared by the header of `emitHeader`.
llvm::Expected<std::vector<char>> emit(const Program &program, OutputKind kind,
                                       const CompileOptions &options = {});
llvm::Expected<std::vector<char>>
emitObject(const Program &program, const CompileOptions &options = {});

/// The C header for the object file `<stem>.o`.
llvm::Expected<std::string> emitHeader(const Program &program,
                                       llvm::StringRef stem,
                                       const CompileOptions &options = {});

/// What the observers of a program learned from all calls so far. `model` and
/// `data` are left to the caller.
llvm::Expected<Statistics> readStatistics(const Executable &executable);

} // namespace quanta

#endif // QUANTA_API_COMPILE_H
