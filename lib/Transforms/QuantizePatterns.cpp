//===- QuantizePatterns.cpp - Quantization beside contractions ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizePatterns.h"

#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Clamp.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;

namespace quanta {

RankedTensorType getQuantizedTensorType(FakeQuantOp op) {
  return op.getInput().getType().clone(op.getQuantizedType());
}

DynamicQuantizeOp createDynamicQuantize(OpBuilder &builder,
                                        DynamicFakeQuantOp op) {
  RankedTensorType type = op.getInput().getType();
  SmallVector<int64_t> sizes;
  for (int64_t row : op.getRows())
    sizes.push_back(type.getDimSize(row));
  SmallVector<Type> types{type.clone(op.getQuantizedType()),
                          RankedTensorType::get(sizes, builder.getF32Type())};
  if (!op.getSymmetric())
    types.push_back(RankedTensorType::get(sizes, builder.getI32Type()));
  return DynamicQuantizeOp::create(builder, op.getLoc(), types, op.getInput(),
                                   op.getRowsAttr(), op.getSymmetricAttr(),
                                   op.getNameAttr());
}

Value buildStored(OpBuilder &builder, FakeQuantOp fake) {
  FloatType type = fake.getFloatType();
  auto constant =
      dyn_cast_or_null<DenseFPElementsAttr>(getDenseConstant(fake.getInput()));
  if (!constant)
    return buildTruncation(builder, fake.getLoc(), fake.getInput(), type);
  DenseElementsAttr stored = constant.mapValues(type, [&](APFloat value) {
    bool losesInfo;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return value.bitcastToAPInt();
  });
  return arith::ConstantOp::create(builder, fake.getLoc(), stored);
}

Value createZerosLike(OpBuilder &builder, Location loc, Value like) {
  Value empty = createEmptyLike(builder, loc, like, builder.getF32Type());
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(builder.getF32Type()));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

static std::optional<SmallVector<int32_t>>
getBiasIntegers(Value bias, const QuantParams &accumulators) {
  std::optional<SmallVector<float>> values = getConstantFloats(bias);
  if (!values)
    return std::nullopt;
  // Half of the range is left to the sum of products.
  constexpr int32_t limit = 1 << 30;
  // A tenth of a percent: coarser, the rounding would show in the result.
  constexpr double tolerance = 1.0 / 1024;
  double largest = 0, worst = 0;
  SmallVector<int32_t> result;
  for (auto [channel, value] : llvm::enumerate(*values)) {
    int32_t q;
    double scale =
        accumulators.scales[accumulators.scales.size() == 1 ? 0 : channel];
    if (!reference::quantizeBias(value, scale, q) || q > limit || q < -limit)
      return std::nullopt;
    largest = std::max<double>(largest, std::abs(value));
    worst = std::max(worst, std::abs(value - q * scale));
    result.push_back(q);
  }
  if (worst > largest * tolerance)
    return std::nullopt;
  return result;
}

Value quantizeBias(OpBuilder &builder, Location loc, Value bias, Type type) {
  std::optional<SmallVector<int32_t>> values =
      getBiasIntegers(bias, *QuantParams::get(type));
  if (!values)
    return {};
  auto shape = cast<RankedTensorType>(bias.getType()).getShape();
  Value constant =
      createConstant(builder, loc, shape, ArrayRef<int32_t>(*values));
  return quant::StorageCastOp::create(
      builder, loc, RankedTensorType::get(shape, type), constant);
}

namespace {

/// What no quantized operation took over.
struct SplitFakeQuant : OpRewritePattern<FakeQuantOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FakeQuantOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getFloatType()) {
      Value stored = buildStored(rewriter, op);
      rewriter.replaceOp(op, ElementwiseBuilder(rewriter, op.getLoc(), stored)
                                 .build(rewriter.getF32Type(),
                                        [](OpBuilder &b, Location loc,
                                           ValueRange elements) -> Value {
                                          return arith::ExtFOp::create(
                                              b, loc, b.getF32Type(),
                                              elements[0]);
                                        }));
      return success();
    }
    // Only weights are stored with a scale for each block.
    if (!QuantParams::get(op.getQuantizedType())) {
      rewriter.replaceOp(op,
                         buildFakeQuant(rewriter, op.getLoc(), op.getInput(),
                                        op.getQuantizedType()));
      return success();
    }
    Value quantized =
        QuantizeOp::create(rewriter, op.getLoc(), getQuantizedTensorType(op),
                           op.getInput(), op.getNameAttr());
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op.getType(), quantized);
    return success();
  }
};

