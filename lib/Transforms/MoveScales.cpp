//===- MoveScales.cpp - Types of quantized tensors that move -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoveScales.h"

#include "QuantizedAxis.h"

#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

#include <numeric>

using namespace mlir;

namespace quanta {

namespace {

/// Where dimension `axis` of `from` is in `to`, if every index along it keeps
/// its elements: it is alone in its group but for sizes of 1.
std::optional<int32_t> mapAxis(int32_t axis, RankedTensorType from,
                               RankedTensorType to,
                               ArrayRef<ReassociationIndices> groups,
                               bool isCollapse) {
  for (auto [outer, group] : llvm::enumerate(groups)) {
    RankedTensorType wide = isCollapse ? from : to;
    bool isHere = isCollapse ? llvm::is_contained(group, axis)
                             : static_cast<int32_t>(outer) == axis;
    if (!isHere)
      continue;
    std::optional<int32_t> found;
    for (int64_t dim : group) {
      if (wide.getDimSize(dim) == 1 && !(isCollapse && dim == axis))
        continue;
      if (found)
        return std::nullopt;
      found = static_cast<int32_t>(dim);
    }
    if (!found)
      found = static_cast<int32_t>(group.front());
    if (isCollapse)
      return *found == axis ? std::optional<int32_t>(outer) : std::nullopt;
    return found;
  }
  return std::nullopt;
}

/// Dimension of the result that holds dimension `axis` of the source.
std::optional<int32_t> getNewAxis(Operation *op, int32_t axis) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return mapAxis(axis, collapse.getSrcType(), collapse.getResultType(),
                   collapse.getReassociationIndices(), /*isCollapse=*/true);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return mapAxis(axis, expand.getSrcType(), expand.getResultType(),
                   expand.getReassociationIndices(), /*isCollapse=*/false);
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    return static_cast<int32_t>(llvm::find(permutation, axis) -
                                permutation.begin());
  }
  return std::nullopt;
}

/// The parameters of a tensor of static sizes, as a tensor of their own: for
/// each dimension the number of blocks and of consecutive indices in one.
struct Blocks {
  SmallVector<int64_t> counts, sizes;
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;

  Blocks(const QuantParams &params, ArrayRef<int64_t> shape);
  /// These blocks in a tensor whose dimensions were reordered.
  void transpose(ArrayRef<int64_t> permutation);
  /// Splits and merges dimensions, which leaves the order of the blocks.
  LogicalResult expand(ArrayRef<ReassociationIndices> groups,
                       ArrayRef<int64_t> shape);
  LogicalResult collapse(ArrayRef<ReassociationIndices> groups,
                         ArrayRef<int64_t> shape);
  Type getType(const QuantParams &params) const;
};

Blocks::Blocks(const QuantParams &params, ArrayRef<int64_t> shape)
    : counts(shape.size(), 1), sizes(shape),
      scales(params.scales.begin(), params.scales.end()),
      zeroPoints(params.zeroPoints.begin(), params.zeroPoints.end()) {
  if (params.hasBlocks()) {
    counts = SmallVector<int64_t>(ArrayRef<int64_t>(params.blockCounts));
    for (auto [size, block] : llvm::zip(sizes, params.blockSizes))
      size = block > 0 ? block : size;
  } else {
    std::swap(counts[*params.axis], sizes[*params.axis]);
  }
}

void Blocks::transpose(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> sourceStrides =
      applyPermutation(computeStrides(counts), permutation);
  Blocks old = *this;
  applyPermutationToVector(counts, permutation);
  applyPermutationToVector(sizes, permutation);
  SmallVector<int64_t> newStrides = computeStrides(counts);
  for (int64_t block = 0, e = scales.size(); block < e; ++block) {
    int64_t source = linearize(delinearize(block, newStrides), sourceStrides);
    scales[block] = old.scales[source];
    zeroPoints[block] = old.zeroPoints[source];
  }
}

LogicalResult Blocks::expand(ArrayRef<ReassociationIndices> groups,
                             ArrayRef<int64_t> shape) {
  SmallVector<int64_t> newCounts(shape.size()), newSizes(shape.size());
  for (auto [outer, group] : llvm::enumerate(groups)) {
    int64_t rest = sizes[outer];
    for (int64_t dim : llvm::reverse(group)) {
      int64_t size = std::gcd(rest, shape[dim]);
      if (size != rest && size != shape[dim])
        return failure();
      newSizes[dim] = size;
      newCounts[dim] = shape[dim] / size;
      rest /= size;
    }
  }
  counts = newCounts;
  sizes = newSizes;
  return success();
}

LogicalResult Blocks::collapse(ArrayRef<ReassociationIndices> groups,
                               ArrayRef<int64_t> shape) {
  SmallVector<int64_t> newCounts(shape.size(), 1), newSizes(shape.size(), 1);
  for (auto [outer, group] : llvm::enumerate(groups)) {
    for (int64_t dim : llvm::reverse(group)) {
      // What lies outside of several blocks is cut between any two indices.
      if (newCounts[outer] > 1 && sizes[dim] > 1)
        return failure();
      newCounts[outer] *= counts[dim];
      newSizes[outer] *= sizes[dim];
    }
  }
  counts = newCounts;
  sizes = newSizes;
  return success();
}

Type Blocks::getType(const QuantParams &params) const {
  SmallVector<int64_t> blockSizes(sizes);
  std::optional<int32_t> last;
  bool isAxis = true;
  for (auto [dim, count] : llvm::enumerate(counts)) {
    if (count == 1) {
      blockSizes[dim] = 0;
      continue;
    }
    isAxis &= !last && sizes[dim] == 1;
    last = static_cast<int32_t>(dim);
  }
  quant::QuantizedType type = params.type;
  if (!last)
    return quant::UniformQuantizedType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(),
        scales.front(), zeroPoints.front(), type.getStorageTypeMin(),
        type.getStorageTypeMax());
  if (isAxis)
    return quant::UniformQuantizedPerAxisType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(), scales,
        zeroPoints, *last, type.getStorageTypeMin(), type.getStorageTypeMax());
  return getBlockType(params.storageType(), params.isSigned(), params.range,
                      counts, blockSizes, scales, zeroPoints);
}

} // namespace

Type moveScales(Operation *op, RankedTensorType source, bool isWeight) {
  Type element = source.getElementType();
  auto params = *QuantParams::getOfWeight(element);
  if (!params.axis && !params.hasBlocks())
    return element;
  if (params.axis)
    if (std::optional<int32_t> axis = getNewAxis(op, *params.axis))
      return withAxis(element, *axis);
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  // Without elements, sizes do not say how they are split.
  if (!isWeight || !source.hasStaticShape() || !result.hasStaticShape() ||
      source.getNumElements() == 0)
    return {};
  Blocks blocks(params, source.getShape());
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    blocks.transpose(transpose.getPermutation());
    return blocks.getType(params);
  }
  LogicalResult moved = failure();
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    moved = blocks.expand(expand.getReassociationIndices(), result.getShape());
  else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    moved =
        blocks.collapse(collapse.getReassociationIndices(), result.getShape());
  return succeeded(moved) ? blocks.getType(params) : Type();
}

} // namespace quanta
