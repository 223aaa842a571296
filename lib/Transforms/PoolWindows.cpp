//===- PoolWindows.cpp - Windows that a pooling looks at ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PoolWindows.h"

#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"

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

} // namespace quanta
