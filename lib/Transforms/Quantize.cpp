//===- Quantize.cpp - Compute on quantized tensors
//---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Clamp.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_QUANTIZE
#include "quanta/Transforms/Passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

class ContractionQuantizer {
public:
  LogicalResult run(QuantizableOpInterface op);

private:
  /// Quantized form of each fake-quantized value.
  DenseMap<Operation *, Value> quantized;

  Value quantizeFactor(FakeQuantOp op);
  static Value quantizeWeight(OpBuilder &builder, FakeQuantOp op,
                              RankedTensorType type, ArrayRef<float> values);
  static std::optional<SmallVector<int32_t>>
  quantizeBias(Value bias, const QuantParams &accumulators);
};

/// The tensor type of `op`'s result with its quantized elements.
RankedTensorType getQuantizedTensorType(FakeQuantOp op) {
  return op.getInput().getType().clone(op.getQuantizedType());
}

Value ContractionQuantizer::quantizeWeight(OpBuilder &builder, FakeQuantOp op,
                                           RankedTensorType type,
                                           ArrayRef<float> values) {
  auto params = *QuantParams::get(op.getQuantizedType());
  int64_t inner = 1, channels = 1;
  if (params.axis) {
    channels = type.getDimSize(*params.axis);
    for (int64_t dim = *params.axis + 1; dim < type.getRank(); ++dim)
      inner *= type.getDimSize(dim);
  }
  SmallVector<APInt> storage;
  storage.reserve(values.size());
  for (auto [index, value] : llvm::enumerate(values)) {
    size_t channel = static_cast<int64_t>(index) / inner % channels;
    int32_t q = reference::quantize(value, params.scale(channel),
                                    params.zeroPoint(channel), params.range);
    storage.emplace_back(params.storageWidth(), static_cast<uint64_t>(q),
                         /*isSigned=*/true, /*implicitTrunc=*/true);
  }
  auto storageType =
      RankedTensorType::get(type.getShape(), params.storageType());
  Value constant = arith::ConstantOp::create(
      builder, op.getLoc(), DenseElementsAttr::get(storageType, storage));
  return quant::StorageCastOp::create(builder, op.getLoc(), type, constant);
}

Value ContractionQuantizer::quantizeFactor(FakeQuantOp op) {
  Value &result = quantized[op];
  if (result)
    return result;
  OpBuilder builder(op);
  RankedTensorType type = getQuantizedTensorType(op);
  if (auto values = getConstantFloats(op.getInput()))
    result = quantizeWeight(builder, op, type, *values);
  else
    result = QuantizeOp::create(builder, op.getLoc(), type, op.getInput(),
                                op.getNameAttr());
  return result;
}

std::optional<SmallVector<int32_t>>
ContractionQuantizer::quantizeBias(Value bias,
                                   const QuantParams &accumulators) {
  std::optional<SmallVector<float>> values = getConstantFloats(bias);
  if (!values)
    return std::nullopt;
  // Half of the range is left to the sum of products.
  constexpr int32_t limit = 1 << 30;
  SmallVector<int32_t> result;
  for (auto [channel, value] : llvm::enumerate(*values)) {
    int32_t q;
    double scale =
        accumulators.scales[accumulators.scales.size() == 1 ? 0 : channel];
    if (!reference::quantizeBias(value, scale, q) || q > limit || q < -limit)
      return std::nullopt;
    result.push_back(q);
  }
  return result;
}

/// `tensor + init`, for an init that is not part of the accumulators.
Value addInit(OpBuilder &builder, Location loc, Value tensor, Value init) {
  ElementwiseBuilder elementwise(builder, loc, tensor);
  unsigned other = elementwise.addInput(init);
  return elementwise.build(
      builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        return arith::AddFOp::create(b, loc, elements[0],
                                     elementwise.get(b, loc, elements, other));
      });
}

