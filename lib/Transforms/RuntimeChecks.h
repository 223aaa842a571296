//===- RuntimeChecks.h - What only a running program can know -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_RUNTIMECHECKS_H
#define QUANTA_TRANSFORMS_RUNTIMECHECKS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace quanta {

/// A tensor has fewer elements: an address space holds no more.
constexpr int64_t elementLimit = int64_t(1) << 43;

/// Stops the program unless `holds`, with the sentence "<what> of <operation>
/// at <place> <problem>".
void buildCheck(mlir::OpBuilder &b, mlir::Operation *op, mlir::Value holds,
                const llvm::Twine &what, const llvm::Twine &problem);

/// Stops the program unless two integers of one type compare as `predicate`
/// says.
void buildCheck(mlir::OpBuilder &b, mlir::Operation *op,
                mlir::arith::CmpIPredicate predicate, mlir::Value left,
                mlir::Value right, const llvm::Twine &what,
                const llvm::Twine &problem);

/// Stops the program unless the product of `sizes` is less than `limit`,
/// however large they are.
void buildProductCheck(mlir::OpBuilder &b, mlir::Operation *op,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes, int64_t limit,
                       const llvm::Twine &what, const llvm::Twine &problem);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_RUNTIMECHECKS_H
