//===- ContractArithmetic.cpp - The numerics contract as operations -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/ContractArithmetic.h"

#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

Value createEmptyLike(OpBuilder &builder, Location loc, Value like,
                      Type elementType) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, like);
  return tensor::EmptyOp::create(builder, loc, sizes, elementType);
}

//===----------------------------------------------------------------------===//
// ElementwiseBuilder
//===----------------------------------------------------------------------===//

ElementwiseBuilder::ElementwiseBuilder(OpBuilder &builder, Location loc,
                                       Value input)
    : builder(builder), loc(loc),
      rank(cast<RankedTensorType>(input.getType()).getRank()) {
  addInput(input);
}

unsigned ElementwiseBuilder::addInput(Value tensor) {
  operands.push_back({static_cast<int>(inputs.size()), {}});
  inputs.push_back(tensor);
  maps.push_back(builder.getMultiDimIdentityMap(rank));
  return operands.size() - 1;
}

unsigned ElementwiseBuilder::addInput(Value tensor, ArrayRef<int64_t> dims) {
  SmallVector<AffineExpr> exprs;
  for (int64_t dim : dims)
    exprs.push_back(builder.getAffineDimExpr(dim));
  operands.push_back({static_cast<int>(inputs.size()), {}});
  inputs.push_back(tensor);
  maps.push_back(AffineMap::get(rank, 0, exprs, builder.getContext()));
  return operands.size() - 1;
}

template <typename T>
unsigned ElementwiseBuilder::addParameter(ArrayRef<T> values,
                                          std::optional<int32_t> axis) {
  bool uniform = llvm::all_equal(values);
  if (axis && !uniform) {
    operands.push_back({static_cast<int>(inputs.size()), {}});
    inputs.push_back(createConstant(
        builder, loc, {static_cast<int64_t>(values.size())}, values));
    maps.push_back(AffineMap::get(rank, 0, builder.getAffineDimExpr(*axis)));
    return operands.size() - 1;
  }
  TypedAttr constant;
  if constexpr (std::is_same_v<T, float>)
    constant = builder.getF32FloatAttr(values.front());
  else
    constant = builder.getI32IntegerAttr(values.front());
  operands.push_back({-1, constant});
  return operands.size() - 1;
}

template <typename T>
unsigned ElementwiseBuilder::addParameter(ArrayRef<T> values,
                                          const QuantParams &params) {
  if (!params.hasBlocks() || llvm::all_equal(values))
    return addParameter(values, params.axis);
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(params.blockSizes))
    exprs.push_back(size > 0 ? builder.getAffineDimExpr(dim).floorDiv(size)
                             : builder.getAffineConstantExpr(0));
  operands.push_back({static_cast<int>(inputs.size()), {}});
  inputs.push_back(createConstant(builder, loc, params.blockCounts, values));
  maps.push_back(AffineMap::get(rank, 0, exprs, builder.getContext()));
  return operands.size() - 1;
}

Value ElementwiseBuilder::get(OpBuilder &builder, Location loc,
                              ValueRange elements, unsigned index) const {
  const Operand &operand = operands[index];
  if (operand.position >= 0)
    return elements[operand.position];
  return arith::ConstantOp::create(builder, loc, operand.constant);
}

Value ElementwiseBuilder::build(Type elementType, ElementwiseBody body) {
  Value empty = createEmptyLike(builder, loc, inputs.front(), elementType);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, allMaps, iterators,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange elements) {
        Value result = body(nested, nestedLoc, elements);
        linalg::YieldOp::create(nested, nestedLoc, result);
      });
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

Value addElements(OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  ElementwiseBuilder elementwise(builder, loc, lhs);
  unsigned other = elementwise.addInput(rhs);
  Type element = getElementTypeOrSelf(lhs);
  return elementwise.build(
      element, [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value y = elementwise.get(b, loc, elements, other);
        if (isa<FloatType>(element))
          return arith::AddFOp::create(b, loc, elements[0], y);
        return arith::AddIOp::create(b, loc, elements[0], y);
      });
}

Value buildF32(OpBuilder &builder, Location loc, float value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}

