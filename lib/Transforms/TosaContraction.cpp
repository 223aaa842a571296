//===- TosaContraction.cpp - Contractions in TOSA -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionLayout.h"
#include "QuantaToTosa.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

namespace quanta {
namespace {

ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

int64_t getProduct(ArrayRef<int64_t> sizes) {
  return ShapedType::isDynamicShape(sizes) ? ShapedType::kDynamic
                                           : ShapedType::getNumElements(sizes);
}

SmallVector<int64_t> select(ArrayRef<int64_t> sizes, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> result;
  for (int64_t dim : dims)
    result.push_back(sizes[dim]);
  return result;
}

class Builder {
public:
  Builder(OpBuilder &builder, Location loc, TosaContraction &contraction,
          const ContractionLayout &layout, RankedTensorType resultType)
      : builder(builder), loc(loc), tosa(builder, loc), c(contraction),
        layout(layout), resultType(resultType) {}

  Value buildConvolution(std::string &reason);
  Value buildProduct(std::string &reason);

private:
  OpBuilder &builder;
  Location loc;
  TosaBuilder tosa;
  TosaContraction &c;
  const ContractionLayout &layout;
  RankedTensorType resultType;

  /// The bias, or zeros for all `channels`.
  Value getBias(int64_t channels) {
    if (c.bias)
      return c.bias;
    auto type = RankedTensorType::get(
        {ShapedType::isDynamic(channels) ? 1 : channels}, builder.getI32Type());
    return tosa.constant(
        DenseElementsAttr::get(type, builder.getI32IntegerAttr(0)));
  }

  /// A result whose dimensions are those of `iterators` gets the order that it
  /// has in the contraction.
  Value orderResult(Value value, ArrayRef<unsigned> iterators) {
    SmallVector<int64_t> order;
    for (AffineExpr expr : c.maps[2].getResults())
      order.push_back(
          llvm::find(iterators, cast<AffineDimExpr>(expr).getPosition()) -
          iterators.begin());
    return tosa.transpose(value, order);
  }

  /// Plain integers: tosa.matmul takes no factor with several scales.
  Value toStorage(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
    if (!quantized)
      return value;
    return quant::StorageCastOp::create(
        builder, loc, type.clone(quantized.getStorageType()), value);
  }

  /// `value` and the bias, which repeats along all dimensions but `channelDim`.
  Value addBias(Value value, int64_t channelDim) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> sizes(type.getRank(), 1);
    sizes[channelDim] = getShape(c.bias)[0];
    return tosa::AddOp::create(builder, loc, type, value,
                               tosa.reshape(c.bias, sizes));
  }

