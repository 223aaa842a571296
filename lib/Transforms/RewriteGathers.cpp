//===- RewriteGathers.cpp - Rows and pixels on storage --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Resampling.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

Value buildEmbedding(OpBuilder &builder, EmbeddingOp op, Value table,
                     Value indices, Type element, ElementOfRow convert) {
  Location loc = op.getLoc();
  auto rank = static_cast<unsigned>(op.getType().getRank());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, indices);
  sizes.push_back(tensor::getMixedSize(builder, loc, table, 1));
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  AffineMap maps[] = {AffineMap::get(rank, 0, identity.getResults().drop_back(),
                                     builder.getContext()),
                      identity};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  Type indexType = getElementTypeOrSelf(indices.getType());
  int64_t rows = op.getTable().getType().getDimSize(0);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), indices, empty, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               auto number = [&](int64_t value) -> Value {
                 return arith::ConstantOp::create(
                     b, loc, b.getIntegerAttr(indexType, value));
               };
               Value row =
                   arith::MaxSIOp::create(b, loc, elements[0], number(0));
               // A table of more rows than an index can name needs no bound.
               if (APInt(64, rows - 1)
                       .isSignedIntN(indexType.getIntOrFloatBitWidth()))
                 row = arith::MinSIOp::create(b, loc, row, number(rows - 1));
               row = arith::IndexCastOp::create(b, loc, b.getIndexType(), row);
               Value column = linalg::IndexOp::create(b, loc, rank - 1);
               Value q = tensor::ExtractOp::create(b, loc, table,
                                                   ValueRange{row, column});
               linalg::YieldOp::create(b, loc,
                                       convert ? convert(b, loc, q, row) : q);
             })
      .getResult(0);
}

