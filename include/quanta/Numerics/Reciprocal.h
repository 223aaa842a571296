//===- Reciprocal.h - Division by a constant as a product -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_NUMERICS_RECIPROCAL_H
#define QUANTA_NUMERICS_RECIPROCAL_H

#include <cstdint>
#include <optional>

namespace quanta {

/// 1 / divisor as a sum of two floats, so that `fma(x, high, x * low)` is
/// `x / divisor`. The functions give nothing where no such pair is known to be
/// right: for powers of two, whose division is a single product anyway, for
/// divisors that are not positive or beyond 2^100 or 2^-100, and for a few
/// others.
///
/// Source: Brisebarre, Muller, Raina, "Accelerating Correctly Rounded
/// Floating-Point Division When the Divisor Is Known in Advance", IEEE
/// Transactions on Computers 53(8), 2004.
struct Reciprocal {
  float high, low;

  static constexpr double leastQuotient = 0x1p-100;

  /// The same bits as the quotient for every x whose quotient is zero,
  /// infinite, NaN or at least `leastQuotient` in magnitude. Smaller quotients
  /// may differ in their last bit.
  static std::optional<Reciprocal> get(float divisor);

  static constexpr int64_t greatestRounded = 1 << 16;

  /// For every x, the same bits as the quotient once both are rounded to even
  /// integers and clamped to bounds within `greatestRounded` in magnitude.
  static std::optional<Reciprocal> getForRounding(float divisor);
};

} // namespace quanta

#endif // QUANTA_NUMERICS_RECIPROCAL_H
