//===- DynamicOps.cpp - Ranges computed at run time -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"

using namespace mlir;

namespace quanta {

/// What both forms of dynamic quantization require of their type and rows.
static LogicalResult verifyDynamic(Operation *op, RankedTensorType input,
                                   Type elementType, ArrayRef<int64_t> rows,
                                   bool isSymmetric) {
  if (failed(verifyQuantizedType(input, elementType,
                                 [&] { return op->emitOpError(); })))
    return failure();
  auto params = *QuantParams::get(elementType);
  if (params.axis || params.scale(0) != 1.0f)
    return op->emitOpError() << "needs a type with the scale 1 for the whole "
                                "tensor, the actual scales are computed";
  if (params.storageWidth() > 16)
    return op->emitOpError() << "cannot round to " << params.storageWidth()
                             << " bits of storage, only to 16 at most";
  int64_t zeroPoint = params.zeroPoint(0);
  int64_t middle = (int64_t(params.range.min) + params.range.max + 1) / 2;
  if (!isSymmetric && zeroPoint != 0)
    return op->emitOpError() << "computes its zero points: the type must have "
                                "the zero point 0, not "
                             << zeroPoint;
  if (isSymmetric && zeroPoint > middle)
    return op->emitOpError() << "has the zero point " << zeroPoint
                             << " above the middle of its range";
  for (auto [index, row] : llvm::enumerate(rows))
    if (row < 0 || row >= input.getRank() ||
        (index > 0 && row <= rows[index - 1]))
      return op->emitOpError()
             << "rows must be ascending dimensions of " << input;
  return success();
}

LogicalResult DynamicFakeQuantOp::verify() {
  return verifyDynamic(*this, getInput().getType(), getQuantizedType(),
                       getRows(), getSymmetric());
}

LogicalResult DynamicQuantizeOp::verify() {
  RankedTensorType input = getInput().getType(), result = getResult().getType();
  if (failed(verifyDynamic(*this, input, result.getElementType(), getRows(),
                           getSymmetric())))
    return failure();
  if (input.getShape() != result.getShape())
    return emitOpError() << "result must have the shape of the input";
  SmallVector<int64_t> sizes;
  for (int64_t row : getRows())
    sizes.push_back(input.getDimSize(row));
  if (getScale().getType().getShape() != ArrayRef(sizes))
    return emitOpError() << "scales must have the sizes of its rows";
  if (getSymmetric() == static_cast<bool>(getZeroPoint()))
    return emitOpError() << (getSymmetric()
                                 ? "has no zero points, it is symmetric"
                                 : "needs a result for its zero points");
  if (getZeroPoint() &&
      cast<RankedTensorType>(getZeroPoint().getType()).getShape() !=
          ArrayRef(sizes))
    return emitOpError() << "zero points must have the sizes of its rows";
  return success();
}

LogicalResult SubtractZeroPointOp::verify() {
  if (failed(verifyQuantizedTensor(*this, getAccumulators())) ||
      failed(verifyQuantizedTensor(*this, getWeights())))
    return failure();
  auto accumulators =
      *QuantParams::get(getAccumulators().getType().getElementType());
  auto weights = *QuantParams::get(getWeights().getType().getElementType());
  if (accumulators.storageWidth() != 32 || !accumulators.isSigned() ||
      accumulators.hasZeroPoint())
    return emitOpError() << "accumulators must have i32 storage and zero point "
                            "0";
  if (weights.storageWidth() > 8)
    return emitOpError() << "weights must have at most 8 bits of storage";
  SmallVector<AffineMap> maps = getIndexingMaps();
  RankedTensorType types[] = {getAccumulators().getType(),
                              getZeroPoint().getType(), getWeights().getType()};
  if (maps.size() != 3)
    return emitOpError() << "needs the maps of accumulators, zero points and "
                            "weights";
  SmallVector<int64_t> sizes(maps[0].getNumDims(), ShapedType::kDynamic);
  for (auto [map, type] : llvm::zip(maps, types)) {
    if (map.getNumDims() != maps[0].getNumDims() || map.getNumSymbols() != 0 ||
        !map.isProjectedPermutation() ||
        map.getNumResults() != static_cast<unsigned>(type.getRank()))
      return emitOpError() << "map " << AffineMapAttr::get(map)
                           << " must select distinct dimensions, one for each "
                              "of its tensor";
    for (unsigned i = 0; i < map.getNumResults(); ++i) {
      int64_t &size = sizes[map.getDimPosition(i)];
      if (!sizesAgree(size, type.getDimSize(i)))
        return emitOpError() << "has the sizes " << size << " and "
                             << type.getDimSize(i) << " along dimension "
                             << map.getDimPosition(i) << " of its maps";
      if (ShapedType::isDynamic(size))
        size = type.getDimSize(i);
    }
  }
  for (AffineExpr expr : maps[1].getResults())
    if (!maps[0].getResultPosition(expr))
      return emitOpError() << "zero points have a dimension that the "
                              "accumulators have not";
  return success();
}

} // namespace quanta
