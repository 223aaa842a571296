//===- TileOpenProducts.cpp - Static tiles of products of open sizes -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TargetDots.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/Products.h"
#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_TILEOPENPRODUCTS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Terms of a sum that a tile takes: sums of partial results cost little, and
/// so do the zeros behind a few terms.
constexpr int64_t tileDepth = 64;

/// Whether a factor has iterator `dim` as a dimension of dynamic size.
bool isOpen(linalg::LinalgOp op, unsigned dim) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    auto position = op.getMatchingIndexingMap(input).getResultPosition(
        getAffineDimExpr(dim, op.getContext()));
    return position && cast<RankedTensorType>(input->get().getType())
                           .isDynamicDim(*position);
  });
}

/// Replaces one product, whose columns or terms are as many as a dynamic size
/// says, by a loop over tiles and one more for those that are left.
class ProductTiler {
public:
  ProductTiler(linalg::GenericOp op, const Product &product, int64_t columns)
      : op(op), product(product), columns(columns), b(op), loc(op.getLoc()) {}

  /// The tiles; empty if nothing is open.
  SmallVector<linalg::GenericOp, 2> run();

private:
  linalg::GenericOp op;
  const Product &product;
  int64_t columns;
  OpBuilder b;
  Location loc;
  SmallVector<linalg::GenericOp, 2> tiles;

  bool isOpen(unsigned dim) { return ::quanta::isOpen(op, dim); }
  Value getSize(unsigned dim);
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  /// Indices of iterator `dim` that a tile takes: `size` of them, of which the
  /// first `valid` exist; null if all do.
  struct Range {
    unsigned dim;
    Value first;
    int64_t size;
    Value valid;
  };
  Value slice(Value tensor, AffineMap map, const Range &range);
  Value pad(Value tensor, AffineMap map, const Range &range, int32_t padding);
  Value multiply(const Range &range);
  Value buildLoop(unsigned dim, int64_t size, Value start,
                  function_ref<Value(const Range &, Value)> build);
  Value tileColumns();
  Value tileTerms();
};

Value ProductTiler::getSize(unsigned dim) {
  for (OpOperand *input : op.getDpsInputOperands())
    if (auto position = op.getMatchingIndexingMap(input).getResultPosition(
            b.getAffineDimExpr(dim)))
      return getValueOrCreateConstantIndexOp(
          b, loc, tensor::getMixedSize(b, loc, input->get(), *position));
  llvm_unreachable("each iterator of a product is one of a factor");
}

/// What exists of the tile.
Value ProductTiler::slice(Value tensor, AffineMap map, const Range &range) {
  auto position = map.getResultPosition(b.getAffineDimExpr(range.dim));
  if (!position)
    return tensor;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, tensor);
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)),
      strides(sizes.size(), b.getIndexAttr(1));
  offsets[*position] = range.first;
  sizes[*position] = range.valid ? OpFoldResult(range.valid)
                                 : OpFoldResult(b.getIndexAttr(range.size));
  return tensor::ExtractSliceOp::create(b, loc, tensor, offsets, sizes,
                                        strides);
}

/// A factor's part of the tile; what does not exist adds nothing to a sum.
Value ProductTiler::pad(Value tensor, AffineMap map, const Range &range,
                        int32_t padding) {
  Value part = slice(tensor, map, range);
  auto position = map.getResultPosition(b.getAffineDimExpr(range.dim));
  if (!range.valid || !position)
    return part;
  auto type = cast<RankedTensorType>(part.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[*position] = range.size;
  Type element = type.getElementType();
  TypedAttr value =
      isa<FloatType>(element)
          ? TypedAttr(b.getZeroAttr(element))
          : IntegerAttr::get(element,
                             APInt(element.getIntOrFloatBitWidth(),
                                   static_cast<uint64_t>(padding),
                                   /*isSigned=*/true, /*implicitTrunc=*/true));
  SmallVector<OpFoldResult> low(shape.size(), b.getIndexAttr(0)), high(low);
  high[*position] =
      arith::SubIOp::create(b, loc, index(range.size), range.valid).getResult();
  Value zero = arith::ConstantOp::create(b, loc, value);
  return tensor::PadOp::create(b, loc, type.clone(shape), part, low, high,
                               zero);
}

/// The products of a tile, summed from zero.
Value ProductTiler::multiply(const Range &range) {
  SmallVector<Value> operands;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    bool isRight = map.isFunctionOfDim(product.n());
    operands.push_back(
        pad(input->get(), map, range,
            isRight ? product.rhs.zeroPoint : product.lhs.zeroPoint));
  }
  AffineMap map = op.getIndexingMapsArray().back();
  Value init = op.getDpsInits()[0];
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, init);
  if (auto position = map.getResultPosition(b.getAffineDimExpr(range.dim)))
    sizes[*position] = b.getIndexAttr(range.size);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(type.getElementType()));
  operands.push_back(linalg::FillOp::create(b, loc, zero, empty).getResult(0));
  auto tile = cast<linalg::GenericOp>(
      clone(b, op.getOperation(), operands.back().getType(), operands));
  tiles.push_back(tile);
  return tile.getResult(0);
}

