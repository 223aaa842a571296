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

DotShape FusedConv2DOp::getTileShape() {
  DotShape shape = getDot().getDotShape();
  return getVectors() ? shape.withVectors(*getVectors()) : shape;
}

std::array<int64_t, 4> FusedConv2DOp::getPadsOrZeros() {
  std::array<int64_t, 4> pads{};
  llvm::copy(getPads(), pads.begin());
  return pads;
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
  // Images that are larger in any direction do not exist.
  constexpr int64_t limit = int64_t(1) << 24;
  auto isPair = [](ArrayRef<int64_t> values) {
    return values.size() == 2 && llvm::all_of(values, [](int64_t value) {
             return value >= 1 && value <= limit;
           });
  };
  if (!isPair(getKernel()) || !isPair(getStrides()) || !isPair(getDilations()))
    return emitOpError()
           << "kernel, strides and dilations must be pairs of positive numbers";
  if ((!getPads().empty() && getPads().size() != 4) ||
      llvm::any_of(getPads(),
                   [](int64_t pad) { return pad < 0 || pad > limit; }))
    return emitOpError() << "pads must be four numbers that are not negative";
  std::array<int64_t, 4> pads = getPadsOrZeros();
  int64_t maxVectors = getDot().getDotShape().vectors;
  if (getVectors() &&
      (*getVectors() < 1 || *getVectors() > static_cast<uint64_t>(maxVectors)))
    return emitOpError() << "vectors must be between 1 and " << maxVectors;
  DotShape shape = getTileShape();
  if (shape.isFloat && llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    return emitOpError() << "pads are for integers only";
  if ((pads[1] != 0 || pads[3] != 0) && lhs.getDimSize(3) % shape.kGroup != 0)
    return emitOpError() << "pads to the left and right need whole groups of "
                         << shape.kGroup << " channels";
  for (int64_t dim : {0, 1}) {
    int64_t size = lhs.getDimSize(dim + 1) + pads[dim] + pads[dim + 2];
    int64_t last = (output.getDimSize(dim + 1) - 1) * getStrides()[dim] +
                   (getKernel()[dim] - 1) * getDilations()[dim];
    if (output.getDimSize(dim + 1) > 0 && last >= size)
      return emitOpError() << "reads up to index " << last
                           << " of an image of size " << size;
  }
  if (failed(verifyFusedFactors(*this)))
    return failure();
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
