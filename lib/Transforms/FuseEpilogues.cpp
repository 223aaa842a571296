//===- FuseEpilogues.cpp - Move elementwise consumers into the tile -------===//
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
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FUSEEPILOGUES
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct FusionBase : OpInterfaceRewritePattern<FusedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  /// In memory, an element below 8 bits has a byte of its own; in a vector, it
  /// has not.
  static bool hasWholeBytes(Type type) {
    Type element = getElementTypeOrSelf(type);
    return !isa<ShapedType>(type) || !element.isIntOrFloat() ||
           element.getIntOrFloatBitWidth() % 8 == 0;
  }

  /// Whether an epilogue can compute what `op` does.
  static bool isElementwise(linalg::GenericOp op) {
    if (!linalg::isElementwise(op) || op.getNumDpsInits() != 1 ||
        op.hasIndexSemantics() ||
        !llvm::all_of(op->getOperandTypes(), hasWholeBytes))
      return false;
    OpOperand *init = op.getDpsInitOperand(0);
    // What the output held before must not matter.
    return op.getMatchingIndexingMap(init).isIdentity() &&
           !op.payloadUsesValueFromOperand(init) &&
           llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
             return op.getMatchingIndexingMap(input).isProjectedPermutation(
                 /*allowZeroInResults=*/true);
           });
  }

protected:
  static bool canFuse(linalg::GenericOp consumer, OpOperand &use) {
    return isElementwise(consumer) && consumer.isDpsInput(&use) &&
           consumer.getMatchingIndexingMap(&use).isIdentity();
  }

  /// Appends what `consumer` computes from the first result of `op` to the
  /// epilogue; the first result itself stays if `both` is set. The new
  /// operation is at the builder's insertion point.
  static FusedOpInterface fuse(FusedOpInterface op, linalg::GenericOp consumer,
                               OpOperand &use, bool both,
                               PatternRewriter &rewriter) {
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
    SmallVector<Value> outputs;
    SmallVector<Type> types;
    if (both) {
      Type element = getElementTypeOrSelf(consumer.getResult(0));
      outputs = {op.getOutput(),
                 tensor::EmptyOp::create(
                     rewriter, consumer.getLoc(),
                     tensor::getMixedSizes(rewriter, consumer.getLoc(),
                                           op.getOutput()),
                     element)};
      for (Value output : outputs)
        types.push_back(output.getType());
    } else {
      outputs.push_back(consumer.getDpsInits()[0]);
      types.push_back(consumer.getResult(0).getType());
    }
    FusedOpInterface fused = op.cloneWithoutEpilogue(
        rewriter, rewriter.getFusedLoc({op.getLoc(), consumer.getLoc()}), types,
        extras, maps, outputs);

    OpBuilder::InsertionGuard guard(rewriter);
    Block &block = fused.getEpilogue().emplaceBlock();
    IRMapping mapping;
    for (BlockArgument argument : op.getEpilogue().front().getArguments())
      mapping.map(argument,
                  block.addArgument(argument.getType(), argument.getLoc()));
    rewriter.setInsertionPointToEnd(&block);
    for (Operation &inner : op.getEpilogue().front().without_terminator())
      rewriter.clone(inner, mapping);
    auto yield = cast<YieldOp>(op.getEpilogue().front().getTerminator());
    Value result = mapping.lookupOrDefault(yield.getOperand(0));
    mapping.map(consumer.getMatchingBlockArgument(&use), result);
    for (OpOperand *input : newExtras) {
      BlockArgument argument = consumer.getMatchingBlockArgument(input);
      mapping.map(argument,
                  block.addArgument(argument.getType(), argument.getLoc()));
    }
    for (Operation &inner : consumer.getBody()->without_terminator())
      rewriter.clone(inner, mapping);
    SmallVector<Value> yielded;
    if (both)
      yielded.push_back(result);
    yielded.push_back(mapping.lookupOrDefault(
        consumer.getBody()->getTerminator()->getOperand(0)));
    YieldOp::create(rewriter, consumer.getLoc(), yielded);
    return fused;
  }
};

/// Whether the only one that reads `producer` can compute it for itself, in its
/// epilogue, from fewer bytes than it reads now: it dequantizes a residual.
bool isReadNarrow(linalg::GenericOp producer) {
  auto bytesOf = [](Value value) -> unsigned {
    Type element = getElementTypeOrSelf(value);
    return element.isIntOrFloat() ? element.getIntOrFloatBitWidth() / 8 : 8;
  };
  if (!FusionBase::isElementwise(producer) || !producer->hasOneUse())
    return false;
  OpOperand &use = *producer->use_begin();
  auto reader = dyn_cast<FusedOpInterface>(use.getOwner());
  if (!reader || reader->getBlock() != producer->getBlock())
    return false;
  OperandRange extras = reader.getExtras();
  unsigned first = extras.getBeginOperandIndex(),
           number = use.getOperandNumber() - first;
  // Once for each element, and no more often.
  if (use.getOperandNumber() < first || number >= extras.size() ||
      !cast<AffineMapAttr>(reader.getExtraMaps()[number])
           .getValue()
           .isPermutation())
    return false;
  unsigned bytes = 0;
  // What varies in some dimensions only is small.
  for (OpOperand *input : producer.getDpsInputOperands())
    if (producer.getMatchingIndexingMap(input).isPermutation())
      bytes += bytesOf(input->get());
  return bytes < bytesOf(producer.getResult(0));
}

struct FuseConsumer : FusionBase {
  using FusionBase::FusionBase;

