//===- PackOp.cpp - Packing of a right factor at run time -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"

using namespace mlir;

namespace quanta {

void PackOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  // On tensors the operation is pure.
  if (!isa<MemRefType>(getPacked().getType()))
    return;
  effects.emplace_back(MemoryEffects::Read::get(), &getSourceMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getPackedMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
}

int64_t PackOp::getLoopSize(unsigned dim) {
  std::optional<unsigned> position =
      getMap().getResultPosition(getAffineDimExpr(dim, getContext()));
  return cast<ShapedType>(getSource().getType()).getDimSize(*position);
}

LogicalResult PackOp::verify() {
  auto source = cast<ShapedType>(getSource().getType());
  auto packed = cast<ShapedType>(getPacked().getType());
  auto init = cast<ShapedType>(getInit().getType());
  AffineMap map = getMap();
  if (map.getNumDims() < 2 || map.getNumSymbols() != 0 ||
      !map.isPermutation() || map.getNumResults() != source.getRank())
    return emitOpError() << "map must permute the batch dimensions, K and N "
                            "into the dimensions of "
                         << source;
  int64_t batchRank = getBatchRank();
  int64_t k = getLoopSize(batchRank), n = getLoopSize(batchRank + 1);
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(n))
    return emitOpError() << "needs static K and N";
  DotShape shape = getDot().getDotShape();
  if (shape.storedBits || isa<HalfFmaAttr, NarrowDotAttr>(getDot()))
    return emitOpError() << "cannot pack for " << getDot()
                         << ", whose weights are constants";
  auto isFactor = [&](Type type) {
    return shape.isFloat ? type.isF32() : type.isInteger(8);
  };
  if (!isFactor(source.getElementType()) || !isFactor(packed.getElementType()))
    return emitOpError() << "source and packed must hold the factors of "
                         << getDot();
  if (shape.isFloat ? !init.getElementType().isF32()
                    : !init.getElementType().isInteger(32))
    return emitOpError() << "init must hold the accumulators of " << getDot();
  if (shape.isFloat &&
      (getFlip() || getLhsZeroPoint() != 0 || getRhsZeroPoint() != 0))
    return emitOpError() << "flip and zero points are for integers only";
  PackedShape sizes = shape.pack(n, k);
  for (auto [type, size, name] : {std::tuple(packed, sizes.size(), "packed"),
                                  std::tuple(init, sizes.columns, "init")}) {
    bool matches =
        type.getRank() == batchRank + 1 && type.getShape().back() == size;
    for (int64_t dim = 0; matches && dim < batchRank; ++dim)
      matches = sizesAgree(type.getDimSize(dim), getLoopSize(dim));
    if (!matches)
      return emitOpError() << name << " must have the batch dimensions and "
                           << size << " elements for " << getDot();
  }
  return success();
}

} // namespace quanta
