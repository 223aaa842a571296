//===- NeonDot.cpp - AArch64 sdot
//--------------------------------------------===//
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

SmallVector<Value> NeonDotAttr::buildInterleave(OpBuilder &builder,
                                                Location loc,
                                                ValueRange rows) const {
  return buildInterleaveBytes(builder, loc, rows);
}

} // namespace quanta
