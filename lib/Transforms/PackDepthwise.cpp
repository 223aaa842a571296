//===- PackDepthwise.cpp - Weights of depthwise convolutions --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackConvolutions.h"

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace quanta {

namespace {
/// Packed weights and the sums to start from.
struct PackedDepthwise {
  SmallVector<int8_t> weights;
  SmallVector<int32_t> init;
};
} // namespace

/// The layout that quanta.fused_depthwise_conv_2d describes. The image's
/// elements lose `shift`, which the sums get back.
static PackedDepthwise pack(const ConstantConv2D &match,
                            const DepthwiseBlocks &blocks,
                            const DotShape &shape, int32_t shift) {
  SmallVector<int32_t> bias(match.channels, 0);
  if (match.bias)
    bias = *getConstantInts(match.bias);
  SmallVector<int64_t> strides =
      computeStrides(cast<ShapedType>(match.weights.getType()).getShape());
  const auto &dims = match.weightDims;
  auto weights = match.weights.getValues<int8_t>();
  PackedDepthwise packed;
  packed.weights.assign(blocks.packedSize(), 0);
  packed.init.assign(blocks.initSize(), 0);
  for (int64_t block = 0; block < blocks.count(); ++block)
    for (int64_t index = 0; index < blocks.size; ++index) {
      int64_t channel =
          blocks.channelOf(block, shape.interleavedElement(index));
      int64_t vector = index / blocks.lanes, lane = index % blocks.lanes;
      auto sum = static_cast<uint32_t>(bias[channel]);
      for (int64_t row = 0; row < match.conv.kernel[0]; ++row)
        for (int64_t column = 0; column < match.conv.kernel[1]; ++column) {
          int8_t weight = *(weights.begin() + (row * strides[dims[0]] +
                                               column * strides[dims[1]] +
                                               channel * strides[dims[2]]));
          sum += static_cast<uint32_t>(shift) * static_cast<uint32_t>(weight);
          int64_t start =
              block * blocks.vectors() +
              blocks.vectorIndex(column, row / blocks.group, vector);
          packed.weights[start * blocks.size + lane * blocks.group +
                         row % blocks.group] = weight;
        }
      packed.init[block * blocks.size + index] = static_cast<int32_t>(sum);
    }
  return packed;
}

void packDepthwiseConv2D(linalg::LinalgOp op, const ConstantConv2D &match,
                         DotAttrInterface dot) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  DotShape shape = dot.getDotShape();
  auto blocks = DepthwiseBlocks::get(match.conv.kernel, match.channels, shape);
  bool flip = match.lhsSigned != shape.lhsSigned;
  // u8 read as i8 is 128 too small, i8 read as u8 128 too large.
  int32_t shift = !flip ? 0 : match.lhsSigned ? -128 : 128;
  PackedDepthwise packed = pack(match, blocks, shape, shift);
  PaddedImage padded = PaddedImage::get(op->getOperand(0));
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  Value output = createEmptyLike(builder, loc, op->getOperand(2),
                                 resultType.getElementType());
  Value rhs = createConstant(builder, loc, {blocks.packedSize()},
                             ArrayRef<int8_t>(packed.weights));
  Value init = createConstant(builder, loc, {blocks.initSize()},
                              ArrayRef<int32_t>(packed.init));
  replaceWithFused(op,
                   FusedDepthwiseConv2DOp::create(
                       builder, loc, TypeRange(resultType), padded.image, rhs,
                       init, ValueRange(), output, dot, match.conv.kernel,
                       match.conv.strides, match.conv.dilations, padded.pads,
                       static_cast<uint8_t>(padded.padding),
                       builder.getAffineMapArrayAttr({}), flip));
}

} // namespace quanta
