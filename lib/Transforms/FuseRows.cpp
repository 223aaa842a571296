//===- FuseRows.cpp - One loop over the rows of softmax and its like ------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/FuseRows.h"

#include "ParallelLoops.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FUSEROWS
#include "quanta/Transforms/Passes.h.inc"

namespace {

bool isParallel(utils::IteratorType type) {
  return type == utils::IteratorType::parallel;
}

/// Whether `map` names the row loops in order, and behind them none of them.
bool isAligned(AffineMap map, unsigned rowLoops) {
  if (map.getNumResults() < rowLoops)
    return false;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (i < rowLoops ? !dim || dim.getPosition() != i
                     : dim && dim.getPosition() < rowLoops)
      return false;
  }
  return true;
}

/// The `tensor.empty` that a result starts from, perhaps filled with one
/// number; null where it starts from anything else.
tensor::EmptyOp getEmptyInit(Value init) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    init = fill.getOutputs()[0];
  return init.getDefiningOp<tensor::EmptyOp>();
}

/// Whether the leading `rowLoops` loops of an operation can go around others
/// with the same rows.
bool hasRows(linalg::GenericOp op, unsigned rowLoops) {
  if (!op || !op.hasPureTensorSemantics() || op.hasIndexSemantics() ||
      op.getNumLoops() < rowLoops ||
      !llvm::all_of(ArrayRef(op.getIteratorTypesArray()).take_front(rowLoops),
                    isParallel) ||
      !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
        return map.isProjectedPermutation(/*allowZeroInResults=*/true);
      }))
    return false;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto type = cast<RankedTensorType>(init.get().getType());
    // What a row keeps goes on the stack.
    if (!isAligned(op.getMatchingIndexingMap(&init), rowLoops) ||
        !getEmptyInit(init.get()) ||
        ShapedType::isDynamicShape(type.getShape().drop_front(rowLoops)))
      return false;
  }
  return true;
}

/// The number of loops around the reductions of an operation that reduces the
/// last dimensions; 0 for any other.
unsigned getRowLoops(linalg::GenericOp op) {
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  unsigned rows = llvm::find_if_not(types, isParallel) - types.begin();
  bool reducesLast =
      rows < types.size() &&
      llvm::none_of(ArrayRef(types).drop_front(rows), isParallel);
  return reducesLast && hasRows(op, rows) ? rows : 0;
}

int64_t getRowElements(Value value, unsigned rowLoops) {
  auto type = cast<RankedTensorType>(value.getType());
  return ShapedType::getNumElements(type.getShape().drop_front(rowLoops));
}

int64_t getRowBytes(Value value, unsigned rowLoops) {
  unsigned bits =
      cast<RankedTensorType>(value.getType()).getElementTypeBitWidth();
  return getRowElements(value, rowLoops) * llvm::divideCeil(bits, 8);
}

/// Operations that share a loop over rows.
class RowGroup {
public:
  RowGroup(linalg::GenericOp reduction, unsigned rowLoops)
      : rowLoops(rowLoops) {
    members.insert(reduction);
  }

  /// Adds what reads or makes rows of the group, and leaves out again what
  /// cannot be moved to one place. Whether there is something to fuse.
  bool grow(int64_t maxBytes);
  void build();
  ArrayRef<Operation *> getMembers() const { return members.getArrayRef(); }

private:
  unsigned rowLoops;
  llvm::SetVector<Operation *> members;

  bool canJoin(Operation *op) const;
  bool isUsedOutside(Value value) const;
  bool isUsedBefore(Operation *last) const;
  void addReaders();
  void addProducers();
  void buildRow(OpBuilder &b, linalg::GenericOp op, ValueRange rows,
                IRMapping &tiles);
  Value buildSlice(OpBuilder &b, Location loc, Value tensor, AffineMap map,
                   ValueRange rows) const;
  SmallVector<Value> buildRowCounts(OpBuilder &b) const;
};

bool RowGroup::canJoin(Operation *op) const {
  return op && !members.contains(op) &&
         op->getBlock() == members.front()->getBlock() &&
         hasRows(dyn_cast<linalg::GenericOp>(op), rowLoops);
}

bool RowGroup::isUsedOutside(Value value) const {
  return llvm::any_of(value.getUsers(),
                      [&](Operation *user) { return !members.contains(user); });
}

