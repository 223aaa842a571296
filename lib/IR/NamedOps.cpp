//===- NamedOps.cpp - Layers by their names -------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/IR/ConvolutionShape.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

static int64_t countStatic(ArrayRef<int64_t> sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

//===----------------------------------------------------------------------===//
// Batches of matrices
//===----------------------------------------------------------------------===//

LogicalResult BatchMatmulOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType(),
                   result = getResult().getType();
  int64_t rank = result.getRank();
  if (rank < 3 || lhs.getRank() != rank || rhs.getRank() != rank)
    return emitOpError() << "multiplies tensors of one rank, at least 3, not "
                         << lhs.getRank() << " and " << rhs.getRank() << " -> "
                         << rank;
  bool agree =
      sizesAgree(lhs.getDimSize(rank - 1), rhs.getDimSize(rank - 2)) &&
      sizesAgree(lhs.getDimSize(rank - 2), result.getDimSize(rank - 2)) &&
      sizesAgree(rhs.getDimSize(rank - 1), result.getDimSize(rank - 1));
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    agree &= sizesAgree(lhs.getDimSize(dim), rhs.getDimSize(dim)) &&
             sizesAgree(lhs.getDimSize(dim), result.getDimSize(dim)) &&
             sizesAgree(rhs.getDimSize(dim), result.getDimSize(dim));
  if (!agree)
    return emitOpError() << "sizes of " << lhs << ", " << rhs << " and "
                         << result << " do not agree";
  auto lhsParams = *QuantParams::get(lhs.getElementType());
  auto rhsParams = *QuantParams::get(rhs.getElementType());
  auto channel = static_cast<int32_t>(rank - 1);
  if (failed(verifyFactors(*this, lhsParams, rhsParams, channel)) ||
      failed(verifyAccumulator(*this, "result", result, channel, lhsParams,
                               rhsParams)))
    return failure();
  if (!getBias())
    return success();
  return verifyBias(*this, getBias(), result.getDimSize(channel), lhsParams,
                    rhsParams);
}

int64_t BatchMatmulOp::getMacCount() {
  return countStatic(getResult().getType().getShape()) *
         countStatic(getLhs().getType().getShape().take_back());
}

bool BatchMatmulOp::isQuantizedCompute() { return true; }

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Constraints 4 and 5.
template <typename OpTy>
static LogicalResult verifyWindow(OpTy op, const ConvolutionShape &shape) {
  constexpr size_t count = OpTy::spatialDims;
  auto isPositive = [](int64_t entry) { return entry > 0; };
  for (ArrayRef<int64_t> list :
       {ArrayRef(shape.strides), ArrayRef(shape.dilations)})
    if (list.size() != count || !llvm::all_of(list, isPositive))
      return op.emitOpError()
             << "needs " << count << " positive strides and dilations";
  if (shape.pads.size() != 2 * count ||
      llvm::any_of(shape.pads, [](int64_t entry) { return entry < 0; }))
    return op.emitOpError()
           << "needs " << 2 * count << " pads that are not negative";
  if (shape.groups <= 0 || shape.channels % shape.groups != 0 ||
      shape.filters % shape.groups != 0)
    return op.emitOpError()
           << "cannot part " << shape.channels << " channels and "
           << shape.filters << " filters into " << shape.groups << " groups";
  int64_t depth = op.getWeights().getType().getDimSize(1);
  if (depth != shape.channels / shape.groups)
    return op.emitOpError() << "weights have " << depth << " channels, but "
                            << shape.channels << " in " << shape.groups
                            << " groups need " << shape.channels / shape.groups;
  return success();
}

/// Constraint 6.
template <typename OpTy>
static LogicalResult verifySizes(OpTy op, const ConvolutionShape &shape) {
  RankedTensorType input = op.getInput().getType(),
                   weights = op.getWeights().getType(),
                   result = op.getResult().getType();
  SmallVector<int64_t> sizes(result.getRank());
  sizes[0] = input.getDimSize(0);
  sizes[shape.channelDim] = shape.filters;
  for (int64_t i = 0; i < OpTy::spatialDims; ++i) {
    int64_t size = input.getDimSize(shape.firstSpatialDim + i);
    int64_t kernel = weights.getDimSize(2 + i);
    int64_t &out = sizes[shape.firstSpatialDim + i];
    out = ShapedType::kDynamic;
    if (ShapedType::isDynamic(kernel))
      return op.emitOpError() << "needs kernels of static size";
    if (ShapedType::isDynamic(size))
      continue;
    int64_t reach, room;
    if (llvm::MulOverflow(shape.dilations[i], kernel - 1, reach) ||
        llvm::AddOverflow(size, shape.pads[i], room) ||
        llvm::AddOverflow(room, shape.pads[OpTy::spatialDims + i], room) ||
        kernel < 1 || reach >= room)
      return op.emitOpError()
             << "has a kernel larger than the padded dimension "
             << shape.firstSpatialDim + i << " of " << input;
    out = (room - reach - 1) / shape.strides[i] + 1;
  }
  for (auto [expected, actual] : llvm::zip_equal(sizes, result.getShape()))
    if (!sizesAgree(expected, actual))
      return op.emitOpError() << "result has type " << result << ", expected "
                              << result.clone(sizes);
  return success();
}

