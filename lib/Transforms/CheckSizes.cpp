//===- CheckSizes.cpp - Sizes that are known only at run time -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CHECKSIZES
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Where a size comes from: a constant, a scalar, or a dimension of a tensor
/// that nothing is known of. What has the same source has the same size.
using SizeSource = std::tuple<int64_t, void *, int64_t>;

class SizeFinder {
public:
  SizeSource get(Value tensor, int64_t dim) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(dim))
      return {type.getDimSize(dim), nullptr, 0};
    std::pair key(tensor, dim);
    if (auto known = sources.find(key); known != sources.end())
      return known->second;
    SizeSource source = find(tensor, dim);
    sources[key] = source;
    return source;
  }

  SizeSource get(OpFoldResult size) {
    if (std::optional<int64_t> constant = getConstantIntValue(size))
      return {*constant, nullptr, 0};
    auto value = cast<Value>(size);
    if (auto op = value.getDefiningOp<tensor::DimOp>())
      if (std::optional<int64_t> dim = op.getConstantIndex();
          dim && isa<RankedTensorType>(op.getSource().getType()))
        return get(op.getSource(), *dim);
    return {ShapedType::kDynamic, value.getAsOpaquePointer(), -1};
  }

private:
  llvm::DenseMap<std::pair<Value, int64_t>, SizeSource> sources;

  SizeSource find(Value tensor, int64_t dim) {
    if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
      return get(empty.getMixedSizes()[dim]);
    if (auto cast = tensor.getDefiningOp<tensor::CastOp>();
        cast && isa<RankedTensorType>(cast.getSource().getType()))
      return get(cast.getSource(), dim);
    if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
      return get(expand.getMixedOutputShape()[dim]);
    if (auto op = tensor.getDefiningOp<DestinationStyleOpInterface>())
      return get(op.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
    return {ShapedType::kDynamic, tensor.getAsOpaquePointer(), dim};
  }
};

/// Asserts what the verifiers check of sizes that are constants.
class SizeChecker {
public:
  void check(linalg::LinalgOp op);
  void check(tensor::CastOp op);
  void check(tensor::ExpandShapeOp op);
  void check(OffsetSizeAndStrideOpInterface op, Value tensor);

private:
  SizeFinder finder;

  static Value getSize(OpBuilder &b, Location loc, Value tensor, int64_t dim) {
    return getValueOrCreateConstantIndexOp(
        b, loc, tensor::getMixedSize(b, loc, tensor, dim));
  }

  void requireEqual(OpBuilder &b, Operation *op, Value left, Value right,
                    const Twine &what) {
    require(b, op, arith::CmpIPredicate::eq, left, right, what);
  }

  static void require(OpBuilder &b, Operation *op,
                      arith::CmpIPredicate predicate, Value left, Value right,
                      const Twine &what) {
    std::string location = describeLocation(op->getLoc());
    std::string message = (what + " of '" + op->getName().getStringRef() + "'" +
                           (location.empty() ? "" : " at " + location) +
                           " has a size that does not fit")
                              .str();
    Value fits = arith::CmpIOp::create(b, op->getLoc(), predicate, left, right);
    cf::AssertOp::create(b, op->getLoc(), fits, message);
  }
};

std::string describe(OpOperand &operand, size_t dim) {
  return "dimension " + std::to_string(dim) + " of operand " +
         std::to_string(operand.getOperandNumber());
}

void SizeChecker::check(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics())
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  // For each loop the dimension that decides on its length.
  struct Loop {
    OpOperand *operand = nullptr;
    int64_t dim = 0;
  };
  SmallVector<Loop> loops(op.getNumLoops());
  struct Window {
    OpOperand *operand;
    size_t dim;
    AffineExpr expr;
  };
  SmallVector<Window> windows;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto single = dyn_cast<AffineDimExpr>(expr);
      if (!single) {
        windows.push_back({&operand, dim, expr});
        continue;
      }
      Loop &loop = loops[single.getPosition()];
      if (!loop.operand) {
        loop = {&operand, static_cast<int64_t>(dim)};
        continue;
      }
      if (finder.get(loop.operand->get(), loop.dim) !=
          finder.get(operand.get(), dim))
        requireEqual(b, op, getSize(b, loc, loop.operand->get(), loop.dim),
                     getSize(b, loc, operand.get(), dim),
                     describe(operand, dim));
    }
  }
  // The last element that a window reads must exist.
  for (Window &window : windows) {
    bool isKnown = !cast<RankedTensorType>(window.operand->get().getType())
                        .isDynamicDim(window.dim);
    SmallVector<OpFoldResult> last;
    for (auto [position, loop] : llvm::enumerate(loops)) {
      if (!window.expr.isFunctionOfDim(position) || !loop.operand) {
        last.push_back(b.getIndexAttr(0));
        continue;
      }
      auto type = cast<RankedTensorType>(loop.operand->get().getType());
      isKnown &= !type.isDynamicDim(loop.dim);
      OpFoldResult size =
          tensor::getMixedSize(b, loc, loop.operand->get(), loop.dim);
      last.push_back(affine::makeComposedFoldedAffineApply(
          b, loc, b.getAffineDimExpr(0) - 1, {size}));
    }
    if (isKnown)
      continue;
    Value index = getValueOrCreateConstantIndexOp(
        b, loc,
        affine::makeComposedFoldedAffineApply(
            b, loc, AffineMap::get(loops.size(), 0, window.expr), last));
    require(b, op, arith::CmpIPredicate::slt, index,
            getSize(b, loc, window.operand->get(), window.dim),
            describe(*window.operand, window.dim));
  }
}

