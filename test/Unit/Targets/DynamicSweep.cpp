//===- DynamicSweep.cpp - Ranges that are found at run time ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/Support/FormatVariadic.h"

#include <limits>

using namespace llvm;

namespace quanta::test {

namespace {

class DynamicBuilder {
public:
  Sweep take() { return std::move(sweep); }

  /// A scale for each of `rows` rows of `columns` elements, or one for all.
  void add(int64_t rows, int64_t columns, bool isTensor, bool isOpen,
           const QuantType &type, bool isSymmetric) {
    std::vector<float> x = makeRows(rows, columns);
    int64_t count = isTensor ? rows * columns : columns;
    std::vector<int64_t> quantized, zeroPoints;
    std::vector<float> scales;
    for (int64_t first = 0; first < rows * columns; first += count) {
      reference::DynamicRange range = reference::chooseDynamicRange(
          x.data() + first, count, type.range, type.zeroPoint(0), isSymmetric);
      scales.push_back(range.scale);
      zeroPoints.push_back(range.zeroPoint);
      for (int64_t i = first; i < first + count; ++i)
        quantized.push_back(reference::quantize(x[i], range.scale,
                                                range.zeroPoint, type.range));
    }
    Shape shape{rows, columns}, open{isOpen ? -1 : rows, columns};
    Shape parameters, openParameters;
    if (!isTensor) {
      parameters = {rows};
      openParameters = {open[0]};
    }
    std::string xType = formatTensor(open, "f32");
    std::string qType = formatTensor(open, type.str());
    std::string sType = formatTensor(openParameters, "f32");
    std::string zType = formatTensor(openParameters, "i32");
    std::string types = qType + ", " + sType;
    if (!isSymmetric)
      types += ", " + zType;
    std::string op =
        formatv("quanta.dynamic_quantize %x rows [{0}]{1} : {2} to {3}",
                isTensor ? "" : "0", isSymmetric ? " symmetric" : "", xType,
                types)
            .str();
    auto addCase = [&](StringRef result, StringRef resultType, Array expected) {
      std::string entry = "dynamic" + std::to_string(sweep.cases.size());
      sweep.module +=
          formatv("func.func @{0}(%x: {1}) -> {2} {{\n  {3} = {4}\n  return "
                  "{5} : {2}\n}\n",
                  entry, xType, resultType,
                  isSymmetric ? "%q, %s" : "%q, %s, %z", op, result)
              .str();
      sweep.cases.push_back(
          {entry, {Array::get(shape, x)}, std::move(expected)});
    };
    addCase("%q", qType, Array::get(type.kind, shape, quantized));
    addCase("%s", sType, Array::get(parameters, scales));
    if (!isSymmetric)
      addCase("%z", zType,
              Array::get(ElementKind::I32, parameters, zeroPoints));
  }

private:
  /// In turn: ordinary numbers, zeros, NaN and infinities between them, only
  /// negative ones, numbers whose range f32 does not hold, and ones whose scale
  /// it does not.
  std::vector<float> makeRows(int64_t rows, int64_t columns) {
    std::vector<float> result;
    std::normal_distribution<float> normal;
    using Limits = std::numeric_limits<float>;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < columns; ++i) {
        float x = normal(random);
        switch (row % 6) {
        case 1:
          x = i % 2 ? 0.0f : -0.0f;
          break;
        case 2:
          if (i % 3 == 1)
            x = i % 2 ? Limits::quiet_NaN() : -Limits::infinity();
          break;
        case 3:
          x = -std::abs(x) - 1;
          break;
        case 4:
          x = x < 0 ? Limits::lowest() : Limits::max();
          break;
        case 5:
          x *= Limits::min();
          break;
        default:
          break;
        }
        result.push_back(x);
      }
    return result;
  }

  Sweep sweep;
  Random random{11};
};

} // namespace

Sweep makeDynamicSweep() {
  DynamicBuilder builder;
  QuantType u8 = QuantType::u8(1, 0), i8 = QuantType::i8(1, 0);
  QuantType narrow{ElementKind::I8, {-127, 127}, {1.0}, {0}};
  QuantType i4{ElementKind::I4, {-8, 7}, {1.0}, {0}};
  QuantType i16{ElementKind::I16, {-32768, 32767}, {1.0}, {0}};
  int count = 0;
  for (int64_t columns : {5, 16, 33}) {
    bool isOpen = count % 2;
    builder.add(13, columns, false, isOpen, u8, false);
    builder.add(13, columns, false, !isOpen, count % 3 ? i8 : i16, false);
    builder.add(7, columns, false, isOpen, count % 3 ? narrow : i4, true);
    // A tensor of ordinary numbers, and one with all of the others.
    builder.add(1, columns, true, isOpen, u8, false);
    builder.add(6, columns, true, !isOpen, narrow, true);
    ++count;
  }
  return builder.take();
}

} // namespace quanta::test
