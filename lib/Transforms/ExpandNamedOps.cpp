//===- ExpandNamedOps.cpp - Named layers as general operations ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/ConvolutionShape.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_EXPANDNAMEDOPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct ExpandBatchMatmul : OpRewritePattern<BatchMatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchMatmulOp op,
                                PatternRewriter &rewriter) const override {
    auto rank = static_cast<unsigned>(op.getResult().getType().getRank());
    // The batch, then m, n and k.
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim <= rank; ++dim)
      dims.push_back(rewriter.getAffineDimExpr(dim));
    auto makeMap = [&](unsigned row, unsigned column) {
      SmallVector<AffineExpr> exprs(dims.begin(), dims.begin() + (rank - 2));
      exprs.append({dims[row], dims[column]});
      return AffineMap::get(rank + 1, 0, exprs, rewriter.getContext());
    };
    unsigned m = rank - 2, n = rank - 1, k = rank;
    AffineMap maps[] = {makeMap(m, k), makeMap(k, n), makeMap(m, n)};
    rewriter.replaceOpWithNewOp<ContractOp>(
        op, op.getResult().getType(), op.getLhs(), op.getRhs(), op.getBias(),
        rewriter.getAffineMapArrayAttr(maps), rewriter.getI32IntegerAttr(n));
    return success();
  }
};

template <typename OpTy> struct ExpandConvolution : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    ConvolutionShape shape = getConvolutionShape(op);
    Value input = pad(op, shape, rewriter);
    // With one channel for each group there is nothing to sum over.
    int64_t depth = shape.channels / shape.groups;
    bool isDepthwise = depth == 1 && shape.groups > 1;
    Value weights = isDepthwise ? dropChannel(op, rewriter) : op.getWeights();
    rewriter.replaceOpWithNewOp<ContractOp>(
        op, op.getResult().getType(), input, weights, op.getBias(),
        rewriter.getAffineMapArrayAttr(
            makeMaps(shape, depth, isDepthwise, rewriter)),
        rewriter.getI32IntegerAttr(static_cast<int32_t>(shape.channelDim)));
    return success();
  }

private:
  static constexpr int64_t count = OpTy::spatialDims;

  static Value pad(OpTy op, const ConvolutionShape &shape,
                   PatternRewriter &rewriter) {
    if (llvm::all_of(shape.pads, [](int64_t pad) { return pad == 0; }))
      return op.getInput();
    SmallVector<int64_t> low(count + 2, 0), high(count + 2, 0);
    for (int64_t i = 0; i < count; ++i) {
      low[shape.firstSpatialDim + i] = shape.pads[i];
      high[shape.firstSpatialDim + i] = shape.pads[count + i];
    }
    return PadOp::create(rewriter, op.getLoc(), op.getInput(), low, high,
                         /*value=*/IntegerAttr(), /*name=*/StringAttr());
  }

  /// Weights without their dimension of size 1; on the storage of constants, so
  /// that they stay such.
  static Value dropChannel(OpTy op, PatternRewriter &rewriter) {
    SmallVector<ReassociationIndices> groups{{0, 1}};
    for (int64_t i = 0; i < count; ++i)
      groups.push_back({2 + i});
    RankedTensorType type = op.getWeights().getType();
    SmallVector<int64_t> sizes(type.getShape());
    sizes.erase(sizes.begin() + 1);
    auto cast = op.getWeights().template getDefiningOp<quant::StorageCastOp>();
    Value source = cast ? cast.getInput() : op.getWeights();
    auto sourceType = llvm::cast<RankedTensorType>(source.getType());
    Value collapsed = rewriter.createOrFold<tensor::CollapseShapeOp>(
        op.getLoc(), sourceType.clone(sizes), source, groups);
    if (!cast)
      return collapsed;
    return quant::StorageCastOp::create(rewriter, op.getLoc(),
                                        type.clone(sizes), collapsed);
  }

  /// Iterators: image, filter, positions, channel of the group (if there are
  /// several), taps.
  static SmallVector<AffineMap> makeMaps(const ConvolutionShape &shape,
                                         int64_t depth, bool isDepthwise,
                                         PatternRewriter &rewriter) {
    auto dim = [&](int64_t position) {
      return rewriter.getAffineDimExpr(static_cast<unsigned>(position));
    };
    int64_t firstTap = 2 + count + (isDepthwise ? 0 : 1);
    AffineExpr filter = dim(1), channel = filter;
    if (isDepthwise)
      channel = filter.floorDiv(shape.filters / shape.groups);
    else if (shape.groups == 1)
      channel = dim(2 + count);
    else
      channel = filter.floorDiv(shape.filters / shape.groups) * depth +
                dim(2 + count);
    SmallVector<AffineExpr> input(count + 2), weights{filter},
        result(count + 2);
    input[0] = result[0] = dim(0);
    input[shape.channelDim] = channel;
    result[shape.channelDim] = filter;
    if (!isDepthwise)
      weights.push_back(dim(2 + count));
    for (int64_t i = 0; i < count; ++i) {
      AffineExpr position = dim(2 + i), tap = dim(firstTap + i);
      input[shape.firstSpatialDim + i] =
          position * shape.strides[i] + tap * shape.dilations[i];
      result[shape.firstSpatialDim + i] = position;
      weights.push_back(tap);
    }
    auto iterators = static_cast<unsigned>(firstTap + count);
    MLIRContext *context = rewriter.getContext();
    return {AffineMap::get(iterators, 0, input, context),
            AffineMap::get(iterators, 0, weights, context),
            AffineMap::get(iterators, 0, result, context)};
  }
};

