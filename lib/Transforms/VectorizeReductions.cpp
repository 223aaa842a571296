//===- VectorizeReductions.cpp - Reductions of rows as vector loops -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/VectorAccess.h"
#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_VECTORIZEREDUCTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Part of what results mean: not a matter of the machine.
constexpr int64_t lanes = 16;

class ReductionVectorizer {
public:
  ReductionVectorizer(linalg::GenericOp op)
      : op(op), b(op), loc(op.getLoc()), body(*op.getBody()),
        accesses(getAccesses(op)) {}

  bool canRun();
  void run();

private:
  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  Block &body;
  SmallVector<VectorAccess> accesses;
  /// For each output the operation that combines two partial results.
  SmallVector<Operation *> combiners;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  bool findCombiners();
  Value neutral(size_t output);
  Value combine(size_t output, Value first, Value second);
  SmallVector<Value> step(ValueRange loops, ValueRange partial, Value mask);
  Value finish(size_t output, Value partial);
};

/// Every output is combined with a value that depends on inputs only, by an
/// operation that has a neutral element.
bool ReductionVectorizer::findCombiners() {
  ArrayRef<BlockArgument> outputs = op.getRegionOutputArgs();
  for (unsigned i = 0; i < outputs.size(); ++i) {
    SmallVector<Operation *> found;
    if (!matchReduction(outputs, i, found) || found.size() != 1)
      return false;
    Operation *combiner = found.front();
    if (!outputs[i].hasOneUse() || !combiner->hasOneUse() ||
        !arith::getNeutralElement(combiner) ||
        body.getTerminator()->getOperand(i) != combiner->getResult(0))
      return false;
    combiners.push_back(combiner);
  }
  return !combiners.empty();
}

bool ReductionVectorizer::canRun() {
  if (!op.hasPureBufferSemantics() || op.getNumReductionLoops() != 1 ||
      op.getIteratorTypesArray().back() != utils::IteratorType::reduction ||
      !canVectorizeBlock(body))
    return false;
  // Lanes behind the end of a row are computed too.
  for (Operation &inner : body.without_terminator())
    if (!isPure(&inner))
      return false;
  size_t inputs = op.getNumDpsInputs();
  bool moves = false;
  for (auto [i, access] : llvm::enumerate(accesses)) {
    if (!access.isLoadable() || (i < inputs && !access.isContiguous()) ||
        (i >= inputs && access.movesWithLastDim()))
      return false;
    moves |= access.movesWithLastDim();
  }
  return moves && findCombiners();
}

Value ReductionVectorizer::neutral(size_t output) {
  Type type = combiners[output]->getResult(0).getType();
  auto vectorType = VectorType::get(lanes, type);
  return arith::ConstantOp::create(
      b, loc,
      SplatElementsAttr::get(
          vectorType, Attribute(*arith::getNeutralElement(combiners[output]))));
}

Value ReductionVectorizer::combine(size_t output, Value first, Value second) {
  Operation *combiner = combiners[output];
  bool accumulatorFirst =
      combiner->getOperand(0) == op.getRegionOutputArgs()[output];
  OperationState state(loc, combiner->getName());
  if (!accumulatorFirst)
    std::swap(first, second);
  state.addOperands({first, second});
  state.addTypes(first.getType());
  state.propertiesAttr = combiner->getPropertiesAsAttribute();
  return b.create(state)->getResult(0);
}

