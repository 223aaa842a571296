//===- FusedMatmulOp.cpp - Packed matrix product with an epilogue ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace quanta {

void FusedMatmulOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getFusedEffects(*this, effects);
}

int64_t FusedMatmulOp::getMacCount() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  SmallVector<int64_t> sizes(lhs.getShape());
  sizes.push_back(output.getShape().back());
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

AffineMap FusedMatmulOp::getLhsMapOrIdentity() {
  if (std::optional<AffineMap> map = getLhsMap())
    return *map;
  return AffineMap::getMultiDimIdentityMap(
      cast<ShapedType>(getLhs().getType()).getRank(), getContext());
}

bool FusedMatmulOp::isQuantizedCompute() {
  return getElementTypeOrSelf(getLhs()).isInteger();
}

/// The sizes of lhs, rhs, init and outs, and how `batch` and `lhs_map` connect
/// them.
static LogicalResult verifyShapes(FusedMatmulOp op) {
  auto lhs = cast<ShapedType>(op.getLhs().getType());
  auto rhs = cast<ShapedType>(op.getRhs().getType());
  auto init = cast<ShapedType>(op.getInit().getType());
  auto output = cast<ShapedType>(op.getOutput().getType());
  ArrayRef<int64_t> batch = op.getBatch();
  int64_t rank = output.getRank(), batchRank = batch.size();
  if (rank < 2 || lhs.getRank() != rank || rhs.getRank() != batchRank + 1 ||
      (init.getRank() != 1 && init.getRank() != batchRank + 1))
    return op.emitOpError()
           << "needs lhs MxK and outs MxN, with as many rows each, and rhs and "
              "init of one dimension behind those of batch";
  bool ascends = llvm::is_sorted(batch) &&
                 std::adjacent_find(batch.begin(), batch.end()) == batch.end();
  if (!ascends || batchRank >= rank - 1 ||
      llvm::any_of(batch,
                   [&](int64_t dim) { return dim < 0 || dim >= rank - 1; }))
    return op.emitOpError() << "batch must list some of the " << rank - 1
                            << " row dimensions in ascending order, not all";
  AffineMap map = op.getLhsMapOrIdentity();
  if (map.getNumDims() != rank || map.getNumSymbols() != 0 ||
      !map.isPermutation() || map.getDimPosition(rank - 1) != rank - 1)
    return op.emitOpError() << "lhs_map must permute the rows and leave K last";
  for (int64_t dim = 0; dim + 1 < rank; ++dim) {
    int64_t rows = lhs.getDimSize(
        *map.getResultPosition(getAffineDimExpr(dim, op.getContext())));
    if (!sizesAgree(rows, output.getDimSize(dim)))
      return op.emitOpError() << "lhs has " << rows << " rows but outs has "
                              << output.getDimSize(dim);
  }
  for (auto [position, dim] : llvm::enumerate(batch))
    for (ShapedType type : {rhs, init})
      if (type.getRank() > 1 &&
          !sizesAgree(type.getDimSize(position), output.getDimSize(dim)))
        return op.emitOpError() << "rhs and init must have the sizes of batch, "
                                << output.getDimSize(dim) << ", not "
                                << type.getDimSize(position);
  if (lhs.isDynamicDim(rank - 1) || output.isDynamicDim(rank - 1) ||
      rhs.isDynamicDim(batchRank) || init.isDynamicDim(init.getRank() - 1))
    return op.emitOpError() << "needs static K and N";
  return success();
}

LogicalResult FusedMatmulOp::verify() {
  if (failed(verifyFusedOutputs(*this)))
    return failure();
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  DotShape shape = getDot().getDotShape();
  if (failed(verifyShapes(*this)) || failed(verifyFusedFactors(*this)))
    return failure();
  int64_t k = lhs.getShape().back(), n = output.getShape().back();
  if (shape.storedBits && k % shape.storedBlock != 0)
    return emitOpError() << "sums over " << k << " elements, which blocks of "
                         << shape.storedBlock << " do not divide";
  PackedShape packed = shape.pack(n, k);
  if (rhs.getShape().back() != packed.size())
    return emitOpError() << "rhs must be packed into " << packed.size()
                         << " elements for " << getDot();
  if (init.getShape().back() != packed.columns)
    return emitOpError() << "init must be padded to " << packed.columns
                         << " elements";
  return verifyFusedEpilogue(*this);
}

} // namespace quanta
