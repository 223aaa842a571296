//===- MultiplyAdd.h - Recognise what contractions sum ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_MULTIPLYADD_H
#define QUANTA_LIB_TRANSFORMS_MULTIPLYADD_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace quanta {

/// The body of a contraction of two factors: `out + lhs * rhs`.
struct MultiplyAdd {
  /// `ext(element) - zeroPoint` of integers; floats as they are.
  struct Factor {
    bool isSigned = true;
    int32_t zeroPoint = 0;
  };

  Factor lhs, rhs;
  bool isFloat = false;
  /// Whether f32 products and sums are rounded once, by `math.fma`; the right
  /// factor may then be f16 or bf16.
  bool isFused = false;
};

/// Nothing if the body of `op`, which has two inputs and one output, is another
/// one.
std::optional<MultiplyAdd> matchMultiplyAdd(mlir::linalg::LinalgOp op);

/// Whether the operands are i8, i8 and i32, or all f32, or f32 but for the
/// second one in f16 or bf16.
bool hasFactorTypes(mlir::linalg::LinalgOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_MULTIPLYADD_H
