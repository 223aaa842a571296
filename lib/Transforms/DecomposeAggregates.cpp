//===- DecomposeAggregates.cpp - Take linalg.softmax apart ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_DECOMPOSEAGGREGATES
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct DecomposeAggregatesPass
    : impl::DecomposeAggregatesBase<DecomposeAggregatesPass> {
  void runOnOperation() override {
    SmallVector<linalg::AggregatedOpInterface> aggregates;
    getOperation().walk([&](linalg::AggregatedOpInterface op) {
      // Upstream takes only what works on ranked tensors apart.
      if (llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>) &&
          op->getNumResults() > 0)
        aggregates.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::AggregatedOpInterface op : aggregates) {
      rewriter.setInsertionPoint(op);
      FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
      // What cannot be taken apart is told of by what comes next.
      if (succeeded(results))
        rewriter.replaceOp(op, *results);
    }
  }
};

} // namespace
} // namespace quanta
