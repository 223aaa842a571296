//===- ContractionLayout.cpp - What the iterators of a contraction do -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionLayout.h"

using namespace mlir;

namespace quanta {

std::optional<ContractionLayout>
ContractionLayout::get(ArrayRef<AffineMap> maps) {
  ContractionLayout layout;
  if (!maps[1].isProjectedPermutation() || !maps[2].isProjectedPermutation())
    return std::nullopt;
  llvm::SmallDenseSet<unsigned> inWindows;
  std::optional<unsigned> divided;
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
    bool left = maps[0].getResultPosition(expr).has_value() || divided == dim;
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
