//===- Clamp.cpp - Recognise clamps ---------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Clamp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;

namespace quanta {

static std::optional<float> getConstantFloat(Value value) {
  FloatAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getType().isF32())
    return std::nullopt;
  float result = attr.getValue().convertToFloat();
  return std::isnan(result) ? std::nullopt : std::optional<float>(result);
}

/// `max(x, c)` or `min(x, c)`, in either order.
static std::optional<ClampStep> matchMinMax(Operation *op) {
  bool isLower = isa<arith::MaximumFOp, arith::MaxNumFOp>(op);
  if (!isLower && !isa<arith::MinimumFOp, arith::MinNumFOp>(op))
    return std::nullopt;
  for (unsigned index : {0u, 1u})
    if (auto constant = getConstantFloat(op->getOperand(index)))
      return ClampStep{op->getOperand(1 - index), *constant, isLower,
                       isa<arith::MaximumFOp, arith::MinimumFOp>(op)};
  return std::nullopt;
}

/// `x > c ? x : c` and its relatives.
static std::optional<ClampStep> matchSelect(Operation *op) {
  auto select = dyn_cast<arith::SelectOp>(op);
  if (!select)
    return std::nullopt;
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare)
    return std::nullopt;
  using P = arith::CmpFPredicate;
  P predicate = compare.getPredicate();
  bool greater = predicate == P::OGT || predicate == P::OGE ||
                 predicate == P::UGT || predicate == P::UGE;
  bool less = predicate == P::OLT || predicate == P::OLE ||
              predicate == P::ULT || predicate == P::ULE;
  if (!greater && !less)
    return std::nullopt;
  Value left = compare.getLhs(), right = compare.getRhs();
  // With the constant on the left, the comparison reads the other way round.
  if (getConstantFloat(left)) {
    std::swap(left, right);
    std::swap(greater, less);
  }
  std::optional<float> constant = getConstantFloat(right);
  if (!constant)
    return std::nullopt;
  auto isConstant = [&](Value value) {
    std::optional<float> other = getConstantFloat(value);
    return other && *other == *constant;
  };
  bool holdsForNaN = predicate == P::UGT || predicate == P::UGE ||
                     predicate == P::ULT || predicate == P::ULE;
  if (select.getTrueValue() == left && isConstant(select.getFalseValue()))
    return ClampStep{left, *constant, greater, holdsForNaN};
  if (select.getFalseValue() == left && isConstant(select.getTrueValue()))
    return ClampStep{left, *constant, less, !holdsForNaN};
  return std::nullopt;
}

std::optional<ClampStep> matchClampStep(Operation *op) {
  if (std::optional<ClampStep> step = matchMinMax(op))
    return step;
  return matchSelect(op);
}

std::optional<ClampBounds> matchClamp(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op || !linalg::isElementwise(op) || op.getNumDpsInputs() != 1 ||
      op.getNumDpsInits() != 1 ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return std::nullopt;
  SmallVector<ClampStep> bounds;
  Value value =
      cast<linalg::YieldOp>(op.getBody()->getTerminator()).getOperand(0);
  while (value != op.getBody()->getArgument(0)) {
    Operation *step = value.getDefiningOp();
    if (!step || step->getBlock() != op.getBody())
      return std::nullopt;
    std::optional<ClampStep> bound = matchClampStep(step);
    if (!bound)
      return std::nullopt;
    bounds.push_back(*bound);
    value = bound->value;
  }
  constexpr float infinity = std::numeric_limits<float>::infinity();
  ClampBounds result{op.getDpsInputs()[0], -infinity, infinity};
  // From the inside out: a bound moves both ends of what came before it.
  for (const ClampStep &bound : llvm::reverse(bounds)) {
    auto apply = [&](float &end) {
      end = bound.isLower ? std::max(end, bound.constant)
                          : std::min(end, bound.constant);
    };
    apply(result.low);
    apply(result.high);
  }
  return result;
}

} // namespace quanta
