//===- QuantaToTosa.cpp - Quantized operations in TOSA --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantaToTosa.h"
#include "RewriteFamilies.h"
#include "TosaContraction.h"

#include "quanta/IR/ConvolutionShape.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace quanta {

SmallVector<int64_t> putBetweenOthers(ArrayRef<int64_t> dims) {
  SmallVector<int64_t> order;
  for (int64_t dim = 0; dim < 4; ++dim)
    if (!llvm::is_contained(dims, dim))
      order.push_back(dim);
  order.insert(order.begin() + 1, dims.begin(), dims.end());
  return order;
}

FailureOr<SmallVector<TosaFactor, 1>>
QuantaToTosa::getFactors(Operation *op, ArrayRef<double> factors) {
  SmallVector<TosaFactor, 1> result;
  for (double factor : factors) {
    std::optional<TosaFactor> found = TosaFactor::get(factor);
    if (!found)
      return op->emitOpError()
             << "multiplies by " << factor
             << ", which is not between 2^-32 and 2^29 as in tosa.rescale";
    result.push_back(*found);
  }
  // One for each channel only where they differ.
  if (llvm::all_of(result, [&](TosaFactor factor) {
        return factor.multiplier == result[0].multiplier &&
               factor.shift == result[0].shift;
      }))
    result.truncate(1);
  return result;
}

Value QuantaToTosa::clamp(OpBuilder &builder, Location loc, Value value,
                          const QuantParams &to,
                          std::optional<ArrayRef<int64_t>> clamp) {
  int64_t low = (clamp ? (*clamp)[0] : to.range.min) - getShift(to);
  int64_t high = (clamp ? (*clamp)[1] : to.range.max) - getShift(to);
  if (low == -128 && high == 127)
    return value;
  return tosa::ClampOp::create(builder, loc, value.getType(), value,
                               builder.getI8IntegerAttr(low),
                               builder.getI8IntegerAttr(high));
}

LogicalResult QuantaToTosa::convertContraction(Operation *op, Value lhs,
                                               Value rhs, Value bias,
                                               ArrayRef<AffineMap> maps,
                                               int64_t channelDim) {
  QuantParams left = getQuantParams(lhs), right = getQuantParams(rhs);
  if (!llvm::all_equal(right.zeroPoints))
    return op->emitOpError() << "has weights with several zero points, but "
                                "operations of TOSA have one";
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  size_t rank = maps[0].getNumResults();
  TosaContraction contraction{lhs,
                              get(builder, rhs),
                              bias ? get(builder, bias) : Value(),
                              getZeroPoint(left),
                              getZeroPoint(right),
                              SmallVector<int64_t>(rank, 0),
                              SmallVector<int64_t>(rank, 0),
                              maps,
                              channelDim};
  // Convolutions pad with the zero point by themselves.
  auto pad = lhs.getDefiningOp<PadOp>();
  bool isInWindows = pad && !pad.getValue();
  for (size_t dim = 0; isInWindows && dim < rank; ++dim)
    isInWindows = !isa<AffineDimExpr>(maps[0].getResult(dim)) ||
                  (pad.getLow()[dim] == 0 && pad.getHigh()[dim] == 0);
  if (isInWindows) {
    contraction.lhs = pad.getInput();
    contraction.low.assign(pad.getLow().begin(), pad.getLow().end());
    contraction.high.assign(pad.getHigh().begin(), pad.getHigh().end());
  }
  contraction.lhs = get(builder, contraction.lhs);
  std::string reason;
  Value result = contraction.build(builder, op->getLoc(), type, reason);
  if (!result)
    return op->emitOpError() << "has no counterpart in TOSA: " << reason;
  values[op->getResult(0)] = result;
  return success();
}

