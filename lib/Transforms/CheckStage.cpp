//===- CheckStage.cpp - Refuse IR of another stage
//---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CHECKSTAGE
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct CheckStagePass : impl::CheckStageBase<CheckStagePass> {
  using CheckStageBase::CheckStageBase;

  void runOnOperation() override {
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
};

} // namespace
} // namespace quanta
