//===- ConvProducer.h - Convolutions where they are read --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_CONVPRODUCER_H
#define QUANTA_LIB_TRANSFORMS_CONVPRODUCER_H

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace quanta {

/// A convolution on buffers whose float result only the epilogue of another one
/// reads, element by element: the branch of a residual block that has weights
/// of its own. Its tiles can be computed just before those that read them, in
/// place of a whole tensor of floats that no level-2 cache holds.
struct ConvProducer {
  FusedConv2DOp op;
  /// Which of the reader's extras it computes.
  unsigned extra;
};

/// Whether the float result of a convolution of constant weights would be
/// computed in tiles of rows: elementwise work behind it takes the result of
/// another one to which rows make a difference.
bool isReadByRows(mlir::linalg::LinalgOp conv);

/// Those of a module's convolutions, at most one by each that reads it.
using ConvProducers = llvm::DenseMap<mlir::Operation *, ConvProducer>;
ConvProducers findProducers(mlir::ModuleOp module);

/// Whether rows of the image make no difference to the convolution: a single
/// tap on every pixel.
bool isPointwise(FusedConv2DOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_CONVPRODUCER_H
