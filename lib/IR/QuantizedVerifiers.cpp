//===- QuantizedVerifiers.cpp - Constraints of quantized operations -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include <cmath>

using namespace mlir;

namespace quanta {

LogicalResult verifyQuantizedTensor(Operation *op, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return verifyQuantizedType(type, type.getElementType(),
                             [&] { return op->emitOpError(); });
}

LogicalResult verifyQuantizedTensors(Operation *op) {
  for (Value value : op->getOperands())
    if (failed(verifyQuantizedTensor(op, value)))
      return failure();
  for (Value value : op->getResults())
    if (failed(verifyQuantizedTensor(op, value)))
      return failure();
  return success();
}

LogicalResult verifyPerTensor(Operation *op, unsigned maxWidth) {
  auto verify = [&](Value value) -> LogicalResult {
    auto type = cast<RankedTensorType>(value.getType());
    auto params = *QuantParams::get(type.getElementType());
    if (!params.axis && params.storageWidth() <= maxWidth)
      return success();
    return op->emitOpError()
           << "takes tensors that are quantized per tensor with at most "
           << maxWidth << " bits of storage, not " << type.getElementType();
  };
  for (Value value : op->getOperands())
    if (failed(verify(value)))
      return failure();
  for (Value value : op->getResults())
    if (failed(verify(value)))
      return failure();
  return success();
}

LogicalResult verifyClamp(Operation *op, std::optional<ArrayRef<int64_t>> clamp,
                          const QuantParams &params) {
  if (!clamp)
    return success();
  reference::StorageRange range = params.range;
  if (clamp->size() != 2 || (*clamp)[0] > (*clamp)[1] ||
      (*clamp)[0] < range.min || (*clamp)[1] > range.max)
    return op->emitOpError() << "clamp must be [lo, hi] with " << range.min
                             << " <= lo <= hi <= " << range.max;
  return success();
}

LogicalResult verifyFactors(Operation *op, const QuantParams &lhs,
                            const QuantParams &rhs, int32_t rhsAxis) {
  if (lhs.storageWidth() > 8 || rhs.storageWidth() > 8)
    return op->emitOpError() << "factors must have at most 8 bits of storage";
  if (lhs.axis)
    return op->emitOpError() << "lhs must be quantized per tensor";
  if (rhs.axis && *rhs.axis != rhsAxis)
    return op->emitOpError() << "rhs must be quantized per tensor or along "
                                "dimension "
                             << rhsAxis << ", not " << *rhs.axis;
  return success();
}

LogicalResult verifyAccumulator(Operation *op, StringRef what,
                                RankedTensorType type, int32_t channelDim,
                                const QuantParams &lhs,
                                const QuantParams &rhs) {
  auto params = *QuantParams::get(type.getElementType());
  if (params.storageWidth() != 32 || !params.isSigned() ||
      params.hasZeroPoint())
    return op->emitOpError()
           << what << " must have i32 storage and zero point 0";
  if (params.axis && *params.axis != channelDim)
    return op->emitOpError() << what << " must be quantized along dimension "
                             << channelDim << ", not " << *params.axis;
  size_t channels = std::max(params.scales.size(), rhs.scales.size());
  if (params.axis && rhs.axis && params.scales.size() != rhs.scales.size())
    return op->emitOpError() << what << " has " << params.scales.size()
                             << " scales, but rhs has " << rhs.scales.size();
  for (size_t channel = 0; channel < channels; ++channel) {
    double expected = static_cast<double>(lhs.scale(0)) * rhs.scale(channel);
    double actual = params.scales[params.scales.size() == 1 ? 0 : channel];
    if (!(std::abs(actual - expected) <= 1e-6 * expected))
      return op->emitOpError()
             << what << " has scale " << actual << " in channel " << channel
             << ", but its factors give " << expected;
  }
  return success();
}

LogicalResult verifyBias(Operation *op, Value bias, int64_t channels,
                         const QuantParams &lhs, const QuantParams &rhs) {
  auto type = cast<RankedTensorType>(bias.getType());
  if (type.getRank() != 1 || !sizesAgree(type.getDimSize(0), channels))
    return op->emitOpError() << "bias must be a vector with one element for "
                                "each channel of the result";
  return verifyAccumulator(op, "bias", type, 0, lhs, rhs);
}

} // namespace quanta
