//===- ElementwiseSweep.cpp - Conversions on all values -------------------===//
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
#include <cstring>
#include <limits>

using namespace llvm;

namespace quanta::test {

namespace {

/// Builds functions of one elementwise operation and their cases.
class ElementwiseBuilder {
public:
  Sweep take() { return std::move(sweep); }

  void addQuantize(const QuantType &type, ArrayRef<float> values,
                   Shape shape = {dynamicSize}) {
    std::vector<int64_t> expected;
    for (auto [i, value] : enumerate(values)) {
      size_t channel = getChannel(type, shape, i);
      expected.push_back(reference::quantize(
          value, type.scale(channel), type.zeroPoint(channel), type.range));
    }
    addFunction("quanta.quantize {0} : {1} to {2}", "f32", type.str(), shape);
    shape = complete(shape, values.size());
    addCases(Array::get(shape, values), Array::get(type.kind, shape, expected));
  }

  void addFakeQuant(const QuantType &type, ArrayRef<float> values,
                    Shape shape = {dynamicSize}) {
    std::vector<float> expected;
    for (auto [i, value] : enumerate(values)) {
      size_t channel = getChannel(type, shape, i);
      expected.push_back(reference::fakeQuantize(
          value, type.scale(channel), type.zeroPoint(channel), type.range));
    }
    addFunction("quanta.fake_quant {0} as {3} : {1}", "f32", "f32", shape,
                type.str());
    shape = complete(shape, values.size());
    addCases(Array::get(shape, values), Array::get(shape, expected));
  }

  /// As f16 or bf16.
  void addRounding(const std::string &type, float (*round)(float),
                   ArrayRef<float> values) {
    std::vector<float> expected;
    for (float value : values)
      expected.push_back(round(value));
    addFunction("quanta.fake_quant {0} as {3} : {1}", "f32", "f32",
                {dynamicSize}, type);
    Shape shape{static_cast<int64_t>(values.size())};
    addCases(Array::get(shape, values), Array::get(shape, expected));
  }

  void addDequantize(const QuantType &type, ArrayRef<int64_t> values,
                     Shape shape = {dynamicSize}) {
    std::vector<float> expected;
    for (auto [i, value] : enumerate(values)) {
      size_t channel = getChannel(type, shape, i);
      expected.push_back(reference::dequantize(static_cast<int32_t>(value),
                                               type.scale(channel),
                                               type.zeroPoint(channel)));
    }
    addFunction("quanta.dequantize {0} : {1} to {2}", type.str(), "f32", shape);
    shape = complete(shape, values.size());
    addCases(Array::get(type.kind, shape, values), Array::get(shape, expected));
  }

  /// With `clamped`, to a part of the range above the zero point.
  void addRequantize(const QuantType &from, const QuantType &to, bool clamped,
                     ArrayRef<int64_t> values, Shape shape = {dynamicSize}) {
    reference::StorageRange range = to.range;
    if (clamped)
      range = {to.zeroPoint(0), std::max(to.zeroPoint(0), range.max - 3)};
    std::vector<int64_t> expected;
    for (auto [i, value] : enumerate(values)) {
      size_t in = getChannel(from, shape, i), out = getChannel(to, shape, i);
      expected.push_back(
          reference::requantize(static_cast<int32_t>(value), from.zeroPoint(in),
                                reference::requantizeMultiplier(
                                    from.exactScale(in), to.exactScale(out)),
                                to.zeroPoint(out), range));
    }
    std::string clamp =
        clamped ? formatv("clamp [{0}, {1}] ", range.min, range.max).str() : "";
    addFunction("quanta.requantize {0} " + clamp + ": {1} to {2}", from.str(),
                to.str(), shape);
    shape = complete(shape, values.size());
    addCases(Array::get(from.kind, shape, values),
             Array::get(to.kind, shape, expected));
  }

private:
  Sweep sweep;
  std::string name;
  bool isDynamic = false;
  int functions = 0;

  static size_t getChannel(const QuantType &type, const Shape &shape,
                           size_t element) {
    if (type.axis < 0)
      return 0;
    for (size_t dim = shape.size() - 1; dim > size_t(type.axis); --dim)
      element /= shape[dim];
    return element % type.scales.size();
  }

