//===- Transposes.cpp - Moving transposes through a program ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace quanta {

Value buildTranspose(OpBuilder &builder, Location loc, Value input,
                     ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, input);
  applyPermutationToVector(sizes, permutation);
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, input, empty, permutation)
      ->getResult(0);
}

void lookThroughTranspose(Value &tensor, AffineMap &map) {
  auto transpose = tensor.getDefiningOp<linalg::TransposeOp>();
  if (!transpose)
    return;
  SmallVector<AffineExpr> exprs(map.getNumResults());
  for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
    exprs[from] = map.getResult(to);
  tensor = transpose.getInput();
  map = AffineMap::get(map.getNumDims(), 0, exprs, map.getContext());
}

namespace {

linalg::TransposeOp getTranspose(Value value) {
  return value.getDefiningOp<linalg::TransposeOp>();
}

/// Elementwise, with one result written in the order of the loops, whatever was
/// there before.
bool isPlainElementwise(linalg::GenericOp op) {
  return linalg::isElementwise(op) && op.hasPureTensorSemantics() &&
         op->getNumResults() == 1 && !op.hasIndexSemantics() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

/// A copy of an elementwise operation whose loops run in another order: loop i
/// becomes loop `permutation[i]`. The result's dimensions follow the loops.
linalg::GenericOp permuteLoops(linalg::GenericOp op,
                               ArrayRef<int64_t> permutation,
                               PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  SmallVector<unsigned> targets(permutation.begin(), permutation.end());
  AffineMap oldLoops =
      AffineMap::getPermutationMap(targets, rewriter.getContext());
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input).compose(oldLoops);
    Value value = input->get();
    auto transpose = getTranspose(value);
    if (transpose && op.getMatchingIndexingMap(input).isIdentity() &&
        transpose.getPermutation() == permutation) {
      value = transpose.getInput();
      map = rewriter.getMultiDimIdentityMap(map.getNumDims());
    }
    inputs.push_back(value);
    maps.push_back(map);
  }
  maps.push_back(rewriter.getMultiDimIdentityMap(op.getNumLoops()));

  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, op.getDpsInits()[0]);
  applyPermutationToVector(sizes, invertPermutationVector(permutation));
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
  auto result =
      linalg::GenericOp::create(rewriter, loc, empty.getType(), inputs, empty,
                                maps, op.getIteratorTypesArray());
  result->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  rewriter.cloneRegionBefore(op.getRegion(), result.getRegion(),
                             result.getRegion().begin());
  return result;
}

//===----------------------------------------------------------------------===//
// Down
//===----------------------------------------------------------------------===//

struct SinkThroughElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isPlainElementwise(op))
      return rewriter.notifyMatchFailure(op, "not plainly elementwise");
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto transpose = getTranspose(input->get());
      if (!transpose || !op.getMatchingIndexingMap(input).isIdentity())
        continue;
      SmallVector<int64_t> permutation(transpose.getPermutation());
      auto permuted = permuteLoops(op, permutation, rewriter);
      rewriter.replaceOp(op,
                         buildTranspose(rewriter, op.getLoc(),
                                        permuted.getResult(0), permutation));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "reads no transpose");
  }
};

/// `pad` of `input` where dimension i is what was dimension `permutation[i]`.
Value permutePad(tensor::PadOp op, Value input, ArrayRef<int64_t> permutation,
                 Value padding, PatternRewriter &rewriter) {
  SmallVector<OpFoldResult> low = op.getMixedLowPad();
  SmallVector<OpFoldResult> high = op.getMixedHighPad();
  applyPermutationToVector(low, permutation);
  applyPermutationToVector(high, permutation);
  return tensor::PadOp::create(rewriter, op.getLoc(), Type(), input, low, high,
                               padding, op.getNofold());
}

struct SinkThroughPad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = getTranspose(op.getSource());
    Value padding = op.getConstantPaddingValue();
    if (!transpose || !padding)
      return rewriter.notifyMatchFailure(op, "pads no transpose by a constant");
    SmallVector<int64_t> permutation(transpose.getPermutation());
    Value padded =
        permutePad(op, transpose.getInput(),
                   invertPermutationVector(permutation), padding, rewriter);
    rewriter.replaceOp(
        op, buildTranspose(rewriter, op.getLoc(), padded, permutation));
    return success();
  }
};

struct SinkThroughConcat : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    SmallVector<int64_t> permutation;
    for (Value input : op.getInputs()) {
      auto transpose = getTranspose(input);
      if (!transpose || (!permutation.empty() &&
                         transpose.getPermutation() != ArrayRef(permutation)))
        return rewriter.notifyMatchFailure(
            op, "its inputs are not all transposed in one way");
      permutation.assign(transpose.getPermutation().begin(),
                         transpose.getPermutation().end());
      inputs.push_back(transpose.getInput());
    }
    Value joined = tensor::ConcatOp::create(rewriter, op.getLoc(),
                                            permutation[op.getDim()], inputs);
    rewriter.replaceOp(
        op, buildTranspose(rewriter, op.getLoc(), joined, permutation));
    return success();
  }
};

