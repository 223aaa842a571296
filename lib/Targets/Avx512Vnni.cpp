//===- Avx512Vnni.cpp - vpdpbusd on zmm registers -------------------------===//
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

// 6 x 4 accumulators, 4 vectors of weights and one of activations are 29 of 32
// registers, 14 x 2 accumulators, 2 of weights and one of activations 31.
DotShape Avx512VnniAttr::getDotShape() const {
  DotShape shape{/*lanes=*/16,         /*kGroup=*/4,
                 /*vectors=*/4,        /*rows=*/6,
                 /*lhsSigned=*/false,  /*isFloat=*/false,
                 /*interleaves=*/true, /*fusesMultiplyAdd=*/true};
  shape.spareRegisters = 2;
  return shape;
}

Value Avx512VnniAttr::buildBroadcast(OpBuilder &builder, Location loc,
                                     Value lhs, ValueRange indices,
                                     int64_t valid, bool flip) const {
  Value word = buildLoadBytes(builder, loc, lhs, indices, valid, flip);
  return buildBroadcastBytes(builder, loc, word, 16);
}

Value Avx512VnniAttr::buildLoadWeights(OpBuilder &builder, Location loc,
                                       Value rhs, ValueRange indices) const {
  return vector::LoadOp::create(
      builder, loc, VectorType::get(64, builder.getI8Type()), rhs, indices);
}

Value Avx512VnniAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                               Value lhs, Value rhs) const {
  return buildIntrinsic(builder, loc, "llvm.x86.avx512.vpdpbusd.512",
                        acc.getType(), {acc, lhs, rhs});
}

Value Avx512VnniAttr::buildRoundToBytes(OpBuilder &builder, Location loc,
                                        ValueRange inputs,
                                        const ByteRounding &rounding) const {
  return buildRoundToBytes512(builder, loc, inputs, rounding);
}

int64_t Avx512VnniAttr::getLookupLanes() const { return getVbmi() ? 64 : 0; }

Value Avx512VnniAttr::buildLookup(OpBuilder &builder, Location loc,
                                  ValueRange table, Value indices) const {
  // The instruction sees seven bits of an index: half of the table.
  auto lookup = [&](Value low, Value high) {
    return buildIntrinsic(builder, loc, "llvm.x86.avx512.vpermi2var.qi.512",
                          indices.getType(), {low, indices, high});
  };
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(indices.getType()));
  Value isUpper = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        indices, zero);
  return arith::SelectOp::create(builder, loc, isUpper,
                                 lookup(table[2], table[3]),
                                 lookup(table[0], table[1]));
}

SmallVector<Value> Avx512VnniAttr::buildInterleave(OpBuilder &builder,
                                                   Location loc,
                                                   ValueRange rows) const {
  return buildInterleaveBytes(builder, loc, rows);
}

} // namespace quanta
