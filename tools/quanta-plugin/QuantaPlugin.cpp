//===- QuantaPlugin.cpp - Quanta in a stock mlir-opt ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   mlir-opt --load-dialect-plugin=QuantaPlugin.so
//            --load-pass-plugin=QuantaPlugin.so
//            --pass-pipeline="builtin.module(quanta-insert-observers)"
//
// mlir-opt makes options of passes before it loads plugins: theirs have to be
// named in a pipeline.
//
//===----------------------------------------------------------------------===//

#include "quanta/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Quanta", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) {
            quanta::registerQuantaDialect(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Quanta", LLVM_VERSION_STRING,
          quanta::registerQuantaPassesAndPipelines};
}
