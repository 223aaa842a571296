//===- RewriteWeightOnly.cpp - Stored weights in linalg -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace quanta {

namespace {

/// Rule 9: weights are dequantized, or extended, in the body.
struct WeightOnlyContractLowering : OpConversionPattern<WeightOnlyContractOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(WeightOnlyContractOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<AffineMap> maps = op.getIndexingMaps();
    Type weightType = op.getWeights().getType().getElementType();
    if (isa<FloatType>(weightType)) {
      rewriter.replaceOp(
          op, build(rewriter, loc, {adaptor.getLhs(), adaptor.getWeights()},
                    adaptor.getInit(), maps,
                    [](OpBuilder &b, Location loc, ValueRange elements) {
                      return arith::ExtFOp::create(b, loc, b.getF32Type(),
                                                   elements[1])
                          .getResult();
                    }));
      return success();
    }
    auto params = *QuantParams::getOfWeight(weightType);
    SmallVector<Value> inputs{adaptor.getLhs(), adaptor.getWeights()};
    AffineMap weightMap = maps[1], resultMap = maps.pop_back_val();
    // An input, or nothing for what is one number in the body.
    auto addParameter = [&](auto values) -> std::optional<unsigned> {
      if (llvm::all_equal(values))
        return std::nullopt;
      using T = std::decay_t<decltype(values[0])>;
      auto [shape, map] = getParameterMap(params, weightMap);
      inputs.push_back(
          createConstant(rewriter, loc, shape, ArrayRef<T>(values)));
      maps.push_back(map);
      return inputs.size() - 1;
    };
    SmallVector<float> scaleValues = getScales(params);
    SmallVector<int32_t> zeroPointValues = getZeroPoints(params);
    std::optional<unsigned> scale = addParameter(scaleValues),
                            zeroPoint = addParameter(zeroPointValues);
    maps.push_back(resultMap);
    Value result =
        build(rewriter, loc, inputs, adaptor.getInit(), maps,
              [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
                Value w = buildFromStorage(b, loc, elements[1], params);
                if (params.hasZeroPoint()) {
                  Value number = zeroPoint
                                     ? elements[*zeroPoint]
                                     : arith::ConstantIntOp::create(
                                           b, loc, zeroPointValues.front(), 32);
                  w = arith::SubIOp::create(b, loc, w, number);
                }
                w = arith::SIToFPOp::create(b, loc, b.getF32Type(), w);
                Value factor =
                    scale ? elements[*scale]
                          : arith::ConstantOp::create(
                                b, loc, b.getF32FloatAttr(scaleValues.front()));
                return arith::MulFOp::create(b, loc, w, factor);
              });
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// `fma(input 0, weight, acc)` with what `buildWeight` makes of the inputs.
  static Value
  build(OpBuilder &builder, Location loc, ValueRange inputs, Value init,
        ArrayRef<AffineMap> maps,
        function_ref<Value(OpBuilder &, Location, ValueRange)> buildWeight) {
    AffineMap resultMap = maps.back();
    SmallVector<utils::IteratorType> iterators;
    for (unsigned dim = 0; dim < resultMap.getNumDims(); ++dim)
      iterators.push_back(resultMap.isFunctionOfDim(dim)
                              ? utils::IteratorType::parallel
                              : utils::IteratorType::reduction);
    return linalg::GenericOp::create(
               builder, loc, init.getType(), inputs, init, maps, iterators,
               [&](OpBuilder &b, Location loc, ValueRange elements) {
                 Value w = buildWeight(b, loc, elements);
                 Value sum = math::FmaOp::create(b, loc, elements[0], w,
                                                 elements.back());
                 linalg::YieldOp::create(b, loc, sum);
               })
        .getResult(0);
  }

  /// Sizes of scales, and where that of an element of the iteration space lies.
  static std::pair<SmallVector<int64_t>, AffineMap>
  getParameterMap(const QuantParams &params, AffineMap weightMap) {
    unsigned dims = weightMap.getNumDims();
    MLIRContext *context = weightMap.getContext();
    if (params.axis)
      return {{static_cast<int64_t>(params.scales.size())},
              AffineMap::get(dims, 0, weightMap.getResult(*params.axis))};
    SmallVector<AffineExpr> exprs;
    for (auto [expr, size] :
         llvm::zip(weightMap.getResults(), params.blockSizes))
      exprs.push_back(size > 0 ? expr.floorDiv(size)
                               : getAffineConstantExpr(0, context));
    return {SmallVector<int64_t>(ArrayRef<int64_t>(params.blockCounts)),
            AffineMap::get(dims, 0, exprs, context)};
  }
};

} // namespace

void populateRewriteWeightOnly(const TypeConverter &converter,
                               RewritePatternSet &patterns) {
  patterns.add<WeightOnlyContractLowering>(converter, patterns.getContext());
}

} // namespace quanta
