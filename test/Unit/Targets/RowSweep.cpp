//===- RowSweep.cpp - Operations on whole rows ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

using namespace llvm;

namespace quanta::test {

namespace {

/// 16 partial sums, then halves: the order of quanta-vectorize-reductions.
float sumRow(ArrayRef<float> row) {
  std::array<float, 16> partial{};
  for (size_t i = 0; i < row.size(); ++i)
    partial[i % 16] += row[i];
  for (size_t half = 8; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i)
      partial[i] += partial[i + half];
  return partial[0];
}

/// The formula of quanta.layer_norm, one rounding in each statement.
std::vector<float> normalizeRow(ArrayRef<float> row, ArrayRef<float> weight,
                                ArrayRef<float> bias, float epsilon) {
  float count = static_cast<float>(row.size());
  float mean = sumRow(row) / count;
  std::vector<float> result, squares;
  for (float x : row) {
    result.push_back(x - mean);
    squares.push_back(result.back() * result.back());
  }
  float variance = sumRow(squares) / count;
  float root = std::sqrt(variance + epsilon);
  float factor = 1.0f / root;
  for (size_t i = 0; i < row.size(); ++i) {
    result[i] *= factor;
    if (!weight.empty())
      result[i] *= weight[i];
    if (!bias.empty())
      result[i] += bias[i];
  }
  return result;
}

class RowBuilder {
public:
  Sweep take() { return std::move(sweep); }

  /// The first size is dynamic, unless it is normalized too. Rows are constant
  /// or of extreme, small or any values.
  void addLayerNorm(const Shape &shape, size_t axis, const QuantType &from,
                    const QuantType &to, bool hasWeight, bool hasBias,
                    float epsilon) {
    Shape inner(shape.begin() + axis, shape.end()), open = shape;
    if (axis > 0)
      open[0] = -1;
    int64_t count = countElements(inner), rows = countElements(shape) / count;
    auto values = makeMatrix(rows, count, false, from.range, random);
    auto draw = [&](bool isWanted) {
      std::vector<float> result;
      for (int64_t i = 0; isWanted && i < count; ++i)
        result.push_back(static_cast<float>(random() % 4001) / 1000.0f - 2.0f);
      return result;
    };
    std::vector<float> weight = draw(hasWeight), bias = draw(hasBias);
    std::vector<int64_t> expected;
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<float> x;
      for (int64_t i = 0; i < count; ++i)
        x.push_back(
            reference::dequantize(static_cast<int32_t>(values[row * count + i]),
                                  from.scale(0), from.zeroPoint(0)));
      for (float y : normalizeRow(x, weight, bias, epsilon))
        expected.push_back(
            reference::quantize(y, to.scale(0), to.zeroPoint(0), to.range));
    }
    std::string xType = formatTensor(open, from.str());
    std::string rType = formatTensor(open, to.str());
    std::string fType = formatTensor(inner, "f32");
    std::string entry = "rows" + std::to_string(functions++);
    std::vector<Array> arguments{Array::get(from.kind, shape, values)};
    std::string parameters = "%x: " + xType, operands, types;
    auto append = [&](StringRef name, ArrayRef<float> numbers) {
      if (numbers.empty())
        return;
      parameters += formatv(", %{0}: {1}", name, fType).str();
      operands += formatv(" {0} %{0}", name).str();
      types += formatv(" {0} {1}", name, fType).str();
      arguments.push_back(Array::get(inner, numbers));
    };
    append("weight", weight);
    append("bias", bias);
    sweep.module +=
        formatv("func.func @{0}({1}) -> {2} {{\n  %r = quanta.layer_norm "
                "%x{3} axis {4} epsilon {5} : {6}{7} -> {2}\n  return %r : "
                "{2}\n}\n",
                entry, parameters, rType, operands, axis,
                formatv("{0:F24}", epsilon).str(), xType, types)
            .str();
    sweep.cases.push_back(
        {entry, std::move(arguments), Array::get(to.kind, shape, expected)});
  }

