//===- CheckStage.cpp - Refuse IR of another stage ------------------------===//
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
    LogicalResult result =
        kernel ? checkBuffers(getOperation(), consumer,
                              "run quanta-to-kernel first")
               : checkStage(getOperation(), {Stage::Float, Stage::Integer},
                            consumer);
    if (failed(result) || failed(checkDialects()))
      signalPassFailure();
  }

private:
  /// No dialect that nothing lowers.
  LogicalResult checkDialects() {
    return success(!getOperation()
                        .walk([&](Operation *op) {
                          std::optional<StringRef> dialect =
                              getForeignDialect(op);
                          if (!dialect)
                            return WalkResult::advance();
                          op->emitOpError() << "is none that " << consumer
                                            << " knows: lower operations of '"
                                            << *dialect << "' to linalg first";
                          return WalkResult::interrupt();
                        })
                        .wasInterrupted());
  }
};

} // namespace
} // namespace quanta
