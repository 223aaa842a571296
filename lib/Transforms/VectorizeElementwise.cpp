//===- VectorizeElementwise.cpp - Elementwise linalg on buffers as vector loops
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"
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

/// One operand of an elementwise operation.
struct Access {
  Value buffer;
  AffineMap map;
};

bool movesWithLastDim(const Access &access) {
  return !access.map.isConstant() && access.map.getNumResults() > 0 &&
         access.map.isFunctionOfDim(access.map.getNumDims() - 1);
}

/// Elements of one vector lie next to each other, or are all the same one.
bool isVectorizable(const Access &access) {
  auto type = dyn_cast<MemRefType>(access.buffer.getType());
  if (!type)
    return true;
  // In memory, an element below 8 bits has a byte of its own; in a vector, it
  // has not.
  if (type.getElementType().isIntOrFloat() &&
      type.getElementTypeBitWidth() % 8 != 0)
    return false;
  if (!access.map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return false;
  if (!movesWithLastDim(access))
    return true;
  auto last = dyn_cast<AffineDimExpr>(access.map.getResults().back());
  return last && last.getPosition() == access.map.getNumDims() - 1 &&
         type.isLastDimUnitStride();
}

class ElementwiseVectorizer {
public:
  ElementwiseVectorizer(linalg::GenericOp op, int64_t lanes)
      : op(op), b(op), loc(op.getLoc()), lanes(lanes) {
    for (OpOperand &operand : op->getOpOperands())
      accesses.push_back({operand.get(), op.getMatchingIndexingMap(&operand)});
  }

  bool canRun() {
    return linalg::isElementwise(op) && op.hasPureBufferSemantics() &&
           op.getNumLoops() > 0 && canVectorizeBlock(*op.getBody()) &&
           llvm::all_of(accesses, isVectorizable) &&
           llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
             return op.getMatchingIndexingMap(&init).isIdentity();
           });
  }

  void run() {
    SmallVector<Value> indices = collapse();
    auto outType = cast<MemRefType>(accesses.back().buffer.getType());
    int64_t rank = outType.getRank();
    Value zero = index(0), one = index(1);
    for (int64_t dim = 0; dim + 1 < rank; ++dim) {
      auto loop = scf::ForOp::create(b, loc, zero, size(dim), one);
      b.setInsertionPointToStart(loop.getBody());
      indices.push_back(loop.getInductionVar());
    }
    Value count = size(rank - 1);
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
  SmallVector<Access> accesses;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value size(int64_t dim) {
    return memref::DimOp::create(b, loc, accesses.back().buffer, dim);
  }

  /// Where all operands are whole contiguous buffers of one shape, their
  /// dimensions become one: long loops whatever the last dimension's size.
  SmallVector<Value> collapse() {
    int64_t rank = op.getNumLoops();
    bool collapsible = llvm::all_of(accesses, [](const Access &access) {
      auto type = dyn_cast<MemRefType>(access.buffer.getType());
      return !type || type.getRank() == 0 ||
             (access.map.isIdentity() && type.getLayout().isIdentity());
    });
    if (rank < 2 || !collapsible)
      return {};
    SmallVector<ReassociationIndices> all(1);
    all[0].assign(llvm::seq<int64_t>(0, rank).begin(),
                  llvm::seq<int64_t>(0, rank).end());
    for (Access &access : accesses) {
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
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> indices(outer);
    indices.push_back(loop.getInductionVar());
    IRMapping mapping;
    Block &body = *op.getBody();
    for (auto [argument, access] : llvm::zip(body.getArguments(), accesses))
      if (!argument.use_empty())
        mapping.map(argument, load(access, indices, step));
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
      SmallVector<Value> at = getIndices(access, indices);
      if (step == 1)
        memref::StoreOp::create(b, loc, result, access.buffer, at);
      else
        vector::StoreOp::create(b, loc, result, access.buffer, at);
    }
  }

  SmallVector<Value> getIndices(const Access &access, ArrayRef<Value> indices) {
    SmallVector<Value> at;
    for (AffineExpr expr : access.map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      at.push_back(dim ? indices[dim.getPosition()] : index(0));
    }
    return at;
  }

  Value load(const Access &access, ArrayRef<Value> indices, int64_t step) {
    auto type = dyn_cast<MemRefType>(access.buffer.getType());
    if (!type)
      return access.buffer;
    SmallVector<Value> at = getIndices(access, indices);
    if (step == 1 || !movesWithLastDim(access))
      return memref::LoadOp::create(b, loc, access.buffer, at);
    return vector::LoadOp::create(b, loc,
                                  VectorType::get(step, type.getElementType()),
                                  access.buffer, at);
  }
};

struct VectorizeElementwisePass
    : impl::VectorizeElementwiseBase<VectorizeElementwisePass> {
  using VectorizeElementwiseBase::VectorizeElementwiseBase;

  void runOnOperation() override {
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
