//===- TosaConvolution.cpp - Convolutions in TOSA -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TosaContraction.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

namespace quanta {
namespace {

/// Brings a convolution into the form of TOSA step by step: images are NHWC,
/// filters come first in weights or, depthwise, last.
class ConvolutionBuilder : TosaContractionBuilder {
public:
  using TosaContractionBuilder::TosaContractionBuilder;

  Value build();

private:
  bool isDepthwise = false;
  Value x, w, result;
  /// The dimension of `x` before it was transposed, for each one after that.
  SmallVector<int64_t> inputOrder;
  /// The iterators of the result's dimensions in TOSA.
  SmallVector<unsigned> resultIterators;
  /// Groups and filters in each, where groups are a dimension of their own.
  SmallVector<int64_t> groupSizes;
  /// Filters in a group, 0 without groups.
  int64_t groupFilters = 0;
  SmallVector<int64_t> strides, dilations, pads, kernel;
  /// What is read of `x`, and the sizes of the result.
  SmallVector<int64_t> inputSizes, resultSizes;

  bool isSequence() const { return layout.windows.size() == 1; }
  /// Where the weights have the first dimension of their windows.
  int64_t getFirstTap() const { return isDepthwise ? 0 : 1; }

  LogicalResult checkForm();
  void orderFactors();
  LogicalResult joinGroups();
  void takeWindows();
  LogicalResult makeImages();
  LogicalResult splitFilters();
  LogicalResult cutInput();
  LogicalResult convolve();
  LogicalResult convolveGroups(Value bias, Value inputZero, Value weightZero);
  LogicalResult restore();

  Value addUnit(Value value, int64_t before, int32_t axis) {
    SmallVector<int64_t> sizes(getShape(value));
    sizes.insert(sizes.begin() + before, 1);
    return tosa.reshape(value, sizes, axis);
  }
};

LogicalResult ConvolutionBuilder::checkForm() {
  isDepthwise =
      layout.columns.empty() && layout.sums.empty() && layout.batch.size() == 1;
  // Groups may be a dimension of their own.
  bool isPlain = layout.columns.size() == 1 && layout.sums.size() == 1 &&
                 layout.batch.size() <= 1;
  if (layout.rows.size() == 1 && layout.windows.size() <= 2 &&
      (isDepthwise || isPlain))
    return success();
  return refuse("its groups or spatial dimensions are not those of tosa.conv2d "
                "or tosa.depthwise_conv2d");
}

void ConvolutionBuilder::orderFactors() {
  SmallVector<unsigned> positions, taps;
  for (const WindowStep &step : layout.windows) {
    positions.push_back(step.position);
    taps.push_back(step.tap);
  }
  unsigned inner = isDepthwise ? layout.batch[0] : layout.sums[0];
  ArrayRef<unsigned> groups = layout.batch;
  if (isDepthwise)
    groups = {};
  SmallVector<unsigned> left{layout.rows[0]}, right(groups);
  resultIterators = {layout.rows[0]};
  left.append(positions);
  left.append(groups.begin(), groups.end());
  left.push_back(inner);
  if (!isDepthwise)
    right.push_back(layout.columns[0]);
  right.append(taps);
  right.push_back(inner);
  resultIterators.append(positions);
  resultIterators.append(groups.begin(), groups.end());
  resultIterators.push_back(isDepthwise ? inner : layout.columns[0]);
  ArrayRef<AffineMap> maps = contraction.maps;
  inputOrder = ContractionLayout::getDims(maps[0], left);
  x = tosa.transpose(contraction.lhs, inputOrder);
  w = tosa.transpose(contraction.rhs,
                     ContractionLayout::getDims(maps[1], right));
}

/// Channels and filters of all groups one after the other.
LogicalResult ConvolutionBuilder::joinGroups() {
  groupFilters = layout.group ? layout.group->first : 0;
  if (isDepthwise || layout.batch.empty())
    return success();
  SmallVector<int64_t> channels(getShape(x)), filters(getShape(w));
  int64_t depth = channels.pop_back_val();
  groupSizes = {filters[0], filters[1]};
  groupFilters = filters[1];
  if (ShapedType::isDynamic(depth) || ShapedType::isDynamicShape(filters))
    return refuse("its groups have dynamic sizes");
  channels.back() *= depth;
  filters.erase(filters.begin());
  filters[0] *= groupSizes[0];
  x = tosa.reshape(x, channels);
  w = tosa.reshape(w, filters, -1);
  if (!x || !w)
    return refuse("it has several dynamic sizes");
  return success();
}

void ConvolutionBuilder::takeWindows() {
  for (auto [index, step] : llvm::enumerate(layout.windows)) {
    strides.push_back(step.stride);
    dilations.push_back(step.dilation);
    kernel.push_back(getShape(w)[getFirstTap() + index]);
    int64_t dim = inputOrder[1 + index];
    pads.append({contraction.low[dim], contraction.high[dim]});
  }
}

/// Sequences are images of a single row.
LogicalResult ConvolutionBuilder::makeImages() {
  if (!isSequence())
    return success();
  x = addUnit(x, 1, 0);
  // Quantized along its filters or, depthwise, its channels.
  w = addUnit(w, getFirstTap(), isDepthwise ? 2 : 0);
  if (!x || !w)
    return refuse("it has several dynamic sizes");
  strides.insert(strides.begin(), 1);
  dilations.insert(dilations.begin(), 1);
  kernel.insert(kernel.begin(), 1);
  pads.insert(pads.begin(), {0, 0});
  return success();
}

/// Depthwise, the filters of a channel are a dimension of their own.
LogicalResult ConvolutionBuilder::splitFilters() {
  if (!isDepthwise)
    return success();
  SmallVector<int64_t> wide(getShape(w));
  wide.push_back(layout.multiplier);
  if (!ShapedType::isDynamic(wide[2]))
    wide[2] /= layout.multiplier;
  w = tosa.reshape(w, wide, layout.multiplier == 1 ? 2 : -1);
  if (!w)
    return refuse("its weights have several dynamic sizes");
  return success();
}

/// TOSA wants windows that end where the input does.
LogicalResult ConvolutionBuilder::cutInput() {
  inputSizes = SmallVector<int64_t>(getShape(x));
  resultSizes = {inputSizes[0]};
  for (int64_t dim = 0; dim < 2; ++dim) {
    int64_t &size = inputSizes[1 + dim], &end = pads[2 * dim + 1];
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel[dim]))
      return refuse("a spatial size is dynamic");
    int64_t room =
        size - 1 + pads[2 * dim] + end - dilations[dim] * (kernel[dim] - 1);
    int64_t rest = room % strides[dim];
    resultSizes.push_back(room / strides[dim] + 1);
    size -= std::max<int64_t>(0, rest - end);
    end = std::max<int64_t>(0, end - rest);
  }
  if (getShape(x) != ArrayRef(inputSizes) &&
      ShapedType::isDynamicShape(inputSizes))
    return refuse("its windows end before its input of dynamic size does");
  x = tosa.slice(x, SmallVector<int64_t>(4, 0), inputSizes);
  return success();
}

