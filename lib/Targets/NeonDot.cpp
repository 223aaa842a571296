//===- NeonDot.cpp - AArch64 sdot -----------------------------------------===//
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

// 6 x 4 accumulators, 4 vectors of weights and one of activations: 29 of 32
// registers. Weights are signed, so activations must be: `udot` cannot mix.
DotShape NeonDotAttr::getDotShape() const {
  return {/*lanes=*/4,          /*kGroup=*/4,
          /*vectors=*/4,        /*rows=*/6,
          /*lhsSigned=*/true,   /*isFloat=*/false,
          /*interleaves=*/true, /*fusesMultiplyAdd=*/true};
}

Value NeonDotAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                  ValueRange indices, int64_t valid,
                                  bool flip) const {
  Value word = buildLoadBytes(builder, loc, lhs, indices, valid, flip);
  return buildBroadcastBytes(builder, loc, word, 4);
}

Value NeonDotAttr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                    ValueRange indices) const {
  return vector::LoadOp::create(
      builder, loc, VectorType::get(16, builder.getI8Type()), rhs, indices);
}

Value NeonDotAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                            Value lhs, Value rhs) const {
  return buildIntrinsic(builder, loc, "llvm.aarch64.neon.sdot", acc.getType(),
                        {acc, lhs, rhs});
}

int64_t NeonDotAttr::getLookupLanes() const { return 16; }

Value NeonDotAttr::buildLookup(OpBuilder &builder, Location loc,
                               ValueRange table, Value indices) const {
  // Four registers at a time: `tbl` gives zero, and `tbx` what was there
  // before, for an index behind them.
  Type type = indices.getType();
  Value result;
  for (int64_t part = 0; part < 4; ++part) {
    SmallVector<Value> operands(table.slice(4 * part, 4));
    if (part == 0) {
      operands.push_back(indices);
      result = buildIntrinsic(builder, loc, "llvm.aarch64.neon.tbl4", type,
                              operands);
      continue;
    }
    Value offset = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(cast<VectorType>(type),
                               static_cast<int8_t>(64 * part)));
    operands.insert(operands.begin(), result);
    operands.push_back(arith::SubIOp::create(builder, loc, indices, offset));
    result =
        buildIntrinsic(builder, loc, "llvm.aarch64.neon.tbx4", type, operands);
  }
  return result;
}

SmallVector<Value> NeonDotAttr::buildInterleave(OpBuilder &builder,
                                                Location loc,
                                                ValueRange rows) const {
  return buildInterleaveBytes(builder, loc, rows);
}

} // namespace quanta