LogicalResult QuantaToTosa::convertOp(ConvTranspose2DOp op) {
  ConvolutionShape shape = getConvolutionShape(op);
  QuantParams left = getQuantParams(op.getInput());
  QuantParams right = getQuantParams(op.getWeights());
  RankedTensorType weightType = op.getWeights().getType();
  if (shape.groups != 1 ||
      llvm::any_of(shape.dilations, [](int64_t size) { return size != 1; }))
    return op.emitOpError() << "has groups or dilations, which "
                               "tosa.transpose_conv2d does not have";
  if (!llvm::all_equal(right.zeroPoints))
    return op.emitOpError() << "has weights with several zero points, but "
                               "operations of TOSA have one";
  std::array<int64_t, 2> added = op.getOutputPads();
  SmallVector<int64_t> pads;
  for (int64_t dim : {0, 1}) {
    pads.append({-shape.pads[dim], added[dim] - shape.pads[2 + dim]});
    int64_t kernel = weightType.getDimSize(2 + dim);
    if (pads[2 * dim] <= -kernel || pads[2 * dim + 1] <= -kernel)
      return op.emitOpError() << "takes away as much as its kernel is wide, "
                                 "which tosa.transpose_conv2d does not do";
  }
  OpBuilder builder(op);
  Location loc = op.getLoc();
  TosaBuilder tosa(builder, loc);
  // NHWC, and filters, taps, channels.
  SmallVector<int64_t> order{0, 1, 2, 3}, back{0, 1, 2, 3};
  if (!op.getChannelsLast()) {
    order = {0, 2, 3, 1};
    back = {0, 3, 1, 2};
  }
  Value weights = get(builder, op.getWeights());
  if (right.axis && !weights.getDefiningOp<tosa::ConstOp>() && !storageTypes)
    return op.emitOpError() << "has weights with several scales that are not "
                               "constant, whose dimension TOSA cannot rename";
  Type i32 = builder.getI32Type();
  auto type = op.getResult().getType().clone(i32);
  SmallVector<int64_t> sizes;
  for (int64_t dim : order)
    sizes.push_back(type.getDimSize(dim));
  Value bias;
  if (op.getBias()) {
    bias = get(builder, op.getBias());
  } else {
    auto biasType = RankedTensorType::get({shape.filters}, i32);
    bias = tosa.constant(
        DenseElementsAttr::get(biasType, builder.getI32IntegerAttr(0)));
  }
  Value result = tosa::TransposeConv2DOp::create(
      builder, loc, type.clone(sizes),
      tosa.transpose(get(builder, op.getInput()), order),
      tosa.transpose(weights, {1, 2, 3, 0}), bias,
      tosa.zeroPoint(getZeroPoint(left), 8),
      tosa.zeroPoint(getZeroPoint(right), 8),
      builder.getDenseI64ArrayAttr(pads),
      builder.getDenseI64ArrayAttr(shape.strides), TypeAttr::get(i32));
  values[op.getResult()] = tosa.transpose(result, back);
  return success();
}

LogicalResult QuantaToTosa::convertOp(RequantizeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  QuantParams from = getQuantParams(op.getInput());
  QuantParams to = getQuantParams(op.getResult());
  if (!llvm::all_equal(from.zeroPoints) || !llvm::all_equal(to.zeroPoints))
    return op.emitOpError()
           << "has several zero points, but tosa.rescale has one";
  SmallVector<double> factors;
  for (size_t channel = 0;
       channel < std::max(from.scales.size(), to.scales.size()); ++channel)
    factors.push_back(reference::requantizeMultiplier(
        from.scales[from.scales.size() == 1 ? 0 : channel],
        to.scales[to.scales.size() == 1 ? 0 : channel]));
  auto found = getFactors(op, factors);
  if (failed(found))
    return failure();
  TosaBuilder::Rescale options;
  options.factors = *found;
  options.inputZeroPoint = getZeroPoint(from);
  options.outputZeroPoint = getZeroPoint(to);
  // Channels come last where each has its factor.
  TosaBuilder tosa(builder, loc);
  SmallVector<int64_t> order, back;
  if (found->size() > 1) {
    int64_t rank = op.getType().getRank();
    order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    int64_t axis = from.axis ? *from.axis : *to.axis;
    order.erase(order.begin() + axis);
    order.push_back(axis);
    back = invertPermutationVector(order);
  }
  Value value = get(builder, op.getInput());
  Type elementType = getElementType(op.getType().getElementType());
  if (to.axis && !storageTypes && *to.axis != op.getType().getRank() - 1)
    return op.emitOpError() << "has a result with several scales along another "
                               "dimension than its last, which tosa.rescale "
                               "does not have";
  if (!order.empty())
    value = tosa.transpose(value, order);
  value = tosa.rescale(value, elementType, options);
  if (!order.empty())
    value = tosa.transpose(value, back);
  values[op.getResult()] = clamp(builder, loc, value, to, op.getClamp());
  return success();
}

