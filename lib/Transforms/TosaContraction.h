//===- TosaContraction.h - Contractions in TOSA -----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_TOSACONTRACTION_H
#define QUANTA_LIB_TRANSFORMS_TOSACONTRACTION_H

#include "ContractionLayout.h"
#include "TosaBuilder.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"

#include <string>

namespace quanta {

/// A convolution or matrix product of values in TOSA, with i32 results.
struct TosaContraction {
  mlir::Value lhs, rhs, bias;
  int64_t lhsZeroPoint, rhsZeroPoint;
  /// Added around the windows of the left factor, for each dimension.
  llvm::SmallVector<int64_t> low, high;
  llvm::ArrayRef<mlir::AffineMap> maps;
  int64_t channelDim;

  /// Null, with the reason, if TOSA has no operation for it.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::RankedTensorType resultType, std::string &reason);
};

/// What both forms of a contraction are built with.
class TosaContractionBuilder {
public:
  TosaContractionBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                         const TosaContraction &contraction,
                         const ContractionLayout &layout, std::string &reason);

protected:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  TosaBuilder tosa;
  const TosaContraction &contraction;
  const ContractionLayout &layout;

  static llvm::ArrayRef<int64_t> getShape(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
  }

  /// Says why TOSA has no operation for it.
  llvm::LogicalResult refuse(llvm::StringRef why) const;

  /// The bias, or zeros for all `channels`.
  mlir::Value getBias(int64_t channels);
  /// A result whose dimensions are those of `iterators` gets the order that it
  /// has in the contraction.
  mlir::Value orderResult(mlir::Value value,
                          llvm::ArrayRef<unsigned> iterators);

private:
  std::string &reason;
};

/// Null, with the reason, where the windows of the layout are not those of
/// `tosa.conv2d` or `tosa.depthwise_conv2d`.
mlir::Value buildTosaConvolution(mlir::OpBuilder &builder, mlir::Location loc,
                                 const TosaContraction &contraction,
                                 const ContractionLayout &layout,
                                 std::string &reason);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_TOSACONTRACTION_H
