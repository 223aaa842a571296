//===- ContractionLayout.cpp - What the iterators of a contraction do -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionLayout.h"

using namespace mlir;

namespace quanta {

namespace {
/// `(filter floordiv filters) * channels + channel`.
struct GroupIndex {
  unsigned filter, channel;
  int64_t filters, channels;

  static std::optional<GroupIndex> match(AffineExpr expr,
                                         ArrayRef<AffineMap> maps);
};
} // namespace

std::optional<GroupIndex> GroupIndex::match(AffineExpr expr,
                                            ArrayRef<AffineMap> maps) {
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto channel = dyn_cast<AffineDimExpr>(sum.getRHS());
  auto product = dyn_cast<AffineBinaryOpExpr>(sum.getLHS());
  if (!channel || !product || product.getKind() != AffineExprKind::Mul)
    return std::nullopt;
  auto channels = dyn_cast<AffineConstantExpr>(product.getRHS());
  AffineExpr group = product.getLHS();
  int64_t filters = 1;
  if (group.getKind() == AffineExprKind::FloorDiv) {
    auto quotient = cast<AffineBinaryOpExpr>(group);
    auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
    group = quotient.getLHS();
    filters = divisor ? divisor.getValue() : 0;
  }
  auto filter = dyn_cast<AffineDimExpr>(group);
  if (!filter || !channels || filters <= 0 || channels.getValue() <= 0)
    return std::nullopt;
  unsigned f = filter.getPosition(), c = channel.getPosition();
  if (!maps[1].isFunctionOfDim(f) || !maps[2].isFunctionOfDim(f) ||
      !maps[1].isFunctionOfDim(c) || maps[2].isFunctionOfDim(c))
    return std::nullopt;
  return GroupIndex{f, c, filters, channels.getValue()};
}

std::optional<ContractionLayout>
ContractionLayout::get(ArrayRef<AffineMap> maps) {
  ContractionLayout layout;
  if (!maps[1].isProjectedPermutation() || !maps[2].isProjectedPermutation())
    return std::nullopt;
  llvm::SmallDenseSet<unsigned> inWindows;
  std::optional<unsigned> divided, inGroup;
  for (AffineExpr expr : maps[0].getResults()) {
    if (isa<AffineDimExpr>(expr))
      continue;
    auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
    if (expr.getKind() == AffineExprKind::FloorDiv && !divided) {
      auto dim = dyn_cast<AffineDimExpr>(quotient.getLHS());
      auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
      if (!dim || !divisor)
        return std::nullopt;
      divided = dim.getPosition();
      layout.multiplier = divisor.getValue();
      continue;
    }
    if (auto index = GroupIndex::match(expr, maps); index && !inGroup) {
      inGroup = index->channel;
      layout.group = {index->filters, index->channels};
      continue;
    }
    std::optional<WindowStep> step = matchWindowStep(expr, maps[2]);
    if (!step || maps[1].isFunctionOfDim(step->position) ||
        !maps[1].isFunctionOfDim(step->tap) ||
        !inWindows.insert(step->position).second ||
        !inWindows.insert(step->tap).second)
      return std::nullopt;
    layout.windows.push_back(*step);
  }
  for (unsigned dim = 0; dim < maps[0].getNumDims(); ++dim) {
    AffineExpr expr = getAffineDimExpr(dim, maps[0].getContext());
    bool left = maps[0].getResultPosition(expr).has_value() || divided == dim ||
                inGroup == dim;
    bool right = maps[1].isFunctionOfDim(dim);
    bool result = maps[2].isFunctionOfDim(dim);
    if (inWindows.contains(dim)) {
      if (left)
        return std::nullopt;
      continue;
    }
    if (left && right && result)
      layout.batch.push_back(dim);
    else if (left && result)
      layout.rows.push_back(dim);
    else if (right && result)
      layout.columns.push_back(dim);
    else if (left && right)
      layout.sums.push_back(dim);
    else
      return std::nullopt;
  }
  if (divided &&
      (layout.windows.empty() || layout.batch != ArrayRef<unsigned>(*divided)))
    return std::nullopt;
  if (inGroup && (divided || layout.windows.empty() ||
                  layout.sums != ArrayRef<unsigned>(*inGroup)))
    return std::nullopt;
  return layout;
}

SmallVector<int64_t> ContractionLayout::getDims(AffineMap map,
                                                ArrayRef<unsigned> iterators) {
  SmallVector<int64_t> dims;
  for (unsigned iterator : iterators)
    for (auto [dim, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(iterator))
        dims.push_back(static_cast<int64_t>(dim));
  return dims;
}

} // namespace quanta
