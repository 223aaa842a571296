//===- Linalg.h - Interfaces of upstream linalg operations ----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_MODELS_LINALG_H
#define QUANTA_MODELS_LINALG_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace quanta {

/// Attaches `QuantizableOpInterface` and `MacOpInterface` to the linalg
/// operations that multiply and accumulate.
void registerLinalgModels(mlir::DialectRegistry &registry);

} // namespace quanta

#endif // QUANTA_MODELS_LINALG_H
