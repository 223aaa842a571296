//===- Iterations.h - How often a body is computed --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_INTERFACES_ITERATIONS_H
#define QUANTA_INTERFACES_ITERATIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace quanta {

/// How often the body of an operation is computed; open sizes count as 1.
int64_t countIterations(mlir::linalg::LinalgOp op);

} // namespace quanta

#endif // QUANTA_INTERFACES_ITERATIONS_H
