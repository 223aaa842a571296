//===- FlattenMatmuls.h - Batches that share weights ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_FLATTENMATMULS_H
#define QUANTA_TRANSFORMS_FLATTENMATMULS_H

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// Turns each batch matrix product whose right factors are all the same matrix
/// into one matrix product, see `quanta-flatten-matmuls`.
llvm::LogicalResult flattenMatmuls(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_FLATTENMATMULS_H