/// Splitting a dimension (channels into groups) and then moving the parts is
/// moving the whole and then splitting it.
struct SinkThroughExpand : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = getTranspose(op.getSrc());
    if (!transpose || !op.getResultType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "expands no static transpose");
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    SmallVector<ReassociationIndices> newGroups(groups.size());
    SmallVector<int64_t> sizes, positions(op.getResultType().getRank());
    SmallVector<int64_t> inverse = invertPermutationVector(permutation);
    for (auto [source, old] : llvm::enumerate(inverse))
      for (int64_t dim : groups[old]) {
        positions[dim] = sizes.size();
        newGroups[source].push_back(sizes.size());
        sizes.push_back(op.getResultType().getDimSize(dim));
      }
    Value expanded = tensor::ExpandShapeOp::create(
        rewriter, op.getLoc(), op.getResultType().clone(sizes),
        transpose.getInput(), newGroups);
    rewriter.replaceOp(
        op, buildTranspose(rewriter, op.getLoc(), expanded, positions));
    return success();
  }
};

/// Joining dimensions that stand beside each other before a transpose too is
/// joining them there. Dimensions of size 1 stand anywhere.
struct SinkThroughCollapse : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = getTranspose(op.getSrc());
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "joins no transpose");
    auto type = cast<RankedTensorType>(transpose.getInput().getType());
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<int64_t> groupOf(type.getRank());
    for (auto [group, dims] : llvm::enumerate(op.getReassociationIndices()))
      for (int64_t dim : dims)
        groupOf[permutation[dim]] = group;

    // Runs of dimensions of one group, in the order of the input.
    SmallVector<ReassociationIndices> runs;
    SmallVector<int64_t> order;
    ReassociationIndices pending;
    int64_t lastDim = -1;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (type.getDimSize(dim) == 1) {
        (runs.empty() ? pending : runs.back()).push_back(dim);
        continue;
      }
      int64_t position = llvm::find(permutation, dim) - permutation.begin();
      if (order.empty() || order.back() != groupOf[dim]) {
        order.push_back(groupOf[dim]);
        runs.emplace_back();
      } else if (position < lastDim) {
        return rewriter.notifyMatchFailure(op, "joins dimensions turned round");
      }
      lastDim = position;
      llvm::append_range(runs.back(), pending);
      pending.clear();
      runs.back().push_back(dim);
    }
    if (!isPermutationVector(order) ||
        order.size() != op.getReassociationIndices().size())
      return rewriter.notifyMatchFailure(op, "joins what was moved apart");
    Value joined = tensor::CollapseShapeOp::create(rewriter, op.getLoc(),
                                                   transpose.getInput(), runs);
    rewriter.replaceOp(op, buildTranspose(rewriter, op.getLoc(), joined,
                                          invertPermutationVector(order)));
    return success();
  }
};

/// Two transposes are one, or none.
struct ComposeTransposes : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    SmallVector<int64_t> permutation(op.getPermutation());
    Value input = op.getInput();
    auto inner = getTranspose(input);
    if (inner) {
      for (int64_t &dim : permutation)
        dim = inner.getPermutation()[dim];
      input = inner.getInput();
    }
    if (isIdentityPermutation(permutation)) {
      rewriter.replaceOp(op, input);
      return success();
    }
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not of a transpose");
    rewriter.replaceOp(
        op, buildTranspose(rewriter, op.getLoc(), input, permutation));
    return success();
  }
};

/// A tensor that is the same along moved dimensions is built in the new order.
struct RebuildTransposed : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    Location loc = op.getLoc();
    Operation *input = op.getInput().getDefiningOp();
    if (isa_and_nonnull<tensor::EmptyOp>(input)) {
      rewriter.replaceOp(op, op.getInit());
      return success();
    }
    if (auto fill = dyn_cast_or_null<linalg::FillOp>(input)) {
      rewriter.replaceOp(op, linalg::FillOp::create(rewriter, loc,
                                                    fill.getInputs()[0],
                                                    op.getInit())
                                 .getResult(0));
      return success();
    }
    auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(input);
    if (!broadcast || broadcast.getInput().getType().getRank() > 1)
      return rewriter.notifyMatchFailure(op, "not of a fill or a vector");
    SmallVector<int64_t> dimensions;
    for (auto [dim, old] : llvm::enumerate(op.getPermutation()))
      if (llvm::is_contained(broadcast.getDimensions(), old))
        dimensions.push_back(dim);
    rewriter.replaceOp(op, linalg::BroadcastOp::create(rewriter, loc,
                                                       broadcast.getInput(),
                                                       op.getInit(), dimensions)
                               ->getResult(0));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Up
