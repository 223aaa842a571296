//===- FuseEpilogues.cpp - Move elementwise consumers into the tile
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FUSEEPILOGUES
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct FuseConsumer : OpInterfaceRewritePattern<FusedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(FusedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !op->hasOneUse())
      return rewriter.notifyMatchFailure(op, "has several users");
    OpOperand &use = *op->use_begin();
    auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!consumer || !canFuse(consumer, use))
      return rewriter.notifyMatchFailure(
          op, "its user is not an elementwise operation on the same indices");
    fuse(op, consumer, use, rewriter);
    return success();
  }

private:
  /// In memory, an element below 8 bits has a byte of its own; in a vector, it
  /// has not.
  static bool hasWholeBytes(Type type) {
    Type element = getElementTypeOrSelf(type);
    return !isa<ShapedType>(type) || !element.isIntOrFloat() ||
           element.getIntOrFloatBitWidth() % 8 == 0;
  }

  static bool canFuse(linalg::GenericOp consumer, OpOperand &use) {
    if (!linalg::isElementwise(consumer) || consumer.getNumDpsInits() != 1 ||
        !consumer.isDpsInput(&use) ||
        !consumer.getMatchingIndexingMap(&use).isIdentity() ||
        consumer.hasIndexSemantics() ||
        !llvm::all_of(consumer->getOperandTypes(), hasWholeBytes))
      return false;
    OpOperand *init = consumer.getDpsInitOperand(0);
    // What the output held before must not matter.
    return consumer.getMatchingIndexingMap(init).isIdentity() &&
           !consumer.payloadUsesValueFromOperand(init) &&
           llvm::all_of(consumer.getDpsInputOperands(), [&](OpOperand *input) {
             return consumer.getMatchingIndexingMap(input)
                 .isProjectedPermutation(/*allowZeroInResults=*/true);
           });
  }

  static void fuse(FusedOpInterface op, linalg::GenericOp consumer,
                   OpOperand &use, PatternRewriter &rewriter) {
    rewriter.setInsertionPoint(consumer);
    SmallVector<Value> extras(op.getExtras());
    SmallVector<AffineMap> maps(
        op.getExtraMaps().getAsValueRange<AffineMapAttr>());
    SmallVector<OpOperand *> newExtras;
    for (OpOperand *input : consumer.getDpsInputOperands())
      if (input != &use) {
        newExtras.push_back(input);
        extras.push_back(input->get());
        maps.push_back(consumer.getMatchingIndexingMap(input));
      }
    FusedOpInterface fused = op.cloneWithoutEpilogue(
        rewriter, rewriter.getFusedLoc({op.getLoc(), consumer.getLoc()}),
        consumer.getResultTypes(), extras, maps, consumer.getDpsInits()[0]);

    Block &block = fused.getEpilogue().emplaceBlock();
    IRMapping mapping;
    for (BlockArgument argument : op.getEpilogue().front().getArguments())
      mapping.map(argument,
                  block.addArgument(argument.getType(), argument.getLoc()));
    rewriter.setInsertionPointToEnd(&block);
    for (Operation &inner : op.getEpilogue().front().without_terminator())
      rewriter.clone(inner, mapping);
    auto yield = cast<YieldOp>(op.getEpilogue().front().getTerminator());
    mapping.map(consumer.getMatchingBlockArgument(&use),
                mapping.lookupOrDefault(yield.getOperand(0)));
    for (OpOperand *input : newExtras) {
      BlockArgument argument = consumer.getMatchingBlockArgument(input);
      mapping.map(argument,
                  block.addArgument(argument.getType(), argument.getLoc()));
    }
    for (Operation &inner : consumer.getBody()->without_terminator())
      rewriter.clone(inner, mapping);
    Value result = consumer.getBody()->getTerminator()->getOperand(0);
    YieldOp::create(rewriter, consumer.getLoc(),
                    mapping.lookupOrDefault(result));
    rewriter.replaceOp(consumer, fused->getResults());
    rewriter.eraseOp(op);
  }
};

struct FuseEpiloguesPass : impl::FuseEpiloguesBase<FuseEpiloguesPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), Stage::Integer, Stage::Kernel,
                          getArgument())))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseConsumer>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
