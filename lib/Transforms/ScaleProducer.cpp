//===- ScaleProducer.cpp - Factors folded into what makes a tensor --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleProducer.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <functional>

using namespace mlir;

namespace quanta {

/// `values` of `shape` with index i of dimension `axis` multiplied by
/// `factors[i]`.
static void scaleValues(MutableArrayRef<float> values, ArrayRef<int64_t> shape,
                        int64_t axis, ArrayRef<float> factors) {
  size_t inner = ShapedType::getNumElements(shape.drop_front(axis + 1));
  for (auto [index, value] : llvm::enumerate(values))
    value *= factors[index / inner % factors.size()];
}

Value scaleConstant(OpBuilder &builder, Value constant, int64_t axis,
                    ArrayRef<float> factors) {
  SmallVector<float> values = *getConstantFloats(constant);
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(constant.getType()).getShape();
  scaleValues(values, shape, axis, factors);
  return createConstant(builder, constant.getLoc(), shape,
                        ArrayRef<float>(values));
}

/// Whether elements of `value` are read in one place only; its sizes may be
/// asked for elsewhere.
static bool hasOneReader(Value value) {
  return llvm::count_if(value.getUses(), [](OpOperand &use) {
           return !isa<tensor::DimOp>(use.getOwner());
         }) == 1;
}

namespace {

/// Finds what has to change before anything does.
class Planner {
public:
  Planner(ArrayRef<float> factors,
          function_ref<bool(QuantizableOpInterface)> mayScaleWeights)
      : factors(factors), mayScaleWeights(mayScaleWeights) {}

  bool plan(Value value, int64_t axis);
  void apply() {
    for (const std::function<void()> &change : changes)
      change();
  }

private:
  ArrayRef<float> factors;
  function_ref<bool(QuantizableOpInterface)> mayScaleWeights;
  SmallVector<std::function<void()>> changes;

  /// Plans one of two, or neither.
  bool planEither(function_ref<bool()> first, function_ref<bool()> second) {
    size_t size = changes.size();
    if (first())
      return true;
    changes.resize(size);
    return second();
  }

  bool planOperand(OpOperand &operand, int64_t axis);
  bool planContraction(QuantizableOpInterface op, int64_t axis);
  bool planElementwise(linalg::GenericOp op, int64_t axis);
  bool planScalar(linalg::GenericOp op, unsigned loop, OpOperand &use);
  bool planInput(linalg::GenericOp op, unsigned loop, OpOperand &input);
};

} // namespace

/// A dimension of a reshaped tensor, in the tensor with the other rank: the one
/// of its group that is not of size 1. Nothing if channels are split or merged.
static std::optional<int64_t>
findWholeDim(ArrayRef<ReassociationIndices> groups, RankedTensorType collapsed,
             RankedTensorType expanded, int64_t dim, bool isCollapsedDim) {
  for (auto [position, group] : llvm::enumerate(groups)) {
    std::optional<int64_t> whole;
    for (int64_t member : group)
      if (expanded.getDimSize(member) ==
          collapsed.getDimSize(static_cast<int64_t>(position)))
        whole = member;
    if (isCollapsedDim && dim == static_cast<int64_t>(position))
      return collapsed.isDynamicDim(dim) ? std::nullopt : whole;
    if (!isCollapsedDim && llvm::is_contained(group, dim))
      return whole == dim && !expanded.isDynamicDim(dim)
                 ? std::optional<int64_t>(position)
                 : std::nullopt;
  }
  return std::nullopt;
}

bool Planner::planOperand(OpOperand &operand, int64_t axis) {
  Value value = operand.get();
  if (getConstantFloats(value)) {
    changes.push_back([this, &operand, axis] {
      OpBuilder builder(operand.getOwner());
      operand.set(scaleConstant(builder, operand.get(), axis, factors));
    });
    return true;
  }
  return hasOneReader(value) && plan(value, axis);
}

bool Planner::plan(Value value, int64_t axis) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1)
    return false;
  if (isZeroTensor(value))
    return true;
  auto typeOf = [](Value tensor) {
    return cast<RankedTensorType>(tensor.getType());
  };
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](QuantizableOpInterface contraction) {
        return planContraction(contraction, axis);
      })
      .Case([&](linalg::GenericOp generic) {
        return planElementwise(generic, axis);
      })
      .Case([&](linalg::TransposeOp transpose) {
        return planOperand(transpose->getOpOperand(0),
                           transpose.getPermutation()[axis]);
      })
      .Case([&](tensor::CastOp cast) {
        return isa<RankedTensorType>(cast.getSource().getType()) &&
               !typeOf(cast.getSource()).isDynamicDim(axis) &&
               planOperand(cast->getOpOperand(0), axis);
      })
      .Case([&](tensor::CollapseShapeOp collapse) {
        std::optional<int64_t> dim = findWholeDim(
            collapse.getReassociationIndices(), typeOf(value),
            typeOf(collapse.getSrc()), axis, /*isCollapsedDim=*/true);
        return dim && planOperand(collapse->getOpOperand(0), *dim);
      })
      .Case([&](tensor::ExpandShapeOp expand) {
        std::optional<int64_t> dim = findWholeDim(
            expand.getReassociationIndices(), typeOf(expand.getSrc()),
            typeOf(value), axis, /*isCollapsedDim=*/false);
        return dim && planOperand(expand->getOpOperand(0), *dim);
      })
      .Case([&](tensor::PadOp pad) {
        Value padding = pad.getConstantPaddingValue();
        return padding && matchPattern(padding, m_AnyZeroFloat()) &&
               isConstantIntValue(pad.getMixedLowPad()[axis], 0) &&
               isConstantIntValue(pad.getMixedHighPad()[axis], 0) &&
               planOperand(pad->getOpOperand(0), axis);
      })
      .Default([](Operation *) { return false; });
}

