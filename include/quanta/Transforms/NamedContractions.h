//===- NamedContractions.h - linalg's name of a contraction ---*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H
#define QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H

#include "quanta/IR/WindowStep.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace quanta {

/// The sum of products over `maps` (lhs, rhs, result) of float tensors as an
/// operation of linalg, added to `init`: `linalg.matmul`,
/// `linalg.batch_matmul`, a named convolution of one to three dimensions, or
/// `linalg.contract`, if its maps are those. A convolution with groups of
/// channels in one dimension is `linalg.conv_2d_ngchw_gfchw` between reshapes.
/// Null if linalg has no name for it.
mlir::Value buildNamedContraction(mlir::OpBuilder &builder, mlir::Location loc,
                                  mlir::Value lhs, mlir::Value rhs,
                                  mlir::Value init,
                                  llvm::ArrayRef<mlir::AffineMap> maps);

/// The sizes of a contraction's result of `type`: a dynamic one is that of a
/// factor, or as many positions as a window has room for in one.
llvm::SmallVector<mlir::OpFoldResult>
getResultSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value lhs,
               mlir::Value rhs, llvm::ArrayRef<mlir::AffineMap> maps,
               mlir::RankedTensorType type);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_NAMEDCONTRACTIONS_H
