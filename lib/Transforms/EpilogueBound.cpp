//===- EpilogueBound.cpp - How large and small values get -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EpilogueBound.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;

namespace quanta {

constexpr double unbounded = std::numeric_limits<double>::infinity();
constexpr Magnitude unknown{0, unbounded};

static Magnitude getConstantMagnitude(Attribute constant) {
  Magnitude result{unbounded, 0};
  auto add = [&](const APFloat &value) {
    double magnitude = std::abs(value.convertToDouble());
    if (std::isnan(magnitude))
      magnitude = unbounded;
    result.greatest = std::max(result.greatest, magnitude);
    if (magnitude > 0)
      result.least = std::min(result.least, magnitude);
  };
  if (auto single = dyn_cast_or_null<FloatAttr>(constant)) {
    add(single.getValue());
    return result;
  }
  auto elements = dyn_cast_or_null<DenseFPElementsAttr>(constant);
  if (!elements)
    return unknown;
  for (const APFloat &value : elements.getValues<APFloat>())
    add(value);
  return result;
}

/// Of the tensors that were looked at: several users may read one.
using TensorMagnitudes = llvm::DenseMap<Value, Magnitude>;

static Magnitude findMagnitude(Value value, ArrayRef<Value> values,
                               TensorMagnitudes &tensors);

static Magnitude findElementMagnitude(Value value, TensorMagnitudes &tensors) {
  Attribute constant;
  if (auto global = value.getDefiningOp<memref::GetGlobalOp>()) {
    auto definition = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
        global, global.getNameAttr());
    return definition && definition.getConstant()
               ? getConstantMagnitude(definition.getInitialValueAttr())
               : unknown;
  }
  if (matchPattern(value, m_Constant(&constant)))
    return getConstantMagnitude(constant);
  if (auto generic = value.getDefiningOp<linalg::GenericOp>();
      generic && linalg::isElementwise(generic))
    return findMagnitude(generic.getBody()->getTerminator()->getOperand(
                             cast<OpResult>(value).getResultNumber()),
                         SmallVector<Value>(generic.getDpsInputs()), tensors);
  return unknown;
}

static Magnitude getElementMagnitude(Value value, TensorMagnitudes &tensors) {
  if (auto known = tensors.find(value); known != tensors.end())
    return known->second;
  Magnitude magnitude = findElementMagnitude(value, tensors);
  tensors[value] = magnitude;
  return magnitude;
}

namespace {
class MagnitudeFinder {
public:
  MagnitudeFinder(ArrayRef<Value> values, TensorMagnitudes &tensors)
      : values(values), tensors(tensors) {}

  Magnitude get(Value value) {
    if (auto known = magnitudes.find(value); known != magnitudes.end())
      return known->second;
    Magnitude magnitude = find(value);
    magnitudes[value] = magnitude;
    return magnitude;
  }

private:
  ArrayRef<Value> values;
  TensorMagnitudes &tensors;
  llvm::DenseMap<Value, Magnitude> magnitudes;

  Magnitude find(Value value);
  Magnitude findExact(Operation *op);
};
} // namespace

/// Before the result is rounded.
Magnitude MagnitudeFinder::findExact(Operation *op) {
  auto of = [&](unsigned operand) { return get(op->getOperand(operand)); };
  auto either = [](Magnitude a, Magnitude b) {
    return Magnitude{std::min(a.least, b.least),
                     std::max(a.greatest, b.greatest)};
  };
  return llvm::TypeSwitch<Operation *, Magnitude>(op)
      .Case<arith::ConstantOp>([&](arith::ConstantOp constant) {
        return getElementMagnitude(constant, tensors);
      })
      .Case<arith::SIToFPOp>([&](arith::SIToFPOp) { return of(0); })
      .Case<arith::UIToFPOp>([&](arith::UIToFPOp) {
        return Magnitude{of(0).least, 2 * of(0).greatest};
      })
      .Case<arith::MulFOp>([&](arith::MulFOp) {
        return Magnitude{of(0).least * of(1).least,
                         of(0).greatest * of(1).greatest};
      })
      .Case<arith::AddFOp, arith::SubFOp>([&](Operation *) {
        return Magnitude{0, of(0).greatest + of(1).greatest};
      })
      .Case<math::FmaOp>([&](math::FmaOp) {
        return Magnitude{0, of(0).greatest * of(1).greatest + of(2).greatest};
      })
      .Case<arith::MaxNumFOp, arith::MinNumFOp, arith::MaximumFOp,
            arith::MinimumFOp>(
          [&](Operation *) { return either(of(0), of(1)); })
      .Case<arith::SelectOp>(
          [&](arith::SelectOp) { return either(of(1), of(2)); })
      .Case<arith::DivFOp>([&](arith::DivFOp div) {
        FloatAttr attr;
        if (!matchPattern(div.getRhs(), m_Constant(&attr)) ||
            !attr.getValue().isFiniteNonZero())
          return unknown;
        double divisor = std::abs(attr.getValueAsDouble());
        return Magnitude{of(0).least / divisor, of(0).greatest / divisor};
      })
      .Case<arith::NegFOp>([&](arith::NegFOp) { return of(0); })
      .Default([](Operation *) { return unknown; });
}

Magnitude MagnitudeFinder::find(Value value) {
  // By its type alone.
  if (auto integer = dyn_cast<IntegerType>(value.getType())) {
    unsigned bits = integer.getWidth();
    if (auto extend = value.getDefiningOp<arith::ExtSIOp>())
      bits = extend.getIn().getType().getIntOrFloatBitWidth();
    else if (auto extend = value.getDefiningOp<arith::ExtUIOp>())
      bits = extend.getIn().getType().getIntOrFloatBitWidth() + 1;
    return {1, std::ldexp(1.0, static_cast<int>(bits) - 1)};
  }
  if (!value.getType().isF32())
    return unknown;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Value source = argument.getArgNumber() < values.size()
                       ? values[argument.getArgNumber()]
                       : Value();
    return source ? getElementMagnitude(source, tensors) : unknown;
  }
  Magnitude magnitude = findExact(value.getDefiningOp());
  // A product of zero and infinity is no bound, and below the normal numbers
  // the result may be zero or far from exact.
  constexpr double rounding = 1.0 / (1 << 23);
  magnitude.least *= 1 - rounding;
  magnitude.greatest *= 1 + rounding;
  if (!(magnitude.least >= std::numeric_limits<float>::min()))
    magnitude.least = 0;
  if (!(magnitude.greatest <= std::numeric_limits<float>::max()))
    magnitude.greatest = unbounded;
  return magnitude;
}

Magnitude findMagnitude(Value value, ArrayRef<Value> values,
                        TensorMagnitudes &tensors) {
  return MagnitudeFinder(values, tensors).get(value);
}

Magnitude getMagnitude(Value value, ArrayRef<Value> values) {
  TensorMagnitudes tensors;
  return findMagnitude(value, values, tensors);
}

double getEpilogueBound(Value value, ArrayRef<Value> values) {
  return getMagnitude(value, values).greatest;
}

} // namespace quanta
