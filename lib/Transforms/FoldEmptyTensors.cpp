//===- FoldEmptyTensors.cpp - Tensors without elements --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FOLDEMPTYTENSORS
#include "quanta/Transforms/Passes.h.inc"

namespace {

bool isEmpty(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && llvm::is_contained(type.getShape(), 0);
}

Value buildRoom(RewriterBase &rewriter, Location loc, RankedTensorType type) {
  return tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                 type.getElementType());
}

/// Only results without elements: nothing is computed.
bool foldResults(Operation *op, RewriterBase &rewriter) {
  if (op->getNumResults() == 0 || op->hasTrait<OpTrait::ConstantLike>() ||
      isa<tensor::EmptyOp>(op) || !isMemoryEffectFree(op))
    return false;
  for (Value result : op->getResults())
    if (!isEmpty(result) ||
        !cast<RankedTensorType>(result.getType()).hasStaticShape())
      return false;
  SmallVector<Value> rooms;
  for (Type type : op->getResultTypes())
    rooms.push_back(
        buildRoom(rewriter, op->getLoc(), cast<RankedTensorType>(type)));
  rewriter.replaceOp(op, rooms);
  return true;
}

void foldConcat(tensor::ConcatOp op, RewriterBase &rewriter) {
  SmallVector<Value> parts(llvm::make_filter_range(
      op.getInputs(), [](Value part) { return !isEmpty(part); }));
  if (parts.empty() || parts.size() == op.getInputs().size())
    return;
  Value whole = parts.front();
  if (parts.size() > 1)
    whole = tensor::ConcatOp::create(rewriter, op.getLoc(), op.getDim(), parts);
  if (whole.getType() != op.getType())
    whole = tensor::CastOp::create(rewriter, op.getLoc(), op.getType(), whole);
  rewriter.replaceOp(op, whole);
}

/// Nothing but what is padded with.
void foldPad(tensor::PadOp op, RewriterBase &rewriter) {
  if (!isEmpty(op.getSource()) || !op.getResultType().hasStaticShape())
    return;
  Value padding = takePadding(op, rewriter);
  if (!padding)
    return;
  Value room = buildRoom(rewriter, op.getLoc(), op.getResultType());
  rewriter.replaceOp(
      op, linalg::FillOp::create(rewriter, op.getLoc(), padding, room)
              .getResult(0));
}

struct FoldEmptyTensorsPass : impl::FoldEmptyTensorsBase<FoldEmptyTensorsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      rewriter.setInsertionPoint(op);
      if (foldResults(op, rewriter))
        return WalkResult::skip();
      if (auto concat = dyn_cast<tensor::ConcatOp>(op))
        foldConcat(concat, rewriter);
      else if (auto pad = dyn_cast<tensor::PadOp>(op)) {
        foldPad(pad, rewriter);
        return WalkResult::skip();
      } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op);
                 insert && isEmpty(insert.getSource()))
        rewriter.replaceOp(insert, insert.getDest());
      else
        return WalkResult::advance();
      return WalkResult::skip();
    });
  }
};

} // namespace
} // namespace quanta
