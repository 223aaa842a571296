//===- InferTypes.cpp - Types of results from those of operands -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands need not be valid: types are inferred before an operation exists.
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

using Sizes = ArrayRef<int64_t>;

/// The result of a window of `kernel` elements; dynamic where it is not known
/// or there is none.
static int64_t slideWindow(int64_t size, int64_t kernel, int64_t stride,
                           int64_t dilation, int64_t pads) {
  int64_t room, reach;
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel) ||
      stride < 1 || llvm::AddOverflow(size, pads, room) ||
      llvm::MulOverflow(dilation, kernel - 1, reach) || reach >= room)
    return ShapedType::kDynamic;
  return (room - reach - 1) / stride + 1;
}

/// Entry `index` of a list that may be missing.
static int64_t getEntry(std::optional<Sizes> list, size_t index,
                        int64_t missing) {
  return list && index < list->size() ? (*list)[index] : missing;
}

/// Sums of products of these factors, with the channels of `rhs` along `axis`.
static LogicalResult inferSums(std::optional<Location> location, Value lhs,
                               Value rhs, Sizes shape, int64_t axis,
                               SmallVectorImpl<Type> &types) {
  auto lhsParams = QuantParams::get(getElementTypeOrSelf(lhs.getType()));
  auto rhsParams = QuantParams::get(getElementTypeOrSelf(rhs.getType()));
  if (!lhsParams || !rhsParams)
    return emitOptionalError(location, "factors must be quantized");
  types.push_back(RankedTensorType::get(
      shape,
      getAccumulatorType(*lhsParams, *rhsParams, static_cast<int32_t>(axis))));
  return success();
}

/// The ranks that types are inferred from.
static LogicalResult checkRanks(std::optional<Location> location, Value lhs,
                                Value rhs, int64_t lowest, int64_t highest) {
  auto lhsType = dyn_cast<RankedTensorType>(lhs.getType());
  auto rhsType = dyn_cast<RankedTensorType>(rhs.getType());
  if (lhsType && rhsType && lhsType.getRank() == rhsType.getRank() &&
      lhsType.getRank() >= lowest && lhsType.getRank() <= highest)
    return success();
  return emitOptionalError(location, "factors must be tensors of one rank, ",
                           lowest, " or more, not ", lhs.getType(), " and ",
                           rhs.getType());
}

static Sizes getSizes(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

template <typename Adaptor>
static LogicalResult
inferProduct(std::optional<Location> location, Adaptor adaptor, int64_t lowest,
             int64_t highest, SmallVectorImpl<Type> &types) {
  Value lhs = adaptor.getLhs(), rhs = adaptor.getRhs();
  if (failed(checkRanks(location, lhs, rhs, lowest, highest)))
    return failure();
  SmallVector<int64_t> shape(getSizes(lhs));
  shape.back() = getSizes(rhs).back();
  // A size that one of both knows.
  for (size_t dim = 0; dim + 2 < shape.size(); ++dim)
    if (ShapedType::isDynamic(shape[dim]))
      shape[dim] = getSizes(rhs)[dim];
  return inferSums(location, lhs, rhs, shape,
                   static_cast<int64_t>(shape.size()) - 1, types);
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferProduct(location, adaptor, 2, 2, types);
}

LogicalResult BatchMatmulOp::inferReturnTypes(MLIRContext *,
                                              std::optional<Location> location,
                                              Adaptor adaptor,
                                              SmallVectorImpl<Type> &types) {
  return inferProduct(location, adaptor, 3, std::numeric_limits<int64_t>::max(),
                      types);
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

template <typename Adaptor>
static LogicalResult inferConvolution(std::optional<Location> location,
                                      Adaptor adaptor, int64_t spatialDims,
                                      SmallVectorImpl<Type> &types) {
  Value input = adaptor.getInput(), weights = adaptor.getWeights();
  int64_t rank = spatialDims + 2;
  if (failed(checkRanks(location, input, weights, rank, rank)))
    return failure();
  SmallVector<int64_t> shape(getSizes(input));
  int64_t first = adaptor.getChannelsLast() ? 1 : 2;
  int64_t channel = adaptor.getChannelsLast() ? rank - 1 : 1;
  shape[channel] = getSizes(weights).front();
  for (int64_t i = 0; i < spatialDims; ++i) {
    int64_t pads = getEntry(adaptor.getPads(), i, 0) +
                   getEntry(adaptor.getPads(), spatialDims + i, 0);
    shape[first + i] =
        slideWindow(shape[first + i], getSizes(weights)[2 + i],
                    getEntry(adaptor.getStrides(), i, 1),
                    getEntry(adaptor.getDilations(), i, 1), pads);
  }
  return inferSums(location, input, weights, shape, channel, types);
}

LogicalResult Conv1DOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferConvolution(location, adaptor, 1, types);
}

LogicalResult Conv2DOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  return inferConvolution(location, adaptor, 2, types);
}

