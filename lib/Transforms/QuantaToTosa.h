//===- QuantaToTosa.h - The quantized stage in TOSA -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_QUANTATOTOSA_H
#define QUANTA_LIB_TRANSFORMS_QUANTATOTOSA_H

#include "TosaBuilder.h"

#include "quanta/IR/Quanta.h"

#include "llvm/ADT/MapVector.h"

namespace quanta {

/// The order of four dimensions in which TOSA has images: two, `dims`, between
/// the others.
llvm::SmallVector<int64_t> putBetweenOthers(llvm::ArrayRef<int64_t> dims);

/// Operations of TOSA for quantized ones, and the values that go between them:
/// i8 tensors for all of 8 bits, i32 for accumulators.
class QuantaToTosa {
public:
  /// With `storageTypes`, elements are plain integers.
  explicit QuantaToTosa(bool storageTypes) : storageTypes(storageTypes) {}

  /// Adds what `op` is in TOSA beside it. False if it stays what it is; fails
  /// with an error where TOSA cannot say it.
  llvm::FailureOr<bool> convert(mlir::Operation *op);

  /// The value in TOSA of a quantized one.
  mlir::Value get(mlir::OpBuilder &builder, mlir::Value quantized);
  /// The quantized value for one in TOSA that `get` knows.
  mlir::Value getBack(mlir::OpBuilder &builder, mlir::Value quantized);

  llvm::MapVector<mlir::Value, mlir::Value> &getValues() { return values; }

  const bool storageTypes;

private:
  llvm::MapVector<mlir::Value, mlir::Value> values;

  mlir::Type getElementType(mlir::Type quantized) const;
  /// What is subtracted from stored integers.
  static int64_t getShift(const QuantParams &params);
  static int64_t getZeroPoint(const QuantParams &params) {
    return params.zeroPoint(0) - getShift(params);
  }

  llvm::LogicalResult convertOp(ConvTranspose2DOp op);
  llvm::LogicalResult convertOp(RequantizeOp op);
  llvm::LogicalResult convertOp(LookupOp op);
  llvm::LogicalResult convertOp(ConcatOp op);
  llvm::LogicalResult convertOp(PadOp op);
  llvm::LogicalResult convertOp(ResizeOp op);
  llvm::LogicalResult convertOp(QuantizeOp op);
  llvm::LogicalResult convertOp(DequantizeOp op);
  llvm::LogicalResult convertContraction(mlir::Operation *op, mlir::Value lhs,
                                         mlir::Value rhs, mlir::Value bias,
                                         llvm::ArrayRef<mlir::AffineMap> maps,
                                         int64_t channelDim);
  llvm::LogicalResult
  convertBinary(mlir::Operation *op, mlir::Value lhs, mlir::Value rhs,
                std::optional<llvm::ArrayRef<int64_t>> clamp);
  template <typename OpTy> llvm::LogicalResult convertPool(OpTy op);
  llvm::LogicalResult convertMove(mlir::Operation *op);
  bool convertStorageMove(mlir::Operation *op);

  /// `factors` as TOSA writes them, or an error at `op`.
  static llvm::FailureOr<llvm::SmallVector<TosaFactor, 1>>
  getFactors(mlir::Operation *op, llvm::ArrayRef<double> factors);
  /// `value` within the range of `to`, or within `clamp`, which is narrower.
  mlir::Value clamp(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value value, const QuantParams &to,
                    std::optional<llvm::ArrayRef<int64_t>> clamp);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_QUANTATOTOSA_H
