//===- FoldConstants.cpp - Evaluate rearranged weights at compile time ----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Interfaces/QuantizableOpInterface.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "quanta/Transforms/Passes.h.inc"

namespace {
/// Whether zero times each element is zero: neither infinity nor NaN is in the
/// constant, however it is moved and repeated.
bool isFinite(Value value) {
  if (getElementTypeOrSelf(value).isInteger())
    return true;
  while (Operation *op = value.getDefiningOp()) {
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
            tensor::ExtractSliceOp>(op)) {
      value = op->getOperand(0);
      continue;
    }
    auto moved = dyn_cast<linalg::LinalgOp>(op);
    if (!moved || moved->getNumResults() != 1)
      break;
    auto yielded = dyn_cast<BlockArgument>(
        moved.getBlock()->getTerminator()->getOperand(0));
    if (!yielded || yielded.getArgNumber() >= moved.getNumDpsInputs())
      return false;
    value = moved->getOperand(yielded.getArgNumber());
  }
  std::optional<SmallVector<float>> values = getConstantFloats(value);
  return values &&
         llvm::all_of(*values, [](float x) { return std::isfinite(x); });
}

/// A product with zeros, the first step of a recurrent layer for example, is
/// the value on which it accumulates.
struct FoldZeroProduct : OpInterfaceRewritePattern<QuantizableOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(QuantizableOpInterface op,
                                PatternRewriter &rewriter) const override {
    SmallVector<OpOperand *> factors(op.getFactors());
    auto zero = llvm::find_if(
        factors, [](OpOperand *factor) { return isZeroTensor(factor->get()); });
    if (zero == factors.end() || llvm::any_of(factors, [&](OpOperand *factor) {
          return factor != *zero && !isFinite(factor->get());
        }))
      return rewriter.notifyMatchFailure(op,
                                         "no factor is zero, or one may hold "
                                         "what is not a number");
    Value init = op.getAccumulatorInit()->get();
    if (op->getNumResults() != 1 ||
        init.getType() != op->getResult(0).getType())
      return rewriter.notifyMatchFailure(op, "not on tensors");
    rewriter.replaceOp(op, init);
    return success();
  }
};

/// Appends the elements at `from` in the order of `shape`, whose dimensions
/// have `strides` there.
template <typename Element>
void appendStrided(const Element *from, ArrayRef<int64_t> shape,
                   ArrayRef<int64_t> strides, SmallVectorImpl<Element> &to) {
  for (int64_t i = 0; i < shape.front(); ++i, from += strides.front())
    if (shape.size() == 1)
      to.push_back(*from);
    else
      appendStrided(from, shape.drop_front(), strides.drop_front(), to);
}

/// Weights in another order, as bytes: upstream's pattern, which this one comes
/// before, makes a number of any width of each, and takes seconds.
struct FoldTranspose : OpRewritePattern<linalg::TransposeOp> {
  FoldTranspose(MLIRContext *context) : OpRewritePattern(context, 2) {}

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr source = getDenseConstant(op.getInput());
    if (!source || source.isSplat() || op->getNumResults() != 1 ||
        !source.getElementType().isIntOrFloat())
      return rewriter.notifyMatchFailure(op, "not of a constant's numbers");
    switch (source.getElementType().getIntOrFloatBitWidth()) {
    case 8:
      return replace<uint8_t>(op, source, rewriter);
    case 16:
      return replace<uint16_t>(op, source, rewriter);
    case 32:
      return replace<uint32_t>(op, source, rewriter);
    default:
      return rewriter.notifyMatchFailure(op, "rare");
    }
  }

private:
  template <typename Element>
  static LogicalResult replace(linalg::TransposeOp op, DenseElementsAttr source,
                               PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> strides = applyPermutation(
        computeStrides(source.getType().getShape()), op.getPermutation());
    SmallVector<Element, 0> elements;
    elements.reserve(type.getNumElements());
    appendStrided(reinterpret_cast<const Element *>(source.getRawData().data()),
                  type.getShape(), ArrayRef(strides), elements);
    ArrayRef bytes(reinterpret_cast<const char *>(elements.data()),
                   elements.size() * sizeof(Element));
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, DenseElementsAttr::getFromRawBuffer(type, bytes));
    return success();
  }
};

