//===- AccumulatorRange.h - What the sums of a contraction can reach -- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_ACCUMULATORRANGE_H
#define QUANTA_LIB_TRANSFORMS_ACCUMULATORRANGE_H

#include "mlir/IR/Operation.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace quanta {

/// Bounds of every partial sum, in any order, of a quantized contraction, its
/// bias included.
struct AccumulatorRange {
  /// Products that are summed; nothing if a size is dynamic.
  std::optional<int64_t> terms;
  /// The bounds; of a single product if `terms` is unknown. A bound that does
  /// not fit is the nearest i64.
  int64_t low = 0, high = 0;
  /// Bounds of the bias alone, which the others include.
  int64_t biasLow = 0, biasHigh = 0;
  /// Whether these are of its values, not those of any i32.
  bool isBiasKnown = true;

  bool fitsI32() const {
    return low >= std::numeric_limits<int32_t>::min() &&
           high <= std::numeric_limits<int32_t>::max();
  }

  /// Widens the bounds to those of both signs of the left factor.
  void makeSymmetric();

  /// How many products can be summed without leaving i32, if each may be the
  /// extreme one.
  int64_t getMaxTerms() const;

  /// Of a quanta.matmul or quanta.contract. Zero lies between the extremes of
  /// both factors, so positive and negative products bound all partial sums.
  /// Constant weights and biases count with their values, others with the
  /// ranges of their types.
  static AccumulatorRange get(mlir::Operation *op);

  /// An error if the sums of `op` may leave i32, where they would wrap around.
  /// What the program does not tell, a length or a bias, is no reason for one:
  /// see AccumulatorChecks.h.
  static llvm::LogicalResult refuseWrap(mlir::Operation *op);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_ACCUMULATORRANGE_H
