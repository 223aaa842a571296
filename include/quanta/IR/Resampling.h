//===- Resampling.h - Where resized tensors are read ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_RESAMPLING_H
#define QUANTA_IR_RESAMPLING_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// The least common denominator of the places at which `quanta.resize` reads
/// `in` elements for `out` results. Both are positive.
int64_t getResamplingDenominator(ResizeCoordinates coordinates, int64_t in,
                                 int64_t out);

/// These places as multiples of `1 / denominator`, from 0 to
/// `(in - 1) * denominator`.
llvm::SmallVector<int64_t> getResamplingPlaces(ResizeCoordinates coordinates,
                                               int64_t in, int64_t out);

/// The elements at these places, rounded so.
llvm::SmallVector<int64_t> getNearestPlaces(ResizeCoordinates coordinates,
                                            ResizeRounding rounding, int64_t in,
                                            int64_t out);

} // namespace quanta

#endif // QUANTA_IR_RESAMPLING_H
