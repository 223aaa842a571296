//===- FloatForms.h - Quantized operations in float -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What quantized operations compute, as float operations on the values that
// their operands stand for.
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_FLOATFORMS_H
#define QUANTA_LIB_TRANSFORMS_FLOATFORMS_H

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/Builders.h"

namespace quanta {

/// `x` between the values of the stored integers `bounds`; an end of the
/// storage range is no bound. `params` is quantized per tensor.
mlir::Value buildFloatClamp(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value x, llvm::ArrayRef<int64_t> bounds,
                            const QuantParams &params);

/// The table as a step function of the floats, which `quanta-form-lookups`
/// evaluates to the same table.
mlir::Value buildFloatLookup(mlir::OpBuilder &builder, LookupOp op,
                             mlir::Value x);

/// `linalg.pooling_*` where there is one, `linalg.generic` otherwise; for the
/// mean, the sum divided by the number of elements.
mlir::Value buildFloatPool(mlir::OpBuilder &builder, MaxPoolOp op,
                           mlir::Value x);
mlir::Value buildFloatPool(mlir::OpBuilder &builder, AveragePoolOp op,
                           mlir::Value x);

/// `tensor.pad` with the value of the stored integer; with minus infinity for
/// the smallest of all, which is what maximum pooling pads with. Where channels
/// have different values, `tensor.insert_slice` into them.
mlir::Value buildFloatPad(mlir::OpBuilder &builder, PadOp op, mlir::Value x);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_FLOATFORMS_H
