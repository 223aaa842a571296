//===- ExpandConvTranspose.cpp - Transposed convolutions by phases --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedAxis.h"

#include "quanta/IR/ConvolutionShape.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/NamedOps.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <numeric>

using namespace mlir;

namespace quanta {
namespace {

/// What the results `phase`, `phase + stride`, ... of one dimension read:
/// result number `q` of them is a convolution of the input from `start + q` on,
/// with some of the kernel's taps in reverse.
struct Phase {
  int64_t count;
  /// From the last to the first; empty if nothing is read.
  SmallVector<int64_t> taps;
  int64_t dilation = 1;
  /// The part of the input, and what pads it.
  int64_t offset = 0, size = 0, low = 0, high = 0;

  Phase(int64_t phase, int64_t in, int64_t out, int64_t kernel, int64_t stride,
        int64_t kernelDilation, int64_t pad);

  /// The same results where nothing is read along another dimension.
  Phase withoutTaps(int64_t in) const;

private:
  void place(int64_t start, int64_t in);
};

Phase::Phase(int64_t phase, int64_t in, int64_t out, int64_t kernel,
             int64_t stride, int64_t kernelDilation, int64_t pad)
    : count((out - phase + stride - 1) / stride) {
  int64_t start = 0;
  for (int64_t tap = kernel - 1; tap >= 0; --tap) {
    int64_t distance = phase + pad - tap * kernelDilation;
    if (distance % stride != 0)
      continue;
    if (taps.empty())
      start = distance / stride;
    taps.push_back(tap);
  }
  if (taps.size() > 1)
    dilation = kernelDilation / std::gcd(stride, kernelDilation);
  place(start, in);
}

Phase Phase::withoutTaps(int64_t in) const {
  Phase phase = *this;
  phase.taps.clear();
  phase.place(/*start=*/0, in);
  return phase;
}

void Phase::place(int64_t start, int64_t in) {
  int64_t room = count;
  if (!taps.empty())
    room += (static_cast<int64_t>(taps.size()) - 1) * dilation;
  // All of it may lie outside.
  if (start >= in || start + room <= 0)
    taps.clear();
  if (taps.empty()) {
    start = 0;
    room = count;
    dilation = 1;
  }
  offset = std::max<int64_t>(start, 0);
  size = std::min(start + room, in) - offset;
  low = offset - start;
  high = room - low - size;
}

struct ExpandConvTranspose2D : OpRewritePattern<ConvTranspose2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvTranspose2DOp op,
                                PatternRewriter &rewriter) const override {
    auto cast = op.getWeights().getDefiningOp<quant::StorageCastOp>();
    auto weights = cast ? getConstantInts(cast.getInput()) : std::nullopt;
    Location loc = op.getLoc();
    ConvolutionShape shape = getConvolutionShape(op);
    RankedTensorType type = op.getResult().getType();
    int64_t row = shape.firstSpatialDim, column = row + 1;
    SmallVector<Phase> phases[2];
    for (int64_t i = 0; i < 2; ++i) {
      int64_t out = type.getDimSize(row + i);
      for (int64_t phase = 0; phase < std::min(shape.strides[i], out); ++phase)
        phases[i].emplace_back(
            phase, op.getInput().getType().getDimSize(row + i), out,
            op.getWeights().getType().getDimSize(2 + i), shape.strides[i],
            shape.dilations[i], shape.pads[i]);
    }
    if (phases[0].size() == 1 && phases[1].size() == 1) {
      rewriter.replaceOp(op, convolve(op, shape, weights, phases[0].front(),
                                      phases[1].front(), rewriter));
      return success();
    }
    SmallVector<OpFoldResult> sizes;
    for (int64_t dim = 0; dim < 4; ++dim)
      sizes.push_back(
          dim == 0 ? tensor::getMixedSize(rewriter, loc, op.getInput(), 0)
                   : OpFoldResult(rewriter.getIndexAttr(type.getDimSize(dim))));
    Value result =
        tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
    for (auto [y, vertical] : llvm::enumerate(phases[0]))
      for (auto [x, horizontal] : llvm::enumerate(phases[1])) {
        Value part =
            convolve(op, shape, weights, vertical, horizontal, rewriter);
        SmallVector<OpFoldResult> offsets(4, rewriter.getIndexAttr(0)),
            strides(4, rewriter.getIndexAttr(1));
        offsets[row] = rewriter.getIndexAttr(static_cast<int64_t>(y));
        offsets[column] = rewriter.getIndexAttr(static_cast<int64_t>(x));
        strides[row] = rewriter.getIndexAttr(shape.strides[0]);
        strides[column] = rewriter.getIndexAttr(shape.strides[1]);
        SmallVector<OpFoldResult> extent = sizes;
        extent[row] = rewriter.getIndexAttr(vertical.count);
        extent[column] = rewriter.getIndexAttr(horizontal.count);
        result = tensor::InsertSliceOp::create(rewriter, loc, part, result,
                                               offsets, extent, strides);
      }
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Without taps, a kernel of one zero leaves the bias.
  static Value convolve(ConvTranspose2DOp op, const ConvolutionShape &shape,
                        const std::optional<SmallVector<int32_t>> &weights,
                        Phase vertical, Phase horizontal,
                        PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    int64_t row = shape.firstSpatialDim;
    if (vertical.taps.empty() || horizontal.taps.empty()) {
      RankedTensorType type = op.getInput().getType();
      vertical = vertical.withoutTaps(type.getDimSize(row));
      horizontal = horizontal.withoutTaps(type.getDimSize(row + 1));
    }
    SmallVector<int64_t> sizes(op.getResult().getType().getShape());
    sizes[0] = op.getInput().getType().getDimSize(0);
    sizes[row] = vertical.count;
    sizes[row + 1] = horizontal.count;
    int64_t pads[] = {vertical.low, horizontal.low, vertical.high,
                      horizontal.high};
    int64_t dilations[] = {vertical.dilation, horizontal.dilation};
    return Conv2DOp::create(
        rewriter, loc, op.getResult().getType().clone(sizes),
        slice(op, row, vertical, horizontal, rewriter),
        weights || vertical.taps.empty()
            ? selectTaps(op, shape, weights.value_or(SmallVector<int32_t>()),
                         vertical.taps, horizontal.taps, rewriter)
            : gatherTaps(op, shape, vertical.taps, horizontal.taps, rewriter),
        op.getBias(), /*strides=*/DenseI64ArrayAttr(),
        rewriter.getDenseI64ArrayAttr(dilations),
        rewriter.getDenseI64ArrayAttr(pads),
        rewriter.getI64IntegerAttr(shape.groups), op.getChannelsLastAttr());
  }

  static Value slice(ConvTranspose2DOp op, int64_t row, const Phase &vertical,
                     const Phase &horizontal, PatternRewriter &rewriter) {
    RankedTensorType type = op.getInput().getType();
    if (vertical.size == type.getDimSize(row) &&
        horizontal.size == type.getDimSize(row + 1))
      return op.getInput();
    SmallVector<OpFoldResult> offsets(4, rewriter.getIndexAttr(0)),
        strides(4, rewriter.getIndexAttr(1)),
        sizes = tensor::getMixedSizes(rewriter, op.getLoc(), op.getInput());
    offsets[row] = rewriter.getIndexAttr(vertical.offset);
    offsets[row + 1] = rewriter.getIndexAttr(horizontal.offset);
    sizes[row] = rewriter.getIndexAttr(vertical.size);
    sizes[row + 1] = rewriter.getIndexAttr(horizontal.size);
    return tensor::ExtractSliceOp::create(rewriter, op.getLoc(), op.getInput(),
                                          offsets, sizes, strides);
  }

  /// Filters first, as convolutions have them, with these taps.
  static Value selectTaps(ConvTranspose2DOp op, const ConvolutionShape &shape,
                          ArrayRef<int32_t> weights, ArrayRef<int64_t> rows,
                          ArrayRef<int64_t> columns,
                          PatternRewriter &rewriter) {
    RankedTensorType type = op.getWeights().getType();
    QuantParams params = *QuantParams::get(type.getElementType());
    int64_t depth = shape.channels / shape.groups,
            width = shape.filters / shape.groups;
    bool isEmpty = rows.empty() || columns.empty();
    int64_t height = isEmpty ? 1 : static_cast<int64_t>(rows.size()),
            breadth = isEmpty ? 1 : static_cast<int64_t>(columns.size());
    SmallVector<APInt> values;
    auto append = [&](int32_t value) {
      values.push_back(APInt(params.storageWidth(),
                             static_cast<uint64_t>(int64_t(value)),
                             /*isSigned=*/true, /*implicitTrunc=*/true));
    };
    for (int64_t filter = 0; filter < shape.filters; ++filter)
      for (int64_t channel = 0; channel < depth; ++channel)
        for (int64_t i = 0; i < height; ++i)
          for (int64_t j = 0; j < breadth; ++j) {
            int64_t inner = filter % width;
            if (isEmpty) {
              append(params.zeroPoint(params.axis ? inner : 0));
              continue;
            }
            int64_t source = filter / width * depth + channel;
            int64_t position = source * width + inner;
            position = position * type.getDimSize(2) + rows[i];
            position = position * type.getDimSize(3) + columns[j];
            append(weights[position]);
          }
    int64_t sizes[] = {shape.filters, depth, height, breadth};
    Value storage = arith::ConstantOp::create(
        rewriter, op.getLoc(),
        DenseElementsAttr::get(
            RankedTensorType::get(sizes, params.storageType()), values));
    return castToFiltersFirst(type.getElementType(), storage, rewriter);
  }

  /// The same of weights that are known at run time: the taps of a phase are
  /// as far apart as its first two.
  static Value gatherTaps(ConvTranspose2DOp op, const ConvolutionShape &shape,
                          ArrayRef<int64_t> rows, ArrayRef<int64_t> columns,
                          PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    RankedTensorType type = op.getWeights().getType();
    Type element = QuantParams::get(type.getElementType())->storageType();
    Value weights = quant::StorageCastOp::create(
        rewriter, loc, type.clone(element), op.getWeights());
    int64_t depth = shape.channels / shape.groups,
            width = shape.filters / shape.groups;
    Value empty = tensor::EmptyOp::create(
        rewriter, loc,
        ArrayRef<int64_t>{shape.filters, depth,
                          static_cast<int64_t>(rows.size()),
                          static_cast<int64_t>(columns.size())},
        element);
    auto getTap = [](AffineExpr dim, ArrayRef<int64_t> taps) {
      int64_t step = taps.size() > 1 ? taps[0] - taps[1] : 0;
      return taps[0] - dim * step;
    };
    AffineExpr f, c, i, j;
    bindDims(rewriter.getContext(), f, c, i, j);
    AffineExpr from[] = {f.floorDiv(width) * depth + c, f % width,
                         getTap(i, rows), getTap(j, columns)};
    SmallVector<utils::IteratorType> iterators(4,
                                               utils::IteratorType::parallel);
    Value gathered =
        linalg::GenericOp::create(
            rewriter, loc, empty.getType(), ValueRange(), empty,
            rewriter.getMultiDimIdentityMap(4), iterators,
            [&](OpBuilder &b, Location loc, ValueRange) {
              SmallVector<Value> position, indices;
              for (int64_t dim = 0; dim < 4; ++dim)
                position.push_back(linalg::IndexOp::create(b, loc, dim));
              for (AffineExpr expr : from)
                indices.push_back(affine::expandAffineExpr(
                    b, loc, expr, position, /*symbolValues=*/{}));
              Value weight =
                  tensor::ExtractOp::create(b, loc, weights, indices);
              linalg::YieldOp::create(b, loc, weight);
            })
            .getResult(0);
    return castToFiltersFirst(type.getElementType(), gathered, rewriter);
  }

  /// `storage` as weights, with the scales that `elementType` has along
  /// dimension 1 along dimension 0.
  static Value castToFiltersFirst(Type elementType, Value storage,
                                  PatternRewriter &rewriter) {
    elementType = withAxis(elementType, 0);
    return quant::StorageCastOp::create(
        rewriter, storage.getLoc(),
        cast<RankedTensorType>(storage.getType()).clone(elementType), storage);
  }
};

/// A sequence as an image of one row.
struct ExpandConvTranspose1D : OpRewritePattern<ConvTranspose1DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvTranspose1DOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    ConvolutionShape shape = getConvolutionShape(op);
    int64_t row = shape.firstSpatialDim;
    auto withRow = [&](ArrayRef<int64_t> entries, int64_t entry) {
      return rewriter.getDenseI64ArrayAttr({entry, entries[0]});
    };
    RankedTensorType type = op.getResult().getType();
    SmallVector<int64_t> sizes(type.getShape());
    sizes.insert(sizes.begin() + row, 1);
    // Scales of the result along channels that come behind the row.
    Type element = moveAxis(type.getElementType(), row);
    auto image = ConvTranspose2DOp::create(
        rewriter, loc, RankedTensorType::get(sizes, element),
        addRow(op.getInput(), row, rewriter),
        addRow(op.getWeights(), 2, rewriter), op.getBias(),
        withRow(shape.strides, 1), withRow(shape.dilations, 1),
        rewriter.getDenseI64ArrayAttr({0, shape.pads[0], 0, shape.pads[1]}),
        withRow(op.getOutputPads(), 0), op.getGroupsAttr(),
        op.getChannelsLastAttr());
    if (element == type.getElementType()) {
      rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, type, image,
                                                           getGroups(row));
      return success();
    }
    // A dimension that is quantized moves on storage only.
    Value storage = quant::StorageCastOp::create(
        rewriter, loc, RankedTensorType::get(sizes, rewriter.getI32Type()),
        image);
    Value flat =
        tensor::CollapseShapeOp::create(rewriter, loc, storage, getGroups(row));
    rewriter.replaceOpWithNewOp<quant::StorageCastOp>(op, type, flat);
    return success();
  }

