//===- SinkDequantize.cpp - Move elements while they are quantized --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoveScales.h"
#include "PoolWindows.h"
#include "QuantizedAxis.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/FlattenMatmuls.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/RaiseContractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SINKDEQUANTIZE
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The type with its quantized dimension, if it has one, renamed to `axis`;
/// null if there is none any more.
Type moveAxis(Type type, std::optional<int32_t> axis) {
  if (!isa<quant::UniformQuantizedPerAxisType>(type))
    return type;
  return axis ? withAxis(type, *axis) : Type();
}

/// What is dequantized from at most 16 bits: accumulators are not smaller than
/// floats.
DequantizeOp getNarrow(Value value) {
  DequantizeOp op = getDequantize(value);
  return op && QuantParams::get(op.getInput().getType().getElementType())
                         ->storageWidth() <= 16
             ? op
             : DequantizeOp();
}

bool isStoredConstant(DequantizeOp op) {
  auto cast = op.getInput().getDefiningOp<quant::StorageCastOp>();
  return cast && getConstant(cast.getInput());
}

/// The storage of what is dequantized. A cast of a constant goes, so that the
/// constant is moved at compile time.
Value getStored(OpBuilder &builder, Location loc, DequantizeOp dequantize) {
  Value input = dequantize.getInput();
  if (isStoredConstant(dequantize))
    return input.getDefiningOp<quant::StorageCastOp>().getInput();
  auto type = cast<RankedTensorType>(input.getType());
  auto params = *QuantParams::getOfWeight(type.getElementType());
  return quant::StorageCastOp::create(builder, loc,
                                      type.clone(params.storageType()), input);
}

/// Whether `op` splits the channels of a convolution's weights into groups: the
/// convolution is formed with the channels of all of them, which have scales.
bool isGrouped(Operation *op) {
  return isa<tensor::ExpandShapeOp>(op) &&
         llvm::any_of(op->getUsers(),
                      llvm::IsaPred<linalg::Conv2DNgchwGfchwOp,
                                    linalg::Conv2DNgchwFgchwOp>);
}

/// Operations that move elements do so on the storage, whatever it stands for.
struct SinkThroughMove : RewritePattern {
  SinkThroughMove(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp, tensor::CastOp, linalg::TransposeOp>(op))
      return rewriter.notifyMatchFailure(op, "does more than move elements");
    auto dequantize = op->getOperand(0).getDefiningOp<DequantizeOp>();
    auto resultType = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!dequantize || !resultType)
      return rewriter.notifyMatchFailure(op, "what it moves is float");
    RankedTensorType inputType = dequantize.getInput().getType();
    auto params = *QuantParams::getOfWeight(inputType.getElementType());
    if (params.storageWidth() > 16)
      return rewriter.notifyMatchFailure(op, "floats are not larger");
    Location loc = op->getLoc();
    Type type = moveScales(op, inputType,
                           isStoredConstant(dequantize) && !isGrouped(op));
    if (!type)
      return rewriter.notifyMatchFailure(op, "the quantized dimension is lost");
    IntegerType storage = params.storageType();
    Value stored = getStored(rewriter, loc, dequantize);
    IRMapping mapping;
    mapping.map(op->getOperand(0), stored);
    Operation *moved;
    if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
      Value empty = tensor::EmptyOp::create(
          rewriter, loc,
          tensor::getMixedSizes(rewriter, loc, transpose.getInit()), storage);
      moved = linalg::TransposeOp::create(rewriter, loc, stored, empty,
                                          transpose.getPermutation());
    } else {
      moved = rewriter.clone(*op, mapping);
      moved->getResult(0).setType(resultType.clone(storage));
    }
    Value quantized = quant::StorageCastOp::create(
        rewriter, loc,
        cast<RankedTensorType>(moved->getResult(0).getType()).clone(type),
        moved->getResult(0));
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, resultType, quantized,
                                              dequantize.getNameAttr());
    return success();
  }
};

/// Elements taken one by one at computed indices, as a transposed convolution
/// flips its weights.
struct SinkThroughGather : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!linalg::isElementwise(op) || op.getNumDpsInputs() != 0 ||
        op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "computes with elements");
    auto extract = op.getBody()
                       ->getTerminator()
                       ->getOperand(0)
                       .getDefiningOp<tensor::ExtractOp>();
    DequantizeOp dequantize =
        extract ? getNarrow(extract.getTensor()) : DequantizeOp();
    if (!dequantize || extract->getBlock() != op.getBody() ||
        !extract->hasOneUse() || !op.getBody()->getArgument(0).use_empty())
      return rewriter.notifyMatchFailure(op, "takes no quantized elements");
    Type quantizedType = dequantize.getInput().getType().getElementType();
    auto params = *QuantParams::get(quantizedType);
    Type type = moveAxis(quantizedType, getLoop(extract, params.axis));
    if (!type)
      return rewriter.notifyMatchFailure(op, "the quantized dimension is lost");
    Location loc = op.getLoc();
    auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
    IRMapping mapping;
    mapping.map(extract.getTensor(), getStored(rewriter, loc, dequantize));
    Value empty = tensor::EmptyOp::create(
        rewriter, loc,
        tensor::getMixedSizes(rewriter, loc, op.getDpsInits().front()),
        params.storageType());
    auto moved = linalg::GenericOp::create(
        rewriter, loc, empty.getType(), ValueRange(), empty,
        op.getIndexingMapsArray(), op.getIteratorTypesArray(),
        [&](OpBuilder &b, Location, ValueRange) {
          for (Operation &inner : op.getBody()->without_terminator()) {
            Operation *copy = b.clone(inner, mapping);
            if (&inner == extract)
              copy->getResult(0).setType(params.storageType());
          }
          linalg::YieldOp::create(b, loc, mapping.lookup(extract.getResult()));
        });
    Value quantized = quant::StorageCastOp::create(
        rewriter, loc, resultType.clone(type), moved->getResult(0));
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, resultType, quantized,
                                              dequantize.getNameAttr());
    return success();
  }

