//===- PoolWindows.cpp - Windows that a pooling looks at ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PoolWindows.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

FailureOr<PoolWindows> getPoolWindows(linalg::LinalgOp op) {
  if (!linalg::isaConvolutionOpInterface(op))
    return failure();
  FailureOr<linalg::ConvolutionDimensions> dims =
      linalg::inferConvolutionDims(op);
  if (failed(dims) || dims->outputImage.size() != dims->filterLoop.size())
    return failure();
  AffineMap inputMap = op.getIndexingMapsArray().front();
  AffineMap resultMap = op.getIndexingMapsArray().back();
  if (inputMap.getNumResults() != resultMap.getNumResults())
    return failure();
  for (auto [position, expr] : llvm::enumerate(resultMap.getResults()))
    if (!inputMap.getResult(position).isFunctionOfDim(
            cast<AffineDimExpr>(expr).getPosition()))
      return failure();
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  PoolWindows windows;
  // Both lists of loops are sorted, whatever they have to do with each other.
  for (auto [image, stride] : llvm::zip_equal(dims->outputImage, dims->strides))
    for (auto [position, expr] : llvm::enumerate(inputMap.getResults()))
      for (auto [loop, dilation] :
           llvm::zip_equal(dims->filterLoop, dims->dilations))
        if (expr.isFunctionOfDim(image) && expr.isFunctionOfDim(loop)) {
          windows.dimensions.push_back(static_cast<int64_t>(position));
          windows.sizes.push_back(ranges[loop]);
          windows.strides.push_back(stride);
          windows.dilations.push_back(dilation);
        }
  if (windows.dimensions.size() != dims->outputImage.size() ||
      ShapedType::isDynamicShape(windows.sizes))
    return failure();
  return windows;
}

template <typename OpTy> static PoolWindows getWindowsOf(OpTy op) {
  return {llvm::to_vector(op.getDims()), llvm::to_vector(op.getWindow()),
          llvm::to_vector(op.getStrides()), llvm::to_vector(op.getDilations())};
}

PoolWindows getPoolWindows(MaxPoolOp op) { return getWindowsOf(op); }
PoolWindows getPoolWindows(AveragePoolOp op) { return getWindowsOf(op); }

Value createPoolInit(OpBuilder &builder, Location loc, Value input,
                     const PoolWindows &windows, TypedAttr start) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  AffineExpr size;
  bindDims(builder.getContext(), size);
  for (auto [dim, window, stride, dilation] :
       llvm::zip_equal(windows.dimensions, windows.sizes, windows.strides,
                       windows.dilations))
    sizes[dim] = affine::makeComposedFoldedAffineApply(
        builder, loc, (size - dilation * (window - 1) - 1).floorDiv(stride) + 1,
        {sizes[dim]});
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, start.getType());
  Value first = arith::ConstantOp::create(builder, loc, start);
  return linalg::FillOp::create(builder, loc, first, empty).getResult(0);
}

Value buildPool(OpBuilder &builder, Location loc, Value input,
                const PoolWindows &windows, Value init, PoolBody body) {
  auto type = cast<RankedTensorType>(init.getType());
  int64_t rank = type.getRank();
  auto loops = rank + static_cast<int64_t>(windows.dimensions.size());
  SmallVector<AffineExpr> exprs, windowExprs;
  for (int64_t dim = 0; dim < rank; ++dim)
    exprs.push_back(builder.getAffineDimExpr(dim));
  for (auto [index, dim] : llvm::enumerate(windows.dimensions)) {
    windowExprs.push_back(builder.getAffineDimExpr(rank + index));
    exprs[dim] = exprs[dim] * windows.strides[index] +
                 windowExprs.back() * windows.dilations[index];
  }
  AffineMap maps[] = {
      AffineMap::get(loops, 0, exprs, builder.getContext()),
      AffineMap::get(loops, 0, windowExprs, builder.getContext()),
      builder.getMultiDimIdentityMap(loops).getMajorSubMap(rank)};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.resize(loops, utils::IteratorType::reduction);
  // Only its sizes count.
  Value window = tensor::EmptyOp::create(builder, loc, windows.sizes,
                                         type.getElementType());
  return linalg::GenericOp::create(
             builder, loc, type, ValueRange{input, window}, init, maps,
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               linalg::YieldOp::create(b, loc,
                                       body(b, loc, elements[0], elements[2]));
             })
      .getResult(0);
}

} // namespace quanta
