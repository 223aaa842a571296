//===- ConvProgram.cpp - A convolution and its results --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvProgram.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;

namespace quanta::test {

int64_t Convolution::index(const Shape &shape, const Shape &place) {
  int64_t index = 0;
  for (auto [size, position] : zip(shape, place))
    index = index * size + position;
  return index;
}

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

namespace {
/// What a convolution computes with.
struct Parameters {
  /// Weights row by row of a matrix: taps and channels, and in them the
  /// filters.
  std::vector<int64_t> matrix;
  std::vector<int64_t> bias;
  std::vector<float> multipliers;
};
} // namespace

static Parameters makeParameters(const Convolution &c, Random &random) {
  reference::StorageRange range = {0, (1 << c.bits) - 1};
  if (c.signedWeights)
    range = {-(1 << (c.bits - 1)), (1 << (c.bits - 1)) - 1};
  Parameters result;
  result.matrix =
      makeMatrix(c.taps() * c.groupChannels(), c.filters, true, range, random);
  for (int64_t f = 0; f < c.filters; ++f) {
    result.bias.push_back(static_cast<int32_t>(random()) >> 12);
    result.multipliers.push_back(static_cast<float>(1 + random() % 64) /
                                 (1 << 13));
  }
  return result;
}

/// The weights in the layout of the program.
static Array layOutWeights(const Convolution &c,
                           const std::vector<int64_t> &matrix) {
  ElementKind kind = c.bits == 8   ? ElementKind::I8
                     : c.bits == 4 ? ElementKind::U4
                                   : ElementKind::U2;
  if (!c.channelsFirst) {
    Shape shape = {c.kernel[0], c.kernel[1], c.channels, c.filters};
    if (c.depthwise)
      shape = {c.kernel[0], c.kernel[1], c.filters};
    return Array::get(kind, shape, matrix);
  }
  Shape shape = {c.filters, c.channels, c.kernel[0], c.kernel[1]};
  if (c.depthwise)
    shape = {c.filters, c.kernel[0], c.kernel[1]};
  std::vector<int64_t> weights(matrix.size());
  int64_t taps = c.taps(), channels = c.groupChannels();
  for (int64_t f = 0; f < c.filters; ++f)
    for (int64_t channel = 0; channel < channels; ++channel)
      for (int64_t tap = 0; tap < taps; ++tap)
        weights[(f * channels + channel) * taps + tap] =
            matrix[(tap * channels + channel) * c.filters + f];
  return Array::get(kind, shape, weights);
}

namespace {
/// Computes results one by one, by the reference of matrix products.
class Reference {
public:
  Reference(const Convolution &c, const Parameters &parameters, int64_t images,
            const std::vector<int64_t> &x)
      : c(c), parameters(parameters), x(x),
        in(c.shape(images, c.channels, c.height, c.width)),
        weights(parameters.matrix.begin(), parameters.matrix.end()),
        start(parameters.bias.begin(), parameters.bias.end()) {}

  /// The results of all filters at a pixel.
  std::vector<int64_t> compute(int64_t image, int64_t y, int64_t column) const {
    std::vector<int32_t> sums(c.filters);
    int64_t depth = c.taps() * c.groupChannels();
    if (!c.depthwise)
      reference::matmul(getPatch(image, 0, y, column).data(), 0, weights.data(),
                        start.data(), 1, c.filters, depth, sums.data());
    std::vector<int64_t> results;
    for (int64_t f = 0; f < c.filters; ++f) {
      if (c.depthwise) {
        std::vector<int32_t> filter;
        for (int64_t tap = 0; tap < depth; ++tap)
          filter.push_back(weights[tap * c.filters + f]);
        reference::matmul(getPatch(image, f, y, column).data(), 0,
                          filter.data(), &start[f], 1, 1, depth, &sums[f]);
      }
      results.push_back(finish(sums[f], f));
    }
    return results;
  }

private:
  const Convolution &c;
  const Parameters &parameters;
  const std::vector<int64_t> &x;
  Shape in;
  std::vector<int32_t> weights, start;

  /// What a filter reads of channels from `channel` on.
  std::vector<int32_t> getPatch(int64_t image, int64_t channel, int64_t y,
                                int64_t column) const {
    std::vector<int32_t> elements;
    for (int64_t i = 0; i < c.kernel[0]; ++i)
      for (int64_t j = 0; j < c.kernel[1]; ++j)
        for (int64_t k = 0; k < c.groupChannels(); ++k) {
          int64_t row = y * c.strides[0] + i * c.dilations[0] - c.pads[0];
          int64_t col = column * c.strides[1] + j * c.dilations[1] - c.pads[1];
          bool isInside =
              row >= 0 && row < c.height && col >= 0 && col < c.width;
          Shape place = c.shape(image, channel + k, row, col);
          elements.push_back(isInside ? x[Convolution::index(in, place)]
                                      : c.padding);
        }
    return elements;
  }

  int64_t finish(int32_t sum, int64_t filter) const {
    if (c.requantizes)
      return reference::requantize(sum, 0, parameters.multipliers[filter], 5,
                                   {c.low, 255});
    return int64_t(std::max(sum, 0)) - parameters.bias[filter];
  }
};
} // namespace

void addConvolution(Sweep &sweep, const Convolution &c, Random &random) {
  Parameters parameters = makeParameters(c, random);
  addText(sweep, c, layOutWeights(c, parameters.matrix),
          Array::get(ElementKind::I32, {c.filters}, parameters.bias),
          Array::get({c.filters}, parameters.multipliers));
  reference::StorageRange range = {0, 255};
  if (c.isSigned)
    range = {-128, 127};
  for (int64_t images : {0, 1, 2}) {
    std::vector<int64_t> x = makeMatrix(images, c.channels * c.height * c.width,
                                        false, range, random);
    if (images == 2)
      x = makeMatrix(1, images * c.channels * c.height * c.width, true, range,
                     random);
    Reference reference(c, parameters, images, x);
    Shape in = c.shape(images, c.channels, c.height, c.width);
    Shape out = c.shape(images, c.filters, c.size(0), c.size(1));
    std::vector<int64_t> expected(countElements(out));
    for (int64_t n = 0; n < images; ++n)
      for (int64_t y = 0; y < c.size(0); ++y)
        for (int64_t column = 0; column < c.size(1); ++column)
          for (auto [f, result] : enumerate(reference.compute(n, y, column))) {
            Shape place = c.shape(n, static_cast<int64_t>(f), y, column);
            expected[Convolution::index(out, place)] = result;
          }
    sweep.cases.push_back({c.name,
                           {Array::get(ElementKind::I8, in, x)},
                           Array::get(ElementKind::I8, out, expected)});
  }
}

} // namespace quanta::test
