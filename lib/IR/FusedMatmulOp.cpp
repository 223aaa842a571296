//===- FusedMatmulOp.cpp - Packed matrix product with an epilogue
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

void FusedMatmulOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  // On tensors the operation is pure; on buffers it reads all but the output.
  if (!isa<MemRefType>(getOutput().getType()))
    return;
  for (OpOperand &operand : (*this)->getOpOperands())
    if (isa<MemRefType>(operand.get().getType()) &&
        operand.get() != getOutput())
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  effects.emplace_back(MemoryEffects::Write::get(), &getOutputMutable());
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
  return isa<IntegerType>(
      cast<ShapedType>(getLhs().getType()).getElementType());
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
  auto isFactor = [&](Type type) {
    return shape.isFloat ? type.isF32() : type.isInteger(8);
  };
  Type accumulator = init.getElementType();
  if (!isFactor(lhs.getElementType()) || !isFactor(rhs.getElementType()))
    return emitOpError() << "lhs and rhs must hold the factors of " << getDot();
  if (shape.isFloat ? !accumulator.isF32() : !accumulator.isInteger(32))
    return emitOpError() << "init must hold the accumulators of " << getDot();
  if (shape.isFloat && getFlipLhs())
    return emitOpError() << "flip_lhs inverts bits of integers only";
  PackedShape packed = shape.pack(n, k);
  if (rhs.getDimSize(0) != packed.size())
    return emitOpError() << "rhs must be packed into " << packed.size()
                         << " elements for " << getDot();
  if (init.getDimSize(0) != packed.columns)
    return emitOpError() << "init must be padded to " << packed.columns
                         << " elements";
  if (getExtraMaps().size() != getExtras().size())
    return emitOpError() << "needs one map for each extra";

  Block &block = getEpilogue().front();
  if (block.getNumArguments() != getExtras().size() + 1 ||
      block.getArgument(0).getType() != accumulator)
    return emitOpError() << "epilogue must take the accumulator and one "
                            "element of each extra";
  for (auto [extra, argument, map] :
       llvm::zip(getExtras(), block.getArguments().drop_front(),
                 getExtraMaps().getAsValueRange<AffineMapAttr>())) {
    Type element = getElementTypeOrSelf(extra.getType());
    ArrayRef<int64_t> sizes;
    if (auto shaped = dyn_cast<ShapedType>(extra.getType())) {
      if (!shaped.hasRank() || isa<VectorType>(shaped))
        return emitOpError() << "extras must be ranked tensors, memrefs or "
                                "scalars, got "
                             << shaped;
      sizes = shaped.getShape();
    }
    if (argument.getType() != element)
      return emitOpError() << "epilogue argument " << argument.getArgNumber()
                           << " must be " << element;
    if (map.getNumDims() != 2 || map.getNumSymbols() != 0 ||
        map.getNumResults() != sizes.size() ||
        !map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return emitOpError() << "map " << AffineMapAttr::get(map)
                           << " must select dimensions of the result";
    for (auto [expr, size] : llvm::zip(map.getResults(), sizes)) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (dim && !sizesAgree(size, output.getDimSize(dim.getPosition())))
        return emitOpError()
               << extra.getType() << " has the size " << size
               << " where outs has " << output.getDimSize(dim.getPosition());
    }
  }
  auto yield = cast<YieldOp>(block.getTerminator());
  if (yield.getNumOperands() != 1 ||
      yield.getOperand(0).getType() != output.getElementType())
    return emitOpError() << "epilogue must yield one "
                         << output.getElementType();
  return success();
}

} // namespace quanta
