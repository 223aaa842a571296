//===- QuantParams.h - Parameters of a quantized type ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_NUMERICS_QUANTPARAMS_H
#define QUANTA_NUMERICS_QUANTPARAMS_H

#include "quanta/Numerics/Reference.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/LogicalResult.h"

#include <optional>
#include <string>

namespace quanta {

/// A `!quant.uniform` type opened up: one entry of `scales` and `zeroPoints`
/// for a per-tensor type, one for each index of dimension `axis` of a per-axis
/// one, one for each block, in row-major order, of a sub-channel type.
struct QuantParams {
  mlir::quant::QuantizedType type;
  reference::StorageRange range;
  std::optional<int32_t> axis;
  llvm::SmallVector<double, 1> scales;
  llvm::SmallVector<int64_t, 1> zeroPoints;
  /// Of a sub-channel type: for each dimension of the tensor the number of
  /// blocks, and of consecutive indices in one (0 where it is all of them).
  llvm::SmallVector<int64_t, 2> blockCounts, blockSizes;

  /// Opens a per-tensor or per-axis uniform type; nothing for other types.
  static std::optional<QuantParams> get(mlir::Type elementType);
  /// The same, for sub-channel types too: those of weights.
  static std::optional<QuantParams> getOfWeight(mlir::Type elementType);

  bool hasBlocks() const { return !blockCounts.empty(); }
  /// Which of `scales` and `zeroPoints` belongs to element `index`, in
  /// row-major order, of a tensor with these sizes.
  size_t getChannel(llvm::ArrayRef<int64_t> shape, int64_t index) const;

  /// Scale of one channel as arithmetic uses it: rounded to f32, rule 1.
  float scale(size_t channel) const {
    return static_cast<float>(scales[scales.size() == 1 ? 0 : channel]);
  }
  int32_t zeroPoint(size_t channel) const {
    return static_cast<int32_t>(
        zeroPoints[zeroPoints.size() == 1 ? 0 : channel]);
  }
  bool hasZeroPoint() const {
    return llvm::any_of(zeroPoints, [](int64_t zp) { return zp != 0; });
  }
  /// Whether f32 holds the value of every element.
  bool hasFiniteValues() const;
  /// Whether elements can be all that the storage holds.
  bool isWholeRange() const;
  unsigned storageWidth() const { return type.getStorageTypeIntegralWidth(); }
  bool isSigned() const { return type.isSigned(); }
  /// Signless storage of arithmetic: i8, i4, i32...
  mlir::IntegerType storageType() const {
    return mlir::IntegerType::get(type.getContext(), storageWidth());
  }
};

/// Checks rules 1 and 2 of the contract for a tensor of `shapedType`'s shape
/// with `elementType`; reports the first violation to `emitError`. Sub-channel
/// types are for weights only.
llvm::LogicalResult
verifyQuantizedType(mlir::ShapedType shapedType, mlir::Type elementType,
                    llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                    bool isWeight = false);

/// Affine type whose range holds `[min, max]` and zero (PyTorch's
/// `MinMaxObserver` with `qscheme=per_tensor_affine`, without its floor on the
/// scale). An empty or zero range gives scale 1. A symmetric one has its zero
/// point in the middle, at 0 or 2^(width-1), as `per_tensor_symmetric` has.
mlir::quant::UniformQuantizedType
chooseAffineType(mlir::MLIRContext *context, double min, double max,
                 bool isSigned, unsigned width, bool isSymmetric = false);

/// Symmetric i8-style types in the narrow range [-2^(w-1)+1, 2^(w-1)-1], one
/// scale for each entry of `maxAbs`. A channel of zeros, or of values below
/// 2^-64 of the tensor's largest, takes the largest scale of the tensor, so
/// that a bias at its scale stays representable. Of 16 bits, the range is that
/// of two bytes with signs, [-32639, 32639].
mlir::quant::QuantizedType chooseSymmetricType(mlir::MLIRContext *context,
                                               llvm::ArrayRef<double> maxAbs,
                                               std::optional<int32_t> axis,
                                               unsigned width);

/// The sub-channel type with a scale and a zero point for each block, in
/// row-major order. For each dimension of the tensor: the number of blocks, and
/// of consecutive indices in one, 0 where it is all of them.
mlir::quant::QuantizedType
getBlockType(mlir::IntegerType storage, bool isSigned,
             reference::StorageRange range, llvm::ArrayRef<int64_t> blockCounts,
             llvm::ArrayRef<int64_t> blockSizes, llvm::ArrayRef<double> scales,
             llvm::ArrayRef<int64_t> zeroPoints);

/// The type of i32 accumulators at scale `lhs * rhs[channel]`.
mlir::quant::QuantizedType getAccumulatorType(const QuantParams &lhs,
                                              const QuantParams &rhs,
                                              int32_t channelDim);

} // namespace quanta

#endif // QUANTA_NUMERICS_QUANTPARAMS_H