void SizeChecker::check(tensor::CastOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto to = dyn_cast<RankedTensorType>(op.getType());
  if (!from || !to)
    return;
  OpBuilder b(op);
  for (int64_t dim = 0; dim < to.getRank(); ++dim)
    if (from.isDynamicDim(dim) && !to.isDynamicDim(dim) &&
        finder.get(op.getSource(), dim) != finder.get(op, dim))
      requireEqual(
          b, op, getSize(b, op.getLoc(), op.getSource(), dim),
          arith::ConstantIndexOp::create(b, op.getLoc(), to.getDimSize(dim)),
          describe(op->getOpOperand(0), dim));
}

void SizeChecker::check(tensor::ExpandShapeOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!op.getSrcType().isDynamicDim(dim))
      continue;
    if (group.size() == 1 &&
        finder.get(sizes[group[0]]) == finder.get(op.getSrc(), dim))
      continue;
    Value product = arith::ConstantIndexOp::create(b, loc, 1);
    for (int64_t part : group)
      product = arith::MulIOp::create(
          b, loc, product,
          getValueOrCreateConstantIndexOp(b, loc, sizes[part]));
    requireEqual(b, op, product, getSize(b, loc, op.getSrc(), dim),
                 describe(op->getOpOperand(0), dim));
  }
}

/// A slice must begin and end within the tensor that it is taken from or put
/// into.
void SizeChecker::check(OffsetSizeAndStrideOpInterface op, Value tensor) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(tensor.getType());
  auto known = [](OpFoldResult value) {
    return getConstantIntValue(value).has_value();
  };
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    OpFoldResult offset = op.getMixedOffsets()[dim],
                 size = op.getMixedSizes()[dim],
                 stride = op.getMixedStrides()[dim];
    if (known(offset) && known(size) && known(stride) &&
        !type.isDynamicDim(dim))
      continue;
    if (getConstantIntValue(offset) == 0 && getConstantIntValue(stride) == 1 &&
        finder.get(size) == finder.get(tensor, dim))
      continue;
    std::string what = "dimension " + std::to_string(dim);
    Value limit = getSize(b, loc, tensor, dim);
    auto value = [&](OpFoldResult result) {
      return getValueOrCreateConstantIndexOp(b, loc, result);
    };
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    AffineExpr o = b.getAffineSymbolExpr(0), n = b.getAffineSymbolExpr(1);
    // The stride may be known only at run time: no affine product.
    Value steps = value(affine::makeComposedFoldedAffineApply(
        b, loc, b.getAffineSymbolExpr(0) - 1, {size}));
    Value length = arith::MulIOp::create(b, loc, steps, value(stride));
    Value end = value(affine::makeComposedFoldedAffineApply(
        b, loc, o + n + 1, {offset, OpFoldResult(length)}));
    if (!known(offset))
      require(b, op, arith::CmpIPredicate::sge, value(offset), zero, what);
    if (!known(size))
      require(b, op, arith::CmpIPredicate::sge, value(size), zero, what);
    require(b, op, arith::CmpIPredicate::sle, end, limit, what);
  }
}

struct CheckSizesPass : impl::CheckSizesBase<CheckSizesPass> {
  void runOnOperation() override {
    SizeChecker checker;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      llvm::TypeSwitch<Operation *>(op)
          .Case<linalg::LinalgOp, tensor::CastOp, tensor::ExpandShapeOp>(
              [&](auto typed) { checker.check(typed); })
          .Case<tensor::ExtractSliceOp>([&](tensor::ExtractSliceOp slice) {
            checker.check(slice, slice.getSource());
          })
          .Case<tensor::InsertSliceOp>([&](tensor::InsertSliceOp slice) {
            checker.check(slice, slice.getDest());
          });
  }
};

} // namespace
} // namespace quanta
