//===- FormOperations.cpp - Quantized operations from float ones ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupedConvolutions.h"
#include "PoolWindows.h"
#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Clamp.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FORMOPERATIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// What a float tensor was dequantized from: at most 16 bits, per tensor.
Value getQuantized(Value value) {
  DequantizeOp op = getDequantize(value);
  if (!op)
    return {};
  QuantParams params = getQuantParams(op.getInput());
  return params.axis || params.storageWidth() > 16 ? Value() : op.getInput();
}

/// The clamp before `op` as bounds of its stored result, which is quantized per
/// tensor; `input` is what is clamped. Rounding keeps the order, so that it
/// makes no difference which comes first.
DenseI64ArrayAttr takeClamp(QuantizeOp op, Value &input) {
  input = op.getInput();
  std::optional<ClampBounds> clamp = matchClamp(input);
  if (!clamp)
    return {};
  input = clamp->input;
  QuantParams to = getQuantParams(op.getResult());
  auto toStorage = [&](float x) -> int64_t {
    return reference::quantize(x, to.scale(0), to.zeroPoint(0), to.range);
  };
  return DenseI64ArrayAttr::get(
      op.getContext(), {toStorage(clamp->low), toStorage(clamp->high)});
}

bool isPerTensor(QuantizeOp op) { return !getQuantParams(op.getResult()).axis; }

/// Quantizing what was dequantized gives the same integers.
struct DropPair : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getInput().getDefiningOp<DequantizeOp>();
    if (!dequantize || dequantize.getInput().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "is not of the same values");
    QuantParams params = getQuantParams(op.getResult());
    if (!params.isWholeRange() || !params.hasFiniteValues())
      return rewriter.notifyMatchFailure(op, "is not of the same values");
    rewriter.replaceOp(op, dequantize.getInput());
    return success();
  }
};

struct FormBinary : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    if (!isPerTensor(op))
      return rewriter.notifyMatchFailure(op, "has several scales");
    Value input;
    DenseI64ArrayAttr clamp = takeClamp(op, input);
    auto generic = input.getDefiningOp<linalg::GenericOp>();
    if (!generic || generic.getNumDpsInputs() != 2 ||
        generic.getNumDpsInits() != 1 || generic.getNumReductionLoops() != 0 ||
        !generic.getIndexingMapsArray().back().isIdentity())
      return rewriter.notifyMatchFailure(op, "is of no binary operation");
    Block *body = generic.getBody();
    Operation *scalar = body->getTerminator()->getOperand(0).getDefiningOp();
    if (!isa_and_nonnull<arith::AddFOp, arith::SubFOp, arith::MulFOp>(scalar) ||
        &body->front() != scalar)
      return rewriter.notifyMatchFailure(generic, "does something else");
    SmallVector<Value, 2> operands;
    for (Value element : scalar->getOperands()) {
      auto argument = dyn_cast<BlockArgument>(element);
      if (!argument || argument.getOwner() != body ||
          argument.getArgNumber() > 1)
        return rewriter.notifyMatchFailure(generic, "is of other values");
      OpOperand *operand = generic.getDpsInputOperand(argument.getArgNumber());
      operands.push_back(getQuantized(operand->get()));
      if (!operands.back() || !isRepeated(generic, *operand, op.getType()))
        return rewriter.notifyMatchFailure(
            generic, "an operand is not dequantized and of the same rank");
    }
    if (isa<arith::AddFOp>(scalar))
      replace<AddOp>(op, operands, clamp, rewriter);
    else if (isa<arith::SubFOp>(scalar))
      replace<SubOp>(op, operands, clamp, rewriter);
    else
      replace<MulOp>(op, operands, clamp, rewriter);
    return success();
  }

private:
  /// Whether `operand` is read at the indices of the result, or at 0 where its
  /// size is 1.
  static bool isRepeated(linalg::GenericOp generic, OpOperand &operand,
                         RankedTensorType result) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    if (type.getRank() != result.getRank())
      return false;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      bool isOne = type.getDimSize(dim) == 1;
      if (expr != getAffineDimExpr(dim, map.getContext()) &&
          !(isOne && constant && constant.getValue() == 0))
        return false;
      if (!isOne && type.getDimSize(dim) != result.getDimSize(dim))
        return false;
    }
    return true;
  }

  template <typename OpTy>
  static void replace(QuantizeOp op, ArrayRef<Value> operands,
                      DenseI64ArrayAttr clamp, PatternRewriter &rewriter) {
    rewriter.replaceOpWithNewOp<OpTy>(op, op.getType(), operands[0],
                                      operands[1], clamp, op.getNameAttr());
  }
};

