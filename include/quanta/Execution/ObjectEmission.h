//===- ObjectEmission.h - From the LLVM dialect to machine code -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_OBJECTEMISSION_H
#define QUANTA_EXECUTION_OBJECTEMISSION_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace quanta {

/// Forms of a compiled module.
enum class OutputKind { Object, Assembly, LLVMIR };

struct EmissionOptions {
  /// 0 to 3, as for `clang -O`.
  unsigned optLevel = 3;
  /// Add `void quanta_packed_<f>(void **)` for each C interface wrapper, see
  /// `addPackedWrappers`.
  bool packedWrappers = false;
  /// Define the functions that keep buffers between calls; otherwise, the
  /// process has them.
  bool bufferRuntime = true;
  /// Folder that keeps object files, so that the same code is generated once;
  /// made where it is missing. Empty: nothing is kept.
  std::string cacheDirectory;
};

/// A module of LLVM IR with the machine that it is compiled for.
struct LoweredModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Translates `module`, which must be in the LLVM dialect, and leaves it to
/// `emit` to optimize it. The
/// machine is the module's `llvm.target_triple` and its functions' `target_cpu`
/// and `target_features`; this machine where they are missing. What `module`
/// does wrong is reported through its context's diagnostics.
///
/// Products and sums are never contracted to fused operations, so that results
/// are the same bits on every machine.
llvm::Expected<LoweredModule> lowerModule(mlir::ModuleOp module,
                                          const EmissionOptions &options = {});

/// One module from the same program lowered for several x86-64 processors, the
/// most capable first. Its functions ask the processor once, with CPUID, and
/// from then on call the first variant whose instructions it has; the last one
/// runs where none is. They ask with the functions of libgcc and compiler-rt
/// behind `__builtin_cpu_supports`.
llvm::Expected<LoweredModule>
dispatchByCpu(llvm::MutableArrayRef<LoweredModule> variants);

/// Optimizes the module and returns the bytes of an object file, assembly text
/// or LLVM IR text.
llvm::Expected<llvm::SmallVector<char, 0>>
emit(LoweredModule &lowered, OutputKind kind,
     const EmissionOptions &options = {});

/// A target machine with the settings of `lowerModule`. Fails with one sentence
/// if LLVM does not know the triple, the CPU or a feature.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(llvm::StringRef triple, llvm::StringRef cpu,
                    llvm::StringRef features, unsigned optLevel);

/// Succeeds if this machine can run code compiled for `machine`.
llvm::Error checkHostCanRun(const llvm::TargetMachine &machine);

} // namespace quanta

#endif // QUANTA_EXECUTION_OBJECTEMISSION_H
