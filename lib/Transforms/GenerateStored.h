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

/// Indices of element `depth` of row `row` of a tile in the left factor.
using LhsIndices =
    llvm::function_ref<RowIndices(int64_t row, mlir::Value depth)>;

/// Adds to the `rows` times `vectors` accumulators of a tile the products along
/// `k` elements, whole blocks of weights, in order. The weights of the tile's
/// columns are packed for `#quanta.stored_fma` from byte `start` on.
llvm::SmallVector<mlir::Value>
buildStoredProducts(TileBuilder &tile, mlir::Value start, int64_t k,
                    int64_t rows, int64_t vectors, LhsIndices getIndices,
                    mlir::ValueRange accumulators);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_GENERATESTORED_H
