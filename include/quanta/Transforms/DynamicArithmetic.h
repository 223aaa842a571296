//===- DynamicArithmetic.h - Dynamic quantization as operations -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_DYNAMICARITHMETIC_H
#define QUANTA_TRANSFORMS_DYNAMICARITHMETIC_H

#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/Builders.h"
#include "mlir/Transforms/DialectConversion.h"

namespace quanta {

/// Scales (f32) and zero points (i32; null where the type says them) of the
/// rows of a tensor: tensors of the sizes of dimensions `rows`.
struct DynamicRanges {
  mlir::Value scale;
  mlir::Value zeroPoint;
};

/// Rule 7: the parameters of each row of a float tensor.
DynamicRanges buildDynamicRanges(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::Value input,
                                 llvm::ArrayRef<int64_t> rows,
                                 const QuantParams &params, bool isSymmetric);

/// Float tensor to storage of `params` with the parameters of its rows.
mlir::Value buildDynamicQuantize(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::Value input,
                                 llvm::ArrayRef<int64_t> rows,
                                 const QuantParams &params,
                                 const DynamicRanges &ranges);

/// Float tensor to the nearest values of the ranges of its rows.
mlir::Value buildDynamicFakeQuant(mlir::OpBuilder &builder, mlir::Location loc,
                                  mlir::Value input,
                                  llvm::ArrayRef<int64_t> rows,
                                  const QuantParams &params, bool isSymmetric);

/// Patterns that lower `quanta.dynamic_quantize` and
/// `quanta.subtract_zero_point` to linalg on storage.
void populateDynamicLowerings(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_DYNAMICARITHMETIC_H
