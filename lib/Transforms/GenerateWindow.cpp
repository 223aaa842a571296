//===- GenerateWindow.cpp - Vectors of channels in reductions -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"
#include "ParallelLoops.h"

#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

namespace {

/// Builds the loops of a reduction whose output has channels next to each
/// other: pooling, depthwise convolution and their like, channels last.
///
///   for each output position, for each vector of channels
///     accumulator = output, or what it has been filled with
///     for each point of the reduction, in order:
///       accumulator = body(inputs, accumulator)
///     output = accumulator
///
/// Every channel sums in the order in which scalar loops would.
class WindowGenerator {
public:
  WindowGenerator(linalg::LinalgOp op, int64_t lanes)
      : op(op), b(op), loc(op.getLoc()), lanes(lanes) {}

  bool canRun();
  void run();

private:
  linalg::LinalgOp op;
  OpBuilder b;
  Location loc;
  int64_t lanes;
  unsigned channel = 0;
  SmallVector<Value> ranges;
  /// What the output holds everywhere, if that is known.
  Value filled;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  bool isVectorizable(OpOperand &operand);
  int64_t widestType();
  void takeFill();
  Value buildStart(ArrayRef<Value> position, int64_t step);
  void buildReduction(SmallVector<Value> &position, int64_t step);
  Value load(OpOperand &operand, ArrayRef<Value> position, int64_t step);
  SmallVector<Value> getIndices(OpOperand &operand, ArrayRef<Value> position);
};

/// The channel selects neighbours in memory, or plays no role.
bool WindowGenerator::isVectorizable(OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type)
    return operand.get().getType().isIntOrFloat();
  if (!type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() % 8 != 0)
    return false;
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (map.getNumSymbols() != 0)
    return false;
  if (!map.isFunctionOfDim(channel))
    return true;
  return type.isLastDimUnitStride() &&
         map.getResults().back() ==
             getAffineDimExpr(channel, op->getContext()) &&
         llvm::none_of(map.getResults().drop_back(), [&](AffineExpr expr) {
           return expr.isFunctionOfDim(channel);
         });
}

bool WindowGenerator::canRun() {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0 || op.hasIndexSemantics() ||
      !op.getShapesToLoopsMap() || linalg::isaContractionOpInterface(op) ||
      !canVectorizeBlock(*op.getBlock()))
    return false;
  AffineMap out = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (out.getNumResults() < 2 || !out.isProjectedPermutation() ||
      out.getNumResults() != op.getNumParallelLoops())
    return false;
  channel = cast<AffineDimExpr>(out.getResults().back()).getPosition();
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return isVectorizable(operand);
  });
}

/// Bits of the largest element that the body works on.
int64_t WindowGenerator::widestType() {
  unsigned bits = 8;
  auto look = [&](Type type) {
    if (type.isIntOrFloat())
      bits = std::max(bits, type.getIntOrFloatBitWidth());
  };
  for (Operation &inner : *op.getBlock())
    llvm::for_each(inner.getOperandTypes(), look);
  return bits;
}

/// A new output that has just been filled need not be: nobody reads it before
/// the loops overwrite it.
void WindowGenerator::takeFill() {
  Value output = op.getDpsInits()[0];
  Operation *before = op->getPrevNode();
  while (before && (isMemoryEffectFree(before) || isa<memref::AllocOp>(before)))
    before = before->getPrevNode();
  auto fill = dyn_cast_or_null<linalg::FillOp>(before);
  if (!fill || fill.getDpsInits()[0] != output ||
      !isa_and_present<memref::AllocOp>(output.getDefiningOp()) ||
      llvm::is_contained(op.getDpsInputs(), output) ||
      fill.getInputs()[0].getType() != getElementTypeOrSelf(output))
    return;
  filled = fill.getInputs()[0];
  fill.erase();
}

Value WindowGenerator::buildStart(ArrayRef<Value> position, int64_t step) {
  if (!filled)
    return load(*op.getDpsInitOperand(0), position, step);
  if (step == 1)
    return filled;
  return vector::BroadcastOp::create(
      b, loc, VectorType::get(step, filled.getType()), filled);
}

