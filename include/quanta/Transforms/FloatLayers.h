//===- FloatLayers.h - Layers that are no contractions --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_FLOATLAYERS_H
#define QUANTA_TRANSFORMS_FLOATLAYERS_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace quanta {

/// Whether an operation does arithmetic on tensors of floats, rather than
/// moving, converting or filling them, and is no contraction.
bool computesInFloat(mlir::Operation *op);

/// Elementwise work, a reduction or pooling: one operation, or those that a
/// normalization or a mean consists of.
struct FloatLayer {
  std::string name;
  /// In the order of the program.
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The layers of one block, each with its operations, by their last ones.
llvm::SmallVector<FloatLayer> findFloatLayers(mlir::Block &block);

/// Gives each operation of a layer the attribute `quanta.layer`, the layer's
/// name: that in the location of its last operation, or `main/generic_0` with
/// the last operation's kind, `main/softmax_0`, `main/normalization_0` or
/// `main/mean_0`.
///
/// A *normalization* is what lies between a tensor and the operation that
/// combines it, or what follows from it, with the result of a reduction of it
/// that is broadcast: softmax, layer norm, group norm, RMS norm. One that only
/// subtracts is part of the next one, and constants that scale and shift the
/// result belong to it. A *mean* is a sum that is divided by a number.
void nameFloatLayers(mlir::ModuleOp module);

/// The layers that have names, by the order of their last operations.
llvm::SmallVector<FloatLayer> getFloatLayers(mlir::ModuleOp module);

/// Takes names and schemes of layers off: what follows may fuse them.
void forgetFloatLayers(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_FLOATLAYERS_H
