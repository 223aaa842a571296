//===- ParallelizeLoops.cpp - Share the work of loops among threads -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Interfaces/CallInterfaces.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_PARALLELIZELOOPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Iterations that are taken for a loop whose bounds are not constants.
constexpr int64_t unknownTrips = 4;

std::optional<int64_t> getTrips(scf::ForOp loop) {
  std::optional<int64_t> from = getConstantIntValue(loop.getLowerBound()),
                         to = getConstantIntValue(loop.getUpperBound()),
                         step = getConstantIntValue(loop.getStep());
  if (!from || !to || !step || *step <= 0)
    return std::nullopt;
  return *to <= *from ? 0 : llvm::divideCeil(*to - *from, *step);
}

/// Operations on vectors and memory that run: about one cycle for each, and
/// eight for those on registers of matrices. Indices cost nothing beside them.
double getWork(Operation *op) {
  double work = 0;
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      work += getWork(&inner);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return work * getTrips(loop).value_or(unknownTrips);
  if (op->getNumRegions() > 0)
    return work;
  auto isTile = [](Type type) { return isa<amx::TileType>(type); };
  if (llvm::any_of(op->getOperandTypes(), isTile) ||
      llvm::any_of(op->getResultTypes(), isTile))
    return 8;
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    return isa<VectorType, MemRefType, FloatType>(type);
  });
}

/// Whether the program itself decides how often the loop runs, once in a call:
/// a number of rows.
bool isOpen(scf::ForOp loop) {
  return !getTrips(loop) && isa<func::FuncOp>(loop->getParentOp());
}

class Parallelizer {
public:
  Parallelizer(int64_t threads, int64_t minWork)
      : threads(threads), minWork(minWork) {}

  /// Shares the loops in `region` among threads, the outermost ones that have
  /// enough iterations. Whether there were any.
  bool run(Region &region);

private:
  int64_t threads, minWork;

  bool canShare(scf::ForOp loop);
  Value buildHasWork(OpBuilder &b, scf::ForOp loop);
  double getEfficiency(scf::ForOp loop);
  void share(scf::ForOp loop);
};

/// Buffers that a loop allocates would be planned at one place for all threads;
/// an assertion must end the call on the thread that made it.
bool Parallelizer::canShare(scf::ForOp loop) {
  if (!loop->hasAttr(parallelAttrName) || loop.getNumResults() != 0 ||
      (!isOpen(loop) && getWork(loop) < minWork))
    return false;
  return !loop.walk([](Operation *op) {
                bool isPrivate =
                    isa<memref::AllocOp, memref::DeallocOp, cf::AssertOp,
                        omp::ParallelOp, CallOpInterface>(op);
                return isPrivate ? WalkResult::interrupt()
                                 : WalkResult::advance();
              })
              .wasInterrupted();
}

/// The share of the threads' time that is spent working if iterations take the
/// same time; nothing is known of a loop whose bounds are not constants.
double Parallelizer::getEfficiency(scf::ForOp loop) {
  std::optional<int64_t> trips = getTrips(loop);
  if (!trips || *trips == 0)
    return 0;
  auto rounds = static_cast<double>(llvm::divideCeil(*trips, threads));
  return static_cast<double>(*trips) / (rounds * threads);
}

bool Parallelizer::run(Region &region) {
  bool any = false;
  SmallVector<Operation *> ops;
  for (Block &block : region)
    for (Operation &op : block)
      ops.push_back(&op);
  for (Operation *op : ops) {
    auto loop = dyn_cast<scf::ForOp>(op);
    bool isCandidate = loop && canShare(loop);
    double efficiency = isCandidate ? getEfficiency(loop) : 0;
    if (efficiency < 0.9) {
      bool inner = false;
      for (Region &nested : op->getRegions())
        inner |= run(nested);
      any |= inner;
      if (inner || !isCandidate || getTrips(loop).value_or(threads) < 2)
        continue;
    }
    share(loop);
    any = true;
  }
  return any;
}

