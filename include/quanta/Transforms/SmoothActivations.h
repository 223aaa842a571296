//===- SmoothActivations.h - Scales moved into the weights ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_SMOOTHACTIVATIONS_H
#define QUANTA_TRANSFORMS_SMOOTHACTIVATIONS_H

#include "quanta/Calibration/Smoothing.h"
#include "quanta/IR/Quanta.h"

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

struct CalibrationRules;

/// The constant weights that each channel (index of dimension `axis`) of an
/// observed activation meets in all contractions that read it. Empty if it
/// meets none.
ChannelWeights getChannelWeights(ObserveOp observe, int64_t axis);

/// Divides activations by numbers for each channel, and multiplies the weights
/// that they meet: what the pass quanta-smooth-activations does. Observers that
/// are smoothed already are left alone.
llvm::LogicalResult smoothActivations(mlir::ModuleOp module,
                                      const CalibrationRules &rules);

/// `tensor` with index i of dimension `axis` multiplied by `factors[i]`.
mlir::Value multiplyChannels(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value tensor, int64_t axis,
                             llvm::ArrayRef<float> factors);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_SMOOTHACTIVATIONS_H
