//===- PoolOps.cpp - Quantized pooling ------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace quanta {

/// Constraints 3 and 4.
template <typename OpTy> static LogicalResult verifyWindows(OpTy op) {
  RankedTensorType input = op.getInput().getType();
  RankedTensorType result = op.getResult().getType();
  ArrayRef<int64_t> dims = op.getDims();
  for (ArrayRef<int64_t> list :
       {op.getWindow(), op.getStrides(), op.getDilations()})
    if (list.size() != dims.size() ||
        llvm::any_of(list, [](int64_t entry) { return entry <= 0; }))
      return op.emitOpError() << "needs one positive entry of window, strides "
                                 "and dilations for each of its dimensions";
  if (input.getRank() != result.getRank())
    return op.emitOpError() << "result has rank " << result.getRank()
                            << " instead of " << input.getRank();
  SmallVector<int64_t> shape(input.getShape());
  auto params = *QuantParams::get(input.getElementType());
  llvm::SmallSet<int64_t, 4> seen;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    if (dim < 0 || dim >= input.getRank() || !seen.insert(dim).second)
      return op.emitOpError() << "dimension " << dim << " is not a dimension "
                              << "of its own of " << input;
    if (params.axis == dim)
      return op.emitOpError() << "has windows along dimension " << dim
                              << ", along which the tensor is quantized";
    if (ShapedType::isDynamic(shape[dim]))
      continue;
    int64_t reach;
    if (llvm::MulOverflow(op.getDilations()[index], op.getWindow()[index] - 1,
                          reach) ||
        reach >= shape[dim])
      return op.emitOpError()
             << "has a window larger than dimension " << dim << " of " << input;
    shape[dim] = (shape[dim] - reach - 1) / op.getStrides()[index] + 1;
  }
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    if (!sizesAgree(shape[dim], result.getDimSize(dim)) ||
        (!ShapedType::isDynamic(shape[dim]) && result.isDynamicDim(dim)))
      return op.emitOpError() << "result has type " << result << ", expected "
                              << input.clone(shape);
  return success();
}

LogicalResult MaxPoolOp::verify() {
  if (failed(verifyQuantizedTensors(*this)) || failed(verifyWindows(*this)))
    return failure();
  if (getInput().getType().getElementType() !=
      getResult().getType().getElementType())
    return emitOpError() << "input and result must have the same element type";
  return success();
}

LogicalResult AveragePoolOp::verify() {
  if (failed(verifyQuantizedTensors(*this)) || failed(verifyWindows(*this)) ||
      failed(verifyPerTensor(*this, /*maxWidth=*/16)))
    return failure();
  auto params = *QuantParams::get(getInput().getType().getElementType());
  int64_t zeroPoint = params.zeroPoint(0);
  int64_t sum =
      std::max(zeroPoint - params.range.min, params.range.max - zeroPoint);
  for (int64_t size : getWindow())
    if (llvm::MulOverflow(sum, size, sum) ||
        sum > std::numeric_limits<int32_t>::max())
      return emitOpError() << "sums of its windows do not fit i32";
  return success();
}

} // namespace quanta