/// Combines the elements of one step, those that `mask` names, with the partial
/// results.
SmallVector<Value> ReductionVectorizer::step(ValueRange loops,
                                             ValueRange partial, Value mask) {
  IRMapping mapping;
  size_t inputs = op.getNumDpsInputs();
  for (size_t i = 0; i < inputs; ++i) {
    BlockArgument argument = body.getArgument(i);
    const VectorAccess &access = accesses[i];
    if (argument.use_empty())
      continue;
    if (!mask || !access.movesWithLastDim()) {
      mapping.map(argument, access.load(b, loc, loops, lanes));
      continue;
    }
    auto type = VectorType::get(lanes, argument.getType());
    Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
    mapping.map(argument, vector::MaskedLoadOp::create(
                              b, loc, type, access.buffer,
                              access.getIndices(b, loc, loops), mask, zero));
  }
  for (auto [i, value] : llvm::enumerate(partial))
    mapping.map(body.getArgument(inputs + i), value);
  SmallVector<Value> results = vectorizeBlock(b, body, mapping, lanes);
  if (mask)
    for (auto [result, before] : llvm::zip(results, partial))
      result = arith::SelectOp::create(b, loc, mask, result, before);
  return results;
}

/// One result from the partial ones: halves, quarters, ...
Value ReductionVectorizer::finish(size_t output, Value partial) {
  // Sums of integers have no order. LLVM knows how to sum the lanes, where it
  // takes halves of products for a dot instruction and then forgets the last.
  if (isa<arith::AddIOp>(combiners[output]))
    return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                       partial);
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half));
    auto high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    partial = combine(
        output, vector::ShuffleOp::create(b, loc, partial, partial, low),
        vector::ShuffleOp::create(b, loc, partial, partial, high));
  }
  return vector::ExtractOp::create(b, loc, partial, 0);
}

void ReductionVectorizer::run() {
  Value zero = index(0), one = index(1), width = index(lanes);
  SmallVector<Value> loops;
  unsigned last = op.getNumLoops() - 1;
  Value count = getLoopSize(b, loc, accesses, last);
  SmallVector<Value> sizes;
  for (unsigned dim = 0; dim < last; ++dim)
    sizes.push_back(getLoopSize(b, loc, accesses, dim));
  for (Value end : sizes) {
    auto loop = scf::ForOp::create(b, loc, zero, end, one);
    markParallel(loop);
    b.setInsertionPointToStart(loop.getBody());
    loops.push_back(loop.getInductionVar());
  }
  Value rest = arith::RemUIOp::create(b, loc, count, width);
  Value whole = arith::SubIOp::create(b, loc, count, rest);
  SmallVector<Value> partial;
  for (size_t i = 0; i < combiners.size(); ++i)
    partial.push_back(neutral(i));

  auto loop = scf::ForOp::create(b, loc, zero, whole, width, partial);
  loops.push_back(loop.getInductionVar());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, loc,
                         step(loops, loop.getRegionIterArgs(), Value()));
  }
  Value hasRest =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero);
  auto tail = scf::IfOp::create(b, loc, loop.getResultTypes(), hasRest,
                                /*withElseRegion=*/true);
  loops.back() = whole;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(tail.thenBlock());
    Value mask = vector::CreateMaskOp::create(
        b, loc, VectorType::get(lanes, b.getI1Type()), rest);
    scf::YieldOp::create(b, loc, step(loops, loop.getResults(), mask));
    b.setInsertionPointToStart(tail.elseBlock());
    scf::YieldOp::create(b, loc, loop.getResults());
  }
  for (auto [i, value] : llvm::enumerate(tail.getResults())) {
    const VectorAccess &access = accesses[op.getNumDpsInputs() + i];
    SmallVector<Value> at = access.getIndices(b, loc, loops);
    Value before = memref::LoadOp::create(b, loc, access.buffer, at);
    memref::StoreOp::create(b, loc, combine(i, before, finish(i, value)),
                            access.buffer, at);
  }
  op.erase();
}

struct VectorizeReductionsPass
    : impl::VectorizeReductionsBase<VectorizeReductionsPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](linalg::ReduceOp op) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    });
    getOperation().walk([](linalg::GenericOp op) {
      ReductionVectorizer vectorizer(op);
      if (vectorizer.canRun())
        vectorizer.run();
    });
  }
};

} // namespace
} // namespace quanta
