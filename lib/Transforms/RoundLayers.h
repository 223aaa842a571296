//===- RoundLayers.h - Layers in f16 and bf16 -----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_ROUNDLAYERS_H
#define QUANTA_LIB_TRANSFORMS_ROUNDLAYERS_H

#include "CalibrationRules.h"

#include "quanta/Transforms/FloatLayers.h"

namespace quanta {

/// f16 or bf16, if that is what a scheme rounds to.
mlir::FloatType getFloatType(mlir::MLIRContext *context, Scheme scheme);

/// The name of the scheme that rounds to `type`.
llvm::StringRef getSchemeName(mlir::FloatType type);

/// The nearest value of f16 or bf16.
float roundTo(mlir::FloatType type, float value);

/// Rounded forms of values, by type.
using RoundedValues =
    llvm::DenseMap<std::pair<mlir::Value, mlir::Type>, mlir::Value>;

/// A layer as rules see it; it owns the text of its location.
struct LayerPlace {
  std::string location;
  OperandPlace place;
  explicit LayerPlace(const FloatLayer &layer);
  LayerPlace(const LayerPlace &) = delete;
};

/// Rounds inputs and results of each layer that the recipe gives a 16-bit
/// scheme, or says why it cannot. Takes the names off the others.
void roundFloatLayers(mlir::ModuleOp module, const CalibrationRules &rules,
                      RoundedValues &rounded);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_ROUNDLAYERS_H