void RowGroup::addReaders() {
  for (size_t i = 0; i < members.size(); ++i)
    for (OpOperand &use : members[i]->getUses())
      if (auto reader = dyn_cast<linalg::GenericOp>(use.getOwner()))
        if (canJoin(reader) && reader.isDpsInput(&use) &&
            isAligned(reader.getMatchingIndexingMap(&use), rowLoops))
          members.insert(reader);
}

/// Those whose results nothing else needs.
void RowGroup::addProducers() {
  for (size_t i = 0; i < members.size(); ++i) {
    auto member = cast<linalg::GenericOp>(members[i]);
    for (OpOperand *input : member.getDpsInputOperands()) {
      Operation *producer = input->get().getDefiningOp();
      if (canJoin(producer) &&
          isAligned(member.getMatchingIndexingMap(input), rowLoops) &&
          llvm::none_of(producer->getResults(),
                        [&](Value value) { return isUsedOutside(value); }))
        members.insert(producer);
    }
  }
}

/// Whether anything else reads a result of the group before `last` is done.
bool RowGroup::isUsedBefore(Operation *last) const {
  for (Operation *member : members)
    for (Operation *user : member->getUsers()) {
      Operation *inBlock = last->getBlock()->findAncestorOpInBlock(*user);
      if (!members.contains(user) &&
          (!inBlock || inBlock->isBeforeInBlock(last)))
        return true;
    }
  return false;
}

bool RowGroup::grow(int64_t maxBytes) {
  addReaders();
  addProducers();
  SmallVector<Operation *> sorted(members.getArrayRef());
  llvm::sort(sorted,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  members = {sorted.begin(), sorted.end()};
  // In-group operands must be rows too: what is read across rows is not done.
  for (Operation *member : sorted)
    for (OpOperand *input :
         cast<linalg::GenericOp>(member).getDpsInputOperands()) {
      auto generic = cast<linalg::GenericOp>(member);
      if (members.contains(input->get().getDefiningOp()) &&
          !isAligned(generic.getMatchingIndexingMap(input), rowLoops))
        return false;
    }
  while (members.size() > 1 && isUsedBefore(members.back()))
    members.pop_back();
  // Shorter ones are faster as parts of one long vector.
  constexpr int64_t leastElements = 16;
  int64_t bytes = 0, elements = 0;
  bool hasReduction = false;
  for (Operation *member : members) {
    hasReduction |= cast<linalg::GenericOp>(member).getNumReductionLoops() > 0;
    for (Value result : member->getResults()) {
      bytes += getRowBytes(result, rowLoops);
      elements = std::max(elements, getRowElements(result, rowLoops));
    }
  }
  return hasReduction && elements >= leastElements && bytes <= maxBytes;
}

SmallVector<Value> RowGroup::buildRowCounts(OpBuilder &b) const {
  auto op = cast<linalg::GenericOp>(members.front());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, op.getLoc(), getEmptyInit(op.getDpsInits()[0]));
  sizes.resize(rowLoops);
  return getValueOrCreateConstantIndexOp(b, op.getLoc(), sizes);
}

/// The part of a tensor that belongs to a row, without the dimensions of rows.
Value RowGroup::buildSlice(OpBuilder &b, Location loc, Value tensor,
                           AffineMap map, ValueRange rows) const {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type)
    return tensor;
  SmallVector<OpFoldResult> offsets,
      sizes = tensor::getMixedSizes(b, loc, tensor),
      strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (dim && dim.getPosition() < rowLoops) {
      offsets.push_back(rows[dim.getPosition()]);
      sizes[i] = b.getIndexAttr(1);
    } else {
      offsets.push_back(b.getIndexAttr(0));
      shape.push_back(type.getDimSize(i));
    }
  }
  if (shape.size() == size_t(type.getRank()))
    return tensor;
  return tensor::ExtractSliceOp::create(b, loc, type.clone(shape), tensor,
                                        offsets, sizes, strides);
}

