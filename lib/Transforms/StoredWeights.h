//===- StoredWeights.h - Products with weights stored as integers *- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_STOREDWEIGHTS_H
#define QUANTA_LIB_TRANSFORMS_STOREDWEIGHTS_H

#include "quanta/Targets/Dot.h"
#include "quanta/Transforms/Products.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace quanta {

/// A parameter of weights: constants indexed through `map` by the iterators of
/// the product, or without a map one that is the same for all.
struct StoredParameter {
  mlir::DenseElementsAttr values;
  mlir::AffineMap map;
};

/// Constant weights that are dequantized where they are multiplied:
/// `f32(ext(w) - zp) * s`.
struct StoredWeights {
  mlir::DenseElementsAttr weights;
  mlir::AffineMap map;
  /// f32; null is 1. i32; null is 0.
  StoredParameter scales, zeroPoints;
  unsigned bits;
  bool isSigned;
  /// The inputs that hold the float factor and the weights.
  unsigned lhs, rhs;
};

/// Recognises the body `fma(x, f32(ext(w) - zp) * s, acc)` with constant
/// weights: what `quanta.weight_only_contract` becomes.
std::optional<StoredWeights> matchStoredWeights(mlir::linalg::LinalgOp op);

/// The instruction for weights of which the parameters follow iterator `k` of
/// `size` indices, along which they are packed; null if they follow no blocks.
/// A column whose parameters do not follow `k` at all has one block of `all`
/// elements. Tiles are the float instruction's.
DotAttrInterface getStoredDot(const StoredWeights &stored, unsigned k,
                              int64_t size, int64_t all,
                              DotAttrInterface floatDot);

/// The columns of a right factor of `n` columns and depth `k` as
/// `#quanta.stored_fma` wants them. `setIterators` moves `iterators` to element
/// (k, n).
using SetIterators = llvm::function_ref<void(
    int64_t k, int64_t n, llvm::MutableArrayRef<int64_t> iterators)>;
void packStored(const StoredWeights &stored, const DotShape &shape, int64_t n,
                int64_t k, SetIterators setIterators,
                llvm::MutableArrayRef<int8_t> to);

/// A product of such weights, which are its `rhs`.
struct StoredProduct : Product {
  StoredWeights stored;
};

/// A product whose left factor is such weights becomes one whose right factor
/// they are, with the result transposed: columns are what kernels pack. Returns
/// the new product, or `op` as it is.
mlir::linalg::LinalgOp moveStoredWeightsRight(mlir::linalg::LinalgOp op);

/// Recognises such a product, summed over one iterator.
std::optional<StoredProduct> matchStoredProduct(mlir::linalg::LinalgOp op);

/// The instruction for a product, with tiles as the float instruction's; null
/// if scales follow no blocks along K.
DotAttrInterface getStoredDot(const StoredProduct &product,
                              DotAttrInterface floatDot);

/// The weights as `#quanta.stored_fma` wants them, once for each batch: their
/// bytes, and with `sizes` those of the batches.
llvm::SmallVector<int8_t> packStored(const StoredProduct &product,
                                     DotAttrInterface dot,
                                     llvm::SmallVectorImpl<int64_t> &sizes);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_STOREDWEIGHTS_H
