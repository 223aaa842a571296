//===- FusedConv2DOp.cpp - Packed convolution with an epilogue ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

void FusedConv2DOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getFusedEffects(*this, effects);
}

int64_t FusedConv2DOp::getMacCount() {
  int64_t count = getKernel()[0] * getKernel()[1] *
                  cast<ShapedType>(getLhs().getType()).getDimSize(3);
  for (int64_t size : cast<ShapedType>(getOutput().getType()).getShape())
    count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

bool FusedConv2DOp::isQuantizedCompute() {
  return getElementTypeOrSelf(getLhs()).isInteger();
}

ConvolutionRuns FusedConv2DOp::getRuns() {
  return ConvolutionRuns::get(
      getKernel(), getDilations(),
      cast<ShapedType>(getLhs().getType()).getDimSize(3));
}

LogicalResult FusedConv2DOp::verify() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  if (lhs.getRank() != 4 || output.getRank() != 4 || rhs.getRank() != 1 ||
      init.getRank() != 1)
    return emitOpError() << "needs lhs NxHxWxC, packed rhs and init of rank 1, "
                            "and outs NxHxWxF";
  if (!sizesAgree(lhs.getDimSize(0), output.getDimSize(0)))
    return emitOpError() << "lhs has " << lhs.getDimSize(0)
                         << " images but outs has " << output.getDimSize(0);
  if (ShapedType::isDynamicShape(lhs.getShape().drop_front()) ||
      ShapedType::isDynamicShape(output.getShape().drop_front()) ||
      !rhs.hasStaticShape() || !init.hasStaticShape())
    return emitOpError() << "needs static sizes but for the number of images";
  auto isPair = [](ArrayRef<int64_t> values) {
    // Images that are larger in any direction do not exist.
    constexpr int64_t limit = int64_t(1) << 24;
    return values.size() == 2 && llvm::all_of(values, [](int64_t value) {
             return value >= 1 && value <= limit;
           });
  };
  if (!isPair(getKernel()) || !isPair(getStrides()) || !isPair(getDilations()))
    return emitOpError()
           << "kernel, strides and dilations must be pairs of positive numbers";
  for (int64_t dim : {0, 1}) {
    int64_t last = (output.getDimSize(dim + 1) - 1) * getStrides()[dim] +
                   (getKernel()[dim] - 1) * getDilations()[dim];
    if (output.getDimSize(dim + 1) > 0 && last >= lhs.getDimSize(dim + 1))
      return emitOpError() << "reads up to index " << last
                           << " of an image of size "
                           << lhs.getDimSize(dim + 1);
  }
  if (failed(verifyFusedFactors(*this)))
    return failure();
  DotShape shape = getDot().getDotShape();
  PackedShape packed =
      shape.pack(output.getDimSize(3), getRuns().depth(shape.kGroup));
  if (rhs.getDimSize(0) != packed.size())
    return emitOpError() << "rhs must be packed into " << packed.size()
                         << " elements for " << getDot();
  if (init.getDimSize(0) != packed.columns)
    return emitOpError() << "init must be padded to " << packed.columns
                         << " elements";
  return verifyFusedEpilogue(*this);
}

} // namespace quanta
