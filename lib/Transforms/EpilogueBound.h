//===- EpilogueBound.h - How large and small values get ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H
#define QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H

#include "mlir/IR/Value.h"

namespace quanta {

/// Between what the magnitude of a value is, if the value is not zero.
struct Magnitude {
  /// Zero where nothing is known.
  double least;
  /// Infinity where nothing is known, or the value may not be a number.
  double greatest;
};

/// The magnitude of a scalar f32 or integer that `value` computes. `values[i]`
/// is the buffer or scalar whose elements argument `i` of the block takes; null
/// where they may be anything.
Magnitude getMagnitude(mlir::Value value, llvm::ArrayRef<mlir::Value> values);

/// Its upper bound.
double getEpilogueBound(mlir::Value value, llvm::ArrayRef<mlir::Value> values);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H