/// Whole tiles in a loop, and a last one if some indices are left.
Value ProductTiler::buildLoop(unsigned dim, int64_t size, Value start,
                              function_ref<Value(const Range &, Value)> build) {
  Value end = getSize(dim);
  Value rest = arith::RemUIOp::create(b, loc, end, index(size));
  Value whole = arith::SubIOp::create(b, loc, end, rest);
  auto loop = scf::ForOp::create(b, loc, index(0), whole, index(size), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = build({dim, loop.getInductionVar(), size, {}},
                       loop.getRegionIterArg(0));
    scf::YieldOp::create(b, loc, next);
  }
  Value isLeft =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, index(0));
  auto last = scf::IfOp::create(b, loc, start.getType(), isLeft,
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(last.thenBlock());
  scf::YieldOp::create(b, loc,
                       build({dim, whole, size, rest}, loop.getResult(0)));
  b.setInsertionPointToStart(last.elseBlock());
  scf::YieldOp::create(b, loc, loop.getResult(0));
  return last.getResult(0);
}

Value ProductTiler::tileColumns() {
  Value init = op.getDpsInits()[0];
  AffineMap map = op.getIndexingMapsArray().back();
  Value empty =
      createEmptyLike(b, loc, init, getElementTypeOrSelf(init.getType()));
  return buildLoop(
      product.n(), columns, empty, [&](const Range &range, Value result) {
        Value part = multiply(range);
        // Columns that do not exist are left behind.
        if (range.valid)
          part = slice(part, map, {range.dim, index(0), 0, range.valid});
        if (!isZeroTensor(init))
          part = addElements(b, loc, part, slice(init, map, range));
        SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, part);
        SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)),
            strides(sizes.size(), b.getIndexAttr(1));
        offsets.back() = range.first;
        return tensor::InsertSliceOp::create(b, loc, part, result, offsets,
                                             sizes, strides)
            .getResult();
      });
}

Value ProductTiler::tileTerms() {
  return buildLoop(product.k, tileDepth, op.getDpsInits()[0],
                   [&](const Range &range, Value sums) {
                     return addElements(b, loc, multiply(range), sums);
                   });
}

SmallVector<linalg::GenericOp, 2> ProductTiler::run() {
  // Sums that are rounded once each have one order, from what they start with.
  bool hasOrder = product.isFloat && product.isFused;
  Value result;
  if (isOpen(product.n()) && (!hasOrder || isZeroTensor(op.getDpsInits()[0])))
    result = tileColumns();
  else if (isOpen(product.k) && !isOpen(product.n()) && !hasOrder)
    result = tileTerms();
  if (result) {
    op.getResult(0).replaceAllUsesWith(result);
    op.erase();
  }
  return tiles;
}

/// A factor that is transposed is read at other indices instead.
void readBeforeTranspose(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value tensor = input->get();
    lookThroughTranspose(tensor, maps[input->getOperandNumber()]);
    input->set(tensor);
  }
  op.setIndexingMapsAttr(Builder(op).getAffineMapArrayAttr(maps));
}

struct TileOpenProductsPass : impl::TileOpenProductsBase<TileOpenProductsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    FailureOr<TargetDots> dots = TargetDots::get(module, getArgument());
    if (failed(dots))
      return signalPassFailure();
    SmallVector<linalg::LinalgOp> ops;
    module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    while (!ops.empty()) {
      linalg::LinalgOp op = ops.pop_back_val();
      std::optional<Product> product = matchProduct(op);
      if (!product || !isTiled(op, *product))
        continue;
      IRRewriter rewriter(op);
      FailureOr<linalg::GenericOp> generic =
          isa<linalg::GenericOp>(op) ? cast<linalg::GenericOp>(op)
                                     : linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic))
        continue;
      readBeforeTranspose(*generic);
      product = matchProduct(*generic);
      if (!product)
        continue;
      DotAttrInterface dot =
          product->isFloat ? dots->floatDot : dots->integerDot;
      llvm::append_range(
          ops,
          ProductTiler(*generic, *product, dot.getDotShape().columns()).run());
    }
  }

private:
  /// Of two activations, with columns or terms of a dynamic size.
  static bool isTiled(linalg::LinalgOp op, const Product &product) {
    return !getDenseConstant(product.rhs.tensor) &&
           (isOpen(op, product.n()) || isOpen(op, product.k));
  }
};

} // namespace
} // namespace quanta
