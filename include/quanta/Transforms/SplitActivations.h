//===- SplitActivations.h - Activations of 16 bits ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_SPLITACTIVATIONS_H
#define QUANTA_TRANSFORMS_SPLITACTIVATIONS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// Makes of each contraction with a factor of 16 bits contractions of 8 bits,
/// see `quanta-split-activations`.
void splitActivations(mlir::ModuleOp module);

/// The upper and the lower byte of a factor, each as the float tensor that it
/// stands for: their sum is the factor.
struct Bytes {
  mlir::Value upper, lower;
};

/// The bytes of `quantized`, a tensor with one scale in 16 bits, dequantized.
Bytes splitBytes(mlir::OpBuilder &builder, mlir::Location loc,
                 mlir::Value quantized);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_SPLITACTIVATIONS_H
