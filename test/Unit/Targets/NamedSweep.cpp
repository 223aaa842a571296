//===- NamedSweep.cpp - Layers by their names -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <array>

using namespace llvm;

namespace quanta::test {

namespace {

/// A convolution of rank 1 or 2, written as a loop over all of its numbers.
struct NamedConvolution {
  int64_t images, channels, filters, groups;
  SmallVector<int64_t> sizes, kernel, strides, dilations, pads;
  bool channelsLast;

  size_t rank() const { return sizes.size(); }
  int64_t depth() const { return channels / groups; }
  int64_t out(size_t i) const {
    int64_t room = sizes[i] + pads[i] + pads[rank() + i];
    return (room - dilations[i] * (kernel[i] - 1) - 1) / strides[i] + 1;
  }
  Shape shape(int64_t features, ArrayRef<int64_t> spatial) const {
    Shape result = {images};
    if (!channelsLast)
      result.push_back(features);
    result.insert(result.end(), spatial.begin(), spatial.end());
    if (channelsLast)
      result.push_back(features);
    return result;
  }
  Shape weightShape() const {
    Shape result = {filters, depth()};
    result.insert(result.end(), kernel.begin(), kernel.end());
    return result;
  }
  Shape resultShape() const {
    SmallVector<int64_t> spatial;
    for (size_t i = 0; i < rank(); ++i)
      spatial.push_back(out(i));
    return shape(filters, spatial);
  }
  std::string attributes() const {
    return formatv("strides [{0}] dilations [{1}] pads [{2}] groups {3}{4}",
                   join(strings(strides), ", "), join(strings(dilations), ", "),
                   join(strings(pads), ", "), groups,
                   channelsLast ? " channels_last" : "")
        .str();
  }
  std::vector<int64_t> compute(ArrayRef<int64_t> x, int64_t zeroPoint,
                               ArrayRef<int64_t> w,
                               ArrayRef<int64_t> bias) const;

private:
  static SmallVector<std::string> strings(ArrayRef<int64_t> values) {
    SmallVector<std::string> result;
    for (int64_t value : values)
      result.push_back(std::to_string(value));
    return result;
  }
};

std::vector<int64_t> NamedConvolution::compute(ArrayRef<int64_t> x,
                                               int64_t zeroPoint,
                                               ArrayRef<int64_t> w,
                                               ArrayRef<int64_t> bias) const {
  // A sequence is an image of one row.
  bool flat = rank() == 1;
  auto dim = [&](ArrayRef<int64_t> list, int64_t i, int64_t missing) {
    return flat ? (i ? list[0] : missing) : list[i];
  };
  int64_t h = dim(sizes, 0, 1), v = dim(sizes, 1, 1);
  int64_t kh = dim(kernel, 0, 1), kw = dim(kernel, 1, 1);
  int64_t oh = flat ? 1 : out(0), ow = out(rank() - 1);
  int64_t top = flat ? 0 : pads[0], left = pads[rank() - 1];
  auto index = [&](int64_t n, int64_t features, int64_t feature, int64_t rows,
                   int64_t row, int64_t columns, int64_t column) {
    if (channelsLast)
      return ((n * rows + row) * columns + column) * features + feature;
    return ((n * features + feature) * rows + row) * columns + column;
  };
  std::vector<int64_t> result(images * filters * oh * ow);
  for (int64_t n = 0; n < images; ++n)
    for (int64_t f = 0; f < filters; ++f)
      for (int64_t r = 0; r < oh; ++r)
        for (int64_t c = 0; c < ow; ++c) {
          int64_t sum = bias.empty() ? 0 : bias[f];
          int64_t first = f / (filters / groups) * depth();
          for (int64_t d = 0; d < depth(); ++d)
            for (int64_t i = 0; i < kh; ++i)
              for (int64_t j = 0; j < kw; ++j) {
                int64_t row =
                    r * dim(strides, 0, 1) + i * dim(dilations, 0, 1) - top;
                int64_t column =
                    c * dim(strides, 1, 1) + j * dim(dilations, 1, 1) - left;
                if (row < 0 || row >= h || column < 0 || column >= v)
                  continue;
                sum += (x[index(n, channels, first + d, h, row, v, column)] -
                        zeroPoint) *
                       w[((f * depth() + d) * kh + i) * kw + j];
              }
          result[index(n, filters, f, oh, r, ow, c)] = sum;
        }
  return result;
}

/// A transposed convolution, written as the products it adds to its result.
struct Transposed {
  int64_t images, channels, filters, groups;
  std::array<int64_t, 2> sizes, kernel, strides, dilations;
  std::array<int64_t, 4> pads;
  std::array<int64_t, 2> outputPads;
  bool channelsLast;
  /// Whether it is one of images of a single row, written without rows.
  bool isSequence = false;

