//===- SplitBatches.cpp - Networks of images, one image at a time ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SPLITBATCHES
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The size of dimension 0, which may be open, of images whose size is known.
std::optional<int64_t> getBatch(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0 ||
      ShapedType::isDynamicShape(type.getShape().drop_front()))
    return std::nullopt;
  return type.getDimSize(0);
}

/// What a batch of open size is taken for where the size decides.
constexpr int64_t openBatch = 8;

RankedTensorType getImageType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 1;
  return RankedTensorType::get(shape, type.getElementType());
}

/// Where an image is in its batch.
struct ImageSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  ImageSlice(OpBuilder &b, RankedTensorType image, Value index)
      : offsets(image.getRank(), b.getIndexAttr(0)),
        sizes(getAsIndexOpFoldResult(b.getContext(), image.getShape())),
        strides(image.getRank(), b.getIndexAttr(1)) {
    offsets[0] = index;
  }
};

/// Whether each image can have its own of a tensor: it holds nothing, the same
/// number everywhere, or the same vector in every image.
bool isFresh(Operation *op) {
  if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op);
      broadcast && !llvm::is_contained(broadcast.getDimensions(), 0))
    return false;
  if (isa<linalg::FillOp, linalg::BroadcastOp>(op)) {
    Value room = cast<linalg::LinalgOp>(op).getDpsInits().front();
    return room.getDefiningOp() && isFresh(room.getDefiningOp());
  }
  return isa<tensor::EmptyOp>(op);
}

/// What a fresh tensor is for one image.
Value buildFresh(OpBuilder &b, Operation *op) {
  RankedTensorType type = getImageType(op->getResult(0));
  if (isa<tensor::EmptyOp>(op))
    return tensor::EmptyOp::create(b, op->getLoc(), type.getShape(),
                                   type.getElementType());
  Value room = cast<linalg::LinalgOp>(op).getDpsInits().front();
  room = buildFresh(b, room.getDefiningOp());
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return linalg::FillOp::create(b, op->getLoc(), fill.getInputs(), room)
        .getResult(0);
  auto broadcast = cast<linalg::BroadcastOp>(op);
  return linalg::BroadcastOp::create(b, op->getLoc(), broadcast.getInput(),
                                     room, broadcast.getDimensions())
      ->getResult(0);
}

int64_t getBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.getElementType().isIntOrFloat())
    return 0;
  int64_t batch = type.isDynamicDim(0) ? openBatch : type.getDimSize(0);
  return batch * getImageType(value).getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// The loop over dimension 0 of the results, if each iteration of it computes
/// an index of them from the same index of what it reads.
std::optional<unsigned> getBatchLoop(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op->getNumResults() == 0)
    return std::nullopt;
  std::optional<unsigned> loop;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    if (map.getNumResults() == 0)
      return std::nullopt;
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(0));
    if (!dim || (loop && *loop != dim.getPosition()))
      return std::nullopt;
    loop = dim.getPosition();
  }
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(*loop) && (i != 0 || !isa<AffineDimExpr>(expr)))
        return std::nullopt;
  }
  if (op->getRegion(0)
          .walk([&](linalg::IndexOp index) {
            return index.getDim() == *loop ? WalkResult::interrupt()
                                           : WalkResult::advance();
          })
          .wasInterrupted())
    return std::nullopt;
  return loop;
}

/// How often a weight is used for one image; nothing for what has no weights.
std::optional<int64_t> getPositions(linalg::LinalgOp op, unsigned batchLoop) {
  auto kinds = op.getIteratorTypesArray();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap weights = op.getMatchingIndexingMap(operand);
    // A window alone, as pools have it, is no weight.
    if (weights.isFunctionOfDim(batchLoop) ||
        op.getMatchingBlockArgument(operand).use_empty())
      continue;
    bool isSummed = false;
    int64_t positions = 1;
    for (auto [dim, size] : llvm::enumerate(op.getStaticLoopRanges())) {
      bool isOfWeights = weights.isFunctionOfDim(dim);
      if (kinds[dim] == utils::IteratorType::reduction)
        isSummed |= isOfWeights;
      else if (dim != batchLoop && !isOfWeights)
        positions *= size;
    }
    if (isSummed)
      return positions;
  }
  return std::nullopt;
}

