//===- WeightTypes.h - Quantized types of constant weights ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_WEIGHTTYPES_H
#define QUANTA_LIB_TRANSFORMS_WEIGHTTYPES_H

#include "quanta/Calibration/Recipe.h"
#include "quanta/Interfaces/QuantizableOpInterface.h"

namespace quanta {

/// The type of a constant weight whose contraction is computed in integers: i8,
/// symmetric, in the narrow range.
mlir::FailureOr<mlir::Type> chooseWeightType(QuantizableOpInterface op,
                                             mlir::OpOperand &factor,
                                             const OperandScheme &scheme);

/// Where blocks do not divide the length of the sums, fills the weight and the
/// activation up with zeros, whose products change no sum.
void padToBlocks(QuantizableOpInterface op, const OperandScheme &scheme);

/// The type of a weight whose activation stays float: storage, symmetry and
/// granularity as the recipe says.
mlir::FailureOr<mlir::Type> chooseWeightOnlyType(QuantizableOpInterface op,
                                                 mlir::OpOperand &factor,
                                                 const OperandScheme &scheme);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_WEIGHTTYPES_H
