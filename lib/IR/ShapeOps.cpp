//===- ShapeOps.cpp - Quantized pad and concat ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

using namespace mlir;

namespace quanta {

/// The padded sizes; nothing if `low` and `high` do not fit the rank or a size
/// overflows.
static std::optional<SmallVector<int64_t>>
getPaddedShape(RankedTensorType type, ArrayRef<int64_t> low,
               ArrayRef<int64_t> high) {
  size_t rank = type.getRank();
  if (low.size() != rank || high.size() != rank)
    return std::nullopt;
  SmallVector<int64_t> shape;
  for (auto [size, before, after] : llvm::zip(type.getShape(), low, high)) {
    int64_t sum = size;
    if (before < 0 || after < 0)
      return std::nullopt;
    if (!ShapedType::isDynamic(size) && (llvm::AddOverflow(size, before, sum) ||
                                         llvm::AddOverflow(sum, after, sum)))
      return std::nullopt;
    shape.push_back(sum);
  }
  return shape;
}

LogicalResult
PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                        ValueRange operands, DictionaryAttr attributes,
                        OpaqueProperties properties, RegionRange regions,
                        SmallVectorImpl<Type> &types) {
  PadOpAdaptor adaptor(operands, attributes, properties, regions);
  auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
  if (!type)
    return failure();
  auto shape = getPaddedShape(type, adaptor.getLow(), adaptor.getHigh());
  if (!shape)
    return emitOptionalError(location,
                             "'quanta.pad' op needs 'low' and 'high' with one "
                             "entry, not negative, for each dimension");
  types.push_back(type.clone(*shape));
  return success();
}

LogicalResult PadOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  // Again here, because types are inferred after this.
  if (!getPaddedShape(getInput().getType(), getLow(), getHigh()))
    return emitOpError() << "needs 'low' and 'high' with one entry, not "
                            "negative, for each dimension";
  auto params = *QuantParams::get(getInput().getType().getElementType());
  if (params.axis && (getLow()[*params.axis] || getHigh()[*params.axis]))
    return emitOpError() << "pads dimension " << *params.axis
                         << ", along which the tensor is quantized";
  if (getValue()) {
    int64_t value = static_cast<int64_t>(*getValue());
    if (value < params.range.min || value > params.range.max)
      return emitOpError() << "value " << value << " lies outside of ["
                           << params.range.min << ", " << params.range.max
                           << "]";
  } else if (!llvm::all_equal(params.zeroPoints)) {
    return emitOpError() << "needs a value, because the zero points differ";
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "joins at least one tensor";
  if (failed(verifyQuantizedTensors(*this)) ||
      failed(verifyPerTensor(*this, /*maxWidth=*/16)))
    return failure();
  RankedTensorType result = getResult().getType();
  int64_t dim = getDim();
  if (dim < 0 || dim >= result.getRank())
    return emitOpError() << "dimension " << dim
                         << " does not exist in a tensor of rank "
                         << result.getRank();
  int64_t sum = 0;
  for (Value input : getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getRank() != result.getRank())
      return emitOpError() << "joins tensors of rank " << type.getRank()
                           << " to one of rank " << result.getRank();
    for (int64_t other = 0; other < result.getRank(); ++other)
      if (other != dim &&
          !sizesAgree(type.getDimSize(other), result.getDimSize(other)))
        return emitOpError() << "dimension " << other << " of " << type
                             << " does not fit " << result;
    int64_t size = type.getDimSize(dim);
    sum = ShapedType::isDynamic(sum) || ShapedType::isDynamic(size)
              ? ShapedType::kDynamic
              : sum + size;
  }
  if (!sizesAgree(sum, result.getDimSize(dim)))
    return emitOpError() << "joins " << sum << " indices along dimension "
                         << dim << " to " << result.getDimSize(dim);
  return success();
}

} // namespace quanta