  int64_t out(size_t i) const {
    return strides[i] * (sizes[i] - 1) + outputPads[i] +
           dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[2 + i];
  }
  Shape shape(int64_t features, int64_t rows, int64_t columns) const {
    Shape shape = {images, features, rows, columns};
    if (channelsLast)
      shape = {images, rows, columns, features};
    if (isSequence)
      shape.erase(shape.begin() + (channelsLast ? 1 : 2));
    return shape;
  }
  Shape weightShape() const {
    Shape shape = {channels, filters / groups, kernel[0], kernel[1]};
    if (isSequence)
      shape.erase(shape.begin() + 2);
    return shape;
  }
  /// As the operation's attributes.
  std::string attributes() const {
    auto list = [&](ArrayRef<int64_t> values) {
      std::string text;
      for (auto [index, value] : enumerate(values))
        if (!isSequence || index % 2 == 1)
          text += (text.empty() ? "" : ", ") + std::to_string(value);
      return text;
    };
    return formatv("strides [{0}] dilations [{1}] pads [{2}] "
                   "output_padding [{3}] groups {4}{5}",
                   list(strides), list(dilations), list(pads), list(outputPads),
                   groups, channelsLast ? " channels_last" : "");
  }
  int64_t index(int64_t n, int64_t features, int64_t feature, int64_t rows,
                int64_t row, int64_t columns, int64_t column) const {
    if (channelsLast)
      return ((n * rows + row) * columns + column) * features + feature;
    return ((n * features + feature) * rows + row) * columns + column;
  }
  std::vector<int64_t> compute(ArrayRef<int64_t> x, int64_t zeroPoint,
                               ArrayRef<int64_t> w,
                               ArrayRef<int64_t> bias) const {
    int64_t width = filters / groups;
    std::vector<int64_t> result(images * filters * out(0) * out(1));
    for (int64_t n = 0; n < images; ++n) {
      for (int64_t f = 0; f < filters; ++f)
        for (int64_t r = 0; r < out(0); ++r)
          for (int64_t c = 0; c < out(1); ++c)
            result[index(n, filters, f, out(0), r, out(1), c)] = bias[f];
      for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t y = 0; y < sizes[0]; ++y)
          for (int64_t z = 0; z < sizes[1]; ++z)
            for (int64_t f = 0; f < width; ++f)
              for (int64_t i = 0; i < kernel[0]; ++i)
                for (int64_t j = 0; j < kernel[1]; ++j) {
                  int64_t r = y * strides[0] + i * dilations[0] - pads[0];
                  int64_t c = z * strides[1] + j * dilations[1] - pads[1];
                  if (r < 0 || r >= out(0) || c < 0 || c >= out(1))
                    continue;
                  int64_t filter = channel / (channels / groups) * width + f;
                  result[index(n, filters, filter, out(0), r, out(1), c)] +=
                      (x[index(n, channels, channel, sizes[0], y, sizes[1],
                               z)] -
                       zeroPoint) *
                      w[((channel * width + f) * kernel[0] + i) * kernel[1] +
                        j];
                }
    }
    return result;
  }
};

class NamedBuilder {
public:
  Sweep take() { return std::move(sweep); }

