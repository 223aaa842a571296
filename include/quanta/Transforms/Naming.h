//===- Naming.h - Names of operations and models --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_NAMING_H
#define QUANTA_TRANSFORMS_NAMING_H

#include "quanta/Interfaces/QuantizableOpInterface.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace quanta {

/// The name that a frontend left in an operation's location, or "".
llvm::StringRef getLocationName(mlir::Location loc);

/// Location of an operation as `file:line:col`, with its name if it has one.
std::string describeLocation(mlir::Location loc);

/// Names the contractions of a function, asked for in the order of a walk: by
/// what a frontend left, or by their kind and their number among those.
class ContractionNames {
public:
  explicit ContractionNames(llvm::StringRef function) : function(function) {}
  /// The location of one that cannot be quantized.
  std::string getName(QuantizableOpInterface op);

private:
  llvm::StringRef function;
  llvm::StringMap<unsigned> counts;
};

/// SHA-256, in hex, over a module's operations and the contents of its
/// constants; independent of locations and of value names.
std::string getModelFingerprint(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_NAMING_H