  Value unit(Value value, int64_t before, int32_t axis) {
    SmallVector<int64_t> sizes(getShape(value));
    sizes.insert(sizes.begin() + before, 1);
    return tosa.reshape(value, sizes, axis);
  }
};

Value Builder::buildConvolution(std::string &reason) {
  bool isDepthwise =
      layout.columns.empty() && layout.sums.empty() && layout.batch.size() == 1;
  // Groups may be a dimension of their own.
  bool isPlain = layout.columns.size() == 1 && layout.sums.size() == 1 &&
                 layout.batch.size() <= 1;
  if (layout.rows.size() != 1 || layout.windows.size() > 2 ||
      !(isDepthwise || isPlain)) {
    reason = "its groups or spatial dimensions are not those of tosa.conv2d or "
             "tosa.depthwise_conv2d";
    return {};
  }
  // NHWC, and filters first or, depthwise, last.
  SmallVector<unsigned> positions, taps;
  for (const WindowStep &step : layout.windows) {
    positions.push_back(step.position);
    taps.push_back(step.tap);
  }
  unsigned inner = isDepthwise ? layout.batch[0] : layout.sums[0];
  ArrayRef<unsigned> groups = layout.batch;
  if (isDepthwise)
    groups = {};
  SmallVector<unsigned> left{layout.rows[0]}, right(groups),
      result{layout.rows[0]};
  left.append(positions);
  left.append(groups.begin(), groups.end());
  left.push_back(inner);
  if (isPlain)
    right.push_back(layout.columns[0]);
  right.append(taps);
  right.push_back(inner);
  result.append(positions);
  result.append(groups.begin(), groups.end());
  result.push_back(isDepthwise ? inner : layout.columns[0]);
  SmallVector<int64_t> order = ContractionLayout::getDims(c.maps[0], left);
  Value x = tosa.transpose(c.lhs, order);
  Value w = tosa.transpose(c.rhs, ContractionLayout::getDims(c.maps[1], right));
  int64_t groupFilters = layout.group ? layout.group->first : 0;
  SmallVector<int64_t> lastSizes;
  if (!groups.empty()) {
    // Channels and filters of all groups one after the other.
    SmallVector<int64_t> flat(getShape(x)), filters(getShape(w));
    int64_t depth = flat.pop_back_val();
    lastSizes = {filters[0], filters[1]};
    groupFilters = filters[1];
    if (ShapedType::isDynamic(depth) || ShapedType::isDynamicShape(filters)) {
      reason = "its groups have dynamic sizes";
      return {};
    }
    flat.back() *= depth;
    filters.erase(filters.begin());
    filters[0] *= lastSizes[0];
    x = tosa.reshape(x, flat);
    w = tosa.reshape(w, filters, -1);
    if (!x || !w) {
      reason = "it has several dynamic sizes";
      return {};
    }
  }
  SmallVector<int64_t> strides, dilations, pads, kernel;
  int64_t firstTap = isPlain ? 1 : 0;
  for (auto [index, step] : llvm::enumerate(layout.windows)) {
    strides.push_back(step.stride);
    dilations.push_back(step.dilation);
    kernel.push_back(getShape(w)[firstTap + index]);
    pads.append({c.low[order[1 + index]], c.high[order[1 + index]]});
  }
  if (layout.windows.size() == 1) {
    x = unit(x, 1, 0);
    // Quantized along its filters or, depthwise, its channels.
    w = unit(w, firstTap, isDepthwise ? 2 : 0);
    if (!x || !w) {
      reason = "it has several dynamic sizes";
      return {};
    }
    strides.insert(strides.begin(), 1);
    dilations.insert(dilations.begin(), 1);
    kernel.insert(kernel.begin(), 1);
    pads.insert(pads.begin(), {0, 0});
  }
  if (isDepthwise) {
    SmallVector<int64_t> wide(getShape(w));
    wide.push_back(layout.multiplier);
    if (!ShapedType::isDynamic(wide[2]))
      wide[2] /= layout.multiplier;
    w = tosa.reshape(w, wide, layout.multiplier == 1 ? 2 : -1);
    if (!w) {
      reason = "its weights have several dynamic sizes";
      return {};
    }
  }
  // TOSA wants windows that end where the input does.
  SmallVector<int64_t> sizes(getShape(x));
  SmallVector<int64_t> outSizes{sizes[0]};
  for (int64_t dim = 0; dim < 2; ++dim) {
    int64_t &size = sizes[1 + dim], &end = pads[2 * dim + 1];
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel[dim])) {
      reason = "a spatial size is dynamic";
      return {};
    }
    int64_t room =
        size - 1 + pads[2 * dim] + end - dilations[dim] * (kernel[dim] - 1);
    int64_t rest = room % strides[dim];
    outSizes.push_back(room / strides[dim] + 1);
    size -= std::max<int64_t>(0, rest - end);
    end = std::max<int64_t>(0, end - rest);
  }
  if (getShape(x) != ArrayRef(sizes) && ShapedType::isDynamicShape(sizes)) {
    reason = "its windows end before its input of dynamic size does";
    return {};
  }
  x = tosa.slice(x, SmallVector<int64_t>(4, 0), sizes);
  int64_t channels =
      isDepthwise ? getShape(w)[2] * layout.multiplier : getShape(w)[0];
  outSizes.push_back(channels);
  Value bias = getBias(channels), zx = tosa.zeroPoint(c.lhsZeroPoint, 8),
        zw = tosa.zeroPoint(c.rhsZeroPoint, 8), y;
  Type i32 = builder.getI32Type();
  auto type = RankedTensorType::get(outSizes, i32);
  if (isDepthwise) {
    y = tosa::DepthwiseConv2DOp::create(builder, loc, type, x, w, bias, zx, zw,
                                        pads, strides, dilations, i32);
  } else if (!groupFilters) {
    y = tosa::Conv2DOp::create(builder, loc, type, x, w, bias, zx, zw, pads,
                               strides, dilations, i32);
  } else {
    // One convolution for each group.
    SmallVector<int64_t> kernels(getShape(w)), part(outSizes);
    SmallVector<Value> parts;
    part.back() = kernels[0] = groupFilters;
    sizes.back() = kernels.back();
    if (ShapedType::isDynamicShape(sizes) ||
        ShapedType::isDynamicShape(getShape(w))) {
      reason = "it has groups and dynamic sizes";
      return {};
    }
    for (int64_t group = 0; group < channels / groupFilters; ++group) {
      int64_t filter = group * groupFilters;
      parts.push_back(tosa::Conv2DOp::create(
          builder, loc, RankedTensorType::get(part, i32),
          tosa.slice(x, {0, 0, 0, group * sizes.back()}, sizes),
          tosa.slice(w, {filter, 0, 0, 0}, kernels),
          tosa.slice(bias, {filter}, {groupFilters}), zx, zw, pads, strides,
          dilations, i32));
    }
    y = tosa::ConcatOp::create(builder, loc, type, parts,
                               builder.getI32IntegerAttr(3));
  }
  if (layout.windows.size() == 1)
    outSizes.erase(outSizes.begin() + 1);
  if (!lastSizes.empty()) {
    outSizes.pop_back();
    outSizes.append(lastSizes);
  }
  y = tosa.reshape(y, outSizes);
  if (!y) {
    reason = "it has several dynamic sizes";
    return {};
  }
  return orderResult(y, result);
}

