//===- Fma.cpp - f32 products on vectors ----------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"
#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

LogicalResult FmaAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              int64_t lanes, int64_t vectors, int64_t rows,
                              bool fused) {
  return verifyFloatTile(emitError, lanes, vectors, rows);
}

DotShape FmaAttr::getDotShape() const {
  return {getLanes(),          /*kGroup=*/1,    getVectors(), getRows(),
          /*lhsSigned=*/false, /*isFloat=*/true};
}

Value FmaAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                              ValueRange indices, int64_t valid,
                              bool flip) const {
  return buildBroadcastFloat(builder, loc, lhs, indices, getLanes());
}

Value FmaAttr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                ValueRange indices) const {
  return vector::LoadOp::create(
      builder, loc, VectorType::get(getLanes(), builder.getF32Type()), rhs,
      indices);
}

Value FmaAttr::buildDot(OpBuilder &builder, Location loc, Value acc, Value lhs,
                        Value rhs) const {
  // Not vector.fma: that one leaves it to the code generator whether to fuse.
  if (getFused())
    return math::FmaOp::create(builder, loc, lhs, rhs, acc);
  Value products = arith::MulFOp::create(builder, loc, lhs, rhs);
  return arith::AddFOp::create(builder, loc, acc, products);
}

} // namespace quanta
