//===- EpilogueBound.cpp - How large values of an epilogue get ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EpilogueBound.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace quanta {

constexpr double unbounded = std::numeric_limits<double>::infinity();

/// The largest magnitude of the elements of a constant.
static double getBound(Attribute constant) {
  auto getMagnitude = [](const APFloat &value) {
    double magnitude = std::abs(value.convertToDouble());
    return std::isnan(magnitude) ? unbounded : magnitude;
  };
  if (auto single = dyn_cast_or_null<FloatAttr>(constant))
    return getMagnitude(single.getValue());
  auto elements = dyn_cast_or_null<DenseFPElementsAttr>(constant);
  if (!elements)
    return unbounded;
  double bound = 0;
  for (const APFloat &value : elements.getValues<APFloat>())
    bound = std::max(bound, getMagnitude(value));
  return bound;
}

static double getElementBound(Value value) {
  Attribute constant;
  if (auto global = value.getDefiningOp<memref::GetGlobalOp>()) {
    auto definition = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
        global, global.getNameAttr());
    return definition && definition.getConstant()
               ? getBound(definition.getInitialValueAttr())
               : unbounded;
  }
  if (matchPattern(value, m_Constant(&constant)))
    return getBound(constant);
  if (auto generic = value.getDefiningOp<linalg::GenericOp>();
      generic && linalg::isElementwise(generic))
    return getEpilogueBound(generic.getBody()->getTerminator()->getOperand(
                                cast<OpResult>(value).getResultNumber()),
                            SmallVector<Value>(generic.getDpsInputs()));
  return unbounded;
}

namespace {
class BoundFinder {
public:
  explicit BoundFinder(ArrayRef<Value> values) : values(values) {}

  double get(Value value) {
    if (auto known = bounds.find(value); known != bounds.end())
      return known->second;
    double bound = find(value);
    bounds[value] = bound;
    return bound;
  }

private:
  ArrayRef<Value> values;
  llvm::DenseMap<Value, double> bounds;

  double find(Value value);
};
} // namespace

double BoundFinder::find(Value value) {
  // By its type alone.
  if (auto integer = dyn_cast<IntegerType>(value.getType())) {
    unsigned bits = integer.getWidth();
    if (auto extend = value.getDefiningOp<arith::ExtSIOp>())
      bits = extend.getIn().getType().getIntOrFloatBitWidth();
    else if (auto extend = value.getDefiningOp<arith::ExtUIOp>())
      bits = extend.getIn().getType().getIntOrFloatBitWidth() + 1;
    return std::ldexp(1.0, static_cast<int>(bits) - 1);
  }
  if (!value.getType().isF32())
    return unbounded;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Value source = argument.getArgNumber() < values.size()
                       ? values[argument.getArgNumber()]
                       : Value();
    return source ? getElementBound(source) : unbounded;
  }
  Operation *op = value.getDefiningOp();
  auto of = [&](unsigned operand) { return get(op->getOperand(operand)); };
  double bound =
      llvm::TypeSwitch<Operation *, double>(op)
          .Case<arith::ConstantOp>(
              [&](arith::ConstantOp) { return getElementBound(value); })
          .Case<arith::SIToFPOp>([&](arith::SIToFPOp) { return of(0); })
          .Case<arith::UIToFPOp>([&](arith::UIToFPOp) { return 2 * of(0); })
          .Case<arith::MulFOp>([&](arith::MulFOp) { return of(0) * of(1); })
          .Case<arith::AddFOp, arith::SubFOp>(
              [&](Operation *) { return of(0) + of(1); })
          .Case<arith::MaxNumFOp, arith::MinNumFOp, arith::MaximumFOp,
                arith::MinimumFOp>(
              [&](Operation *) { return std::max(of(0), of(1)); })
          .Case<arith::SelectOp>(
              [&](arith::SelectOp) { return std::max(of(1), of(2)); })
          .Case<arith::DivFOp>([&](arith::DivFOp div) {
            FloatAttr divisor;
            if (!matchPattern(div.getRhs(), m_Constant(&divisor)) ||
                !divisor.getValue().isFiniteNonZero())
              return unbounded;
            return of(0) / std::abs(divisor.getValueAsDouble());
          })
          .Case<arith::NegFOp>([&](arith::NegFOp) { return of(0); })
          .Default([](Operation *) { return unbounded; });
  // The result is rounded, and a product of zero and infinity is no bound.
  bound *= 1 + std::ldexp(1.0, -23);
  return bound <= std::numeric_limits<float>::max() ? bound : unbounded;
}

double getEpilogueBound(Value value, ArrayRef<Value> values) {
  return BoundFinder(values).get(value);
}

} // namespace quanta