/// Float operations between a dequantization and a quantization.
struct ExpandSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type =
        op.getInput().getType().clone(rewriter.getF32Type());
    Value input = DequantizeOp::create(rewriter, loc, type, op.getInput(),
                                       /*name=*/StringAttr());
    Value init = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, input),
        type.getElementType());
    auto softmax = linalg::SoftmaxOp::create(
        rewriter, loc, TypeRange{type}, input, init,
        rewriter.getI64IntegerAttr(static_cast<int32_t>(op.getDimension())));
    FailureOr<SmallVector<Value>> values = softmax.decomposeOperation(rewriter);
    if (failed(values))
      return failure();
    rewriter.eraseOp(softmax);
    rewriter.replaceOpWithNewOp<QuantizeOp>(op, op.getResult().getType(),
                                            values->front(),
                                            /*name=*/StringAttr());
    return success();
  }
};

/// Layer normalization of the rows of an f32 tensor: an operation of `linalg`
/// for each step.
class RowNormalizer {
public:
  RowNormalizer(OpBuilder &builder, Location loc, Value x,
                const APFloat &epsilon)
      : builder(builder), loc(loc), x(x),
        sizes(tensor::getMixedSizes(builder, loc, x)) {
    auto type = cast<RankedTensorType>(x.getType());
    auto rank = static_cast<unsigned>(type.getRank());
    identity = builder.getMultiDimIdentityMap(rank);
    row = AffineMap::get(rank, 0, identity.getResults().drop_back(),
                         builder.getContext());
    rowsOnly = builder.getMultiDimIdentityMap(rank - 1);
    count = number(APFloat(static_cast<float>(type.getDimSize(rank - 1))));
    this->epsilon = number(epsilon);
    one = number(APFloat(1.0f));
  }

  /// `weight` and `bias` are of the row's elements, or null.
  Value build(Value weight, Value bias) {
    Value means = buildMeans();
    Value factors = buildFactors(means);
    return apply(means, factors, weight, bias);
  }

private:
  OpBuilder &builder;
  Location loc;
  Value x, count, epsilon, one;
  SmallVector<OpFoldResult> sizes;
  /// From the elements of `x`: to themselves, and to their rows.
  AffineMap identity, row;
  /// From rows to themselves.
  AffineMap rowsOnly;

  using Body = function_ref<Value(OpBuilder &, ValueRange)>;