/// The same with a range found at run time: `(q - zp) * s`.
struct SplitDynamicFakeQuant : OpRewritePattern<DynamicFakeQuantOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DynamicFakeQuantOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto quantized = createDynamicQuantize(rewriter, op);
    Value result = DequantizeOp::create(rewriter, loc, op.getType(),
                                        quantized.getResult());
    ElementwiseBuilder elementwise(rewriter, loc, result);
    unsigned scale = elementwise.addInput(quantized.getScale(), op.getRows());
    std::optional<unsigned> zeroPoint;
    if (quantized.getZeroPoint())
      zeroPoint = elementwise.addInput(quantized.getZeroPoint(), op.getRows());
    result = elementwise.build(
        rewriter.getF32Type(),
        [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
          Value x = elements[0];
          if (zeroPoint) {
            Value zp = elementwise.get(b, loc, elements, *zeroPoint);
            zp = arith::SIToFPOp::create(b, loc, b.getF32Type(), zp);
            x = arith::SubFOp::create(b, loc, x, zp);
          }
          return arith::MulFOp::create(
              b, loc, x, elementwise.get(b, loc, elements, scale));
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The padding with zeros, for one reader and of sizes that quanta.pad takes,
/// that a value is; null if it is none.
tensor::PadOp getZeroPadding(Value value, const QuantParams &params) {
  auto pad = value.getDefiningOp<tensor::PadOp>();
  Value padding = pad ? pad.getConstantPaddingValue() : Value();
  if (!padding || !matchPattern(padding, m_AnyZeroFloat()) ||
      !pad->hasOneUse() || params.axis)
    return {};
  for (ArrayRef<int64_t> sizes : {pad.getStaticLow(), pad.getStaticHigh()})
    if (llvm::any_of(sizes, [](int64_t size) { return size < 0; }))
      return {};
  return pad;
}

/// `dequantize`, an optional clamp, `quantize`: one `requantize`, with a
/// padding with zeros ahead of `quantize` behind it.
struct FormRequantize : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getInput();
    auto to = *QuantParams::get(op.getType().getElementType());
    tensor::PadOp pad = getZeroPadding(input, to);
    if (pad)
      input = pad.getSource();
    std::optional<ClampBounds> clamp = matchClamp(input);
    if (clamp)
      input = clamp->input;
    auto dequantize = getDequantize(input);
    if (!dequantize)
      return rewriter.notifyMatchFailure(
          op, "its input is not dequantized, with at most a clamp between");
    auto from =
        *QuantParams::get(dequantize.getInput().getType().getElementType());
    if (from.axis && to.axis && *from.axis != *to.axis)
      return rewriter.notifyMatchFailure(
          op, "the types are quantized along different dimensions");
    DenseI64ArrayAttr bounds;
    if (clamp) {
      if (to.axis)
        return rewriter.notifyMatchFailure(
            op, "a clamp differs between the channels of its result");
      auto toStorage = [&](float x) -> int64_t {
        return reference::quantize(x, to.scale(0), to.zeroPoint(0), to.range);
      };
      bounds = rewriter.getDenseI64ArrayAttr(
          {toStorage(clamp->low), toStorage(clamp->high)});
    }
    if (!pad) {
      rewriter.replaceOpWithNewOp<RequantizeOp>(
          op, op.getType(), dequantize.getInput(), bounds, op.getNameAttr());
      return success();
    }
    Value result = RequantizeOp::create(
        rewriter, op.getLoc(),
        pad.getSourceType().clone(op.getType().getElementType()),
        dequantize.getInput(), bounds, StringAttr());
    rewriter.replaceOpWithNewOp<PadOp>(op, op.getType(), result,
                                       pad.getStaticLow(), pad.getStaticHigh(),
                                       IntegerAttr(), op.getNameAttr());
    return success();
  }
};

/// `quantize` goes ahead of a cast that forgets sizes, which would hide from it
/// the `dequantize` that it can be one `requantize` with.
struct QuantizeBeforeCast : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto cast = op.getInput().getDefiningOp<tensor::CastOp>();
    if (!cast || !cast->hasOneUse() || !tensor::canFoldIntoConsumerOp(cast))
      return rewriter.notifyMatchFailure(op, "its input is known best");
    auto type = llvm::cast<RankedTensorType>(cast.getSource().getType());
    Value quantized = QuantizeOp::create(
        rewriter, op.getLoc(), type.clone(op.getType().getElementType()),
        cast.getSource(), op.getNameAttr());
    rewriter.replaceOpWithNewOp<tensor::CastOp>(op, op.getType(), quantized);
    return success();
  }
};

} // namespace

void populateQuantizePatterns(RewritePatternSet &patterns) {
  patterns.add<SplitFakeQuant, SplitDynamicFakeQuant, FormRequantize,
               QuantizeBeforeCast>(patterns.getContext());
}

} // namespace quanta
