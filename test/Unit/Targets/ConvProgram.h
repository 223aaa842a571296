//===- ConvProgram.h - A convolution and its results ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TEST_UNIT_TARGETS_CONVPROGRAM_H
#define QUANTA_TEST_UNIT_TARGETS_CONVPROGRAM_H

#include "Sweep.h"

namespace quanta::test {

/// A convolution on u8 or i8 images with a ReLU and a cut to i8 behind it.
struct Convolution {
  std::string name;
  int64_t channels, filters, height, width;
  int64_t kernel[2], strides[2], dilations[2];
  /// Above, left, below, right.
  int64_t pads[4];
  int64_t padding;
  bool isSigned = false, channelsFirst = false, depthwise = false;
  /// Ends in a requantization to u8 with this lower bound.
  bool requantizes = false;
  int32_t low = 5;
  /// Bits of a weight, and whether it is a signed number.
  unsigned bits = 8;
  bool signedWeights = true;
  /// Rows and columns are known at run time only.
  bool isOpen = false;

  int64_t padded(int dim) const {
    return (dim ? width : height) + pads[dim] + pads[dim + 2];
  }
  int64_t size(int dim) const {
    return (padded(dim) - (kernel[dim] - 1) * dilations[dim] - 1) /
               strides[dim] +
           1;
  }
  /// Sizes of an image in its layout.
  Shape shape(int64_t images, int64_t features, int64_t rows,
              int64_t columns) const {
    if (channelsFirst)
      return {images, features, rows, columns};
    return {images, rows, columns, features};
  }
  /// Where an element of such an image is, row by row of its layout.
  static int64_t index(const Shape &shape, const Shape &place);

  int64_t taps() const { return kernel[0] * kernel[1]; }
  /// Channels of the image that a filter reads.
  int64_t groupChannels() const { return depthwise ? 1 : channels; }
};

/// Adds a program for it, with random weights, biases and multipliers, and
/// calls with none, one and two images.
void addConvolution(Sweep &sweep, const Convolution &c, Random &random);

} // namespace quanta::test

#endif // QUANTA_TEST_UNIT_TARGETS_CONVPROGRAM_H
