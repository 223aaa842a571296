//===- Avx2.cpp - vpmaddwd on ymm registers -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"
#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

// 4 x 2 accumulators, 2 vectors of weights, one of activations and one for
// the products: 12 of 16 registers.
DotShape Avx2Attr::getDotShape() const {
  DotShape shape = {/*lanes=*/8,         /*kGroup=*/2,
                    /*vectors=*/2,       /*rows=*/4,
                    /*lhsSigned=*/false, /*isFloat=*/false};
  shape.interleaves = true;
  shape.widensLhs = true;
  return shape;
}

Value Avx2Attr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                               ValueRange indices, int64_t valid,
                               bool flip) const {
  return buildBroadcastPairs(builder, loc, lhs, indices, valid, flip, 8);
}

Value Avx2Attr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                 ValueRange indices) const {
  return buildExtendWeights(builder, loc,
                            buildLoadVector(builder, loc, rhs, indices, 16));
}

Value Avx2Attr::buildExtendWeights(OpBuilder &builder, Location loc,
                                   Value bytes) const {
  return buildExtendPairs(builder, loc, bytes);
}

SmallVector<Value> Avx2Attr::buildInterleave(OpBuilder &builder, Location loc,
                                             ValueRange rows) const {
  auto bytes = cast<VectorType>(rows[0].getType());
  int64_t size = bytes.getDimSize(0);
  SmallVector<Value> result;
  for (int64_t half = 0; half < size; half += size / 2) {
    SmallVector<int64_t> order;
    for (int64_t i = half; i < half + size / 2; ++i)
      order.append({i, size + i});
    Value pairs =
        vector::ShuffleOp::create(builder, loc, rows[0], rows[1], order);
    result.push_back(arith::ExtUIOp::create(
        builder, loc, bytes.clone(builder.getI16Type()), pairs));
  }
  return result;
}

Value Avx2Attr::buildDot(OpBuilder &builder, Location loc, Value acc, Value lhs,
                         Value rhs) const {
  Value products = buildIntrinsic(builder, loc, "llvm.x86.avx2.pmadd.wd",
                                  acc.getType(), {lhs, rhs});
  return arith::AddIOp::create(builder, loc, acc, products);
}

} // namespace quanta