  /// With weights that are arguments, and with constant ones and a bias.
  void add(const NamedConvolution &conv, const QuantType &input,
           const QuantType &weights) {
    Shape shape = conv.shape(conv.channels, conv.sizes);
    Shape weightShape = conv.weightShape(), resultShape = conv.resultShape();
    auto x = makeMatrix(countElements(shape), 1, false, input.range, random);
    auto w = makeMatrix(conv.filters, countElements(weightShape) / conv.filters,
                        false, weights.range, random);
    std::vector<int64_t> bias;
    for (int64_t f = 0; f < conv.filters; ++f)
      bias.push_back(static_cast<int64_t>(random() % 20001) - 10000);
    QuantType sums = QuantType::sums(input, weights,
                                     conv.channelsLast ? conv.rank() + 1 : 1);
    QuantType biasType = QuantType::sums(input, weights, 0);
    std::string xType = formatTensor(shape, input.str());
    std::string wType = formatTensor(weightShape, weights.str());
    std::string bType = formatTensor({conv.filters}, biasType.str());
    std::string rType = formatTensor(resultShape, sums.str());
    int64_t zeroPoint = input.zeroPoint(0);
    auto name = [&] { return "named" + std::to_string(functions++); };

    std::string entry = name();
    sweep.module +=
        formatv("func.func @{0}(%x: {1}, %w: {2}) -> {3} {{\n  %r = "
                "quanta.conv_{4}d %x, %w {5} : {1}, {2} -> {3}\n  return %r : "
                "{3}\n}\n",
                entry, xType, wType, rType, conv.rank(), conv.attributes())
            .str();
    sweep.cases.push_back({entry,
                           {Array::get(input.kind, shape, x),
                            Array::get(weights.kind, weightShape, w)},
                           Array::get(sums.kind, resultShape,
                                      conv.compute(x, zeroPoint, w, {}))});

    entry = name();
    Array constant = Array::get(weights.kind, weightShape, w);
    sweep.module +=
        formatv("func.func @{0}(%x: {1}) -> {3} {{\n"
                "  %w0 = arith.constant {6} : {7}\n"
                "  %w = quant.scast %w0 : {7} to {2}\n"
                "  %b0 = arith.constant {8} : tensor<{9}xi32>\n"
                "  %b = quant.scast %b0 : tensor<{9}xi32> to {10}\n"
                "  %r = quanta.conv_{4}d %x, %w bias %b {5} : {1}, {2}, {10} "
                "-> {3}\n  return %r : {3}\n}\n",
                entry, xType, wType, rType, conv.rank(), conv.attributes(),
                formatDense(constant),
                formatTensor(weightShape, stringifyElementKind(weights.kind)),
                formatDense(Array::get(ElementKind::I32, {conv.filters}, bias)),
                conv.filters, bType)
            .str();
    sweep.cases.push_back({entry,
                           {Array::get(input.kind, shape, x)},
                           Array::get(sums.kind, resultShape,
                                      conv.compute(x, zeroPoint, w, bias))});
  }

  /// Weights as a constant and, with the same results, as an argument.
  void addTransposed(const Transposed &conv, const QuantType &input,
                     const QuantType &weights) {
    addTransposed(conv, input, weights, /*isConstant=*/true);
    addTransposed(conv, input, weights, /*isConstant=*/false);
  }

