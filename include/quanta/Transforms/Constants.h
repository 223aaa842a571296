//===- Constants.h - Constant tensors as C++ values -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_CONSTANTS_H
#define QUANTA_TRANSFORMS_CONSTANTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace mlir {
class RewriterBase;
namespace tensor {
class PadOp;
} // namespace tensor
} // namespace mlir

namespace quanta {

class FakeQuantOp;

/// The constant that defines `value`, inline or a resource blob; null if there
/// is none.
mlir::ElementsAttr getConstant(mlir::Value value);

/// The same as an inline constant; null also if the blob cannot be read.
mlir::DenseElementsAttr getDenseConstant(mlir::Value value);

/// The elements of a constant f32 tensor.
std::optional<llvm::SmallVector<float>> getConstantFloats(mlir::Value value);

/// What the operation makes of the elements of a constant; nothing if it reads
/// something else.
std::optional<llvm::SmallVector<float>> getRoundedConstant(FakeQuantOp op);

/// The elements of a constant integer tensor, sign-extended.
std::optional<llvm::SmallVector<int32_t>> getConstantInts(mlir::Value value);

/// The constant storage of a quantized tensor, as its signedness says.
std::optional<llvm::SmallVector<int32_t>>
getStoredValues(mlir::Value quantized);

/// A constant tensor; `values` has one entry for each element.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<float> values);
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<int32_t> values);
/// i8 storage of `values`.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<int8_t> values);

/// i16, for f16 or bf16 seen as bits.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<int16_t> bits, mlir::FloatType type);

/// The one value that a padding writes, defined in front of it; null if there
/// are several.
mlir::Value takePadding(mlir::tensor::PadOp pad, mlir::RewriterBase &rewriter);

/// Whether `value` is a tensor of zeros: a constant, or filled with one.
bool isZeroTensor(mlir::Value value);

/// If `value` repeats a constant vector along every dimension but `dim`,
/// returns that vector as a value of rank 1.
mlir::Value getBroadcastVector(mlir::Value value, int64_t dim);

/// Evaluates transposes of constants; inlines resource blobs of floats.
llvm::LogicalResult foldConstants(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_CONSTANTS_H
