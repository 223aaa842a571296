//===- InitAll.h - Register everything ------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_INITALL_H
#define QUANTA_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace quanta {

/// Quanta's dialect with its external models: what a compiler needs that
/// registers upstream's dialects itself.
void registerQuantaDialect(mlir::DialectRegistry &registry);

/// Every upstream dialect and extension, and Quanta's.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Quanta's passes and pipelines. Call once.
void registerQuantaPassesAndPipelines();

/// Every upstream pass, and Quanta's passes and pipelines. Call once.
void registerAllPasses();

} // namespace quanta

#endif // QUANTA_INITALL_H
