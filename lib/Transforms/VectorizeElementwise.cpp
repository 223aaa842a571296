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
      : op(op), b(op), loc(op.getLoc()), lanes(lanes) {
    for (OpOperand &operand : op->getOpOperands())
      accesses.push_back({operand.get(), op.getMatchingIndexingMap(&operand)});
  }

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
      ElementwiseVectorizer vectorizer(op, lanes);
      if (vectorizer.canRun())
        vectorizer.run();
    });
  }
};

} // namespace
} // namespace quanta
