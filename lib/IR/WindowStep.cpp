//===- WindowStep.cpp - What windows do along a dimension -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/WindowStep.h"

using namespace mlir;

namespace quanta {

bool addTerms(AffineExpr expr, int64_t factor,
              SmallVectorImpl<std::pair<unsigned, int64_t>> &terms) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    terms.emplace_back(dim.getPosition(), factor);
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return addTerms(binary.getLHS(), factor, terms) &&
           addTerms(binary.getRHS(), factor, terms);
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return expr.getKind() == AffineExprKind::Mul && constant &&
         addTerms(binary.getLHS(), factor * constant.getValue(), terms);
}

std::optional<WindowStep> matchWindowStep(AffineExpr expr, AffineMap result) {
  SmallVector<std::pair<unsigned, int64_t>> terms;
  if (!addTerms(expr, 1, terms) || terms.size() != 2)
    return std::nullopt;
  if (!result.isFunctionOfDim(terms[0].first))
    std::swap(terms[0], terms[1]);
  if (!result.isFunctionOfDim(terms[0].first) ||
      result.isFunctionOfDim(terms[1].first) || terms[0].second <= 0 ||
      terms[1].second <= 0)
    return std::nullopt;
  return WindowStep{terms[0].first, terms[1].first, terms[0].second,
                    terms[1].second};
}

std::optional<int32_t> findDim(AffineMap map, unsigned dim) {
  std::optional<unsigned> position =
      map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return position ? std::optional<int32_t>(*position) : std::nullopt;
}

bool isSizeKnown(ArrayRef<AffineMap> maps, unsigned dim) {
  auto isDimension = [&](unsigned iterator) {
    return findDim(maps[0], iterator) || findDim(maps[1], iterator);
  };
  if (isDimension(dim))
    return true;
  for (AffineMap map : maps.take_front(2))
    for (AffineExpr expr : map.getResults())
      if (std::optional<WindowStep> step = matchWindowStep(expr, maps[2]);
          step && step->position == dim && isDimension(step->tap))
        return true;
  return false;
}

} // namespace quanta
