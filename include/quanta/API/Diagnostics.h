//===- Diagnostics.h - MLIR diagnostics as text -----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_DIAGNOSTICS_H
#define QUANTA_API_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace quanta {

/// "model.mlir:3:7", with the operation's name where a frontend left one; empty
/// for an unknown location.
std::string formatLocation(mlir::Location location);

/// Collects what is reported in a context while it lives, so that nothing goes
/// to the standard error stream.
class DiagnosticCollector : public mlir::ScopedDiagnosticHandler {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  /// Warnings and remarks with their notes, in order.
  std::vector<std::string> takeRemarks() { return std::move(remarks); }

  /// `error` with the collected errors as its text, if there are any.
  llvm::Error enrich(llvm::Error error);

private:
  /// With their notes, one line each: "model.mlir:3:7: error: ...".
  std::string errors;
  std::vector<std::string> remarks;
};

} // namespace quanta

#endif // QUANTA_API_DIAGNOSTICS_H
