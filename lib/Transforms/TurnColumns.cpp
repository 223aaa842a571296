//===- TurnColumns.cpp - Images of one column as images of one row --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"
#include "PackConvolutions.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace quanta {

/// `[n, y, 1, c]` as `[n, y, c]`, or `[n, 1, y, c]`, and back.
static const ReassociationIndices groups[] = {{0}, {1, 2}, {3}};

template <typename T> static void swapSpatial(SmallVectorImpl<T> &list) {
  std::swap(list[1], list[2]);
}

/// A tensor with its second and third dimension, one of which has size 1, in
/// the other order: the same elements in memory.
static Value turn(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (auto pad = value.getDefiningOp<tensor::PadOp>())
    // Padding stays where kernels look for it.
    if (Value constant = pad.getConstantPaddingValue()) {
      SmallVector<OpFoldResult> low = pad.getMixedLowPad();
      SmallVector<OpFoldResult> high = pad.getMixedHighPad();
      swapSpatial(low);
      swapSpatial(high);
      ArrayRef<int64_t> source = pad.getSourceType().getShape();
      if (source[1] == 1 || source[2] == 1)
        return tensor::PadOp::create(builder, loc, Type(),
                                     turn(builder, loc, pad.getSource()), low,
                                     high, constant);
    }
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  swapSpatial(shape);
  swapSpatial(sizes);
  Value flat = tensor::CollapseShapeOp::create(builder, loc, value, groups);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), flat,
                                       groups, sizes);
}

/// Whether `op` is a convolution, channels last, of images with one column.
static bool hasOneColumn(linalg::LinalgOp op) {
  std::optional<Conv2D> conv = matchConv2D(op);
  if (!conv || !op.hasPureTensorSemantics() ||
      !Conv2D::isChannelsLast(conv->inputDims) ||
      !Conv2D::isChannelsLast(conv->outputDims))
    return false;
  auto input = cast<RankedTensorType>(op->getOperand(0).getType());
  auto output = cast<RankedTensorType>(op->getResult(0).getType());
  return input.getDimSize(2) == 1 && output.getDimSize(2) == 1 &&
         conv->kernel[1] == 1 && output.getDimSize(1) != 1;
}

linalg::LinalgOp turnColumn(linalg::LinalgOp op) {
  if (!hasOneColumn(op))
    return op;
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, loc, op.getDpsInits().front());
  SmallVector<int64_t> shape(type.getShape());
  swapSpatial(sizes);
  swapSpatial(shape);
  Value start = buildStart(b, loc, op.getDpsInits().front(), sizes);
  if (!start)
    return op;
  SmallVector<Value> inputs = op.getDpsInputs();
  inputs[0] = turn(b, loc, inputs[0]);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (AffineMap *map : {&maps.front(), &maps.back()}) {
    SmallVector<AffineExpr> exprs(map->getResults());
    swapSpatial(exprs);
    *map = AffineMap::get(map->getNumDims(), 0, exprs, b.getContext());
  }
  auto generic =
      linalg::GenericOp::create(b, loc, type.clone(shape), inputs, start, maps,
                                op.getIteratorTypesArray());
  b.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                      generic.getRegion().begin());
  op->getResult(0).replaceAllUsesWith(turn(b, loc, generic.getResult(0)));
  op->erase();
  return cast<linalg::LinalgOp>(generic.getOperation());
}

namespace {

/// The row that `value` is the column of, if it is a convolution's result, or
/// came behind one.
Value getTurned(Value value) {
  auto expand = value.getDefiningOp<tensor::ExpandShapeOp>();
  if (!expand || !expand->hasOneUse() ||
      expand.getResultType().getRank() != 4 ||
      expand.getResultType().getDimSize(2) != 1)
    return {};
  auto flat = expand.getSrc().getDefiningOp<tensor::CollapseShapeOp>();
  bool isTurned = flat && flat->hasOneUse() &&
                  llvm::equal(flat.getReassociationIndices(), groups) &&
                  llvm::equal(expand.getReassociationIndices(), groups) &&
                  isBehindConvolution(flat.getSrc());
  return isTurned ? flat.getSrc() : Value();
}

struct TurnConsumer : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!linalg::isElementwise(op) || !op.hasPureTensorSemantics() ||
        op.getNumDpsInits() != 1 || op.hasIndexSemantics() ||
        !op.getIndexingMapsArray().back().isIdentity() ||
        !llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
          return op.getMatchingIndexingMap(input).isIdentity() &&
                 getTurned(input->get());
        }))
      return rewriter.notifyMatchFailure(op, "not behind a turned convolution");
    Location loc = op.getLoc();
    unsigned rank = op.getNumLoops();
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim < rank; ++dim)
      dims.push_back(rewriter.getAffineDimExpr(dim));
    swapSpatial(dims);
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      Value value = operand.get();
      if (map.isIdentity()) {
        Value turned = getTurned(value);
        value = turned ? turned : turn(rewriter, loc, value);
      } else {
        map = map.replaceDimsAndSymbols(dims, {}, rank, 0);
      }
      operands.push_back(value);
      maps.push_back(map);
    }
    Value init = operands.pop_back_val();
    auto turned =
        linalg::GenericOp::create(rewriter, loc, init.getType(), operands, init,
                                  maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op.getRegion(), turned.getRegion(),
                                turned.getRegion().begin());
    rewriter.replaceOp(op, turn(rewriter, loc, turned.getResult(0)));
    return success();
  }
};

} // namespace

void populateTurnColumnConsumers(RewritePatternSet &patterns) {
  patterns.add<TurnConsumer>(patterns.getContext());
}

} // namespace quanta
