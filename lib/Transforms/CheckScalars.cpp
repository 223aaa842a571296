//===- CheckScalars.cpp - Indices, divisors and steps that are data -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"

#include "quanta/Transforms/Passes.h"

#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlow/Utils.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CHECKSCALARS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Upstream's analysis looks at the first element of constants that have none.
class RangeAnalysis : public dataflow::IntegerRangeAnalysis {
public:
  using IntegerRangeAnalysis::IntegerRangeAnalysis;
  LogicalResult visitOperation(
      Operation *op,
      ArrayRef<const dataflow::IntegerValueRangeLattice *> operands,
      ArrayRef<dataflow::IntegerValueRangeLattice *> results) override {
    DenseElementsAttr constant;
    if (matchPattern(op, m_Constant(&constant)) && constant.empty()) {
      setAllToEntryStates(results);
      return success();
    }
    return IntegerRangeAnalysis::visitOperation(op, operands, results);
  }
};

class ScalarChecker {
public:
  explicit ScalarChecker(ModuleOp module) : module(module) {}

  void check(tensor::ExtractOp op) {
    checkIndices(op, op.getTensor(), op.getIndices());
  }
  void check(tensor::InsertOp op) {
    checkIndices(op, op.getDest(), op.getIndices());
  }
  void check(tensor::DimOp op);
  void check(scf::ForOp op);
  void checkDivision(Operation *op, bool isSigned);

private:
  ModuleOp module;
  // Most programs have no scalar whose range would be asked for.
  std::unique_ptr<DataFlowSolver> solver;

  void checkIndices(Operation *op, Value tensor, ValueRange indices);
  std::optional<ConstantIntRanges> getRange(Value value);
};

/// The integers that a value can be, as far as they follow from the program.
std::optional<ConstantIntRanges> ScalarChecker::getRange(Value value) {
  if (!solver) {
    solver = std::make_unique<DataFlowSolver>();
    dataflow::loadBaselineAnalyses(*solver);
    solver->load<RangeAnalysis>();
    if (failed(solver->initializeAndRun(module)))
      solver = std::make_unique<DataFlowSolver>();
  }
  const auto *state =
      solver->lookupState<dataflow::IntegerValueRangeLattice>(value);
  if (!state || state->getValue().isUninitialized())
    return std::nullopt;
  return state->getValue().getValue();
}

void ScalarChecker::checkIndices(Operation *op, Value tensor,
                                 ValueRange indices) {
  using Bounds = ValueBoundsConstraintSet;
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(tensor.getType());
  // Upstream's model of tensor.pad knows no bounds of the indices that its body
  // is given, and ends the process when asked.
  bool hasBounds = !op->getParentOfType<tensor::PadOp>();
  for (auto [dim, index] : llvm::enumerate(indices)) {
    auto position = static_cast<int64_t>(dim);
    if (hasBounds &&
        Bounds::compare(Bounds::Variable(index), Bounds::ComparisonOperator::GE,
                        Bounds::Variable(OpFoldResult(b.getIndexAttr(0)))) &&
        Bounds::compare(Bounds::Variable(index), Bounds::ComparisonOperator::LT,
                        Bounds::Variable(tensor, position)))
      continue;
    if (!type.isDynamicDim(dim))
      if (std::optional<ConstantIntRanges> range = getRange(index);
          range && range->smin().isNonNegative() &&
          range->smax().slt(type.getDimSize(dim)))
        continue;
    // What is negative is large without a sign.
    buildCheck(b, op, arith::CmpIPredicate::ult, index,
               linalg::createOrFoldDimOp(b, loc, tensor, position),
               "index " + Twine(dim), "is out of range");
  }
}

void ScalarChecker::check(tensor::DimOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
  if (!type)
    return;
  if (std::optional<int64_t> dim = op.getConstantIndex();
      dim && *dim >= 0 && *dim < type.getRank())
    return;
  OpBuilder b(op);
  buildCheck(b, op, arith::CmpIPredicate::ult, op.getIndex(),
             arith::ConstantIndexOp::create(b, op.getLoc(), type.getRank()),
             "the dimension", "is out of range");
}

void ScalarChecker::check(scf::ForOp op) {
  Value step = op.getStep();
  bool isUnsigned = op.getUnsignedCmp();
  if (std::optional<ConstantIntRanges> range = getRange(step);
      range && (isUnsigned ? !range->umin().isZero()
                           : range->smin().isStrictlyPositive()))
    return;
  OpBuilder b(op);
  Value zero = arith::ConstantOp::create(b, op.getLoc(),
                                         b.getIntegerAttr(step.getType(), 0));
  buildCheck(b, op,
             isUnsigned ? arith::CmpIPredicate::ne : arith::CmpIPredicate::sgt,
             step, zero, "the step", "is not positive");
}

/// A division by zero, and that of the least integer by -1, end the process on
/// some machines.
void ScalarChecker::checkDivision(Operation *op, bool isSigned) {
  Value dividend = op->getOperand(0), divisor = op->getOperand(1);
  Type type = divisor.getType();
  if (!type.isIntOrIndex())
    return;
  std::optional<ConstantIntRanges> range = getRange(divisor);
  auto canBe = [](const std::optional<ConstantIntRanges> &range, APInt value) {
    return !range || (range->umin().ule(value) && range->umax().uge(value) &&
                      range->smin().sle(value) && range->smax().sge(value));
  };
  unsigned width = ConstantIntRanges::getStorageBitwidth(type);
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto compare = [&](arith::CmpIPredicate predicate, Value value,
                     const APInt &constant) -> Value {
    Value other = arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(type, constant.getSExtValue()));
    return arith::CmpIOp::create(b, loc, predicate, value, other);
  };
  APInt zero = APInt::getZero(width), minusOne = APInt::getAllOnes(width),
        least = APInt::getSignedMinValue(width);
  if (canBe(range, zero))
    buildCheck(b, op, compare(arith::CmpIPredicate::ne, divisor, zero),
               "the divisor", "is zero");
  if (!isSigned || !canBe(range, minusOne) || !canBe(getRange(dividend), least))
    return;
  Value holds = arith::OrIOp::create(
      b, loc, compare(arith::CmpIPredicate::ne, divisor, minusOne),
      compare(arith::CmpIPredicate::ne, dividend, least));
  buildCheck(b, op, holds, "the quotient", "does not fit its type");
}

struct CheckScalarsPass : impl::CheckScalarsBase<CheckScalarsPass> {
  void runOnOperation() override {
    ScalarChecker checker(getOperation());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      llvm::TypeSwitch<Operation *>(op)
          .Case<tensor::ExtractOp, tensor::InsertOp, tensor::DimOp, scf::ForOp>(
              [&](auto typed) { checker.check(typed); })
          .Case<arith::DivSIOp, arith::CeilDivSIOp, arith::FloorDivSIOp,
                arith::RemSIOp>([&](auto typed) {
            checker.checkDivision(typed, /*isSigned=*/true);
          })
          .Case<arith::DivUIOp, arith::CeilDivUIOp, arith::RemUIOp>(
              [&](auto typed) {
                checker.checkDivision(typed, /*isSigned=*/false);
              });
  }
};

} // namespace
} // namespace quanta
