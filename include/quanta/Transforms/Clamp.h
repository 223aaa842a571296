//===- Clamp.h - Recognise clamps -----------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_CLAMP_H
#define QUANTA_TRANSFORMS_CLAMP_H

#include "mlir/IR/Operation.h"

#include <optional>

namespace quanta {

/// `min(max(input, low), high)`; either bound may be infinite.
struct ClampBounds {
  mlir::Value input;
  float low;
  float high;
};

/// `value` bounded by a constant from below or above. NaN stays, or becomes the
/// constant.
struct ClampStep {
  mlir::Value value;
  float constant;
  bool isLower;
  bool keepsNaN;
};

/// Recognises one of the operations below, of scalars; its constant is a
/// number.
std::optional<ClampStep> matchClampStep(mlir::Operation *op);

/// Recognises a tensor computed by an elementwise operation that only bounds
/// its input: ReLU, ReLU6, clip, written with `arith.maximumf`, `maxnumf`,
/// `minimumf`, `minnumf` or a comparison and `arith.select`, in any order.
std::optional<ClampBounds> matchClamp(mlir::Value tensor);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_CLAMP_H
