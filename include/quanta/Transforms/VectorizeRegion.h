//===- VectorizeRegion.h - Scalar regions on vectors ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_VECTORIZEREGION_H
#define QUANTA_TRANSFORMS_VECTORIZEREGION_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace quanta {

/// Clones the operations of `block`, which work on scalars, so that they work
/// on vectors of `lanes` elements. `mapping` gives the vectors (or scalars, for
/// values that are the same in all lanes) of the block's arguments; values from
/// outside are the same in all lanes. Operations that have no vector form are
/// applied lane by lane. Returns the vectors that the terminator returns.
llvm::SmallVector<mlir::Value> vectorizeBlock(mlir::OpBuilder &builder,
                                              mlir::Block &block,
                                              mlir::IRMapping mapping,
                                              int64_t lanes);

/// Whether every operation of `block` can be cloned that way: none has a region
/// or touches memory, and all values are integers, floats or indices.
bool canVectorizeBlock(mlir::Block &block);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_VECTORIZEREGION_H