/// The operation on one row, with `tiles` in place of the group's tensors.
void RowGroup::buildRow(OpBuilder &b, linalg::GenericOp op, ValueRange rows,
                        IRMapping &tiles) {
  Location loc = op.getLoc();
  unsigned loops = op.getNumLoops() - rowLoops;
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Value value = operand.get();
    if (op.isDpsInit(&operand)) {
      auto type = cast<RankedTensorType>(value.getType());
      Value init = tensor::EmptyOp::create(
          b, loc, type.getShape().drop_front(rowLoops), type.getElementType());
      if (auto fill = value.getDefiningOp<linalg::FillOp>())
        init = linalg::FillOp::create(b, loc, fill.getInputs()[0], init)
                   .getResult(0);
      inits.push_back(init);
    } else if (Value tile = tiles.lookupOrNull(value)) {
      inputs.push_back(tile);
    } else {
      inputs.push_back(buildSlice(b, loc, value, map, rows));
    }
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        exprs.push_back(expr);
      else if (dim.getPosition() >= rowLoops)
        exprs.push_back(b.getAffineDimExpr(dim.getPosition() - rowLoops));
    }
    maps.push_back(AffineMap::get(loops, 0, exprs, b.getContext()));
  }
  auto row = linalg::GenericOp::create(
      b, loc, ValueRange(inits).getTypes(), inputs, inits, maps,
      ArrayRef(op.getIteratorTypesArray()).drop_front(rowLoops));
  IRMapping body;
  op.getRegion().cloneInto(&row.getRegion(), body);
  tiles.map(op.getResults(), row.getResults());
}

void RowGroup::build() {
  Operation *last = members.back();
  OpBuilder b(last->getBlock(), std::next(last->getIterator()));
  Location loc = members.front()->getLoc();
  SmallVector<Value> results, whole;
  for (Operation *member : members)
    for (OpResult result : member->getResults())
      if (isUsedOutside(result)) {
        results.push_back(result);
        whole.push_back(
            getEmptyInit(cast<linalg::GenericOp>(member)
                             .getDpsInits()[result.getResultNumber()]));
      }
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  SmallVector<Value> rows;
  SmallVector<scf::ForOp> nest;
  for (Value count : buildRowCounts(b)) {
    auto loop = scf::ForOp::create(b, loc, zero, count, one, whole);
    // Once its results are buffers, it has none.
    markParallel(loop);
    if (!nest.empty())
      scf::YieldOp::create(b, loc, loop.getResults());
    nest.push_back(loop);
    rows.push_back(loop.getInductionVar());
    whole.assign(loop.getRegionIterArgs().begin(),
                 loop.getRegionIterArgs().end());
    b.setInsertionPointToStart(loop.getBody());
  }
  IRMapping tiles;
  for (Operation *member : members)
    buildRow(b, cast<linalg::GenericOp>(member), rows, tiles);
  for (auto [result, tensor] : llvm::zip_equal(results, whole)) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<OpFoldResult> offsets(rows.begin(), rows.end()),
        sizes(rowLoops, b.getIndexAttr(1)),
        strides(type.getRank(), b.getIndexAttr(1));
    for (int64_t size : type.getShape().drop_front(rowLoops)) {
      offsets.push_back(b.getIndexAttr(0));
      sizes.push_back(b.getIndexAttr(size));
    }
    tensor = tensor::InsertSliceOp::create(b, loc, tiles.lookup(result), tensor,
                                           offsets, sizes, strides);
  }
  scf::YieldOp::create(b, loc, whole);
  for (auto [result, value] :
       llvm::zip_equal(results, nest.front().getResults()))
    result.replaceUsesWithIf(value, [&](OpOperand &use) {
      return !members.contains(use.getOwner());
    });
  for (Operation *member : llvm::reverse(members))
    member->erase();
}

struct FuseRowsPass : impl::FuseRowsBase<FuseRowsPass> {
  using FuseRowsBase::FuseRowsBase;

  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    SmallVector<linalg::GenericOp> reductions;
    getOperation().walk([&](linalg::GenericOp op) {
      if (getRowLoops(op) > 0)
        reductions.push_back(op);
    });
    llvm::DenseSet<Operation *> done;
    for (linalg::GenericOp reduction : reductions) {
      if (done.contains(reduction))
        continue;
      RowGroup group(reduction, getRowLoops(reduction));
      if (!group.grow(maxBytes))
        continue;
      done.insert_range(group.getMembers());
      group.build();
      ++numLoops;
    }
  }
};

} // namespace

bool isRowBuffer(Value buffer) {
  Operation *op = buffer.getDefiningOp();
  auto loop = op ? dyn_cast<scf::ForOp>(op->getParentOp()) : scf::ForOp();
  return loop && loop->hasAttr(parallelAttrName);
}

} // namespace quanta
