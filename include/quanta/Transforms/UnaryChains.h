//===- UnaryChains.h - Functions of one variable --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_UNARYCHAINS_H
#define QUANTA_TRANSFORMS_UNARYCHAINS_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace quanta {

/// Operations of one block, of one result each, that together compute a
/// function of one value.
struct UnaryChain {
  mlir::Value source;
  /// In the order of the program; the last one has the result.
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The values that an operation computes from, constants left out; nothing if
/// it cannot be part of a chain.
using GetVaryingInputs =
    llvm::function_ref<std::optional<llvm::SmallVector<mlir::Value>>(
        mlir::Operation *)>;

/// The longest chain of two operations or more that ends with `root` and starts
/// from a value that `isSource` accepts. What others read, other than its size,
/// is no part of one but for the root.
std::optional<UnaryChain>
findUnaryChain(mlir::Operation *root, GetVaryingInputs getInputs,
               llvm::function_ref<bool(mlir::Value)> isSource);

/// Removes what is left of a chain whose last result is `result` now. Sizes of
/// results in between are those of its source.
void replaceChain(const UnaryChain &chain, mlir::Value result);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_UNARYCHAINS_H
