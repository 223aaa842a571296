//===- Executable.h - Compiled modules in this process ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_EXECUTABLE_H
#define QUANTA_EXECUTION_EXECUTABLE_H

#include "quanta/Execution/ObjectEmission.h"
#include "quanta/Execution/Signature.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace quanta {

/// A module compiled and linked into this process. Calls are independent of
/// each other and may come from several threads at once, unless the program
/// itself has state (observers).
class Executable {
public:
  /// A callable function. Look it up once, call it often.
  class Entry {
  public:
    const std::string &getName() const { return signature.name; }
    const Signature &getSignature() const { return signature; }

  private:
    friend class Executable;
    Signature signature;
    void (*packed)(void **) = nullptr;
    /// Bytes of the argument descriptors and of the result structure.
    unsigned inputBytes = 0;
    unsigned resultBytes = 0;
    /// Where each result begins in the result structure.
    llvm::SmallVector<unsigned, 4> resultOffsets;
  };

  /// An observer of an observed program: its name and state in memory.
  struct Observer {
    std::string name;
    std::string symbol;
    std::string kind;
    const double *state;
  };

  /// Compiles `module`, which is in the LLVM dialect, for the machine that it
  /// names; fails if that is not this machine.
  static llvm::Expected<std::unique_ptr<Executable>>
  create(mlir::ModuleOp module, EmissionOptions options = {});
  /// The same of several modules, whose code is generated at once, by a thread
  /// each as far as there are processors.
  static llvm::Expected<std::vector<std::unique_ptr<Executable>>>
  createAll(llvm::ArrayRef<mlir::ModuleOp> modules,
            EmissionOptions options = {});
  ~Executable();

  /// All entries in program order.
  llvm::ArrayRef<std::unique_ptr<Entry>> getEntries() const { return entries; }

  /// The entry of that name; the only one if `name` is empty.
  llvm::Expected<const Entry *> getEntry(llvm::StringRef name) const;

  /// Checks the arguments against the entry's signature and calls it. On
  /// success `results` holds exactly its results, which own their memory and
  /// share it with nothing. Scalars are passed as tensors of rank 0.
  llvm::Error call(const Entry &entry, llvm::ArrayRef<HostTensor> arguments,
                   llvm::SmallVectorImpl<HostTensor> &results) const;

  /// The same by the name of the entry; elements of results lie densely in
  /// row-major order.
  llvm::Expected<llvm::SmallVector<HostTensor>>
  callDense(llvm::StringRef name, llvm::ArrayRef<HostTensor> arguments) const;

  /// Only the check of `call`.
  llvm::Error checkArguments(const Entry &entry,
                             llvm::ArrayRef<HostTensor> arguments) const;

  /// Address of a symbol of the module.
  llvm::Expected<void *> lookup(llvm::StringRef symbol) const;

  /// The instruction set that integer kernels use; empty if not stated.
  const std::string &getISA() const { return isa; }
  /// Identifies the float model that the program was made from.
  const std::string &getFingerprint() const { return fingerprint; }
  llvm::ArrayRef<Observer> getObservers() const { return observers; }

private:
  Executable();
  static llvm::Expected<std::unique_ptr<Executable>>
  link(mlir::ModuleOp module, const LoweredModule &lowered,
       llvm::SmallVector<char, 0> object);
  llvm::Error addEntry(Signature signature);
  llvm::Error readModuleAttributes(mlir::ModuleOp module);

  /// What the linker reported last.
  std::string linkErrors;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<std::unique_ptr<Entry>> entries;
  /// Entries that the module defines without stating their types, with the
  /// reason why they cannot be called.
  std::map<std::string, std::string> uncallable;
  std::vector<Observer> observers;
  std::string isa;
  std::string fingerprint;
};

} // namespace quanta

#endif // QUANTA_EXECUTION_EXECUTABLE_H
