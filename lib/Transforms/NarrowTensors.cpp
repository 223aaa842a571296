//===- NarrowTensors.cpp - Keep rounded tensors in 16 bits ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_NARROWTENSORS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Where an operation stores its only result, whose old contents it does not
/// read; null for any other operation.
OpOperand *getDestination(Operation *op) {
  if (op->getNumResults() != 1)
    return nullptr;
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    OpOperand *init = generic.getDpsInitOperand(0);
    return generic.hasPureTensorSemantics() &&
                   !generic.payloadUsesValueFromOperand(init)
               ? init
               : nullptr;
  }
  if (auto fused = dyn_cast<FusedOpInterface>(op))
    return &op->getOpOperand(fused.getOutputs().getBeginOperandIndex());
  return nullptr;
}

/// The argument of the reader's body that is an element of `use`; null where it
/// does not read it as one.
BlockArgument getElement(OpOperand &use) {
  if (auto generic = dyn_cast<linalg::GenericOp>(use.getOwner()))
    return generic.isDpsInput(&use) ? generic.getMatchingBlockArgument(&use)
                                    : BlockArgument();
  auto fused = dyn_cast<FusedOpInterface>(use.getOwner());
  if (!fused)
    return {};
  OperandRange extras = fused.getExtras();
  unsigned begin = extras.getBeginOperandIndex();
  unsigned number = use.getOperandNumber();
  if (number < begin || number >= begin + extras.size())
    return {};
  // The first argument is the accumulator.
  return fused.getEpilogue().getArgument(1 + number - begin);
}

/// Stores what `op` rounds as it is rounded.
bool narrow(Operation *op) {
  OpOperand *destination = getDestination(op);
  if (!destination)
    return false;
  Value result = op->getResult(0);
  auto type = dyn_cast<RankedTensorType>(result.getType());
  Block &body = op->getRegion(0).front();
  OpOperand &yielded = body.getTerminator()->getOpOperand(0);
  auto extension = yielded.get().getDefiningOp<arith::ExtFOp>();
  auto truncation =
      extension ? extension.getIn().getDefiningOp<arith::TruncFOp>() : nullptr;
  if (!type || !truncation || !type.getElementType().isF32() ||
      result.use_empty() || !llvm::all_of(result.getUses(), [](OpOperand &use) {
        return static_cast<bool>(getElement(use));
      }))
    return false;
  Type element = truncation.getType();
  OpBuilder builder(op);
  destination->set(
      createEmptyLike(builder, op->getLoc(), destination->get(), element));
  if (isa<linalg::GenericOp>(op))
    body.getArgument(destination->getOperandNumber()).setType(element);
  yielded.set(truncation);
  result.setType(type.clone(element));
  for (OpOperand &use : result.getUses()) {
    BlockArgument argument = getElement(use);
    argument.setType(element);
    builder.setInsertionPointToStart(argument.getOwner());
    auto read = arith::ExtFOp::create(builder, use.getOwner()->getLoc(),
                                      builder.getF32Type(), argument);
    argument.replaceAllUsesExcept(read, read);
  }
  return true;
}

struct NarrowTensorsPass : impl::NarrowTensorsBase<NarrowTensorsPass> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) { numNarrowed += narrow(op); });
  }
};

} // namespace
} // namespace quanta
