//===- TosaToQuanta.h - TOSA as quantized operations ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_TOSATOQUANTA_H
#define QUANTA_LIB_TRANSFORMS_TOSATOQUANTA_H

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"

namespace quanta {

/// Replaces operations of TOSA, one at a time and in order. Every value keeps
/// its type: casts of storage around each quantized operation give it the types
/// that the attributes of TOSA ask for, and disappear where these are there
/// already.
class TosaToQuanta {
public:
  explicit TosaToQuanta(mlir::Operation *op)
      : op(op), builder(op), loc(op->getLoc()) {}

  /// Fails with an error where there is no quantized operation for it.
  llvm::LogicalResult convert();

private:
  /// What convolutions of TOSA have in common.
  struct Convolution {
    enum Kind { Plain, Depthwise, Transposed } kind;
    mlir::Value input, weight, bias, inputZeroPoint, weightZeroPoint;
    llvm::ArrayRef<int64_t> pad, stride, dilation;
  };

  mlir::Operation *op;
  mlir::OpBuilder builder;
  mlir::Location loc;

  // One for each operation that `convert` knows.
  llvm::LogicalResult convert(mlir::tosa::Conv2DOp conv);
  llvm::LogicalResult convert(mlir::tosa::DepthwiseConv2DOp conv);
  llvm::LogicalResult convert(mlir::tosa::TransposeConv2DOp conv);
  llvm::LogicalResult convert(mlir::tosa::MatMulOp matmul);
  llvm::LogicalResult convert(mlir::tosa::RescaleOp rescale);
  llvm::LogicalResult convert(mlir::tosa::AddOp add);
  llvm::LogicalResult convert(mlir::tosa::SubOp sub);
  llvm::LogicalResult convert(mlir::tosa::MulOp mul);
  llvm::LogicalResult convert(mlir::tosa::ClampOp clamp);
  llvm::LogicalResult convert(mlir::tosa::TableOp table);
  llvm::LogicalResult convert(mlir::tosa::NegateOp negate);
  llvm::LogicalResult convert(mlir::tosa::AvgPool2dOp pool);
  llvm::LogicalResult convert(mlir::tosa::MaxPool2dOp pool);
  llvm::LogicalResult convert(mlir::tosa::PadOp pad);
  llvm::LogicalResult convert(mlir::tosa::ResizeOp resize);
  llvm::LogicalResult convert(mlir::tosa::ReshapeOp reshape);
  llvm::LogicalResult convert(mlir::tosa::TransposeOp transpose);
  llvm::LogicalResult convert(mlir::tosa::SliceOp slice);
  llvm::LogicalResult convert(mlir::tosa::ConcatOp concat);
  llvm::LogicalResult convert(mlir::tosa::IdentityOp identity);
  llvm::LogicalResult convert(mlir::tosa::ConstOp constant);

  llvm::LogicalResult convertConvolution(const Convolution &conv);
  /// Filters, channels of the group, taps; transposed, channels come first.
  llvm::FailureOr<mlir::Value> convertWeights(const Convolution &conv,
                                              mlir::quant::QuantizedType type);
  /// Null for zeros, which are no bias.
  llvm::FailureOr<mlir::Value> convertBias(mlir::Value bias, int64_t filters,
                                           mlir::quant::QuantizedType type);
  llvm::FailureOr<mlir::quant::QuantizedType>
  getSourceType(mlir::tosa::RescaleOp rescale, int64_t zeroPoint);
  static mlir::quant::QuantizedType withFactors(mlir::quant::QuantizedType type,
                                                llvm::ArrayRef<double> factors,
                                                llvm::ArrayRef<double> results,
                                                int32_t axis);
  /// What an operand of arithmetic in i32 is rescaled from, and by how much.
  struct RescaledOperand {
    mlir::Value value;
    mlir::quant::QuantizedType type;
    double factor;
  };
  llvm::FailureOr<RescaledOperand> getRescaledOperand(mlir::Operation *sum,
                                                      unsigned number);
  /// Arithmetic that the rescale behind it takes along, or an error.
  llvm::LogicalResult convertBetween();
  llvm::LogicalResult convertBinary(mlir::tosa::RescaleOp rescale,
                                    mlir::Operation *sum);

  /// The elements of a constant of TOSA or arith, behind casts of storage.
  static mlir::DenseElementsAttr getElements(mlir::Value value);
  static mlir::quant::QuantizedType makeType(mlir::MLIRContext *context,
                                             unsigned width, bool isSigned,
                                             double scale, int64_t zeroPoint);
  /// `type` at scales `scale * factors[c]`, along `axis` if there are several.
  static mlir::quant::QuantizedType withScales(mlir::quant::QuantizedType type,
                                               double scale,
                                               llvm::ArrayRef<double> factors,
                                               int32_t axis);
  /// `value` with dimension `order[i]` as dimension `i`; constants are moved at
  /// compile time.
  mlir::Value transposeStorage(mlir::Value value,
                               llvm::ArrayRef<int64_t> order);

  /// An error at the operation, with no counterpart in quanta.
  mlir::InFlightDiagnostic refuse();

  /// The type of 8 bits that `value` has, or i8 at scale 1 for plain integers,
  /// with this zero point. An error if its type has another one.
  llvm::FailureOr<mlir::quant::QuantizedType>
  getType(mlir::Value value, int64_t zeroPoint, bool isUnsigned = false);
  /// The same for operations that take the zero points of a type as they are.
  llvm::FailureOr<mlir::quant::QuantizedType> getType(mlir::Value value);
  /// `value` as a tensor with this quantized type: itself, or its storage.
  mlir::Value as(mlir::Value value, mlir::quant::QuantizedType type);
  /// The operation is replaced by `value`, in the type that it has.
  void replace(mlir::Value value);
  mlir::Value getStorage(mlir::Value value);

  /// The only element of a constant, or an error.
  llvm::FailureOr<int64_t> getZeroPoint(mlir::Value value,
                                        bool isUnsigned = false);
  /// The factors of a rescale, or an error.
  llvm::FailureOr<llvm::SmallVector<double>>
  getFactors(mlir::tosa::RescaleOp rescale);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_TOSATOQUANTA_H
