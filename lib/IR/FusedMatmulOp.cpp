//===- FusedMatmulOp.cpp - Packed matrix product with an epilogue
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

void FusedMatmulOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getFusedEffects(*this, effects);
}

int64_t FusedMatmulOp::getMacCount() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  int64_t count = 1;
  for (int64_t size :
       {lhs.getDimSize(0), lhs.getDimSize(1), output.getDimSize(1)})
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

bool FusedMatmulOp::isQuantizedCompute() {
  return getElementTypeOrSelf(getLhs()).isInteger();
}

LogicalResult FusedMatmulOp::verify() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  DotShape shape = getDot().getDotShape();
  if (lhs.getRank() != 2 || output.getRank() != 2 || rhs.getRank() != 1 ||
      init.getRank() != 1)
    return emitOpError() << "needs lhs MxK, packed rhs and init of rank 1, and "
                            "outs MxN";
  if (!sizesAgree(lhs.getDimSize(0), output.getDimSize(0)))
    return emitOpError() << "lhs has " << lhs.getDimSize(0)
                         << " rows but outs has " << output.getDimSize(0);
  int64_t k = lhs.getDimSize(1), n = output.getDimSize(1);
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(n) ||
      !rhs.hasStaticShape() || !init.hasStaticShape())
    return emitOpError() << "needs static K and N";
  if (failed(verifyFusedFactors(*this)))
    return failure();
  PackedShape packed = shape.pack(n, k);
  if (rhs.getDimSize(0) != packed.size())
    return emitOpError() << "rhs must be packed into " << packed.size()
                         << " elements for " << getDot();
  if (init.getDimSize(0) != packed.columns)
    return emitOpError() << "init must be padded to " << packed.columns
                         << " elements";
  return verifyFusedEpilogue(*this);
}

} // namespace quanta
