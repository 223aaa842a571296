//===- FusedDepthwiseConv2DOp.cpp - Checks of depthwise kernels -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

using namespace mlir;

namespace quanta {

void FusedDepthwiseConv2DOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getFusedEffects(*this, effects);
}

int64_t FusedDepthwiseConv2DOp::getMacCount() {
  int64_t count = getKernel()[0] * getKernel()[1];
  for (int64_t size : cast<ShapedType>(getOutput().getType()).getShape())
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

bool FusedDepthwiseConv2DOp::isQuantizedCompute() { return true; }

DepthwiseBlocks FusedDepthwiseConv2DOp::getBlocks() {
  return DepthwiseBlocks::get(
      getKernel(), cast<ShapedType>(getLhs().getType()).getDimSize(3),
      getDot().getDotShape());
}

std::array<int64_t, 4> FusedDepthwiseConv2DOp::getPadsOrZeros() {
  return getFourPads(getPads());
}

LogicalResult FusedDepthwiseConv2DOp::verify() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  if (failed(verifyImages(*this, /*takesOpenSizes=*/false)))
    return failure();
  if (lhs.getDimSize(3) != output.getDimSize(3))
    return emitOpError() << "lhs has " << lhs.getDimSize(3)
                         << " channels but outs has " << output.getDimSize(3);
  if (failed(verifyWindows(*this, getKernel(), getStrides(), getDilations(),
                           getPads())))
    return failure();
  DotShape shape = getDot().getDotShape();
  if (!shape.interleaves)
    return emitOpError() << getDot()
                         << " has no instructions to interleave "
                            "rows";
  if (failed(verifyFusedFactors(*this)))
    return failure();
  DepthwiseBlocks blocks = getBlocks();
  if (rhs.getDimSize(0) != blocks.packedSize())
    return emitOpError() << "rhs must be packed into " << blocks.packedSize()
                         << " elements for " << getDot();
  if (init.getDimSize(0) != blocks.initSize())
    return emitOpError() << "init must be packed into " << blocks.initSize()
                         << " elements for " << getDot();
  return verifyFusedEpilogue(*this);
}

} // namespace quanta
