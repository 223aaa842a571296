//===- StoredFma.cpp - f32 products with weights stored as integers -------===//
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

LogicalResult
StoredFmaAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t lanes, int64_t vectors, int64_t rows,
                      int64_t bits, bool isSigned, int64_t block,
                      bool zeroPoints) {
  if (failed(verifyFloatTile(emitError, lanes, vectors, rows)))
    return failure();
  if (bits != 4 && bits != 8)
    return emitError() << "weights are stored in 4 or 8 bits, not " << bits;
  if (block < 1)
    return emitError() << "a scale belongs to a positive number of weights, "
                          "not "
                       << block;
  return success();
}

DotShape StoredFmaAttr::getDotShape() const {
  DotShape shape{getLanes(),          /*kGroup=*/1,    getVectors(), getRows(),
                 /*lhsSigned=*/false, /*isFloat=*/true};
  shape.storedBits = getBits();
  shape.storedBlock = getBlock();
  shape.storesZeroPoints = getZeroPoints();
  return shape;
}

Type StoredFmaAttr::getPackedType() const {
  return IntegerType::get(getContext(), 8);
}

Value StoredFmaAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                    ValueRange indices, int64_t valid,
                                    bool flip) const {
  return buildBroadcastFloat(builder, loc, lhs, indices, getLanes());
}

Value StoredFmaAttr::buildLoadWeights(OpBuilder &builder, Location loc,
                                      Value rhs, ValueRange indices) const {
  DotShape shape = getDotShape();
  int64_t bytes = getLanes() * shape.storedGroupBytes();
  Value loaded = vector::LoadOp::create(
      builder, loc, VectorType::get(bytes, builder.getI8Type()), rhs, indices);
  if (getBits() == 8)
    return loaded;
  return vector::BitCastOp::create(
      builder, loc, VectorType::get(getLanes(), builder.getI32Type()), loaded);
}

Value StoredFmaAttr::buildUnpack(OpBuilder &builder, Location loc, Value stored,
                                 int64_t element) const {
  auto type = VectorType::get(getLanes(), builder.getI32Type());
  if (getBits() == 8) {
    if (getIsSigned())
      return arith::ExtSIOp::create(builder, loc, type, stored);
    return arith::ExtUIOp::create(builder, loc, type, stored);
  }
  auto splat = [&](int32_t value) {
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(type, value));
  };
  if (getIsSigned()) {
    stored = arith::ShLIOp::create(builder, loc, stored,
                                   splat(28 - 4 * static_cast<int>(element)));
    return arith::ShRSIOp::create(builder, loc, stored, splat(28));
  }
  stored = arith::ShRUIOp::create(builder, loc, stored,
                                  splat(4 * static_cast<int>(element)));
  return arith::AndIOp::create(builder, loc, stored, splat(15));
}

Value StoredFmaAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                              Value lhs, Value rhs) const {
  return math::FmaOp::create(builder, loc, lhs, rhs, acc);
}

} // namespace quanta
