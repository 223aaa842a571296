//===- ConvSweep.cpp - Convolutions in every layout -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvProgram.h"

#include <algorithm>

using namespace llvm;

namespace quanta::test {

/// Padding that is zero to the instruction, which kernels need not read: taps
/// outside on each side, windows that lie outside as a whole, tiles of all
/// sizes with and without edges; and single taps.
static void addZeroPadded(Sweep &sweep, const DotShape &dot, Random &random) {
  const int64_t kernels[] = {3, 5, 2, 3};
  const int64_t widths[] = {
      1, 2, 7, dot.rows, 14, dot.rows + 1, 2 * dot.rows + 3, 3 * dot.rows + 2};
  const int64_t filters[] = {dot.lanes - 1, 3 * dot.lanes, dot.columns(),
                             2 * dot.columns() + 3 * dot.lanes};
  for (int64_t i = 0; i < 16; ++i) {
    Convolution c;
    c.name = "zero" + std::to_string(i);
    c.requantizes = i % 3 != 1;
    c.low = i % 2 ? 5 : 2;
    c.depthwise = false;
    c.channelsFirst = i % 2 == 1;
    c.isSigned = !dot.lhsSigned ? i % 3 == 0 : i % 3 != 0;
    c.channels = dot.kGroup * (1 + i % 5);
    c.filters = filters[(i + i / 8) % 4];
    c.height = 1 + i % 4;
    c.width = widths[i % 8];
    for (int dim : {0, 1}) {
      c.kernel[dim] = kernels[(i + dim * (i / 4)) % 4];
      c.strides[dim] = 1 + (i / (3 + dim)) % 2;
      c.dilations[dim] = 1 + (i / (5 + dim)) % 2;
      if (i % 4 == 2)
        c.kernel[dim] = c.strides[dim] = 1;
      int64_t reach = (c.kernel[dim] - 1) * c.dilations[dim];
      c.pads[dim] = i % 6 == 5 ? reach + 2 : (reach + 1) / 2;
      c.pads[dim + 2] = i % 6 == 4 ? reach + 1 : reach / 2;
      // At least one output.
      int64_t &size = dim ? c.width : c.height;
      size = std::max(size, reach + 1 - c.pads[dim] - c.pads[dim + 2]);
    }
    c.padding = c.isSigned ? -128 : 0;
    if (dot.lhsSigned)
      c.padding = c.isSigned ? 0 : 128;
    addConvolution(sweep, c, random);
  }
}

/// Images of open sizes: rows of less than a tile, of whole ones, and of more.
static void addOpen(Sweep &sweep, const DotShape &dot, Random &random) {
  const int64_t widths[] = {1, dot.rows, 2 * dot.rows + 1, 3 * dot.rows - 1};
  for (int64_t i = 0; i < 8; ++i) {
    Convolution c;
    c.name = "open" + std::to_string(i);
    c.isOpen = true;
    c.requantizes = i % 2 == 0;
    c.depthwise = i == 7;
    c.channelsFirst = i % 4 == 1;
    c.isSigned = i % 3 == 0;
    c.channels = c.depthwise ? 5 : dot.kGroup + i % 3 - 1;
    c.filters = c.depthwise ? c.channels : dot.columns() + 1 - i % 3;
    for (int dim : {0, 1}) {
      c.kernel[dim] = i == 4 ? 1 : 3 - (i + dim) % 2;
      c.strides[dim] = 1 + (i / 2 + dim) % 2;
      c.dilations[dim] = 1 + (i + dim) % 3 / 2;
      c.pads[dim] = i % 2;
      c.pads[dim + 2] = i % 3;
    }
    c.padding = c.isSigned ? 3 : 0;
    c.height = 2 + c.kernel[0] * c.dilations[0];
    // As wide as results of that width read.
    c.width = (widths[i % 4] - 1) * c.strides[1] +
              (c.kernel[1] - 1) * c.dilations[1] + 1 - c.pads[1] - c.pads[3];
    c.width = std::max<int64_t>(c.width, 1);
    while (c.padded(1) <= (c.kernel[1] - 1) * c.dilations[1])
      ++c.width;
    addConvolution(sweep, c, random);
  }
}

/// Images with a single column: kernels work along it as along a row.
static void addColumns(Sweep &sweep, const DotShape &dot, Random &random) {
  const int64_t kernels[] = {3, 5, 2};
  const int64_t heights[] = {dot.rows, 14, dot.rows + 1, 2 * dot.rows + 3};
  for (int64_t i = 0; i < 8; ++i) {
    Convolution c;
    c.name = "column" + std::to_string(i);
    c.requantizes = i % 3 != 1;
    c.depthwise = i % 4 == 3;
    c.channelsFirst = i % 2 == 1;
    c.isSigned = i % 3 == 2;
    c.filters = i % 2 ? dot.columns() + 1 : 3 * dot.lanes;
    c.channels = c.depthwise ? c.filters : dot.kGroup + i;
    c.height = heights[(i + i / 4) % 4];
    c.width = 1;
    c.kernel[0] = kernels[i % 3];
    c.kernel[1] = 1;
    c.strides[0] = 1 + i % 2;
    c.strides[1] = 1 + i / 4;
    c.dilations[0] = 1 + i / 3 % 2;
    c.dilations[1] = 1;
    int64_t reach = (c.kernel[0] - 1) * c.dilations[0];
    c.pads[0] = i % 4 < 2 ? (reach + 1) / 2 : 0;
    c.pads[2] = i % 4 < 2 ? reach / 2 : 0;
    c.pads[1] = c.pads[3] = 0;
    c.height = std::max(c.height, reach + 1 - c.pads[0] - c.pads[2]);
    c.padding = (c.isSigned ? -128 : 0) + (i % 2 ? 3 : 0);
    addConvolution(sweep, c, random);
  }
}

/// Depthwise convolutions with every kind of block: one that several pixels
/// fill, one that is not full, whole ones, and one that overlaps another; with
/// the edges of tiles inside and outside of the image.
static void addDepthwise(Sweep &sweep, const DotShape &dot, Random &random) {
  int64_t block = dot.lanes * dot.kGroup;
  const int64_t channels[] = {block / 2,     dot.lanes, 3,
                              block,         block + 8, dot.lanes + 3,
                              3 * block / 2, block / 2, 2 * block + 1};
  const int64_t kernels[] = {3, 5, 3, 1, 2};
  const int64_t paddings[] = {0, 7, 128, 255};
  for (int64_t i = 0; i < 27; ++i) {
    Convolution c;
    c.name = "depthwise" + std::to_string(i);
    c.requantizes = i % 4 != 1;
    c.low = i % 4 ? 5 : 2;
    c.depthwise = true;
    c.channelsFirst = i % 7 == 3;
    c.isSigned = i % 3 == 1;
    c.channels = c.filters = channels[i % 9];
    c.height = 1 + i % 5;
    c.width = 1 + i % 11;
    for (int dim : {0, 1}) {
      c.kernel[dim] = kernels[(i + dim * (i / 10)) % 5];
      c.strides[dim] = 1 + (i / (4 + dim)) % 2;
      c.dilations[dim] = 1 + i / (12 + dim) % 2;
      int64_t reach = (c.kernel[dim] - 1) * c.dilations[dim];
      c.pads[dim] = i % 8 == 5 ? reach + 2 : (reach + 1) / 2;
      c.pads[dim + 2] = i % 8 == 6 ? reach + 1 : reach / 2;
      int64_t &size = dim ? c.width : c.height;
      size = std::max(size, reach + 1 - c.pads[dim] - c.pads[dim + 2]);
    }
    c.padding = paddings[(i + i / 4) % 4] - (c.isSigned ? 128 : 0);
    addConvolution(sweep, c, random);
  }
}

static const char *maps = "#all = affine_map<(a, b, c, d) -> (a, b, c, d)>\n";

Sweep makeNarrowConvSweep(const DotShape &dot) {
  Random random(4);
  Sweep sweep;
  sweep.module = maps;
  const int64_t channels[] = {1, 3, dot.kGroup, 17, 8 * dot.kGroup};
  const int64_t filters[] = {1, dot.lanes + 1, 3 * dot.lanes, dot.columns(),
                             2 * dot.columns() + 3 * dot.lanes - 1};
  const int64_t kernels[] = {3, 1, 2, 1};
  // Between them, all numbers of vectors in a block are chosen.
  const int64_t widths[] = {1, dot.rows, 14, 2 * dot.rows + 3, 7, 28};
  for (int64_t i = 0; i < 30; ++i) {
    Convolution c;
    c.name = "narrow" + std::to_string(i);
    c.requantizes = i % 2;
    c.bits = i % 4 == 3 ? 2 : 4;
    c.signedWeights = i % 3 != 2;
    c.depthwise = i % 10 == 9;
    c.channelsFirst = i % 5 == 1;
    c.isSigned = i % 7 < 3;
    c.filters = filters[(i + i / 5) % 5];
    c.channels = c.depthwise ? c.filters : channels[i % 5];
    c.height = 1 + i % 3;
    c.width = widths[(i + i / 6) % 6];
    for (int dim : {0, 1}) {
      c.kernel[dim] = kernels[(i + dim * (i / 4)) % 4];
      c.strides[dim] = 1 + (i / (3 + dim)) % 2;
      c.dilations[dim] = 1 + (i / (5 + dim)) % 2;
      int64_t reach = (c.kernel[dim] - 1) * c.dilations[dim];
      c.pads[dim] = (reach + 1) / 2;
      c.pads[dim + 2] = reach / 2;
    }
    const int64_t paddings[] = {0, 128, 3};
    c.padding = paddings[i % 3] - (c.isSigned ? 128 : 0);
    addConvolution(sweep, c, random);
  }
  return sweep;
}

Sweep makeConvSweep(const DotShape &dot) {
  Random random(3);
  Sweep sweep;
  sweep.module = maps;
  const int64_t channels[] = {1, 3, 4, 5, 16, 17, dot.kGroup * 8};
  const int64_t filters[] = {1, dot.lanes - 1, dot.lanes, dot.columns(),
                             dot.columns() + dot.lanes + 1};
  const int64_t kernels[] = {1, 3, 2, 5, 7, 3, 1};
  for (int64_t i = 0; i < 42; ++i) {
    Convolution c;
    c.name = "conv" + std::to_string(i);
    c.depthwise = i % 4 == 3;
    c.channelsFirst = i % 3 != 1;
    c.isSigned = i % 5 < 2;
    c.channels = channels[i % 7];
    c.filters = filters[(i + i / 7) % 5];
    if (c.depthwise)
      c.channels = c.filters;
    c.kernel[0] = kernels[i % 7];
    c.kernel[1] = kernels[(i + i / 14) % 7];
    int64_t size[2];
    for (int dim : {0, 1}) {
      c.strides[dim] = 1 + (i + dim * (i / 9)) % 3;
      c.dilations[dim] = 1 + (i / 3 + dim * (i / 11)) % 2;
      c.pads[dim] = (i + dim) % 3;
      c.pads[dim + 2] = (i / 2 + dim) % 3;
      // Widths around one, two and three tiles.
      int64_t outputs = dim ? 1 + (i * 5) % (3 * dot.rows) : 1 + i % 3;
      size[dim] = (outputs - 1) * c.strides[dim] +
                  (c.kernel[dim] - 1) * c.dilations[dim] + 1 - c.pads[dim] -
                  c.pads[dim + 2];
      size[dim] = std::max<int64_t>(1, size[dim]);
    }
    c.height = size[0];
    c.width = size[1];
    const int64_t paddings[] = {0, 128, 255, 3};
    c.padding = paddings[i % 4];
    if (c.isSigned)
      c.padding -= 128;
    addConvolution(sweep, c, random);
  }
  addZeroPadded(sweep, dot, random);
  addColumns(sweep, dot, random);
  addOpen(sweep, dot, random);
  if (dot.interleaves)
    addDepthwise(sweep, dot, random);
  return sweep;
}

Sweep makeMatrixConvSweep(const DotShape &dot) {
  Random random(5);
  Sweep sweep;
  sweep.module = maps;
  int64_t rows = dot.matrixRows, depth = rows * dot.kGroup;
  const int64_t channels[] = {depth,     rows,         depth / 2, depth + 4,
                              2 * depth, depth + rows, 5,         3};
  const int64_t filters[] = {dot.lanes, dot.columns(), dot.columns() + 1,
                             3 * dot.lanes - 2, 1};
  // Around one, two and three registers of outputs.
  const int64_t widths[] = {rows,         1, 7, rows - 2, 2 * rows + 1,
                            3 * rows + 3, 5, 4};
  const int64_t kernels[] = {1, 3, 1, 2, 5, 3, 1};
  for (int64_t i = 0; i < 30; ++i) {
    Convolution c;
    c.name = "matrix" + std::to_string(i);
    c.requantizes = i % 3 != 1;
    c.channelsFirst = i % 5 == 4;
    c.filters = filters[(i + i / 5) % 5];
    c.channels = channels[(i + i / 8) % 8];
    c.height = 1 + (i * 5) % 9;
    c.width = widths[i % 8];
    bool isSame = i % 3 != 2;
    for (int dim : {0, 1}) {
      c.kernel[dim] = kernels[(i + (i / 7) * dim) % 7];
      c.strides[dim] = 1 + (i / (4 + 3 * dim)) % 2 + (i == 17 + dim);
      c.dilations[dim] = 1 + (i % (6 + dim) == 5);
      int64_t reach = (c.kernel[dim] - 1) * c.dilations[dim];
      c.pads[dim] = isSame ? (reach + 1) / 2 + (i % 11 == 10) : 0;
      c.pads[dim + 2] = isSame ? reach / 2 + (i % 13 == 12) : 0;
      int64_t &size = dim ? c.width : c.height;
      size = std::max(size, reach + 1 - c.pads[dim] - c.pads[dim + 2]);
    }
    c.padding = i % 4 == 3 ? 7 : 0;
    addConvolution(sweep, c, random);
  }
  return sweep;
}

} // namespace quanta::test