  /// The number of images is dynamic.
  void addTransposed(const Transposed &conv, const QuantType &input,
                     const QuantType &weights, bool isConstant) {
    Shape shape = conv.shape(conv.channels, conv.sizes[0], conv.sizes[1]);
    Shape resultShape = conv.shape(conv.filters, conv.out(0), conv.out(1));
    Shape weightShape = conv.weightShape();
    auto x = makeMatrix(countElements(shape), 1, false, input.range, random);
    auto w =
        makeMatrix(countElements(weightShape), 1, false, weights.range, random);
    std::vector<int64_t> bias;
    for (int64_t f = 0; f < conv.filters; ++f)
      bias.push_back(static_cast<int64_t>(random() % 20001) - 10000);
    QuantType sums = QuantType::sums(
        input, weights,
        conv.channelsLast ? static_cast<int>(shape.size()) - 1 : 1);
    Shape open = shape, openResult = resultShape;
    open[0] = openResult[0] = -1;
    std::string xType = formatTensor(open, input.str());
    std::string wType = formatTensor(weightShape, weights.str());
    std::string bType =
        formatTensor({conv.filters}, QuantType::sums(input, weights, 0).str());
    std::string rType = formatTensor(openResult, sums.str());
    Array constant = Array::get(weights.kind, weightShape, w);
    std::string entry = "named" + std::to_string(functions++);
    std::string text;
    if (isConstant)
      text =
          formatv("  %w0 = arith.constant {0} : {1}\n"
                  "  %w = quant.scast %w0 : {1} to {2}\n",
                  formatDense(constant),
                  formatTensor(weightShape, getStorage(weights.kind)), wType);
    sweep.module +=
        formatv("func.func @{0}(%x: {1}{10}) -> {3} {{\n{5}"
                "  %b0 = arith.constant {7} : tensor<{8}xi32>\n"
                "  %b = quant.scast %b0 : tensor<{8}xi32> to {9}\n"
                "  %r = quanta.conv_transpose_{11}d %x, %w bias %b {4} : {1}, "
                "{2}, {9} -> {3}\n  return %r : {3}\n}\n",
                entry, xType, wType, rType, conv.attributes(), text, "",
                formatDense(Array::get(ElementKind::I32, {conv.filters}, bias)),
                conv.filters, bType, isConstant ? "" : ", %w: " + wType,
                conv.isSequence ? 1 : 2)
            .str();
    std::vector<Array> arguments = {Array::get(input.kind, shape, x)};
    if (!isConstant)
      arguments.push_back(constant);
    sweep.cases.push_back(
        {entry, std::move(arguments),
         Array::get(sums.kind, resultShape,
                    conv.compute(x, input.zeroPoint(0), w, bias))});
  }

  /// `batch` counts the matrices; `batchShape` parts it into dimensions.
  void addProduct(const Shape &batchShape, int64_t m, int64_t n, int64_t k,
                  const QuantType &lhs, const QuantType &rhs) {
    auto extend = [&](int64_t rows, int64_t columns) {
      Shape shape = batchShape;
      shape.insert(shape.end(), {rows, columns});
      return shape;
    };
    Shape left = extend(m, k), right = extend(k, n), result = extend(m, n);
    int64_t batch = countElements(batchShape);
    auto a = makeMatrix(batch * m, k, false, lhs.range, random);
    auto b = makeMatrix(batch * k, n, true, rhs.range, random);
    std::vector<int64_t> expected;
    for (int64_t i = 0; i < batch; ++i)
      for (int64_t row = 0; row < m; ++row)
        for (int64_t column = 0; column < n; ++column) {
          int64_t sum = 0;
          for (int64_t d = 0; d < k; ++d)
            sum += (a[(i * m + row) * k + d] - lhs.zeroPoint(0)) *
                   (b[(i * k + d) * n + column] - rhs.zeroPoint(0));
          expected.push_back(sum);
        }
    QuantType sums = QuantType::sums(lhs, rhs, 0);
    std::string entry = "named" + std::to_string(functions++);
    sweep.module +=
        formatv("func.func @{0}(%a: {1}, %b: {2}) -> {3} {{\n  %r = "
                "quanta.batch_matmul %a, %b : {1}, {2} -> {3}\n  return %r : "
                "{3}\n}\n",
                entry, formatTensor(left, lhs.str()),
                formatTensor(right, rhs.str()),
                formatTensor(result, sums.str()))
            .str();
    sweep.cases.push_back(
        {entry,
         {Array::get(lhs.kind, left, a), Array::get(rhs.kind, right, b)},
         Array::get(sums.kind, result, expected)});
  }

  Random random{11};

private:
  Sweep sweep;
  int functions = 0;
};

/// The types of operands.
struct Types {
  QuantType u8 = QuantType::u8(0.013, 128), i8 = QuantType::i8(0.1, -3);
  QuantType narrow = QuantType::i8(0.031, 0);
  QuantType i4{ElementKind::I4, {-8, 7}, {0.3}, {0}};
  QuantType i2{ElementKind::I2, {-2, 1}, {0.5}, {0}};

