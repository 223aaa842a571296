//===- FlattenMatmuls.cpp - Batches that share weights --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/FlattenMatmuls.h"

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FLATTENMATMULS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The matrix that `value`, a batch of such, repeats along its first dimension
/// or along those that a reshape made its first, if it does so.
Value getRepeatedMatrix(Value value) {
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>()) {
    SmallVector<ReassociationIndices> groups =
        collapse.getReassociationIndices();
    if (groups.size() != 3 || groups[1].size() != 1 || groups[2].size() != 1)
      return {};
    value = collapse.getSrc();
  }
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumLoops() < 3 || op.getNumParallelLoops() != op.getNumLoops())
    return {};
  // What is yielded is the input's element and nothing else.
  auto yielded =
      dyn_cast<BlockArgument>(op.getBlock()->getTerminator()->getOperand(0));
  OpOperand *input = op.getDpsInputOperand(0);
  if (!yielded || yielded != op.getMatchingBlockArgument(input))
    return {};
  AffineMap map = op.getMatchingIndexingMap(input);
  AffineMap lastTwo =
      AffineMap::getMinorIdentityMap(op.getNumLoops(), 2, op->getContext());
  return map == lastTwo && op.getIndexingMapsArray()[1].isIdentity()
             ? input->get()
             : Value();
}

/// The product of all rows of `lhs`, behind which the result lies in `init`,
/// and one matrix.
void replaceWithMatmul(linalg::LinalgOp op, Value lhs, Value weights,
                       PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Value init = op.getDpsInits().front();
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<ReassociationIndices> groups{{}, {type.getRank() - 1}};
  for (int64_t dim = 0; dim < type.getRank() - 1; ++dim)
    groups.front().push_back(dim);
  auto flatten = [&](Value tensor) -> Value {
    return tensor::CollapseShapeOp::create(rewriter, loc, tensor, groups);
  };
  lhs = flatten(lhs);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, init);
  Value flatInit;
  // A new fill: a reshaped one would hide that the product starts at zero.
  if (auto fill = init.getDefiningOp<linalg::FillOp>()) {
    Value empty = flatten(fill.getOutputs()[0]);
    flatInit = linalg::FillOp::create(rewriter, loc, fill.getInputs(), empty)
                   .getResult(0);
  } else {
    flatInit = flatten(init);
  }
  auto product =
      linalg::MatmulOp::create(rewriter, loc, TypeRange(flatInit.getType()),
                               ValueRange{lhs, weights}, flatInit);
  // How integers are extended.
  if (auto cast = op->getAttrOfType<linalg::TypeFnAttr>("cast"))
    product.setCastAttr(cast);
  product->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
      op, type, product.getResult(0), groups, sizes);
}

struct FlattenMatmul : OpRewritePattern<linalg::BatchMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::BatchMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (op.hasUserDefinedMaps() || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not a plain product of tensors");
    Value weights = getRepeatedMatrix(op.getInputs()[1]);
    if (!weights)
      return rewriter.notifyMatchFailure(
          op, "its right factors are not one repeated matrix");
    replaceWithMatmul(op, op.getInputs()[0], weights, rewriter);
    return success();
  }
};

/// The same of a batch of several dimensions.
struct FlattenContract : OpRewritePattern<linalg::ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ContractOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    ArrayRef<AffineExpr> lhs = maps[0].getResults(), rhs = maps[1].getResults(),
                         out = maps[2].getResults();
    if (!op.hasPureTensorSemantics() || lhs.size() < 3 ||
        lhs.size() != out.size() || maps[0].getNumDims() != lhs.size() + 1 ||
        rhs.size() < 2 || lhs.drop_back() != out.drop_back() ||
        rhs.take_back(2) != ArrayRef{lhs.back(), out.back()})
      return rewriter.notifyMatchFailure(op, "has no rows with one matrix");
    Value weights = op.getInputs()[1];
    if (rhs.size() > 2)
      weights = rhs.drop_back(2) == lhs.drop_back(2)
                    ? getRepeatedMatrix(weights)
                    : Value();
    if (!weights)
      return rewriter.notifyMatchFailure(
          op, "its right factors are not one repeated matrix");
    replaceWithMatmul(op, op.getInputs()[0], weights, rewriter);
    return success();
  }
};

/// Whether an elementwise consumer may work on the flat form of a product or of
/// what other elementwise operations made of it.
bool followsFlatProduct(OpOperand *operand) {
  auto expand = operand->get().getDefiningOp<tensor::ExpandShapeOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!expand || !consumer || !linalg::isElementwise(consumer))
    return false;
  Operation *source = expand.getSrc().getDefiningOp();
  auto elementwise = dyn_cast_or_null<linalg::GenericOp>(source);
  return isa_and_nonnull<linalg::MatmulOp>(source) ||
         (elementwise && linalg::isElementwise(elementwise));
}

struct FlattenMatmulsPass : impl::FlattenMatmulsBase<FlattenMatmulsPass> {
  void runOnOperation() override {
    if (failed(flattenMatmuls(getOperation())))
      signalPassFailure();
  }
};

} // namespace

LogicalResult flattenMatmuls(ModuleOp module) {
  bool hasCandidate = false;
  module.walk([&](linalg::LinalgOp op) {
    hasCandidate |=
        isa<linalg::ContractOp>(op) || (isa<linalg::BatchMatmulOp>(op) &&
                                        getRepeatedMatrix(op->getOperand(1)));
  });
  if (!hasCandidate)
    return success();
  MLIRContext *context = module.getContext();
  RewritePatternSet patterns(context);
  patterns.add<FlattenMatmul, FlattenContract>(context);
  linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns,
                                                     followsFlatProduct);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
  tensor::DimOp::getCanonicalizationPatterns(patterns, context);
  if (failed(applyPatternsGreedily(module, std::move(patterns))))
    return failure();
  // Products that read one tensor now read one flat form of it.
  IRRewriter rewriter(context);
  DominanceInfo dominance(module);
  eliminateCommonSubExpressions(rewriter, dominance, module);
  return success();
}

} // namespace quanta
