//===- ProductSum.h - Sums of products in two operations --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_PRODUCTSUM_H
#define QUANTA_LIB_TRANSFORMS_PRODUCTSUM_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace quanta {

/// A factor of products that are summed. `map` says which element of `tensor`
/// iterators of the sum select.
struct SumFactor {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// A sum over elementwise products that nothing else reads, as frontends write
/// contractions that have no name.
struct ProductSum {
  mlir::linalg::GenericOp op;
  llvm::SmallVector<SumFactor> factors;

  /// The sum of two factors, neither of which is taken apart; nothing if `op`
  /// is none.
  static std::optional<ProductSum> match(mlir::linalg::GenericOp op);
  /// The same with the two factors that factor `index` is a product of in its
  /// place; nothing if it is none.
  std::optional<ProductSum> takeApart(size_t index) const;

  /// Whether `factor` has an index that is summed over.
  bool isSummed(const SumFactor &factor) const;
  /// Whether it is read again for indices of the result that others have.
  bool isRepeated(const SumFactor &factor) const;
};

/// Whether `value` is a constant, up to moves.
bool isWeights(mlir::Value value);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_PRODUCTSUM_H
