//===- StoredSweep.cpp - Float activations, stored weights ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <functional>
#include <map>

using namespace llvm;

namespace quanta::test {

namespace {

struct Storage {
  ElementKind kind;
  reference::StorageRange range;
};

struct StoredCase {
  std::string name;
  /// Dimensions of the weights: those of the activation and the result follow.
  StringRef weights;
  std::map<char, int64_t> sizes;
  Storage storage;
  /// Elements along K and along N that share a scale.
  int64_t blockK, blockN;
  bool isAffine, hasBias;

  int64_t size(char dim) const { return sizes.at(dim); }
  Shape shape(StringRef dims) const {
    Shape result;
    for (char dim : dims)
      result.push_back(size(dim));
    return result;
  }
};

} // namespace

static std::string formatMap(StringRef domain, StringRef dims) {
  auto list = [](StringRef names) {
    std::string text;
    for (char name : names)
      text += (text.empty() ? "" : ", ") + std::string(1, name);
    return text;
  };
  return formatv("affine_map<({0}) -> ({1})>", list(domain), list(dims));
}

/// Scales and zero points, in the order of the type: of the dimensions of the
/// weights, each divided by its block.
static std::string formatType(const StoredCase &stored, ArrayRef<float> scales,
                              ArrayRef<int32_t> zeroPoints) {
  std::string text;
  raw_string_ostream os(text);
  os << "!quant.uniform<" << stringifyElementKind(stored.storage.kind) << "<"
     << stored.storage.range.min << ":" << stored.storage.range.max << ">:f32";
  auto write = [&](int64_t index) {
    os << format("%.9e", scales[index]) << ":" << zeroPoints[index];
  };
  bool isBlocked = stored.blockK < stored.size('k');
  size_t channel = stored.weights.find('n');
  if (!isBlocked && scales.size() == 1) {
    os << ", ";
    write(0);
    return text + ">";
  }
  if (!isBlocked) {
    os << ":" << channel << ", {";
    for (size_t i = 0; i < scales.size(); ++i) {
      os << (i ? ", " : "");
      write(i);
    }
    return text + "}>";
  }
  os << ":{" << channel << ":" << stored.blockN << ", "
     << stored.weights.find('k') << ":" << stored.blockK << "}, ";
  SmallVector<int64_t> counts;
  for (char dim : stored.weights)
    counts.push_back(dim == 'n'   ? stored.size('n') / stored.blockN
                     : dim == 'k' ? stored.size('k') / stored.blockK
                                  : 1);
  int64_t index = 0;
  std::function<void(size_t)> writeAll = [&](size_t dim) {
    if (dim == counts.size())
      return write(index++);
    os << "{";
    for (int64_t i = 0; i < counts[dim]; ++i) {
      os << (i ? ", " : "");
      writeAll(dim + 1);
    }
    os << "}";
  };
  writeAll(0);
  return text + ">";
}

static void addStored(const StoredCase &stored, Random &random, Sweep &sweep) {
  bool hasBatch = stored.sizes.count('b');
  StringRef lhs = hasBatch ? "bmk" : "mk", out = hasBatch ? "bmn" : "mn",
            domain = hasBatch ? "bmnk" : "mnk";
  int64_t b = hasBatch ? stored.size('b') : 1, m = stored.size('m'),
          n = stored.size('n'), k = stored.size('k');
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::uniform_int_distribution<int> exponent(-9, 9);
  auto makeFloats = [&](int64_t count) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(std::ldexp(uniform(random), exponent(random)));
    return values;
  };
  std::vector<float> x = makeFloats(b * m * k), bias = makeFloats(n);
  std::vector<int64_t> weights =
      makeMatrix(1, b * n * k, true, stored.storage.range, random);
  int64_t columns = n / stored.blockN, blocks = k / stored.blockK;
  std::vector<float> scales;
  std::vector<int32_t> zeroPoints;
  for (int64_t i = 0; i < columns * blocks; ++i) {
    scales.push_back(std::ldexp(1.5f + uniform(random) / 2, exponent(random)));
    zeroPoints.push_back(
        stored.isAffine
            ? static_cast<int32_t>(random() % (stored.storage.range.max -
                                               stored.storage.range.min + 1)) +
                  stored.storage.range.min
            : 0);
  }
  // Where an element and its scale lie.
  auto find = [&](int64_t batch, int64_t row, int64_t column) {
    bool isTransposed = stored.weights.ends_with("nk");
    return batch * n * k + (isTransposed ? column * k + row : row * n + column);
  };
  auto findScale = [&](int64_t row, int64_t column) {
    row /= stored.blockK;
    column /= stored.blockN;
    return stored.weights.ends_with("nk") ? column * blocks + row
                                          : row * columns + column;
  };
  std::vector<float> expected;
  for (int64_t batch = 0; batch < b; ++batch)
    for (int64_t row = 0; row < m; ++row)
      for (int64_t column = 0; column < n; ++column) {
        float sum = stored.hasBias ? bias[column] : 0;
        for (int64_t i = 0; i < k; ++i) {
          int64_t scale = findScale(i, column);
          sum = reference::addStoredProduct(
              x[(batch * m + row) * k + i],
              static_cast<int32_t>(weights[find(batch, i, column)]),
              scales[scale], zeroPoints[scale], sum);
        }
        expected.push_back(sum);
      }

