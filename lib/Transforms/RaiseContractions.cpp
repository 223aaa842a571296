//===- RaiseContractions.cpp - Recognise products of matrices -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/RaiseContractions.h"

#include "ProductSum.h"

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_RAISECONTRACTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Whether the body adds the product of both inputs to the output.
bool addsProduct(linalg::GenericOp op) {
  Block *body = op.getBody();
  if (body->getOperations().size() != 3)
    return false;
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  auto isPair = [](Operation *pair, Value a, Value b) {
    Value left = pair->getOperand(0), right = pair->getOperand(1);
    return (left == a && right == b) || (left == b && right == a);
  };
  auto product = dyn_cast<arith::MulFOp>(body->front());
  return product && isPair(sum, body->getArgument(2), product) &&
         isPair(product, body->getArgument(0), body->getArgument(1));
}

struct RaiseContraction : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
        op.getNumDpsInits() != 1 || !linalg::isaContractionOpInterface(op) ||
        !addsProduct(op))
      return rewriter.notifyMatchFailure(op, "is no sum of products");
    FailureOr<linalg::ContractionDimensions> dims =
        linalg::inferContractionDims(op);
    // Products along what both factors and the result have, as in the square of
    // a norm, are no product of matrices.
    if (failed(dims) || (dims->m.empty() && dims->n.empty()) ||
        op.getInputs()[0] == op.getInputs()[1])
      return rewriter.notifyMatchFailure(op, "no factor has rows of its own");
    rewriter.replaceOpWithNewOp<linalg::ContractOp>(
        op, op->getResultTypes(), op.getInputs(), op.getOutputs(),
        op.getIndexingMaps());
    return success();
  }
};

/// A tensor without the dimensions of size 1 that it is read at index 0 of.
struct Squeezed {
  AffineMap map;
  /// Which dimensions become one.
  SmallVector<ReassociationIndices> groups;

  /// Nothing if what is left is not indexed by iterators alone.
  static std::optional<Squeezed> get(RankedTensorType type, AffineMap map);
  Value collapse(OpBuilder &builder, Location loc, Value tensor) const;
};

std::optional<Squeezed> Squeezed::get(RankedTensorType type, AffineMap map) {
  SmallVector<AffineExpr> kept;
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    auto position = static_cast<int64_t>(dim);
    if (constant && constant.getValue() == 0 && type.getDimSize(dim) == 1) {
      (groups.empty() ? leading : groups.back()).push_back(position);
      continue;
    }
    kept.push_back(expr);
    groups.emplace_back();
    if (groups.size() == 1)
      groups.back() = leading;
    groups.back().push_back(position);
  }
  AffineMap keptMap =
      AffineMap::get(map.getNumDims(), 0, kept, map.getContext());
  if (kept.empty() || !keptMap.isProjectedPermutation())
    return std::nullopt;
  return Squeezed{keptMap, groups};
}

Value Squeezed::collapse(OpBuilder &builder, Location loc, Value tensor) const {
  auto rank = cast<RankedTensorType>(tensor.getType()).getRank();
  if (rank == static_cast<int64_t>(groups.size()))
    return tensor;
  // A new fill: a reshaped one would hide that the sums start from zeros.
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return linalg::FillOp::create(
               builder, loc, fill.getInputs(),
               tensor::CollapseShapeOp::create(builder, loc,
                                               fill.getOutputs()[0], groups)
                   .getResult())
        .getResult(0);
  return tensor::CollapseShapeOp::create(builder, loc, tensor, groups);
}

/// Sums of products that are two operations, as frontends write what has no
/// name: a product of matrices if two factors have the indices that are summed
/// over, and are read again for indices of the result that the other one has.
/// One that weights are a factor of may have all of these. Means of values that
/// a mask or other values weigh are none: they stay as precise as they are.
struct FuseProductIntoSum : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ProductSum> pair = ProductSum::match(op);
    if (!pair)
      return rewriter.notifyMatchFailure(op, "is no sum of products");
    if (succeeded(fuse(*pair, rewriter)))
      return success();
    for (size_t index : {0U, 1U})
      if (auto three = pair->takeApart(index);
          three && succeeded(fuse(*three, rewriter)))
        return success();
    return failure();
  }

