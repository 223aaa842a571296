//===- FloatSums.h - Sums that are floats without conversion ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_FLOATSUMS_H
#define QUANTA_LIB_TRANSFORMS_FLOATSUMS_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// The bits of 2^23 as f32: the integers from 2^23 to 2^24 follow it one by
/// one.
constexpr int32_t floatSumStart = 0x4B000000;

/// Rewrites the part of an epilogue before `rounding`, if that is a product
/// `f32(sum) * multiplier`, for sums that start from `floatSumStart`: taken as
/// bits of an f32 they are `2^23 + sum`, and
///
///   fma(2^23 + sum, multiplier, -2^23 * multiplier)
///
/// is the same product, rounded once as before, in one instruction instead of
/// two. This is so for sums from 0 to 2^23; below, bits are those of a float
/// that is at least 2^22 and below 2^23, which gives a negative product as
/// before, and rounding takes all of these to its lower bound. Returns false
/// and changes nothing where sums may be larger, multipliers are not known to
/// be positive, or the bound is below zero.
bool takeSumsAsFloats(FusedOpInterface op, mlir::Block &epilogue,
                      const ByteRounding &rounding);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_FLOATSUMS_H