void WindowGenerator::run() {
  takeFill();
  AffineMap toRanges = op.getShapesToLoopsMap();
  SmallVector<Value> sizes;
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<MemRefType>(operand.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        sizes.push_back(memref::DimOp::create(b, loc, operand, dim));
  for (AffineExpr expr : toRanges.getResults())
    ranges.push_back(sizes[cast<AffineDimExpr>(expr).getPosition()]);

  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<Value> position(op.getNumLoops());
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    if (iterators[dim] == utils::IteratorType::reduction || dim == channel)
      continue;
    auto loop = scf::ForOp::create(b, loc, index(0), ranges[dim], index(1));
    markParallel(loop);
    b.setInsertionPointToStart(loop.getBody());
    position[dim] = loop.getInductionVar();
  }
  // Whole registers of the smallest elements, of 32 bits, and what is left.
  int64_t wide = std::max<int64_t>(lanes, lanes * 32 / widestType());
  Value from = index(0);
  SmallVector<int64_t> steps{wide, lanes, 1};
  steps.erase(llvm::unique(steps), steps.end());
  for (int64_t step : steps) {
    Value rest = arith::SubIOp::create(b, loc, ranges[channel], from);
    Value count = arith::DivUIOp::create(b, loc, rest, index(step));
    Value to = arith::AddIOp::create(
        b, loc, from, arith::MulIOp::create(b, loc, count, index(step)));
    auto loop = scf::ForOp::create(b, loc, from, to, index(step));
    markParallel(loop);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    position[channel] = loop.getInductionVar();
    buildReduction(position, step);
    from = to;
  }
  op.erase();
}

void WindowGenerator::buildReduction(SmallVector<Value> &position,
                                     int64_t step) {
  OpOperand &init = *op.getDpsInitOperand(0);
  Value start = buildStart(position, step);
  SmallVector<scf::ForOp> loops;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  Value accumulator = start;
  OpBuilder::InsertPoint outside;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    if (iterators[dim] != utils::IteratorType::reduction)
      continue;
    auto loop = scf::ForOp::create(b, loc, index(0), ranges[dim], index(1),
                                   accumulator);
    if (!loops.empty())
      scf::YieldOp::create(b, loc, loop.getResults());
    else
      outside = b.saveInsertionPoint();
    loops.push_back(loop);
    b.setInsertionPointToStart(loop.getBody());
    position[dim] = loop.getInductionVar();
    accumulator = loop.getRegionIterArg(0);
  }
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    if (!argument.use_empty())
      mapping.map(argument, load(*input, position, step));
  }
  mapping.map(op.getMatchingBlockArgument(&init), accumulator);
  Value result;
  if (step == 1) {
    for (Operation &inner : op.getBlock()->without_terminator())
      b.clone(inner, mapping);
    result =
        mapping.lookupOrDefault(op.getBlock()->getTerminator()->getOperand(0));
  } else {
    result = vectorizeBlock(b, *op.getBlock(), mapping, step).front();
  }
  scf::YieldOp::create(b, loc, result);
  b.restoreInsertionPoint(outside);
  SmallVector<Value> at = getIndices(init, position);
  Value sum = loops.front().getResult(0);
  if (step == 1)
    memref::StoreOp::create(b, loc, sum, init.get(), at);
  else
    vector::StoreOp::create(b, loc, sum, init.get(), at);
}

SmallVector<Value> WindowGenerator::getIndices(OpOperand &operand,
                                               ArrayRef<Value> position) {
  SmallVector<Value> at;
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
    at.push_back(affine::expandAffineExpr(b, loc, expr, position, {}));
  return at;
}

Value WindowGenerator::load(OpOperand &operand, ArrayRef<Value> position,
                            int64_t step) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type)
    return operand.get();
  SmallVector<Value> at = getIndices(operand, position);
  bool varies = op.getMatchingIndexingMap(&operand).isFunctionOfDim(channel);
  if (step == 1 || !varies)
    return memref::LoadOp::create(b, loc, operand.get(), at);
  return vector::LoadOp::create(
      b, loc, VectorType::get(step, type.getElementType()), operand.get(), at);
}

} // namespace

bool generateWindow(linalg::LinalgOp op, int64_t lanes) {
  WindowGenerator generator(op, lanes);
  if (!generator.canRun())
    return false;
  generator.run();
  return true;
}

} // namespace quanta