  /// The shape with its dynamic dimension, the first one, filled in.
  static Shape complete(Shape shape, int64_t elements) {
    for (int64_t size : ArrayRef(shape).drop_front(!shape.empty()))
      elements /= size;
    if (!shape.empty() && shape[0] == dynamicSize)
      shape[0] = elements;
    return shape;
  }

  void addFunction(const std::string &operation, const std::string &from,
                   const std::string &to, const Shape &shape,
                   const std::string &type = "") {
    name = "elementwise" + std::to_string(functions++);
    isDynamic = !shape.empty() && shape[0] == dynamicSize;
    auto tensor = [&](const std::string &element) {
      std::string text = "tensor<";
      for (int64_t size : shape)
        text += (size == dynamicSize ? "?" : std::to_string(size)) + "x";
      return text + element + ">";
    };
    std::string call =
        formatv(operation.c_str(), "%x", tensor(from), tensor(to), type).str();
    sweep.module += formatv("func.func @{0}(%x: {1}) -> {2} {{\n"
                            "  %y = {3}\n  return %y : {2}\n}\n",
                            name, tensor(from), tensor(to), call);
  }

  void addCases(const Array &argument, const Array &expected) {
    sweep.cases.push_back({name, {argument}, expected});
    if (!isDynamic)
      return;
    // Around whole vectors of every width.
    for (int64_t rows : {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65})
      if (rows < argument.shape[0])
        sweep.cases.push_back(
            {name, {argument.rows(0, rows)}, expected.rows(0, rows)});
  }
};

} // namespace

/// Every 65537th bit pattern: all exponents, with mantissas all over.
static std::vector<float> sampleFloats() {
  std::vector<float> values;
  for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += 65537) {
    auto pattern = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &pattern, sizeof(value));
    values.push_back(value);
  }
  return values;
}

static std::vector<int64_t> allValues(const QuantType &type) {
  std::vector<int64_t> values;
  for (int64_t value = type.range.min; value <= type.range.max; ++value)
    values.push_back(value);
  return values;
}

/// Extremes, powers of two with their neighbours, values of all magnitudes.
static std::vector<int64_t> sampleSums(Random &random) {
  std::vector<int64_t> values;
  for (int shift = 0; shift < 32; ++shift)
    for (int64_t delta = -2; delta <= 2; ++delta)
      for (int64_t sign : {-1, 1}) {
        int64_t value = sign * (int64_t(1) << shift) + delta;
        values.push_back(std::min<int64_t>(
            std::max<int64_t>(value, std::numeric_limits<int32_t>::min()),
            std::numeric_limits<int32_t>::max()));
      }
  for (int i = 0; i < 4000; ++i)
    values.push_back(static_cast<int32_t>(random()) >> (i % 32));
  return values;
}

static QuantType perChannel(QuantType type, int axis, size_t channels,
                            bool zeroPoints) {
  double scale = type.scales[0];
  int32_t zeroPoint = type.zeroPoints[0];
  type.axis = axis;
  type.scales.clear();
  type.zeroPoints.clear();
  for (size_t i = 0; i < channels; ++i) {
    type.scales.push_back(scale * (1.0 + 0.37 * static_cast<double>(i)));
    type.zeroPoints.push_back(zeroPoints ? zeroPoint + static_cast<int>(i) : 0);
  }
  return type;
}

static std::vector<QuantType> getTypes() {
  QuantType narrow = QuantType::i8(3.0e-3, 0), part = QuantType::u8(7.0, 200);
  narrow.range = {-127, 127};
  part.range = {3, 200};
  return {QuantType::u8(1.0, 0),
          QuantType::u8(0.1, 1),
          QuantType::u8(0.013, 128),
          QuantType::u8(1.2e-38, 255),
          QuantType::i8(1.0 / 3, 0),
          QuantType::i8(3.0e38, -128),
          QuantType::i8(0.0625, 127),
          narrow,
          part};
}

