//===- Stage.cpp - The stages of the compilation
//-----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

using namespace mlir;

namespace quanta {

StringRef stringifyStage(Stage stage) {
  switch (stage) {
  case Stage::Float:
    return "float";
  case Stage::Observed:
    return "observed";
  case Stage::Simulated:
    return "simulated";
  case Stage::Quantized:
    return "quantized";
  case Stage::Integer:
    return "integer";
  case Stage::Kernel:
    return "kernel";
  case Stage::LLVM:
    return "llvm";
  }
  return "";
}

static bool isQuantizedTensor(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && isa<quant::QuantizedType>(shaped.getElementType());
}

std::optional<Stage> getStageOf(Operation *op) {
  if (isa<ObserveOp>(op))
    return Stage::Observed;
  if (isa<FakeQuantOp, DynamicFakeQuantOp, FakeQuantGradOp>(op))
    return Stage::Simulated;
  if (isa<FusedOpInterface, PackOp>(op))
    return Stage::Kernel;
  if (isa<LLVM::LLVMFuncOp>(op))
    return Stage::LLVM;
  if (llvm::any_of(op->getOperandTypes(), isQuantizedTensor) ||
      llvm::any_of(op->getResultTypes(), isQuantizedTensor))
    return Stage::Quantized;
  if (auto func = dyn_cast<func::FuncOp>(op)) {
    FunctionType type = func.getFunctionType();
    auto any = [&](auto predicate) {
      return llvm::any_of(type.getInputs(), predicate) ||
             llvm::any_of(type.getResults(), predicate);
    };
    if (any(isQuantizedTensor))
      return Stage::Quantized;
    if (any([](Type t) { return isa<BaseMemRefType>(t); }))
      return Stage::Kernel;
    return std::nullopt;
  }
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (linalgOp.hasPureBufferSemantics())
      return Stage::Kernel;
    if (linalgOp.getNumReductionLoops() > 0 &&
        llvm::all_of(op->getOperandTypes(), [](Type type) {
          return getElementTypeOrSelf(type).isInteger();
        }))
      return Stage::Integer;
  }
  return std::nullopt;
}

Stage getStage(ModuleOp module) {
  Stage stage = Stage::Float;
  module.walk([&](Operation *op) {
    if (std::optional<Stage> found = getStageOf(op))
      stage = std::max(stage, *found);
  });
  return stage;
}

LogicalResult checkStage(Operation *root, Stage first, Stage last,
                         StringRef passName) {
  WalkResult result = root->walk([&](Operation *op) {
    std::optional<Stage> stage = getStageOf(op);
    if (!stage || (*stage >= first && *stage <= last))
      return WalkResult::advance();
    InFlightDiagnostic diagnostic =
        op->emitOpError() << "belongs to the " << stringifyStage(*stage)
                          << " stage, but " << passName << " takes the "
                          << stringifyStage(first);
    if (first != last)
      diagnostic << " to " << stringifyStage(last);
    diagnostic << " stage";
    if (first != last)
      diagnostic << "s";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

} // namespace quanta
