//===- VectorizeElementwise.cpp - Elementwise linalg as vector loops ------===//
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

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_VECTORIZEELEMENTWISE
#include "quanta/Transforms/Passes.h.inc"

namespace {

class ElementwiseVectorizer {
public:
  ElementwiseVectorizer(linalg::GenericOp op, int64_t lanes)
      : op(op), b(op), loc(op.getLoc()), lanes(lanes),
        accesses(getAccesses(op)) {}

  /// The last loop is parallel, so that its iterations can be made at once; the
  /// loops around it keep their order, whether parallel or reductions.
  bool canRun() {
    if (!op.hasPureBufferSemantics() || op.getNumLoops() == 0 ||
        op.getIteratorTypesArray().back() != utils::IteratorType::parallel ||
        !canVectorizeBlock(*op.getBody()))
      return false;
    for (auto [i, access] : llvm::enumerate(accesses)) {
      bool isOutput = i >= size_t(op.getNumDpsInputs());
      if (!access.isLoadable() ||
          (isOutput && !(access.movesWithLastDim() && access.isContiguous())))
        return false;
    }
    return true;
  }

  void run() {
    SmallVector<Value> indices = collapse();
    unsigned last = accesses.back().map.getNumDims() - 1;
    Value zero = index(0), one = index(1);
    SmallVector<Value> sizes;
    for (unsigned dim = 0; dim <= last; ++dim)
      sizes.push_back(getLoopSize(b, loc, accesses, dim));
    for (auto [dim, size] : llvm::enumerate(ArrayRef(sizes).drop_back())) {
      auto loop = scf::ForOp::create(b, loc, zero, size, one);
      if (writesApart(dim))
        markParallel(loop);
      b.setInsertionPointToStart(loop.getBody());
      indices.push_back(loop.getInductionVar());
    }
    Value count = sizes.back();
    Value vectors = arith::DivUIOp::create(b, loc, count, index(lanes));
    Value split = arith::MulIOp::create(b, loc, vectors, index(lanes));
    buildLoop(indices, zero, split, lanes);
    buildLoop(indices, split, count, 1);
    op.erase();
  }

private:
  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  int64_t lanes;
  SmallVector<VectorAccess> accesses;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  /// Whether every iteration of a loop has elements of all outputs of its own.
  bool writesApart(unsigned dim) {
    return llvm::all_of(ArrayRef(accesses).drop_front(op.getNumDpsInputs()),
                        [&](const VectorAccess &access) {
                          return access.map.isFunctionOfDim(dim);
                        });
  }

  /// Where all operands are whole contiguous buffers of one shape, their
  /// dimensions become one: long loops whatever the last dimension's size.
  SmallVector<Value> collapse() {
    int64_t rank = op.getNumLoops();
    bool collapsible = llvm::all_of(accesses, [](const VectorAccess &access) {
      auto type = dyn_cast<MemRefType>(access.buffer.getType());
      return !type || type.getRank() == 0 ||
             (access.map.isIdentity() && type.getLayout().isIdentity());
    });
    if (rank < 2 || !collapsible)
      return {};
    SmallVector<ReassociationIndices> all(1);
    all[0].assign(llvm::seq<int64_t>(0, rank).begin(),
                  llvm::seq<int64_t>(0, rank).end());
    for (VectorAccess &access : accesses) {
      auto type = dyn_cast<MemRefType>(access.buffer.getType());
      if (type && type.getRank() > 0) {
        access.buffer =
            memref::CollapseShapeOp::create(b, loc, access.buffer, all);
        access.map = b.getMultiDimIdentityMap(1);
      } else {
        access.map = AffineMap::get(1, 0, b.getContext());
      }
    }
    return {};
  }

