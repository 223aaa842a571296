//===- PoolWindows.h - Windows that a pooling looks at ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_POOLWINDOWS_H
#define QUANTA_LIB_TRANSFORMS_POOLWINDOWS_H

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace quanta {

/// Of each pooled dimension of the input its number, and size, stride and
/// dilation of the window along it.
struct PoolWindows {
  llvm::SmallVector<int64_t> dimensions, sizes, strides, dilations;
};

/// The windows of a pooling, whatever the order of its loops, if their sizes
/// are static and the result's dimensions are those of the input.
llvm::FailureOr<PoolWindows> getPoolWindows(mlir::linalg::LinalgOp op);
PoolWindows getPoolWindows(MaxPoolOp op);
PoolWindows getPoolWindows(AveragePoolOp op);

/// A tensor of `start` with the sizes of what is left of `input` behind the
/// windows.
mlir::Value createPoolInit(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value input, const PoolWindows &windows,
                           mlir::TypedAttr start);

/// What pooling makes of an element and what it made of those before it.
using PoolBody = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::Value element, mlir::Value sum)>;

/// The reduction of `input` over the windows, from `init`.
mlir::Value buildPool(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value input, const PoolWindows &windows,
                      mlir::Value init, PoolBody body);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_POOLWINDOWS_H