  Shape weightShape = stored.shape(stored.weights), rows = stored.shape(out);
  // The number of rows is known only at run time.
  Shape lhsShape = stored.shape(lhs), outShape = rows;
  lhsShape[hasBatch] = outShape[hasBatch] = -1;
  std::string width =
      stored.storage.range.max - stored.storage.range.min > 15 ? "i8" : "i4";
  std::string lhsType = formatTensor(lhsShape, "f32"),
              outType = formatTensor(outShape, "f32"),
              storageType = formatTensor(weightShape, width),
              weightType = formatTensor(weightShape,
                                        formatType(stored, scales, zeroPoints));
  Array constant = Array::get(stored.storage.kind, weightShape, weights);
  sweep.module += formatv("func.func @{0}(%x: {1}) -> {2} {{\n"
                          "  %c = arith.constant {3} : {4}\n"
                          "  %w = quant.scast %c : {4} to {5}\n"
                          "  %i = arith.constant {6} : index\n"
                          "  %m = tensor.dim %x, %i : {1}\n"
                          "  %e = tensor.empty(%m) : {2}\n",
                          stored.name, lhsType, outType, formatDense(constant),
                          storageType, weightType, hasBatch ? 1 : 0);
  if (stored.hasBias)
    sweep.module += formatv(
        "  %b = arith.constant {0} : tensor<{1}xf32>\n"
        "  %s = linalg.broadcast ins(%b : tensor<{1}xf32>) outs(%e : {2}) "
        "dimensions = [{3}]\n",
        formatDense(Array::get({n}, bias)), n, outType,
        hasBatch ? "0, 1" : "0");
  else
    sweep.module += formatv("  %z = arith.constant 0.0 : f32\n"
                            "  %s = linalg.fill ins(%z : f32) outs(%e : {0}) "
                            "-> {0}\n",
                            outType);
  sweep.module += formatv(
      "  %r = quanta.weight_only_contract %x, %w init %s maps [{0}, {1}, {2}] "
      ": {3}, {4} -> {5}\n  return %r : {5}\n}\n",
      formatMap(domain, lhs), formatMap(domain, stored.weights),
      formatMap(domain, out), lhsType, weightType, outType);
  sweep.cases.push_back({stored.name,
                         {Array::get(stored.shape(lhs), x)},
                         Array::get(rows, expected)});
}

Sweep makeStoredSweep(const DotShape &dot) {
  Sweep sweep;
  Random random(9);
  const Storage storages[] = {
      {ElementKind::I8, {-127, 127}}, {ElementKind::I4, {-8, 7}},
      {ElementKind::U4, {0, 15}},     {ElementKind::U8, {0, 255}},
      {ElementKind::I4, {-7, 7}},     {ElementKind::I8, {-128, 127}}};
  int64_t lanes = dot.lanes;
  const int64_t ns[] = {1, lanes, dot.columns() + 1, 2 * dot.columns(),
                        dot.columns() + lanes + 3};
  // Of a whole column, and of columns in blocks.
  const int64_t ks[] = {1, 7, 8, 17, 40};
  const int64_t blocks[][2] = {{64, 32}, {8, 8}, {48, 16}, {12, 4}, {256, 128}};
  const int64_t ms[] = {1, dot.rows, dot.rows + 3, 2};
  const char *layouts[] = {"kn", "nk", "bkn", "bnk"};
  // Few, since each is a kernel of its own: the cycles have different lengths.
  for (int index = 0; index < 14; ++index) {
    StoredCase stored;
    stored.name = "stored" + std::to_string(index);
    stored.weights = layouts[index % 4];
    if (stored.weights.starts_with("b"))
      stored.sizes['b'] = 2 + index % 2;
    stored.storage = storages[index % 6];
    stored.sizes['n'] = ns[index % 5];
    stored.sizes['m'] = ms[index / 3 % 4];
    bool isBlocked = (index + index / 4) % 2;
    stored.sizes['k'] =
        isBlocked ? blocks[index / 2 % 5][0] : ks[index / 2 % 5];
    stored.blockK = isBlocked ? blocks[index / 2 % 5][1] : stored.sizes['k'];
    // One scale for all columns now and then.
    stored.blockN = index % 7 == 3 ? stored.sizes['n'] : 1;
    stored.isAffine = index % 3 != 0;
    stored.hasBias = index % 5 != 1;
    addStored(stored, random, sweep);
  }
  return sweep;
}

} // namespace quanta::test