  void buildLoop(ArrayRef<Value> outer, Value from, Value to, int64_t step) {
    OpBuilder::InsertionGuard guard(b);
    auto loop = scf::ForOp::create(b, loc, from, to, index(step));
    markParallel(loop);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> indices(outer);
    indices.push_back(loop.getInductionVar());
    IRMapping mapping;
    Block &body = *op.getBody();
    for (auto [argument, access] : llvm::zip(body.getArguments(), accesses))
      if (!argument.use_empty())
        mapping.map(argument, access.load(b, loc, indices, step));
    SmallVector<Value> results;
    if (step == 1) {
      for (Operation &inner : body.without_terminator())
        b.clone(inner, mapping);
      for (Value value : body.getTerminator()->getOperands())
        results.push_back(mapping.lookupOrDefault(value));
    } else {
      results = vectorizeBlock(b, body, mapping, step);
    }
    size_t inputs = accesses.size() - results.size();
    for (auto [result, access] :
         llvm::zip(results, ArrayRef(accesses).drop_front(inputs))) {
      SmallVector<Value> at = access.getIndices(b, loc, indices);
      if (step == 1)
        memref::StoreOp::create(b, loc, result, access.buffer, at);
      else
        vector::StoreOp::create(b, loc, result, access.buffer, at);
    }
  }
};

/// What is laid out with its few channels next to each other, from images that
/// have them apart:
///
///   for each row, for each vector of pixels
///     for each channel: values = body(a vector of its pixels)
///     output = the values of all channels, interleaved
class InterleavingVectorizer {
public:
  InterleavingVectorizer(linalg::GenericOp op, int64_t lanes)
      : op(op), b(op), loc(op.getLoc()), lanes(lanes),
        accesses(getAccesses(op)) {}

  bool canRun();
  void run();

private:
  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  int64_t lanes, channels = 0;
  SmallVector<VectorAccess> accesses;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  bool runsAlongPixels(const VectorAccess &access);
  void buildLoop(ArrayRef<Value> outer, Value from, Value to, int64_t step);
  Value buildChannel(ArrayRef<Value> position, int64_t step);
  Value interleave(ArrayRef<Value> vectors);
};

/// Whether the elements of one channel lie next to each other.
bool InterleavingVectorizer::runsAlongPixels(const VectorAccess &access) {
  AffineExpr pixel =
      getAffineDimExpr(access.map.getNumDims() - 2, op.getContext());
  auto type = dyn_cast<MemRefType>(access.buffer.getType());
  return type && type.getRank() > 0 &&
         access.map.getResults().back() == pixel && type.isLastDimUnitStride();
}

bool InterleavingVectorizer::canRun() {
  unsigned loops = op.getNumLoops();
  if (!op.hasPureBufferSemantics() || loops < 2 ||
      op.getNumParallelLoops() != loops || op.getNumDpsInits() != 1 ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
      !canVectorizeBlock(*op.getBody()))
    return false;
  const VectorAccess &output = accesses.back();
  auto type = cast<MemRefType>(output.buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return false;
  // So many vectors are in registers at once.
  constexpr int64_t maxChannels = 4;
  channels = type.getShape().empty() ? 0 : type.getShape().back();
  if (!output.isLoadable() || !output.map.isIdentity() || channels < 2 ||
      channels > maxChannels || strides[loops - 1] != 1 ||
      strides[loops - 2] != channels)
    return false;
  return llvm::any_of(accesses,
                      [&](const VectorAccess &access) {
                        return runsAlongPixels(access);
                      }) &&
         llvm::all_of(ArrayRef(accesses).drop_back(),
                      [&](const VectorAccess &access) {
                        return access.isLoadable() &&
                               (runsAlongPixels(access) ||
                                !access.map.isFunctionOfDim(loops - 2));
                      });
}

/// The vectors' elements in turns: all first ones, all second ones, ...
Value InterleavingVectorizer::interleave(ArrayRef<Value> vectors) {
  SmallVector<Value> pairs;
  for (size_t i = 0; i < vectors.size(); i += 2)
    pairs.push_back(vector::ShuffleOp::create(
        b, loc, vectors[i], vectors[std::min(i + 1, vectors.size() - 1)],
        llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes))));
  if (pairs.size() == 1)
    pairs.push_back(pairs.front());
  SmallVector<int64_t> order;
  for (int64_t pixel = 0; pixel < lanes; ++pixel)
    for (int64_t channel = 0; channel < channels; ++channel)
      order.push_back(channel * lanes + pixel);
  return vector::ShuffleOp::create(b, loc, pairs[0], pairs[1], order);
}

