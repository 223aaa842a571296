//===- RewritePools.cpp - Pooling on storage ------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PoolWindows.h"
#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace quanta {
namespace {

struct MaxPoolLowering : OpConversionPattern<MaxPoolOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(MaxPoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams params = getQuantParams(op.getInput());
    bool isSigned = params.isSigned();
    unsigned width = params.storageWidth();
    APInt lowest =
        isSigned ? APInt::getSignedMinValue(width) : APInt::getMinValue(width);
    PoolWindows windows = getPoolWindows(op);
    Value init =
        createPoolInit(rewriter, op.getLoc(), adaptor.getInput(), windows,
                       IntegerAttr::get(params.storageType(), lowest));
    Value result = buildPool(
        rewriter, op.getLoc(), adaptor.getInput(), windows, init,
        [&](OpBuilder &b, Location loc, Value x, Value maximum) -> Value {
          if (isSigned)
            return arith::MaxSIOp::create(b, loc, maximum, x);
          return arith::MaxUIOp::create(b, loc, maximum, x);
        });
    replaceWithStored(op, result, rewriter);
    return success();
  }
};

struct AveragePoolLowering : OpConversionPattern<AveragePoolOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AveragePoolOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams params = getQuantParams(op.getInput());
    QuantParams to = getQuantParams(op.getResult());
    PoolWindows windows = getPoolWindows(op);
    Value init = createPoolInit(rewriter, op.getLoc(), adaptor.getInput(),
                                windows, rewriter.getI32IntegerAttr(0));
    Value sums =
        buildPool(rewriter, op.getLoc(), adaptor.getInput(), windows, init,
                  [&](OpBuilder &b, Location loc, Value q, Value sum) -> Value {
                    Value x = buildScalarCenter(b, loc, q, params);
                    return arith::AddIOp::create(b, loc, sum, x);
                  });
    double count = 1;
    for (int64_t size : op.getWindow())
      count *= static_cast<double>(size);
    // The sums as a quantized tensor: its scale is that of the mean.
    QuantParams mean = params;
    mean.type = quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, rewriter.getI32Type(),
        rewriter.getF32Type(), 1.0, 0, INT32_MIN, INT32_MAX);
    mean.scales = {params.scales.front() / count};
    mean.zeroPoints = {0};
    replaceWithStored(
        op, buildRequantize(rewriter, op.getLoc(), sums, mean, to, to.range),
        rewriter);
    return success();
  }
};

} // namespace

void populateRewritePools(const TypeConverter &converter,
                          RewritePatternSet &patterns) {
  patterns.add<MaxPoolLowering, AveragePoolLowering>(converter,
                                                     patterns.getContext());
}

} // namespace quanta
