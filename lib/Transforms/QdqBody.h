//===- QdqBody.h - Parameters in the arithmetic of casts --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_QDQBODY_H
#define QUANTA_LIB_TRANSFORMS_QDQBODY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"

#include <optional>
#include <string>
#include <utility>

namespace quanta {

/// A number in an elementwise body that does not depend on the data: one value,
/// one for each index of a dimension, or one for each block of the data, in
/// row-major order.
struct QdqParameter {
  llvm::SmallVector<double, 1> values;
  std::optional<int32_t> axis = std::nullopt;
  /// For each dimension of the data the number of consecutive indices in a
  /// block, 0 where it is all of them; empty if there are no blocks.
  llvm::SmallVector<int64_t> blockSizes = {};

  bool isUniform() const { return !axis && blockSizes.empty(); }
  /// Notes how the values lie, of which `map` gives the one of each index.
  llvm::LogicalResult setPlaces(mlir::AffineMap map,
                                llvm::ArrayRef<int64_t> shape);
};

/// An elementwise operation of a data tensor, its first input, and parameters.
struct QdqBody {
  mlir::linalg::GenericOp op;
  mlir::BlockArgument data;

  static std::optional<QdqBody> match(mlir::linalg::GenericOp op);
  /// What `value` is, if it is a parameter.
  std::optional<QdqParameter> getParameter(mlir::Value value) const;
  /// Splits a commutative operation into the operand that depends on the data
  /// and a parameter.
  std::optional<std::pair<mlir::Value, QdqParameter>>
  split(mlir::Operation *op) const;
};

/// The quantized type with these parameters, if it is one that the tensor of
/// `shape` can have and the numerics contract allows; otherwise why not.
mlir::quant::QuantizedType
makeQdqType(mlir::RankedTensorType shape, bool isSigned, unsigned width,
            int64_t low, int64_t high, const QdqParameter &scale,
            const QdqParameter &zeroPoint, bool isWeight, std::string &reason);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_QDQBODY_H
