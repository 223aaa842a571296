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

/// What weights that a product dequantizes are stored as. Its `rhs` is theirs.
struct StoredProduct : Product {
  mlir::DenseElementsAttr weights;
  /// f32; null is 1. i32; null is 0.
  StoredParameter scales, zeroPoints;
  unsigned bits;
};

/// Recognises `fma(x, f32(ext(w) - zp) * s, acc)` with constant weights, summed
/// over one iterator: what `quanta.weight_only_contract` becomes.
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
