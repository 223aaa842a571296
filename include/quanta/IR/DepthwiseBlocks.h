//===- DepthwiseBlocks.h - Blocks of channels -----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_DEPTHWISEBLOCKS_H
#define QUANTA_IR_DEPTHWISEBLOCKS_H

#include "quanta/Targets/Dot.h"

namespace quanta {

/// How a depthwise convolution divides its channels and taps. A block is as
/// many channels as one vector has bytes; its sums fill `group` vectors, whose
/// lanes are in interleaved order, see `DotShape::interleavedElement`. A dot
/// takes up to `group` rows of one column of the kernel.
struct DepthwiseBlocks {
  int64_t channels;
  /// Channels in one block, and lanes and bytes of a lane of one vector.
  int64_t size, lanes, group;
  /// The kernel's columns, and how many groups its rows make.
  int64_t columns, groups;

  static DepthwiseBlocks get(llvm::ArrayRef<int64_t> kernel, int64_t channels,
                             const DotShape &shape) {
    return {channels,    shape.lanes * shape.kGroup,
            shape.lanes, shape.kGroup,
            kernel[1],   (kernel[0] + shape.kGroup - 1) / shape.kGroup};
  }

  int64_t count() const { return (channels + size - 1) / size; }
  /// The last of several blocks overlaps with the one before it.
  int64_t firstChannel(int64_t block) const {
    return std::min(block * size, std::max<int64_t>(0, channels - size));
  }
  /// A block that is larger than all channels repeats them.
  int64_t channelOf(int64_t block, int64_t element) const {
    return channels < size ? element % channels : firstChannel(block) + element;
  }
  /// Vectors of weights in one block.
  int64_t vectors() const { return columns * groups * group; }
  /// Which of them holds the taps of a column and a group of rows for the lanes
  /// of vector `vector` of the sums.
  int64_t vectorIndex(int64_t column, int64_t rows, int64_t vector) const {
    return (column * groups + rows) * group + vector;
  }
  /// Elements of all packed weights, and of all sums to start from.
  int64_t packedSize() const { return count() * vectors() * size; }
  int64_t initSize() const { return count() * size; }
};

} // namespace quanta

#endif // QUANTA_IR_DEPTHWISEBLOCKS_H
