//===- TrainingOps.cpp - Gradients ----------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

using namespace mlir;

namespace quanta {

LogicalResult FakeQuantGradOp::verify() {
  if (failed(verifyQuantizedType(getInput().getType(), getQuantizedType(),
                                 [&] { return emitOpError(); })))
    return failure();
  auto params = *QuantParams::get(getQuantizedType());
  if (params.storageWidth() > 16)
    return emitOpError() << "cannot round to " << params.storageWidth()
                         << " bits of storage, only to 16 at most";
  SmallVector<int64_t> shape;
  if (params.axis)
    shape.push_back(static_cast<int64_t>(params.scales.size()));
  auto expected = RankedTensorType::get(shape, Float32Type::get(getContext()));
  for (Value result : {getScaleGradient(), getZeroPointGradient()})
    if (result.getType() != expected)
      return emitOpError() << "gradients of scale and zero point have type "
                           << expected << ", not " << result.getType();
  return success();
}

} // namespace quanta
