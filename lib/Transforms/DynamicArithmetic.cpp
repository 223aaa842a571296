//===- DynamicArithmetic.cpp - Dynamic quantization as operations ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/DynamicArithmetic.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;

namespace quanta {

/// The map of a tensor that has only the dimensions `rows` of another one.
static AffineMap getRowMap(MLIRContext *context, int64_t rank,
                           ArrayRef<int64_t> rows) {
  SmallVector<AffineExpr> exprs;
  for (int64_t row : rows)
    exprs.push_back(getAffineDimExpr(row, context));
  return AffineMap::get(rank, 0, exprs, context);
}

static SmallVector<utils::IteratorType> getParallel(int64_t rank) {
  return SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel);
}

/// An uninitialised tensor with the sizes of dimensions `rows` of `input`.
static Value createEmptyRows(OpBuilder &builder, Location loc, Value input,
                             ArrayRef<int64_t> rows, Type elementType) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t row : rows)
    sizes.push_back(tensor::getMixedSize(builder, loc, input, row));
  return tensor::EmptyOp::create(builder, loc, sizes, elementType);
}

/// Smallest and largest element of each row, and zero.
static ValueRange buildExtremes(OpBuilder &builder, Location loc, Value input,
                                ArrayRef<int64_t> rows) {
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  Value empty =
      createEmptyRows(builder, loc, input, rows, builder.getF32Type());
  Value zeros =
      linalg::FillOp::create(builder, loc, buildF32(builder, loc, 0), empty)
          .getResult(0);
  AffineMap rowMap = getRowMap(builder.getContext(), rank, rows);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  for (int64_t row : rows)
    iterators[row] = utils::IteratorType::parallel;
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange{zeros.getType(), zeros.getType()}, input,
      ValueRange{zeros, zeros},
      ArrayRef<AffineMap>{builder.getMultiDimIdentityMap(rank), rowMap, rowMap},
      iterators, [](OpBuilder &b, Location loc, ValueRange elements) {
        linalg::YieldOp::create(
            b, loc,
            ValueRange{
                arith::MinNumFOp::create(b, loc, elements[1], elements[0]),
                arith::MaxNumFOp::create(b, loc, elements[2], elements[0])});
      });
  return generic.getResults();
}

DynamicRanges buildDynamicRanges(OpBuilder &builder, Location loc, Value input,
                                 ArrayRef<int64_t> rows,
                                 const QuantParams &params, bool isSymmetric) {
  ValueRange extremes = buildExtremes(builder, loc, input, rows);
  auto rank = static_cast<int64_t>(rows.size());
  SmallVector<Value> outputs{
      createEmptyRows(builder, loc, input, rows, builder.getF32Type())};
  if (!isSymmetric)
    outputs.push_back(
        createEmptyRows(builder, loc, input, rows, builder.getI32Type()));
  SmallVector<AffineMap> maps(2 + outputs.size(),
                              builder.getMultiDimIdentityMap(rank));
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) {
    constexpr float limit = std::numeric_limits<float>::max() / 2;
    auto qmin = static_cast<float>(params.range.min);
    auto qmax = static_cast<float>(params.range.max);
    Value low =
        arith::MaxNumFOp::create(b, loc, elements[0], buildF32(b, loc, -limit));
    Value high =
        arith::MinNumFOp::create(b, loc, elements[1], buildF32(b, loc, limit));
    Value width, levels;
    if (isSymmetric) {
      width = arith::MaxNumFOp::create(b, loc, high,
                                       arith::NegFOp::create(b, loc, low));
      levels = buildF32(b, loc, qmax - static_cast<float>(params.zeroPoint(0)));
    } else {
      width = arith::SubFOp::create(b, loc, high, low);
      levels = buildF32(b, loc, qmax - qmin);
    }
    Value scale = arith::DivFOp::create(b, loc, width, levels);
    Value isTooSmall = arith::CmpFOp::create(
        b, loc, arith::CmpFPredicate::OLT, scale,
        buildF32(b, loc, std::numeric_limits<float>::min()));
    scale =
        arith::SelectOp::create(b, loc, isTooSmall, buildF32(b, loc, 1), scale);
    SmallVector<Value> results{scale};
    if (!isSymmetric) {
      Value offset =
          arith::SubFOp::create(b, loc, buildF32(b, loc, qmin),
                                arith::DivFOp::create(b, loc, low, scale));
      Value zeroPoint =
          buildRoundAndClamp(b, loc, offset, buildF32(b, loc, 0), params.range);
      results.push_back(buildToStorage(b, loc, zeroPoint, b.getI32Type()));
    }
    linalg::YieldOp::create(b, loc, results);
  };
  auto generic = linalg::GenericOp::create(
      builder, loc, ValueRange(outputs).getTypes(), extremes, outputs, maps,
      getParallel(rank), body);
  return {generic.getResult(0), isSymmetric ? Value() : generic.getResult(1)};
}

