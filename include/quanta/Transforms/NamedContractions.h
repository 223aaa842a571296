//===- NamedContractions.h - linalg's name of a contraction ---*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H
#define QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

#include <optional>

namespace quanta {

/// What a window does along one spatial dimension of a convolution: the input
/// is read at `position * stride + tap * dilation`.
struct WindowStep {
  /// Iterators.
  unsigned position, tap;
  int64_t stride, dilation;
};

/// Takes an index of that form apart; `result` is the map of the result, which
/// has the position and not the tap.
std::optional<WindowStep> matchWindowStep(mlir::AffineExpr expr,
                                          mlir::AffineMap result);

/// The sum of products over `maps` (lhs, rhs, result) of float tensors as an
/// operation of linalg, added to `init`: `linalg.matmul`,
/// `linalg.batch_matmul`, a named convolution of one to three dimensions, or
/// `linalg.contract`, if its maps are those. Null if linalg has no name for it.
mlir::Value buildNamedContraction(mlir::OpBuilder &builder, mlir::Location loc,
                                  mlir::Value lhs, mlir::Value rhs,
                                  mlir::Value init,
                                  llvm::ArrayRef<mlir::AffineMap> maps);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H
