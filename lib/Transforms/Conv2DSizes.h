//===- Conv2DSizes.h - Sizes of one convolution on buffers ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_CONV2DSIZES_H
#define QUANTA_LIB_TRANSFORMS_CONV2DSIZES_H

#include "quanta/IR/Quanta.h"

#include <array>

namespace quanta {

/// What generators of a `quanta.fused_conv_2d` on buffers read from it.
struct Conv2DSizes {
  explicit Conv2DSizes(FusedConv2DOp op)
      : runs(op.getRuns()), kernel(op.getKernel()), strides(op.getStrides()),
        dilations(op.getDilations()), pads(op.getPadsOrZeros()) {
    auto output = llvm::cast<mlir::MemRefType>(op.getOutput().getType());
    height = output.getDimSize(1);
    width = output.getDimSize(2);
    filters = output.getDimSize(3);
    auto input = llvm::cast<mlir::MemRefType>(op.getLhs().getType());
    inputHeight = input.getDimSize(1);
    inputWidth = input.getDimSize(2);
    channels = input.getDimSize(3);
  }

  ConvolutionRuns runs;
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// Above, left, below, right.
  std::array<int64_t, 4> pads;
  int64_t height, width, filters, inputHeight, inputWidth, channels;
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_CONV2DSIZES_H
