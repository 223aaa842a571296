//===- IntegerRounding.h - Recognise the end of a requantization -*- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_INTEGERROUNDING_H
#define QUANTA_LIB_TRANSFORMS_INTEGERROUNDING_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <optional>

namespace quanta {

/// `fptosi(minnumf(maxnumf(roundeven(x) + zeroPoint, low), high))` of an f32,
/// with constants that are integers of at most 2^16 in magnitude.
struct IntegerRounding {
  mlir::math::RoundEvenOp round;
  int64_t zeroPoint, low, high;
  /// Whether nothing else reads what is not yet clamped.
  bool isOnlyUse;
};

std::optional<IntegerRounding> matchIntegerRounding(mlir::arith::FPToSIOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_INTEGERROUNDING_H
