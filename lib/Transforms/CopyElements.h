//===- CopyElements.h - Rows of bytes between buffers -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_COPYELEMENTS_H
#define QUANTA_LIB_TRANSFORMS_COPYELEMENTS_H

#include "TileBuilder.h"

namespace quanta {

/// Copies `count` bytes that lie next to each other from `from[at]` on to
/// `to[start]`, a vector of them at a time. `to` has rank 1.
void copyElements(TileBuilder &tile, mlir::Value from, mlir::ValueRange at,
                  mlir::Value to, mlir::Value start, int64_t count);

/// Zeros in their place.
void fillZeros(TileBuilder &tile, mlir::Value to, mlir::Value start,
               int64_t count);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_COPYELEMENTS_H
