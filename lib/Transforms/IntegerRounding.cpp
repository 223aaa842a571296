//===- IntegerRounding.cpp - Recognise the end of a requantization --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerRounding.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace quanta {

static std::optional<int64_t> getInteger(Value value) {
  FloatAttr attr;
  if (!matchPattern(value, m_Constant(&attr)) || !attr.getType().isF32())
    return std::nullopt;
  double number = attr.getValueAsDouble();
  // NaN fails the first comparison.
  if (!(std::abs(number) <= 1 << 16) || number != std::floor(number))
    return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<IntegerRounding> matchIntegerRounding(arith::FPToSIOp op) {
  auto upper = op.getIn().getDefiningOp<arith::MinNumFOp>();
  auto lower =
      upper ? upper.getLhs().getDefiningOp<arith::MaxNumFOp>() : nullptr;
  auto shift = lower ? lower.getLhs().getDefiningOp<arith::AddFOp>() : nullptr;
  auto round =
      shift ? shift.getLhs().getDefiningOp<math::RoundEvenOp>() : nullptr;
  if (!round)
    return std::nullopt;
  std::optional<int64_t> zeroPoint = getInteger(shift.getRhs()),
                         low = getInteger(lower.getRhs()),
                         high = getInteger(upper.getRhs());
  if (!zeroPoint || !low || !high || *low > *high)
    return std::nullopt;
  bool isOnlyUse =
      round->hasOneUse() && shift->hasOneUse() && lower->hasOneUse();
  return IntegerRounding{round, *zeroPoint, *low, *high, isOnlyUse};
}

} // namespace quanta
