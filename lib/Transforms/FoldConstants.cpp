//===- FoldConstants.cpp - Evaluate transposed weights at compile time
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Interfaces/QuantizableOpInterface.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "quanta/Transforms/Passes.h.inc"

namespace {
/// A product with zeros, the first step of a recurrent layer for example, is
/// the value on which it accumulates.
struct FoldZeroProduct : OpInterfaceRewritePattern<QuantizableOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (llvm::none_of(op.getFactors(), [](OpOperand *factor) {
          return isZeroTensor(factor->get());
        }))
      return rewriter.notifyMatchFailure(op, "no factor is zero");
    Value init = op.getAccumulatorInit()->get();
    if (op->getNumResults() != 1 ||
        init.getType() != op->getResult(0).getType())
      return rewriter.notifyMatchFailure(op, "not on tensors");
    rewriter.replaceOp(op, init);
    return success();
  }
};
} // namespace

LogicalResult foldConstants(ModuleOp module) {
  WalkResult result = module.walk([](arith::ConstantOp op) {
    if (!isa<DenseResourceElementsAttr>(op.getValue()))
      return WalkResult::advance();
    DenseElementsAttr dense = getDenseConstant(op.getResult());
    if (!dense) {
      op.emitOpError() << "refers to a resource that is missing or does not "
                          "have the size of its type";
      return WalkResult::interrupt();
    }
    op.setValueAttr(dense);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  RewritePatternSet patterns(module.getContext());
  linalg::populateConstantFoldLinalgOperations(
      patterns, [](OpOperand *) { return true; });
  patterns.add<FoldZeroProduct>(module.getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}

namespace {
struct FoldConstantsPass : impl::FoldConstantsBase<FoldConstantsPass> {
  void runOnOperation() override {
    if (failed(foldConstants(getOperation())))
      signalPassFailure();
  }
};
} // namespace

} // namespace quanta
