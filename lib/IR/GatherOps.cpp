//===- GatherOps.cpp - Quantized rows and pixels --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/IR/Resampling.h"

#include "llvm/ADT/SmallSet.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

LogicalResult EmbeddingOp::verify() {
  RankedTensorType table = getTable().getType(),
                   indices = getIndices().getType(),
                   result = getResult().getType();
  bool isFloat = result.getElementType().isF32();
  if (failed(verifyQuantizedTensor(*this, getTable())) ||
      (!isFloat && failed(verifyQuantizedTensor(*this, getResult()))))
    return failure();
  if (table.getRank() != 2 || table.isDynamicDim(0) || table.getDimSize(0) < 1)
    return emitOpError() << "needs a matrix with a static number of rows, at "
                            "least one, not "
                         << table;
  SmallVector<int64_t> sizes(indices.getShape());
  sizes.push_back(table.getDimSize(1));
  if (failed(verifyCompatibleShape(sizes, result.getShape())))
    return emitOpError() << "result has type " << result << ", expected "
                         << result.clone(sizes);
  auto params = *QuantParams::get(table.getElementType());
  if (isFloat) {
    if (params.axis && *params.axis != 0)
      return emitOpError() << "needs a table that is quantized per tensor or "
                              "along its rows, not along dimension "
                           << *params.axis;
    return success();
  }
  if (params.axis || table.getElementType() != result.getElementType())
    return emitOpError() << "table and result must have the same element type, "
                            "quantized per tensor, not "
                         << table.getElementType() << " and "
                         << result.getElementType();
  return success();
}

/// Constraints 3 and 4.
static LogicalResult verifyResizedSizes(ResizeOp op) {
  RankedTensorType input = op.getInput().getType(),
                   result = op.getResult().getType();
  ArrayRef<int64_t> dims = op.getDims();
  if (input.getRank() != result.getRank())
    return op.emitOpError() << "result has rank " << result.getRank()
                            << ", but its input " << input.getRank();
  // Keeps products of two sizes in range.
  constexpr int64_t limit = int64_t(1) << 24;
  llvm::SmallSet<int64_t, 4> resized;
  for (int64_t dim : dims) {
    if (dim < 0 || dim >= input.getRank() || !resized.insert(dim).second)
      return op.emitOpError()
             << "needs distinct dimensions of a tensor of rank "
             << input.getRank();
    for (RankedTensorType type : {input, result})
      if (type.isDynamicDim(dim) || type.getDimSize(dim) < 1 ||
          type.getDimSize(dim) > limit)
        return op.emitOpError()
               << "resamples dimensions of a static size from 1 to " << limit
               << ", not dimension " << dim << " of " << type;
  }
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    if (!resized.contains(dim) &&
        !sizesAgree(input.getDimSize(dim), result.getDimSize(dim)))
      return op.emitOpError() << "dimension " << dim << " of " << input
                              << " does not fit " << result;
  return success();
}

LogicalResult ResizeOp::verify() {
  if (failed(verifyQuantizedTensors(*this)) ||
      failed(verifyResizedSizes(*this)))
    return failure();
  RankedTensorType input = getInput().getType(), result = getResult().getType();
  auto params = *QuantParams::get(input.getElementType());
  if (getMode() == ResizeMode::Nearest) {
    if (input.getElementType() != result.getElementType())
      return emitOpError()
             << "input and result must have the same element type";
    if (params.axis && llvm::is_contained(getDims(), *params.axis))
      return emitOpError() << "resamples dimension " << *params.axis
                           << ", along which the tensor is quantized";
    return success();
  }
  if (failed(verifyPerTensor(*this, /*maxWidth=*/16)))
    return failure();
  if (getRounding())
    return emitOpError() << "rounds no places in mode linear";
  if (getDims().size() > 4)
    return emitOpError() << "resamples at most 4 dimensions, not "
                         << getDims().size();
  int64_t zeroPoint = params.zeroPoint(0);
  int64_t sum =
      std::max(zeroPoint - params.range.min, params.range.max - zeroPoint);
  for (int64_t dim : getDims())
    if (llvm::MulOverflow(sum,
                          getResamplingDenominator(getCoordinates(),
                                                   input.getDimSize(dim),
                                                   result.getDimSize(dim)),
                          sum) ||
        sum > std::numeric_limits<int32_t>::max())
      return emitOpError() << "its weighted sums do not fit i32";
  return success();
}

} // namespace quanta