namespace {

/// Rule 3, with the scale and zero point of each row.
Value buildDequantizedEmbedding(OpBuilder &builder, EmbeddingOp op, Value table,
                                Value indices) {
  QuantParams params =
      *QuantParams::get(op.getTable().getType().getElementType());
  SmallVector<float> scaleValues = getScales(params);
  SmallVector<int32_t> zeroPointValues = getZeroPoints(params);
  // A tensor, or nothing for what is one number.
  auto buildRows = [&](auto values) -> Value {
    using T = std::decay_t<decltype(values[0])>;
    if (llvm::all_equal(values))
      return {};
    return createConstant(builder, op.getLoc(),
                          {static_cast<int64_t>(values.size())},
                          ArrayRef<T>(values));
  };
  Value scales = buildRows(scaleValues),
        zeroPoints = buildRows(zeroPointValues);
  return buildEmbedding(
      builder, op, table, indices, builder.getF32Type(),
      [&](OpBuilder &b, Location loc, Value q, Value row) -> Value {
        Value x = buildFromStorage(b, loc, q, params);
        if (params.hasZeroPoint())
          x = arith::SubIOp::create(
              b, loc, x,
              zeroPoints ? tensor::ExtractOp::create(b, loc, zeroPoints, row)
                               .getResult()
                         : arith::ConstantIntOp::create(
                               b, loc, zeroPointValues.front(), 32)
                               .getResult());
        x = arith::SIToFPOp::create(b, loc, b.getF32Type(), x);
        Value scale =
            scales ? tensor::ExtractOp::create(b, loc, scales, row).getResult()
                   : arith::ConstantOp::create(
                         b, loc, b.getF32FloatAttr(scaleValues.front()))
                         .getResult();
        return arith::MulFOp::create(b, loc, x, scale);
      });
}

struct EmbeddingLowering : OpConversionPattern<EmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(EmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value table = adaptor.getTable(), indices = adaptor.getIndices();
    Value result = op.getType().getElementType().isF32()
                       ? buildDequantizedEmbedding(rewriter, op, table, indices)
                       : buildEmbedding(rewriter, op, table, indices,
                                        getElementTypeOrSelf(table.getType()));
    Type type = getTypeConverter()->convertType(op.getType());
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, op.getLoc(), type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Along one dimension: the elements that results read, and their weights.
struct Neighbours {
  SmallVector<int32_t> low, high, lowWeight, highWeight;
};

Neighbours getNeighbours(ResizeOp op, int64_t dim) {
  int64_t in = op.getInput().getType().getDimSize(dim),
          out = op.getResult().getType().getDimSize(dim);
  int64_t unit = getResamplingDenominator(op.getCoordinates(), in, out);
  Neighbours neighbours;
  if (op.getMode() == ResizeMode::Nearest) {
    auto rounding = op.getRounding().value_or(ResizeRounding::RoundPreferFloor);
    llvm::append_range(neighbours.low, getNearestPlaces(op.getCoordinates(),
                                                        rounding, in, out));
    return neighbours;
  }
  for (int64_t place : getResamplingPlaces(op.getCoordinates(), in, out)) {
    int64_t low = place / unit, fraction = place % unit;
    neighbours.low.push_back(static_cast<int32_t>(low));
    neighbours.high.push_back(static_cast<int32_t>(std::min(low + 1, in - 1)));
    neighbours.lowWeight.push_back(static_cast<int32_t>(unit - fraction));
    neighbours.highWeight.push_back(static_cast<int32_t>(fraction));
  }
  return neighbours;
}

/// The element of `input` at the indices of the loops, but along the resized
/// dimensions at `places`.
Value read(ResizeOp op, Value input, OpBuilder &b, ArrayRef<Value> places) {
  Location loc = op.getLoc();
  SmallVector<Value> indices;
  for (int64_t dim = 0; dim < op.getInput().getType().getRank(); ++dim) {
    const int64_t *found = llvm::find(op.getDims(), dim);
    if (found == op.getDims().end())
      indices.push_back(linalg::IndexOp::create(b, loc, dim));
    else
      indices.push_back(arith::IndexCastOp::create(
          b, loc, b.getIndexType(), places[found - op.getDims().begin()]));
  }
  return tensor::ExtractOp::create(b, loc, input, indices);
}

Value copy(ResizeOp op, Value input, OpBuilder &b, ValueRange elements) {
  return read(op, input, b,
              llvm::to_vector(elements.take_front(op.getDims().size())));
}

Value interpolate(ResizeOp op, Value input, OpBuilder &b, ValueRange elements) {
  Location loc = op.getLoc();
  QuantParams params = getQuantParams(op.getInput());
  size_t count = op.getDims().size();
  Value sum;
  for (unsigned corner = 0; corner < 1u << count; ++corner) {
    SmallVector<Value> places;
    Value weight;
    for (size_t i = 0; i < count; ++i) {
      unsigned side = corner >> i & 1;
      places.push_back(elements[4 * i + side]);
      Value factor = elements[4 * i + 2 + side];
      weight = weight ? arith::MulIOp::create(b, loc, weight, factor) : factor;
    }
    Value x = buildScalarCenter(b, loc, read(op, input, b, places), params);
    if (weight)
      x = arith::MulIOp::create(b, loc, x, weight);
    sum = sum ? arith::AddIOp::create(b, loc, sum, x) : x;
  }
  return sum;
}

Value requantize(ResizeOp op, Value sums, OpBuilder &b) {
  QuantParams to = getQuantParams(op.getResult());
  // The sums as a quantized tensor: its scale is that of the mean.
  QuantParams mean = getQuantParams(op.getInput());
  double unit = 1;
  for (int64_t dim : op.getDims())
    unit *= static_cast<double>(getResamplingDenominator(
        op.getCoordinates(), op.getInput().getType().getDimSize(dim),
        op.getResult().getType().getDimSize(dim)));
  mean.type = quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed,
                                               b.getI32Type(), b.getF32Type(),
                                               1.0, 0, INT32_MIN, INT32_MAX);
  mean.scales = {mean.scales.front() / unit};
  mean.zeroPoints = {0};
  return buildRequantize(b, op.getLoc(), sums, mean, to, to.range);
}

/// The result of a resampling of `input`, which for `linear` is the sums in
/// i32.
Value buildResampled(OpBuilder &builder, ResizeOp op, Value input,
                     Type elementType) {
  Location loc = op.getLoc();
  RankedTensorType type = op.getResult().getType();
  bool isLinear = op.getMode() == ResizeMode::Linear;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  auto rank = static_cast<unsigned>(type.getRank());
  auto addTable = [&](ArrayRef<int32_t> table, int64_t dim) {
    inputs.push_back(createConstant(
        builder, loc, {static_cast<int64_t>(table.size())}, table));
    maps.push_back(AffineMap::get(
        rank, 0, builder.getAffineDimExpr(static_cast<unsigned>(dim))));
  };
  for (int64_t dim : op.getDims()) {
    sizes[dim] = builder.getIndexAttr(type.getDimSize(dim));
    Neighbours neighbours = getNeighbours(op, dim);
    addTable(neighbours.low, dim);
    if (!isLinear)
      continue;
    addTable(neighbours.high, dim);
    addTable(neighbours.lowWeight, dim);
    addTable(neighbours.highWeight, dim);
  }
  maps.push_back(builder.getMultiDimIdentityMap(rank));
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, elementType);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), inputs, empty, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               linalg::YieldOp::create(b, loc,
                                       isLinear
                                           ? interpolate(op, input, b, elements)
                                           : copy(op, input, b, elements));
             })
      .getResult(0);
}

struct ResizeLowering : OpConversionPattern<ResizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ResizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    bool isLinear = op.getMode() == ResizeMode::Linear;
    Value result = buildResampled(rewriter, op, adaptor.getInput(),
                                  isLinear ? Type(rewriter.getI32Type())
                                           : type.getElementType());
    if (isLinear)
      result = requantize(op, result, rewriter);
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, op.getLoc(), type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

Value buildNearest(OpBuilder &builder, ResizeOp op, Value input) {
  return buildResampled(builder, op, input,
                        getElementTypeOrSelf(input.getType()));
}

void populateRewriteGathers(const TypeConverter &converter,
                            RewritePatternSet &patterns) {
  patterns.add<EmbeddingLowering, ResizeLowering>(converter,
                                                  patterns.getContext());
}

} // namespace quanta