/// Whether an open loop has enough to do, found out when the program runs.
Value Parallelizer::buildHasWork(OpBuilder &b, scf::ForOp loop) {
  Location loc = loop.getLoc();
  double work = std::max(1.0, getWork(loop) / unknownTrips);
  auto least = static_cast<int64_t>(std::ceil(minWork / work));
  Value span =
      arith::SubIOp::create(b, loc, loop.getUpperBound(), loop.getLowerBound());
  Value trips = arith::DivSIOp::create(b, loc, span, loop.getStep());
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, trips,
                               arith::ConstantIndexOp::create(b, loc, least));
}

/// Around the loop, a team of threads, each of which takes the same part of the
/// iterations in one loop after the other: what it has written in the last one
/// is in its own cache.
void Parallelizer::share(scf::ForOp loop) {
  OpBuilder b(loop);
  Location loc = loop.getLoc();
  omp::ParallelOperands team;
  team.numThreads = arith::ConstantIntOp::create(b, loc, threads, 32);
  if (isOpen(loop))
    team.ifExpr = buildHasWork(b, loop);
  auto parallel = omp::ParallelOp::create(b, loc, team);
  b.createBlock(&parallel.getRegion());
  omp::WsloopOperands schedule;
  schedule.scheduleKind = omp::ClauseScheduleKindAttr::get(
      b.getContext(), omp::ClauseScheduleKind::Static);
  auto worksharing = omp::WsloopOp::create(b, loc, schedule);
  omp::TerminatorOp::create(b, loc);
  b.createBlock(&worksharing.getRegion());
  omp::LoopNestOperands bounds;
  bounds.loopLowerBounds = {loop.getLowerBound()};
  bounds.loopUpperBounds = {loop.getUpperBound()};
  bounds.loopSteps = {loop.getStep()};
  auto nest = omp::LoopNestOp::create(b, loc, bounds);
  nest.getRegion().takeBody(loop.getRegion());
  Operation *yield = nest.getRegion().front().getTerminator();
  b.setInsertionPoint(yield);
  omp::YieldOp::create(b, loc);
  yield->erase();
  loop.erase();
}

/// Stack that a loop takes is given back only at the end of the function: it is
/// taken once, by each thread.
void hoistStackBuffers(func::FuncOp function) {
  SmallVector<memref::AllocaOp> buffers;
  function.walk([&](memref::AllocaOp buffer) {
    if (buffer.getDynamicSizes().empty() && buffer.getSymbolOperands().empty())
      buffers.push_back(buffer);
  });
  // Those of loops that run one after the other are never needed at once: the
  // next loop takes what those before it have taken.
  llvm::DenseMap<std::pair<Block *, Type>, SmallVector<memref::AllocaOp>> taken;
  llvm::DenseMap<std::pair<Operation *, Type>, unsigned> used;
  for (memref::AllocaOp buffer : buffers) {
    Block &entry = getStackBlock(buffer);
    if (buffer->getBlock() == &entry)
      continue;
    Type type = buffer.getType();
    if (!isa<LoopLikeOpInterface>(buffer->getParentOp())) {
      buffer->moveBefore(&entry, entry.begin());
      continue;
    }
    unsigned number = used[{entry.findAncestorOpInBlock(*buffer), type}]++;
    auto &available = taken[{&entry, type}];
    if (number < available.size() &&
        buffer.getAlignment() == available[number].getAlignment()) {
      buffer.replaceAllUsesWith(available[number].getResult());
      buffer.erase();
      continue;
    }
    buffer->moveBefore(&entry, entry.begin());
    available.push_back(buffer);
  }
}

struct ParallelizeLoopsPass : impl::ParallelizeLoopsBase<ParallelizeLoopsPass> {
  using ParallelizeLoopsBase::ParallelizeLoopsBase;

  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    if (threads < 1 || threads > 1024) {
      emitError(getOperation().getLoc())
          << getArgument() << " needs between 1 and 1024 threads, got "
          << threads.getValue();
      return signalPassFailure();
    }
    if (threads > 1)
      for (auto function : getOperation().getOps<func::FuncOp>())
        Parallelizer(threads, minWork).run(function.getBody());
    for (auto function : getOperation().getOps<func::FuncOp>())
      hoistStackBuffers(function);
    getOperation().walk(
        [](scf::ForOp loop) { loop->removeAttr(parallelAttrName); });
  }
};

} // namespace
} // namespace quanta
