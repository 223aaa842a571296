//===- KernelGenerators.h - Loops of fused operations -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H
#define QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H

#include "ConvProducer.h"

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace quanta {

/// Each replaces an operation on buffers by its loops.
void generateConv2D(FusedConv2DOp op, std::optional<ConvProducer> producer);
void generateDepthwiseConv2D(FusedDepthwiseConv2DOp op);
void generateMatmul(FusedMatmulOp op);
void generatePack(PackOp op);

/// The same where registers of matrices are better at it. Returns whether they
/// are.
bool generateMatrixConv(FusedConv2DOp op);

/// The same for a reduction on buffers, no contraction, whose output has its
/// channels next to each other; `lanes` of them fill a register of 32-bit
/// elements. Returns whether it is one.
bool generateWindow(mlir::linalg::LinalgOp op, int64_t lanes);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H
