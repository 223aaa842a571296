//===- RaiseContractions.h - Recognise products of matrices -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_RAISECONTRACTIONS_H
#define QUANTA_TRANSFORMS_RAISECONTRACTIONS_H

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// Turns generic sums of products into contractions, see
/// `quanta-raise-contractions`.
llvm::LogicalResult raiseContractions(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_RAISECONTRACTIONS_H
