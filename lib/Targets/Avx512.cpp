//===- Avx512.cpp - vpmaddwd on zmm registers ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"
#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace quanta {

// 6 x 4 accumulators, 4 vectors of weights, one of activations and one for
// the products: 30 of 32 registers.
DotShape Avx512Attr::getDotShape() const {
  DotShape shape = {/*lanes=*/16,          /*kGroup=*/2,
                    /*vectors=*/4,         /*rows=*/6,
                    /*lhsSigned=*/false,   /*isFloat=*/false,
                    /*interleaves=*/false, /*fusesMultiplyAdd=*/true};
  shape.widensLhs = true;
  return shape;
}

Value Avx512Attr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                 ValueRange indices, int64_t valid,
                                 bool flip) const {
  return buildBroadcastPairs(builder, loc, lhs, indices, valid, flip, 16);
}

Value Avx512Attr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                   ValueRange indices) const {
  return buildExtendWeights(builder, loc,
                            buildLoadVector(builder, loc, rhs, indices, 32));
}

Value Avx512Attr::buildExtendWeights(OpBuilder &builder, Location loc,
                                     Value bytes) const {
  return buildExtendPairs(builder, loc, bytes);
}

Value Avx512Attr::buildDot(OpBuilder &builder, Location loc, Value acc,
                           Value lhs, Value rhs) const {
  Value products = buildIntrinsic(builder, loc, "llvm.x86.avx512.pmaddw.d.512",
                                  acc.getType(), {lhs, rhs});
  return arith::AddIOp::create(builder, loc, acc, products);
}

Value Avx512Attr::buildRoundToBytes(OpBuilder &builder, Location loc,
                                    ValueRange inputs,
                                    const ByteRounding &rounding) const {
  return buildRoundToBytes512(builder, loc, inputs, rounding);
}

} // namespace quanta