/// `maxnum` returns the other operand for a NaN, so NaN ends at the lower
/// bound, as in the reference.
Value buildRoundAndClamp(OpBuilder &builder, Location loc, Value x,
                         Value zeroPoint, reference::StorageRange range) {
  x = math::RoundEvenOp::create(builder, loc, x);
  x = arith::AddFOp::create(builder, loc, x, zeroPoint);
  x = arith::MaxNumFOp::create(builder, loc, x,
                               buildF32(builder, loc, range.min));
  return arith::MinNumFOp::create(builder, loc, x,
                                  buildF32(builder, loc, range.max));
}

/// i32 comes first: it is what vector units convert to.
Value buildToStorage(OpBuilder &builder, Location loc, Value x,
                     IntegerType storage) {
  Value wide = arith::FPToSIOp::create(builder, loc, builder.getI32Type(), x);
  if (storage.getWidth() == 32)
    return wide;
  return arith::TruncIOp::create(builder, loc, storage, wide);
}

Value buildFromStorage(OpBuilder &builder, Location loc, Value q,
                       const QuantParams &params) {
  if (params.storageWidth() == 32)
    return q;
  Type i32 = builder.getI32Type();
  if (params.isSigned())
    return arith::ExtSIOp::create(builder, loc, i32, q);
  return arith::ExtUIOp::create(builder, loc, i32, q);
}

/// `buildF32(q - zp)`.
static Value buildCenter(OpBuilder &builder, Location loc, Value q,
                         const QuantParams &params, Value zeroPoint) {
  q = buildFromStorage(builder, loc, q, params);
  if (params.hasZeroPoint())
    q = arith::SubIOp::create(builder, loc, q, zeroPoint);
  return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), q);
}

SmallVector<float> getScales(const QuantParams &params) {
  SmallVector<float> scales;
  for (size_t channel = 0; channel < params.scales.size(); ++channel)
    scales.push_back(params.scale(channel));
  return scales;
}

static SmallVector<float> getFloatZeroPoints(const QuantParams &params) {
  return SmallVector<float>(params.zeroPoints.begin(), params.zeroPoints.end());
}

SmallVector<int32_t> getZeroPoints(const QuantParams &params) {
  return SmallVector<int32_t>(params.zeroPoints.begin(),
                              params.zeroPoints.end());
}

Value buildScalarCenter(OpBuilder &builder, Location loc, Value q,
                        const QuantParams &params) {
  q = buildFromStorage(builder, loc, q, params);
  if (!params.hasZeroPoint())
    return q;
  Value zeroPoint =
      arith::ConstantIntOp::create(builder, loc, params.zeroPoint(0), 32);
  return arith::SubIOp::create(builder, loc, q, zeroPoint);
}

Value buildScalarDequantize(OpBuilder &builder, Location loc, Value q,
                            const QuantParams &params) {
  q = buildScalarCenter(builder, loc, q, params);
  Value x = arith::SIToFPOp::create(builder, loc, builder.getF32Type(), q);
  return arith::MulFOp::create(builder, loc, x,
                               buildF32(builder, loc, params.scale(0)));
}

Value buildScalarQuantize(OpBuilder &builder, Location loc, Value x,
                          const QuantParams &params,
                          reference::StorageRange range) {
  x = arith::DivFOp::create(builder, loc, x,
                            buildF32(builder, loc, params.scale(0)));
  float zeroPoint = static_cast<float>(params.zeroPoint(0));
  x = buildRoundAndClamp(builder, loc, x, buildF32(builder, loc, zeroPoint),
                         range);
  return buildToStorage(builder, loc, x, params.storageType());
}

Value buildQuantize(OpBuilder &builder, Location loc, Value input,
                    const QuantParams &params) {
  ElementwiseBuilder elementwise(builder, loc, input);
  unsigned scale =
      elementwise.addParameter<float>(getScales(params), params.axis);
  unsigned zeroPoint =
      elementwise.addParameter<float>(getFloatZeroPoints(params), params.axis);
  return elementwise.build(params.storageType(), [&](OpBuilder &b, Location loc,
                                                     ValueRange elements) {
    Value x = arith::DivFOp::create(b, loc, elements[0],
                                    elementwise.get(b, loc, elements, scale));
    x = buildRoundAndClamp(
        b, loc, x, elementwise.get(b, loc, elements, zeroPoint), params.range);
    return buildToStorage(b, loc, x, params.storageType());
  });
}

