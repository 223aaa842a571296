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

bool FusedConv2DOp::hasOpenSizes() {
  return llvm::any_of(ArrayRef{getLhs(), getOutput()}, [](Value images) {
    return ShapedType::isDynamicShape(
        cast<ShapedType>(images.getType()).getShape().slice(1, 2));
  });
}

std::array<int64_t, 4> FusedConv2DOp::getPadsOrZeros() {
  return getFourPads(getPads());
}

std::array<int64_t, 4> getFourPads(ArrayRef<int64_t> pads) {
  std::array<int64_t, 4> result{};
  if (pads.size() == result.size())
    llvm::copy(pads, result.begin());
  return result;
}

LogicalResult verifyImages(FusedOpInterface op, bool takesOpenSizes) {
  auto lhs = cast<ShapedType>(op.getLhs().getType());
  auto rhs = cast<ShapedType>(op.getRhs().getType());
  auto init = cast<ShapedType>(op.getInit().getType());
  auto output = cast<ShapedType>(op.getOutput().getType());
  if (lhs.getRank() != 4 || output.getRank() != 4 || rhs.getRank() != 1 ||
      init.getRank() != 1)
    return op->emitOpError()
           << "needs lhs NxHxWxC, packed rhs and init of rank "
              "1, and outs NxHxWxF";
  if (!sizesAgree(lhs.getDimSize(0), output.getDimSize(0)))
    return op->emitOpError() << "lhs has " << lhs.getDimSize(0)
                             << " images but outs has " << output.getDimSize(0);
  auto isOpen = [&](ShapedType images) {
    return ShapedType::isDynamicShape(
        images.getShape().drop_front(takesOpenSizes ? 3 : 1));
  };
  if (isOpen(lhs) || isOpen(output) || !rhs.hasStaticShape() ||
      !init.hasStaticShape())
    return op->emitOpError()
           << "needs static sizes but for the number of "
           << (takesOpenSizes ? "images, rows and columns" : "images");
  return success();
}

LogicalResult verifyWindows(FusedOpInterface op, ArrayRef<int64_t> kernel,
                            ArrayRef<int64_t> strides,
                            ArrayRef<int64_t> dilations,
                            ArrayRef<int64_t> pads) {
  // Images that are larger in any direction do not exist.
  constexpr int64_t limit = int64_t(1) << 24;
  auto isPair = [](ArrayRef<int64_t> values) {
    return values.size() == 2 && llvm::all_of(values, [](int64_t value) {
             return value >= 1 && value <= limit;
           });
  };
  if (!isPair(kernel) || !isPair(strides) || !isPair(dilations))
    return op->emitOpError()
           << "kernel, strides and dilations must be pairs of positive numbers";
  if ((!pads.empty() && pads.size() != 4) ||
      llvm::any_of(pads, [](int64_t pad) { return pad < 0 || pad > limit; }))
    return op->emitOpError()
           << "pads must be four numbers that are not negative";
  std::array<int64_t, 4> sides = getFourPads(pads);
  auto lhs = cast<ShapedType>(op.getLhs().getType());
  auto output = cast<ShapedType>(op.getOutput().getType());
  for (int64_t dim : {0, 1}) {
    if (lhs.isDynamicDim(dim + 1) || output.isDynamicDim(dim + 1))
      continue;
    int64_t size = lhs.getDimSize(dim + 1) + sides[dim] + sides[dim + 2];
    int64_t last = (output.getDimSize(dim + 1) - 1) * strides[dim] +
                   (kernel[dim] - 1) * dilations[dim];
    if (output.getDimSize(dim + 1) > 0 && last >= size)
      return op->emitOpError()
             << "reads up to index " << last << " of an image of size " << size;
  }
  return success();
}

LogicalResult FusedConv2DOp::verify() {
  if (failed(verifyFusedOutputs(*this)))
    return failure();
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto output = cast<ShapedType>(getOutput().getType());
  if (failed(verifyImages(*this, /*takesOpenSizes=*/true)) ||
      failed(verifyWindows(*this, getKernel(), getStrides(), getDilations(),
                           getPads())))
    return failure();
  std::array<int64_t, 4> pads = getPadsOrZeros();
  if (hasOpenSizes() &&
      llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    return emitOpError() << "pads need static sizes of rows and columns";
  int64_t maxVectors = getDot().getDotShape().vectors;
  if (getVectors() &&
      (*getVectors() < 1 || *getVectors() > static_cast<uint64_t>(maxVectors)))
    return emitOpError() << "vectors must be between 1 and " << maxVectors;
  DotShape shape = getTileShape();
  if (shape.vectors % shape.sharing != 0)
    return emitOpError() << "vectors must be a multiple of the "
                         << shape.sharing << " that share bytes";
  if (shape.isFloat && llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    return emitOpError() << "pads are for integers only";
  if ((pads[1] != 0 || pads[3] != 0) && lhs.getDimSize(3) % shape.kGroup != 0)
    return emitOpError() << "pads to the left and right need whole groups of "
                         << shape.kGroup << " channels";
  if (failed(verifyFusedFactors(*this)))
    return failure();
  if (shape.storedBits && getRuns().length % shape.storedBlock != 0)
    return emitOpError() << "runs of " << getRuns().length
                         << " elements are no whole blocks of "
                         << shape.storedBlock;
  PackedShape packed =
      shape.pack(output.getDimSize(3), getRuns().depth(shape.depthUnit()));
  if (rhs.getDimSize(0) != packed.size())
    return emitOpError() << "rhs must be packed into " << packed.size()
                         << " elements for " << getDot();
  if (init.getDimSize(0) != packed.columns)
    return emitOpError() << "init must be padded to " << packed.columns
                         << " elements";
  return verifyFusedEpilogue(*this);
}

} // namespace quanta