//===----------------------------------------------------------------------===//

/// Whether only elementwise work and padding, on nothing else of this rank,
/// stand between `value` and an argument of the function. Above anything else,
/// a transpose would stand between a contraction and its epilogue.
bool comesFromArgument(Value value) {
  for (;;) {
    if (isa<BlockArgument>(value))
      return true;
    if (!value.hasOneUse())
      return false;
    if (auto pad = value.getDefiningOp<tensor::PadOp>())
      value = pad.getSource();
    else if (auto generic = value.getDefiningOp<linalg::GenericOp>();
             generic && isPlainElementwise(generic) &&
             generic.getNumDpsInputs() == 1)
      value = generic.getDpsInputs()[0];
    else
      return false;
  }
}

struct RaiseThroughPad : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<tensor::PadOp>();
    Value padding = pad ? pad.getConstantPaddingValue() : Value();
    if (!padding || !comesFromArgument(pad))
      return rewriter.notifyMatchFailure(op, "not of a padded argument");
    Value source = buildTranspose(rewriter, op.getLoc(), pad.getSource(),
                                  op.getPermutation());
    rewriter.replaceOp(
        op, permutePad(pad, source, op.getPermutation(), padding, rewriter));
    return success();
  }
};

struct RaiseThroughElementwise : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto generic = op.getInput().getDefiningOp<linalg::GenericOp>();
    if (!generic || !isPlainElementwise(generic) ||
        !comesFromArgument(generic.getResult(0)))
      return rewriter.notifyMatchFailure(op, "not of work on an argument");
    auto permuted = permuteLoops(
        generic, invertPermutationVector(op.getPermutation()), rewriter);
    rewriter.replaceOp(op, permuted.getResults());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Away
//===----------------------------------------------------------------------===//

/// An operation without windows reads the transpose's input by another map.
struct ReadTransposed : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() ||
        (op.getNumDpsInputs() != 1 && !linalg::isElementwise(op)))
      return rewriter.notifyMatchFailure(op, "not elementwise or a reduction");
    for (OpOperand *input : op.getDpsInputOperands()) {
      auto transpose = getTranspose(input->get());
      if (!transpose)
        continue;
      AffineMap map = op.getMatchingIndexingMap(input);
      SmallVector<AffineExpr> results(map.getResults());
      applyPermutationToVector(
          results, invertPermutationVector(transpose.getPermutation()));
      SmallVector<AffineMap> maps = op.getIndexingMapsArray();
      maps[input->getOperandNumber()] = AffineMap::get(
          map.getNumDims(), map.getNumSymbols(), results, map.getContext());
      rewriter.modifyOpInPlace(op, [&] {
        input->set(transpose.getInput());
        op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "reads no transpose");
  }
};

/// One group for each dimension that is not of size 1, with the others beside
/// it.
SmallVector<ReassociationIndices> groupUnitDims(RankedTensorType type) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices pending;
  bool hasSize = false;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (size != 1 && hasSize) {
      groups.push_back(std::move(pending));
      pending.clear();
    }
    hasSize |= size != 1;
    pending.push_back(dim);
  }
  if (hasSize)
    groups.push_back(std::move(pending));
  return groups;
}

struct ReshapeUnitDims : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput().getType());
    auto to = dyn_cast<RankedTensorType>(op.getInit().getType());
    if (!from || !to)
      return rewriter.notifyMatchFailure(op, "works on buffers");
    SmallVector<int64_t> order;
    for (int64_t dim : op.getPermutation())
      if (from.getDimSize(dim) != 1)
        order.push_back(dim);
    if (!llvm::is_sorted(order))
      return rewriter.notifyMatchFailure(op, "moves elements");
    Value flat = tensor::CollapseShapeOp::create(
        rewriter, op.getLoc(), op.getInput(), groupUnitDims(from));
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, to, flat,
                                                       groupUnitDims(to));
    return success();
  }
};

} // namespace

void populateSinkTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<SinkThroughElementwise, SinkThroughPad, SinkThroughConcat,
               SinkThroughExpand, SinkThroughCollapse, ComposeTransposes,
               RebuildTransposed>(patterns.getContext());
}

void populateRaiseTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseThroughPad, RaiseThroughElementwise, ComposeTransposes>(
      patterns.getContext());
}

void populateAbsorbTransposePatterns(RewritePatternSet &patterns) {
  patterns.add<ReadTransposed, ReshapeUnitDims, ComposeTransposes>(
      patterns.getContext());
}

} // namespace quanta
