//===- Transposes.h - Moving transposes through a program -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_TRANSPOSES_H
#define QUANTA_TRANSFORMS_TRANSPOSES_H

#include "mlir/IR/PatternMatch.h"

namespace quanta {

/// `linalg.transpose` of a ranked tensor: dimension i of the result is
/// dimension `permutation[i]` of the input.
mlir::Value buildTranspose(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value input,
                           llvm::ArrayRef<int64_t> permutation);

/// Where `tensor`, read through `map`, is transposed: its input, and the map
/// that reads the same elements of it.
void lookThroughTranspose(mlir::Value &tensor, mlir::AffineMap &map);

/// Transposes move behind what reads them: elementwise operations, padding,
/// concatenation; there they meet and cancel. Fills and broadcasts take them
/// up.
void populateSinkTransposePatterns(mlir::RewritePatternSet &patterns);

/// Transposes move before elementwise operations and padding between them and
/// an argument of the function, and into the maps by which those read.
void populateRaiseTransposePatterns(mlir::RewritePatternSet &patterns);

/// What is left: reductions read in the other order, and a transpose that moves
/// only dimensions of size 1 becomes a reshape.
void populateAbsorbTransposePatterns(mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_TRANSPOSES_H
