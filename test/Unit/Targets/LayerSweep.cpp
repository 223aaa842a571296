//===- LayerSweep.cpp - Layers of the quantized stage ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace llvm;

namespace quanta::test {

namespace {

/// What follows the contraction, and what its input is.
enum class Form {
  Sums,
  Requantize,
  Relu,
  Dequantize,
  /// Quantizes its f32 input, and dequantizes its result.
  Float
};

struct Layer {
  std::string name;
  int64_t m, n, k;
  Form form;
  QuantType lhs, rhs, result;
  /// Weights arrive as an argument.
  bool dynamicWeights = false;
  bool hasBias = true;
  /// Where `m` is dynamic: the fewest rows it is called with.
  int64_t fewestRows = 0;
};

/// Builds the text of layers and their cases.
class LayerSweepBuilder {
public:
  LayerSweepBuilder(int64_t maxRows) : maxRows(maxRows) {}
  void add(const Layer &layer);
  Sweep take() { return std::move(sweep); }
  double makeScale() { return std::ldexp(0.5 + random() / 8.6e9, -6); }

private:
  int64_t maxRows;
  Sweep sweep;
  Random random{1};

  std::vector<int64_t> makeBias(int64_t n);
  void addText(const Layer &layer, const QuantType &sums, const Array &weights,
               const Array &bias);
  std::vector<int64_t> computeSums(const Layer &layer,
                                   const std::vector<int64_t> &x,
                                   const std::vector<int64_t> &weights,
                                   const std::vector<int64_t> &bias);
};

} // namespace

/// What a result is clamped to: above the zero point by a ReLU.
static reference::StorageRange getClamp(const Layer &layer) {
  reference::StorageRange range = layer.result.range;
  int32_t zeroPoint = layer.result.zeroPoint(0);
  if (layer.form == Form::Relu)
    range = {zeroPoint, std::max(zeroPoint, range.max - 1)};
  return range;
}

/// Values that matter to the sums, and some at which they wrap around.
std::vector<int64_t> LayerSweepBuilder::makeBias(int64_t n) {
  using limits = std::numeric_limits<int32_t>;
  const int32_t special[] = {limits::min(), limits::max(), 0, -1,
                             1 << 24,       (1 << 24) + 1};
  std::vector<int64_t> bias;
  for (int64_t i = 0; i < n; ++i)
    bias.push_back(i % 5 == 3 ? special[random() % std::size(special)]
                              : static_cast<int32_t>(random()) >> 18);
  return bias;
}

void LayerSweepBuilder::addText(const Layer &layer, const QuantType &sums,
                                const Array &weights, const Array &bias) {
  bool isFloat = layer.form == Form::Float;
  std::string m = layer.m < 0 ? "?" : std::to_string(layer.m);
  auto matrix = [&](int64_t columns, const std::string &element) {
    return formatv("tensor<{0}x{1}x{2}>", m, columns, element).str();
  };
  std::string rhs =
      formatv("tensor<{0}x{1}x{2}>", layer.k, layer.n, layer.rhs.str());
  std::string biasType =
      formatv("tensor<{0}x{1}>", layer.n,
              QuantType::sums(layer.lhs, layer.rhs, 0).str());
  std::string x = matrix(layer.k, layer.lhs.str());
  std::string sumsType = matrix(layer.n, sums.str());
  std::string requantized = matrix(layer.n, layer.result.str());
  std::string f32 = matrix(layer.n, "f32");
  std::string result = layer.form == Form::Sums         ? sumsType
                       : layer.form == Form::Dequantize ? f32
                       : isFloat                        ? f32
                                                        : requantized;
  raw_string_ostream os(sweep.module);
  os << "func.func @" << layer.name
     << "(%x0: " << (isFloat ? matrix(layer.k, "f32") : x);
  if (layer.dynamicWeights)
    os << ", %w: " << rhs;
  os << ") -> " << result << " {\n";
  if (isFloat)
    os << formatv("  %x = quanta.quantize %x0 : {0} to {1}\n",
                  matrix(layer.k, "f32"), x);
  if (!layer.dynamicWeights)
    os << formatv("  %w0 = arith.constant {0} : tensor<{1}x{2}x{4}>\n"
                  "  %w = quant.scast %w0 : tensor<{1}x{2}x{4}> to {3}\n",
                  formatDense(weights), layer.k, layer.n, rhs,
                  getStorage(weights.kind));
  if (layer.hasBias)
    os << formatv("  %b0 = arith.constant {0} : tensor<{1}xi32>\n"
                  "  %b = quant.scast %b0 : tensor<{1}xi32> to {2}\n",
                  formatDense(bias), layer.n, biasType);
  os << formatv("  %sums = quanta.matmul {0}, %w{1} : {2}, {3}{4} -> {5}\n",
                isFloat ? "%x" : "%x0", layer.hasBias ? " bias %b" : "", x, rhs,
                layer.hasBias ? ", " + biasType : "", sumsType);
  std::string last = "%sums";
  if (layer.form == Form::Requantize || layer.form == Form::Relu || isFloat) {
    reference::StorageRange range = getClamp(layer);
    std::string clamp =
        layer.form == Form::Relu
            ? formatv("clamp [{0}, {1}] ", range.min, range.max).str()
            : "";
    os << formatv("  %q = quanta.requantize %sums {0}: {1} to {2}\n", clamp,
                  sumsType, requantized);
    last = "%q";
  }
  if (layer.form == Form::Dequantize || isFloat) {
    os << formatv("  %f = quanta.dequantize {0} : {1} to {2}\n", last,
                  isFloat ? requantized : sumsType, f32);
    last = "%f";
  }
  os << "  return " << last << " : " << result << "\n}\n";
}

std::vector<int64_t> LayerSweepBuilder::computeSums(
    const Layer &layer, const std::vector<int64_t> &x,
    const std::vector<int64_t> &weights, const std::vector<int64_t> &bias) {
  std::vector<int32_t> lhs(x.begin(), x.end()), rhs,
      start(bias.begin(), bias.end());
  for (size_t i = 0; i < weights.size(); ++i)
    rhs.push_back(static_cast<int32_t>(weights[i]) -
                  layer.rhs.zeroPoint(i % layer.n));
  int64_t rows = static_cast<int64_t>(x.size()) / layer.k;
  std::vector<int32_t> sums(rows * layer.n);
  reference::matmul(lhs.data(), layer.lhs.zeroPoint(0), rhs.data(),
                    layer.hasBias ? start.data() : nullptr, rows, layer.n,
                    layer.k, sums.data());
  return std::vector<int64_t>(sums.begin(), sums.end());
}

void LayerSweepBuilder::add(const Layer &layer) {
  int64_t rows = layer.m < 0 ? maxRows : layer.m;
  bool isFloat = layer.form == Form::Float;
  QuantType sums = QuantType::sums(layer.lhs, layer.rhs, 1);
  std::vector<int64_t> weights =
      makeMatrix(layer.k, layer.n, true, layer.rhs.range, random);
  std::vector<int64_t> bias = makeBias(layer.n);
  Array weightArray = Array::get(layer.rhs.kind, {layer.k, layer.n}, weights);
  addText(layer, sums, weightArray,
          Array::get(ElementKind::I32, {layer.n}, bias));

  std::vector<float> floats;
  std::vector<int64_t> x =
      makeMatrix(rows, layer.k, false, layer.lhs.range, random);
  if (isFloat) {
    floats = makeFloats(rows * layer.k, layer.lhs, random);
    for (auto [q, value] : zip(x, floats))
      q = reference::quantize(value, layer.lhs.scale(0), layer.lhs.zeroPoint(0),
                              layer.lhs.range);
  }
  std::vector<int64_t> values = computeSums(layer, x, weights, bias);
  std::vector<float> floatValues;
  reference::StorageRange range = getClamp(layer);
  for (size_t i = 0; i < values.size(); ++i) {
    size_t channel = i % layer.n;
    if (layer.form == Form::Dequantize)
      floatValues.push_back(
          reference::dequantize(values[i], sums.scale(channel), 0));
    else if (layer.form != Form::Sums)
      values[i] = reference::requantize(
          values[i], 0,
          reference::requantizeMultiplier(sums.exactScale(channel),
                                          layer.result.exactScale(0)),
          layer.result.zeroPoint(0), range);
    if (isFloat)
      floatValues.push_back(reference::dequantize(
          values[i], layer.result.scale(0), layer.result.zeroPoint(0)));
  }

  bool givesFloats = isFloat || layer.form == Form::Dequantize;
  ElementKind kind =
      layer.form == Form::Sums ? ElementKind::I32 : layer.result.kind;
  Shape inputShape = {rows, layer.k}, resultShape = {rows, layer.n};
  Array input = isFloat ? Array::get(inputShape, floats)
                        : Array::get(layer.lhs.kind, inputShape, x);
  Array result = givesFloats ? Array::get(resultShape, floatValues)
                             : Array::get(kind, resultShape, values);
  for (int64_t m = layer.m < 0 ? layer.fewestRows : rows; m <= rows; ++m) {
    // Odd counts begin elsewhere, so that rows meet other places in a tile.
    int64_t skip = m % 2 ? (rows - m) / 2 : 0;
    Case testCase{layer.name, {input.rows(skip, m)}, result.rows(skip, m)};
    if (layer.dynamicWeights)
      testCase.arguments.push_back(weightArray);
    sweep.cases.push_back(std::move(testCase));
  }
}

Sweep makeLayerSweep(const DotShape &dot) {
  int64_t lanes = dot.lanes, block = dot.columns(), group = dot.kGroup;
  std::set<int64_t> columns = {1, 3 * block, 2 * block + lanes - 1};
  for (int64_t edge : {lanes, 2 * lanes, block, 2 * block, 3 * block - lanes})
    columns.insert({edge - 1, edge, edge + 1});
  columns.erase(0);
  // A small tile sums in up to 8 chains: more groups than that, too.
  std::set<int64_t> depths = {
      7, 13, 31, 67, 8 * group, 9 * group, 17 * group + 1};
  for (int64_t depth = 1; depth <= 5 * group; ++depth)
    depths.insert(depth);
  std::vector<int64_t> ns(columns.begin(), columns.end());
  std::vector<int64_t> ks(depths.begin(), depths.end());

  LayerSweepBuilder builder(2 * dot.rows);
  const int32_t zeroPoints[] = {0, 128, 1, 255, 127};
  size_t count = 2 * std::max(ns.size(), ks.size());
  for (size_t i = 0; i < count + 8; ++i) {
    Layer layer;
    layer.name = "layer" + std::to_string(i);
    layer.n = ns[i * 5 % ns.size()];
    layer.k = ks[(i + i / ks.size()) % ks.size()];
    const int64_t sizes[] = {1, dot.rows - 1, dot.rows + 1, 2 * dot.rows};
    layer.m = i % 7 == 6 ? sizes[i / 7 % 4] : -1;
    layer.form = static_cast<Form>((i + i / 5) % 5);
    int32_t zeroPoint = zeroPoints[i / 2 % 5];
    layer.lhs = i % 2 ? QuantType::i8(builder.makeScale(), zeroPoint - 128)
                      : QuantType::u8(builder.makeScale(), zeroPoint);
    layer.rhs = QuantType::i8(builder.makeScale(), 0);
    if (i % 4 != 3)
      layer.rhs.range.min = -127;
    if (i % 3 != 0) {
      layer.rhs.axis = 1;
      layer.rhs.scales.clear();
      for (int64_t n = 0; n < layer.n; ++n)
        layer.rhs.scales.push_back(builder.makeScale());
    }
    layer.hasBias = i % 6 != 5;
    // Products of any values then take a few tens of steps.
    double step = layer.lhs.scales[0] * std::ldexp(1.0, -6) * 128;
    step *= std::sqrt(static_cast<double>(layer.k));
    layer.result = i % 4 < 2 ? QuantType::u8(step, zeroPoints[i / 3 % 5])
                             : QuantType::i8(step, zeroPoints[i / 3 % 5] - 128);
    // The last ones take other paths than packed weights.
    if (i >= count) {
      bool isSigned = i % 4 < 2;
      layer.dynamicWeights = i % 2;
      layer.rhs.kind = isSigned ? ElementKind::I8 : ElementKind::U8;
      layer.rhs.range =
          isSigned ? QuantType::i8(1, 0).range : QuantType().range;
      layer.rhs.zeroPoints.clear();
      for (size_t n = 0; n < layer.rhs.scales.size(); ++n)
        layer.rhs.zeroPoints.push_back(zeroPoints[n % 5] -
                                       (isSigned ? 128 : 0));
    }
    builder.add(layer);
  }
  // So deep that not all rows stay in a cache: several runs of rows.
  for (int64_t m : {int64_t(-1), 2 * dot.rows + 1}) {
    Layer layer;
    layer.name = m < 0 ? "deep" : "deep_static";
    layer.m = m;
    layer.fewestRows = 2 * dot.rows;
    layer.n = block + 1;
    layer.k = (1 << 19) / (2 * dot.rows) + 3;
    layer.form = Form::Relu;
    layer.lhs = QuantType::u8(builder.makeScale(), 0);
    layer.rhs = QuantType::i8(builder.makeScale(), 0);
    layer.result = QuantType::u8(layer.lhs.scales[0] * 512, 3);
    builder.add(layer);
  }
  return builder.take();
}

Sweep makeNarrowSweep(const DotShape &dot) {
  int64_t lanes = dot.lanes, block = dot.columns(), group = dot.kGroup;
  LayerSweepBuilder builder(2 * dot.rows);
  const QuantType types[] = {{ElementKind::I4, {-8, 7}, {}, {0}},
                             {ElementKind::U4, {0, 15}, {}, {8}},
                             {ElementKind::I4, {-7, 7}, {}, {0}},
                             {ElementKind::U4, {0, 15}, {}, {0}},
                             {ElementKind::I2, {-2, 1}, {}, {0}},
                             {ElementKind::I4, {-8, 7}, {}, {-3}},
                             {ElementKind::U2, {0, 3}, {}, {3}},
                             {ElementKind::U4, {0, 15}, {}, {15}}};
  // Odd and even numbers of vectors in the last block, and parts of them.
  const int64_t ns[] = {1,         lanes,         lanes + 1, 2 * lanes + 1,
                        block,     block - 1,     block + 1, 3 * lanes,
                        2 * block, 2 * block + 7, 10};
  const int64_t ks[] = {1,         group,          group + 1,
                        7 * group, 16 * group + 3, 33 * group};
  const int64_t ms[] = {1, -1, dot.rows, 2 * dot.rows + 1};
  const int32_t zeroPoints[] = {0, 128, 3, 255};
  for (size_t i = 0; i < 88; ++i) {
    Layer layer;
    layer.name = "narrow" + std::to_string(i);
    layer.n = ns[i % std::size(ns)];
    layer.k = ks[(i + i / 11) % std::size(ks)];
    layer.m = ms[i / 3 % 4];
    layer.form = static_cast<Form>((i + i / 5) % 5);
    int32_t zeroPoint = zeroPoints[i / 2 % 4];
    layer.lhs = i % 2 ? QuantType::i8(builder.makeScale(), zeroPoint - 128)
                      : QuantType::u8(builder.makeScale(), zeroPoint);
    layer.rhs = types[i % std::size(types)];
    int32_t weightZeroPoint = layer.rhs.zeroPoints.front();
    // With one zero point each, channels take another path.
    bool isPerAxis = i % 3 == 0;
    layer.rhs.axis = isPerAxis ? 1 : -1;
    layer.rhs.zeroPoints.clear();
    for (int64_t n = 0; n < (isPerAxis ? layer.n : 1); ++n) {
      layer.rhs.scales.push_back(builder.makeScale());
      layer.rhs.zeroPoints.push_back(weightZeroPoint);
    }
    layer.hasBias = i % 4 != 3;
    double step = layer.lhs.scales[0] * std::ldexp(1.0, -6) * 8;
    step *= std::sqrt(static_cast<double>(layer.k));
    layer.result = QuantType::u8(step, zeroPoints[i / 3 % 4]);
    builder.add(layer);
  }
  return builder.take();
}

Sweep makeMatrixSweep(const DotShape &dot) {
  int64_t rows = dot.matrixRows, depth = rows * dot.kGroup;
  int64_t lanes = dot.lanes, block = dot.columns();
  LayerSweepBuilder builder(3 * rows + 2);
  const int64_t ms[] = {-1,       rows, 2 * rows + 1, rows - 3, 3 * rows - 1,
                        4 * rows, -1};
  const int64_t ns[] = {1,         lanes,     lanes + 1,     2 * lanes,
                        block - 1, block + 1, block + lanes, 3 * lanes,
                        2 * block};
  const int64_t ks[] = {depth,     depth + 1,     2 * depth - 1, depth - 1,
                        2 * depth, 2 * depth + 7, 5 * depth + 4};
  const int32_t zeroPoints[] = {0, 128, 255};
  for (size_t i = 0; i < 36; ++i) {
    Layer layer;
    layer.name = "matrix" + std::to_string(i);
    layer.m = ms[i % std::size(ms)];
    layer.n = ns[(i + i / 9) % std::size(ns)];
    layer.k = ks[(i + i / 7) % std::size(ks)];
    layer.form = static_cast<Form>((i + i / 5) % 5);
    int32_t zeroPoint = zeroPoints[i % 3];
    layer.lhs = i % 9 == 8 ? QuantType::i8(builder.makeScale(), zeroPoint - 128)
                           : QuantType::u8(builder.makeScale(), zeroPoint);
    layer.rhs = QuantType::i8(builder.makeScale(), 0);
    layer.hasBias = i % 4 != 3;
    layer.dynamicWeights = i % 10 == 9;
    double step = layer.lhs.scales[0] * 2 * std::sqrt(double(layer.k));
    layer.result = QuantType::u8(step, zeroPoints[(i + 1) % 3]);
    builder.add(layer);
  }
  // Several runs of rows.
  for (int64_t m : {int64_t(-1), 5 * rows}) {
    Layer layer;
    layer.name = m < 0 ? "deep" : "deep_static";
    layer.m = m;
    layer.fewestRows = 3 * rows + 1;
    layer.n = block + 1;
    layer.k = (1 << 19) / (4 * rows) + 3;
    layer.form = Form::Relu;
    layer.lhs = QuantType::u8(builder.makeScale(), 0);
    layer.rhs = QuantType::i8(builder.makeScale(), 0);
    layer.result = QuantType::u8(layer.lhs.scales[0] * 512, 3);
    builder.add(layer);
  }
  return builder.take();
}

} // namespace quanta::test