  Value number(const APFloat &value) {
    return arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(builder.getF32Type(), value));
  }

  Value makeEmpty(ArrayRef<OpFoldResult> shape) {
    return tensor::EmptyOp::create(builder, loc, shape, builder.getF32Type());
  }

  Value build(ValueRange inputs, ArrayRef<AffineMap> maps, Value init,
              AffineMap result, Body body) {
    SmallVector<AffineMap> all(maps);
    all.push_back(result);
    unsigned loops = result.getNumDims();
    SmallVector<utils::IteratorType> iterators(loops,
                                               utils::IteratorType::parallel);
    if (result.getNumResults() < loops)
      iterators.back() = utils::IteratorType::reduction;
    return linalg::GenericOp::create(
               builder, loc, init.getType(), inputs, init, all, iterators,
               [&](OpBuilder &b, Location, ValueRange elements) {
                 linalg::YieldOp::create(b, loc, body(b, elements));
               })
        .getResult(0);
  }

  /// The sum of each row; the body adds to its last argument.
  Value sum(ValueRange inputs, ArrayRef<AffineMap> maps, Body body) {
    Value zeros =
        linalg::FillOp::create(builder, loc,
                               number(APFloat::getZero(APFloat::IEEEsingle())),
                               makeEmpty(ArrayRef(sizes).drop_back()))
            .getResult(0);
    return build(inputs, maps, zeros, row, body);
  }

  Value mapRows(Value rows, Body body) {
    return build(rows, rowsOnly, makeEmpty(ArrayRef(sizes).drop_back()),
                 rowsOnly, body);
  }

  Value buildMeans() {
    Value sums = sum(x, identity, [&](OpBuilder &b, ValueRange e) -> Value {
      return arith::AddFOp::create(b, loc, e[1], e[0]);
    });
    return mapRows(sums, [&](OpBuilder &b, ValueRange e) -> Value {
      return arith::DivFOp::create(b, loc, e[0], count);
    });
  }

  /// `1 / sqrt(variance + epsilon)`.
  Value buildFactors(Value means) {
    Value squares = sum({x, means}, {identity, row},
                        [&](OpBuilder &b, ValueRange e) -> Value {
                          Value d = arith::SubFOp::create(b, loc, e[0], e[1]);
                          Value square = arith::MulFOp::create(b, loc, d, d);
                          return arith::AddFOp::create(b, loc, e[2], square);
                        });
    return mapRows(squares, [&](OpBuilder &b, ValueRange e) -> Value {
      Value variance = arith::DivFOp::create(b, loc, e[0], count);
      Value sum = arith::AddFOp::create(b, loc, variance, epsilon);
      Value root = math::SqrtOp::create(b, loc, sum);
      return arith::DivFOp::create(b, loc, one, root);
    });
  }

  Value apply(Value means, Value factors, Value weight, Value bias) {
    SmallVector<Value> inputs{x, means, factors};
    SmallVector<AffineMap> maps{identity, row, row};
    for (Value value : {weight, bias})
      if (value) {
        inputs.push_back(value);
        maps.push_back(identity.getMinorSubMap(1));
      }
    return build(inputs, maps, makeEmpty(sizes), identity,
                 [&](OpBuilder &b, ValueRange e) -> Value {
                   Value d = arith::SubFOp::create(b, loc, e[0], e[1]);
                   Value y = arith::MulFOp::create(b, loc, d, e[2]);
                   if (weight)
                     y = arith::MulFOp::create(b, loc, y, e[3]);
                   if (bias)
                     y = arith::AddFOp::create(b, loc, y, e[weight ? 4 : 3]);
                   return y;
                 });
  }
};

/// One row for each sum: what is normalized becomes a single dimension.
struct ExpandLayerNorm : OpRewritePattern<LayerNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LayerNormOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getInput().getType();
    int64_t axis = op.getAxis(), last = type.getRank() - 1;
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < axis; ++dim)
      groups.push_back({dim});
    groups.push_back(llvm::to_vector<2>(llvm::seq(axis, last + 1)));
    Value input = op.getInput();
    if (axis != last)
      input = tensor::CollapseShapeOp::create(rewriter, loc, input, groups);
    SmallVector<ReassociationIndices> all{
        llvm::to_vector<2>(llvm::seq<int64_t>(0, last - axis + 1))};
    auto flat = [&](Value value) -> Value {
      if (!value || axis == last)
        return value;
      return rewriter.createOrFold<tensor::CollapseShapeOp>(
          loc,
          RankedTensorType::get(countFrom(type, axis), rewriter.getF32Type()),
          value, all);
    };
    RankedTensorType rows = cast<RankedTensorType>(input.getType());
    Value x = DequantizeOp::create(rewriter, loc,
                                   rows.clone(rewriter.getF32Type()), input,
                                   /*name=*/StringAttr());
    Value weight = flat(op.getWeight()), bias = flat(op.getBias());
    Value y =
        RowNormalizer(rewriter, loc, x, op.getEpsilon()).build(weight, bias);
    Value result = QuantizeOp::create(
        rewriter, loc, rows.clone(op.getResult().getType().getElementType()), y,
        /*name=*/StringAttr());
    if (axis != last)
      result = tensor::ExpandShapeOp::create(
          rewriter, loc, op.getResult().getType(), result, groups,
          tensor::getMixedSizes(rewriter, loc, op.getInput()));
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  static int64_t countFrom(RankedTensorType type, int64_t axis) {
    return ShapedType::getNumElements(type.getShape().drop_front(axis));
  }
};

struct ExpandNamedOpsPass : impl::ExpandNamedOpsBase<ExpandNamedOpsPass> {
  void runOnOperation() override {
    if (failed(expandNamedOps(getOperation())))
      signalPassFailure();
  }
};

} // namespace

LogicalResult expandNamedOps(ModuleOp module, bool keepTransposed) {
  // First: what they become is a named layer.
  RewritePatternSet sequences(module.getContext());
  populateExpandConvTranspose1D(sequences);
  walkAndApplyPatterns(module, std::move(sequences));
  if (!keepTransposed) {
    RewritePatternSet transposed(module.getContext());
    populateExpandConvTranspose(transposed);
    walkAndApplyPatterns(module, std::move(transposed));
  }
  RewritePatternSet patterns(module.getContext());
  patterns.add<ExpandBatchMatmul, ExpandConvolution<Conv1DOp>,
               ExpandConvolution<Conv2DOp>, ExpandSoftmax, ExpandLayerNorm>(
      module.getContext());
  // A walk folds nothing and touches nothing else.
  walkAndApplyPatterns(module, std::move(patterns));
  return success();
}

} // namespace quanta