template <typename Adaptor>
static LogicalResult inferTransposed(std::optional<Location> location,
                                     Adaptor adaptor, int64_t spatialDims,
                                     SmallVectorImpl<Type> &types) {
  Value input = adaptor.getInput(), weights = adaptor.getWeights();
  int64_t rank = spatialDims + 2;
  if (failed(checkRanks(location, input, weights, rank, rank)))
    return failure();
  SmallVector<int64_t> shape(getSizes(input));
  int64_t first = adaptor.getChannelsLast() ? 1 : 2;
  int64_t channel = adaptor.getChannelsLast() ? rank - 1 : 1;
  auto scale = [](int64_t size, int64_t factor) {
    int64_t result;
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(size, factor, result))
      return ShapedType::kDynamic;
    return result;
  };
  shape[channel] = scale(getSizes(weights)[1],
                         static_cast<int64_t>(adaptor.getGroups().value_or(1)));
  for (int64_t i = 0; i < spatialDims; ++i) {
    int64_t &size = shape[first + i], kernel = getSizes(weights)[2 + i];
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel)) {
      size = ShapedType::kDynamic;
      continue;
    }
    int64_t steps = scale(size - 1, getEntry(adaptor.getStrides(), i, 1));
    int64_t reach = scale(kernel - 1, getEntry(adaptor.getDilations(), i, 1));
    size = steps + reach + 1 + getEntry(adaptor.getOutputPadding(), i, 0) -
           getEntry(adaptor.getPads(), i, 0) -
           getEntry(adaptor.getPads(), spatialDims + i, 0);
    if (steps < 0 || reach < 0 || size < 0)
      size = ShapedType::kDynamic;
  }
  return inferSums(location, input, weights, shape, channel, types);
}

LogicalResult ConvTranspose1DOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  return inferTransposed(location, adaptor, 1, types);
}

LogicalResult ConvTranspose2DOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  return inferTransposed(location, adaptor, 2, types);
}

//===----------------------------------------------------------------------===//
// Elements pass untouched
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto table = dyn_cast<RankedTensorType>(adaptor.getTable().getType());
  auto indices = dyn_cast<RankedTensorType>(adaptor.getIndices().getType());
  if (!table || !indices || table.getRank() != 2)
    return emitOptionalError(location,
                             "needs a matrix and a tensor of indices");
  SmallVector<int64_t> shape(indices.getShape());
  shape.push_back(table.getDimSize(1));
  // No type of the result could tell which rows were read.
  auto params = QuantParams::get(table.getElementType());
  Type element = params && params->axis ? Float32Type::get(context)
                                        : table.getElementType();
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

/// Sizes along `dims` after a window; false if the lists do not fit.
static bool slideWindows(SmallVectorImpl<int64_t> &shape, Sizes dims,
                         Sizes window, Sizes strides, Sizes dilations) {
  auto rank = static_cast<int64_t>(shape.size());
  for (Sizes list : {window, strides, dilations})
    if (list.size() != dims.size())
      return false;
  for (auto [dim, size, stride, dilation] :
       llvm::zip_equal(dims, window, strides, dilations)) {
    if (dim < 0 || dim >= rank)
      return false;
    shape[dim] = slideWindow(shape[dim], size, stride, dilation, /*pads=*/0);
  }
  return true;
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
  if (!type)
    return emitOptionalError(location, "needs a ranked tensor");
  SmallVector<int64_t> shape(type.getShape());
  if (!slideWindows(shape, adaptor.getDims(), adaptor.getWindow(),
                    adaptor.getStrides(), adaptor.getDilations()))
    return emitOptionalError(
        location, "needs one entry of window, strides and dilations for each "
                  "of its dimensions");
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *context,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
  if (!type)
    return emitOptionalError(location, "needs a ranked tensor");
  types.push_back(type.clone(Float32Type::get(context)));
  return success();
}

//===----------------------------------------------------------------------===//
// Builders that are given the element type
//===----------------------------------------------------------------------===//

static RankedTensorType withElements(Value input, Type elementType) {
  return RankedTensorType::get(getSizes(input), elementType);
}

void QuantizeOp::build(OpBuilder &builder, OperationState &state, Value input,
                       Type elementType) {
  build(builder, state, withElements(input, elementType), input,
        /*name=*/StringAttr());
}

void RequantizeOp::build(OpBuilder &builder, OperationState &state, Value input,
                         Type elementType) {
  build(builder, state, withElements(input, elementType), input,
        /*clamp=*/DenseI64ArrayAttr(), /*name=*/StringAttr());
}

void LookupOp::build(OpBuilder &builder, OperationState &state, Value input,
                     ElementsAttr table, Type elementType) {
  build(builder, state, withElements(input, elementType), input, table,
        /*name=*/StringAttr());
}

