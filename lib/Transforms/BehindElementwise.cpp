//===- BehindElementwise.cpp - Elementwise work before other work ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BehindElementwise.h"

#include "EpilogueBound.h"

#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace quanta {

namespace {

//===----------------------------------------------------------------------===//
// Elementwise operations on one tensor
//===----------------------------------------------------------------------===//

/// Whether each element of the result is computed from that of one input alone.
bool isUnaryElementwise(linalg::GenericOp op) {
  return linalg::isElementwise(op) && op.hasPureTensorSemantics() &&
         op.getNumDpsInputs() == 1 && op->getNumResults() == 1 &&
         !op.hasIndexSemantics() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

struct UnaryElementwisePattern : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const final {
    if (!isUnaryElementwise(op))
      return rewriter.notifyMatchFailure(op, "not elementwise on one tensor");
    return rewriteUnary(op, rewriter);
  }
  virtual LogicalResult rewriteUnary(linalg::GenericOp op,
                                     PatternRewriter &rewriter) const = 0;
};

/// The same operation on another tensor, of any rank.
Value cloneOnto(Value input, linalg::GenericOp op, OpBuilder &builder) {
  Value empty = createEmptyLike(builder, op.getLoc(), input,
                                getElementTypeOrSelf(op.getResult(0)));
  int64_t rank = cast<RankedTensorType>(empty.getType()).getRank();
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto clone = linalg::GenericOp::create(builder, op.getLoc(), empty.getType(),
                                         input, empty, maps, iterators);
  clone->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op.getRegion().cloneInto(&clone.getRegion(), mapping);
  return clone.getResult(0);
}

/// And on one scalar.
Value evaluateOn(Value scalar, linalg::GenericOp op, OpBuilder &builder) {
  IRMapping mapping;
  mapping.map(op.getBody()->getArgument(0), scalar);
  for (Operation &inner : op.getBody()->without_terminator())
    builder.clone(inner, mapping);
  return mapping.lookupOrDefault(op.getBody()->getTerminator()->getOperand(0));
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// `f(reshape(x))` is `reshape(f(x))`: without the reshape between them, `f`
/// joins the operation that makes `x`.
template <typename ReshapeOp>
struct ReshapeBehindElementwise : UnaryElementwisePattern {
  using UnaryElementwisePattern::UnaryElementwisePattern;
  LogicalResult rewriteUnary(linalg::GenericOp op,
                             PatternRewriter &rewriter) const override {
    auto reshape = op.getDpsInputs()[0].getDefiningOp<ReshapeOp>();
    if (!reshape || !reshape->hasOneUse() ||
        isa<BlockArgument>(reshape.getSrc()))
      return rewriter.notifyMatchFailure(op, "reads no reshaped result");
    Value inner = cloneOnto(reshape.getSrc(), op, rewriter);
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    if constexpr (std::is_same_v<ReshapeOp, tensor::ExpandShapeOp>)
      rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
          op, type, inner, reshape.getReassociationIndices(),
          reshape.getMixedOutputShape());
    else
      rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
          op, type, inner, reshape.getReassociationIndices());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// `f(pad(x, c))` is `pad(f(x), f(c))`: padding moves fewer bytes behind a
/// quantization.
struct PadBehindElementwise : UnaryElementwisePattern {
  using UnaryElementwisePattern::UnaryElementwisePattern;
  LogicalResult rewriteUnary(linalg::GenericOp op,
                             PatternRewriter &rewriter) const override {
    auto pad = op.getDpsInputs()[0].getDefiningOp<tensor::PadOp>();
    Value padding = pad ? pad.getConstantPaddingValue() : Value();
    if (!padding || !pad->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no padding by a constant");
    Location loc = op.getLoc();
    Value inner = cloneOnto(pad.getSource(), op, rewriter);
    // The same on the one value that is everywhere.
    Value newPadding = evaluateOn(padding, op, rewriter);
    Value result = tensor::PadOp::create(
        rewriter, pad.getLoc(), Type(), inner, pad.getMixedLowPad(),
        pad.getMixedHighPad(), newPadding, pad.getNofold());
    if (result.getType() != op.getResult(0).getType())
      result = tensor::CastOp::create(rewriter, loc, op.getResult(0).getType(),
                                      result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Maximum
//===----------------------------------------------------------------------===//

/// Whether the body never decreases where its argument grows, in the order of
/// unsigned integers if it yields integers: steps with constants that keep the
/// order.
bool isMonotone(Block &body) {
  Value value = body.getTerminator()->getOperand(0);
  bool isInteger = false;
  auto getNumber = [](Value constant) -> std::optional<double> {
    FloatAttr attr;
    if (!matchPattern(constant, m_Constant(&attr)) || attr.getValue().isNaN())
      return std::nullopt;
    return attr.getValueAsDouble();
  };
  std::optional<double> low, high;
  if (auto truncate = value.getDefiningOp<arith::TruncIOp>()) {
    auto convert = truncate.getIn().getDefiningOp<arith::FPToSIOp>();
    if (!convert || !truncate.getType().isInteger(8))
      return false;
    isInteger = true;
    value = convert.getIn();
  }
  for (bool isOutermost = true; value != body.getArgument(0);) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &body)
      return false;
    std::optional<double> number =
        op->getNumOperands() == 2 ? getNumber(op->getOperand(1)) : std::nullopt;
    if (isa<arith::MinNumFOp>(op) && number) {
      if (isOutermost)
        high = number;
    } else if (isa<arith::MaxNumFOp>(op) && number) {
      if (isOutermost)
        low = number;
    } else {
      isOutermost = false;
      bool keepsOrder = isa<math::RoundEvenOp>(op) ||
                        (isa<arith::AddFOp, arith::SubFOp>(op) && number &&
                         std::isfinite(*number)) ||
                        (isa<arith::MulFOp, arith::DivFOp>(op) && number &&
                         std::isfinite(*number) && *number > 0);
      if (!keepsOrder)
        return false;
    }
    value = op->getOperand(0);
  }
  return !isInteger || (low && high && *low >= 0 && *high <= 255);
}

/// Whether the elements of a tensor are numbers, as what is computed from
/// integers and constants is.
bool holdsNumbers(Value tensor) {
  if (auto pad = tensor.getDefiningOp<tensor::PadOp>()) {
    FloatAttr padding;
    Value value = pad.getConstantPaddingValue();
    return value && matchPattern(value, m_Constant(&padding)) &&
           !padding.getValue().isNaN() && holdsNumbers(pad.getSource());
  }
  auto generic = tensor.getDefiningOp<linalg::GenericOp>();
  return generic && linalg::isElementwise(generic) &&
         std::isfinite(
             getEpilogueBound(generic.getBody()->getTerminator()->getOperand(0),
                              SmallVector<Value>(generic.getDpsInputs())));
}

/// `f(max(x))` is `max(f(x))` where `f` keeps the order: the window slides over
/// fewer bytes behind a quantization.
struct MaxPoolingBehindElementwise : UnaryElementwisePattern {
  using UnaryElementwisePattern::UnaryElementwisePattern;
  LogicalResult rewriteUnary(linalg::GenericOp op,
                             PatternRewriter &rewriter) const override {
    auto pool = op.getDpsInputs()[0].getDefiningOp<linalg::PoolingNhwcMaxOp>();
    auto fill = pool ? pool.getOutputs()[0].getDefiningOp<linalg::FillOp>()
                     : linalg::FillOp();
    if (!fill || !pool->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no maximum of windows");
    Type element = getElementTypeOrSelf(op.getResult(0));
    FloatAttr start;
    if (!element.isInteger(8) || !isMonotone(*op.getBody()) ||
        !matchPattern(fill.getInputs()[0], m_Constant(&start)) ||
        start.getValue().isNaN() || !holdsNumbers(pool.getInputs()[0]))
      return rewriter.notifyMatchFailure(
          op, "is no quantization of numbers to unsigned bytes");
    Location loc = op.getLoc();
    Value bytes = cloneOnto(pool.getInputs()[0], op, rewriter);
    Value first = evaluateOn(fill.getInputs()[0], op, rewriter);
    Value empty = createEmptyLike(rewriter, loc, pool.getOutputs()[0], element);
    Value init =
        linalg::FillOp::create(rewriter, loc, first, empty).getResult(0);
    Value window = createEmptyLike(rewriter, loc, pool.getInputs()[1], element);
    auto maximum = linalg::PoolingNhwcMaxUnsignedOp::create(
        rewriter, pool.getLoc(), TypeRange(init.getType()),
        ValueRange{bytes, window}, ValueRange{init}, pool.getStrides(),
        pool.getDilations());
    rewriter.replaceOp(op, maximum->getResults());
    return success();
  }
};

} // namespace

void populateReshapeBehindElementwisePatterns(RewritePatternSet &patterns) {
  patterns.add<ReshapeBehindElementwise<tensor::ExpandShapeOp>,
               ReshapeBehindElementwise<tensor::CollapseShapeOp>>(
      patterns.getContext());
}

void populatePadBehindElementwisePatterns(RewritePatternSet &patterns) {
  patterns.add<PadBehindElementwise>(patterns.getContext());
}

void populateMaxPoolingBehindElementwisePatterns(RewritePatternSet &patterns) {
  patterns.add<MaxPoolingBehindElementwise>(patterns.getContext());
}

} // namespace quanta