  LogicalResult matchAndRewrite(FusedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !op->hasOneUse())
      return rewriter.notifyMatchFailure(op, "has several users");
    OpOperand &use = *op->use_begin();
    auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!consumer || !canFuse(consumer, use))
      return rewriter.notifyMatchFailure(
          op, "its user is not an elementwise operation on the same indices");
    if (consumer->getBlock() != op->getBlock())
      return rewriter.notifyMatchFailure(op, "would run once per iteration");
    if (isReadNarrow(consumer))
      return rewriter.notifyMatchFailure(op, "its user is its reader's");
    rewriter.setInsertionPoint(consumer);
    FusedOpInterface fused = fuse(op, consumer, use, /*both=*/false, rewriter);
    rewriter.replaceOp(consumer, fused->getResults());
    rewriter.eraseOp(op);
    return success();
  }
};

/// Where others read a result too, a consumer that makes smaller elements of it
/// becomes a second result: a pass over the larger ones less.
struct FuseNarrowing : FusionBase {
  using FusionBase::FusionBase;

  LogicalResult matchAndRewrite(FusedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || op->hasOneUse() || op.getMaxOutputs() < 2)
      return rewriter.notifyMatchFailure(op, "cannot have a second result");
    for (OpOperand &use : op->getUses()) {
      auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (!consumer || !canFuse(consumer, use) || !isNarrower(consumer, use) ||
          !canMoveTo(op, consumer))
        continue;
      rewriter.setInsertionPoint(op);
      FusedOpInterface fused = fuse(op, consumer, use, /*both=*/true, rewriter);
      rewriter.replaceOp(consumer, fused->getResult(1));
      rewriter.replaceOp(op, fused->getResult(0));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no user makes smaller elements");
  }

private:
  static bool isNarrower(linalg::GenericOp consumer, OpOperand &use) {
    auto bitsOf = [](Value value) {
      Type element = getElementTypeOrSelf(value);
      return element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 0;
    };
    return consumer.getNumDpsInputs() == 1 &&
           isa_and_present<tensor::EmptyOp>(
               consumer.getDpsInits()[0].getDefiningOp()) &&
           bitsOf(consumer.getResult(0)) < bitsOf(use.get());
  }

  /// Whether all that the consumer's body takes from outside is known at `op`.
  static bool canMoveTo(FusedOpInterface op, linalg::GenericOp consumer) {
    DominanceInfo dominance;
    bool isKnown = true;
    visitUsedValuesDefinedAbove(
        consumer->getRegions(), [&](OpOperand *operand) {
          isKnown &= dominance.properlyDominates(operand->get(), op);
        });
    return isKnown;
  }
};

/// A tensor that only the epilogue reads, and that is made of smaller elements,
/// is made there: neither written nor read.
struct FuseProducer : FusionBase {
  using FusionBase::FusionBase;

  LogicalResult matchAndRewrite(FusedOpInterface op,
                                PatternRewriter &rewriter) const override {
    for (auto [number, extra] : llvm::enumerate(op.getExtras()))
      if (auto producer = extra.getDefiningOp<linalg::GenericOp>();
          producer && isReadNarrow(producer)) {
        absorb(op, producer, number, rewriter);
        return success();
      }
    return rewriter.notifyMatchFailure(op, "reads nothing that is widened");
  }

private:
  /// Puts the inputs of `producer` in the place of the extra.
  static void absorb(FusedOpInterface op, linalg::GenericOp producer,
                     unsigned number, PatternRewriter &rewriter) {
    SmallVector<Value> extras(op.getExtras());
    SmallVector<AffineMap> maps(
        op.getExtraMaps().getAsValueRange<AffineMapAttr>());
    AffineMap map = maps[number];
    extras.erase(extras.begin() + number);
    maps.erase(maps.begin() + number);
    for (OpOperand *input : producer.getDpsInputOperands()) {
      extras.push_back(input->get());
      maps.push_back(producer.getMatchingIndexingMap(input).compose(map));
    }
    FusedOpInterface fused = op.cloneWithoutEpilogue(
        rewriter, rewriter.getFusedLoc({op.getLoc(), producer.getLoc()}),
        op->getResultTypes(), extras, maps,
        SmallVector<Value>(op.getOutputs()));

    OpBuilder::InsertionGuard guard(rewriter);
    Block &block = fused.getEpilogue().emplaceBlock();
    Block &old = op.getEpilogue().front();
    BlockArgument made = old.getArgument(number + 1);
    IRMapping mapping;
    for (BlockArgument argument : old.getArguments())
      if (argument != made)
        mapping.map(argument,
                    block.addArgument(argument.getType(), argument.getLoc()));
    for (OpOperand *input : producer.getDpsInputOperands()) {
      BlockArgument argument = producer.getMatchingBlockArgument(input);
      mapping.map(argument,
                  block.addArgument(argument.getType(), argument.getLoc()));
    }
    rewriter.setInsertionPointToEnd(&block);
    for (Operation &inner : producer.getBody()->without_terminator())
      rewriter.clone(inner, mapping);
    mapping.map(made, mapping.lookupOrDefault(
                          producer.getBody()->getTerminator()->getOperand(0)));
    for (Operation &inner : old)
      rewriter.clone(inner, mapping);
    rewriter.replaceOp(op, fused->getResults());
    rewriter.eraseOp(producer);
  }
};

struct FuseEpiloguesPass : impl::FuseEpiloguesBase<FuseEpiloguesPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseConsumer, FuseNarrowing, FuseProducer>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
