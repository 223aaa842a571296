//===- LowerPads.cpp - Write the frame of padded tensors ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOWERPADS
#include "quanta/Transforms/Passes.h.inc"

namespace {

class PadLowering {
public:
  PadLowering(tensor::PadOp op, Value padding, RewriterBase &b)
      : op(op), padding(padding), b(b), loc(op.getLoc()),
        low(op.getMixedLowPad()), high(op.getMixedHighPad()),
        source(tensor::getMixedSizes(b, loc, op.getSource())) {}

  void run();

private:
  tensor::PadOp op;
  Value padding;
  RewriterBase &b;
  Location loc;
  SmallVector<OpFoldResult> low, high, source, whole;
  Value result;

  OpFoldResult add(ArrayRef<OpFoldResult> values);
  Value crop();
  void fill(int64_t dim, OpFoldResult start, OpFoldResult size);
};

OpFoldResult PadLowering::add(ArrayRef<OpFoldResult> values) {
  AffineExpr sum = b.getAffineConstantExpr(0);
  for (unsigned i = 0; i < values.size(); ++i)
    sum = sum + b.getAffineSymbolExpr(i);
  return affine::makeComposedFoldedAffineApply(b, loc, sum, values);
}

/// The source without what negative widths take from it, which then are zero.
Value PadLowering::crop() {
  auto isNegative = [](OpFoldResult width) {
    return getConstantIntValue(width).value_or(0) < 0;
  };
  if (llvm::none_of(low, isNegative) && llvm::none_of(high, isNegative))
    return op.getSource();
  SmallVector<OpFoldResult> offsets, strides(low.size(), b.getIndexAttr(1));
  for (auto [before, size, after] : llvm::zip(low, source, high)) {
    offsets.push_back(b.getIndexAttr(0));
    if (isNegative(before)) {
      size = add({size, before});
      offsets.back() = b.getIndexAttr(-*getConstantIntValue(before));
      before = b.getIndexAttr(0);
    }
    if (isNegative(after)) {
      size = add({size, after});
      after = b.getIndexAttr(0);
    }
  }
  return tensor::ExtractSliceOp::create(b, loc, op.getSource(), offsets, source,
                                        strides);
}

/// Fills what lies in `size` indices of `dim` from `start` on, of the outer
/// dimensions the part that the source has, of the inner ones everything: with
/// these parts nothing is written twice, and most of it is contiguous.
void PadLowering::fill(int64_t dim, OpFoldResult start, OpFoldResult size) {
  if (isConstantIntValue(size, 0))
    return;
  SmallVector<OpFoldResult> offsets(low.size(), b.getIndexAttr(0)),
      sizes(whole), strides(low.size(), b.getIndexAttr(1));
  for (int64_t outer = 0; outer < dim; ++outer) {
    offsets[outer] = low[outer];
    sizes[outer] = source[outer];
  }
  offsets[dim] = start;
  sizes[dim] = size;
  Value part =
      tensor::ExtractSliceOp::create(b, loc, result, offsets, sizes, strides);
  part = linalg::FillOp::create(b, loc, padding, part).getResult(0);
  result = tensor::InsertSliceOp::create(b, loc, part, result, offsets, sizes,
                                         strides);
}

void PadLowering::run() {
  Value inside = crop();
  for (auto [before, size, after] : llvm::zip(low, source, high))
    whole.push_back(add({before, size, after}));
  RankedTensorType type = op.getResultType();
  // What the type knows it knows better than sums of what is open.
  for (auto [size, known] : llvm::zip(whole, type.getShape()))
    if (!ShapedType::isDynamic(known))
      size = b.getIndexAttr(known);
  result = tensor::EmptyOp::create(b, loc, whole, type.getElementType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    fill(dim, b.getIndexAttr(0), low[dim]);
    fill(dim, add({low[dim], source[dim]}), high[dim]);
  }
  SmallVector<OpFoldResult> strides(low.size(), b.getIndexAttr(1));
  result = tensor::InsertSliceOp::create(b, loc, inside, result, low, source,
                                         strides);
  b.replaceOp(op, result);
}

struct LowerPadsPass : impl::LowerPadsBase<LowerPadsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](tensor::PadOp op) {
      rewriter.setInsertionPoint(op);
      if (Value padding = takePadding(op, rewriter))
        PadLowering(op, padding, rewriter).run();
    });
  }
};

} // namespace
} // namespace quanta
