//===- ContractionLayout.h - Iterators of a contraction -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_CONTRACTIONLAYOUT_H
#define QUANTA_LIB_TRANSFORMS_CONTRACTIONLAYOUT_H

#include "quanta/Transforms/NamedContractions.h"

namespace quanta {

/// The iterators of a contraction by where they occur: in both factors and the
/// result, in one factor and the result, or in both factors alone. A
/// convolution has windows besides.
struct ContractionLayout {
  llvm::SmallVector<unsigned> batch, rows, columns, sums;
  llvm::SmallVector<WindowStep> windows;
  /// How many consecutive indices of the only one in `batch` read the same
  /// channel of the left factor: a depthwise convolution with several filters
  /// for each.
  int64_t multiplier = 1;
  /// Of a convolution with groups whose channels are one dimension: how many
  /// filters and channels a group has.
  std::optional<std::pair<int64_t, int64_t>> group;

  /// Nothing if an index is of another kind.
  static std::optional<ContractionLayout>
  get(llvm::ArrayRef<mlir::AffineMap> maps);

  /// The dimensions of a tensor with `map` that iterators select, in their
  /// order; a window is where its position or tap is.
  static llvm::SmallVector<int64_t> getDims(mlir::AffineMap map,
                                            llvm::ArrayRef<unsigned> iterators);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_CONTRACTIONLAYOUT_H
