//===- GroupedConvolutions.cpp - Convolutions of groups -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupedConvolutions.h"

#include "QuantizePatterns.h"
#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/SplitActivations.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace quanta {

namespace {

/// Of five dimensions, `dim` and the next become one; those of rows and of
/// columns too if each column is one of a sequence.
SmallVector<ReassociationIndices> mergeDim(int64_t dim, bool isSequence) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < 5; ++i)
    if (i == dim + 1 || (isSequence && i == 4))
      groups.back().push_back(i);
    else
      groups.push_back({i});
  return groups;
}

/// `linalg.conv_2d_ngchw_gfchw` with one dimension for the channels of all
/// groups: in the form with two, weights cannot have scales for all of them,
/// nor sums start from a vector. Of a sequence, linalg's is one of images of
/// width 1.
class GroupedForm {
public:
  GroupedForm(PatternRewriter &rewriter, linalg::Conv2DNgchwGfchwOp conv,
              tensor::CollapseShapeOp merged)
      : rewriter(rewriter), conv(conv), merged(merged),
        isSequence(merged.getType().getRank() == 3) {}

  LogicalResult rewrite();

private:
  PatternRewriter &rewriter;
  linalg::Conv2DNgchwGfchwOp conv;
  tensor::CollapseShapeOp merged;
  bool isSequence;

  /// The quantized factors as they are in linalg's form, but for weights whose
  /// scales allow no such form.
  Value input, weights;

  LogicalResult match();
  bool fitsI32(double inputReach, bool hasBias);
  /// The tensor reshaped while it is stored.
  Value reshape(Value quantized, ArrayRef<int64_t> sizes,
                ArrayRef<ReassociationIndices> groups);
  Value mergeWeights();
  /// What the sums start from, merged if that is known already.
  Value getInit();
  template <typename OpTy> Operation *create(Type type, Value x, Value bias);
  /// The sums for `x`, a quantized input, in float. `bias` becomes null if they
  /// start from it.
  Value convolve(Value x, Value &bias, bool isUpperByte);
};

} // namespace

LogicalResult GroupedForm::match() {
  if (merged.getReassociationIndices() != mergeDim(1, isSequence))
    return rewriter.notifyMatchFailure(merged, "merges no groups");
  DequantizeOp left = getDequantize(conv.getInputs()[0]);
  Value right = conv.getInputs()[1];
  auto expand = right.getDefiningOp<tensor::ExpandShapeOp>();
  DequantizeOp rightOp = getDequantize(expand ? expand.getSrc() : right);
  if (!left || !rightOp)
    return rewriter.notifyMatchFailure(conv, "its factors are in float");
  input = left.getInput();
  weights = rightOp.getInput();
  auto inputType = cast<RankedTensorType>(input.getType());
  auto rightType = cast<RankedTensorType>(right.getType());
  QuantParams lhs = getQuantParams(input), rhs = getQuantParams(weights);
  // Only a first dimension of weights may be split. One filter in each group is
  // none to split from: then its scales are those of groups.
  bool isSplit = expand || rightType.getDimSize(1) == 1;
  if (expand && ((expand.getReassociationIndices()[0].size() < 2 &&
                  rightType.getDimSize(1) != 1) ||
                 cast<RankedTensorType>(weights.getType()).getDimSize(0) !=
                     rightType.getDimSize(0) * rightType.getDimSize(1)))
    return rewriter.notifyMatchFailure(conv, "its weights are of other groups");
  if (isSequence &&
      (inputType.getDimSize(4) != 1 || rightType.getDimSize(4) != 1))
    return rewriter.notifyMatchFailure(conv, "is not of width 1");
  if (lhs.axis || lhs.storageWidth() > 16 || rhs.storageWidth() > 8 ||
      rhs.axis.value_or(0) != 0 || (rhs.axis && !isSplit) ||
      merged.getType().isDynamicDim(1) || inputType.isDynamicDim(1) ||
      inputType.isDynamicDim(2) || !rightType.hasStaticShape())
    return rewriter.notifyMatchFailure(conv, "quanta.conv_2d cannot do it");
  return success();
}

/// Whether no sum of products can leave i32, whatever the weights are; half of
/// it is a bias's.
bool GroupedForm::fitsI32(double inputReach, bool hasBias) {
  auto type = cast<RankedTensorType>(conv.getInputs()[1].getType());
  auto terms = static_cast<double>(
      ShapedType::getNumElements(type.getShape().drop_front(2)));
  double limit = std::exp2(hasBias ? 30 : 31);
  return terms * inputReach * getReach(getQuantParams(weights)) < limit;
}

Value GroupedForm::reshape(Value quantized, ArrayRef<int64_t> sizes,
                           ArrayRef<ReassociationIndices> groups) {
  auto type = cast<RankedTensorType>(quantized.getType());
  if (type.getShape() == sizes)
    return quantized;
  Location loc = conv.getLoc();
  Type storage = getQuantParams(quantized).storageType();
  auto cast = quantized.getDefiningOp<quant::StorageCastOp>();
  Value stored = cast ? cast.getInput()
                      : quant::StorageCastOp::create(
                            rewriter, loc, type.clone(storage), quantized)
                            .getResult();
  auto result = RankedTensorType::get(sizes, storage);
  Value reshaped =
      type.getRank() < result.getRank()
          ? tensor::ExpandShapeOp::create(rewriter, loc, result, stored, groups)
                .getResult()
          : tensor::CollapseShapeOp::create(rewriter, loc, result, stored,
                                            groups)
                .getResult();
  return quant::StorageCastOp::create(
      rewriter, loc, result.clone(type.getElementType()), reshaped);
}

