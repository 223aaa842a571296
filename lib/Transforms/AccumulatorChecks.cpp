//===- AccumulatorChecks.cpp - Sums that only a run can bound -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccumulatorChecks.h"

#include "AccumulatorRange.h"
#include "RuntimeChecks.h"
#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

namespace {

constexpr int64_t i32Low = std::numeric_limits<int32_t>::min();
constexpr int64_t i32High = std::numeric_limits<int32_t>::max();
/// What is left to a bias that is not constant beside an open number of
/// products: half of the accumulator.
constexpr int64_t biasReach = int64_t(1) << 30;

/// Sizes of the loops that are summed over.
template <typename OpTy>
SmallVector<OpFoldResult> getSummedSizes(OpBuilder &b, OpTy op) {
  SmallVector<AffineMap> maps = op.getIndexingMaps();
  SmallVector<OpFoldResult> sizes;
  for (unsigned loop = 0; loop < maps[0].getNumDims(); ++loop) {
    if (maps[2].isFunctionOfDim(loop))
      continue;
    AffineExpr expr = getAffineDimExpr(loop, op.getContext());
    auto inLeft = maps[0].getResultPosition(expr);
    auto position = inLeft ? inLeft : maps[1].getResultPosition(expr);
    sizes.push_back(tensor::getMixedSize(
        b, op.getLoc(), inLeft ? Value(op.getLhs()) : Value(op.getRhs()),
        *position));
  }
  return sizes;
}

/// Stops the program unless all elements of `bias` lie in [low, high].
void buildBiasCheck(OpBuilder &b, Operation *op, Value bias, int64_t low,
                    int64_t high) {
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(bias.getType());
  bias = quant::StorageCastOp::create(b, loc, type.clone(b.getI32Type()), bias);
  Value none = arith::ConstantIntOp::create(b, loc, 0, 32);
  Value init =
      tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>(), b.getI32Type());
  init = linalg::FillOp::create(b, loc, none, init).getResult(0);
  AffineMap all = b.getMultiDimIdentityMap(type.getRank());
  AffineMap one = AffineMap::get(type.getRank(), 0, b.getContext());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::reduction);
  auto outside = linalg::GenericOp::create(
      b, loc, init.getType(), bias, init, ArrayRef<AffineMap>{all, one}, loops,
      [&](OpBuilder &b, Location loc, ValueRange elements) {
        auto number = [&](int64_t value) -> Value {
          return arith::ConstantIntOp::create(b, loc, value, 32);
        };
        Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                            elements[0], number(low));
        Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt,
                                            elements[0], number(high));
        Value any = arith::OrIOp::create(b, loc, below, above);
        any = arith::ExtUIOp::create(b, loc, b.getI32Type(), any);
        any = arith::OrIOp::create(b, loc, elements[1], any);
        linalg::YieldOp::create(b, loc, any);
      });
  Value any =
      tensor::ExtractOp::create(b, loc, outside.getResult(0), ValueRange());
  buildCheck(b, op, arith::CmpIPredicate::eq, any, none, "the bias",
             "leaves [" + Twine(low) + ", " + Twine(high) +
                 "]: with the products, sums may leave their i32 accumulators");
}

template <typename OpTy> void buildChecks(OpTy op, AccumulatorRange range) {
  OpBuilder b(op);
  if (!range.terms) {
    // Any zero point may come: differences reach as far down as up.
    if (llvm::any_of(op.getResult().getUsers(),
                     llvm::IsaPred<SubtractZeroPointOp>))
      range.makeSymmetric();
    if (!range.isBiasKnown) {
      range.low += -biasReach - range.biasLow;
      range.high += biasReach - range.biasHigh;
      range.biasLow = -biasReach;
      range.biasHigh = biasReach;
    }
    int64_t most = range.getMaxTerms();
    if (most < elementLimit)
      buildProductCheck(b, op, getSummedSizes(b, op), most + 1, "a sum",
                        "has more than " + Twine(most) +
                            " products, which may leave its i32 accumulator");
  }
  if (range.isBiasKnown)
    return;
  int64_t low = -biasReach, high = biasReach;
  if (range.terms) {
    low = i32Low - (range.low - range.biasLow);
    high = i32High - (range.high - range.biasHigh);
  }
  if (low > i32Low || high < i32High)
    buildBiasCheck(b, op, op.getBias(), low, high);
}

} // namespace

LogicalResult keepFromWrapping(Operation *op) {
  if (failed(AccumulatorRange::refuseWrap(op)))
    return failure();
  AccumulatorRange range = AccumulatorRange::get(op);
  if (auto matmul = dyn_cast<MatmulOp>(op))
    buildChecks(matmul, range);
  else
    buildChecks(cast<ContractOp>(op), range);
  return success();
}

} // namespace quanta