private:
  /// The loop whose index is that along dimension `axis`.
  static std::optional<int32_t> getLoop(tensor::ExtractOp extract,
                                        std::optional<int32_t> axis) {
    auto index =
        axis ? extract.getIndices()[*axis].getDefiningOp<linalg::IndexOp>()
             : linalg::IndexOp();
    return index ? std::optional<int32_t>(index.getDim()) : std::nullopt;
  }
};

/// Zeros between elements become zero points.
struct SinkThroughInsert : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::InsertSliceOp op,
                                PatternRewriter &rewriter) const override {
    DequantizeOp dequantize = getNarrow(op.getSource());
    auto fill = op.getDest().getDefiningOp<linalg::FillOp>();
    if (!dequantize || !fill ||
        !matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
      return rewriter.notifyMatchFailure(
          op, "does not insert a dequantized tensor into zeros");
    Type type = dequantize.getInput().getType().getElementType();
    auto params = *QuantParams::get(type);
    if (params.axis)
      return rewriter.notifyMatchFailure(op, "has several scales");
    Location loc = op.getLoc();
    IntegerType storage = params.storageType();
    Value zeroPoint = arith::ConstantOp::create(
        rewriter, loc,
        rewriter.getIntegerAttr(
            storage, APInt(storage.getWidth(),
                           static_cast<uint64_t>(params.zeroPoint(0)),
                           /*isSigned=*/true, /*implicitTrunc=*/true)));
    Value empty = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getDest()),
        storage);
    Value filled =
        linalg::FillOp::create(rewriter, loc, zeroPoint, empty).getResult(0);
    Value inserted = tensor::InsertSliceOp::create(
        rewriter, loc, getStored(rewriter, loc, dequantize), filled,
        op.getMixedOffsets(), op.getMixedSizes(), op.getMixedStrides());
    Value quantized = quant::StorageCastOp::create(
        rewriter, loc, op.getType().clone(type), inserted);
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op.getType(), quantized,
                                              dequantize.getNameAttr());
    return success();
  }
};

/// Sums are rounded where they are computed: what is reshaped is the result.
struct QuantizeBeforeExpand : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<tensor::ExpandShapeOp>();
    if (!reshape || !reshape->hasOneUse() ||
        !reshape.getSrc().getDefiningOp<linalg::LinalgOp>())
      return rewriter.notifyMatchFailure(op, "is of no reshaped sums");
    RankedTensorType type = op.getType();
    auto params = *QuantParams::get(type.getElementType());
    if (params.axis)
      return rewriter.notifyMatchFailure(op, "has several scales");
    Location loc = op.getLoc();
    Value source = reshape.getSrc();
    auto sourceType = cast<RankedTensorType>(source.getType());
    Value quantized = QuantizeOp::create(
        rewriter, loc, sourceType.clone(type.getElementType()), source,
        op.getNameAttr());
    Value stored = quant::StorageCastOp::create(
        rewriter, loc, sourceType.clone(params.storageType()), quantized);
    IRMapping mapping;
    mapping.map(source, stored);
    Operation *moved = rewriter.clone(*reshape, mapping);
    moved->getResult(0).setType(type.clone(params.storageType()));
    rewriter.replaceOpWithNewOp<quant::StorageCastOp>(op, type,
                                                      moved->getResult(0));
    return success();
  }
};

