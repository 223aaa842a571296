//===- FoldUnitDims.cpp - Dimensions of size 1 around reductions of rows --===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FOLDUNITDIMS
#include "quanta/Transforms/Passes.h.inc"

namespace {

bool hasWindows(linalg::LinalgOp op) {
  return !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation(/*allowZeroInResults=*/true);
  });
}

bool isReshape(Operation *op) {
  return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op);
}

/// What passes elements on, each from its own or from those of a row.
bool isGlue(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return isReshape(op) ||
         (generic && generic.hasPureTensorSemantics() &&
          !generic.hasIndexSemantics() && !hasWindows(generic) &&
          !linalg::isaContractionOpInterface(generic));
}

/// Whether an operation wants the tensors around it as they are: a convolution
/// or a pool, of images.
bool isOfImages(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return isa<tensor::PadOp>(op) || (linalgOp && hasWindows(linalgOp));
}

struct FoldUnitDimsPass : impl::FoldUnitDimsBase<FoldUnitDimsPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), {Stage::Float, Stage::Integer},
                          getArgument())))
      return signalPassFailure();
    SmallVector<linalg::GenericOp> rows = findRows();
    if (rows.empty())
      return;
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : rows) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::DropUnitDimsResult> folded =
          linalg::dropUnitDims(rewriter, op, linalg::ControlDropUnitDims());
      if (succeeded(folded))
        rewriter.replaceOp(op, folded->replacements);
    }
    RewritePatternSet patterns(&getContext());
    linalg::FillOp::getCanonicalizationPatterns(patterns, &getContext());
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  /// Operations that are connected with a reduction of rows, and not with what
  /// computes on images.
  SmallVector<linalg::GenericOp> findRows() {
    llvm::EquivalenceClasses<Operation *> parts;
    SmallVector<Operation *> glue;
    getOperation().walk([&](Operation *op) {
      if (!isGlue(op))
        return;
      glue.push_back(op);
      parts.insert(op);
      for (Value operand : op->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          if (isGlue(producer))
            parts.unionSets(producer, op);
    });
    llvm::DenseSet<Operation *> images, rows;
    for (Operation *op : glue) {
      Operation *part = parts.getLeaderValue(op);
      auto isNextToImages = [&](Operation *other) {
        return other && isOfImages(other);
      };
      if (llvm::any_of(op->getUsers(), isNextToImages) ||
          llvm::any_of(op->getOperands(), [&](Value operand) {
            return isNextToImages(operand.getDefiningOp());
          }))
        images.insert(part);
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (generic && generic.getNumReductionLoops() > 0)
        rows.insert(part);
    }
    SmallVector<linalg::GenericOp> found;
    for (Operation *op : glue) {
      Operation *part = parts.getLeaderValue(op);
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        if (rows.contains(part) && !images.contains(part))
          found.push_back(generic);
    }
    return found;
  }
};

} // namespace
} // namespace quanta