/// Sampled patterns, then halfway cases and special values of `type`.
static std::vector<float> getInputs(const QuantType &type, Random &random) {
  std::vector<float> values = makeFloats(3000, type, random);
  static const std::vector<float> sampled = sampleFloats();
  values.insert(values.end(), sampled.begin(), sampled.end());
  return values;
}

Sweep makeElementwiseSweep() {
  Random random(3);
  ElementwiseBuilder builder;
  std::vector<QuantType> types = getTypes();
  std::vector<int64_t> sums = sampleSums(random);
  for (const auto &[index, type] : enumerate(types)) {
    builder.addQuantize(type, getInputs(type, random));
    builder.addDequantize(type, allValues(type));
    builder.addRequantize(type, types[(index + 4) % types.size()], index % 2,
                          allValues(type));
    // Sums of small and large scale; 0.5 of a step meets ties.
    QuantType from =
        QuantType::sums(type, QuantType::i8(index % 3 ? 0.5 : 1.7e-4, 0), 1);
    if (from.scales[0] > 1.0e-37 && from.scales[0] < 1.0e38)
      builder.addRequantize(from, type, index % 2, sums);
  }
  QuantType u4{ElementKind::U4, {0, 15}, {0.25}, {3}};
  QuantType i4{ElementKind::I4, {-8, 7}, {0.3}, {-1}};
  for (const QuantType &type : {u4, i4}) {
    std::vector<float> floats = makeFloats(500, type, random);
    builder.addQuantize(type, floats);
    builder.addRequantize(QuantType::u8(0.07, 100), type, false,
                          allValues(QuantType::u8(1, 0)));
  }
  QuantType channels = perChannel(QuantType::u8(0.05, 100), 1, 5, true);
  builder.addQuantize(channels, makeFloats(700, channels, random),
                      {dynamicSize, 5});
  QuantType middle = perChannel(QuantType::i8(0.05, -7), 1, 3, true);
  builder.addQuantize(middle, makeFloats(2100, middle, random),
                      {dynamicSize, 3, 7});
  QuantType first = perChannel(QuantType::i8(0.05, 0), 0, 3, false);
  builder.addQuantize(first, makeFloats(57, first, random), {3, 19});
  builder.addDequantize(channels,
                        makeMatrix(90, 5, false, channels.range, random),
                        {dynamicSize, 5});
  QuantType sumChannels = QuantType::sums(
      types[1], perChannel(QuantType::i8(0.003, 0), 1, 5, false), 1);
  builder.addRequantize(sumChannels, types[1], true,
                        ArrayRef(sums).drop_back(sums.size() % 5),
                        {dynamicSize, 5});
  builder.addQuantize(types[1], {0.25f}, {});
  return builder.take();
}

/// Every sign and exponent with mantissas at the middle between two numbers of
/// fewer digits, and next to it: infinities, NaN and subnormal numbers too.
static std::vector<float> sampleFloats(Random &random) {
  std::vector<float> values;
  for (uint32_t top = 0; top < 512; ++top)
    for (uint32_t i = 0; i < 48; ++i) {
      uint32_t middle = uint32_t(1) << (random() % 23);
      uint32_t mantissa = (random() & ~(2 * middle - 1)) + middle;
      mantissa += (i % 4 == 0) - (i % 4 == 1);
      uint32_t bits = top << 23 | ((i < 45 ? mantissa : i - 45) & 0x7FFFFF);
      float value;
      std::memcpy(&value, &bits, sizeof(value));
      values.push_back(value);
    }
  return values;
}

Sweep makeFakeQuantSweep() {
  Random random(4);
  ElementwiseBuilder builder;
  for (const QuantType &type : getTypes())
    builder.addFakeQuant(type, getInputs(type, random));
  QuantType channels = perChannel(QuantType::u8(0.05, 100), 1, 5, true);
  builder.addFakeQuant(channels, makeFloats(700, channels, random),
                       {dynamicSize, 5});
  std::vector<float> all = sampleFloats(random);
  builder.addRounding("f16", reference::roundToF16, all);
  builder.addRounding("bf16", reference::roundToBF16, all);
  return builder.take();
}

} // namespace quanta::test