LogicalResult ContractionQuantizer::run(QuantizableOpInterface op) {
  SmallVector<FakeQuantOp> fakes;
  for (OpOperand *factor : op.getFactors()) {
    auto fake = factor->get().getDefiningOp<FakeQuantOp>();
    if (!fake)
      return success();
    fakes.push_back(fake);
  }
  std::string reason;
  if (failed(op.checkQuantizable(reason))) {
    op->setAttr(attrs::floatReason, StringAttr::get(op->getContext(), reason));
    return success();
  }
  SmallVector<Value> factors;
  for (FakeQuantOp fake : fakes)
    factors.push_back(quantizeFactor(fake));
  auto lhs = *QuantParams::get(fakes[0].getQuantizedType());
  auto rhs = *QuantParams::get(fakes[1].getQuantizedType());
  int32_t channelDim = op.getChannelResultDim();
  auto accumulatorType = getAccumulatorType(lhs, rhs, channelDim);
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());

  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value init = op.getAccumulatorInit()->get();
  bool needsInit = !isZeroTensor(init);
  Value bias;
  if (Value vector = getBroadcastVector(init, channelDim)) {
    auto accumulators = *QuantParams::get(accumulatorType);
    if (auto values = quantizeBias(vector, accumulators)) {
      auto shape = cast<RankedTensorType>(vector.getType()).getShape();
      Value constant =
          createConstant(builder, loc, shape, ArrayRef<int32_t>(*values));
      bias = quant::StorageCastOp::create(
          builder, loc,
          RankedTensorType::get(shape, getAccumulatorType(lhs, rhs, 0)),
          constant);
      needsInit = false;
    } else {
      op.emitRemark() << "keeps its bias in float: it does not fit i32 at the "
                         "scale of the accumulators";
    }
  }
  // Weights may know how many channels there are where the result does not.
  SmallVector<int64_t> shape(resultType.getShape());
  if (rhs.axis)
    shape[channelDim] = static_cast<int64_t>(rhs.scales.size());
  Value result = op.buildQuantized(
      builder, factors, bias, RankedTensorType::get(shape, accumulatorType));
  result = DequantizeOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getF32Type()), result);
  if (result.getType() != resultType)
    result = tensor::CastOp::create(builder, loc, resultType, result);
  if (needsInit)
    result = addInit(builder, loc, result, init);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// What no quantized operation took over.
struct SplitFakeQuant : OpRewritePattern<FakeQuantOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FakeQuantOp op,
                                PatternRewriter &rewriter) const override {
    Value quantized =
        QuantizeOp::create(rewriter, op.getLoc(), getQuantizedTensorType(op),
                           op.getInput(), op.getNameAttr());
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op.getType(), quantized);
    return success();
  }
};

/// `dequantize`, an optional clamp, `quantize`: one `requantize`.
struct FormRequantize : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getInput();
    std::optional<ClampBounds> clamp = matchClamp(input);
    if (clamp)
      input = clamp->input;
    auto dequantize = input.getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return rewriter.notifyMatchFailure(
          op, "its input is not dequantized, with at most a clamp between");
    auto from =
        *QuantParams::get(dequantize.getInput().getType().getElementType());
    auto to = *QuantParams::get(op.getType().getElementType());
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
    rewriter.replaceOpWithNewOp<RequantizeOp>(
        op, op.getType(), dequantize.getInput(), bounds, op.getNameAttr());
    return success();
  }
};

struct QuantizePass : impl::QuantizeBase<QuantizePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(
            checkStage(module, Stage::Float, Stage::Simulated, getArgument())))
      return signalPassFailure();
    SmallVector<QuantizableOpInterface> ops;
    module.walk([&](QuantizableOpInterface op) { ops.push_back(op); });
    ContractionQuantizer quantizer;
    for (QuantizableOpInterface op : ops)
      if (failed(quantizer.run(op)))
        return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitFakeQuant, FormRequantize>(&getContext());
    // Without constant folding: it would duplicate weights as it moves them.
    if (failed(applyPatternsGreedily(module, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
