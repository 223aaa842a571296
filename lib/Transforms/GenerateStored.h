//===- GenerateStored.h - Sums over weights stored as integers --*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_GENERATESTORED_H
#define QUANTA_LIB_TRANSFORMS_GENERATESTORED_H

#include "TileBuilder.h"

namespace quanta {

/// Adds to the `rows` times `vectors` accumulators of a tile all products along
/// K, in order. The weights of its columns are packed for `#quanta.stored_fma`
/// from byte `start` on; `row` is the first row of the left factor.
llvm::SmallVector<mlir::Value>
buildStoredProducts(TileBuilder &tile, mlir::Value start, mlir::Value row,
                    int64_t rows, int64_t k, int64_t vectors,
                    mlir::ValueRange accumulators);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_GENERATESTORED_H
