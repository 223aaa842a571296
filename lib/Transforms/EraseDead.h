//===- EraseDead.h - Operations that nobody needs ---------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_ERASEDEAD_H
#define QUANTA_LIB_TRANSFORMS_ERASEDEAD_H

#include "mlir/IR/Iterators.h"
#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"

namespace quanta {

/// Erases those of `ops`, users behind what they use, that are trivially dead.
inline void eraseDead(llvm::ArrayRef<mlir::Operation *> ops) {
  for (mlir::Operation *op : llvm::reverse(ops))
    if (mlir::isOpTriviallyDead(op))
      op->erase();
}

/// The same for all operations in `root`.
inline void eraseDead(mlir::Operation *root) {
  root->walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>(
      [&](mlir::Operation *op) {
        if (op != root && mlir::isOpTriviallyDead(op))
          op->erase();
      });
}

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_ERASEDEAD_H