LogicalResult
QuantaToTosa::convertBinary(Operation *op, Value lhs, Value rhs,
                            std::optional<ArrayRef<int64_t>> bounds) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  TosaBuilder tosa(builder, loc);
  QuantParams left = getQuantParams(lhs), right = getQuantParams(rhs);
  QuantParams to = getQuantParams(op->getResult(0));
  // Sums are taken in steps of 2^-20 of twice the larger scale: two of them fit
  // i32. Products are exact.
  bool isProduct = isa<MulOp>(op);
  double twice = 2 * std::max(left.scale(0), right.scale(0));
  double step = isProduct ? 1 : std::ldexp(twice, -20);
  double results =
      (isProduct ? double(left.scale(0)) * right.scale(0) : step) / to.scale(0);
  auto toLeft = getFactors(op, isProduct ? 1.0 : left.scale(0) / step);
  auto toRight = getFactors(op, isProduct ? 1.0 : right.scale(0) / step);
  auto toResult = getFactors(op, results);
  if (failed(toLeft) || failed(toRight) || failed(toResult))
    return failure();
  Type i32 = builder.getI32Type();
  auto widen = [&](Value value, const QuantParams &params,
                   ArrayRef<TosaFactor> factors) {
    TosaBuilder::Rescale options;
    options.factors.assign(factors.begin(), factors.end());
    options.inputZeroPoint = getZeroPoint(params);
    return tosa.rescale(get(builder, value), i32, options);
  };
  Value x = widen(lhs, left, *toLeft), y = widen(rhs, right, *toRight);
  auto type = cast<RankedTensorType>(op->getResult(0).getType()).clone(i32);
  Value sum;
  if (isProduct)
    sum = tosa::MulOp::create(builder, loc, type, x, y, tosa.zeroPoint(0, 8));
  else if (isa<AddOp>(op))
    sum = tosa::AddOp::create(builder, loc, type, x, y);
  else
    sum = tosa::SubOp::create(builder, loc, type, x, y);
  TosaBuilder::Rescale options;
  options.factors = *toResult;
  options.outputZeroPoint = getZeroPoint(to);
  Value result = tosa.rescale(
      sum, getElementType(getElementTypeOrSelf(op->getResult(0).getType())),
      options);
  values[op->getResult(0)] = clamp(builder, loc, result, to, bounds);
  return success();
}

LogicalResult QuantaToTosa::convertOp(LookupOp op) {
  QuantParams from = getQuantParams(op.getInput());
  QuantParams to = getQuantParams(op.getResult());
  if (from.storageWidth() != 8)
    return op.emitOpError() << "has a table of fewer than 256 entries, which "
                               "tosa.table does not have";
  OpBuilder builder(op);
  TosaBuilder tosa(builder, op.getLoc());
  // By the signed number, from -128 up.
  SmallVector<APInt> bits(op.getTable().getValues<APInt>()), table;
  for (int64_t index = 0; index < 256; ++index)
    table.push_back(bits[from.isSigned() ? (index + 128) % 256 : index] -
                    static_cast<uint64_t>(getShift(to)));
  auto type = RankedTensorType::get({256}, builder.getI8Type());
  auto resultType =
      op.getType().clone(getElementType(op.getType().getElementType()));
  values[op.getResult()] = tosa::TableOp::create(
      builder, op.getLoc(), resultType, get(builder, op.getInput()),
      tosa.constant(DenseElementsAttr::get(type, table),
                    resultType.getElementType()));
  return success();
}

/// The sums over windows in i32: a depthwise convolution whose weights are 1.
static Value sumWindows(TosaBuilder &tosa, OpBuilder &builder, Location loc,
                        Value value, int64_t zeroPoint, RankedTensorType type,
                        ArrayRef<int64_t> window, ArrayRef<int64_t> strides) {
  Type i32 = builder.getI32Type();
  int64_t channels = type.getDimSize(3);
  auto ones = DenseElementsAttr::get(
      RankedTensorType::get({window[0], window[1], channels, 1},
                            builder.getI8Type()),
      builder.getI8IntegerAttr(1));
  auto zeros = DenseElementsAttr::get(RankedTensorType::get({channels}, i32),
                                      builder.getI32IntegerAttr(0));
  return tosa::DepthwiseConv2DOp::create(
      builder, loc, type.clone(i32), value, tosa.constant(ones),
      tosa.constant(zeros), tosa.zeroPoint(zeroPoint, 8), tosa.zeroPoint(0, 8),
      SmallVector<int64_t>(4, 0), strides, SmallVector<int64_t>(2, 1), i32);
}

