//===- QdqBody.cpp - Parameters in the arithmetic of casts ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QdqBody.h"

#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

using namespace mlir;

namespace quanta {

LogicalResult QdqParameter::setPlaces(AffineMap map, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes(map.getNumDims(), 0);
  SmallVector<int32_t> dims;
  for (auto [expr, size] : llvm::zip(map.getResults(), shape)) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    int64_t block = 1;
    if (auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
        quotient && quotient.getKind() == AffineExprKind::FloorDiv) {
      auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
      dim = dyn_cast<AffineDimExpr>(quotient.getLHS());
      block = divisor ? divisor.getValue() : 0;
    }
    if (!dim && size == 1)
      continue;
    // The values are in the order of the dimensions.
    auto position = dim ? static_cast<int32_t>(dim.getPosition()) : 0;
    if (!dim || block <= 0 || (!dims.empty() && position <= dims.back()))
      return failure();
    sizes[position] = block;
    dims.push_back(position);
  }
  if (dims.size() == 1 && sizes[dims.front()] == 1)
    axis = dims.front();
  else if (!dims.empty())
    blockSizes = std::move(sizes);
  return success();
}

std::optional<QdqBody> QdqBody::match(linalg::GenericOp op) {
  // Parameters may be read once for each block: by maps that are no
  // projections.
  if (op.getNumLoops() != op.getNumParallelLoops() ||
      !op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      !op.getIndexingMapsArray().back().isIdentity())
    return std::nullopt;
  if (op.getNumDpsInputs() == 0 ||
      !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return std::nullopt;
  QdqBody body{op, op.getMatchingBlockArgument(op.getDpsInputOperand(0))};
  return body;
}

std::optional<QdqParameter> QdqBody::getParameter(Value value) const {
  linalg::GenericOp op = this->op;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != op.getBody() || argument == data ||
        argument.getArgNumber() >= op.getNumDpsInputs())
      return std::nullopt;
    OpOperand *operand = op.getDpsInputOperand(argument.getArgNumber());
    DenseElementsAttr dense = getDenseConstant(operand->get());
    if (!dense)
      return std::nullopt;
    QdqParameter result;
    if (failed(result.setPlaces(op.getMatchingIndexingMap(operand),
                                dense.getType().getShape())))
      return std::nullopt;
    if (dense.getElementType().isF32()) {
      for (float element : dense.getValues<float>())
        result.values.push_back(element);
    } else if (dense.getElementType().isSignlessInteger()) {
      for (const APInt &element : dense.getValues<APInt>())
        result.values.push_back(static_cast<double>(element.getSExtValue()));
    } else {
      return std::nullopt;
    }
    return result;
  }
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant))) {
    if (auto number = dyn_cast<FloatAttr>(constant))
      return QdqParameter{{number.getValueAsDouble()}, {}};
    if (auto number = dyn_cast<IntegerAttr>(constant))
      return QdqParameter{
          {static_cast<double>(number.getValue().getSExtValue())}, {}};
    return std::nullopt;
  }
  Operation *convert = value.getDefiningOp();
  if (isa_and_nonnull<arith::ExtSIOp, arith::SIToFPOp>(convert))
    return getParameter(convert->getOperand(0));
  if (isa_and_nonnull<arith::ExtUIOp, arith::UIToFPOp>(convert)) {
    unsigned width = convert->getOperand(0).getType().getIntOrFloatBitWidth();
    std::optional<QdqParameter> result = getParameter(convert->getOperand(0));
    if (result)
      for (double &number : result->values)
        number += number < 0 ? static_cast<double>(uint64_t(1) << width) : 0;
    return result;
  }
  return std::nullopt;
}

std::optional<std::pair<Value, QdqParameter>>
QdqBody::split(Operation *op) const {
  for (unsigned index : {0u, 1u})
    if (auto parameter = getParameter(op->getOperand(index)))
      return std::make_pair(op->getOperand(1 - index), *parameter);
  return std::nullopt;
}

quant::QuantizedType makeQdqType(RankedTensorType shape, bool isSigned,
                                 unsigned width, int64_t low, int64_t high,
                                 const QdqParameter &scale,
                                 const QdqParameter &zeroPoint, bool isWeight,
                                 std::string &reason) {
  if (!scale.isUniform() && !zeroPoint.isUniform() &&
      (scale.axis != zeroPoint.axis ||
       scale.blockSizes != zeroPoint.blockSizes)) {
    reason = "its scales lie along another dimension than its zero points";
    return {};
  }
  auto isInteger = [](double value) {
    return value == std::nearbyint(value) && std::abs(value) < 2147483648.0;
  };
  if (!llvm::all_of(zeroPoint.values, isInteger)) {
    reason = "a zero point is no integer";
    return {};
  }
  if (low >= high || scale.values.empty() || zeroPoint.values.empty()) {
    reason = "it has no values to round to";
    return {};
  }
  for (double value : scale.values)
    if (!std::isfinite(value) || value < FLT_MIN) {
      reason =
          llvm::formatv("scale {0:E2} is not a positive, normal f32", value);
      return {};
    }
  MLIRContext *context = shape.getContext();
  // Only asked: a type that is not allowed leaves the arithmetic in float.
  ScopedDiagnosticHandler ask(
      context, [&](Diagnostic &diagnostic) { reason = diagnostic.str(); });
  auto storage = IntegerType::get(context, width);
  auto expressed = Float32Type::get(context);
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  const QdqParameter &places = scale.isUniform() ? zeroPoint : scale;
  size_t count = std::max(scale.values.size(), zeroPoint.values.size());
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  for (size_t i = 0; i < count; ++i) {
    scales.push_back(scale.values[scale.isUniform() ? 0 : i]);
    zeroPoints.push_back(
        static_cast<int64_t>(zeroPoint.values[zeroPoint.isUniform() ? 0 : i]));
  }
  quant::QuantizedType type;
  if (!places.blockSizes.empty()) {
    SmallVector<int64_t> counts;
    int64_t product = 1;
    for (auto [dim, size] : llvm::enumerate(places.blockSizes)) {
      counts.push_back(size > 0 ? shape.getDimSize(dim) / size : 1);
      product *= counts.back();
    }
    if (!shape.hasStaticShape() || static_cast<size_t>(product) != count) {
      reason = "its blocks do not divide the tensor";
      return {};
    }
    auto inRange = [&](int64_t zeroPoint) {
      return zeroPoint >= low && zeroPoint <= high;
    };
    if (!llvm::all_of(zeroPoints, inRange)) {
      reason = "a zero point lies outside of the storage range";
      return {};
    }
    type = getBlockType(storage, isSigned,
                        {static_cast<int32_t>(low), static_cast<int32_t>(high)},
                        counts, places.blockSizes, scales, zeroPoints);
  } else if (places.axis) {
    type = quant::UniformQuantizedPerAxisType::getChecked(
        [&] { return emitError(UnknownLoc::get(context)); }, flags, storage,
        expressed, scales, zeroPoints, *places.axis, low, high);
  } else {
    type = quant::UniformQuantizedType::getChecked(
        [&] { return emitError(UnknownLoc::get(context)); }, flags, storage,
        expressed, scales.front(), zeroPoints.front(), low, high);
  }
  auto emit = [&] { return emitError(UnknownLoc::get(context)); };
  if (!type || failed(verifyQuantizedType(shape, type, emit, isWeight)))
    return {};
  return type;
}

} // namespace quanta
