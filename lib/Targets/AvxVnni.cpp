//===- AvxVnni.cpp - vpdpbusd on ymm registers --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"
#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

// 6 x 2 accumulators, 2 vectors of weights and one of activations: 15 of 16
// registers.
DotShape AvxVnniAttr::getDotShape() const {
  return {/*lanes=*/8,         /*kGroup=*/4,
          /*vectors=*/2,       /*rows=*/6,
          /*lhsSigned=*/false, /*isFloat=*/false,
          /*interleaves=*/true};
}

Value AvxVnniAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                  ValueRange indices, int64_t valid,
                                  bool flip) const {
  Value word = buildLoadBytes(builder, loc, lhs, indices, valid, flip);
  return buildBroadcastBytes(builder, loc, word, 8);
}

Value AvxVnniAttr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                    ValueRange indices) const {
  return vector::LoadOp::create(
      builder, loc, VectorType::get(32, builder.getI8Type()), rhs, indices);
}

// Named after AVX-512 VNNI, which has the instruction on ymm registers too.
Value AvxVnniAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                            Value lhs, Value rhs) const {
  return buildIntrinsic(builder, loc, "llvm.x86.avx512.vpdpbusd.256",
                        acc.getType(), {acc, lhs, rhs});
}

SmallVector<Value> AvxVnniAttr::buildInterleave(OpBuilder &builder,
                                                Location loc,
                                                ValueRange rows) const {
  return buildInterleaveBytes(builder, loc, rows);
}

} // namespace quanta
