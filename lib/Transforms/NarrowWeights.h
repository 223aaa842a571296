//===- NarrowWeights.h - Constant weights of less than a byte ---*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_NARROWWEIGHTS_H
#define QUANTA_LIB_TRANSFORMS_NARROWWEIGHTS_H

#include "quanta/Targets/Dot.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace quanta {

/// Constant weights of fewer bits that became bytes: what they can be.
struct NarrowWeights {
  mlir::Value bytes;
  unsigned bits;
  bool isSigned;

  int64_t low() const { return isSigned ? -(int64_t(1) << (bits - 1)) : 0; }
};

/// Weights of fewer than 8 bits of a contraction become bytes, read as signed
/// numbers: those are what instructions and vectors take. Returns the last of
/// them.
std::optional<NarrowWeights> widenWeights(mlir::linalg::LinalgOp op);

/// The instruction for the bytes of such weights, from `low` on, with which
/// several of them share a byte in memory; `dot` itself if blocks of its
/// `vectors` vectors do not allow that.
DotAttrInterface getNarrowDot(DotAttrInterface dot, unsigned bits, int64_t low,
                              int64_t vectors);

/// Packed bytes as `dot` wants them.
llvm::SmallVector<int8_t> shareBytes(llvm::ArrayRef<int8_t> weights,
                                     DotAttrInterface dot);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_NARROWWEIGHTS_H
