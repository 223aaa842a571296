//===- KernelGenerators.h - Loops of fused operations -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H
#define QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// Replaces an operation on buffers by its loops.
void generateMatmul(FusedMatmulOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_KERNELGENERATORS_H
