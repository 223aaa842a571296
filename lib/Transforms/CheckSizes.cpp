//===- CheckSizes.cpp - Sizes that are known only at run time -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "SizeSource.h"

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CHECKSIZES
#include "quanta/Transforms/Passes.h.inc"

namespace {

constexpr StringLiteral problem = "has a size that does not fit";

/// Asserts what the verifiers check of sizes that are constants.
class SizeChecker {
public:
  void check(linalg::LinalgOp op);
  void check(tensor::CastOp op);
  void check(tensor::ExpandShapeOp op);
  void check(tensor::ReshapeOp op);
  void check(tensor::ConcatOp op);
  void check(tensor::PadOp op);
  void checkAllocation(Operation *op, ValueRange dynamicSizes);
  void checkSource(tensor::InsertSliceOp op);
  void check(OffsetSizeAndStrideOpInterface op, Value tensor);

private:
  SizeFinder finder;
  // Products of sizes that are checked, and the block where.
  std::set<std::pair<Block *, std::vector<SizeSource>>> checked;

  /// Asserts that two sizes agree, as soon as both are known: what `op` reads
  /// may be computed in place of what it writes.
  static void requireEqual(Operation *op, SizeSource left, SizeSource right,
                           const Twine &what) {
    if (left == right)
      return;
    Operation *last = nullptr;
    for (SizeSource source : {left, right})
      if (Value value = source.value)
        if (Operation *def = value.getDefiningOp();
            def && def->getBlock() == op->getBlock() &&
            (!last || last->isBeforeInBlock(def)))
          last = def;
    OpBuilder b(op);
    if (last)
      b.setInsertionPointAfter(last);
    else
      b.setInsertionPointToStart(op->getBlock());
    require(b, op, arith::CmpIPredicate::eq, left.build(b, op->getLoc()),
            right.build(b, op->getLoc()), what);
  }

  static void require(OpBuilder &b, Operation *op,
                      arith::CmpIPredicate predicate, Value left, Value right,
                      const Twine &what) {
    buildCheck(b, op, predicate, left, right, what, problem);
  }

  /// Asserts that a length that is data is one; without a sign, what is
  /// negative is large.
  static void requireLength(OpBuilder &b, Operation *op, Value length,
                            const Twine &what) {
    require(b, op, arith::CmpIPredicate::ult, length,
            arith::ConstantIndexOp::create(b, op->getLoc(), elementLimit),
            what);
  }
};

std::string describe(OpOperand &operand, size_t dim) {
  return "dimension " + std::to_string(dim) + " of operand " +
         std::to_string(operand.getOperandNumber());
}

/// The least or the greatest value of an index whose iterators go from zero to
/// the dimensions of the result.
AffineExpr getBound(AffineExpr expr, bool isGreatest) {
  MLIRContext *context = expr.getContext();
  if (isa<AffineDimExpr>(expr))
    return isGreatest ? expr : getAffineConstantExpr(0, context);
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return expr;
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  auto constant = dyn_cast<AffineConstantExpr>(rhs);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return getBound(lhs, isGreatest) + getBound(rhs, isGreatest);
  case AffineExprKind::Mul:
    return getBound(lhs, constant.getValue() < 0 ? !isGreatest : isGreatest) *
           rhs;
  case AffineExprKind::FloorDiv:
    return getBound(lhs, isGreatest).floorDiv(rhs);
  case AffineExprKind::CeilDiv:
    return getBound(lhs, isGreatest).ceilDiv(rhs);
  default: // A remainder, which takes any value in between.
    return isGreatest ? rhs - 1 : getAffineConstantExpr(0, context);
  }
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
      requireEqual(op, finder.get(loop.operand->get(), loop.dim),
                   finder.get(operand.get(), dim), describe(operand, dim));
    }
  }
  // What a window reads must exist.
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
    auto get = [&](bool isGreatest) -> OpFoldResult {
      AffineExpr bound = getBound(window.expr, isGreatest);
      return affine::makeComposedFoldedAffineApply(
          b, loc, AffineMap::get(loops.size(), 0, bound), last);
    };
    OpFoldResult least = get(/*isGreatest=*/false);
    if (std::optional<int64_t> known = getConstantIntValue(least);
        !known || *known < 0)
      require(b, op, arith::CmpIPredicate::sge,
              getValueOrCreateConstantIndexOp(b, loc, least),
              arith::ConstantIndexOp::create(b, loc, 0),
              describe(*window.operand, window.dim));
    if (isKnown)
      continue;
    require(
        b, op, arith::CmpIPredicate::slt,
        getValueOrCreateConstantIndexOp(b, loc, get(/*isGreatest=*/true)),
        linalg::createOrFoldDimOp(b, loc, window.operand->get(), window.dim),
        describe(*window.operand, window.dim));
  }
}

