//===- NarrowDot.cpp - Dot products with weights of 4 and 2 bits ----------===//
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

LogicalResult
NarrowDotAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      Attribute dot, int64_t bits, int64_t low) {
  auto inner = dyn_cast<DotAttrInterface>(dot);
  if (!inner || inner.getDotShape().isFloat || inner.getDotShape().sharing > 1)
    return emitError() << "needs a dot product of bytes, not " << dot;
  if (bits != 2 && bits != 4)
    return emitError() << "weights share a byte with 2 or 4 bits each, not "
                       << bits;
  if (low < -128 || low + (1 << bits) - 1 > 127)
    return emitError() << "weights from " << low << " on are no signed bytes";
  if (inner.getDotShape().vectors % (8 / bits) != 0)
    return emitError() << "a block of " << inner.getDotShape().vectors
                       << " vectors is no multiple of the " << 8 / bits
                       << " that share bytes";
  return success();
}

bool storesSignedNumbers(NarrowDotAttr dot) {
  return dot.getLow() == -(int64_t(1) << (dot.getBits() - 1)) &&
         dot.getDotShape().kGroup < 4;
}

DotAttrInterface NarrowDotAttr::getInner() const {
  return cast<DotAttrInterface>(getDot());
}

DotShape NarrowDotAttr::getDotShape() const {
  DotShape shape = getInner().getDotShape();
  shape.sharing = 8 / getBits();
  shape.interleaves = false;
  // Registers of matrices are loaded with bytes.
  shape.matrixRows = 0;
  return shape;
}

Value NarrowDotAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                                    ValueRange indices, int64_t valid,
                                    bool flip) const {
  return getInner().buildBroadcast(builder, loc, lhs, indices, valid, flip);
}

Value NarrowDotAttr::buildLoadWeights(OpBuilder &builder, Location loc,
                                      Value rhs, ValueRange indices) const {
  DotShape shape = getDotShape();
  return buildLoadVector(builder, loc, rhs, indices,
                         shape.lanes * shape.kGroup);
}

Value NarrowDotAttr::buildUnpack(OpBuilder &builder, Location loc, Value stored,
                                 int64_t part) const {
  // Extended first: all parts share that, and few machines shift bytes.
  Value weights = getInner().buildExtendWeights(builder, loc, stored);
  auto type = cast<VectorType>(weights.getType());
  auto splat = [&](int64_t value) {
    return arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(type, Attribute(builder.getIntegerAttr(
                                         type.getElementType(), value))));
  };
  int64_t width = type.getElementTypeBitWidth();
  int64_t shift = getBits() * part;
  if (storesSignedNumbers(*this)) {
    // The highest part has its sign above it already.
    if (shift + getBits() < 8) {
      weights = arith::ShLIOp::create(builder, loc, weights,
                                      splat(width - shift - getBits()));
      shift = width - getBits();
    }
    return arith::ShRSIOp::create(builder, loc, weights, splat(shift));
  }
  if (shift > 0)
    weights = arith::ShRUIOp::create(builder, loc, weights, splat(shift));
  // What lies above is other weights, or what the extension left.
  if (shift + getBits() < width)
    weights = arith::AndIOp::create(builder, loc, weights,
                                    splat((1 << getBits()) - 1));
  if (getLow() != 0)
    weights = arith::AddIOp::create(builder, loc, weights, splat(getLow()));
  return weights;
}

Value NarrowDotAttr::buildDot(OpBuilder &builder, Location loc, Value acc,
                              Value lhs, Value rhs) const {
  return getInner().buildDot(builder, loc, acc, lhs, rhs);
}

Value NarrowDotAttr::buildRoundToBytes(OpBuilder &builder, Location loc,
                                       ValueRange inputs,
                                       const ByteRounding &rounding) const {
  return getInner().buildRoundToBytes(builder, loc, inputs, rounding);
}

} // namespace quanta