/// An operation whose results have a part for each image.
class Splittable {
public:
  static std::optional<Splittable> get(Operation *op, int64_t minPositions);

  Operation *op;
  int64_t batch;
  bool hasWeights = false;

  /// Whether the operand has a part for each image, too.
  bool isSplit(OpOperand &operand) const;
  /// The operation on one image, with these in place of its operands.
  Operation *buildImage(OpBuilder &b, ValueRange operands) const;
};

std::optional<Splittable> Splittable::get(Operation *op, int64_t minPositions) {
  if (op->getNumResults() == 0 || !isMemoryEffectFree(op))
    return std::nullopt;
  Splittable result{op, 0, false};
  for (Value value : op->getResults()) {
    std::optional<int64_t> batch = getBatch(value);
    bool isOne = batch && !ShapedType::isDynamic(*batch) && *batch < 2;
    if (!batch || isOne || (result.batch && result.batch != *batch))
      return std::nullopt;
    result.batch = *batch;
  }
  for (OpOperand &operand : op->getOpOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.get().getType());
        type && !type.hasStaticShape() && !getBatch(operand.get()))
      return std::nullopt;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    std::optional<unsigned> loop = getBatchLoop(linalgOp);
    if (!loop)
      return std::nullopt;
    // Of what all images read, nothing is open.
    for (OpOperand &operand : op->getOpOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.get().getType());
          type && !type.hasStaticShape() &&
          !linalgOp.getMatchingIndexingMap(&operand).isFunctionOfDim(*loop))
        return std::nullopt;
    if (std::optional<int64_t> positions = getPositions(linalgOp, *loop)) {
      if (*positions < minPositions)
        return std::nullopt;
      result.hasWeights = true;
    }
    return result;
  }
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    if (!pad.getLow().empty() || !pad.getHigh().empty() ||
        pad.getStaticLow()[0] != 0 || pad.getStaticHigh()[0] != 0 ||
        !pad.getConstantPaddingValue())
      return std::nullopt;
    return result;
  }
  SmallVector<ReassociationIndices> groups;
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    groups = collapse.getReassociationIndices();
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    groups = expand.getReassociationIndices();
  if (groups.empty() || groups.front().size() != 1)
    return std::nullopt;
  return result;
}

bool Splittable::isSplit(OpOperand &operand) const {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return operand.getOperandNumber() == 0;
  AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
  return map.isFunctionOfDim(*getBatchLoop(linalgOp));
}

Operation *Splittable::buildImage(OpBuilder &b, ValueRange operands) const {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return tensor::ExpandShapeOp::create(
        b, op->getLoc(), getImageType(expand.getResult()), operands.front(),
        expand.getReassociationIndices());
  Operation *image = b.clone(*op);
  image->setOperands(operands);
  for (Value result : image->getResults())
    result.setType(getImageType(result));
  return image;
}

/// Operations of a block, one behind the other but for others that they do not
/// use, that take a batch through convolutions.
class Segment {
public:
  Segment(Block *block, int64_t minBytes) : block(block), minBytes(minBytes) {}

  void add(const Splittable &op);
  /// Whether the operation goes over the same images: sizes that are known say
  /// so, and open ones where both read or make the same tensor.
  bool isOver(const Splittable &split) const;
  /// Whether the operation, or one inside, uses results of the segment;
  /// `split`: as a whole.
  bool isUsedBy(Operation *op, const std::optional<Splittable> &split) const;
  /// Replaces the segment by a loop, if that pays.
  void split();

private:
  Block *block;
  int64_t minBytes;
  int64_t batch = 0;
  SmallVector<Splittable> ops;
  /// What they read and make for all images.
  llvm::SmallDenseSet<Value> batches;

