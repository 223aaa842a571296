//===- ScaleProducer.h - Factors folded into what makes a tensor *- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_SCALEPRODUCER_H
#define QUANTA_LIB_TRANSFORMS_SCALEPRODUCER_H

#include "quanta/Interfaces/QuantizableOpInterface.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace quanta {

/// Multiplies index i of dimension `axis` of `value` by `factors[i]`, a
/// positive power of two, by changing constants of the operations that compute
/// it: a factor or terms of elementwise work, the weights and the bias of a
/// contraction for which `mayScaleWeights` holds. Maxima, minima, transposes
/// and reshapes that keep the channels whole are passed through. `value` and
/// what is changed must have no other reader. Changes nothing if it fails.
llvm::LogicalResult
scaleProducer(mlir::Value value, int64_t axis, llvm::ArrayRef<float> factors,
              llvm::function_ref<bool(QuantizableOpInterface)> mayScaleWeights);

/// A constant with index i of dimension `axis` multiplied by `factors[i]`.
mlir::Value scaleConstant(mlir::OpBuilder &builder, mlir::Value constant,
                          int64_t axis, llvm::ArrayRef<float> factors);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_SCALEPRODUCER_H
