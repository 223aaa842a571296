//===- HalfFma.cpp - f32 products with weights stored in 16 bits ----------===//
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

LogicalResult HalfFmaAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t lanes, int64_t vectors, int64_t rows,
                                  FloatType type) {
  if (failed(verifyFloatTile(emitError, lanes, vectors, rows)))
    return failure();
  if (!isa<Float16Type, BFloat16Type>(type))
    return emitError() << "weights are stored as f16 or bf16, not " << type;
  return success();
}

DotShape HalfFmaAttr::getDotShape() const {
  return {getLanes(),          /*kGroup=*/1,    getVectors(), getRows(),
          /*lhsSigned=*/false, /*isFloat=*/true};
}

Type HalfFmaAttr::getPackedType() const { return getType(); }

Value HalfFmaAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                  ValueRange indices, int64_t valid,
                                  bool flip) const {
  return buildBroadcastFloat(builder, loc, lhs, indices, getLanes());
}

Value HalfFmaAttr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                    ValueRange indices) const {
  Value stored = vector::LoadOp::create(
      builder, loc, VectorType::get(getLanes(), getType()), rhs, indices);
  return arith::ExtFOp::create(
      builder, loc, VectorType::get(getLanes(), builder.getF32Type()), stored);
}

Value HalfFmaAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                            Value lhs, Value rhs) const {
  return math::FmaOp::create(builder, loc, lhs, rhs, acc);
}

} // namespace quanta
