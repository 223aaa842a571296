//===- ContractionMaps.cpp - Iteration spaces of contractions -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/IR/WindowStep.h"

#include "mlir/IR/AffineMap.h"

#include <optional>

using namespace mlir;

namespace quanta {

unsigned getIterator(AffineMap map, int32_t position) {
  return cast<AffineDimExpr>(map.getResult(position)).getPosition();
}

/// Whether maps fit their tensors, and the result's selects dimensions.
static LogicalResult verifyMaps(Operation *op, ArrayRef<AffineMap> maps,
                                ArrayRef<RankedTensorType> types) {
  if (maps.size() != 3)
    return op->emitOpError()
           << "needs maps of lhs, rhs and result, got " << maps.size();
  for (auto [map, type] : llvm::zip(maps, types)) {
    if (map.getNumDims() != maps[0].getNumDims() || map.getNumSymbols() != 0)
      return op->emitOpError()
             << "maps must have the same dimensions and no symbols";
    if (map.getNumResults() != type.getRank())
      return op->emitOpError()
             << "map " << AffineMapAttr::get(map)
             << " does not have one result for each dimension of " << type;
  }
  if (maps[2].getNumResults() == 0 || !maps[2].isProjectedPermutation())
    return op->emitOpError()
           << "the result's map " << AffineMapAttr::get(maps[2])
           << " does not select distinct dimensions";
  return success();
}

/// Size of each iterator, from the tensors whose maps select it alone; fails if
/// two of them disagree or nothing tells a size.
static FailureOr<SmallVector<int64_t>>
getRanges(Operation *op, ArrayRef<AffineMap> maps,
          ArrayRef<RankedTensorType> types) {
  SmallVector<int64_t> ranges(maps[0].getNumDims(), ShapedType::kDynamic);
  SmallVector<bool> known(ranges.size(), false);
  for (auto [map, type] : llvm::zip(maps, types))
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      int64_t &range = ranges[dim.getPosition()];
      int64_t size = type.getDimSize(position);
      if (!sizesAgree(range, size)) {
        op->emitOpError() << "dimension " << dim.getPosition()
                          << " of the maps has sizes " << range << " and "
                          << size;
        return failure();
      }
      range = ShapedType::isDynamic(range) ? size : range;
      known[dim.getPosition()] = true;
    }
  if (auto *it = llvm::find(known, false); it != known.end()) {
    op->emitOpError() << "dimension " << it - known.begin()
                      << " of the maps has no size: no map selects it alone";
    return failure();
  }
  return ranges;
}

/// Smallest and largest value of `expr` for iterators below `ranges`; an
/// interval around them where an iterator occurs more than once.
static std::optional<std::pair<int64_t, int64_t>>
getInterval(AffineExpr expr, ArrayRef<int64_t> ranges) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::pair(constant.getValue(), constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    int64_t range = ranges[dim.getPosition()];
    return std::pair<int64_t, int64_t>(
        0, ShapedType::isDynamic(range) ? 0 : std::max<int64_t>(range, 1) - 1);
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto lhs = getInterval(binary.getLHS(), ranges);
  auto rhs = getInterval(binary.getRHS(), ranges);
  if (!lhs || !rhs)
    return std::nullopt;
  int64_t low, high;
  if (expr.getKind() == AffineExprKind::Add)
    return llvm::AddOverflow(lhs->first, rhs->first, low) ||
                   llvm::AddOverflow(lhs->second, rhs->second, high)
               ? std::nullopt
               : std::optional(std::pair(low, high));
  // The others have a number on their right.
  int64_t number = rhs->first;
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    if (llvm::MulOverflow(lhs->first, number, low) ||
        llvm::MulOverflow(lhs->second, number, high))
      return std::nullopt;
    return std::minmax({low, high});
  case AffineExprKind::FloorDiv:
    if (number <= 0)
      return std::nullopt;
    return std::pair(llvm::divideFloorSigned(lhs->first, number),
                     llvm::divideFloorSigned(lhs->second, number));
  case AffineExprKind::CeilDiv:
    if (number <= 0)
      return std::nullopt;
    return std::pair(llvm::divideCeilSigned(lhs->first, number),
                     llvm::divideCeilSigned(lhs->second, number));
  case AffineExprKind::Mod:
    if (number <= 0)
      return std::nullopt;
    return lhs->first >= 0 && lhs->second < number
               ? lhs
               : std::optional(std::pair<int64_t, int64_t>(0, number - 1));
  default:
    return std::nullopt;
  }
}

/// Reads within bounds, where sizes are static.
static LogicalResult verifyBounds(Operation *op, AffineMap map,
                                  RankedTensorType type,
                                  ArrayRef<int64_t> ranges) {
  SmallVector<std::optional<int64_t>> first(ranges.size(), 0), last;
  for (int64_t range : ranges)
    last.push_back(
        ShapedType::isDynamic(range) ? 0 : std::max<int64_t>(range, 1) - 1);
  for (auto [position, expr] : llvm::enumerate(map.getResults())) {
    auto getBound = [&, expr = expr](bool isUpper) {
      return getBoundForAffineExpr(expr, map.getNumDims(), /*numSymbols=*/0,
                                   first, last, isUpper);
    };
    std::optional<int64_t> low = getBound(false), high = getBound(true);
    // Upstream's bounds are exact, but know no division within a sum.
    if (!low || !high)
      if (auto interval = getInterval(expr, ranges)) {
        low = interval->first;
        high = interval->second;
      }
    if (!low || !high)
      return op->emitOpError()
             << "map " << AffineMapAttr::get(map) << " cannot be evaluated";
    int64_t size = type.getDimSize(position);
    if (*low >= 0 && (ShapedType::isDynamic(size) || size == 0 || *high < size))
      continue;
    return op->emitOpError() << "reads index " << (*low < 0 ? *low : *high)
                             << " of dimension " << position << " of " << type;
  }
  return success();
}

LogicalResult verifyContractionMaps(Operation *op, ArrayRef<AffineMap> maps,
                                    ArrayRef<RankedTensorType> types) {
  if (failed(verifyMaps(op, maps, types)))
    return failure();
  FailureOr<SmallVector<int64_t>> ranges = getRanges(op, maps, types);
  if (failed(ranges) || failed(verifyBounds(op, maps[0], types[0], *ranges)) ||
      failed(verifyBounds(op, maps[1], types[1], *ranges)))
    return failure();
  RankedTensorType resultType = types[2];
  for (int64_t dim = 0; dim < resultType.getRank(); ++dim) {
    if (resultType.isDynamicDim(dim) &&
        !isSizeKnown(maps, getIterator(maps[2], dim)))
      return op->emitOpError()
             << "dynamic size of dimension " << dim
             << " of the result is neither a size of a factor nor what a "
                "window has room for in one";
  }
  return success();
}

int64_t countProducts(ArrayRef<AffineMap> maps,
                      ArrayRef<RankedTensorType> types) {
  int64_t count = 1;
  for (unsigned dim = 0; dim < maps[0].getNumDims(); ++dim)
    for (auto [map, type] : llvm::zip(maps, types))
      if (std::optional<int32_t> position = findDim(map, dim);
          position && !type.isDynamicDim(*position)) {
        count *= type.getDimSize(*position);
        break;
      }
  return count;
}

} // namespace quanta
