//===- VectorAccess.h - Elements of buffers as vectors --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_VECTORACCESS_H
#define QUANTA_TRANSFORMS_VECTORACCESS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace mlir::linalg {
class GenericOp;
} // namespace mlir::linalg

namespace quanta {

/// How a structured operation on buffers reads or writes one operand: a buffer
/// with an indexing map, or a scalar.
struct VectorAccess {
  mlir::Value buffer;
  mlir::AffineMap map;

  /// Whether the element changes along the last loop.
  bool movesWithLastDim() const;
  /// Whether elements along the last loop lie next to each other, or are all
  /// the same one.
  bool isContiguous() const;
  /// Whether `load` can build vectors along the last loop. In memory, an
  /// element below 8 bits has a byte of its own; in a vector, it has not.
  bool isLoadable() const;

  /// Indices into the buffer at these loop indices.
  llvm::SmallVector<mlir::Value> getIndices(mlir::OpBuilder &b,
                                            mlir::Location loc,
                                            mlir::ValueRange loops) const;
  /// `lanes` elements along the last loop, or the one element if all are the
  /// same. Elements that are not next to each other are loaded one by one.
  mlir::Value load(mlir::OpBuilder &b, mlir::Location loc,
                   mlir::ValueRange loops, int64_t lanes) const;
};

/// How `op` accesses each of its operands, in their order.
llvm::SmallVector<VectorAccess> getAccesses(mlir::linalg::GenericOp op);

/// The number of iterations of loop `dim`, which indexes one of `accesses`.
mlir::Value getLoopSize(mlir::OpBuilder &b, mlir::Location loc,
                        llvm::ArrayRef<VectorAccess> accesses, unsigned dim);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_VECTORACCESS_H
