//===- ParallelLoops.h - Loops that may run on several threads --*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_PARALLELLOOPS_H
#define QUANTA_LIB_TRANSFORMS_PARALLELLOOPS_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace quanta {

/// On an `scf.for` without results: its iterations write different elements of
/// buffers and read none that another one writes.
constexpr llvm::StringLiteral parallelAttrName("quanta.parallel");

/// States that of a loop: only who builds it knows.
inline void markParallel(mlir::scf::ForOp loop) {
  loop->setAttr(parallelAttrName, mlir::UnitAttr::get(loop.getContext()));
}

/// Where an operation of a function finds stack that is taken once: the start
/// of the function, or of what a thread runs. Loops do not give theirs back.
inline mlir::Block &getStackBlock(mlir::Operation *op) {
  mlir::Operation *scope = op->getParentOp();
  while (!scope->hasTrait<mlir::OpTrait::AutomaticAllocationScope>() ||
         mlir::isa<mlir::LoopLikeOpInterface>(scope))
    scope = scope->getParentOp();
  return scope->getRegion(0).front();
}

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_PARALLELLOOPS_H
