//===- FormLookups.cpp - Unary functions as tables ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FORMLOOKUPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// What has no folder, or one that gives up where a constant is rounded.
Attribute evaluateWithoutFolder(Operation &op, ArrayRef<Attribute> operands) {
  Builder builder(op.getContext());
  if (isa<math::FPowIOp>(op) && op.getResult(0).getType().isF32()) {
    double power = static_cast<double>(cast<IntegerAttr>(operands[1]).getInt());
    return builder.getF32FloatAttr(static_cast<float>(
        std::pow(cast<FloatAttr>(operands[0]).getValueAsDouble(), power)));
  }
  if (auto truncate = dyn_cast<arith::TruncFOp>(op);
      truncate && !truncate.getRoundingmode()) {
    auto type = cast<FloatType>(truncate.getType());
    APFloat value = cast<FloatAttr>(operands[0]).getValue();
    bool losesInfo;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return FloatAttr::get(type, value);
  }
  return {};
}

/// Evaluates a body of scalar operations by their folders.
std::optional<float> evaluate(Block &body, float input) {
  DenseMap<Value, Attribute> values;
  Builder builder(body.getParent()->getContext());
  values[body.getArgument(0)] = builder.getF32FloatAttr(input);
  auto lookup = [&](Value value) -> Attribute {
    if (Attribute known = values.lookup(value))
      return known;
    // A number from outside of the body.
    Attribute constant;
    matchPattern(value, m_Constant(&constant));
    return constant;
  };
  for (Operation &op : body.without_terminator()) {
    if (op.getNumRegions() != 0 || op.getNumResults() != 1)
      return std::nullopt;
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands()) {
      operands.push_back(lookup(operand));
      if (!operands.back())
        return std::nullopt;
    }
    if (Attribute value = evaluateWithoutFolder(op, operands)) {
      values[op.getResult(0)] = value;
      continue;
    }
    SmallVector<OpFoldResult> results;
    if (failed(op.fold(operands, results)) || results.size() != 1)
      return std::nullopt;
    auto constant = dyn_cast<Attribute>(results[0]);
    values[op.getResult(0)] =
        constant ? constant : lookup(cast<Value>(results[0]));
    if (!values[op.getResult(0)])
      return std::nullopt;
  }
  auto result =
      dyn_cast_or_null<FloatAttr>(lookup(body.getTerminator()->getOperand(0)));
  if (!result || !result.getType().isF32())
    return std::nullopt;
  return result.getValue().convertToFloat();
}

struct FormLookup : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto generic = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!generic || !linalg::isElementwise(generic) ||
        generic.getNumDpsInputs() != 1 || generic.getNumDpsInits() != 1 ||
        !llvm::all_of(generic.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); }))
      return rewriter.notifyMatchFailure(op, "its input is no unary function");
    auto dequantize = getDequantize(generic.getDpsInputs()[0]);
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "the function is not of a "
                                             "dequantized tensor");
    auto from =
        *QuantParams::get(dequantize.getInput().getType().getElementType());
    auto to = *QuantParams::get(op.getType().getElementType());
    if (from.axis || to.axis || from.storageWidth() > 8)
      return rewriter.notifyMatchFailure(
          op, "one table does not do for these types");
    SmallVector<APInt> table;
    for (int64_t bits = 0; bits < int64_t(1) << from.storageWidth(); ++bits) {
      APInt stored(from.storageWidth(), bits);
      int64_t q = from.isSigned() ? stored.getSExtValue() : bits;
      std::optional<float> y =
          evaluate(*generic.getBody(),
                   reference::dequantize(static_cast<int32_t>(q), from.scale(0),
                                         from.zeroPoint(0)));
      if (!y)
        return rewriter.notifyMatchFailure(
            generic, "the function cannot be evaluated at compile time");
      int32_t result =
          reference::quantize(*y, to.scale(0), to.zeroPoint(0), to.range);
      table.emplace_back(to.storageWidth(), static_cast<uint64_t>(result),
                         /*isSigned=*/true, /*implicitTrunc=*/true);
    }
    auto type = RankedTensorType::get({static_cast<int64_t>(table.size())},
                                      to.storageType());
    rewriter.replaceOpWithNewOp<LookupOp>(
        op, op.getType(), dequantize.getInput(),
        DenseElementsAttr::get(type, table), op.getNameAttr());
    return success();
  }
};

struct FormLookupsPass : impl::FormLookupsBase<FormLookupsPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), {Stage::Float, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    patterns.add<FormLookup>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