  void dropOthers();
  bool isLarge() const;
  Value buildBatch(OpBuilder &b) const;
  bool contains(Operation *op) const {
    return llvm::any_of(ops, [&](const Splittable &s) { return s.op == op; });
  }
  Value takeImage(OpBuilder &b, OpOperand &operand, Value index) const;
};

bool Segment::isUsedBy(Operation *op,
                       const std::optional<Splittable> &split) const {
  return op
      ->walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands()) {
          Operation *producer = operand.get().getDefiningOp();
          bool isPart = split && inner == op && split->batch == batch &&
                        split->isSplit(operand);
          if (producer && !isPart && contains(producer))
            return WalkResult::interrupt();
        }
        return WalkResult::advance();
      })
      .wasInterrupted();
}

void Segment::add(const Splittable &split) {
  batch = split.batch;
  ops.push_back(split);
  for (OpOperand &operand : split.op->getOpOperands())
    if (split.isSplit(operand))
      batches.insert(operand.get());
  batches.insert_range(split.op->getResults());
}

bool Segment::isOver(const Splittable &split) const {
  if (split.batch != batch || !ShapedType::isDynamic(batch))
    return split.batch == batch;
  return llvm::any_of(split.op->getOpOperands(), [&](OpOperand &operand) {
    return split.isSplit(operand) && batches.contains(operand.get());
  });
}

/// The number of images; nothing if none comes from outside.
Value Segment::buildBatch(OpBuilder &b) const {
  Location loc = ops.front().op->getLoc();
  if (!ShapedType::isDynamic(batch))
    return arith::ConstantIndexOp::create(b, loc, batch);
  for (const Splittable &split : ops)
    for (OpOperand &operand : split.op->getOpOperands()) {
      Operation *producer = operand.get().getDefiningOp();
      if (split.isSplit(operand) && !(producer && contains(producer)))
        return tensor::DimOp::create(b, loc, operand.get(), 0);
    }
  return nullptr;
}

/// Keeps what leads to a convolution, and what follows from that.
void Segment::dropOthers() {
  llvm::SmallPtrSet<Operation *, 16> kept;
  for (const Splittable &split : llvm::reverse(ops)) {
    bool isNeeded = split.hasWeights;
    for (Operation *user : split.op->getUsers())
      isNeeded |= kept.contains(user);
    if (isNeeded)
      kept.insert(split.op);
  }
  for (const Splittable &split : ops)
    for (Value operand : split.op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (kept.contains(producer))
          kept.insert(split.op);
  llvm::erase_if(
      ops, [&](const Splittable &split) { return !kept.contains(split.op); });
}

bool Segment::isLarge() const {
  int64_t largest = 0;
  bool hasWeights = false;
  for (const Splittable &split : ops) {
    int64_t bytes = 0;
    for (OpOperand &operand : split.op->getOpOperands())
      if (split.isSplit(operand))
        bytes += getBytes(operand.get());
    largest = std::max(largest, bytes);
    hasWeights |= split.hasWeights;
  }
  return hasWeights && largest >= minBytes;
}

/// What an operation on one image reads in place of the batch.
Value Segment::takeImage(OpBuilder &b, OpOperand &operand, Value index) const {
  Location loc = operand.getOwner()->getLoc();
  Value value = operand.get();
  RankedTensorType type = getImageType(value);
  if (Operation *producer = value.getDefiningOp();
      producer && isFresh(producer))
    return buildFresh(b, producer);
  ImageSlice slice(b, type, index);
  return tensor::ExtractSliceOp::create(b, loc, type, value, slice.offsets,
                                        slice.sizes, slice.strides);
}

void Segment::split() {
  dropOthers();
  if (!isLarge())
    return;
  SmallVector<Value> results;
  for (const Splittable &split : ops)
    for (Value result : split.op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !contains(block->findAncestorOpInBlock(*user));
          }))
        results.push_back(result);
  if (results.empty())
    return;
  Operation *last = ops.back().op;
  OpBuilder b(last->getBlock(), std::next(Block::iterator(last)));
  Location loc = ops.front().op->getLoc();
  Value images = buildBatch(b);
  if (!images)
    return;
  SmallVector<Value> inits;
  for (Value result : results) {
    auto type = cast<RankedTensorType>(result.getType());
    inits.push_back(tensor::EmptyOp::create(
        b, loc, type, type.isDynamicDim(0) ? images : ValueRange()));
  }
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto loop = scf::ForOp::create(b, loc, index(0), images, index(1), inits);
  b.setInsertionPointToStart(loop.getBody());
  IRMapping mapping;
  for (const Splittable &split : ops) {
    SmallVector<Value> operands(split.op->getOperands());
    for (OpOperand &operand : split.op->getOpOperands())
      if (split.isSplit(operand)) {
        Value image = mapping.lookupOrNull(operand.get());
        if (!image) {
          image = takeImage(b, operand, loop.getInductionVar());
          mapping.map(operand.get(), image);
        }
        operands[operand.getOperandNumber()] = image;
      }
    Operation *image = split.buildImage(b, operands);
    mapping.map(split.op->getResults(), image->getResults());
  }
  SmallVector<Value> yielded;
  for (auto [result, whole] : llvm::zip(results, loop.getRegionIterArgs())) {
    ImageSlice slice(b, getImageType(result), loop.getInductionVar());
    yielded.push_back(tensor::InsertSliceOp::create(
        b, loc, mapping.lookup(result), whole, slice.offsets, slice.sizes,
        slice.strides));
  }
  scf::YieldOp::create(b, loc, yielded);
  for (auto [result, whole] : llvm::zip(results, loop.getResults()))
    result.replaceUsesWithIf(whole, [&](OpOperand &use) {
      Operation *user = block->findAncestorOpInBlock(*use.getOwner());
      return !contains(user) && user != loop;
    });
  for (const Splittable &split : llvm::reverse(ops))
    split.op->erase();
}

