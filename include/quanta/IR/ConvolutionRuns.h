//===- ConvolutionRuns.h - Taps that lie next to each other ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_CONVOLUTIONRUNS_H
#define QUANTA_IR_CONVOLUTIONRUNS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MathExtras.h"

#include <cstdint>

namespace quanta {

/// The elements that one output of a channels-last convolution reads: `rows`
/// rows of the image, in each of them `perRow` runs of `length` consecutive
/// elements.
struct ConvolutionRuns {
  int64_t rows, perRow, length;

  static ConvolutionRuns get(llvm::ArrayRef<int64_t> kernel,
                             llvm::ArrayRef<int64_t> dilations,
                             int64_t channels) {
    if (dilations[1] == 1 || kernel[1] == 1)
      return {kernel[0], 1, kernel[1] * channels};
    return {kernel[0], kernel[1], channels};
  }

  int64_t count() const { return rows * perRow; }
  /// Depth of the packed weights, where that of a run is a multiple of `unit`.
  int64_t depth(int64_t unit) const {
    return count() * llvm::alignTo(length, unit);
  }
};

} // namespace quanta

#endif // QUANTA_IR_CONVOLUTIONRUNS_H
