//===- Avx2.cpp - vpmaddwd on ymm registers
//----------------------------------===//
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
  return {/*lanes=*/8,         /*kGroup=*/2,
          /*vectors=*/2,       /*rows=*/4,
          /*lhsSigned=*/false, /*isFloat=*/false};
}

Value Avx2Attr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                               ValueRange indices, int64_t valid,
                               bool flip) const {
  Value pair;
  Type i16 = builder.getI16Type();
  if (valid == 2) {
    auto bytes = VectorType::get(2, builder.getI8Type());
    Value loaded = vector::LoadOp::create(builder, loc, bytes, lhs, indices);
    loaded = vector::BitCastOp::create(builder, loc, VectorType::get(1, i16),
                                       loaded);
    pair = vector::ExtractOp::create(builder, loc, loaded, 0);
    if (flip) {
      Value mask = arith::ConstantIntOp::create(
          builder, loc, static_cast<int16_t>(0x8080), 16);
      pair = arith::XOrIOp::create(builder, loc, pair, mask);
    }
  } else {
    Value word = buildLoadBytes(builder, loc, lhs, indices, valid, flip);
    pair = arith::TruncIOp::create(builder, loc, i16, word);
  }
  // Repeated before it is widened, so that both are one instruction.
  Value pairs =
      vector::BroadcastOp::create(builder, loc, VectorType::get(8, i16), pair);
  Value bytes = vector::BitCastOp::create(
      builder, loc, VectorType::get(16, builder.getI8Type()), pairs);
  return arith::ExtUIOp::create(builder, loc, VectorType::get(16, i16), bytes);
}

Value Avx2Attr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                 ValueRange indices) const {
  Value bytes = vector::LoadOp::create(
      builder, loc, VectorType::get(16, builder.getI8Type()), rhs, indices);
  return arith::ExtSIOp::create(
      builder, loc, VectorType::get(16, builder.getI16Type()), bytes);
}

Value Avx2Attr::buildDot(OpBuilder &builder, Location loc, Value acc, Value lhs,
                         Value rhs) const {
  Value products = buildIntrinsic(builder, loc, "llvm.x86.avx2.pmadd.wd",
                                  acc.getType(), {lhs, rhs});
  return arith::AddIOp::create(builder, loc, acc, products);
}

} // namespace quanta
