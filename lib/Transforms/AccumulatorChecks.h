//===- AccumulatorChecks.h - Sums that only a run can bound -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_ACCUMULATORCHECKS_H
#define QUANTA_TRANSFORMS_ACCUMULATORCHECKS_H

#include "mlir/IR/Operation.h"

namespace quanta {

/// Keeps the sums of a quanta.matmul or quanta.contract from wrapping around:
/// an error where types and constants tell that they may leave i32, and a check
/// in front of it, which stops the program, for what they do not tell: an open
/// number of products, a bias that is not constant.
llvm::LogicalResult keepFromWrapping(mlir::Operation *op);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_ACCUMULATORCHECKS_H