template <typename OpTy> static LogicalResult verifyConvolution(OpTy op) {
  if (failed(verifyQuantizedTensors(op)) || failed(verifyWindowRanks(op)))
    return failure();
  RankedTensorType input = op.getInput().getType(),
                   weights = op.getWeights().getType(),
                   result = op.getResult().getType();
  ConvolutionShape shape = getConvolutionShape(op);
  if (ShapedType::isDynamic(shape.channels) ||
      ShapedType::isDynamic(shape.filters))
    return op.emitOpError() << "needs static channels and filters";
  if (failed(verifyWindow(op, shape)) || failed(verifySizes(op, shape)))
    return failure();
  auto inputParams = *QuantParams::get(input.getElementType());
  auto weightParams = *QuantParams::get(weights.getElementType());
  auto channel = static_cast<int32_t>(shape.channelDim);
  if (failed(verifyFactors(op, inputParams, weightParams, /*rhsAxis=*/0)) ||
      failed(verifyAccumulator(op, "result", result, channel, inputParams,
                               weightParams)))
    return failure();
  if (!op.getBias())
    return success();
  return verifyBias(op, op.getBias(), shape.filters, inputParams, weightParams);
}

LogicalResult Conv1DOp::verify() { return verifyConvolution(*this); }
LogicalResult Conv2DOp::verify() { return verifyConvolution(*this); }

template <typename OpTy> static int64_t countMacs(OpTy op) {
  return countStatic(op.getResult().getType().getShape()) *
         countStatic(op.getWeights().getType().getShape().drop_front());
}

int64_t Conv1DOp::getMacCount() { return countMacs(*this); }
int64_t Conv2DOp::getMacCount() { return countMacs(*this); }
bool Conv1DOp::isQuantizedCompute() { return true; }
bool Conv2DOp::isQuantizedCompute() { return true; }

//===----------------------------------------------------------------------===//
// Float functions of quantized tensors
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  int64_t rank = getInput().getType().getRank();
  auto dimension = static_cast<int32_t>(getDimension());
  if (dimension < 0 || dimension >= rank)
    return emitOpError() << "has no dimension " << dimension
                         << " in a tensor of rank " << rank;
  return success();
}

LogicalResult LayerNormOp::verify() {
  RankedTensorType type = getInput().getType();
  for (Value value : {Value(getInput()), Value(getResult())})
    if (failed(verifyQuantizedTensor(*this, value)))
      return failure();
  for (Value value : {Value(getInput()), Value(getResult())}) {
    Type element = getElementTypeOrSelf(value.getType());
    auto params = *QuantParams::get(element);
    if (params.axis || params.storageWidth() > 16)
      return emitOpError() << "takes tensors that are quantized per tensor "
                              "with at most 16 bits of storage, not "
                           << element;
  }
  auto axis = static_cast<int32_t>(getAxis());
  if (axis < 0 || axis >= type.getRank())
    return emitOpError() << "has no dimension " << axis
                         << " in a tensor of rank " << type.getRank();
  ArrayRef<int64_t> sizes = type.getShape().drop_front(axis);
  // f32 holds every count up to here.
  constexpr int64_t limit = int64_t(1) << 24;
  int64_t count = 1;
  for (int64_t size : sizes) {
    if (ShapedType::isDynamic(size) || size <= 0 || size > limit / count)
      return emitOpError() << "normalizes from 1 to " << limit
                           << " elements of static size, not those of " << type
                           << " from dimension " << axis << " on";
    count *= size;
  }
  for (auto [what, value] :
       {std::pair("weight", getWeight()), std::pair("bias", getBias())})
    if (value && cast<RankedTensorType>(value.getType()).getShape() != sizes)
      return emitOpError() << what << " has type " << value.getType()
                           << ", expected "
                           << RankedTensorType::get(
                                  sizes, Float32Type::get(getContext()));
  if (!getEpsilon().isFinite() || getEpsilon().isNegative())
    return emitOpError() << "epsilon must be finite and not negative";
  return success();
}

} // namespace quanta