/// Elements taken from a constant by arithmetic on their own indices, such as
/// the flipped weights of a transposed convolution.
struct FoldGather : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto type = op.getNumResults() == 1
                    ? dyn_cast<RankedTensorType>(op.getResultTypes().front())
                    : RankedTensorType();
    if (!type || !type.hasStaticShape() || type.getNumElements() == 0 ||
        op.getNumLoops() != type.getRank() ||
        !op.getIndexingMapsArray().back().isIdentity())
      return rewriter.notifyMatchFailure(op, "not elementwise");
    Operation *yield = op.getBody()->getTerminator();
    auto extract = yield->getOperand(0).getDefiningOp<tensor::ExtractOp>();
    DenseElementsAttr source =
        extract ? getDenseConstant(extract.getTensor()) : DenseElementsAttr();
    if (!source || source.isSplat() ||
        !source.getElementType().isIntOrFloat() ||
        source.getElementType().getIntOrFloatBitWidth() % 8 != 0)
      return rewriter.notifyMatchFailure(op, "does not read a constant");
    SmallVector<AffineExpr> indices;
    for (Value index : extract.getIndices())
      if (AffineExpr expr = getIndex(index))
        indices.push_back(expr);
      else
        return rewriter.notifyMatchFailure(op, "its indices are data");
    std::optional<SmallVector<char>> bytes =
        gather(source, indices, type.getShape());
    if (!bytes)
      return rewriter.notifyMatchFailure(op, "reads outside of the constant");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, DenseElementsAttr::getFromRawBuffer(type, *bytes));
    return success();
  }

private:
  /// The index as an expression of the loops; null if it is none.
  static AffineExpr getIndex(Value index) {
    MLIRContext *context = index.getContext();
    Operation *op = index.getDefiningOp();
    IntegerAttr constant;
    if (matchPattern(index, m_Constant(&constant)))
      return getAffineConstantExpr(constant.getInt(), context);
    if (auto loop = dyn_cast_or_null<linalg::IndexOp>(op))
      return getAffineDimExpr(loop.getDim(), context);
    if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
      return {};
    AffineExpr lhs = getIndex(op->getOperand(0));
    AffineExpr rhs = getIndex(op->getOperand(1));
    if (!lhs || !rhs)
      return {};
    if (isa<arith::AddIOp>(op))
      return lhs + rhs;
    if (isa<arith::SubIOp>(op))
      return lhs - rhs;
    bool isScaled = lhs.isSymbolicOrConstant() || rhs.isSymbolicOrConstant();
    return isScaled ? lhs * rhs : AffineExpr();
  }

  static std::optional<SmallVector<char>> gather(DenseElementsAttr source,
                                                 ArrayRef<AffineExpr> indices,
                                                 ArrayRef<int64_t> shape) {
    ArrayRef<int64_t> sourceShape = source.getType().getShape();
    AffineMap map = AffineMap::get(shape.size(), /*symbolCount=*/0, indices,
                                   source.getContext());
    int64_t size = source.getElementType().getIntOrFloatBitWidth() / 8;
    SmallVector<int64_t> strides = computeStrides(shape);
    SmallVector<int64_t> sourceStrides = computeStrides(sourceShape);
    SmallVector<char> bytes;
    for (int64_t i = 0, e = ShapedType::getNumElements(shape); i < e; ++i) {
      SmallVector<int64_t> from = map.compose(delinearize(i, strides));
      for (auto [index, extent] : llvm::zip_equal(from, sourceShape))
        if (index < 0 || index >= extent)
          return std::nullopt;
      const char *element =
          source.getRawData().data() + linearize(from, sourceStrides) * size;
      bytes.append(element, element + size);
    }
    return bytes;
  }
};
} // namespace

LogicalResult foldConstants(ModuleOp module) {
  WalkResult result = module.walk([](arith::ConstantOp op) {
    if (!isa<DenseResourceElementsAttr>(op.getValue()))
      return WalkResult::advance();
    DenseElementsAttr dense = getDenseConstant(op.getResult());
    if (!dense) {
      op.emitOpError() << "refers to a resource that is missing or does not "
                          "have the size of its type";
      return WalkResult::interrupt();
    }
    op.setValueAttr(dense);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  RewritePatternSet patterns(module.getContext());
  linalg::populateConstantFoldLinalgOperations(
      patterns, [](OpOperand *) { return true; });
  patterns.add<FoldTranspose, FoldZeroProduct, FoldGather>(module.getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}

namespace {
struct FoldConstantsPass : impl::FoldConstantsBase<FoldConstantsPass> {
  void runOnOperation() override {
    if (failed(foldConstants(getOperation())))
      signalPassFailure();
  }
};
} // namespace

} // namespace quanta
