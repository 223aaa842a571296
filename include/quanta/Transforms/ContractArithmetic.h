//===- ContractArithmetic.h - The numerics contract as operations *- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_CONTRACTARITHMETIC_H
#define QUANTA_TRANSFORMS_CONTRACTARITHMETIC_H

#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"

#include <optional>

namespace quanta {

/// Builds the body of an elementwise operation from one element of each input.
using ElementwiseBody = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// A parameter of a quantized type, as an elementwise body needs it: one number
/// in the body, or an element of a constant tensor along the quantized
/// dimension, which becomes another input.
class ElementwiseBuilder {
public:
  /// Works on tensors of the shape of `input`, which is the first input.
  ElementwiseBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value input);

  /// Adds a tensor read at the same indices; returns its number.
  unsigned addInput(mlir::Value tensor);
  /// Adds a tensor whose dimensions are `dims` of the first input.
  unsigned addInput(mlir::Value tensor, llvm::ArrayRef<int64_t> dims);
  /// Adds one value for each channel of dimension `axis`, or a single one.
  /// Later `get` finds it.
  template <typename T>
  unsigned addParameter(llvm::ArrayRef<T> values, std::optional<int32_t> axis);
  /// The same for one value for each scale of `params`, which may have blocks.
  template <typename T>
  unsigned addParameter(llvm::ArrayRef<T> values, const QuantParams &params);

  /// Builds the operation. `body` receives the element of the first input; it
  /// reads the others through `get`.
  mlir::Value build(mlir::Type elementType, ElementwiseBody body);

  /// Value of input or parameter `index` inside of the body.
  mlir::Value get(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::ValueRange elements, unsigned index) const;

private:
  struct Operand {
    /// Number among the linalg inputs, or -1 for a number in the body.
    int position;
    mlir::TypedAttr constant;
  };
  mlir::OpBuilder &builder;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::AffineMap> maps;
  llvm::SmallVector<Operand> operands;
  int64_t rank;
};

/// The scales, as arithmetic uses them, and the zero points of a type.
llvm::SmallVector<float> getScales(const QuantParams &params);
llvm::SmallVector<int32_t> getZeroPoints(const QuantParams &params);

/// The sums of the elements of two tensors of the same type, f32 or integers.
mlir::Value addElements(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value lhs, mlir::Value rhs);

/// An uninitialised tensor of the sizes of `like`, its dynamic ones included.
mlir::Value createEmptyLike(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value like, mlir::Type elementType);

/// An f32 constant.
mlir::Value buildF32(mlir::OpBuilder &builder, mlir::Location loc, float value);

/// On scalars: `clamp(roundeven(x) + zp, range)` in f32.
mlir::Value buildRoundAndClamp(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value x, mlir::Value zeroPoint,
                               reference::StorageRange range);
/// On scalars: an f32 that is an integer of the storage range, as storage.
mlir::Value buildToStorage(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value x, mlir::IntegerType storage);
/// On scalars: storage as i32, by the signedness of the quantized type.
mlir::Value buildFromStorage(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value q, const QuantParams &params);

/// The same formulas on one element, of a type that is quantized per tensor:
/// rule 2 within `range`, rule 3, and its difference `q - zp` as i32.
mlir::Value buildScalarQuantize(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value x, const QuantParams &params,
                                reference::StorageRange range);
mlir::Value buildScalarDequantize(mlir::OpBuilder &builder, mlir::Location loc,
                                  mlir::Value q, const QuantParams &params);
mlir::Value buildScalarCenter(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value q, const QuantParams &params);

/// Rule 2: float tensor to storage of `params`.
mlir::Value buildQuantize(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value input, const QuantParams &params);

/// Rule 3: storage of `params` to float tensor.
mlir::Value buildDequantize(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value input, const QuantParams &params);

/// Rule 4: storage of `from` to storage of `to`, within `range`.
mlir::Value buildRequantize(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value input, const QuantParams &from,
                            const QuantParams &to,
                            reference::StorageRange range);

/// Rules 6 and 10: float tensor to the nearest values of a quantized type, or
/// of f16 or bf16.
mlir::Value buildFakeQuant(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value input, mlir::Type type);

/// f32 tensor to f16 or bf16.
mlir::Value buildTruncation(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value input, mlir::FloatType type);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_CONTRACTARITHMETIC_H