void DynamicQuantizeOp::build(OpBuilder &builder, OperationState &state,
                              Value input, Sizes rows, bool symmetric,
                              Type elementType) {
  Sizes sizes = getSizes(input);
  SmallVector<int64_t> shape;
  for (int64_t dim : rows)
    // Where this is none, the verifier says so.
    shape.push_back(dim >= 0 && dim < static_cast<int64_t>(sizes.size())
                        ? sizes[dim]
                        : ShapedType::kDynamic);
  SmallVector<Type> types{RankedTensorType::get(sizes, elementType),
                          RankedTensorType::get(shape, builder.getF32Type())};
  if (!symmetric)
    types.push_back(RankedTensorType::get(shape, builder.getI32Type()));
  build(builder, state, types, input, builder.getDenseI64ArrayAttr(rows),
        symmetric ? builder.getUnitAttr() : UnitAttr(), /*name=*/StringAttr());
}

void ResizeOp::build(OpBuilder &builder, OperationState &state, Value input,
                     Sizes dims, Sizes sizes, ResizeMode mode,
                     ResizeCoordinates coordinates, ResizeRoundingAttr rounding,
                     Type elementType) {
  SmallVector<int64_t> shape(getSizes(input));
  // Where a dimension does not exist, the verifier says so.
  for (auto [dim, size] : llvm::zip(dims, sizes))
    if (dim >= 0 && dim < static_cast<int64_t>(shape.size()))
      shape[dim] = size;
  build(builder, state, RankedTensorType::get(shape, elementType), input,
        builder.getDenseI64ArrayAttr(dims),
        ResizeModeAttr::get(builder.getContext(), mode),
        ResizeCoordinatesAttr::get(builder.getContext(), coordinates),
        rounding);
}

/// The shape to which both are repeated.
static RankedTensorType broadcast(Value lhs, Value rhs, Type elementType) {
  SmallVector<int64_t> shape(getSizes(lhs));
  for (auto [size, other] : llvm::zip(shape, getSizes(rhs)))
    if (size == 1 || (ShapedType::isDynamic(size) && other != 1))
      size = other;
  return RankedTensorType::get(shape, elementType);
}

void AddOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                  Value rhs, Type elementType) {
  build(builder, state, broadcast(lhs, rhs, elementType), lhs, rhs,
        /*clamp=*/DenseI64ArrayAttr(), /*name=*/StringAttr());
}
void SubOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                  Value rhs, Type elementType) {
  build(builder, state, broadcast(lhs, rhs, elementType), lhs, rhs,
        /*clamp=*/DenseI64ArrayAttr(), /*name=*/StringAttr());
}
void MulOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                  Value rhs, Type elementType) {
  build(builder, state, broadcast(lhs, rhs, elementType), lhs, rhs,
        /*clamp=*/DenseI64ArrayAttr(), /*name=*/StringAttr());
}

void SoftmaxOp::build(OpBuilder &builder, OperationState &state, Value input,
                      int32_t dimension, Type elementType) {
  build(builder, state, withElements(input, elementType), input,
        builder.getI32IntegerAttr(dimension));
}

void LayerNormOp::build(OpBuilder &builder, OperationState &state, Value input,
                        Value weight, Value bias, int32_t axis, float epsilon,
                        Type elementType) {
  build(builder, state, withElements(input, elementType), input, weight, bias,
        builder.getI32IntegerAttr(axis), builder.getF32FloatAttr(epsilon));
}

void AveragePoolOp::build(OpBuilder &builder, OperationState &state,
                          Value input, Sizes dims, Sizes window, Sizes strides,
                          Sizes dilations, Type elementType) {
  SmallVector<int64_t> shape(getSizes(input));
  // Where this fails, the verifier says why.
  (void)slideWindows(shape, dims, window, strides, dilations);
  build(builder, state, RankedTensorType::get(shape, elementType), input,
        builder.getDenseI64ArrayAttr(dims),
        builder.getDenseI64ArrayAttr(window),
        builder.getDenseI64ArrayAttr(strides),
        builder.getDenseI64ArrayAttr(dilations), /*name=*/StringAttr());
}

void ConcatOp::build(OpBuilder &builder, OperationState &state,
                     ValueRange inputs, int64_t dim, Type elementType) {
  SmallVector<int64_t> shape(getSizes(inputs.front()));
  auto rank = static_cast<int64_t>(shape.size());
  if (dim >= 0 && dim < rank)
    for (Value input : inputs.drop_front()) {
      Sizes sizes = getSizes(input);
      bool isKnown = dim < static_cast<int64_t>(sizes.size()) &&
                     !ShapedType::isDynamic(sizes[dim]) &&
                     !ShapedType::isDynamic(shape[dim]);
      shape[dim] = isKnown ? shape[dim] + sizes[dim] : ShapedType::kDynamic;
    }
  build(builder, state, RankedTensorType::get(shape, elementType), inputs,
        builder.getI64IntegerAttr(dim));
}

} // namespace quanta