Value Builder::buildProduct(std::string &reason) {
  reason = "it has several dynamic sizes";
  auto gather = [&](Value value, AffineMap map,
                    std::initializer_list<ArrayRef<unsigned>> groups,
                    SmallVectorImpl<int64_t> &sizes) {
    SmallVector<int64_t> order;
    for (ArrayRef<unsigned> group : groups) {
      SmallVector<int64_t> dims = ContractionLayout::getDims(map, group);
      sizes.push_back(getProduct(select(getShape(value), dims)));
      order.append(dims);
    }
    return tosa.transpose(value, order);
  };
  SmallVector<int64_t> left, right;
  const ContractionLayout &l = layout;
  bool isConvolution = l.batch.empty() &&
                       c.rhs.getDefiningOp<tosa::ConstOp>() &&
                       (!c.bias || l.columns.size() == 1);
  if (!isConvolution && isa<quant::UniformQuantizedPerAxisType>(
                            getElementTypeOrSelf(c.rhs.getType()))) {
    c.lhs = toStorage(c.lhs);
    c.rhs = toStorage(c.rhs);
  }
  Value x = gather(c.lhs, c.maps[0], {l.batch, l.rows, l.sums}, left), w, y;
  SmallVector<int64_t> resultSizes;
  SmallVector<unsigned> result(l.batch);
  result.append(l.rows);
  result.append(l.columns);
  for (unsigned iterator : result) {
    SmallVector<int64_t> dims = ContractionLayout::getDims(c.maps[2], iterator);
    resultSizes.push_back(resultType.getDimSize(dims.front()));
  }
  Type i32 = builder.getI32Type();
  if (isConvolution) {
    // The form of a fully connected layer: it has a bias.
    w = gather(c.rhs, c.maps[1], {l.columns, l.sums}, right);
    x = tosa.reshape(x, {left[1], 1, 1, left[2]});
    w = tosa.reshape(w, {right[0], 1, 1, right[1]}, 0);
    if (!x || !w)
      return {};
    SmallVector<int64_t> zeros(4, 0), ones(2, 1);
    y = tosa::Conv2DOp::create(
        builder, loc, RankedTensorType::get({left[1], 1, 1, right[0]}, i32), x,
        w, getBias(right[0]), tosa.zeroPoint(c.lhsZeroPoint, 8),
        tosa.zeroPoint(c.rhsZeroPoint, 8), zeros, ones, ones, i32);
    y = tosa.reshape(y, resultSizes);
    return y ? orderResult(y, result) : Value();
  }
  w = gather(c.rhs, c.maps[1], {l.batch, l.sums, l.columns}, right);
  x = tosa.reshape(x, left);
  w = tosa.reshape(w, right, 2);
  if (!x || !w)
    return {};
  y = tosa::MatMulOp::create(
      builder, loc, RankedTensorType::get({left[0], left[1], right[2]}, i32), x,
      w, tosa.zeroPoint(c.lhsZeroPoint, 8), tosa.zeroPoint(c.rhsZeroPoint, 8));
  // Next to the product, where its reader knows a bias as such.
  bool isOfColumns =
      l.columns.size() == 1 && c.maps[2].getResult(c.channelDim) ==
                                   builder.getAffineDimExpr(l.columns.front());
  if (c.bias && isOfColumns)
    y = addBias(y, 2);
  y = tosa.reshape(y, resultSizes);
  if (!y)
    return {};
  y = orderResult(y, result);
  return c.bias && !isOfColumns ? addBias(y, c.channelDim) : y;
}

} // namespace

Value TosaContraction::build(OpBuilder &builder, Location loc,
                             RankedTensorType resultType, std::string &reason) {
  std::optional<ContractionLayout> layout = ContractionLayout::get(maps);
  if (!layout) {
    reason = "it reads its factors at other indices than matrix products and "
             "convolutions do";
    return {};
  }
  Builder parts(builder, loc, *this, *layout, resultType);
  return layout->windows.empty() ? parts.buildProduct(reason)
                                 : parts.buildConvolution(reason);
}

} // namespace quanta
