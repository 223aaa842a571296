//===- ConvolutionShape.h - What a named convolution does -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_CONVOLUTIONSHAPE_H
#define QUANTA_IR_CONVOLUTIONSHAPE_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// The attributes of `quanta.conv_1d`, `quanta.conv_2d`,
/// `quanta.conv_transpose_1d` or `quanta.conv_transpose_2d` with their
/// defaults.
struct ConvolutionShape {
  llvm::SmallVector<int64_t> strides, dilations, pads;
  int64_t groups, channels, filters;
  /// Where input and result have their channels, and their spatial dimensions.
  int64_t channelDim, firstSpatialDim;
};

template <typename OpTy> ConvolutionShape getConvolutionShape(OpTy op) {
  constexpr int64_t count = OpTy::spatialDims;
  auto list = [](std::optional<llvm::ArrayRef<int64_t>> values, int64_t size,
                 int64_t value) {
    return values ? llvm::SmallVector<int64_t>(*values)
                  : llvm::SmallVector<int64_t>(size, value);
  };
  ConvolutionShape shape;
  shape.strides = list(op.getStrides(), count, 1);
  shape.dilations = list(op.getDilations(), count, 1);
  shape.pads = list(op.getPads(), 2 * count, 0);
  shape.groups = static_cast<int64_t>(op.getGroups().value_or(1));
  shape.channelDim = op.getChannelsLast() ? count + 1 : 1;
  shape.firstSpatialDim = op.getChannelsLast() ? 1 : 2;
  shape.channels = op.getInput().getType().getDimSize(shape.channelDim);
  if constexpr (std::is_same_v<OpTy, ConvTranspose1DOp> ||
                std::is_same_v<OpTy, ConvTranspose2DOp>)
    shape.filters = op.getWeights().getType().getDimSize(1) * shape.groups;
  else
    shape.filters = op.getWeights().getType().getDimSize(0);
  return shape;
}

} // namespace quanta

#endif // QUANTA_IR_CONVOLUTIONSHAPE_H