Value buildDequantize(OpBuilder &builder, Location loc, Value input,
                      const QuantParams &params) {
  ElementwiseBuilder elementwise(builder, loc, input);
  unsigned scale = elementwise.addParameter<float>(getScales(params), params);
  unsigned zeroPoint =
      elementwise.addParameter<int32_t>(getZeroPoints(params), params);
  return elementwise.build(
      builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value x = buildCenter(b, loc, elements[0], params,
                              elementwise.get(b, loc, elements, zeroPoint));
        return arith::MulFOp::create(b, loc, x,
                                     elementwise.get(b, loc, elements, scale));
      });
}

Value buildRequantize(OpBuilder &builder, Location loc, Value input,
                      const QuantParams &from, const QuantParams &to,
                      reference::StorageRange range) {
  size_t channels = std::max(from.scales.size(), to.scales.size());
  SmallVector<float> multipliers;
  for (size_t channel = 0; channel < channels; ++channel) {
    double in = from.scales[from.scales.size() == 1 ? 0 : channel];
    double out = to.scales[to.scales.size() == 1 ? 0 : channel];
    multipliers.push_back(reference::requantizeMultiplier(in, out));
  }
  ElementwiseBuilder elementwise(builder, loc, input);
  unsigned multiplier = elementwise.addParameter<float>(
      multipliers, from.axis ? from.axis : to.axis);
  unsigned fromZeroPoint =
      elementwise.addParameter<int32_t>(getZeroPoints(from), from.axis);
  unsigned toZeroPoint =
      elementwise.addParameter<float>(getFloatZeroPoints(to), to.axis);
  return elementwise.build(to.storageType(), [&](OpBuilder &b, Location loc,
                                                 ValueRange elements) {
    Value x = buildCenter(b, loc, elements[0], from,
                          elementwise.get(b, loc, elements, fromZeroPoint));
    x = arith::MulFOp::create(b, loc, x,
                              elementwise.get(b, loc, elements, multiplier));
    x = buildRoundAndClamp(
        b, loc, x, elementwise.get(b, loc, elements, toZeroPoint), range);
    return buildToStorage(b, loc, x, to.storageType());
  });
}

Value buildFakeQuant(OpBuilder &builder, Location loc, Value input, Type type) {
  ElementwiseBuilder elementwise(builder, loc, input);
  if (isa<FloatType>(type))
    return elementwise.build(
        builder.getF32Type(),
        [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
          Value x = arith::TruncFOp::create(b, loc, type, elements[0]);
          return arith::ExtFOp::create(b, loc, b.getF32Type(), x);
        });
  auto params = *QuantParams::getOfWeight(type);
  unsigned scale = elementwise.addParameter<float>(getScales(params), params);
  unsigned zeroPoint =
      elementwise.addParameter<float>(getFloatZeroPoints(params), params);
  return elementwise.build(
      builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        Value scaleValue = elementwise.get(b, loc, elements, scale);
        Value zeroPointValue = elementwise.get(b, loc, elements, zeroPoint);
        Value x = arith::DivFOp::create(b, loc, elements[0], scaleValue);
        x = buildRoundAndClamp(b, loc, x, zeroPointValue, params.range);
        // Both are integers below 2^24: the difference is exact in float.
        x = arith::SubFOp::create(b, loc, x, zeroPointValue);
        return arith::MulFOp::create(b, loc, x, scaleValue);
      });
}

Value buildTruncation(OpBuilder &builder, Location loc, Value input,
                      FloatType type) {
  return ElementwiseBuilder(builder, loc, input)
      .build(type,
             [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
               return arith::TruncFOp::create(b, loc, type, elements[0]);
             });
}

} // namespace quanta
