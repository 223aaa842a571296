//===- MultiplyAdd.cpp - Recognise what contractions sum ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MultiplyAdd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

/// `ext(argument)`, or that minus a constant.
static std::optional<MultiplyAdd::Factor>
matchIntegerFactor(Value value, BlockArgument argument) {
  MultiplyAdd::Factor factor;
  if (auto subtract = value.getDefiningOp<arith::SubIOp>()) {
    APInt zeroPoint;
    if (!matchPattern(subtract.getRhs(), m_ConstantInt(&zeroPoint)))
      return std::nullopt;
    factor.zeroPoint = static_cast<int32_t>(zeroPoint.getSExtValue());
    value = subtract.getLhs();
  }
  Operation *extension = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extension) ||
      extension->getOperand(0) != argument)
    return std::nullopt;
  factor.isSigned = isa<arith::ExtSIOp>(extension);
  return factor;
}

/// `fma(lhs, rhs, out)`, the right one extended to f32 if it is narrower.
static std::optional<MultiplyAdd> matchFused(math::FmaOp fma, Block *body) {
  Value rhs = fma.getB();
  if (auto extend = rhs.getDefiningOp<arith::ExtFOp>())
    rhs = extend.getIn();
  if (fma.getA() != body->getArgument(0) || rhs != body->getArgument(1) ||
      fma.getC() != body->getArgument(2))
    return std::nullopt;
  MultiplyAdd result;
  result.isFloat = result.isFused = true;
  return result;
}

/// A product of both factors, in either order.
static std::optional<MultiplyAdd> matchMultiply(Operation *multiply,
                                                Block *body) {
  for (unsigned order : {0u, 1u}) {
    Value lhs = multiply->getOperand(order);
    Value rhs = multiply->getOperand(1 - order);
    MultiplyAdd result;
    if (isa<arith::MulFOp>(multiply)) {
      result.isFloat = true;
      if (lhs == body->getArgument(0) && rhs == body->getArgument(1))
        return result;
      continue;
    }
    auto left = matchIntegerFactor(lhs, body->getArgument(0));
    auto right = matchIntegerFactor(rhs, body->getArgument(1));
    if (!left || !right)
      continue;
    result.lhs = *left;
    result.rhs = *right;
    return result;
  }
  return std::nullopt;
}

std::optional<MultiplyAdd> matchMultiplyAdd(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  auto yield = dyn_cast<linalg::YieldOp>(body->getTerminator());
  if (!yield || yield.getNumOperands() != 1)
    return std::nullopt;
  if (auto fma = yield.getOperand(0).getDefiningOp<math::FmaOp>())
    return matchFused(fma, body);
  Operation *add = yield.getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddIOp, arith::AddFOp>(add))
    return std::nullopt;
  unsigned accIndex = add->getOperand(0) == body->getArgument(2) ? 0 : 1;
  if (add->getOperand(accIndex) != body->getArgument(2))
    return std::nullopt;
  Operation *multiply = add->getOperand(1 - accIndex).getDefiningOp();
  if (!isa_and_nonnull<arith::MulIOp, arith::MulFOp>(multiply))
    return std::nullopt;
  return matchMultiply(multiply, body);
}

bool hasFactorTypes(linalg::LinalgOp op) {
  auto element = [&](unsigned index) {
    return getElementTypeOrSelf(op->getOperand(index));
  };
  return (element(0).isInteger(8) && element(1).isInteger(8) &&
          element(2).isInteger(32)) ||
         (element(0).isF32() &&
          isa<Float32Type, Float16Type, BFloat16Type>(element(1)) &&
          element(2).isF32());
}

} // namespace quanta