  Types() { narrow.range = {-127, 127}; }
};

void addConvolutions(NamedBuilder &builder, const Types &types) {
  const QuantType inputs[] = {types.u8, types.i8};
  const QuantType weights[] = {types.narrow, types.i2, types.i4};
  int count = 0;
  for (bool last : {false, true})
    for (int64_t groups : {1, 2, 6})
      for (int64_t factor : {1, 2}) {
        // Channels of no round number; one for each group where there are six.
        int64_t channels = groups == 1 ? 5 : 6, filters = 6 * factor;
        const QuantType &x = inputs[count % 2], &w = weights[count % 3];
        builder.add({2,
                     channels,
                     filters,
                     groups,
                     {9, 11},
                     {3, 2},
                     {2, 1},
                     {1, 2},
                     {1, 0, 1, 2},
                     last},
                    x, w);
        builder.add(
            {1, channels, filters, groups, {13}, {3}, {2}, {2}, {2, 1}, last},
            x, w);
        builder.add({1,
                     channels,
                     filters,
                     groups,
                     {4, 4},
                     {1, 1},
                     {1, 1},
                     {1, 1},
                     {0, 0, 0, 0},
                     last},
                    x, w);
        ++count;
      }
}

void addTransposedConvolutions(NamedBuilder &builder, const Types &types) {
  const QuantType &narrow = types.narrow, &i2 = types.i2;
  QuantType perFilter = narrow;
  perFilter.scales = {0.031, 0.5, 0.25, 0.01, 0.02, 0.3};
  perFilter.zeroPoints = {0, 0, 0, 0, 0, 0};
  perFilter.axis = 1;
  for (bool last : {false, true}) {
    const QuantType &x = last ? types.i8 : types.u8;
    builder.addTransposed({2,
                           5,
                           6,
                           1,
                           {4, 5},
                           {3, 3},
                           {2, 2},
                           {1, 1},
                           {1, 1, 1, 1},
                           {1, 1},
                           last},
                          x, perFilter);
    builder.addTransposed({1,
                           6,
                           6,
                           2,
                           {3, 4},
                           {4, 2},
                           {3, 1},
                           {2, 3},
                           {0, 2, 1, 0},
                           {2, 0},
                           last},
                          x, narrow);
    // Depthwise; results between kernels and beyond them hold the bias.
    builder.addTransposed({1,
                           6,
                           6,
                           6,
                           {3, 3},
                           {2, 1},
                           {3, 4},
                           {1, 1},
                           {0, 0, 0, 0},
                           {9, 3},
                           last},
                          x, narrow);
    builder.addTransposed({1,
                           3,
                           6,
                           1,
                           {5, 5},
                           {3, 2},
                           {2, 2},
                           {2, 1},
                           {3, 4, 2, 1},
                           {0, 0},
                           last},
                          x, perFilter);
    builder.addTransposed({1,
                           2,
                           2,
                           1,
                           {4, 4},
                           {3, 3},
                           {1, 1},
                           {1, 1},
                           {1, 1, 1, 1},
                           {0, 0},
                           last},
                          x, i2);
    // Sequences: pads are left and right of them.
    builder.addTransposed({2,
                           4,
                           6,
                           1,
                           {1, 5},
                           {1, 3},
                           {1, 2},
                           {1, 1},
                           {0, 1, 0, 1},
                           {0, 1},
                           last,
                           /*isSequence=*/true},
                          x, perFilter);
    builder.addTransposed({1,
                           6,
                           4,
                           2,
                           {1, 7},
                           {1, 4},
                           {1, 3},
                           {1, 2},
                           {0, 2, 0, 0},
                           {0, 0},
                           last,
                           /*isSequence=*/true},
                          x, narrow);
  }
}

void addProducts(NamedBuilder &builder, const Types &types) {
  for (const QuantType &lhs : {types.u8, types.i8}) {
    builder.addProduct({3}, 5, 17, 9, lhs, types.narrow);
    builder.addProduct({2, 2}, 1, 3, 64, lhs, types.i8);
    builder.addProduct({1}, 4, 1, 1, lhs, types.i4);
    builder.addProduct({2}, 3, 21, 35, lhs, types.i2);
  }
}

} // namespace

Sweep makeNamedSweep() {
  NamedBuilder builder;
  Types types;
  addConvolutions(builder, types);
  addTransposedConvolutions(builder, types);
  addProducts(builder, types);
  return builder.take();
}

} // namespace quanta::test
