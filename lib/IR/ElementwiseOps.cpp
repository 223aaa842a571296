//===- ElementwiseOps.cpp - Quantized elementwise operations --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include <functional>

using namespace mlir;

namespace quanta {

//===----------------------------------------------------------------------===//
// add, sub, mul
//===----------------------------------------------------------------------===//

/// Constraint 4 for one dimension: sizes of both operands and the result.
static LogicalResult verifySizes(Operation *op, int64_t dim, int64_t lhs,
                                 int64_t rhs, int64_t result) {
  auto fits = [&](int64_t size, int64_t other) {
    // A static 1 next to a larger size is repeated.
    return sizesAgree(size, result) || (size == 1 && other != 1);
  };
  bool isKnown = !ShapedType::isDynamic(result) || ShapedType::isDynamic(lhs) ||
                 ShapedType::isDynamic(rhs);
  if (fits(lhs, rhs) && fits(rhs, lhs) && isKnown)
    return success();
  auto print = [](int64_t size) {
    return ShapedType::isDynamic(size) ? std::string("?")
                                       : std::to_string(size);
  };
  return op->emitOpError() << "dimension " << dim << " has sizes " << print(lhs)
                           << " and " << print(rhs) << " -> " << print(result);
}

template <typename OpTy> static LogicalResult verifyBinary(OpTy op) {
  if (failed(verifyQuantizedTensors(op)) ||
      failed(verifyPerTensor(op, /*maxWidth=*/16)))
    return failure();
  auto lhs = op.getLhs().getType(), rhs = op.getRhs().getType();
  auto result = op.getResult().getType();
  if (lhs.getRank() != result.getRank() || rhs.getRank() != result.getRank())
    return op.emitOpError()
           << "has tensors of ranks " << lhs.getRank() << " and "
           << rhs.getRank() << " -> " << result.getRank();
  for (int64_t dim = 0; dim < result.getRank(); ++dim)
    if (failed(verifySizes(op, dim, lhs.getDimSize(dim), rhs.getDimSize(dim),
                           result.getDimSize(dim))))
      return failure();
  return verifyClamp(op, op.getClamp(),
                     *QuantParams::get(result.getElementType()));
}

/// Rule 3, one f32 operation, and rule 2.
template <typename OpTy, typename Compute>
static int32_t evaluateBinary(OpTy op, ArrayRef<int32_t> operands,
                              Compute compute) {
  auto lhs = *QuantParams::get(op.getLhs().getType().getElementType());
  auto rhs = *QuantParams::get(op.getRhs().getType().getElementType());
  auto to = *QuantParams::get(op.getResult().getType().getElementType());
  reference::StorageRange range = to.range;
  if (auto clamp = op.getClamp())
    range = {static_cast<int32_t>((*clamp)[0]),
             static_cast<int32_t>((*clamp)[1])};
  float x = reference::dequantize(operands[0], lhs.scale(0), lhs.zeroPoint(0));
  float y = reference::dequantize(operands[1], rhs.scale(0), rhs.zeroPoint(0));
  return reference::quantize(compute(x, y), to.scale(0), to.zeroPoint(0),
                             range);
}

std::optional<int32_t> AddOp::evaluateStored(ArrayRef<int32_t> operands) {
  return evaluateBinary(*this, operands, std::plus<float>());
}
std::optional<int32_t> SubOp::evaluateStored(ArrayRef<int32_t> operands) {
  return evaluateBinary(*this, operands, std::minus<float>());
}
std::optional<int32_t> MulOp::evaluateStored(ArrayRef<int32_t> operands) {
  return evaluateBinary(*this, operands, std::multiplies<float>());
}

LogicalResult AddOp::verify() { return verifyBinary(*this); }
LogicalResult SubOp::verify() { return verifyBinary(*this); }
LogicalResult MulOp::verify() { return verifyBinary(*this); }

//===----------------------------------------------------------------------===//
// lookup
//===----------------------------------------------------------------------===//

LogicalResult LookupOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  auto from = *QuantParams::get(getInput().getType().getElementType());
  auto to = *QuantParams::get(getResult().getType().getElementType());
  if (from.storageWidth() > 8)
    return emitOpError() << "looks up at most 8 bits of storage, not "
                         << from.storageWidth();
  auto type = getTable().getShapedType();
  int64_t size = int64_t(1) << from.storageWidth();
  if (type.getRank() != 1 || type.getDimSize(0) != size ||
      type.getElementType() != to.storageType())
    return emitOpError() << "needs a table of type "
                         << RankedTensorType::get({size}, to.storageType())
                         << ", got " << type;
  auto entries = getTable().tryGetValues<APInt>();
  if (!entries)
    return emitOpError() << "has a table whose elements cannot be read";
  for (auto [index, entry] : llvm::enumerate(*entries)) {
    int64_t value = to.isSigned() ? entry.getSExtValue()
                                  : static_cast<int64_t>(entry.getZExtValue());
    if (value < to.range.min || value > to.range.max)
      return emitOpError() << "table entry " << index << " is " << value
                           << ", outside of [" << to.range.min << ", "
                           << to.range.max << "]";
  }
  return success();
}

std::optional<int32_t> LookupOp::evaluateStored(ArrayRef<int32_t> operands) {
  auto from = *QuantParams::get(getInput().getType().getElementType());
  auto to = *QuantParams::get(getResult().getType().getElementType());
  uint64_t bits = static_cast<uint32_t>(operands[0]) &
                  ((uint64_t(1) << from.storageWidth()) - 1);
  APInt entry = *(getTable().value_begin<APInt>() + bits);
  return static_cast<int32_t>(to.isSigned() ? entry.getSExtValue()
                                            : entry.getZExtValue());
}

} // namespace quanta
