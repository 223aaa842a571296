//===- MatmulOp.cpp - Quantized matrix product ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"

using namespace mlir;

namespace quanta {

SmallVector<AffineMap> getMatmulMaps(MLIRContext *context) {
  AffineExpr m, n, k;
  bindDims(context, m, n, k);
  return {AffineMap::get(3, 0, {m, k}, context),
          AffineMap::get(3, 0, {k, n}, context),
          AffineMap::get(3, 0, {m, n}, context)};
}

SmallVector<AffineMap> MatmulOp::getIndexingMaps() {
  return getMatmulMaps(getContext());
}

LogicalResult MatmulOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  auto lhsType = getLhs().getType(), rhsType = getRhs().getType();
  auto resultType = getResult().getType();
  if (lhsType.getRank() != 2 || rhsType.getRank() != 2 ||
      resultType.getRank() != 2)
    return emitOpError() << "multiplies matrices, but got ranks "
                         << lhsType.getRank() << " and " << rhsType.getRank()
                         << " -> " << resultType.getRank();
  if (!sizesAgree(lhsType.getDimSize(1), rhsType.getDimSize(0)))
    return emitOpError() << "lhs has " << lhsType.getDimSize(1)
                         << " columns but rhs has " << rhsType.getDimSize(0)
                         << " rows";
  if (!sizesAgree(lhsType.getDimSize(0), resultType.getDimSize(0)) ||
      !sizesAgree(rhsType.getDimSize(1), resultType.getDimSize(1)))
    return emitOpError() << "result shape does not match its factors";
  auto lhs = *QuantParams::get(lhsType.getElementType());
  auto rhs = *QuantParams::get(rhsType.getElementType());
  if (failed(verifyFactors(*this, lhs, rhs, /*rhsAxis=*/1)) ||
      failed(verifyAccumulator(*this, "result", resultType, 1, lhs, rhs)))
    return failure();
  if (!getBias())
    return success();
  return verifyBias(*this, getBias(), resultType.getDimSize(1), lhs, rhs);
}

int64_t MatmulOp::getMacCount() {
  int64_t count = 1;
  for (int64_t size :
       {getLhs().getType().getDimSize(0), getLhs().getType().getDimSize(1),
        getRhs().getType().getDimSize(1)})
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

bool MatmulOp::isQuantizedCompute() { return true; }

} // namespace quanta