void SizeChecker::check(tensor::CastOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto to = dyn_cast<RankedTensorType>(op.getType());
  if (!from || !to)
    return;
  for (int64_t dim = 0; dim < to.getRank(); ++dim)
    if (!to.isDynamicDim(dim))
      requireEqual(op, finder.get(op.getSource(), dim), finder.get(op, dim),
                   describe(op->getOpOperand(0), dim));
}

Value buildProduct(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes) {
  Value product = arith::ConstantIndexOp::create(b, loc, 1);
  for (OpFoldResult size : sizes)
    product = arith::MulIOp::create(
        b, loc, product, getValueOrCreateConstantIndexOp(b, loc, size));
  return product;
}

void SizeChecker::check(tensor::ExpandShapeOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    if (!op.getSrcType().isDynamicDim(dim))
      continue;
    if (group.size() == 1) {
      requireEqual(op, finder.get(sizes[group[0]]),
                   finder.get(op.getSrc(), dim),
                   describe(op->getOpOperand(0), dim));
      continue;
    }
    std::string what = describe(op->getOpOperand(0), dim);
    SmallVector<OpFoldResult> parts;
    for (int64_t part : group)
      parts.push_back(sizes[part]);
    // Parts that are data could wrap to the right product.
    bool isData = false;
    for (OpFoldResult part : parts)
      if (auto value = dyn_cast<Value>(part);
          value && !value.getDefiningOp<tensor::DimOp>()) {
        isData = true;
        requireLength(b, op, value, what);
      }
    if (isData)
      buildProductCheck(b, op, parts, elementLimit, what, problem);
    require(b, op, arith::CmpIPredicate::eq, buildProduct(b, loc, parts),
            linalg::createOrFoldDimOp(b, loc, op.getSrc(), dim), what);
  }
}

void SizeChecker::check(tensor::ReshapeOp op) {
  auto from = dyn_cast<RankedTensorType>(op.getSource().getType());
  auto to = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!from || !to)
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  std::string what = "operand 1";
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < to.getRank(); ++dim) {
    Value size = tensor::ExtractOp::create(
        b, loc, op.getShape(),
        Value(arith::ConstantIndexOp::create(b, loc, dim)));
    if (!size.getType().isIndex())
      size = arith::IndexCastOp::create(b, loc, b.getIndexType(), size);
    sizes.push_back(size);
    if (to.isDynamicDim(dim))
      requireLength(b, op, size, what);
    else
      require(b, op, arith::CmpIPredicate::eq, size,
              arith::ConstantIndexOp::create(b, loc, to.getDimSize(dim)), what);
  }
  buildProductCheck(b, op, sizes, elementLimit, what, problem);
  require(b, op, arith::CmpIPredicate::eq, buildProduct(b, loc, sizes),
          buildProduct(b, loc, tensor::getMixedSizes(b, loc, op.getSource())),
          what);
}

void SizeChecker::check(tensor::ConcatOp op) {
  auto dim = static_cast<int64_t>(op.getDim());
  for (OpOperand &operand : llvm::drop_begin(op->getOpOperands()))
    for (int64_t d = 0; d < op.getResultType().getRank(); ++d)
      if (d != dim)
        requireEqual(op, finder.get(op.getInputs()[0], d),
                     finder.get(operand.get(), d), describe(operand, d));
}

/// What is inserted must be as large as the slice.
void SizeChecker::checkSource(tensor::InsertSliceOp op) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  int64_t dim = 0;
  for (auto [position, size] : llvm::enumerate(op.getMixedSizes())) {
    if (dropped[position])
      continue;
    requireEqual(op, finder.get(size), finder.get(op.getSource(), dim),
                 describe(op->getOpOperand(0), dim));
    ++dim;
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
    Value limit = linalg::createOrFoldDimOp(b, loc, tensor, dim);
    auto value = [&](OpFoldResult result) {
      return getValueOrCreateConstantIndexOp(b, loc, result);
    };
    auto within = [&](OpFoldResult result, int64_t least) {
      Value found = value(result);
      if (known(result))
        return;
      require(b, op, arith::CmpIPredicate::sge, found,
              arith::ConstantIndexOp::create(b, loc, least), what);
      if (least == 0)
        require(b, op, arith::CmpIPredicate::sle, found, limit, what);
    };
    within(offset, 0);
    within(size, 0);
    within(stride, 1);
    // None of these overflows: a longer stride leaves the tensor too, unless
    // nothing is behind it.
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value step = arith::MaxSIOp::create(
        b, loc, arith::MinSIOp::create(b, loc, value(stride), limit), one);
    Value steps = arith::SubIOp::create(b, loc, value(size), one);
    Value length = arith::MulIOp::create(b, loc, steps, step);
    Value last = arith::AddIOp::create(b, loc, value(offset), length);
    require(b, op, arith::CmpIPredicate::slt, last, limit, what);
  }
}

