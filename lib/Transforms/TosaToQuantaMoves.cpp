//===- TosaToQuantaMoves.cpp - Pools, tables, moves -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TosaBuilder.h"
#include "TosaToQuanta.h"
#include "quanta/IR/Resampling.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace quanta {

LogicalResult TosaToQuanta::convert(tosa::TableOp table) {
  DenseElementsAttr elements = getElements(table.getTable());
  if (!elements || elements.getNumElements() != 256 ||
      !elements.getElementType().isInteger(8))
    return refuse() << "its table is not a constant of 256 elements of i8";
  auto input = getType(table.getInput1()), result = getType(table.getOutput());
  if (failed(input) || failed(result))
    return failure();
  // By the stored bits, read as an unsigned number.
  SmallVector<APInt> entries(elements.getValues<APInt>()), bits;
  for (int64_t index = 0; index < 256; ++index) {
    bits.push_back(entries[(index + 128) % 256]);
    int64_t value = bits.back().getSExtValue();
    if (value < result->getStorageTypeMin() ||
        value > result->getStorageTypeMax())
      return refuse() << "its table has " << value << ", which " << *result
                      << " does not hold";
  }
  auto type = RankedTensorType::get({256}, builder.getI8Type());
  replace(LookupOp::create(
      builder, loc,
      cast<RankedTensorType>(table.getType()).clone(Type(*result)),
      as(table.getInput1(), *input), DenseElementsAttr::get(type, bits),
      StringAttr()));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::NegateOp negate) {
  auto zeroIn = getZeroPoint(negate.getInput1Zp());
  auto zeroOut = getZeroPoint(negate.getOutputZp());
  if (failed(zeroIn) || failed(zeroOut))
    return failure();
  auto input = getType(negate.getInput1(), *zeroIn);
  auto result = getType(negate.getOutput(), *zeroOut);
  if (failed(input) || failed(result))
    return failure();
  QuantParams from = *QuantParams::get(*input), to = *QuantParams::get(*result);
  // TOSA has both of one type: integers alone.
  SmallVector<APInt> entries;
  unsigned width = from.storageWidth();
  for (uint64_t bits = 0; bits < uint64_t(1) << width; ++bits) {
    int64_t value = APInt(width, bits).getSExtValue();
    int64_t negated = std::clamp<int64_t>(*zeroIn - value + *zeroOut,
                                          to.range.min, to.range.max);
    entries.push_back(APInt(to.storageWidth(), static_cast<uint64_t>(negated),
                            /*isSigned=*/true));
  }
  auto type = RankedTensorType::get({static_cast<int64_t>(entries.size())},
                                    to.storageType());
  replace(LookupOp::create(
      builder, loc,
      cast<RankedTensorType>(negate.getType()).clone(Type(*result)),
      as(negate.getInput1(), *input), DenseElementsAttr::get(type, entries),
      StringAttr()));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::AvgPool2dOp pool) {
  if (llvm::any_of(pool.getPad(), [](int64_t pad) { return pad != 0; }))
    return refuse() << "it pads, and leaves padding out of its means";
  auto zeroIn = getZeroPoint(pool.getInputZp());
  auto zeroOut = getZeroPoint(pool.getOutputZp());
  if (failed(zeroIn) || failed(zeroOut))
    return failure();
  auto input = getType(pool.getInput(), *zeroIn);
  auto result = getType(pool.getOutput(), *zeroOut);
  if (failed(input) || failed(result))
    return failure();
  QuantParams from = *QuantParams::get(*input), to = *QuantParams::get(*result);
  if (from.axis || to.axis || from.scales != to.scales)
    return refuse() << "its input and its result have different scales, which "
                       "TOSA does not multiply by";
  SmallVector<int64_t> dims{1, 2}, ones{1, 1};
  replace(AveragePoolOp::create(
      builder, loc, cast<RankedTensorType>(pool.getType()).clone(Type(*result)),
      as(pool.getInput(), *input), dims, pool.getKernel(), pool.getStride(),
      ones, StringAttr()));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::MaxPool2dOp pool) {
  Type element = getElementTypeOrSelf(pool.getInput().getType());
  if (element != getElementTypeOrSelf(pool.getType()))
    return refuse() << "its input and its result have different types";
  auto type = getType(pool.getInput());
  if (failed(type))
    return failure();
  Value value = as(pool.getInput(), *type);
  ArrayRef<int64_t> pad = pool.getPad();
  if (llvm::any_of(pad, [](int64_t size) { return size != 0; })) {
    SmallVector<int64_t> low{0, pad[0], pad[2], 0}, high{0, pad[1], pad[3], 0};
    value = PadOp::create(builder, loc, value, low, high,
                          builder.getI64IntegerAttr(type->getStorageTypeMin()),
                          /*name=*/StringAttr());
  }
  SmallVector<int64_t> dims{1, 2}, ones{1, 1};
  replace(MaxPoolOp::create(
      builder, loc, cast<RankedTensorType>(pool.getType()).clone(Type(*type)),
      value, dims, pool.getKernel(), pool.getStride(), ones, StringAttr()));
  return success();
}

