//===- PackConvolutions.h - Constant kernels of convolutions ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_PACKCONVOLUTIONS_H
#define QUANTA_LIB_TRANSFORMS_PACKCONVOLUTIONS_H

#include "Convolutions.h"
#include "StoredWeights.h"

#include "quanta/IR/Quanta.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace quanta {

/// A channels-last convolution with constant weights.
struct ConstantConv2D {
  Conv2D conv;
  mlir::DenseElementsAttr weights;
  /// Where the weights have rows, columns, channels and filters; depthwise, the
  /// last two are the same.
  std::array<unsigned, 4> weightDims;
  /// Constant vector of accumulators to start from, or null for zeros.
  mlir::Value bias;
  int64_t channels, filters;
  bool lhsSigned;
  /// Whether weights are dequantized in the body.
  std::optional<StoredWeights> stored = std::nullopt;
};

/// An image without its constant padding, and how much there is above, to the
/// left, below and to the right.
struct PaddedImage {
  mlir::Value image;
  llvm::SmallVector<int64_t> pads;
  int8_t padding = 0;

  /// `value` with its padding taken off, if that is static and of bytes.
  static PaddedImage get(mlir::Value value);
  /// Puts the padding to the left and right back into `image`.
  void padSides(mlir::OpBuilder &builder, mlir::Location loc);
};

/// A convolution of sequences, channels last, with constant weights becomes one
/// of images of a single row, whose result is collapsed. Returns the new one,
/// or `op` if it is none.
mlir::linalg::LinalgOp expandConv1D(mlir::linalg::LinalgOp op);
/// Elementwise operations behind the collapsed results work on the rows.
void populateExpandConv1DConsumers(mlir::RewritePatternSet &patterns);

/// A convolution, channels last, of images with a single column, along which
/// kernels would have no pixels to share weights among, becomes one of images
/// of a single row. Returns the new one, or `op` if it is none.
mlir::linalg::LinalgOp turnColumn(mlir::linalg::LinalgOp op);
/// Elementwise operations behind the turned results work on those.
void populateTurnColumnConsumers(mlir::RewritePatternSet &patterns);

/// The values that the sums `init` start from, zeros or a constant vector of
/// channels, for an output of other sizes; null if they are neither.
mlir::Value buildStart(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value init,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// Whether a value is a packed convolution's result, or what an elementwise
/// operation makes of it.
bool isBehindConvolution(mlir::Value value);

/// Replaces a depthwise convolution by `quanta.fused_depthwise_conv_2d`.
void packDepthwiseConv2D(mlir::linalg::LinalgOp op, const ConstantConv2D &match,
                         DotAttrInterface dot);

/// Gives a fused operation that replaces `op` the epilogue that returns the
/// accumulator.
void replaceWithFused(mlir::linalg::LinalgOp op, FusedOpInterface fused);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_PACKCONVOLUTIONS_H