/// Builds an elementwise operation on `input` and the parameters of its rows;
/// `body` takes the element, its scale and its zero point as f32.
static Value buildOnRows(
    OpBuilder &builder, Location loc, Value input, ArrayRef<int64_t> rows,
    const QuantParams &params, const DynamicRanges &ranges, Type elementType,
    function_ref<Value(OpBuilder &, Location, Value, Value, Value)> body) {
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  SmallVector<Value> inputs{input, ranges.scale};
  if (ranges.zeroPoint)
    inputs.push_back(ranges.zeroPoint);
  SmallVector<AffineMap> maps(inputs.size(),
                              getRowMap(builder.getContext(), rank, rows));
  maps.front() = builder.getMultiDimIdentityMap(rank);
  maps.push_back(maps.front());
  Value empty = createEmptyLike(builder, loc, input, elementType);
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, maps, getParallel(rank),
      [&](OpBuilder &b, Location loc, ValueRange elements) {
        Value zeroPoint;
        if (ranges.zeroPoint)
          zeroPoint =
              arith::SIToFPOp::create(b, loc, b.getF32Type(), elements[2]);
        else
          zeroPoint = buildF32(b, loc, static_cast<float>(params.zeroPoint(0)));
        Value x = arith::DivFOp::create(b, loc, elements[0], elements[1]);
        x = buildRoundAndClamp(b, loc, x, zeroPoint, params.range);
        linalg::YieldOp::create(b, loc,
                                body(b, loc, x, elements[1], zeroPoint));
      });
  return generic.getResult(0);
}

Value buildDynamicQuantize(OpBuilder &builder, Location loc, Value input,
                           ArrayRef<int64_t> rows, const QuantParams &params,
                           const DynamicRanges &ranges) {
  return buildOnRows(builder, loc, input, rows, params, ranges,
                     params.storageType(),
                     [&](OpBuilder &b, Location loc, Value q, Value, Value) {
                       return buildToStorage(b, loc, q, params.storageType());
                     });
}

Value buildDynamicFakeQuant(OpBuilder &builder, Location loc, Value input,
                            ArrayRef<int64_t> rows, const QuantParams &params,
                            bool isSymmetric) {
  DynamicRanges ranges =
      buildDynamicRanges(builder, loc, input, rows, params, isSymmetric);
  return buildOnRows(builder, loc, input, rows, params, ranges,
                     builder.getF32Type(),
                     [](OpBuilder &b, Location loc, Value q, Value scale,
                        Value zeroPoint) -> Value {
                       // Both are integers below 2^24: the difference is exact
                       // in float.
                       q = arith::SubFOp::create(b, loc, q, zeroPoint);
                       return arith::MulFOp::create(b, loc, q, scale);
                     });
}

//===----------------------------------------------------------------------===//
// Lowering to linalg on storage
//===----------------------------------------------------------------------===//

namespace {

struct DynamicQuantizeLowering : OpConversionPattern<DynamicQuantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DynamicQuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto params = *QuantParams::get(op.getResult().getType().getElementType());
    DynamicRanges ranges =
        buildDynamicRanges(rewriter, op.getLoc(), adaptor.getInput(),
                           op.getRows(), params, op.getSymmetric());
    SmallVector<Value> results{
        buildDynamicQuantize(rewriter, op.getLoc(), adaptor.getInput(),
                             op.getRows(), params, ranges),
        ranges.scale};
    if (ranges.zeroPoint)
      results.push_back(ranges.zeroPoint);
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct SubtractZeroPointLowering : OpConversionPattern<SubtractZeroPointOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(SubtractZeroPointOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<AffineMap> maps = op.getIndexingMaps();
    // Dimensions of the weights that the accumulators have too.
    SmallVector<int64_t> kept;
    SmallVector<AffineExpr> sumExprs;
    for (auto [position, expr] : llvm::enumerate(maps[2].getResults()))
      if (std::optional<unsigned> at = maps[0].getResultPosition(expr)) {
        kept.push_back(position);
        sumExprs.push_back(rewriter.getAffineDimExpr(*at));
      }
    Value sums = buildSums(rewriter, op, adaptor.getWeights(), kept);
    unsigned rank = maps[0].getNumResults();
    SmallVector<AffineExpr> zeroPointExprs;
    for (AffineExpr expr : maps[1].getResults())
      zeroPointExprs.push_back(
          rewriter.getAffineDimExpr(*maps[0].getResultPosition(expr)));
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    MLIRContext *context = rewriter.getContext();
    Value empty = createEmptyLike(rewriter, loc, adaptor.getAccumulators(),
                                  rewriter.getI32Type());
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, TypeRange(empty.getType()),
        ValueRange{adaptor.getAccumulators(), adaptor.getZeroPoint(), sums},
        ValueRange(empty),
        ArrayRef<AffineMap>{
            identity, AffineMap::get(rank, 0, zeroPointExprs, context),
            AffineMap::get(rank, 0, sumExprs, context), identity},
        getParallel(rank), [](OpBuilder &b, Location loc, ValueRange elements) {
          Value share = arith::MulIOp::create(b, loc, elements[1], elements[2]);
          linalg::YieldOp::create(
              b, loc,
              ValueRange(arith::SubIOp::create(b, loc, elements[0], share)));
        });
    return success();
  }

