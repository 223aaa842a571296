//===- RewriteShapes.cpp - Moves of elements on storage -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {
namespace {

struct PadLowering : OpConversionPattern<PadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams params = getQuantParams(op.getInput());
    int64_t value = op.getValue().value_or(params.zeroPoint(0));
    Value padding = arith::ConstantOp::create(
        rewriter, op.getLoc(),
        IntegerAttr::get(params.storageType(),
                         APInt(params.storageWidth(),
                               static_cast<uint64_t>(value),
                               /*isSigned=*/true, /*implicitTrunc=*/true)));
    auto toSizes = [&](ArrayRef<int64_t> sizes) {
      return getAsIndexOpFoldResult(rewriter.getContext(), sizes);
    };
    rewriter.replaceOpWithNewOp<tensor::PadOp>(
        op, getTypeConverter()->convertType(op.getType()), adaptor.getInput(),
        toSizes(op.getLow()), toSizes(op.getHigh()), padding);
    return success();
  }
};

struct ConcatLowering : OpConversionPattern<ConcatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    QuantParams to = getQuantParams(op.getResult());
    int64_t dim = op.getDim();
    SmallVector<Value> inputs;
    OpFoldResult total = rewriter.getIndexAttr(0);
    SmallVector<OpFoldResult> offsets;
    AffineExpr first, second;
    bindDims(rewriter.getContext(), first, second);
    for (auto [input, storage] :
         llvm::zip(op.getInputs(), adaptor.getInputs())) {
      QuantParams from = getQuantParams(input);
      inputs.push_back(
          from.type == to.type
              ? storage
              : buildRequantize(rewriter, loc, storage, from, to, to.range));
      offsets.push_back(total);
      total = affine::makeComposedFoldedAffineApply(
          rewriter, loc, first + second,
          {total, tensor::getMixedSize(rewriter, loc, storage, dim)});
    }
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, inputs.front());
    sizes[dim] = total;
    // All inputs have the sizes of the others; a constant says so first.
    for (Value input : inputs)
      for (auto [d, size] :
           llvm::enumerate(cast<RankedTensorType>(input.getType()).getShape()))
        if (static_cast<int64_t>(d) != dim && !ShapedType::isDynamic(size))
          sizes[d] = rewriter.getIndexAttr(size);
    Value result =
        tensor::EmptyOp::create(rewriter, loc, sizes, to.storageType());
    int64_t rank = op.getResult().getType().getRank();
    SmallVector<OpFoldResult> strides(rank, rewriter.getIndexAttr(1));
    for (auto [input, offset] : llvm::zip(inputs, offsets)) {
      // Behind the last element there is no place for a slice, not even for one
      // without elements.
      if (cast<RankedTensorType>(input.getType()).getDimSize(dim) == 0)
        continue;
      SmallVector<OpFoldResult> starts(rank, rewriter.getIndexAttr(0));
      starts[dim] = offset;
      SmallVector<OpFoldResult> inputSizes = sizes;
      inputSizes[dim] = tensor::getMixedSize(rewriter, loc, input, dim);
      auto type = RankedTensorType::get(decomposeMixedValues(inputSizes).first,
                                        to.storageType());
      Value fitting = input;
      if (input.getType() != type)
        fitting = tensor::CastOp::create(rewriter, loc, type, input);
      result = tensor::InsertSliceOp::create(rewriter, loc, fitting, result,
                                             starts, inputSizes, strides);
    }
    Type type = getTypeConverter()->convertType(op.getType());
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Dimension `d` of the result is dimension `from[d]` of the input. linalg asks
/// for one type of both, whose scales must be those of the same elements then.
LogicalResult checkAxis(Operation *op, Type type, ArrayRef<int64_t> from) {
  auto perAxis =
      dyn_cast<quant::UniformQuantizedPerAxisType>(getElementTypeOrSelf(type));
  if (!perAxis)
    return success();
  int64_t axis = perAxis.getQuantizedDimension();
  if (axis < static_cast<int64_t>(from.size()) && from[axis] == axis)
    return success();
  return op->emitOpError() << "moves dimension " << axis
                           << ", which has a scale for each index: move its "
                              "storage, between two quant.scast";
}

struct TransposeLowering : OpConversionPattern<linalg::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(linalg::TransposeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (failed(checkAxis(op, op.getInit().getType(), op.getPermutation())))
      return failure();
    rewriter.replaceOpWithNewOp<linalg::TransposeOp>(
        op, adaptor.getInput(), adaptor.getInit(), op.getPermutation());
    return success();
  }
};

struct BroadcastLowering : OpConversionPattern<linalg::BroadcastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(linalg::BroadcastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // A new dimension has no scales of its own.
    SmallVector<int64_t> from;
    int64_t next = 0;
    auto type = cast<ShapedType>(op.getInit().getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      from.push_back(llvm::is_contained(op.getDimensions(), dim) ? -1 : next++);
    if (failed(checkAxis(op, type, from)))
      return failure();
    rewriter.replaceOpWithNewOp<linalg::BroadcastOp>(
        op, adaptor.getInput(), adaptor.getInit(), op.getDimensions());
    return success();
  }
};

} // namespace

void populateRewriteShapes(const TypeConverter &converter,
                           RewritePatternSet &patterns) {
  patterns
      .add<PadLowering, ConcatLowering, TransposeLowering, BroadcastLowering>(
          converter, patterns.getContext());
}

} // namespace quanta
