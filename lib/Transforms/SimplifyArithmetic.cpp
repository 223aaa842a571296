//===- SimplifyArithmetic.cpp - The same bits by cheaper operations -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EpilogueBound.h"
#include "IntegerRounding.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/Reciprocal.h"
#include "quanta/Targets/Target.h"
#include "quanta/Transforms/Clamp.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SIMPLIFYARITHMETIC
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The divisor of a division by a constant.
std::optional<float> getDivisor(arith::DivFOp op) {
  FloatAttr divisor;
  if (!op.getType().isF32() || !matchPattern(op.getRhs(), m_Constant(&divisor)))
    return std::nullopt;
  return divisor.getValue().convertToFloat();
}

/// Where the arguments of a block of scalars come from.
SmallVector<Value> getSources(Block *block) {
  SmallVector<Value> sources;
  if (auto generic = dyn_cast<linalg::GenericOp>(block->getParentOp())) {
    sources = SmallVector<Value>(generic.getDpsInputs());
  } else if (auto fused = dyn_cast<FusedOpInterface>(block->getParentOp())) {
    sources.push_back(Value());
    llvm::append_range(sources, fused.getExtras());
  }
  return sources;
}

/// What a rounding behind a division makes of a number. It never falls where
/// the number rises.
int64_t evaluate(const IntegerRounding &rounding, float value, float divisor) {
  if (std::isnan(value))
    return rounding.low;
  float shifted =
      std::nearbyint(value / divisor) + static_cast<float>(rounding.zeroPoint);
  return static_cast<int64_t>(std::clamp(shifted,
                                         static_cast<float>(rounding.low),
                                         static_cast<float>(rounding.high)));
}

/// Leaves out bounds ahead of a rounding whose own bounds do the same: ReLU
/// where the lower one is the zero point, ReLU6 where 6 is not below the upper
/// one.
void skipClamps(IntegerRounding rounding) {
  auto div = rounding.round.getOperand().getDefiningOp<arith::DivFOp>();
  std::optional<float> divisor = div ? getDivisor(div) : std::nullopt;
  if (!divisor || !(*divisor > 0) || !div->hasOneUse() || !rounding.isOnlyUse)
    return;
  SmallVector<ClampStep> steps;
  Operation *before = div.getLhs().getDefiningOp();
  while (before) {
    std::optional<ClampStep> step = matchClampStep(before);
    if (!step)
      break;
    steps.push_back(*step);
    before = step->value.getDefiningOp();
  }
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (; !steps.empty(); steps.pop_back()) {
    // What they make of all numbers below and above their bounds, and of NaN.
    float low = -infinity, high = infinity,
          nan = std::numeric_limits<float>::quiet_NaN();
    for (const ClampStep &step : llvm::reverse(steps)) {
      auto apply = [&](float &value) {
        value = step.isLower ? std::max(value, step.constant)
                             : std::min(value, step.constant);
      };
      apply(low);
      apply(high);
      if (!std::isnan(nan))
        apply(nan);
      else if (!step.keepsNaN)
        nan = step.constant;
    }
    if (evaluate(rounding, low, *divisor) == rounding.low &&
        evaluate(rounding, high, *divisor) == rounding.high &&
        evaluate(rounding, nan, *divisor) == rounding.low) {
      div.getLhsMutable().assign(steps.back().value);
      return;
    }
  }
}

class DivisionRewriter {
public:
  void add(const IntegerRounding &rounding) {
    if (rounding.isOnlyUse)
      rounded.insert(rounding.round);
  }

  void rewrite(arith::DivFOp op) {
    std::optional<float> divisor = getDivisor(op);
    if (!divisor)
      return;
    bool isRounded = llvm::all_of(op->getUsers(), [&](Operation *user) {
      return rounded.contains(user);
    });
    std::optional<Reciprocal> reciprocal;
    if (isRounded)
      reciprocal = Reciprocal::getForRounding(*divisor);
    else if (getMagnitude(op, getSources(op->getBlock())).least >=
             Reciprocal::leastQuotient)
      reciprocal = Reciprocal::get(*divisor);
    if (!reciprocal)
      return;
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto constant = [&](float value) -> Value {
      return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
    };
    Value low =
        arith::MulFOp::create(b, loc, op.getLhs(), constant(reciprocal->low));
    Value quotient = math::FmaOp::create(b, loc, op.getLhs(),
                                         constant(reciprocal->high), low);
    op.replaceAllUsesWith(quotient);
    op.erase();
  }

private:
  llvm::SmallPtrSet<Operation *, 8> rounded;
};

struct SimplifyArithmeticPass
    : impl::SimplifyArithmeticBase<SimplifyArithmeticPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    auto floatDot = module->getAttrOfType<FmaAttr>(attrs::floatDot);
    if (!floatDot) {
      emitError(module.getLoc())
          << getArgument()
          << " needs quanta-set-target or quanta-to-kernel before it";
      return signalPassFailure();
    }
    DivisionRewriter divisions;
    module.walk([&](arith::FPToSIOp op) {
      if (std::optional<IntegerRounding> rounding = matchIntegerRounding(op)) {
        skipClamps(*rounding);
        divisions.add(*rounding);
      }
    });
    // Without the instruction, an fma is a call.
    if (!floatDot.getFused())
      return;
    SmallVector<arith::DivFOp> ops;
    module.walk([&](arith::DivFOp op) { ops.push_back(op); });
    for (arith::DivFOp op : ops)
      divisions.rewrite(op);
  }
};

} // namespace
} // namespace quanta
