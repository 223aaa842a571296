//===- CheckStage.cpp - Refuse IR of another stage
//---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CHECKSTAGE
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct CheckStagePass : impl::CheckStageBase<CheckStagePass> {
  using CheckStageBase::CheckStageBase;

  void runOnOperation() override {
    if (kernel)
      return checkBuffers();
    WalkResult result = getOperation().walk([&](Operation *op) {
      std::optional<Stage> stage = getStageOf(op);
      if (!stage || *stage == Stage::Integer)
        return WalkResult::advance();
      op->emitOpError() << "belongs to the " << stringifyStage(*stage)
                        << " stage, but " << consumer
                        << " takes the float and integer stages";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  void checkBuffers() {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    WalkResult result =
        getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
          bool hasTensors = llvm::any_of(op->getOperandTypes(), isTensor) ||
                            llvm::any_of(op->getResultTypes(), isTensor);
          if (auto function = dyn_cast<FunctionOpInterface>(op))
            hasTensors = llvm::any_of(function.getArgumentTypes(), isTensor) ||
                         llvm::any_of(function.getResultTypes(), isTensor);
          if (!hasTensors)
            return WalkResult::advance();
          op->emitOpError()
              << "works on tensors, but " << consumer
              << " takes the kernel stage: run quanta-to-kernel first";
          return WalkResult::interrupt();
        });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
