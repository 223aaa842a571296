//===- VectorizeLookups.cpp - Tables of bytes on vectors ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_VECTORIZELOOKUPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

constexpr int64_t tableSize = 256;

/// The table that a body looks its byte up in, if it does nothing else.
Value matchTable(linalg::GenericOp op) {
  Block &body = *op.getBody();
  if (body.getOperations().size() != 3)
    return {};
  auto load =
      body.getTerminator()->getOperand(0).getDefiningOp<memref::LoadOp>();
  if (!load || load->getBlock() != &body || load.getIndices().size() != 1)
    return {};
  auto cast = load.getIndices()[0].getDefiningOp<arith::IndexCastUIOp>();
  if (!cast || cast.getIn() != body.getArgument(0))
    return {};
  MemRefType type = load.getMemRefType();
  // What is constant stays as it is while results are written.
  bool isTable = type.getElementType().isInteger(8) &&
                 type.getLayout().isIdentity() &&
                 type.getNumElements() == tableSize &&
                 load.getMemRef().getDefiningOp<memref::GetGlobalOp>();
  return isTable ? load.getMemRef() : Value();
}

/// Both buffers as one run of bytes.
bool areRunsOfBytes(linalg::GenericOp op) {
  return op.hasPureBufferSemantics() && op.getNumDpsInputs() == 1 &&
         op.getNumDpsInits() == 1 && op.getNumLoops() > 0 &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); }) &&
         llvm::all_of(op->getOperandTypes(), [](Type type) {
           auto buffer = dyn_cast<MemRefType>(type);
           return buffer && buffer.getElementType().isInteger(8) &&
                  buffer.getLayout().isIdentity();
         });
}

class LookupVectorizer {
public:
  LookupVectorizer(linalg::GenericOp op, Value table, DotAttrInterface dot)
      : op(op), b(op), loc(op.getLoc()), table(table), dot(dot),
        type(VectorType::get(dot.getLookupLanes(), b.getI8Type())) {}

  void run() {
    input = flatten(op.getDpsInputs()[0]);
    output = flatten(op.getDpsInits()[0]);
    int64_t lanes = type.getNumElements();
    SmallVector<Value> parts;
    for (int64_t start = 0; start < tableSize; start += lanes)
      parts.push_back(
          vector::LoadOp::create(b, loc, type, table, index(start)));
    Value size = memref::DimOp::create(b, loc, output, 0);
    Value vectors = arith::DivUIOp::create(b, loc, size, index(lanes));
    Value split = arith::MulIOp::create(b, loc, vectors, index(lanes));
    buildLoop(index(0), split, lanes, [&](Value i) {
      Value bytes = vector::LoadOp::create(b, loc, type, input, i);
      vector::StoreOp::create(b, loc, dot.buildLookup(b, loc, parts, bytes),
                              output, i);
    });
    buildLoop(split, size, 1, [&](Value i) {
      Value byte = memref::LoadOp::create(b, loc, input, i);
      Value entry =
          arith::IndexCastUIOp::create(b, loc, b.getIndexType(), byte);
      memref::StoreOp::create(
          b, loc, memref::LoadOp::create(b, loc, table, entry), output, i);
    });
    op.erase();
  }

private:
  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  Value table;
  DotAttrInterface dot;
  VectorType type;
  Value input, output;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }

  Value flatten(Value buffer) {
    int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    if (rank == 1)
      return buffer;
    SmallVector<ReassociationIndices> all(1);
    llvm::append_range(all[0], llvm::seq<int64_t>(0, rank));
    return memref::CollapseShapeOp::create(b, loc, buffer, all);
  }

  void buildLoop(Value from, Value to, int64_t step,
                 function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, from, to, index(step));
    markParallel(loop);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }
};

struct VectorizeLookupsPass : impl::VectorizeLookupsBase<VectorizeLookupsPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    auto dot =
        getOperation()->getAttrOfType<DotAttrInterface>(attrs::integerDot);
    if (!dot || dot.getLookupLanes() == 0)
      return;
    getOperation().walk([&](linalg::GenericOp op) {
      if (!areRunsOfBytes(op))
        return;
      if (Value table = matchTable(op))
        LookupVectorizer(op, table, dot).run();
    });
  }
};

} // namespace
} // namespace quanta