  /// Indices of every row, and around and far outside of the table; as stored
  /// or as floats.
  void addEmbedding(int64_t rows, int64_t columns, const QuantType &type,
                    bool isLong, bool isFloat = false) {
    std::vector<int64_t> indices{-1, rows, INT32_MIN, INT32_MAX, -rows};
    if (isLong)
      indices.insert(indices.end(), {INT64_MIN, INT64_MAX, int64_t(1) << 32});
    for (int64_t row = 0; row < rows; ++row)
      indices.push_back(row);
    // Two rows of indices.
    indices.resize((indices.size() + 1) / 2 * 2, 0);
    auto table = makeMatrix(rows, columns, false, type.range, random);
    std::vector<int64_t> expected;
    std::vector<float> floats;
    for (int64_t index : indices)
      for (int64_t column = 0; column < columns; ++column) {
        int64_t row = std::clamp<int64_t>(index, 0, rows - 1);
        expected.push_back(table[row * columns + column]);
        size_t channel = type.axis == 0 ? row : 0;
        floats.push_back(reference::dequantize(
            static_cast<int32_t>(expected.back()), type.scale(channel),
            type.zeroPoint(channel)));
      }
    auto half = static_cast<int64_t>(indices.size()) / 2;
    std::string tType = formatTensor({rows, columns}, type.str());
    std::string iType = formatTensor({-1, half}, isLong ? "i64" : "i32");
    std::string rType =
        formatTensor({-1, half, columns}, isFloat ? "f32" : type.str());
    std::string entry = "rows" + std::to_string(functions++);
    sweep.module +=
        formatv("func.func @{0}(%t: {1}, %i: {2}) -> {3} {{\n  %r = "
                "quanta.embedding %t, %i : {1}, {2} -> {3}\n  return %r : "
                "{3}\n}\n",
                entry, tType, iType, rType)
            .str();
    sweep.cases.push_back(
        {entry,
         {Array::get(type.kind, {rows, columns}, table),
          Array::get(isLong ? ElementKind::I64 : ElementKind::I32, {2, half},
                     indices)},
         isFloat ? Array::get({2, half, columns}, floats)
                 : Array::get(type.kind, {2, half, columns}, expected)});
  }

  /// Images of two channels, their sizes in the middle or at the end; the
  /// formula of ONNX with long fractions.
  void addResize(bool isLast, const Shape &in, const Shape &out,
                 StringRef coordinates, StringRef rounding,
                 const QuantType &from, const QuantType &to) {
    bool isLinear = rounding.empty();
    int64_t batch = isLast ? 4 : 2, channels = isLast ? 1 : 2;
    auto makeShape = [&](const Shape &sizes) {
      return isLast ? Shape{2, 2, sizes[0], sizes[1]}
                    : Shape{2, sizes[0], sizes[1], 2};
    };
    Shape shape = makeShape(in), resized = makeShape(out);
    auto values =
        makeMatrix(countElements(shape) / 2, 2, false, from.range, random);
    // Places as numerator and denominator, which is the same for all; they may
    // lie outside.
    auto computePlace = [&](size_t i,
                            int64_t o) -> std::pair<int64_t, int64_t> {
      if (coordinates == "half_pixel")
        return {(2 * o + 1) * in[i] - out[i], 2 * out[i]};
      if (coordinates == "align_corners")
        return {o * (in[i] - 1), std::max<int64_t>(out[i] - 1, 1)};
      return {o * in[i], out[i]};
    };
    auto place = [&](size_t i, int64_t o) -> std::pair<int64_t, int64_t> {
      auto [numerator, denominator] = computePlace(i, o);
      return {std::clamp<int64_t>(numerator, 0, (in[i] - 1) * denominator),
              denominator};
    };
    auto nearest = [&](size_t i, int64_t o) {
      auto [numerator, denominator] = place(i, o);
      if (rounding == "floor")
        return numerator / denominator;
      if (rounding == "ceil")
        return (numerator + denominator - 1) / denominator;
      int64_t tie = rounding == "round_prefer_ceil" ? 0 : 1;
      return (2 * numerator + denominator - tie) / (2 * denominator);
    };
    // The least common denominator, over all results inside or outside.
    auto unit = [&](size_t i) {
      int64_t result = 1;
      for (int64_t o = 0; o < out[i]; ++o) {
        auto [numerator, denominator] = computePlace(i, o);
        result =
            std::lcm(result, denominator / std::gcd(numerator, denominator));
      }
      return result;
    };
    int64_t units[] = {unit(0), unit(1)};
    float multiplier = reference::requantizeMultiplier(
        from.exactScale(0) / static_cast<double>(units[0] * units[1]),
        to.exactScale(0));
    auto at = [&](int64_t b, int64_t y, int64_t x, int64_t c) {
      return values[((b * in[0] + y) * in[1] + x) * channels + c];
    };
    std::vector<int64_t> expected;
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t y = 0; y < out[0]; ++y)
        for (int64_t x = 0; x < out[1]; ++x)
          for (int64_t c = 0; c < channels; ++c) {
            if (!isLinear) {
              expected.push_back(at(b, nearest(0, y), nearest(1, x), c));
              continue;
            }
            auto [py, dy] = place(0, y);
            auto [px, dx] = place(1, x);
            int64_t top = py / dy, left = px / dx;
            int64_t down = py % dy * units[0] / dy,
                    right = px % dx * units[1] / dx;
            int64_t bottom = std::min(top + 1, in[0] - 1),
                    end = std::min(left + 1, in[1] - 1);
            int64_t zero = from.zeroPoint(0);
            int64_t sum =
                (units[0] - down) *
                    ((units[1] - right) * (at(b, top, left, c) - zero) +
                     right * (at(b, top, end, c) - zero)) +
                down * ((units[1] - right) * (at(b, bottom, left, c) - zero) +
                        right * (at(b, bottom, end, c) - zero));
            expected.push_back(
                reference::requantize(static_cast<int32_t>(sum), 0, multiplier,
                                      to.zeroPoint(0), to.range));
          }
    Shape open = shape, openResult = resized;
    open[0] = openResult[0] = -1;
    const QuantType &result = isLinear ? to : from;
    std::string xType = formatTensor(open, from.str());
    std::string rType = formatTensor(openResult, result.str());
    std::string entry = "rows" + std::to_string(functions++);
    std::string mode = isLinear ? "linear" : "nearest";
    std::string tail = isLinear ? "" : " rounding " + rounding.str();
    sweep.module +=
        formatv("func.func @{0}(%x: {1}) -> {2} {{\n  %r = quanta.resize %x "
                "over [{3}, {4}] mode {5} coordinates {6}{7} : {1} -> {2}\n  "
                "return %r : {2}\n}\n",
                entry, xType, rType, isLast ? 2 : 1, isLast ? 3 : 2, mode,
                coordinates, tail)
            .str();
    sweep.cases.push_back({entry,
                           {Array::get(from.kind, shape, values)},
                           Array::get(result.kind, resized, expected)});
  }

private:
  Sweep sweep;
  Random random{7};
  int functions = 0;
};

} // namespace

