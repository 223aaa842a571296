//===- ContractOp.cpp - Quantized contraction over any iteration space
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"

#include <optional>

using namespace mlir;

namespace quanta {

int32_t ContractOp::getChannelDim() {
  if (getChannel())
    return *getChannel();
  SmallVector<AffineMap> maps = getIndexingMaps();
  auto rhs = QuantParams::get(getRhs().getType().getElementType());
  if (rhs && rhs->axis)
    if (auto dim = dyn_cast<AffineDimExpr>(maps[1].getResult(*rhs->axis)))
      if (auto position = findDim(maps[2], dim.getPosition()))
        return *position;
  return static_cast<int32_t>(maps[2].getNumResults()) - 1;
}

LogicalResult ContractOp::verify() {
  SmallVector<AffineMap> maps = getIndexingMaps();
  auto lhsType = getLhs().getType(), rhsType = getRhs().getType();
  auto resultType = getResult().getType();
  if (failed(verifyQuantizedTensors(*this)) ||
      failed(
          verifyContractionMaps(*this, maps, {lhsType, rhsType, resultType})))
    return failure();
  int32_t channel = getChannelDim();
  if (channel < 0 || channel >= resultType.getRank())
    return emitOpError() << "channel " << channel
                         << " is not a dimension of the result";
  auto lhs = *QuantParams::get(lhsType.getElementType());
  auto rhs = *QuantParams::get(rhsType.getElementType());
  int32_t rhsAxis =
      findDim(maps[1], getIterator(maps[2], channel)).value_or(-1);
  if (failed(verifyFactors(*this, lhs, rhs, rhsAxis)) ||
      failed(verifyAccumulator(*this, "result", resultType, channel, lhs, rhs)))
    return failure();
  if (!getBias())
    return success();
  return verifyBias(*this, getBias(), resultType.getDimSize(channel), lhs, rhs);
}

int64_t ContractOp::getMacCount() {
  return countProducts(
      getIndexingMaps(),
      {getLhs().getType(), getRhs().getType(), getResult().getType()});
}

bool ContractOp::isQuantizedCompute() { return true; }

} // namespace quanta