private:
  static LogicalResult fuse(const ProductSum &sum, PatternRewriter &rewriter) {
    linalg::GenericOp op = sum.op;
    SmallVector<SumFactor> inner, outer;
    for (const SumFactor &factor : sum.factors)
      (sum.isSummed(factor) ? inner : outer).push_back(factor);
    // What is not summed over multiplies the sum, if that starts from zeros.
    if (inner.size() != 2 || outer.size() > 1 ||
        (!outer.empty() && !isZeroTensor(op.getOutputs()[0])))
      return rewriter.notifyMatchFailure(op, "sums no product of two factors");
    if (!isProductOfMatrices({op, inner}))
      return rewriter.notifyMatchFailure(op, "no factor has rows of its own");
    Value result = build(op, inner, rewriter);
    if (!result)
      return rewriter.notifyMatchFailure(op, "is not indexed by iterators");
    if (!outer.empty())
      result = multiply(op, result, outer.front(), rewriter);
    rewriter.replaceOp(op, result);
    return success();
  }

  static bool isProductOfMatrices(ProductSum sum) {
    const SumFactor &a = sum.factors[0], &b = sum.factors[1];
    for (auto [dim, kind] : llvm::enumerate(sum.op.getIteratorTypesArray())) {
      bool inA = a.map.isFunctionOfDim(dim), inB = b.map.isFunctionOfDim(dim);
      if (kind == utils::IteratorType::reduction ? !inA || !inB : !inA && !inB)
        return false;
    }
    bool hasWeights = isWeights(a.tensor) || isWeights(b.tensor);
    if (isWeights(a.tensor) && isWeights(b.tensor))
      return false;
    return hasWeights ? sum.isRepeated(a) || sum.isRepeated(b)
                      : sum.isRepeated(a) && sum.isRepeated(b);
  }

  /// The sum of the product of two factors; null if they are not indexed by
  /// iterators. What is summed over may be left as dimensions of size 1.
  static Value build(linalg::GenericOp op, ArrayRef<SumFactor> factors,
                     PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Value init = op.getOutputs()[0];
    auto type = cast<RankedTensorType>(init.getType());
    auto result = Squeezed::get(type, op.getIndexingMapsArray()[1]);
    if (!result)
      return {};
    SmallVector<Value> tensors;
    SmallVector<AffineMap> maps;
    for (const SumFactor &factor : factors) {
      auto plain = Squeezed::get(
          cast<RankedTensorType>(factor.tensor.getType()), factor.map);
      if (!plain)
        return {};
      tensors.push_back(plain->collapse(rewriter, loc, factor.tensor));
      maps.push_back(plain->map);
    }
    // Weights are right factors.
    if (isWeights(factors[0].tensor)) {
      std::swap(tensors[0], tensors[1]);
      std::swap(maps[0], maps[1]);
    }
    maps.push_back(result->map);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, init);
    init = result->collapse(rewriter, loc, init);
    Value sum =
        linalg::GenericOp::create(
            rewriter, loc, init.getType(), tensors, init, maps,
            op.getIteratorTypesArray(),
            [](OpBuilder &b, Location loc, ValueRange elements) {
              Value element =
                  arith::MulFOp::create(b, loc, elements[0], elements[1]);
              element = arith::AddFOp::create(b, loc, elements[2], element);
              linalg::YieldOp::create(b, loc, element);
            })
            .getResult(0);
    if (sum.getType() == type)
      return sum;
    return tensor::ExpandShapeOp::create(rewriter, loc, type, sum,
                                         result->groups, sizes);
  }

  /// `sum` times a factor that is indexed by iterators of the sum's result.
  static Value multiply(linalg::GenericOp op, Value sum,
                        const SumFactor &factor, PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(sum.getType());
    AffineMap toIterators =
        inverseAndBroadcastProjectedPermutation(op.getIndexingMapsArray()[1]);
    AffineMap map = factor.map.compose(toIterators);
    AffineMap identity =
        rewriter.getMultiDimIdentityMap(static_cast<unsigned>(type.getRank()));
    Value empty = tensor::EmptyOp::create(
        rewriter, op.getLoc(),
        tensor::getMixedSizes(rewriter, op.getLoc(), sum),
        type.getElementType());
    SmallVector<utils::IteratorType> iterators(type.getRank(),
                                               utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               rewriter, op.getLoc(), type, ValueRange{sum, factor.tensor},
               empty, ArrayRef<AffineMap>{identity, map, identity}, iterators,
               [](OpBuilder &b, Location loc, ValueRange elements) {
                 Value element =
                     arith::MulFOp::create(b, loc, elements[0], elements[1]);
                 linalg::YieldOp::create(b, loc, element);
               })
        .getResult(0);
  }
};

struct RaiseContractionsPass
    : impl::RaiseContractionsBase<RaiseContractionsPass> {
  void runOnOperation() override {
    if (failed(raiseContractions(getOperation())))
      signalPassFailure();
  }
};

} // namespace

LogicalResult raiseContractions(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  patterns.add<RaiseContraction, FuseProductIntoSum>(module.getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}

} // namespace quanta
