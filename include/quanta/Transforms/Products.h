//===- Products.h - Recognise matrix products -----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_PRODUCTS_H
#define QUANTA_TRANSFORMS_PRODUCTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineMap.h"

#include <optional>

namespace quanta {

/// One factor of a product: `ext(tensor) - zeroPoint`, f32 elements, or f16 or
/// bf16 elements extended to f32.
struct Factor {
  mlir::Value tensor;
  mlir::AffineMap map;
  bool isSigned;
  int32_t zeroPoint;
};

/// A matrix product in the order in which kernels compute it:
///
///   out[rows..., n] = init[rows..., n] + sum_k lhs[rows..., k] * rhs[batch...,
///   k, n]
///
/// where `batch` are those of the rows that the right factor has too. The
/// factors may be the operation's in the other order.
struct Product {
  Factor lhs, rhs;
  mlir::Value init;
  bool isFloat;
  /// Whether f32 products and sums are rounded once, as by `math.fma`.
  bool isFused = false;
  /// Iterators of the operation in the order of its result; the last is `n`.
  llvm::SmallVector<unsigned> outDims;
  unsigned k;
  /// Positions in `outDims`, ascending.
  llvm::SmallVector<int64_t> batch;

  unsigned n() const { return outDims.back(); }
  /// Size of iterator `dim`, which `factor` has.
  static int64_t sizeOf(const Factor &factor, unsigned dim);
};

/// Sorts the iterators of a product, whose result has the map `out`, into rows,
/// batches, one n and one k; false if it is no product of matrices. Swaps the
/// factors if they are in the other order.
bool classifyProduct(mlir::AffineMap out, Product &product);

/// Recognises `linalg` operations on tensors of 8-bit integers with i32 sums,
/// or of f32 with one factor that may be f16 or bf16, that multiply two factors
/// and sum over one iterator: products of matrices and batches of them, in any
/// order of dimensions.
std::optional<Product> matchProduct(mlir::linalg::LinalgOp op);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_PRODUCTS_H
