//===- MoveScales.h - Types of quantized tensors that move -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_MOVESCALES_H
#define QUANTA_LIB_TRANSFORMS_MOVESCALES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace quanta {

/// The type of the elements of the result of `op`, which moves the elements of
/// a tensor of type `source`, per tensor or per axis, or, with `isWeight`, in
/// blocks: of a weight, a reshape may make blocks of channels, and channels of
/// blocks. Null if no type says which scale an element has then.
mlir::Type moveScales(mlir::Operation *op, mlir::RankedTensorType source,
                      bool isWeight);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_MOVESCALES_H
