//===- Bufferize.h - Bufferization of Quanta's operations -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_BUFFERIZE_H
#define QUANTA_TRANSFORMS_BUFFERIZE_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace quanta {

/// Attaches upstream's `BufferizableOpInterface` to Quanta's kernels.
void registerBufferizationModels(mlir::DialectRegistry &registry);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_BUFFERIZE_H
