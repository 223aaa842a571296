//===- VectorAccess.cpp - Elements of buffers as vectors ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/VectorAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

bool VectorAccess::movesWithLastDim() const {
  return isa<MemRefType>(buffer.getType()) && map.getNumResults() > 0 &&
         map.isFunctionOfDim(map.getNumDims() - 1);
}

bool VectorAccess::isContiguous() const {
  if (!movesWithLastDim())
    return true;
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  return last && last.getPosition() == map.getNumDims() - 1 &&
         cast<MemRefType>(buffer.getType()).isLastDimUnitStride();
}

bool VectorAccess::isLoadable() const {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type)
    return true;
  if (type.getElementType().isIntOrFloat() &&
      type.getElementTypeBitWidth() % 8 != 0)
    return false;
  return map.isProjectedPermutation(/*allowZeroInResults=*/true);
}

SmallVector<Value> VectorAccess::getIndices(OpBuilder &b, Location loc,
                                            ValueRange loops) const {
  SmallVector<Value> at;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    at.push_back(dim ? loops[dim.getPosition()]
                     : arith::ConstantIndexOp::create(b, loc, 0).getResult());
  }
  return at;
}

Value VectorAccess::load(OpBuilder &b, Location loc, ValueRange loops,
                         int64_t lanes) const {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type)
    return buffer;
  if (lanes == 1 || !movesWithLastDim())
    return memref::LoadOp::create(b, loc, buffer, getIndices(b, loc, loops));
  auto vectorType = VectorType::get(lanes, type.getElementType());
  if (isContiguous())
    return vector::LoadOp::create(b, loc, vectorType, buffer,
                                  getIndices(b, loc, loops));
  SmallVector<Value> elements, lane(loops);
  for (int64_t i = 0; i < lanes; ++i) {
    if (i > 0)
      lane.back() = arith::AddIOp::create(
          b, loc, loops.back(), arith::ConstantIndexOp::create(b, loc, i));
    elements.push_back(
        memref::LoadOp::create(b, loc, buffer, getIndices(b, loc, lane)));
  }
  return vector::FromElementsOp::create(b, loc, vectorType, elements);
}

SmallVector<VectorAccess> getAccesses(linalg::GenericOp op) {
  SmallVector<VectorAccess> accesses;
  for (OpOperand &operand : op->getOpOperands())
    accesses.push_back({operand.get(), op.getMatchingIndexingMap(&operand)});
  return accesses;
}

Value getLoopSize(OpBuilder &b, Location loc, ArrayRef<VectorAccess> accesses,
                  unsigned dim) {
  for (const VectorAccess &access : accesses)
    for (auto [i, expr] : llvm::enumerate(access.map.getResults()))
      if (expr == b.getAffineDimExpr(dim))
        return memref::DimOp::create(b, loc, access.buffer, i);
  llvm_unreachable("linalg verifies that every loop has a size");
}

} // namespace quanta
