//===- Sweep.cpp - Data and text of the sweeps ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cstring>
#include <limits>

using namespace llvm;

namespace quanta::test {

/// The bits of an element that count; above them, memory holds zeros.
static int64_t getMask(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
    return 1;
  case ElementKind::I2:
  case ElementKind::U2:
    return 3;
  case ElementKind::I4:
  case ElementKind::U4:
    return 15;
  default:
    return -1;
  }
}

Array Array::get(ElementKind kind, Shape shape, ArrayRef<int64_t> values) {
  size_t size = getElementSize(kind);
  Array array{kind, std::move(shape), std::vector<char>(values.size() * size)};
  // Little-endian machines only, as everywhere below MLIR's text.
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t value = values[i] & getMask(kind);
    std::memcpy(array.bytes.data() + i * size, &value, size);
  }
  return array;
}

Array Array::get(Shape shape, ArrayRef<float> values) {
  const char *begin = reinterpret_cast<const char *>(values.data());
  return {ElementKind::F32, std::move(shape),
          std::vector<char>(begin, begin + values.size() * sizeof(float))};
}

Array Array::rows(int64_t begin, int64_t count) const {
  Array part{kind, shape, {}};
  int64_t rowSize = getElementSize(kind);
  for (int64_t size : ArrayRef(shape).drop_front())
    rowSize *= size;
  part.shape[0] = count;
  part.bytes.assign(bytes.begin() + begin * rowSize,
                    bytes.begin() + (begin + count) * rowSize);
  return part;
}

QuantType QuantType::u8(double scale, int32_t zeroPoint) {
  return {ElementKind::U8, {0, 255}, {scale}, {zeroPoint}};
}

QuantType QuantType::i8(double scale, int32_t zeroPoint) {
  return {ElementKind::I8, {-128, 127}, {scale}, {zeroPoint}};
}

QuantType QuantType::sums(const QuantType &lhs, const QuantType &rhs,
                          int axis) {
  QuantType type{ElementKind::I32,
                 {std::numeric_limits<int32_t>::min(),
                  std::numeric_limits<int32_t>::max()},
                 {},
                 {0}};
  for (double scale : rhs.scales)
    type.scales.push_back(lhs.scales[0] * scale);
  type.axis = type.scales.size() > 1 ? axis : -1;
  return type;
}

std::string QuantType::str() const {
  std::string text;
  raw_string_ostream os(text);
  os << "!quant.uniform<" << stringifyElementKind(kind);
  if (kind != ElementKind::I32)
    os << "<" << range.min << ":" << range.max << ">";
  os << ":f32";
  if (axis >= 0)
    os << ":" << axis << ", {";
  else
    os << ", ";
  for (size_t i = 0; i < scales.size(); ++i)
    os << (i ? ", " : "") << format("%.17e", scales[i]) << ":" << zeroPoint(i);
  os << (axis >= 0 ? "}>" : ">");
  return text;
}

std::string formatTensor(const Shape &shape, StringRef element) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += (size < 0 ? "?" : std::to_string(size)) + "x";
  return text + element.str() + ">";
}

std::string getStorage(ElementKind kind) {
  return "i" + stringifyElementKind(kind).drop_front().str();
}

int64_t countElements(const Shape &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// Nested lists of elements narrower than a byte, which text in hexadecimal
/// packs.
static std::string formatList(const Array &array, size_t dim, size_t &next) {
  if (dim == array.shape.size())
    return std::to_string(int(array.bytes[next++]));
  std::string text;
  for (int64_t i = 0; i < array.shape[dim]; ++i)
    text += (i ? ", " : "[") + formatList(array, dim + 1, next);
  return text + "]";
}

std::string formatDense(const Array &array) {
  size_t next = 0;
  if (getMask(array.kind) != -1)
    return "dense<" + formatList(array, 0, next) + ">";
  return "dense<\"0x" +
         toHex(StringRef(array.bytes.data(), array.bytes.size())) + "\">";
}

std::vector<int64_t> makeMatrix(int64_t rows, int64_t columns, bool byColumn,
                                reference::StorageRange range, Random &random) {
  auto clamp = [&](int64_t value) {
    return std::clamp<int64_t>(value, range.min, range.max);
  };
  auto pick = [&](int64_t line, int64_t along) -> int64_t {
    switch (line % 6) {
    case 0:
      return range.max;
    case 1:
      return range.min;
    case 2:
      return along % 2 ? range.min : range.max;
    case 3:
      return random() % 2 ? range.min : range.max;
    case 4:
      return clamp(static_cast<int64_t>(random() % 3) - 1);
    default:
      return range.min +
             static_cast<int64_t>(random() % (range.max - range.min + 1));
    }
  };
  std::vector<int64_t> values;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      values.push_back(byColumn ? pick(column, row) : pick(row, column));
  return values;
}

std::vector<float> makeFloats(int64_t count, const QuantType &type,
                              Random &random) {
  using limits = std::numeric_limits<float>;
  const float special[] = {limits::quiet_NaN(),
                           -limits::quiet_NaN(),
                           limits::signaling_NaN(),
                           limits::infinity(),
                           -limits::infinity(),
                           limits::denorm_min(),
                           -limits::denorm_min(),
                           limits::min(),
                           limits::max(),
                           limits::lowest(),
                           0.0f,
                           -0.0f};
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    // From below the range to above it, in half steps.
    float steps = static_cast<float>(random() % 1200) * 0.5f - 300.0f;
    float value = steps * type.scale(0);
    switch (random() % 8) {
    case 0:
      value = special[random() % std::size(special)];
      break;
    case 1:
      value = std::nextafter(value, limits::infinity());
      break;
    case 2:
      value = std::nextafter(value, -limits::infinity());
      break;
    case 3:
      value *= static_cast<float>(random() % 1000) / 999.0f;
      break;
    }
    values.push_back(value);
  }
  return values;
}

void compare(const Case &testCase, ArrayRef<int64_t> shape,
             ArrayRef<char> bytes, bool atEnd) {
  const Array &expected = testCase.expected;
  std::string what = testCase.entry;
  for (const Array &argument : testCase.arguments)
    what += ", " + formatShape(argument.shape, argument.kind);
  what += atEnd ? ", at the end of a page" : ", at the start of a page";
  ASSERT_EQ(shape, ArrayRef<int64_t>(expected.shape)) << what;
  ASSERT_EQ(bytes.size(), expected.bytes.size()) << what;
  auto [actual, wanted] =
      std::mismatch(bytes.begin(), bytes.end(), expected.bytes.begin());
  if (actual == bytes.end())
    return;
  size_t size = getElementSize(expected.kind);
  size_t index = (actual - bytes.begin()) / size;
  ADD_FAILURE() << what << ": element " << index << " is 0x"
                << toHex(StringRef(bytes.data() + index * size, size))
                << " and should be 0x"
                << toHex(StringRef(expected.bytes.data() + index * size, size))
                << " (bytes in memory order)";
}

} // namespace quanta::test
