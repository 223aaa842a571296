//===- MergeFunctions.h - Functions that are written in pieces -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_MERGEFUNCTIONS_H
#define QUANTA_TRANSFORMS_MERGEFUNCTIONS_H

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// Makes one operation of each function of one tensor that is written in
/// pieces, see `quanta-merge-functions`; returns how many.
unsigned mergeFunctions(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_MERGEFUNCTIONS_H