private:
  /// `sum (w - zp_w)` over the dimensions of the weights that are not kept.
  static Value buildSums(OpBuilder &builder, SubtractZeroPointOp op,
                         Value storage, ArrayRef<int64_t> kept) {
    auto params = *QuantParams::get(op.getWeights().getType().getElementType());
    if (Value sums = foldSums(builder, op, params, kept))
      return sums;
    Location loc = op.getLoc();
    Type i32 = builder.getI32Type();
    int64_t rank = cast<RankedTensorType>(storage.getType()).getRank();
    MLIRContext *context = builder.getContext();
    SmallVector<Value> inputs{storage};
    SmallVector<AffineMap> maps{builder.getMultiDimIdentityMap(rank)};
    if (params.axis) {
      SmallVector<int32_t> zeroPoints(params.zeroPoints.begin(),
                                      params.zeroPoints.end());
      inputs.push_back(createConstant(builder, loc,
                                      {static_cast<int64_t>(zeroPoints.size())},
                                      ArrayRef<int32_t>(zeroPoints)));
      maps.push_back(getRowMap(context, rank, {*params.axis}));
    }
    maps.push_back(getRowMap(context, rank, kept));
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::reduction);
    for (int64_t dim : kept)
      iterators[dim] = utils::IteratorType::parallel;
    Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
    Value empty = createEmptyRows(builder, loc, storage, kept, i32);
    Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
    auto generic = linalg::GenericOp::create(
        builder, loc, init.getType(), inputs, init, maps, iterators,
        [&](OpBuilder &b, Location loc, ValueRange elements) {
          Value w = buildFromStorage(b, loc, elements[0], params);
          if (params.axis)
            w = arith::SubIOp::create(b, loc, w, elements[1]);
          else if (params.hasZeroPoint())
            w = arith::SubIOp::create(
                b, loc, w,
                arith::ConstantIntOp::create(b, loc, params.zeroPoint(0), 32));
          linalg::YieldOp::create(
              b, loc,
              ValueRange(arith::AddIOp::create(b, loc, elements.back(), w)));
        });
    return generic.getResult(0);
  }

  /// The sums of constant weights, or null.
  static Value foldSums(OpBuilder &builder, SubtractZeroPointOp op,
                        const QuantParams &params, ArrayRef<int64_t> kept) {
    std::optional<SmallVector<int32_t>> weights =
        getStoredValues(op.getWeights());
    if (!weights)
      return {};
    RankedTensorType type = op.getWeights().getType();
    SmallVector<int64_t> shape;
    for (int64_t dim : kept)
      shape.push_back(type.getDimSize(dim));
    SmallVector<uint32_t> sums(ShapedType::getNumElements(shape), 0);
    SmallVector<int64_t> indices(type.getRank(), 0);
    for (int32_t weight : *weights) {
      int64_t at = 0;
      for (auto [dim, size] : llvm::zip(kept, shape))
        at = at * size + indices[dim];
      int64_t channel = params.axis ? indices[*params.axis] : 0;
      sums[at] += static_cast<uint32_t>(weight - params.zeroPoint(channel));
      for (int64_t dim = type.getRank() - 1;
           dim >= 0 && ++indices[dim] == type.getDimSize(dim); --dim)
        indices[dim] = 0;
    }
    SmallVector<int32_t> values(sums.begin(), sums.end());
    return createConstant(builder, op.getLoc(), shape,
                          ArrayRef<int32_t>(values));
  }
};

} // namespace

void populateDynamicLowerings(const TypeConverter &converter,
                              RewritePatternSet &patterns) {
  patterns.add<DynamicQuantizeLowering, SubtractZeroPointLowering>(
      converter, patterns.getContext());
}

} // namespace quanta