Sweep makeRowSweep() {
  RowBuilder builder;
  QuantType u8 = QuantType::u8(0.013, 128), i8 = QuantType::i8(0.1, -3);
  QuantType fine = QuantType::i8(0.03, 0),
            u4{ElementKind::U4, {0, 15}, {0.25}, {3}};
  int count = 0;
  for (int64_t size : {1, 2, 15, 16, 17, 33, 64, 100}) {
    const QuantType &from = count % 3 == 2 ? u4 : count % 2 ? i8 : u8;
    builder.addLayerNorm({13, size}, 1, from, fine, count % 2, count % 4 < 2,
                         0x1p-17f);
    builder.addLayerNorm({7, 3, size}, 2 - count % 2, from, u8, true, true,
                         0x1p-17f);
    ++count;
  }
  // Constant rows divide zero by zero.
  builder.addLayerNorm({6, 20}, 1, u8, i8, false, false, 0.0f);
  QuantType i16{ElementKind::I16, {-32768, 32767}, {0.0007}, {-5}};
  builder.addLayerNorm({6, 35}, 1, i16, i16, true, true, 0x1p-17f);
  builder.addEmbedding(9, 20, i16, true);
  builder.addEmbedding(9, 20, u8, true, /*isFloat=*/true);
  QuantType byRow{ElementKind::I8, {-127, 127}, {0.5, 0.03, 2.0}, {0}, 0};
  builder.addEmbedding(3, 35, byRow, false, /*isFloat=*/true);
  byRow = {ElementKind::U4, {0, 15}, {0.5, 0.03, 2.0}, {0, 9, 15}, 0};
  builder.addEmbedding(3, 35, byRow, true, /*isFloat=*/true);
  builder.addResize(true, {5, 7}, {6, 12}, "half_pixel", "", i16, i16);
  builder.addLayerNorm({37}, 0, i8, fine, true, false, 0x1p-20f);
  builder.addLayerNorm({2, 3, 5, 7}, 1, u8, fine, true, true, 0x1p-17f);
  for (bool isLong : {false, true}) {
    builder.addEmbedding(1, 5, u8, isLong);
    builder.addEmbedding(11, 33, i8, isLong);
    builder.addEmbedding(7, 1, u4, isLong);
  }
  const char *roundings[] = {"", "round_prefer_floor", "round_prefer_ceil",
                             "floor", "ceil"};
  count = 0;
  for (const char *coordinates : {"half_pixel", "align_corners", "asymmetric"})
    for (const char *rounding : roundings)
      for (bool isLast : {false, true}) {
        const QuantType &from = count++ % 3 == 2 ? u4 : u8;
        builder.addResize(isLast, {5, 7}, {10, 14}, coordinates, rounding, from,
                          i8);
        builder.addResize(isLast, {9, 6}, {4, 17}, coordinates, rounding, from,
                          fine);
        builder.addResize(isLast, {1, 8}, {3, 1}, coordinates, rounding, from,
                          u8);
      }
  return builder.take();
}

} // namespace quanta::test