/// The sizes in a constant of shape type.
static std::optional<SmallVector<int64_t>> getSizes(Value shape) {
  auto constant = shape.getDefiningOp<tosa::ConstShapeOp>();
  if (!constant)
    return std::nullopt;
  return SmallVector<int64_t>(
      llvm::cast<DenseIntElementsAttr>(constant.getValues())
          .getValues<int64_t>());
}

LogicalResult TosaToQuanta::convert(tosa::ResizeOp resize) {
  if (resize.getMode() != tosa::ResizeMode::NEAREST_NEIGHBOR)
    return refuse() << "it interpolates";
  auto input = cast<RankedTensorType>(resize.getInput().getType());
  auto output = cast<RankedTensorType>(resize.getType());
  if (input.getElementType() != output.getElementType())
    return refuse() << "its input and its result have different types";
  auto type = getType(resize.getInput());
  if (failed(type))
    return failure();
  std::optional<SmallVector<int64_t>> scale = getSizes(resize.getScale()),
                                      offset = getSizes(resize.getOffset());
  if (!scale || !offset)
    return refuse() << "its scale or its offset is not constant";
  SmallVector<int64_t> dims{1, 2};
  if (llvm::any_of(dims, [&](int64_t dim) {
        return input.isDynamicDim(dim) || output.isDynamicDim(dim);
      }))
    return refuse() << "a size that it changes is dynamic";
  auto isSame = [&](ResizeCoordinates coordinates, ResizeRounding rounding) {
    return llvm::all_of(dims, [&](int64_t dim) {
      int64_t in = input.getDimSize(dim), out = output.getDimSize(dim);
      size_t i = dim - 1;
      TosaResampling resampling{(*scale)[2 * i], (*scale)[2 * i + 1],
                                (*offset)[i]};
      return resampling.isLegal(in, out) &&
             resampling.getNearest(in, out) ==
                 getNearestPlaces(coordinates, rounding, in, out);
    });
  };
  for (auto coordinates :
       {ResizeCoordinates::HalfPixel, ResizeCoordinates::Asymmetric,
        ResizeCoordinates::AlignCorners})
    for (auto rounding :
         {ResizeRounding::RoundPreferFloor, ResizeRounding::RoundPreferCeil,
          ResizeRounding::Floor, ResizeRounding::Ceil}) {
      if (!isSame(coordinates, rounding))
        continue;
      SmallVector<int64_t> sizes(output.getShape().slice(1, 2));
      replace(ResizeOp::create(
          builder, loc, as(resize.getInput(), *type), dims, sizes,
          ResizeMode::Nearest, coordinates,
          ResizeRoundingAttr::get(builder.getContext(), rounding), *type));
      return success();
    }
  return refuse() << "it reads other elements than a quanta.resize can";
}

LogicalResult TosaToQuanta::convert(tosa::PadOp pad) {
  std::optional<SmallVector<int64_t>> sizes = getSizes(pad.getPadding());
  DenseElementsAttr elements = getElements(pad.getPadConst());
  if (!sizes || !elements || !elements.getElementType().isInteger(8))
    return refuse() << "its padding is not constant, or not of i8";
  SmallVector<int64_t> low, high;
  for (size_t index = 0; index < sizes->size(); index += 2) {
    low.push_back((*sizes)[index]);
    high.push_back((*sizes)[index + 1]);
    if (low.back() < 0 || high.back() < 0)
      return refuse() << "it pads by a negative size";
  }
  auto params =
      QuantParams::get(getElementTypeOrSelf(pad.getInput1().getType()));
  if (params && !params->isSigned())
    return refuse() << "it pads unsigned integers";
  auto type = getType(pad.getInput1());
  if (failed(type))
    return failure();
  int64_t value = (*elements.value_begin<APInt>()).getSExtValue();
  if (value < type->getStorageTypeMin() || value > type->getStorageTypeMax())
    return refuse() << "it pads with " << value << ", which " << *type
                    << " does not hold";
  bool isZero =
      llvm::all_of(QuantParams::get(*type)->zeroPoints,
                   [&](int64_t zeroPoint) { return zeroPoint == value; });
  replace(
      PadOp::create(builder, loc, as(pad.getInput1(), *type), low, high,
                    isZero ? IntegerAttr() : builder.getI64IntegerAttr(value),
                    /*name=*/StringAttr()));
  return success();
}