private:
  /// Three dimensions as four, of which the one at `row` is new.
  static SmallVector<ReassociationIndices> getGroups(int64_t row) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0, at = 0; dim < 3; ++dim) {
      groups.push_back({at++});
      if (dim == row)
        groups.back().push_back(at++);
    }
    return groups;
  }

  /// `element` of a tensor with a new dimension at `row`.
  static Type moveAxis(Type element, int64_t row) {
    auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element);
    if (!perAxis || perAxis.getQuantizedDimension() < row)
      return element;
    return withAxis(element, perAxis.getQuantizedDimension() + 1);
  }

  /// A constant stays one.
  static Value addRow(TypedValue<RankedTensorType> value, int64_t row,
                      PatternRewriter &rewriter) {
    Location loc = value.getLoc();
    RankedTensorType type = value.getType();
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin() + row, 1);
    auto cast = value.getDefiningOp<quant::StorageCastOp>();
    if (DenseElementsAttr constant =
            cast ? getDenseConstant(cast.getInput()) : DenseElementsAttr()) {
      Value reshaped =
          arith::ConstantOp::create(rewriter, loc,
                                    constant.reshape(RankedTensorType::get(
                                        shape, constant.getElementType())));
      return quant::StorageCastOp::create(rewriter, loc, type.clone(shape),
                                          reshaped);
    }
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, value);
    sizes.insert(sizes.begin() + row, rewriter.getIndexAttr(1));
    return tensor::ExpandShapeOp::create(rewriter, loc, type.clone(shape),
                                         value, getGroups(row), sizes);
  }
};

} // namespace

void populateExpandConvTranspose1D(RewritePatternSet &patterns) {
  patterns.add<ExpandConvTranspose1D>(patterns.getContext());
}

void populateExpandConvTranspose(RewritePatternSet &patterns) {
  patterns.add<ExpandConvTranspose2D>(patterns.getContext());
}

} // namespace quanta
