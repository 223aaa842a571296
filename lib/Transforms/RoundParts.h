//===- RoundParts.h - Sums that are put together from parts -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_ROUNDPARTS_H
#define QUANTA_LIB_TRANSFORMS_ROUNDPARTS_H

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// Whether a tensor is one of sums in i32.
bool isAccumulator(mlir::Type type);

/// Rounds the parts of accumulators that are put together, as the phases of a
/// transposed convolution are, before they are: what reads the whole reads its
/// parts. QDQ form has no accumulators to put together.
void roundParts(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_ROUNDPARTS_H
