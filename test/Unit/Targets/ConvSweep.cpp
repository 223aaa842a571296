//===- ConvSweep.cpp - Convolutions in every layout -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;

namespace quanta::test {

namespace {

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
};

} // namespace

/// {0} name, {1} and {2} image before and after padding, {3} weights and {4}
/// their type, {5} sums, {6} result, {7} low and {8} high padding, {9} its
/// value, {10} maps and {11} iterators of the sums, {12} extension of the
/// image and {13} of weights, whose elements are {18}, {14} bias and {15}
/// number of filters, {16} dimensions that the bias repeats along, {17} what
/// follows the sums, {19} sizes of the result, {20} those that its type leaves
/// open.
static const char *text = R"(
func.func @{0}(%x: {1}) -> {6} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : {1}
{19}  %value = arith.constant {9} : i8
  %padded = tensor.pad %x low[{7}] high[{8}] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : {1} to {2}
  %w = arith.constant {3} : {4}
  %b = arith.constant {14} : tensor<{15}xi32>
  %e = tensor.empty({20}) : {5}
  %init = linalg.broadcast ins(%b : tensor<{15}xi32>) outs(%e : {5})
      dimensions = [{16}]
  %sums = linalg.generic {{indexing_maps = [{10}], iterator_types = [{11}]}
      ins(%padded, %w : {2}, {4}) outs(%init : {5}) {{
  ^bb0(%a: i8, %v: {18}, %acc: i32):
    %1 = {12} %a : i8 to i32
    %2 = {13} %v : {18} to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> {5}
  %r = tensor.empty({20}) : {6}
{17}  return %result : {6}
}
)";

/// {0} map of the channels, {1} sums, {2} number of filters, {3} result.
static const char *difference = R"(
  %result = linalg.generic {{indexing_maps = [#all, {0}, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sums, %b : {1}, tensor<{2}xi32>) outs(%r : {3}) {{
  ^bb0(%sum: i32, %bias: i32, %out: i8):
    %zero = arith.constant 0 : i32
    %1 = arith.maxsi %sum, %zero : i32
    %2 = arith.subi %1, %bias : i32
    %3 = arith.trunci %2 : i32 to i8
    linalg.yield %3 : i8
  } -> {3}
)";

/// The same; {4} multipliers, {5} lower bound, which is the zero point or less.
static const char *requantization = R"(
  %m = arith.constant {4} : tensor<{2}xf32>
  %result = linalg.generic {{indexing_maps = [#all, {0}, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sums, %m : {1}, tensor<{2}xf32>) outs(%r : {3}) {{
  ^bb0(%sum: i32, %multiplier: f32, %out: i8):
    %zp = arith.constant 5.0 : f32
    %low = arith.constant {5}.0 : f32
    %high = arith.constant 255.0 : f32
    %1 = arith.sitofp %sum : i32 to f32
    %2 = arith.mulf %1, %multiplier : f32
    %3 = math.roundeven %2 : f32
    %4 = arith.addf %3, %zp : f32
    %5 = arith.maxnumf %4, %low : f32
    %6 = arith.minnumf %5, %high : f32
    %7 = arith.fptosi %6 : f32 to i32
    %8 = arith.trunci %7 : i32 to i8
    linalg.yield %8 : i8
  } -> {3}
)";

static void addText(Sweep &sweep, const Convolution &c, const Array &weights,
                    const Array &bias, const Array &multipliers) {
  auto list = [&](int64_t row, int64_t column) {
    Shape pads = c.shape(0, 0, row, column);
    return formatv("{0}, {1}, {2}, {3}", pads[0], pads[1], pads[2], pads[3])
        .str();
  };
  const char *channel = c.depthwise ? "f" : "c";
  std::string rows = formatv("y * {0} + i * {1}", c.strides[0], c.dilations[0]);
  std::string columns =
      formatv("x * {0} + j * {1}", c.strides[1], c.dilations[1]);
  const char *dims = c.depthwise ? "n, f, y, x, i, j" : "n, f, y, x, c, i, j";
  auto map = [&](const std::string &results) {
    return formatv("affine_map<({0}) -> ({1})>", dims, results).str();
  };
  auto image = [&](const std::string &feature, const std::string &row,
                   const std::string &column) {
    if (c.channelsFirst)
      return map("n, " + feature + ", " + row + ", " + column);
    return map("n, " + row + ", " + column + ", " + feature);
  };
  // The layouts of weights that linalg's named operations have.
  std::string kernel = c.depthwise && c.channelsFirst ? "f, i, j"
                       : c.depthwise                  ? "i, j, f"
                       : c.channelsFirst              ? "f, c, i, j"
                                                      : "i, j, c, f";
  std::string maps = image(channel, rows, columns) + ", " + map(kernel) + ", " +
                     image("f", "y", "x");
  std::string iterators = R"("parallel", "parallel", "parallel", "parallel")";
  for (int i = 0; i < (c.depthwise ? 2 : 3); ++i)
    iterators += R"(, "reduction")";
  auto format = [&](int64_t features, int64_t height, int64_t width,
                    const char *element) {
    return formatTensor(c.isOpen ? c.shape(-1, features, -1, -1)
                                 : c.shape(-1, features, height, width),
                        element);
  };
  std::string sums = format(c.filters, c.size(0), c.size(1), "i32");
  std::string result = format(c.filters, c.size(0), c.size(1), "i8");
  std::string input = format(c.channels, c.height, c.width, "i8");
  std::string sizes;
  for (int dim = 0; c.isOpen && dim < 2; ++dim)
    sizes += formatv("  %d{0} = arith.constant {1} : index\n"
                     "  %in{0} = tensor.dim %x, %d{0} : {2}\n"
                     "  %out{0} = affine.apply affine_map<(d) -> ((d + {3}) "
                     "floordiv {4} + 1)>(%in{0})\n",
                     dim, dim + (c.channelsFirst ? 2 : 1), input,
                     c.pads[dim] + c.pads[dim + 2] -
                         (c.kernel[dim] - 1) * c.dilations[dim] - 1,
                     c.strides[dim]);
  sweep.module += formatv(
      text, c.name, input, format(c.channels, c.padded(0), c.padded(1), "i8"),
      formatDense(weights),
      formatTensor(weights.shape, getStorage(weights.kind)), sums, result,
      list(c.pads[0], c.pads[1]), list(c.pads[2], c.pads[3]),
      static_cast<int64_t>(static_cast<int8_t>(c.padding)), maps, iterators,
      c.isSigned ? "arith.extsi" : "arith.extui",
      c.signedWeights ? "arith.extsi" : "arith.extui", formatDense(bias),
      c.filters, c.channelsFirst ? "0, 2, 3" : "0, 1, 2",
      formatv(c.requantizes ? requantization : difference,
              c.channelsFirst ? "affine_map<(n, f, y, x) -> (f)>"
                              : "affine_map<(n, y, x, f) -> (f)>",
              sums, c.filters, result, formatDense(multipliers), c.low)
          .str(),
      getStorage(weights.kind), sizes, c.isOpen ? "%n, %out0, %out1" : "%n");
}

static void addConvolution(Sweep &sweep, const Convolution &c, Random &random) {
  reference::StorageRange range = {0, 255};
  if (c.isSigned)
    range = {-128, 127};
  reference::StorageRange weightRange = {0, (1 << c.bits) - 1};
  if (c.signedWeights)
    weightRange = {-(1 << (c.bits - 1)), (1 << (c.bits - 1)) - 1};
  ElementKind weightKind = c.bits == 8   ? ElementKind::I8
                           : c.bits == 4 ? ElementKind::U4
                                         : ElementKind::U2;
  int64_t taps = c.kernel[0] * c.kernel[1];
  int64_t depth = taps * (c.depthwise ? 1 : c.channels);
  // Row by row of the matrix: taps and channels, and in them the filters.
  std::vector<int64_t> matrix =
      makeMatrix(depth, c.filters, true, weightRange, random);
  std::vector<int64_t> weights = matrix;
  Shape weightShape = {c.kernel[0], c.kernel[1], c.channels, c.filters};
  if (c.depthwise)
    weightShape = {c.kernel[0], c.kernel[1], c.filters};
  if (c.channelsFirst) {
    weightShape = {c.filters, c.channels, c.kernel[0], c.kernel[1]};
    if (c.depthwise)
      weightShape = {c.filters, c.kernel[0], c.kernel[1]};
    int64_t channels = depth / taps;
    for (int64_t f = 0; f < c.filters; ++f)
      for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t tap = 0; tap < taps; ++tap)
          weights[(f * channels + channel) * taps + tap] =
              matrix[(tap * channels + channel) * c.filters + f];
  }
  std::vector<int64_t> bias;
  std::vector<float> multipliers;
  for (int64_t f = 0; f < c.filters; ++f) {
    bias.push_back(static_cast<int32_t>(random()) >> 12);
    multipliers.push_back(static_cast<float>(1 + random() % 64) / (1 << 13));
  }
  addText(sweep, c, Array::get(weightKind, weightShape, weights),
          Array::get(ElementKind::I32, {c.filters}, bias),
          Array::get({c.filters}, multipliers));

  for (int64_t images : {0, 1, 2}) {
    std::vector<int64_t> x = makeMatrix(images, c.channels * c.height * c.width,
                                        false, range, random);
    if (images == 2)
      x = makeMatrix(1, images * c.channels * c.height * c.width, true, range,
                     random);
    auto at = [&](const Shape &shape, int64_t n, int64_t f, int64_t row,
                  int64_t column) {
      Shape place = c.shape(n, f, row, column);
      int64_t index = 0;
      for (auto [size, position] : zip(shape, place))
        index = index * size + position;
      return index;
    };
    Shape in = c.shape(images, c.channels, c.height, c.width);
    Shape out = c.shape(images, c.filters, c.size(0), c.size(1));
    std::vector<int64_t> expected(images * c.filters * c.size(0) * c.size(1));
    std::vector<int32_t> start(bias.begin(), bias.end());
    for (int64_t n = 0; n < images; ++n)
      for (int64_t y = 0; y < c.size(0); ++y)
        for (int64_t column = 0; column < c.size(1); ++column) {
          auto patch = [&](int64_t channel) {
            std::vector<int32_t> elements;
            for (int64_t i = 0; i < c.kernel[0]; ++i)
              for (int64_t j = 0; j < c.kernel[1]; ++j)
                for (int64_t k = 0; k < depth / taps; ++k) {
                  int64_t row =
                              y * c.strides[0] + i * c.dilations[0] - c.pads[0],
                          col = column * c.strides[1] + j * c.dilations[1] -
                                c.pads[1];
                  bool inside =
                      row >= 0 && row < c.height && col >= 0 && col < c.width;
                  elements.push_back(
                      inside ? x[at(in, n, channel + k, row, col)] : c.padding);
                }
            return elements;
          };
          std::vector<int32_t> sums(c.filters);
          std::vector<int32_t> all(matrix.begin(), matrix.end());
          if (!c.depthwise)
            reference::matmul(patch(0).data(), 0, all.data(), start.data(), 1,
                              c.filters, depth, sums.data());
          for (int64_t f = 0; f < c.filters; ++f) {
            if (c.depthwise) {
              std::vector<int32_t> one;
              for (int64_t tap = 0; tap < taps; ++tap)
                one.push_back(all[tap * c.filters + f]);
              reference::matmul(patch(f).data(), 0, one.data(), &start[f], 1, 1,
                                depth, &sums[f]);
            }
            expected[at(out, n, f, y, column)] =
                c.requantizes ? reference::requantize(
                                    sums[f], 0, multipliers[f], 5, {c.low, 255})
                              : int64_t(std::max(sums[f], 0)) - bias[f];
          }
        }
    sweep.cases.push_back({c.name,
                           {Array::get(ElementKind::I8, in, x)},
                           Array::get(ElementKind::I8, out, expected)});
  }
}

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
