//===- LowerViews.cpp - Views of buffers as offsets and strides -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOWERVIEWS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Whether upstream's patterns could not tell the sizes: they
/// know the source's alone, not those that the operation is given.
bool hasSeveralOpenSizes(memref::ExpandShapeOp op) {
  MemRefType type = op.getResultType();
  return llvm::any_of(op.getReassociationIndices(),
                      [&](ArrayRef<int64_t> group) {
                        return llvm::count_if(group, [&](int64_t dim) {
                                 return type.isDynamicDim(dim);
                               }) > 1;
                      });
}

void lowerExpandShape(memref::ExpandShapeOp op) {
  IRRewriter builder(op);
  Location loc = op.getLoc();
  auto metadata =
      memref::ExtractStridedMetadataOp::create(builder, loc, op.getSrc());
  auto [sourceStrides, offset] = op.getSrcType().getStridesAndOffset();
  auto orValue = [&](int64_t number, Value value) -> OpFoldResult {
    return ShapedType::isDynamic(number)
               ? OpFoldResult(value)
               : OpFoldResult(builder.getIndexAttr(number));
  };
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  auto [resultStrides, resultOffset] = op.getResultType().getStridesAndOffset();
  SmallVector<OpFoldResult> strides(sizes.size());
  auto toValue = [&](OpFoldResult number) {
    return getValueOrCreateConstantIndexOp(builder, loc, number);
  };
  for (auto [index, group] : llvm::enumerate(op.getReassociationIndices())) {
    // From the inside out: each stride is the next one times its size.
    OpFoldResult next =
        orValue(sourceStrides[index], metadata.getStrides()[index]);
    for (auto [position, dim] : llvm::enumerate(llvm::reverse(group))) {
      if (!ShapedType::isDynamic(resultStrides[dim])) {
        strides[dim] = builder.getIndexAttr(resultStrides[dim]);
      } else if (position == 0) {
        strides[dim] = next;
      } else {
        Value size = toValue(sizes[dim + 1]);
        strides[dim] =
            builder.createOrFold<arith::MulIOp>(loc, size, toValue(next));
      }
      next = strides[dim];
    }
  }
  builder.replaceOpWithNewOp<memref::ReinterpretCastOp>(
      op, op.getResultType(), metadata.getBaseBuffer(),
      orValue(resultOffset, metadata.getOffset()), sizes, strides);
}

/// Views as `memref.reinterpret_cast`, and arithmetic on their indices.
LogicalResult lowerViews(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  memref::populateExpandStridedMetadataPatterns(patterns);
  populateAffineToStdConversionPatterns(patterns);
  populateAffineToVectorConversionPatterns(patterns);
  // There are no blocks to merge, and looking for them takes half of the time.
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return applyPatternsGreedily(module, std::move(patterns), config);
}

struct LowerViewsPass : impl::LowerViewsBase<LowerViewsPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    SmallVector<memref::ExpandShapeOp> ops;
    getOperation().walk([&](memref::ExpandShapeOp op) {
      if (hasSeveralOpenSizes(op))
        ops.push_back(op);
    });
    for (memref::ExpandShapeOp op : ops)
      lowerExpandShape(op);
    if (failed(lowerViews(getOperation())))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
