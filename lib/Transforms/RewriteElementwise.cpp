//===- RewriteElementwise.cpp - Elementwise operations on storage ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {
namespace {

/// `quantize(dequantize(a) FloatOp dequantize(b))` in one body.
template <typename OpTy, typename FloatOp>
struct BinaryLowering : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    QuantParams lhs = getQuantParams(op.getLhs());
    QuantParams rhs = getQuantParams(op.getRhs());
    QuantParams to = getQuantParams(op.getResult());
    reference::StorageRange range = to.range;
    if (auto clamp = op.getClamp())
      range = {static_cast<int32_t>((*clamp)[0]),
               static_cast<int32_t>((*clamp)[1])};
    RankedTensorType type = op.getResult().getType();
    auto getMap = [&](Value operand) {
      SmallVector<AffineExpr> exprs;
      for (auto [dim, size] : llvm::enumerate(
               cast<RankedTensorType>(operand.getType()).getShape()))
        exprs.push_back(size == 1 && type.getDimSize(dim) != 1
                            ? rewriter.getAffineConstantExpr(0)
                            : rewriter.getAffineDimExpr(dim));
      return AffineMap::get(type.getRank(), 0, exprs, rewriter.getContext());
    };
    AffineMap maps[] = {getMap(adaptor.getLhs()), getMap(adaptor.getRhs()),
                        rewriter.getMultiDimIdentityMap(type.getRank())};
    SmallVector<OpFoldResult> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      bool isLeft = isa<AffineDimExpr>(maps[0].getResult(dim));
      sizes.push_back(
          type.isDynamicDim(dim)
              ? tensor::getMixedSize(
                    rewriter, loc, isLeft ? adaptor.getLhs() : adaptor.getRhs(),
                    dim)
              : OpFoldResult(rewriter.getIndexAttr(type.getDimSize(dim))));
    }
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, sizes, to.storageType());
    SmallVector<utils::IteratorType> iterators(type.getRank(),
                                               utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        rewriter, loc, empty.getType(),
        ValueRange{adaptor.getLhs(), adaptor.getRhs()}, empty, maps, iterators,
        [&](OpBuilder &b, Location loc, ValueRange elements) {
          Value x = buildScalarDequantize(b, loc, elements[0], lhs);
          Value y = buildScalarDequantize(b, loc, elements[1], rhs);
          Value sum = FloatOp::create(b, loc, x, y);
          linalg::YieldOp::create(b, loc,
                                  buildScalarQuantize(b, loc, sum, to, range));
        });
    replaceWithStored(op, generic.getResult(0), rewriter);
    return success();
  }
};

struct LookupLowering : OpConversionPattern<LookupOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(LookupOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value table = arith::ConstantOp::create(rewriter, loc,
                                            cast<TypedAttr>(op.getTable()));
    ElementwiseBuilder elementwise(rewriter, loc, adaptor.getInput());
    Value result = elementwise.build(
        getQuantParams(op.getResult()).storageType(),
        [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
          Value index = arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                     elements[0]);
          return tensor::ExtractOp::create(b, loc, table, index);
        });
    replaceWithStored(op, result, rewriter);
    return success();
  }
};

} // namespace

void populateRewriteElementwise(const TypeConverter &converter,
                                RewritePatternSet &patterns) {
  patterns.add<BinaryLowering<AddOp, arith::AddFOp>,
               BinaryLowering<SubOp, arith::SubFOp>,
               BinaryLowering<MulOp, arith::MulFOp>, LookupLowering>(
      converter, patterns.getContext());
}

} // namespace quanta
