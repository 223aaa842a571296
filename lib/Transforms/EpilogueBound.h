//===- EpilogueBound.h - How large values of an epilogue get ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H
#define QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H

#include "mlir/IR/Value.h"

namespace quanta {

/// A bound on the magnitude of a scalar f32 or integer that `value` computes;
/// infinity if there is none, or if the value may not be a number. `values[i]`
/// is the buffer or scalar whose elements argument `i` of the block takes; null
/// where they may be anything.
double getEpilogueBound(mlir::Value value, llvm::ArrayRef<mlir::Value> values);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_EPILOGUEBOUND_H
