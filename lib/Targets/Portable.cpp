//===- Portable.cpp - Plain integer vector arithmetic ---------------------===//
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

DotShape PortableAttr::getDotShape() const {
  return {/*lanes=*/4,         /*kGroup=*/1,
          /*vectors=*/2,       /*rows=*/4,
          /*lhsSigned=*/false, /*isFloat=*/false};
}

Value PortableAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                   ValueRange indices, int64_t valid,
                                   bool flip) const {
  Value word = buildLoadBytes(builder, loc, lhs, indices, /*valid=*/1, flip);
  // The flip inverts the top bit of all four bytes; only the lowest counts.
  if (flip) {
    Value mask = arith::ConstantIntOp::create(builder, loc, 0xff, 32);
    word = arith::AndIOp::create(builder, loc, word, mask);
  }
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get(4, builder.getI32Type()), word);
}

Value PortableAttr::buildLoadWeights(OpBuilder &builder, Location loc,
                                     Value rhs, ValueRange indices) const {
  return buildExtendWeights(builder, loc,
                            buildLoadVector(builder, loc, rhs, indices, 4));
}

Value PortableAttr::buildExtendWeights(OpBuilder &builder, Location loc,
                                       Value bytes) const {
  return arith::ExtSIOp::create(
      builder, loc, VectorType::get(4, builder.getI32Type()), bytes);
}

Value PortableAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                             Value lhs, Value rhs) const {
  Value products = arith::MulIOp::create(builder, loc, lhs, rhs);
  return arith::AddIOp::create(builder, loc, acc, products);
}

} // namespace quanta
