//===- Naming.h - Names of operations and models --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_NAMING_H
#define QUANTA_TRANSFORMS_NAMING_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace quanta {

/// The name that a frontend left in an operation's location, or "".
llvm::StringRef getLocationName(mlir::Location loc);

/// Location of an operation as `file:line:col`, with its name if it has one.
std::string describeLocation(mlir::Location loc);

/// SHA-256, in hex, over a module's operations and the contents of its
/// constants; independent of locations and of value names.
std::string getModelFingerprint(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_NAMING_H
