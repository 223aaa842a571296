//===- RaiseContractions.cpp - Recognise products of matrices -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/RaiseContractions.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_RAISECONTRACTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Whether the body adds the product of both inputs to the output.
bool addsProduct(linalg::GenericOp op) {
  Block *body = op.getBody();
  if (body->getOperations().size() != 3)
    return false;
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  auto isPair = [](Operation *pair, Value a, Value b) {
    Value left = pair->getOperand(0), right = pair->getOperand(1);
    return (left == a && right == b) || (left == b && right == a);
  };
  auto product = dyn_cast<arith::MulFOp>(body->front());
  return product && isPair(sum, body->getArgument(2), product) &&
         isPair(product, body->getArgument(0), body->getArgument(1));
}

struct RaiseContraction : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || !linalg::isaContractionOpInterface(op) ||
        !addsProduct(op))
      return rewriter.notifyMatchFailure(op, "is no sum of products");
    FailureOr<linalg::ContractionDimensions> dims =
        linalg::inferContractionDims(op);
    // Products along what both factors and the result have, as in the square of
    // a norm, are no product of matrices.
    if (failed(dims) || (dims->m.empty() && dims->n.empty()) ||
        op.getInputs()[0] == op.getInputs()[1])
      return rewriter.notifyMatchFailure(op, "no factor has rows of its own");
    rewriter.replaceOpWithNewOp<linalg::ContractOp>(
        op, op->getResultTypes(), op.getInputs(), op.getOutputs(),
        op.getIndexingMaps());
    return success();
  }
};

struct RaiseContractionsPass
    : impl::RaiseContractionsBase<RaiseContractionsPass> {
  void runOnOperation() override {
    if (failed(raiseContractions(getOperation())))
      signalPassFailure();
  }
};

} // namespace

LogicalResult raiseContractions(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  patterns.add<RaiseContraction>(module.getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}

} // namespace quanta
