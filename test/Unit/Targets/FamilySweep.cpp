//===- FamilySweep.cpp - Elementwise, shape and pooling operations --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <functional>

using namespace llvm;

namespace quanta::test {

namespace {

std::vector<int64_t> randomValues(int64_t count, const QuantType &type,
                                  Random &random) {
  return makeMatrix(count, 1, false, type.range, random);
}

/// Calls `visit` with every index below `shape`, in row-major order.
void forEachIndex(const Shape &shape,
                  const std::function<void(const Shape &)> &visit) {
  Shape index(shape.size(), 0);
  for (int64_t i = 0, e = countElements(shape); i < e; ++i) {
    visit(index);
    for (size_t dim = shape.size(); dim-- > 0;) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
}

int64_t linearize(const Shape &shape, const Shape &index) {
  int64_t position = 0;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    position = position * shape[dim] + index[dim];
  return position;
}

class FamilyBuilder {
public:
  Sweep take() { return std::move(sweep); }
  Random random{5};

  /// `operation` on tensors of these types; `{i}` are the operands.
  void add(const std::string &operation, ArrayRef<QuantType> types,
           ArrayRef<Shape> shapes, ArrayRef<std::vector<int64_t>> values,
           const QuantType &to, const Shape &shape,
           ArrayRef<int64_t> expected) {
    std::string name = "family" + std::to_string(functions++);
    std::string arguments, operandTypes;
    Case testCase{name, {}, Array::get(to.kind, shape, expected)};
    for (size_t i = 0; i < types.size(); ++i) {
      std::string type = formatTensor(shapes[i], types[i].str());
      arguments += formatv("{0}%a{1}: {2}", i ? ", " : "", i, type).str();
      operandTypes += (i ? ", " : "") + type;
      testCase.arguments.push_back(
          Array::get(types[i].kind, shapes[i], values[i]));
    }
    std::string result = formatTensor(shape, to.str());
    sweep.module +=
        formatv("func.func @{0}({1}) -> {2} {{\n  %r = {3} : {4} "
                "{5} {2}\n  return %r : {2}\n}\n",
                name, arguments, result, operation, operandTypes,
                StringRef(operation).contains("lookup") ? "to" : "->")
            .str();
    sweep.cases.push_back(std::move(testCase));
  }

  /// All pairs of stored values.
  void addPairs(const std::string &name, float (*function)(float, float),
                const QuantType &lhs, const QuantType &rhs, const QuantType &to,
                bool clamped) {
    std::vector<int64_t> left, right, expected;
    reference::StorageRange range = to.range;
    if (clamped)
      range = {to.zeroPoint(0), std::max(to.zeroPoint(0), range.max - 3)};
    for (int64_t a = lhs.range.min; a <= lhs.range.max; ++a)
      for (int64_t b = rhs.range.min; b <= rhs.range.max; ++b) {
        left.push_back(a);
        right.push_back(b);
        float x = reference::dequantize(a, lhs.scale(0), lhs.zeroPoint(0));
        float y = reference::dequantize(b, rhs.scale(0), rhs.zeroPoint(0));
        expected.push_back(reference::quantize(function(x, y), to.scale(0),
                                               to.zeroPoint(0), range));
      }
    Shape shape = {static_cast<int64_t>(left.size())};
    std::string clamp =
        clamped ? formatv(" clamp [{0}, {1}]", range.min, range.max).str() : "";
    add("quanta." + name + " %a0, %a1" + clamp, {lhs, rhs}, {shape, shape},
        {left, right}, to, shape, expected);
  }

  /// Pairs of types with too many pairs for all of them.
  void addSample(const std::string &name, float (*function)(float, float),
                 const QuantType &lhs, const QuantType &rhs,
                 const QuantType &to) {
    Shape shape = {683, 6};
    auto left = makeMatrix(683, 6, false, lhs.range, random);
    auto right = makeMatrix(683, 6, true, rhs.range, random);
    std::vector<int64_t> expected;
    for (size_t i = 0; i < left.size(); ++i) {
      float x = reference::dequantize(static_cast<int32_t>(left[i]),
                                      lhs.scale(0), lhs.zeroPoint(0));
      float y = reference::dequantize(static_cast<int32_t>(right[i]),
                                      rhs.scale(0), rhs.zeroPoint(0));
      expected.push_back(reference::quantize(function(x, y), to.scale(0),
                                             to.zeroPoint(0), to.range));
    }
    add("quanta." + name + " %a0, %a1", {lhs, rhs}, {shape, shape},
        {left, right}, to, shape, expected);
  }

  void addBroadcast(const QuantType &lhs, const QuantType &rhs,
                    const QuantType &to) {
    Shape left = {3, 1, 19}, right = {3, 5, 1}, shape = {3, 5, 19};
    auto a = randomValues(countElements(left), lhs, random);
    auto b = randomValues(countElements(right), rhs, random);
    std::vector<int64_t> expected;
    forEachIndex(shape, [&](const Shape &i) {
      float x = reference::dequantize(a[i[0] * 19 + i[2]], lhs.scale(0),
                                      lhs.zeroPoint(0));
      float y = reference::dequantize(b[i[0] * 5 + i[1]], rhs.scale(0),
                                      rhs.zeroPoint(0));
      expected.push_back(
          reference::quantize(x * y, to.scale(0), to.zeroPoint(0), to.range));
    });
    add("quanta.mul %a0, %a1", {lhs, rhs}, {left, right}, {a, b}, to, shape,
        expected);
  }

  void addLookup(const QuantType &from, const QuantType &to, unsigned width) {
    auto table = randomValues(int64_t(1) << width, to, random);
    std::vector<int64_t> values, expected;
    // All of them, and some more than whole vectors.
    for (int64_t value = from.range.min; value <= from.range.max; ++value)
      values.push_back(value);
    for (size_t i = 0; i < 11; ++i)
      values.push_back(values[3 * i % values.size()]);
    for (int64_t value : values)
      expected.push_back(table[value & ((int64_t(1) << width) - 1)]);
    std::string text;
    for (int64_t entry : table)
      text += (text.empty() ? "" : ", ") + std::to_string(entry);
    Shape shape = {static_cast<int64_t>(values.size())};
    add(formatv("quanta.lookup %a0 table dense<[{0}]> : tensor<{1}xi8>", text,
                table.size())
            .str(),
        {from}, {shape}, {values}, to, shape, expected);
  }

  void addPad(const QuantType &type, const std::string &value, int64_t fill) {
    Shape from = {2, 5, 7}, to = {2, 8, 8}, low = {0, 1, 1};
    auto values = randomValues(countElements(from), type, random);
    std::vector<int64_t> expected;
    forEachIndex(to, [&](const Shape &index) {
      Shape source = index;
      bool isInside = true;
      for (size_t dim = 0; dim < 3; ++dim) {
        source[dim] -= low[dim];
        isInside &= source[dim] >= 0 && source[dim] < from[dim];
      }
      expected.push_back(isInside ? values[linearize(from, source)] : fill);
    });
    add("quanta.pad %a0 low [0, 1, 1] high [0, 2, 0]" + value, {type}, {from},
        {values}, type, to, expected);
  }

  void addConcat(ArrayRef<QuantType> types, const QuantType &to) {
    std::vector<Shape> shapes;
    std::vector<std::vector<int64_t>> values;
    std::string operands;
    Shape shape = {3, 0, 5};
    for (size_t i = 0; i < types.size(); ++i) {
      shapes.push_back({3, static_cast<int64_t>(i) + 1, 5});
      values.push_back(
          randomValues(countElements(shapes.back()), types[i], random));
      shape[1] += shapes.back()[1];
      operands += (i ? ", %a" : "%a") + std::to_string(i);
    }
    std::vector<int64_t> expected;
    forEachIndex(shape, [&](const Shape &index) {
      Shape source = index;
      size_t operand = 0;
      while (source[1] >= shapes[operand][1])
        source[1] -= shapes[operand++][1];
      const QuantType &from = types[operand];
      int64_t q = values[operand][linearize(shapes[operand], source)];
      expected.push_back(reference::requantize(
          q, from.zeroPoint(0),
          reference::requantizeMultiplier(from.exactScale(0), to.exactScale(0)),
          to.zeroPoint(0), to.range));
    });
    add("quanta.concat " + operands + " dim 1", types, shapes, values, to,
        shape, expected);
  }

  /// Pooling over the last two dimensions or, in NHWC, the middle ones.
  void addPool(bool isAverage, bool isLast, Shape from, const Shape &window,
               const Shape &strides, const Shape &dilations,
               const QuantType &type, const QuantType &to) {
    size_t first = isLast ? 2 : 1;
    Shape shape = from;
    for (size_t i = 0; i < 2; ++i)
      shape[first + i] =
          (from[first + i] - dilations[i] * (window[i] - 1) - 1) / strides[i] +
          1;
    auto values = randomValues(countElements(from), type, random);
    std::vector<int64_t> expected;
    forEachIndex(shape, [&](const Shape &index) {
      int64_t sum = 0, maximum = type.range.min;
      forEachIndex(window, [&](const Shape &offset) {
        Shape source = index;
        for (size_t i = 0; i < 2; ++i)
          source[first + i] =
              index[first + i] * strides[i] + offset[i] * dilations[i];
        int64_t q = values[linearize(from, source)];
        maximum = std::max(maximum, q);
        sum += q - type.zeroPoint(0);
      });
      double scale =
          type.exactScale(0) / static_cast<double>(countElements(window));
      expected.push_back(
          !isAverage ? maximum
                     : reference::requantize(static_cast<int32_t>(sum), 0,
                                             reference::requantizeMultiplier(
                                                 scale, to.exactScale(0)),
                                             to.zeroPoint(0), to.range));
    });
    add(formatv("quanta.{0}_pool %a0 over [{1}, {2}] window [{3}, {4}] strides "
                "[{5}, {6}] dilations [{7}, {8}]",
                isAverage ? "average" : "max", first, first + 1, window[0],
                window[1], strides[0], strides[1], dilations[0], dilations[1])
            .str(),
        {type}, {from}, {values}, isAverage ? to : type, shape, expected);
  }

private:
  Sweep sweep;
  int functions = 0;
};

float add(float a, float b) { return a + b; }
float subtract(float a, float b) { return a - b; }
float multiply(float a, float b) { return a * b; }

} // namespace

Sweep makeFamilySweep() {
  FamilyBuilder builder;
  QuantType u8 = QuantType::u8(0.013, 128), i8 = QuantType::i8(0.1, -3);
  QuantType narrow = QuantType::i8(0.031, 0);
  narrow.range = {-127, 127};
  QuantType small = QuantType::u8(0.5, 0), wide = QuantType::i8(1.0 / 3, 5);
  QuantType i4{ElementKind::I4, {-8, 7}, {0.3}, {-1}};
  QuantType u4{ElementKind::U4, {0, 15}, {0.25}, {3}};
  builder.addPairs("add", add, u8, i8, u8, false);
  builder.addPairs("add", add, small, small, small, true);
  builder.addPairs("sub", subtract, i8, narrow, wide, true);
  builder.addPairs("sub", subtract, u8, u8, i4, false);
  builder.addPairs("mul", multiply, u8, i8, i8, false);
  builder.addPairs("mul", multiply, narrow, small, u8, true);
  builder.addPairs("add", add, i4, u4, u8, false);
  builder.addBroadcast(u8, i8, wide);
  QuantType i16{ElementKind::I16, {-32768, 32767}, {0.0007}, {-5}};
  QuantType u16{ElementKind::U16, {0, 65535}, {0.001}, {32768}};
  builder.addSample("add", add, i16, i16, i16);
  builder.addSample("add", add, u16, i8, i16);
  builder.addSample("sub", subtract, i16, u16, u16);
  builder.addSample("mul", multiply, i16, u16, i16);
  builder.addSample("mul", multiply, i16, i16, u8);
  builder.addBroadcast(i16, u8, i16);
  builder.addLookup(u8, i8, 8);
  builder.addLookup(i8, u8, 8);
  builder.addLookup(i4, u8, 4);
  builder.addLookup(u4, narrow, 4);
  for (const QuantType &type : {u8, i8, i4, u4, i16}) {
    builder.addPad(type, "", type.zeroPoint(0));
    builder.addPad(type, " value " + std::to_string(type.range.min),
                   type.range.min);
  }
  builder.addConcat({u8, i8, narrow, u8}, u8);
  builder.addConcat({i4, u8, i4}, i4);
  builder.addConcat({i16, u8, u16}, i16);
  for (const QuantType &type : {u8, i8, narrow, i4, i16})
    for (bool isAverage : {false, true})
      for (bool isLast : {false, true}) {
        builder.addPool(isAverage, isLast, {2, 9, 8, 11}, {3, 2}, {2, 3},
                        {1, 2}, type, wide);
        builder.addPool(isAverage, isLast, {1, 7, 7, 7}, {7, 7}, {1, 1}, {1, 1},
                        type, u8);
      }
  return builder.take();
}

} // namespace quanta::test