LogicalResult ConvolutionBuilder::convolve() {
  int64_t channels =
      isDepthwise ? getShape(w)[2] * layout.multiplier : getShape(w)[0];
  resultSizes.push_back(channels);
  Value bias = getBias(channels);
  Value inputZero = tosa.zeroPoint(contraction.lhsZeroPoint, 8);
  Value weightZero = tosa.zeroPoint(contraction.rhsZeroPoint, 8);
  Type i32 = builder.getI32Type();
  auto type = RankedTensorType::get(resultSizes, i32);
  if (isDepthwise)
    result = tosa::DepthwiseConv2DOp::create(builder, loc, type, x, w, bias,
                                             inputZero, weightZero, pads,
                                             strides, dilations, i32);
  else if (groupFilters)
    return convolveGroups(bias, inputZero, weightZero);
  else
    result = tosa::Conv2DOp::create(builder, loc, type, x, w, bias, inputZero,
                                    weightZero, pads, strides, dilations, i32);
  return success();
}

/// One convolution for each group.
LogicalResult ConvolutionBuilder::convolveGroups(Value bias, Value inputZero,
                                                 Value weightZero) {
  Type i32 = builder.getI32Type();
  auto type = RankedTensorType::get(resultSizes, i32);
  SmallVector<int64_t> kernels(getShape(w)), partSizes(resultSizes);
  SmallVector<Value> parts;
  partSizes.back() = kernels[0] = groupFilters;
  inputSizes.back() = kernels.back();
  if (ShapedType::isDynamicShape(inputSizes) ||
      ShapedType::isDynamicShape(getShape(w)))
    return refuse("it has groups and dynamic sizes");
  for (int64_t group = 0; group < resultSizes.back() / groupFilters; ++group) {
    int64_t filter = group * groupFilters;
    parts.push_back(tosa::Conv2DOp::create(
        builder, loc, RankedTensorType::get(partSizes, i32),
        tosa.slice(x, {0, 0, 0, group * inputSizes.back()}, inputSizes),
        tosa.slice(w, {filter, 0, 0, 0}, kernels),
        tosa.slice(bias, {filter}, {groupFilters}), inputZero, weightZero, pads,
        strides, dilations, i32));
  }
  result = tosa::ConcatOp::create(builder, loc, type, parts,
                                  builder.getI32IntegerAttr(3));
  return success();
}

/// The result with the dimensions and their order of the contraction's.
LogicalResult ConvolutionBuilder::restore() {
  SmallVector<int64_t> sizes(resultSizes);
  if (isSequence())
    sizes.erase(sizes.begin() + 1);
  if (!groupSizes.empty()) {
    sizes.pop_back();
    sizes.append(groupSizes);
  }
  result = tosa.reshape(result, sizes);
  if (!result)
    return refuse("it has several dynamic sizes");
  result = orderResult(result, resultIterators);
  return success();
}

Value ConvolutionBuilder::build() {
  if (failed(checkForm()))
    return {};
  orderFactors();
  if (failed(joinGroups()))
    return {};
  takeWindows();
  if (failed(makeImages()) || failed(splitFilters()) || failed(cutInput()) ||
      failed(convolve()) || failed(restore()))
    return {};
  return result;
}

} // namespace

Value buildTosaConvolution(OpBuilder &builder, Location loc,
                           const TosaContraction &contraction,
                           const ContractionLayout &layout,
                           std::string &reason) {
  return ConvolutionBuilder(builder, loc, contraction, layout, reason).build();
}

} // namespace quanta
