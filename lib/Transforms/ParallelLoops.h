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

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_PARALLELLOOPS_H