bool Planner::planContraction(QuantizableOpInterface op, int64_t axis) {
  if (op.getChannelResultDim() != axis || op->hasAttr(attrs::resultScales) ||
      !mayScaleWeights(op))
    return false;
  for (OpOperand *factor : op.getFactors()) {
    std::optional<int32_t> weightAxis =
        op.getWeightAxis(factor->getOperandNumber());
    if (!weightAxis || !getConstantFloats(factor->get()))
      continue;
    OpOperand *init = op.getAccumulatorInit();
    if (!isZeroTensor(init->get()) && !planOperand(*init, axis))
      return false;
    changes.push_back([this, op, factor, weightAxis, axis]() mutable {
      OpBuilder builder(op);
      factor->set(scaleConstant(builder, factor->get(), *weightAxis, factors));
      op->setAttr(attrs::resultScales, builder.getDenseF32ArrayAttr(factors));
      op->setAttr(attrs::resultAxis, builder.getI64IntegerAttr(axis));
    });
    return true;
  }
  return false;
}

bool Planner::planElementwise(linalg::GenericOp op, int64_t axis) {
  if (!linalg::isElementwise(op) || !op.hasPureTensorSemantics() ||
      op->getNumResults() != 1)
    return false;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return planScalar(op, map.getDimPosition(axis),
                    op.getBody()->getTerminator()->getOpOperand(0));
}

/// Whether an operation asks for no more than the sign of `value`.
static bool looksAtSign(Operation *op, Value value) {
  auto compare = dyn_cast<arith::CmpFOp>(op);
  if (!compare)
    return false;
  Value other = compare.getLhs() == value ? compare.getRhs() : compare.getLhs();
  return matchPattern(other, m_AnyZeroFloat());
}

bool Planner::planScalar(linalg::GenericOp op, unsigned loop, OpOperand &use) {
  Value value = use.get();
  if (matchPattern(value, m_AnyZeroFloat()))
    return true;
  // The same value, of a positive factor, has the same sign.
  if (value.getParentBlock() != op.getBody() ||
      llvm::any_of(value.getUses(), [&](OpOperand &other) {
        return &other != &use && !looksAtSign(other.getOwner(), value);
      }))
    return false;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getArgNumber() < op.getNumDpsInputs() &&
           planInput(op, loop, op->getOpOperand(argument.getArgNumber()));
  Operation *scalar = value.getDefiningOp();
  auto planAt = [&](unsigned index) {
    return planScalar(op, loop, scalar->getOpOperand(index));
  };
  return TypeSwitch<Operation *, bool>(scalar)
      .Case<arith::AddFOp, arith::SubFOp, arith::MaximumFOp, arith::MinimumFOp,
            arith::MaxNumFOp, arith::MinNumFOp>(
          [&](Operation *) { return planAt(0) && planAt(1); })
      .Case([&](arith::MulFOp) {
        return planEither([&] { return planAt(1); }, [&] { return planAt(0); });
      })
      .Case<arith::DivFOp, arith::NegFOp>(
          [&](Operation *) { return planAt(0); })
      .Case([&](arith::SelectOp) { return planAt(1) && planAt(2); })
      .Default([](Operation *) { return false; });
}

bool Planner::planInput(linalg::GenericOp op, unsigned loop, OpOperand &input) {
  AffineMap map = op.getMatchingIndexingMap(&input);
  if (!map.isProjectedPermutation())
    return false;
  AffineExpr dim = getAffineDimExpr(loop, op.getContext());
  if (std::optional<unsigned> axis = map.getResultPosition(dim))
    return cast<RankedTensorType>(input.get().getType()).getDimSize(*axis) ==
               static_cast<int64_t>(factors.size()) &&
           planOperand(input, *axis);
  if (!getConstantFloats(input.get()))
    return false;
  // A constant that is the same for all channels is repeated for each.
  changes.push_back([this, op, &input, map, dim]() mutable {
    OpBuilder builder(op);
    Value constant = input.get();
    SmallVector<int64_t> shape(
        cast<RankedTensorType>(constant.getType()).getShape());
    SmallVector<float> values;
    SmallVector<float> old = *getConstantFloats(constant);
    for (float value : old)
      for (float factor : factors)
        values.push_back(value * factor);
    shape.push_back(factors.size());
    input.set(createConstant(builder, constant.getLoc(), shape,
                             ArrayRef<float>(values)));
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps[input.getOperandNumber()] = map.insertResult(dim, map.getNumResults());
    op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
  });
  return true;
}

LogicalResult
scaleProducer(Value value, int64_t axis, ArrayRef<float> factors,
              function_ref<bool(QuantizableOpInterface)> mayScaleWeights) {
  Planner planner(factors, mayScaleWeights);
  if (!hasOneReader(value) || !planner.plan(value, axis))
    return failure();
  planner.apply();
  return success();
}

} // namespace quanta