/// The values of the channel at the end of `position`, for `step` pixels.
Value InterleavingVectorizer::buildChannel(ArrayRef<Value> position,
                                           int64_t step) {
  Block &body = *op.getBody();
  IRMapping mapping;
  for (auto [argument, access] : llvm::zip(body.getArguments(), accesses)) {
    if (argument.use_empty())
      continue;
    auto type = dyn_cast<MemRefType>(access.buffer.getType());
    if (step == 1 || !type || !runsAlongPixels(access))
      mapping.map(argument, access.load(b, loc, position, 1));
    else
      mapping.map(argument,
                  vector::LoadOp::create(
                      b, loc, VectorType::get(step, type.getElementType()),
                      access.buffer, access.getIndices(b, loc, position)));
  }
  if (step > 1)
    return vectorizeBlock(b, body, mapping, step).front();
  for (Operation &inner : body.without_terminator())
    b.clone(inner, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

void InterleavingVectorizer::buildLoop(ArrayRef<Value> outer, Value from,
                                       Value to, int64_t step) {
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, loc, from, to, index(step));
  markParallel(loop);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> position(outer);
  position.push_back(loop.getInductionVar());
  position.push_back(Value());
  const VectorAccess &output = accesses.back();
  SmallVector<Value> vectors;
  for (int64_t channel = 0; channel < channels; ++channel) {
    position.back() = index(channel);
    vectors.push_back(buildChannel(position, step));
    if (step == 1)
      memref::StoreOp::create(b, loc, vectors.back(), output.buffer, position);
  }
  if (step == 1)
    return;
  SmallVector<ReassociationIndices> rows;
  for (int64_t dim = 0; dim < op.getNumLoops() - 1; ++dim)
    rows.push_back({dim});
  rows.back().push_back(op.getNumLoops() - 1);
  Value joined = memref::CollapseShapeOp::create(b, loc, output.buffer, rows);
  position.pop_back();
  position.back() =
      arith::MulIOp::create(b, loc, position.back(), index(channels));
  vector::StoreOp::create(b, loc, interleave(vectors), joined, position);
}

void InterleavingVectorizer::run() {
  Value zero = index(0);
  SmallVector<Value> position;
  unsigned pixel = op.getNumLoops() - 2;
  for (unsigned dim = 0; dim < pixel; ++dim) {
    auto loop = scf::ForOp::create(
        b, loc, zero, getLoopSize(b, loc, accesses, dim), index(1));
    markParallel(loop);
    b.setInsertionPointToStart(loop.getBody());
    position.push_back(loop.getInductionVar());
  }
  Value count = getLoopSize(b, loc, accesses, pixel);
  Value vectors = arith::DivUIOp::create(b, loc, count, index(lanes));
  Value split = arith::MulIOp::create(b, loc, vectors, index(lanes));
  buildLoop(position, zero, split, lanes);
  buildLoop(position, split, count, 1);
  op.erase();
}

struct VectorizeElementwisePass
    : impl::VectorizeElementwiseBase<VectorizeElementwisePass> {
  using VectorizeElementwiseBase::VectorizeElementwiseBase;

  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    if (lanes < 2 || lanes > 64) {
      emitError(getOperation().getLoc())
          << getArgument() << " needs lanes between 2 and 64, got "
          << lanes.getValue();
      return signalPassFailure();
    }
    getOperation().walk([&](linalg::GenericOp op) {
      InterleavingVectorizer interleaving(op, lanes);
      ElementwiseVectorizer vectorizer(op, lanes);
      if (interleaving.canRun())
        interleaving.run();
      else if (vectorizer.canRun())
        vectorizer.run();
    });
  }
};

} // namespace
} // namespace quanta
