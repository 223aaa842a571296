//===- RaiseContractions.cpp - Recognise products of matrices -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/RaiseContractions.h"
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

/// A factor of a product that is summed, without dimensions of size 1 that it
/// is read at index 0 of.
struct Factor {
  Value tensor;
  AffineMap map;

  /// Nothing if what is left is not indexed by iterators alone.
  static std::optional<Factor> get(OpBuilder &builder, Location loc,
                                   Value tensor, AffineMap map);
};

std::optional<Factor> Factor::get(OpBuilder &builder, Location loc,
                                  Value tensor, AffineMap map) {
  auto type = cast<RankedTensorType>(tensor.getType());
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
  if (kept.size() != map.getNumResults())
    tensor = tensor::CollapseShapeOp::create(builder, loc, tensor, groups);
  return Factor{tensor, keptMap};
}

/// `sum(a * w)` with weights w, as frontends write products with vectors: a
/// product of matrices if the sum is over what both factors have, and one of
/// them is read again for indices of the result that the other one has. Means
/// of values that a mask or other values weigh are none: they stay as precise
/// as they are.
struct FuseProductIntoSum : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    linalg::GenericOp product =
        isSum(op) ? op.getInputs()[0].getDefiningOp<linalg::GenericOp>()
                  : linalg::GenericOp();
    if (!product || !isProduct(product))
      return rewriter.notifyMatchFailure(op, "is no sum of products");
    AffineMap read = op.getIndexingMapsArray()[0];
    AffineMap maps[] = {product.getIndexingMapsArray()[0].compose(read),
                        product.getIndexingMapsArray()[1].compose(read)};
    bool isRepeated = false;
    for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
      bool inBoth =
          maps[0].isFunctionOfDim(dim) && maps[1].isFunctionOfDim(dim);
      if (kind == utils::IteratorType::reduction && !inBoth)
        return rewriter.notifyMatchFailure(op, "sums what one factor lacks");
      isRepeated |= kind == utils::IteratorType::parallel && !inBoth;
    }
    if (!isRepeated)
      return rewriter.notifyMatchFailure(op, "no factor has rows of its own");
    if (isConstant(product.getInputs()[0]) ==
        isConstant(product.getInputs()[1]))
      return rewriter.notifyMatchFailure(op, "has no weights");
    SmallVector<Value> factors;
    SmallVector<AffineMap> factorMaps;
    for (unsigned i : {0u, 1u}) {
      std::optional<Factor> factor =
          Factor::get(rewriter, op.getLoc(), product.getInputs()[i], maps[i]);
      if (!factor)
        return failure();
      factors.push_back(factor->tensor);
      factorMaps.push_back(factor->map);
    }
    // Weights are right factors.
    if (isConstant(factors[0])) {
      std::swap(factors[0], factors[1]);
      std::swap(factorMaps[0], factorMaps[1]);
    }
    factorMaps.push_back(op.getIndexingMapsArray()[1]);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, op.getResultTypes(), factors, op.getOutputs(), factorMaps,
        op.getIteratorTypesArray(),
        [](OpBuilder &b, Location loc, ValueRange elements) {
          Value element =
              arith::MulFOp::create(b, loc, elements[0], elements[1]);
          element = arith::AddFOp::create(b, loc, elements[2], element);
          linalg::YieldOp::create(b, loc, element);
        });
    return success();
  }

private:
  /// Whether `value` is a constant, up to moves.
  static bool isConstant(Value value) {
    while (auto *op = value.getDefiningOp()) {
      if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
               linalg::TransposeOp, linalg::BroadcastOp>(op))
        return static_cast<bool>(getConstant(value));
      value = op->getOperand(0);
    }
    return false;
  }

  /// Whether the body is one OpTy of its two arguments.
  template <typename OpTy> static bool isBodyOf(linalg::GenericOp op) {
    Block *body = op.getBody();
    auto scalar = dyn_cast<OpTy>(body->front());
    if (!scalar || body->getOperations().size() != 2 ||
        body->getTerminator()->getOperand(0) != scalar)
      return false;
    Value a = body->getArgument(0), b = body->getArgument(1);
    return (scalar.getLhs() == a && scalar.getRhs() == b) ||
           (scalar.getLhs() == b && scalar.getRhs() == a);
  }

  static bool isSum(linalg::GenericOp op) {
    return op.hasPureTensorSemantics() && op.getNumDpsInputs() == 1 &&
           op.getNumDpsInits() == 1 && op.getNumReductionLoops() > 0 &&
           isBodyOf<arith::AddFOp>(op);
  }

  /// Elementwise, and read by the sum alone.
  static bool isProduct(linalg::GenericOp op) {
    return op->hasOneUse() && op.hasPureTensorSemantics() &&
           op.getNumDpsInputs() == 2 && op.getNumDpsInits() == 1 &&
           op.getNumReductionLoops() == 0 &&
           op.getIndexingMapsArray()[2].isIdentity() &&
           op.getInputs()[0] != op.getInputs()[1] &&
           isBodyOf<arith::MulFOp>(op);
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