/// Whether `op` moves elements of one scale, or keeps the scales that they have
/// along their dimension, which `staysInPlace` is asked about.
static bool keepsScales(Operation *op,
                        function_ref<bool(int64_t axis)> staysInPlace) {
  Type result = getElementTypeOrSelf(op->getResult(0));
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(result);
  return !perAxis || (getElementTypeOrSelf(op->getOperand(0)) == result &&
                      staysInPlace(perAxis.getQuantizedDimension()));
}

LogicalResult TosaToQuanta::convert(tosa::ReshapeOp reshape) {
  Value value = getStorage(reshape.getInput1());
  auto from = cast<RankedTensorType>(value.getType());
  auto to =
      cast<RankedTensorType>(reshape.getType()).clone(from.getElementType());
  bool isKept = keepsScales(reshape, [&](int64_t axis) {
    return axis < std::min(from.getRank(), to.getRank()) &&
           from.getShape().take_front(axis + 1) ==
               to.getShape().take_front(axis + 1);
  });
  if (!isKept)
    return refuse() << "it moves elements with several scales";
  if (from.getShape() == to.getShape()) {
    op->getResult(0).replaceAllUsesWith(reshape.getInput1());
    return success();
  }
  auto groups = getReassociationIndicesForReshape(from, to);
  bool keepsDynamic = from.getNumDynamicDims() == to.getNumDynamicDims();
  if (groups && keepsDynamic && from.getRank() > to.getRank()) {
    value = tensor::CollapseShapeOp::create(builder, loc, to, value, *groups);
  } else if (groups && keepsDynamic && to.getNumDynamicDims() <= 1) {
    value = tensor::ExpandShapeOp::create(builder, loc, to, value, *groups);
  } else if (from.hasStaticShape() && to.hasStaticShape()) {
    auto all = [](int64_t rank) -> SmallVector<ReassociationIndices> {
      return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
    };
    auto flat = from.clone({from.getNumElements()});
    if (from.getRank() != 1)
      value = tensor::CollapseShapeOp::create(builder, loc, flat, value,
                                              all(from.getRank()));
    if (to.getRank() != 1)
      value = tensor::ExpandShapeOp::create(builder, loc, to, value,
                                            all(to.getRank()));
  } else {
    return refuse() << "it changes dynamic sizes in a way that splits or joins "
                       "no whole dimensions";
  }
  replace(value);
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::TransposeOp transpose) {
  SmallVector<int64_t> order(transpose.getPerms());
  if (!keepsScales(transpose,
                   [&](int64_t axis) { return order[axis] == axis; }))
    return refuse() << "it moves elements with several scales";
  replace(transposeStorage(getStorage(transpose.getInput1()), order));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::SliceOp slice) {
  std::optional<SmallVector<int64_t>> starts = getSizes(slice.getStart());
  std::optional<SmallVector<int64_t>> sizes = getSizes(slice.getSize());
  bool isKept = keepsScales(slice, [](int64_t) { return true; });
  if (!starts || !sizes || !isKept ||
      llvm::any_of(*sizes, [](int64_t size) { return size < 0; }))
    return refuse() << "its offsets and sizes are not constant, or it takes "
                       "some of several scales";
  auto attributes = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(op->getContext(), values);
  };
  replace(tensor::ExtractSliceOp::create(
      builder, loc, getStorage(slice.getInput1()), attributes(*starts),
      attributes(*sizes), attributes(SmallVector<int64_t>(starts->size(), 1))));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::ConcatOp concat) {
  Type element = getElementTypeOrSelf(concat.getType());
  auto params = QuantParams::get(element);
  quant::QuantizedType type;
  if (params && params->axis)
    return refuse() << "it joins elements with several scales";
  if (element.isInteger(32)) {
    // Accumulators of groups are no quantized activations.
    replace(tensor::ConcatOp::create(builder, loc, concat.getType(),
                                     concat.getAxis(),
                                     SmallVector<Value>(concat.getInput1())));
    return success();
  }
  if (!params && !element.isInteger(8))
    return refuse() << "it joins tensors of " << element;
  type = params ? params->type : makeType(op->getContext(), 8, true, 1.0, 0);
  SmallVector<Value> inputs;
  for (Value input : concat.getInput1()) {
    if (getElementTypeOrSelf(input.getType()) != element)
      return refuse() << "it joins tensors of different types";
    inputs.push_back(as(input, type));
  }
  replace(ConcatOp::create(
      builder, loc, cast<RankedTensorType>(concat.getType()).clone(type),
      inputs, builder.getI64IntegerAttr(concat.getAxis())));
  return success();
}

} // namespace quanta
