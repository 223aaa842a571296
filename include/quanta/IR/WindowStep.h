//===- WindowStep.h - What windows do along a dimension ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_WINDOWSTEP_H
#define QUANTA_IR_WINDOWSTEP_H

#include "mlir/IR/AffineMap.h"

#include <optional>
#include <utility>

namespace quanta {

/// What a window does along one spatial dimension of a convolution: the input
/// is read at `position * stride + tap * dilation`.
struct WindowStep {
  /// Iterators.
  unsigned position, tap;
  int64_t stride, dilation;
};

/// Takes an index of that form apart; `result` is the map of the result, which
/// has the position and not the tap.
std::optional<WindowStep> matchWindowStep(mlir::AffineExpr expr,
                                          mlir::AffineMap result);

/// Position of the result of `map` that is iterator `dim` alone.
std::optional<int32_t> findDim(mlir::AffineMap map, unsigned dim);

/// Whether the factors of a contraction, whose maps come first, say how far
/// iterator `dim` of the result runs: one has it as a dimension, or a window
/// takes so many steps along one.
bool isSizeKnown(llvm::ArrayRef<mlir::AffineMap> maps, unsigned dim);

/// Adds `expr * factor` to `terms`, a coefficient for each iterator. False if
/// it is no sum of iterators times constants.
bool addTerms(mlir::AffineExpr expr, int64_t factor,
              llvm::SmallVectorImpl<std::pair<unsigned, int64_t>> &terms);

} // namespace quanta

#endif // QUANTA_IR_WINDOWSTEP_H
