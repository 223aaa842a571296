//===- QuantizedAxis.h - Where scales lie in a type -------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_QUANTIZEDAXIS_H
#define QUANTA_LIB_TRANSFORMS_QUANTIZEDAXIS_H

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

namespace quanta {

/// The element type with its scales along dimension `axis`, if it has several;
/// any other as it is.
inline mlir::Type withAxis(mlir::Type element, int32_t axis) {
  auto perAxis =
      llvm::dyn_cast<mlir::quant::UniformQuantizedPerAxisType>(element);
  if (!perAxis)
    return element;
  return mlir::quant::UniformQuantizedPerAxisType::get(
      perAxis.getFlags(), perAxis.getStorageType(), perAxis.getExpressedType(),
      perAxis.getScales(), perAxis.getZeroPoints(), axis,
      perAxis.getStorageTypeMin(), perAxis.getStorageTypeMax());
}

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_QUANTIZEDAXIS_H