/// What a new tensor holds must be few enough to be counted.
void SizeChecker::checkAllocation(Operation *op, ValueRange dynamicSizes) {
  OpBuilder b(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> sizes =
      getMixedValues(type.getShape(), dynamicSizes, b);
  std::vector<SizeSource> sources;
  int64_t constants = 1;
  bool isData = false;
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    SizeSource source = finder.get(size);
    Value value = source.value;
    if (!value) {
      constants *= source.size;
      continue;
    }
    sources.push_back(source);
    if (source.isData()) {
      isData = true;
      requireLength(b, op, value, "dimension " + Twine(dim));
    }
  }
  // One size of a tensor that is there makes a tensor about as large.
  if (sources.empty() || (sources.size() == 1 && !isData))
    return;
  sources.push_back(SizeSource::of(constants));
  llvm::sort(sources);
  if (checked.emplace(op->getBlock(), sources).second)
    buildProductCheck(b, op, sizes, elementLimit, "the result", problem);
}

/// What negative widths take away must be there, and what the type knows of the
/// result must be so.
void SizeChecker::check(tensor::PadOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  for (auto [name, widths] : {std::pair("the low padding", op.getLow()),
                              {"the high padding", op.getHigh()}})
    for (Value width : widths)
      requireLength(b, op, width, name);
  for (auto [dim, low, high] :
       llvm::enumerate(op.getStaticLow(), op.getStaticHigh())) {
    int64_t cut = 0;
    for (int64_t width : {low, high})
      if (!ShapedType::isDynamic(width))
        cut += std::max<int64_t>(-width, 0);
    if (cut > 0)
      require(b, op, arith::CmpIPredicate::sge,
              linalg::createOrFoldDimOp(b, loc, op.getSource(), dim),
              arith::ConstantIndexOp::create(b, loc, cut),
              describe(op->getOpOperand(0), dim));
  }
  AffineExpr sum = b.getAffineSymbolExpr(0) + b.getAffineSymbolExpr(1) +
                   b.getAffineSymbolExpr(2);
  SmallVector<OpFoldResult> low = op.getMixedLowPad(),
                            high = op.getMixedHighPad(),
                            source =
                                tensor::getMixedSizes(b, loc, op.getSource());
  for (auto [dim, size] : llvm::enumerate(op.getResultType().getShape())) {
    OpFoldResult made = affine::makeComposedFoldedAffineApply(
        b, loc, sum, {low[dim], source[dim], high[dim]});
    if (!ShapedType::isDynamic(size) && getConstantIntValue(made) != size)
      require(b, op, arith::CmpIPredicate::eq,
              getValueOrCreateConstantIndexOp(b, loc, made),
              arith::ConstantIndexOp::create(b, loc, size),
              "dimension " + Twine(dim) + " of the result");
  }
  ReifiedRankedShapedTypeDims sizes;
  if (!(op.getLow().empty() && op.getHigh().empty()) &&
      succeeded(reifyResultShapes(b, op, sizes)))
    buildProductCheck(b, op, sizes[0], elementLimit, "the result", problem);
}

struct CheckSizesPass : impl::CheckSizesBase<CheckSizesPass> {
  void runOnOperation() override {
    SizeChecker checker;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      llvm::TypeSwitch<Operation *>(op)
          .Case<linalg::LinalgOp, tensor::CastOp, tensor::ExpandShapeOp,
                tensor::ReshapeOp, tensor::ConcatOp, tensor::PadOp>(
              [&](auto typed) { checker.check(typed); })
          .Case<tensor::EmptyOp, tensor::SplatOp>([&](auto typed) {
            checker.checkAllocation(typed, typed.getDynamicSizes());
          })
          .Case<tensor::GenerateOp>([&](tensor::GenerateOp generate) {
            checker.checkAllocation(generate, generate.getDynamicExtents());
          })
          .Case<tensor::ExtractSliceOp>([&](tensor::ExtractSliceOp slice) {
            checker.check(slice, slice.getSource());
          })
          .Case<tensor::InsertSliceOp>([&](tensor::InsertSliceOp slice) {
            checker.check(slice, slice.getDest());
            checker.checkSource(slice);
          });
  }
};

} // namespace
} // namespace quanta
