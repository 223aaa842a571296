//===- FakeQuantGrad.cpp - Gradient of fake quantization as arithmetic ----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeQuantGrad.h"

#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

namespace {

/// Builds the three formulas on scalars.
struct GradientBuilder {
  OpBuilder &builder;
  Location loc;
  Value scale, zeroPoint;
  reference::StorageRange range;
  Value quotient, rounded, isBelow, isAbove;

  Value number(float value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(value));
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }

  void setInput(Value x) {
    quotient = arith::DivFOp::create(builder, loc, x, scale);
    rounded = math::RoundEvenOp::create(builder, loc, quotient);
    Value v = arith::AddFOp::create(builder, loc, rounded, zeroPoint);
    using P = arith::CmpFPredicate;
    // Unordered: NaN ends at the lower bound.
    isBelow = arith::CmpFOp::create(builder, loc, P::ULT, v,
                                    number(static_cast<float>(range.min)));
    isAbove = arith::CmpFOp::create(builder, loc, P::OGT, v,
                                    number(static_cast<float>(range.max)));
  }
  Value clip(Value inside, Value below, Value above) {
    return select(isBelow, below, select(isAbove, above, inside));
  }
  Value ofInput(Value g) { return clip(g, number(0), number(0)); }
  Value ofScale(Value g) {
    Value inside = arith::SubFOp::create(builder, loc, rounded, quotient);
    auto end = [&](int32_t bound) -> Value {
      return arith::SubFOp::create(
          builder, loc, number(static_cast<float>(bound)), zeroPoint);
    };
    return arith::MulFOp::create(builder, loc, g,
                                 clip(inside, end(range.min), end(range.max)));
  }
  Value ofZeroPoint(Value g) {
    Value product = arith::MulFOp::create(builder, loc, g, scale);
    Value outside = arith::NegFOp::create(builder, loc, product);
    return clip(number(0), outside, outside);
  }
};

} // namespace

void lowerFakeQuantGrad(FakeQuantGradOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto params = *QuantParams::get(op.getQuantizedType());
  RankedTensorType type = op.getInput().getType();
  int64_t rank = type.getRank();
  SmallVector<Value> inputs{op.getInput(), op.getGradient()};
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps{identity, identity};
  AffineMap channel =
      AffineMap::get(rank, 0, ArrayRef<AffineExpr>(), builder.getContext());
  if (params.axis) {
    channel = AffineMap::get(rank, 0, builder.getAffineDimExpr(*params.axis));
    SmallVector<float> scales, zeroPoints;
    for (size_t i = 0; i < params.scales.size(); ++i) {
      scales.push_back(params.scale(i));
      zeroPoints.push_back(static_cast<float>(params.zeroPoint(i)));
    }
    int64_t size = static_cast<int64_t>(scales.size());
    inputs.push_back(
        createConstant(builder, loc, {size}, ArrayRef<float>(scales)));
    inputs.push_back(
        createConstant(builder, loc, {size}, ArrayRef<float>(zeroPoints)));
    maps.append({channel, channel});
  }
  auto makeBuilder = [&](OpBuilder &b, Location loc, ValueRange elements) {
    GradientBuilder gradient{b, loc, {}, {}, params.range, {}, {}, {}, {}};
    gradient.scale =
        params.axis ? elements[2] : gradient.number(params.scale(0));
    gradient.zeroPoint =
        params.axis ? elements[3]
                    : gradient.number(static_cast<float>(params.zeroPoint(0)));
    gradient.setInput(elements[0]);
    return gradient;
  };
  // Of the input: elementwise.
  Type f32 = builder.getF32Type();
  Value empty = createEmptyLike(builder, loc, op.getInput(), f32);
  SmallVector<AffineMap> elementwiseMaps(maps);
  elementwiseMaps.push_back(identity);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto ofInput = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, elementwiseMaps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange elements) {
        linalg::YieldOp::create(
            b, loc, makeBuilder(b, loc, elements).ofInput(elements[1]));
      });
  // Of scale and zero point: sums.
  for (int64_t dim = 0; dim < rank; ++dim)
    if (params.axis != dim)
      iterators[dim] = utils::IteratorType::reduction;
  auto sumType = cast<RankedTensorType>(op.getScaleGradient().getType());
  Value start =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
  Value sums = tensor::EmptyOp::create(builder, loc, sumType.getShape(), f32);
  sums = linalg::FillOp::create(builder, loc, start, sums).getResult(0);
  SmallVector<AffineMap> sumMaps(maps);
  sumMaps.append({channel, channel});
  auto ofParameters = linalg::GenericOp::create(
      builder, loc, TypeRange{sumType, sumType}, inputs, ValueRange{sums, sums},
      sumMaps, iterators, [&](OpBuilder &b, Location loc, ValueRange elements) {
        GradientBuilder gradient = makeBuilder(b, loc, elements);
        Value g = elements[1];
        ValueRange old = elements.take_back(2);
        Value scale =
            arith::AddFOp::create(b, loc, old[0], gradient.ofScale(g));
        Value zeroPoint =
            arith::AddFOp::create(b, loc, old[1], gradient.ofZeroPoint(g));
        linalg::YieldOp::create(b, loc, ValueRange{scale, zeroPoint});
      });
  Value inputGradient = ofInput.getResult(0);
  if (inputGradient.getType() != type)
    inputGradient = tensor::CastOp::create(builder, loc, type, inputGradient);
  op.replaceAllUsesWith(ValueRange{inputGradient, ofParameters.getResult(0),
                                   ofParameters.getResult(1)});
  op.erase();
}

} // namespace quanta
