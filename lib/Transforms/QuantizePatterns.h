//===- QuantizePatterns.h - What quanta-quantize does beside contractions -===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_QUANTIZEPATTERNS_H
#define QUANTA_LIB_TRANSFORMS_QUANTIZEPATTERNS_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// The tensor type of `op`'s result with its quantized elements.
mlir::RankedTensorType getQuantizedTensorType(FakeQuantOp op);

/// The quantization at run time that `op` simulates.
DynamicQuantizeOp createDynamicQuantize(mlir::OpBuilder &builder,
                                        DynamicFakeQuantOp op);

/// What `fake` rounds to f16 or bf16, as a tensor of that type: a constant if
/// its input is one.
mlir::Value buildStored(mlir::OpBuilder &builder, FakeQuantOp fake);

/// Zeros in f32 of the sizes of `like`.
mlir::Value createZerosLike(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value like);

/// The constant vector `bias` in integers of `type`, that of accumulators along
/// dimension 0; null if i32 cannot hold it well at their scales.
mlir::Value quantizeBias(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value bias, mlir::Type type);

/// What no contraction took over becomes a quantization and a dequantization; a
/// pair of them with at most a clamp between becomes a requantization.
void populateQuantizePatterns(mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_QUANTIZEPATTERNS_H
