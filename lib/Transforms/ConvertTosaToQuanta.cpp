//===- ConvertTosaToQuanta.cpp - TOSA to the quantized stage --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EraseDead.h"
#include "TosaToQuanta.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTTOSATOQUANTA
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Types that the numerics contract has, of ranked tensors.
LogicalResult checkTypes(Operation *op) {
  auto check = [&](Value value) -> LogicalResult {
    if (isa<tosa::shapeType>(value.getType()))
      return success();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return op->emitOpError() << "works on " << value.getType()
                               << ": sizes have to be inferred first";
    Type element = type.getElementType();
    if (isa<quant::QuantizedType>(element))
      return verifyQuantizedType(type, element,
                                 [&] { return op->emitOpError(); });
    if (isa<FloatType>(element) || element.isSignlessInteger())
      return success();
    return op->emitOpError()
           << "works on " << element << ": unsigned tensors are those of "
           << "!quant.uniform<u8>, or signless behind "
              "--tosa-convert-integer-type-to-signless";
  };
  for (Value operand : op->getOperands())
    if (failed(check(operand)))
      return failure();
  for (Value result : op->getResults())
    if (failed(check(result)))
      return failure();
  return success();
}

/// What a rescale says of the sign of its tensors, callers are to know too: the
/// types do not tell.
void markUnsigned(tosa::RescaleOp rescale) {
  auto unit = UnitAttr::get(rescale.getContext());
  auto argument = dyn_cast<BlockArgument>(rescale.getInput());
  auto isByte = [](Type type) {
    return getElementTypeOrSelf(type).isSignlessInteger();
  };
  if (argument && rescale.getInputUnsigned() && isByte(argument.getType()))
    if (auto func = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()))
      func.setArgAttr(argument.getArgNumber(), attrs::isUnsigned, unit);
  if (!rescale.getOutputUnsigned() || !isByte(rescale.getType()))
    return;
  for (OpOperand &use : rescale.getOutput().getUses())
    if (auto end = dyn_cast<func::ReturnOp>(use.getOwner()))
      end->getParentOfType<func::FuncOp>().setResultAttr(
          use.getOperandNumber(), attrs::isUnsigned, unit);
}

struct ConvertTosaToQuantaPass
    : impl::ConvertTosaToQuantaBase<ConvertTosaToQuantaPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Float, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    // Float operations are for --tosa-to-linalg.
    auto isFloat = [](Type type) {
      return isa<FloatType>(getElementTypeOrSelf(type));
    };
    SmallVector<Operation *> constants, others;
    WalkResult result = module.walk([&](Operation *op) {
      if (!isa<tosa::TosaDialect>(op->getDialect()))
        return WalkResult::advance();
      if (llvm::any_of(op->getOperandTypes(), isFloat) ||
          llvm::any_of(op->getResultTypes(), isFloat))
        return WalkResult::advance();
      bool isConstant = isa<tosa::ConstOp, tosa::ConstShapeOp>(op);
      (isConstant ? constants : others).push_back(op);
      return failed(checkTypes(op)) ? WalkResult::interrupt()
                                    : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    module.walk(markUnsigned);
    // Constants last, for what else reads them: operations of TOSA are gone
    // then.
    for (bool isConstant : {false, true}) {
      for (Operation *op : isConstant ? constants : others)
        if (!isa<tosa::ConstShapeOp>(op) && failed(TosaToQuanta(op).convert()))
          return signalPassFailure();
      eraseDead(isConstant ? constants : others);
    }
    // Casts that were only passed through.
    SmallVector<Operation *> casts;
    module.walk([&](quant::StorageCastOp cast) { casts.push_back(cast); });
    eraseDead(casts);
  }
};

} // namespace
} // namespace quanta
