//===- Program.h - Programs at any stage ------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_PROGRAM_H
#define QUANTA_API_PROGRAM_H

#include "quanta/IR/Stage.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace quanta {

/// A module, at any stage, with the context that it lives in. Every diagnostic
/// raised while working on it becomes the text of the returned error.
///
/// Clones share their context; work on one waits for work on another, so that
/// programs may be used from several threads, each program by one at a time.
class Program {
public:
  /// Parses MLIR text or bytecode; `bufferName` stands in locations.
  static llvm::Expected<Program> parse(llvm::StringRef text,
                                       llvm::StringRef bufferName);
  static llvm::Expected<Program> parseFile(llvm::StringRef path);

  Program(Program &&other) noexcept;
  Program &operator=(Program &&other) noexcept;
  ~Program();

  Program clone() const;
  /// The module as MLIR text.
  std::string str() const;
  Stage getStage() const;
  mlir::ModuleOp getModule() const;

  /// When a pipeline's results are verified. After each pass, a mistake is
  /// found where it was made; at the end, compiling takes half the time.
  enum class Verify { EachPass, AtEnd };

  /// Runs a textual pass pipeline, e.g. "quanta-ptq{statistics=s.json}". After
  /// an error the program is in an unspecified state.
  llvm::Error run(llvm::StringRef pipeline, Verify when = Verify::EachPass);

  /// Runs the passes that `build` adds; errors call them `name`.
  llvm::Error run(llvm::StringRef name,
                  llvm::function_ref<void(mlir::OpPassManager &)> build,
                  Verify when = Verify::EachPass);

  /// For each public function with a body its name and those of its arguments:
  /// importers leave them as locations. An argument without one has an empty
  /// name.
  llvm::MapVector<llvm::StringRef, std::vector<std::string>>
  getArgumentNames() const;
  /// Those of function `entry`, or, where that is empty, of the only one; none
  /// if there is no such function.
  std::vector<std::string> getArgumentNames(llvm::StringRef entry) const;

  /// Calls `work` on the module with diagnostics collected.
  llvm::Error
  withDiagnostics(llvm::function_ref<llvm::Error(mlir::ModuleOp)> work) const;

  /// Remarks and warnings about the program and its clones since the last call.
  std::vector<std::string> takeRemarks();

private:
  struct State;
  Program(std::shared_ptr<State> state,
          mlir::OwningOpRef<mlir::ModuleOp> module);

  llvm::Error
  runPasses(llvm::StringRef name, Verify when,
            llvm::function_ref<llvm::Error(mlir::OpPassManager &)> build);

  std::shared_ptr<State> state;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace quanta

#endif // QUANTA_API_PROGRAM_H