Value GroupedForm::mergeWeights() {
  ArrayRef<int64_t> from =
      cast<RankedTensorType>(conv.getInputs()[1].getType()).getShape();
  SmallVector<int64_t> sizes{from[0] * from[1], from[2], from[3]};
  if (!isSequence)
    sizes.push_back(from[4]);
  int64_t rank = cast<RankedTensorType>(weights.getType()).getRank();
  if (rank == 5)
    return reshape(weights, sizes, mergeDim(0, isSequence));
  // Weights of groups of one channel need no dimension for it.
  SmallVector<ReassociationIndices> groups{{0, 1}};
  for (int64_t dim = 2; dim < static_cast<int64_t>(sizes.size()); ++dim)
    groups.push_back({dim});
  return reshape(weights, sizes, groups);
}

Value GroupedForm::getInit() {
  Value init = conv.getOutputs().front();
  auto expand = init.getDefiningOp<tensor::ExpandShapeOp>();
  return expand && expand.getReassociationIndices() == mergeDim(1, isSequence)
             ? expand.getSrc()
             : init;
}

template <typename OpTy>
Operation *GroupedForm::create(Type type, Value x, Value bias) {
  auto getArray = [&](DenseIntElementsAttr values) {
    return rewriter.getDenseI64ArrayAttr(llvm::to_vector(
        llvm::make_range(values.value_begin<int64_t>(),
                         values.value_begin<int64_t>() + OpTy::spatialDims)));
  };
  int64_t groups = cast<RankedTensorType>(input.getType()).getDimSize(1);
  return OpTy::create(
      rewriter, conv.getLoc(), type, x, mergeWeights(), bias,
      getArray(conv.getStrides()), getArray(conv.getDilations()),
      /*pads=*/DenseI64ArrayAttr(), rewriter.getI64IntegerAttr(groups),
      /*channels_last=*/UnitAttr());
}

Value GroupedForm::convolve(Value x, Value &bias, bool isUpperByte) {
  Location loc = conv.getLoc();
  QuantParams lhs = getQuantParams(x), rhs = getQuantParams(weights);
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> sizes(type.getShape());
  sizes.erase(sizes.begin() + 1);
  sizes[1] = type.getDimSize(1) * type.getDimSize(2);
  sizes.resize(isSequence ? 3 : 4);
  Value image = reshape(x, sizes, mergeDim(1, isSequence));
  Value start;
  if (bias)
    start = quantizeBias(rewriter, loc, bias, getAccumulatorType(lhs, rhs, 0));
  if (start)
    bias = {};
  Type accumulators =
      merged.getType().clone(getAccumulatorType(lhs, rhs, /*axis=*/1));
  Operation *op = isSequence ? create<Conv1DOp>(accumulators, image, start)
                             : create<Conv2DOp>(accumulators, image, start);
  if (isUpperByte)
    op->setAttr(attrs::upperByte, rewriter.getUnitAttr());
  return DequantizeOp::create(rewriter, loc, merged.getType(), op->getResult(0),
                              StringAttr());
}

LogicalResult GroupedForm::rewrite() {
  if (failed(match()))
    return failure();
  Location loc = conv.getLoc();
  QuantParams lhs = getQuantParams(input);
  bool isWide = lhs.storageWidth() > 8;
  constexpr double reachOfByte = 255;
  Value init = getInit(), none;
  Value bias = getBroadcastVector(init, 1);
  if (!fitsI32(isWide ? reachOfByte : getReach(lhs), bias != nullptr))
    return rewriter.notifyMatchFailure(conv, "its sums may not fit i32");
  bool addsInit = !bias && !isZeroTensor(init);
  Value result;
  if (isWide) {
    Bytes bytes = splitBytes(rewriter, loc, input);
    Value upper = convolve(getDequantize(bytes.upper).getInput(), none, true);
    // The lower one, whose sums have the finer scale, starts from the bias.
    Value lower = convolve(getDequantize(bytes.lower).getInput(), bias, false);
    result = addElements(rewriter, loc, upper, lower);
  } else {
    result = convolve(input, bias, false);
  }
  if (bias || addsInit) {
    if (init.getType() != merged.getType())
      init = tensor::CollapseShapeOp::create(rewriter, loc, merged.getType(),
                                             init, mergeDim(1, isSequence));
    result = addElements(rewriter, loc, result, init);
  }
  rewriter.replaceOp(merged, result);
  return success();
}

namespace {

struct FormGroupedConvolution : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op,
                                PatternRewriter &rewriter) const override {
    auto conv = op.getSrc().getDefiningOp<linalg::Conv2DNgchwGfchwOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "is of no convolution");
    return GroupedForm(rewriter, conv, op).rewrite();
  }
};

} // namespace

void populateGroupedConvolutionPatterns(RewritePatternSet &patterns) {
  patterns.add<FormGroupedConvolution>(patterns.getContext());
}

} // namespace quanta
