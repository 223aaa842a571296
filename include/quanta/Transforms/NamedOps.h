//===- NamedOps.h - Named layers as general operations ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_NAMEDOPS_H
#define QUANTA_TRANSFORMS_NAMEDOPS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace quanta {

/// What `quanta-expand-named-ops` does; touches nothing else. Fails with an
/// error where a layer cannot be expanded. With `keepTransposed`, transposed
/// convolutions stay.
llvm::LogicalResult expandNamedOps(mlir::ModuleOp module,
                                   bool keepTransposed = false);

/// What `quanta-form-conv-transpose` does.
void formConvTranspose(mlir::ModuleOp module);

/// Transposed convolutions of sequences as such of images of one row.
void populateExpandConvTranspose1D(mlir::RewritePatternSet &patterns);
/// Transposed convolutions of images as named ones of the phases of their
/// results.
void populateExpandConvTranspose(mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_NAMEDOPS_H
