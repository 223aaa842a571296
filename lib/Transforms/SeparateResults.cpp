//===- SeparateResults.cpp - A block of memory for each result ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SEPARATERESULTS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Adds the values whose memory a tensor may share: those that it is another
/// form of, or one of. What is computed in place of an operand is not among
/// them, because an operand that is returned too is read afterwards.
void collectSources(Value tensor, llvm::SetVector<Value> &sources) {
  if (!isa<TensorType>(tensor.getType()) || !sources.insert(tensor))
    return;
  Operation *op = tensor.getDefiningOp();
  if (!op || isa<DestinationStyleOpInterface>(op))
    return;
  bool isOtherForm =
      isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ReshapeOp, tensor::ExtractSliceOp, arith::SelectOp>(op) ||
      op->getNumRegions() > 0;
  if (!isOtherForm)
    return;
  for (Value operand : op->getOperands())
    collectSources(operand, sources);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (!block.empty())
        for (Value operand : block.back().getOperands())
          collectSources(operand, sources);
}

struct SeparateResultsPass : impl::SeparateResultsBase<SeparateResultsPass> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic())
        func.walk([](func::ReturnOp op) { separate(op); });
  }

  static void separate(func::ReturnOp op) {
    llvm::SetVector<Value> taken;
    for (OpOperand &operand : op->getOpOperands()) {
      llvm::SetVector<Value> sources;
      collectSources(operand.get(), sources);
      bool isShared = llvm::any_of(
          sources, [&](Value source) { return taken.contains(source); });
      taken.insert(sources.begin(), sources.end());
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!isShared || !type)
        continue;
      OpBuilder b(op);
      operand.set(bufferization::AllocTensorOp::create(
          b, op.getLoc(), type, ValueRange(), /*copy=*/operand.get()));
    }
  }
};

} // namespace
} // namespace quanta
