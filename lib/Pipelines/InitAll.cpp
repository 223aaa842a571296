//===- InitAll.cpp - Register everything ----------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/InitAll.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Models/Linalg.h"
#include "quanta/Pipelines/Pipelines.h"
#include "quanta/Transforms/Bufferize.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace quanta {

void registerQuantaDialect(mlir::DialectRegistry &registry) {
  registry.insert<QuantaDialect>();
  registerLinalgModels(registry);
  registerBufferizationModels(registry);
}

void registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerQuantaDialect(registry);
}

void registerQuantaPassesAndPipelines() {
  registerQuantaPasses();
  registerPipelines();
}

void registerAllPasses() {
  mlir::registerAllPasses();
  registerQuantaPassesAndPipelines();
}

} // namespace quanta
