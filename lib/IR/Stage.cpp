//===- Stage.cpp - The stages of the compilation --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Interfaces/QuantizableOpInterface.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/MathExtras.h"

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

/// Asked for each value of a program, as what follows is for each operation:
/// looking up an interface that nothing else has would take most of the time.
static bool isQuantizedTensor(Type type) {
  if (auto tensor = dyn_cast<TensorType>(type))
    return isa<quant::QuantizedType>(tensor.getElementType());
  auto buffer = dyn_cast<BaseMemRefType>(type);
  return buffer && isa<quant::QuantizedType>(buffer.getElementType());
}

/// A float network may count and compare integers; it does not sum products of
/// narrow ones in wider ones.
static bool isIntegerContraction(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() < 2 ||
      op.getNumDpsInits() != 1)
    return false;
  Type sum = getElementTypeOrSelf(op.getDpsInits().front().getType());
  return sum.isInteger() && llvm::all_of(llvm::seq(2), [&](int64_t factor) {
           Type type =
               getElementTypeOrSelf(op.getDpsInputOperand(factor)->get());
           return type.isInteger() && type.getIntOrFloatBitWidth() > 1 &&
                  type.getIntOrFloatBitWidth() < sum.getIntOrFloatBitWidth();
         });
}

static std::optional<Stage> getStageOfQuantaOp(Operation *op) {
  if (isa<ObserveOp>(op))
    return Stage::Observed;
  if (isa<FakeQuantOp, DynamicFakeQuantOp, FakeQuantGradOp>(op))
    return Stage::Simulated;
  // Its weights need not be of a quantized type.
  if (isa<WeightOnlyContractOp>(op))
    return Stage::Quantized;
  if (isa<FusedOpInterface, PackOp>(op))
    return Stage::Kernel;
  return std::nullopt;
}

std::optional<Stage> getStageOf(Operation *op) {
  Dialect *dialect = op->getDialect();
  if (isa_and_nonnull<QuantaDialect>(dialect))
    if (std::optional<Stage> stage = getStageOfQuantaOp(op))
      return stage;
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
  if (!isa_and_nonnull<linalg::LinalgDialect>(dialect))
    return std::nullopt;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (linalgOp.hasPureBufferSemantics())
      return Stage::Kernel;
    if (isIntegerContraction(linalgOp))
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

std::optional<StringRef> getForeignDialect(Operation *op) {
  static constexpr StringLiteral known[] = {
      "affine", "arith",  "bufferization", "builtin", "cf",     "complex",
      "func",   "index",  "linalg",        "llvm",    "math",   "memref",
      "quant",  "quanta", "scf",           "shape",   "tensor", "vector"};
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  StringRef name = op->getName().getDialectNamespace();
  if (llvm::is_contained(known, name) ||
      (llvm::none_of(op->getOperandTypes(), isTensor) &&
       llvm::none_of(op->getResultTypes(), isTensor)))
    return std::nullopt;
  return name;
}

/// "the float, integer and kernel stages".
static std::string describeStages(ArrayRef<Stage> stages) {
  std::string text = "the ";
  for (auto [index, stage] : llvm::enumerate(stages)) {
    if (index > 0)
      text += index + 1 < stages.size() ? ", " : " and ";
    text += stringifyStage(stage);
  }
  return text + (stages.size() > 1 ? " stages" : " stage");
}

static LogicalResult refuse(Operation *op, Stage stage, ArrayRef<Stage> taken,
                            StringRef passName) {
  return op->emitOpError() << "belongs to the " << stringifyStage(stage)
                           << " stage, but " << passName << " takes "
                           << describeStages(taken);
}

/// What no pass can work on, at whatever stage: a short text can ask for more
/// elements than memory holds, and functions in modules of their own are not
/// those of this one.
static LogicalResult checkForm(ModuleOp module, Operation *op) {
  if (isa<ModuleOp>(op) && op != module)
    return op->emitOpError() << "stands inside of another one: compile them "
                             << "one by one";
  Attribute value;
  if (!matchPattern(op, m_Constant(&value)))
    return success();
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    return success();
  constexpr int64_t limit = int64_t(1) << 32;
  int64_t count = 1;
  for (int64_t size : elements.getShapedType().getShape())
    if (llvm::MulOverflow(count, size, count) || count >= limit)
      return op->emitOpError() << "has 2^32 elements or more";
  return success();
}

LogicalResult checkStage(ModuleOp module, ArrayRef<Stage> taken,
                         StringRef passName) {
  bool hasStage = false;
  WalkResult result = module.walk([&](Operation *op) {
    if (failed(checkForm(module, op)))
      return WalkResult::interrupt();
    std::optional<Stage> stage = getStageOf(op);
    if (!stage)
      return WalkResult::advance();
    hasStage = true;
    if (llvm::is_contained(taken, *stage))
      return WalkResult::advance();
    (void)refuse(op, *stage, taken, passName);
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  if (hasStage || llvm::is_contained(taken, Stage::Float))
    return success();
  // Nothing but float: right where there was nothing to quantize, or where
  // calibration decided on it.
  result = module.walk([&](QuantizableOpInterface op) {
    std::string reason;
    if (op->hasAttr(attrs::floatReason) || failed(op.checkQuantizable(reason)))
      return WalkResult::advance();
    (void)refuse(op, Stage::Float, taken, passName);
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult checkBuffers(ModuleOp module, StringRef passName,
                           StringRef hint) {
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  WalkResult result = module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    bool hasTensors = llvm::any_of(op->getOperandTypes(), isTensor) ||
                      llvm::any_of(op->getResultTypes(), isTensor);
    if (auto function = dyn_cast<FunctionOpInterface>(op))
      hasTensors = llvm::any_of(function.getArgumentTypes(), isTensor) ||
                   llvm::any_of(function.getResultTypes(), isTensor);
    if (hasTensors) {
      op->emitOpError() << "works on tensors, but " << passName
                        << " takes the kernel stage: " << hint;
      return WalkResult::interrupt();
    }
    if (isa<LLVM::LLVMFuncOp>(op)) {
      (void)refuse(op, Stage::LLVM, Stage::Kernel, passName);
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

} // namespace quanta