template <typename OpTy> LogicalResult QuantaToTosa::convertPool(OpTy op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  TosaBuilder tosa(builder, loc);
  auto type = cast<RankedTensorType>(op.getResult().getType());
  bool isMaximum = isa<MaxPoolOp>(op);
  QuantParams from = getQuantParams(op.getInput());
  QuantParams to = getQuantParams(op.getResult());
  if (op.getDims().size() != 2 || type.getRank() != 4)
    return op.emitOpError() << "pools other dimensions than two of four, which "
                               "TOSA has no operation for";
  if (llvm::any_of(op.getDilations(), [](int64_t size) { return size != 1; }))
    return op.emitOpError()
           << "has windows with holes, which pooling in TOSA does not have";
  SmallVector<int64_t> order = putBetweenOthers(op.getDims());
  SmallVector<int64_t> back = invertPermutationVector(order);
  SmallVector<int64_t> sizes;
  Value value = tosa.transpose(get(builder, op.getInput()), order);
  auto inputType = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> cut(inputType.getShape());
  for (int64_t dim : order)
    sizes.push_back(type.getDimSize(dim));
  for (int64_t dim = 0; dim < 2; ++dim) {
    if (ShapedType::isDynamic(cut[1 + dim]))
      return op.emitOpError() << "pools along a dynamic size, which TOSA does "
                                 "not check windows against";
    cut[1 + dim] -= (cut[1 + dim] - op.getWindow()[dim]) % op.getStrides()[dim];
  }
  // TOSA wants windows that end where the input does.
  if (ArrayRef(cut) != inputType.getShape() && ShapedType::isDynamicShape(cut))
    return op.emitOpError()
           << "has windows that end before its input of dynamic size does";
  value = tosa.slice(value, SmallVector<int64_t>(4, 0), cut);
  auto resultType = inputType.clone(sizes);
  SmallVector<int64_t> pads(4, 0);
  if (isMaximum) {
    value = tosa::MaxPool2dOp::create(builder, loc, resultType, value,
                                      op.getWindow(), op.getStrides(), pads);
  } else if (from.type == to.type) {
    Value zeroPoint = tosa.zeroPoint(getZeroPoint(from), 8);
    value = tosa::AvgPool2dOp::create(
        builder, loc, resultType, value, zeroPoint, zeroPoint, op.getWindow(),
        op.getStrides(), pads, builder.getI32Type());
    value = clamp(builder, loc, value, to, std::nullopt);
  } else {
    double count = static_cast<double>(op.getWindow()[0] * op.getWindow()[1]);
    auto factors = getFactors(op, reference::requantizeMultiplier(
                                      from.scales[0] / count, to.scales[0]));
    if (failed(factors))
      return failure();
    if (ShapedType::isDynamic(cut[3]))
      return op.emitOpError() << "averages a dynamic number of channels into "
                                 "another type, which TOSA has no weights for";
    value = sumWindows(tosa, builder, loc, value, getZeroPoint(from),
                       resultType, op.getWindow(), op.getStrides());
    TosaBuilder::Rescale options{*factors, 0, getZeroPoint(to), false, false};
    value = tosa.rescale(value, getElementType(to.type), options);
    value = clamp(builder, loc, value, to, std::nullopt);
  }
  values[op.getResult()] = tosa.transpose(value, back);
  return success();
}

FailureOr<bool> QuantaToTosa::convert(Operation *op) {
  auto done = [](LogicalResult result) -> FailureOr<bool> {
    if (failed(result))
      return failure();
    return true;
  };
  return llvm::TypeSwitch<Operation *, FailureOr<bool>>(op)
      .Case<MatmulOp, ContractOp>([&](auto contraction) {
        return done(convertContraction(
            op, contraction.getLhs(), contraction.getRhs(),
            contraction.getBias(), contraction.getIndexingMaps(),
            contraction.getChannelDim()));
      })
      .Case<AddOp, SubOp, MulOp>([&](auto binary) {
        return done(convertBinary(op, binary.getLhs(), binary.getRhs(),
                                  binary.getClamp()));
      })
      .Case<MaxPoolOp, AveragePoolOp>(
          [&](auto pool) { return done(convertPool(pool)); })
      .Case<ConvTranspose2DOp, RequantizeOp, LookupOp, ConcatOp, PadOp,
            ResizeOp, QuantizeOp, DequantizeOp>(
          [&](auto typed) { return done(convertOp(typed)); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
            tensor::ExtractSliceOp, tensor::CastOp>(
          [&](auto move) { return done(convertMove(move)); })
      .Case<quant::StorageCastOp>([&](auto cast) -> FailureOr<bool> {
        return isa<quant::QuantizedType>(
                   getElementTypeOrSelf(cast.getType())) &&
               convertStorageMove(cast);
      })
      .Default([](Operation *other) -> FailureOr<bool> {
        if (isa<QuantaDialect>(other->getDialect()))
          return other->emitOpError() << "has no counterpart in TOSA";
        return false;
      });
}

} // namespace quanta
