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
    QuantParams lhs = getQuantParams(op.getLhs());
    QuantParams rhs = getQuantParams(op.getRhs());
    QuantParams to = getQuantParams(op.getResult());
    reference::StorageRange range = to.range;
    if (auto clamp = op.getClamp())
      range = {static_cast<int32_t>((*clamp)[0]),
               static_cast<int32_t>((*clamp)[1])};
    Value result = buildBroadcast(
        rewriter, op.getLoc(), adaptor.getLhs(), adaptor.getRhs(),
        op.getResult().getType().clone(to.storageType()),
        [&](OpBuilder &b, Location loc, Value left, Value right) {
          Value x = buildScalarDequantize(b, loc, left, lhs);
          Value y = buildScalarDequantize(b, loc, right, rhs);
          Value sum = FloatOp::create(b, loc, x, y);
          return buildScalarQuantize(b, loc, sum, to, range);
        });
    replaceWithStored(op, result, rewriter);
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

Value buildBroadcast(OpBuilder &builder, Location loc, Value lhs, Value rhs,
                     RankedTensorType type, BinaryBody body) {
  auto getMap = [&](Value operand) {
    SmallVector<AffineExpr> exprs;
    for (auto [dim, size] :
         llvm::enumerate(cast<RankedTensorType>(operand.getType()).getShape()))
      exprs.push_back(size == 1 && type.getDimSize(dim) != 1
                          ? builder.getAffineConstantExpr(0)
                          : builder.getAffineDimExpr(dim));
    return AffineMap::get(type.getRank(), 0, exprs, builder.getContext());
  };
  AffineMap maps[] = {getMap(lhs), getMap(rhs),
                      builder.getMultiDimIdentityMap(type.getRank())};
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    bool isRepeated = !isa<AffineDimExpr>(maps[0].getResult(dim));
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? tensor::getMixedSize(builder, loc, isRepeated ? rhs : lhs, dim)
            : OpFoldResult(builder.getIndexAttr(size)));
  }
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), ValueRange{lhs, rhs}, empty, maps,
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               linalg::YieldOp::create(b, loc,
                                       body(b, loc, elements[0], elements[1]));
             })
      .getResult(0);
}

void populateRewriteElementwise(const TypeConverter &converter,
                                RewritePatternSet &patterns) {
  patterns.add<BinaryLowering<AddOp, arith::AddFOp>,
               BinaryLowering<SubOp, arith::SubFOp>,
               BinaryLowering<MulOp, arith::MulFOp>, LookupLowering>(
      converter, patterns.getContext());
}

} // namespace quanta
