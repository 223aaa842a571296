//===- quant-opt.cpp - Drive passes and pipelines over MLIR ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include "llvm/Support/CommandLine.h"

/// An error is one sentence with a location. The operation itself, printed
/// behind it, may carry megabytes of weights: only on request.
static void hideOperationsInDiagnostics() {
  mlir::registerMLIRContextCLOptions();
  auto &options = llvm::cl::getRegisteredOptions();
  auto it = options.find("mlir-print-op-on-diagnostic");
  if (it != options.end())
    static_cast<llvm::cl::opt<bool> *>(it->second)->setValue(false);
}

int main(int argc, char **argv) {
  hideOperationsInDiagnostics();
  quanta::registerAllPasses();
  mlir::DialectRegistry registry;
  quanta::registerAllDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Quanta: quantizing compiler passes\n", registry));
}