struct SplitBatchesPass : impl::SplitBatchesBase<SplitBatchesPass> {
  using SplitBatchesBase::SplitBatchesBase;

  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    // Sizes of what is in a loop are those of what comes from outside.
    RewritePatternSet patterns(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    if (hasOpenBatches() &&
        failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) {
      if (!isa<linalg::LinalgOp, tensor::PadOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      run(*block);
  }

private:
  bool hasOpenBatches() {
    return getOperation()
        .walk([&](linalg::LinalgOp op) {
          std::optional<Splittable> split = Splittable::get(op, minPositions);
          return split && split->hasWeights &&
                         ShapedType::isDynamic(split->batch)
                     ? WalkResult::interrupt()
                     : WalkResult::advance();
        })
        .wasInterrupted();
  }

  void run(Block &block) {
    // One for each size of dimension 0: weights have one, too.
    std::vector<Segment> open, closed;
    auto closeIf = [&](function_ref<bool(const Segment &)> isEnd) {
      for (Segment &segment : open)
        if (isEnd(segment))
          closed.push_back(segment);
      llvm::erase_if(open, isEnd);
    };
    for (Operation &op : block) {
      std::optional<Splittable> split = Splittable::get(&op, minPositions);
      // What uses a batch as a whole comes after it.
      closeIf(
          [&](const Segment &segment) { return segment.isUsedBy(&op, split); });
      if (!split || isFresh(&op))
        continue;
      auto own = llvm::find_if(
          open, [&](const Segment &segment) { return segment.isOver(*split); });
      if (own == open.end()) {
        open.emplace_back(&block, minBytes).add(*split);
        continue;
      }
      own->add(*split);
      // Where batches of open size meet, one of them ends.
      const Segment *kept = &*own;
      closeIf([&](const Segment &segment) {
        return &segment != kept && segment.isOver(*split);
      });
    }
    llvm::append_range(closed, open);
    for (Segment &segment : closed)
      segment.split();
  }
};

} // namespace
} // namespace quanta