struct FormAveragePool : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto divide = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!isPerTensor(op) || !divide)
      return rewriter.notifyMatchFailure(op, "is of no quotient");
    std::optional<float> count = matchDivision(divide);
    auto pool =
        count ? divide.getDpsInputs().front().getDefiningOp<linalg::LinalgOp>()
              : linalg::LinalgOp();
    if (!pool || !isSum(pool))
      return rewriter.notifyMatchFailure(divide, "is no mean");
    Value source = getQuantized(pool->getOperand(0));
    FailureOr<PoolWindows> windows = getPoolWindows(pool);
    if (!source || failed(windows))
      return rewriter.notifyMatchFailure(pool,
                                         "does not pool quantized values");
    double product = 1;
    for (int64_t size : windows->sizes)
      product *= static_cast<double>(size);
    if (product != *count)
      return rewriter.notifyMatchFailure(pool, "is no mean of its windows");
    QuantParams params = getQuantParams(source);
    if (product * getReach(params) >= 2147483648.0)
      return rewriter.notifyMatchFailure(pool, "its sums may not fit i32");
    rewriter.replaceOpWithNewOp<AveragePoolOp>(
        op, op.getType(), source, windows->dimensions, windows->sizes,
        windows->strides, windows->dilations, op.getNameAttr());
    return success();
  }

private:
  /// `x / c`, or `x * (1 / c)`, for every element; returns c.
  static std::optional<float> matchDivision(linalg::GenericOp op) {
    if (!linalg::isElementwise(op) || op.getNumDpsInputs() != 1 ||
        op.getNumDpsInits() != 1)
      return std::nullopt;
    Operation *scalar =
        op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
    FloatAttr number;
    if (!isa_and_nonnull<arith::DivFOp, arith::MulFOp>(scalar) ||
        scalar->getOperand(0) != op.getBody()->getArgument(0) ||
        !matchPattern(scalar->getOperand(1), m_Constant(&number)))
      return std::nullopt;
    float value = number.getValue().convertToFloat();
    if (isa<arith::DivFOp>(scalar))
      return value;
    float count = std::nearbyint(1.0f / value);
    return 1.0f / count == value ? std::optional<float>(count) : std::nullopt;
  }

  /// A sum over windows that starts from zero.
  static bool isSum(linalg::LinalgOp op) {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || op->getNumResults() != 1 ||
        !isZeroTensor(op.getDpsInitOperand(0)->get()) ||
        !linalg::isaConvolutionOpInterface(op))
      return false;
    Block *body = op.getBlock();
    Operation *sum = body->getTerminator()->getOperand(0).getDefiningOp();
    return isa_and_nonnull<arith::AddFOp>(sum) &&
           llvm::is_contained(sum->getOperands(), body->getArgument(0)) &&
           llvm::is_contained(sum->getOperands(), body->getArgument(2));
  }
};

struct FormConcat : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto concat = op.getInput().getDefiningOp<tensor::ConcatOp>();
    if (!concat || !isPerTensor(op))
      return rewriter.notifyMatchFailure(op, "is of no concatenation");
    SmallVector<Value> inputs;
    for (Value input : concat.getInputs()) {
      inputs.push_back(getQuantized(input));
      if (!inputs.back())
        return rewriter.notifyMatchFailure(concat, "an input is in float");
    }
    rewriter.replaceOpWithNewOp<ConcatOp>(
        op, op.getType(), inputs,
        rewriter.getI64IntegerAttr(static_cast<int64_t>(concat.getDim())));
    return success();
  }
};

struct FormPad : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<tensor::PadOp>();
    Value padding = pad ? pad.getConstantPaddingValue() : Value();
    FloatAttr number;
    if (!padding || !matchPattern(padding, m_Constant(&number)))
      return rewriter.notifyMatchFailure(op, "is not of a constant padding");
    Value source = getQuantized(pad.getSource());
    auto isSize = [](int64_t size) {
      return !ShapedType::isDynamic(size) && size >= 0;
    };
    if (!source ||
        getElementTypeOrSelf(source.getType()) !=
            op.getType().getElementType() ||
        !llvm::all_of(pad.getStaticLow(), isSize) ||
        !llvm::all_of(pad.getStaticHigh(), isSize))
      return rewriter.notifyMatchFailure(pad, "quanta.pad cannot do it");
    QuantParams params = getQuantParams(source);
    int64_t value =
        reference::quantize(number.getValue().convertToFloat(), params.scale(0),
                            params.zeroPoint(0), params.range);
    rewriter.replaceOpWithNewOp<PadOp>(
        op, op.getType(), source, pad.getStaticLow(), pad.getStaticHigh(),
        value == params.zeroPoint(0) ? IntegerAttr()
                                     : rewriter.getI64IntegerAttr(value),
        /*name=*/StringAttr());
    return success();
  }
};

struct FormOperationsPass : impl::FormOperationsBase<FormOperationsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(
            module,
            {Stage::Float, Stage::Observed, Stage::Simulated, Stage::Quantized},
            getArgument())))
      return signalPassFailure();
    if (getStage(module) != Stage::Quantized)
      return;
    RewritePatternSet patterns(&getContext());
    patterns.add<DropPair, FormBinary, FormAveragePool, FormConcat, FormPad>(
        &getContext());
    populateGroupedConvolutionPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(applyPatternsGreedily(module, std::move(patterns), config)))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
