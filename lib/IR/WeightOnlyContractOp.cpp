//===- WeightOnlyContractOp.cpp - Float activations, stored weights -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

using namespace mlir;

namespace quanta {

LogicalResult WeightOnlyContractOp::verify() {
  RankedTensorType weights = getWeights().getType();
  Type element = weights.getElementType();
  if (!isa<FloatType>(element)) {
    if (failed(verifyQuantizedType(
            weights, element, [&] { return emitOpError(); },
            /*isWeight=*/true)))
      return failure();
    if (QuantParams::getOfWeight(element)->storageWidth() > 8)
      return emitOpError() << "weights must have at most 8 bits of storage";
  }
  return verifyContractionMaps(
      *this, getIndexingMaps(),
      {getLhs().getType(), weights, getResult().getType()});
}

int64_t WeightOnlyContractOp::getMacCount() {
  return countProducts(
      getIndexingMaps(),
      {getLhs().getType(), getWeights().getType(), getResult().getType()});
}

bool WeightOnlyContractOp::isQuantizedCompute() { return false; }

} // namespace quanta