/// Zero becomes the zero point.
struct SinkThroughPad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op,
                                PatternRewriter &rewriter) const override {
    DequantizeOp dequantize = getNarrow(op.getSource());
    Value padding = op.getConstantPaddingValue();
    if (!dequantize || !padding || !matchPattern(padding, m_AnyZeroFloat()))
      return rewriter.notifyMatchFailure(
          op, "does not pad a dequantized tensor with zero");
    ArrayRef<int64_t> low = op.getStaticLow(), high = op.getStaticHigh();
    auto params =
        *QuantParams::get(dequantize.getInput().getType().getElementType());
    if (ShapedType::isDynamicShape(low) || ShapedType::isDynamicShape(high) ||
        !llvm::all_equal(params.zeroPoints) ||
        llvm::any_of(low, [](int64_t size) { return size < 0; }) ||
        llvm::any_of(high, [](int64_t size) { return size < 0; }) ||
        (params.axis && (low[*params.axis] || high[*params.axis])))
      return rewriter.notifyMatchFailure(op, "quanta.pad cannot do it");
    Value padded =
        PadOp::create(rewriter, op.getLoc(), dequantize.getInput(), low, high,
                      IntegerAttr(), /*name=*/StringAttr());
    Value result = DequantizeOp::create(
        rewriter, op.getLoc(),
        cast<RankedTensorType>(padded.getType()).clone(rewriter.getF32Type()),
        padded, dequantize.getNameAttr());
    if (result.getType() != op.getType())
      result =
          tensor::CastOp::create(rewriter, op.getLoc(), op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The order of stored integers is that of the values they stand for.
struct SinkThroughMaxPool : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<PoolWindows> windows =
        isMaximum(op) ? getPoolWindows(op) : FailureOr<PoolWindows>(failure());
    if (failed(windows))
      return rewriter.notifyMatchFailure(op, "is no maximum pooling");
    Value input = op->getOperand(0);
    auto pad = input.getDefiningOp<tensor::PadOp>();
    if (pad)
      input = pad.getSource();
    DequantizeOp dequantize = getNarrow(input);
    if (!dequantize || !isLowest(op.getDpsInitOperand(0)->get()))
      return rewriter.notifyMatchFailure(op, "does not pool quantized values");
    auto type = cast<RankedTensorType>(dequantize.getInput().getType());
    auto params = *QuantParams::get(type.getElementType());
    if (params.axis && llvm::is_contained(windows->dimensions, *params.axis))
      return rewriter.notifyMatchFailure(op, "pools elements of many scales");
    Value source = dequantize.getInput();
    if (pad) {
      source = padWithLowest(rewriter, pad, source, *windows);
      if (!source)
        return rewriter.notifyMatchFailure(op,
                                           "its padding is of another kind");
    }
    auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
    Value pooled = MaxPoolOp::create(
        rewriter, op.getLoc(), resultType.clone(type.getElementType()), source,
        windows->dimensions, windows->sizes, windows->strides,
        windows->dilations, StringAttr());
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, resultType, pooled,
                                              dequantize.getNameAttr());
    return success();
  }

private:
  /// Whether an operation is `max(x, out)`.
  static bool isMaximum(linalg::LinalgOp op) {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || op->getNumResults() != 1)
      return false;
    Block *body = op.getBlock();
    Operation *maximum = body->getTerminator()->getOperand(0).getDefiningOp();
    return isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp>(maximum) &&
           llvm::is_contained(maximum->getOperands(), body->getArgument(0)) &&
           llvm::is_contained(maximum->getOperands(), body->getArgument(2));
  }

  static bool isLowest(Value value) {
    if (auto fill = value.getDefiningOp<linalg::FillOp>())
      value = fill.getInputs().front();
    APFloat number(0.0);
    return matchPattern(value, m_ConstantFloat(&number)) &&
           number.isNegative() && (number.isInfinity() || number.isLargest());
  }

  /// Padding with -inf never wins, as long as each window has an element: nor
  /// does the smallest stored integer.
  static Value padWithLowest(OpBuilder &builder, tensor::PadOp pad,
                             Value source, const PoolWindows &windows) {
    Value padding = pad.getConstantPaddingValue();
    ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
    if (!padding || !isLowest(padding))
      return {};
    for (auto [dim, sizes] : llvm::enumerate(llvm::zip(low, high))) {
      auto [before, after] = sizes;
      const int64_t *it =
          llvm::find(windows.dimensions, static_cast<int64_t>(dim));
      bool isPooled = it != windows.dimensions.end();
      int64_t index = it - windows.dimensions.begin();
      int64_t reach =
          isPooled ? (windows.sizes[index] - 1) * windows.dilations[index] : 0;
      if (ShapedType::isDynamic(before) || ShapedType::isDynamic(after) ||
          before < 0 || after < 0 || before > reach || after > reach)
        return {};
      // With holes in the window, it may miss all elements.
      if (isPooled && (before || after) && windows.dilations[index] != 1)
        return {};
    }
    auto params = *QuantParams::get(
        cast<RankedTensorType>(source.getType()).getElementType());
    return PadOp::create(builder, pad.getLoc(), source, low, high,
                         builder.getI64IntegerAttr(params.range.min),
                         /*name=*/StringAttr());
  }
};

struct SinkDequantizePass : impl::SinkDequantizeBase<SinkDequantizePass> {
  void runOnOperation() override {
    if (failed(checkStage(
            getOperation(),
            {Stage::Float, Stage::Observed, Stage::Simulated, Stage::Quantized},
            getArgument())))
      return signalPassFailure();
    if (getStage(getOperation()) != Stage::Quantized)
      return;
    // Weights that are repeated for each product of a batch need not move.
    if (failed(raiseContractions(getOperation())) ||
        failed(flattenMatmuls(getOperation())))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkThroughMove, SinkThroughGather, SinkThroughInsert,
                 QuantizeBeforeExpand, SinkThroughPad, SinkThroughMaxPool>(
        &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ||
        failed(foldConstants(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
