//===- HalfSweep.cpp - Contractions of f16 and bf16 -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <map>

using namespace llvm;

namespace quanta::test {

namespace {

using Index = std::map<char, int64_t>;

/// A product, or a convolution, of tensors whose dimensions are sums of the
/// letters of iterators: those of the result are n, h, w, f; those that are
/// summed over i, j, c, in this order.
struct HalfCase {
  std::string name;
  std::vector<std::string> lhs, rhs, out;
  StringRef domain;
  Index sizes;
  bool isBFloat = false, isConstant = true, hasBias = false;

  StringRef type() const { return isBFloat ? "bf16" : "f16"; }
  float round(float x) const {
    return isBFloat ? reference::roundToBF16(x) : reference::roundToF16(x);
  }
  /// Dimension of the result along which the bias lies.
  size_t channelDim() const {
    auto it = find(out, "f");
    return it == out.end() ? out.size() - 1 : it - out.begin();
  }
  /// Indices of `dims` at one point of the iteration space.
  static Shape at(ArrayRef<std::string> dims, const Index &point) {
    Shape result;
    for (const std::string &dim : dims) {
      result.push_back(0);
      for (char letter : dim)
        result.back() += point.at(letter);
    }
    return result;
  }
  Shape shape(ArrayRef<std::string> dims) const {
    Index last;
    for (auto [letter, size] : sizes)
      last[letter] = size - 1;
    Shape result = at(dims, last);
    for (int64_t &size : result)
      ++size;
    return result;
  }
};

} // namespace

static int64_t getPosition(ArrayRef<int64_t> shape, ArrayRef<int64_t> index) {
  int64_t position = 0;
  for (auto [size, i] : zip(shape, index))
    position = position * size + i;
  return position;
}

static std::string formatMap(StringRef domain, ArrayRef<std::string> dims) {
  std::string from, to;
  for (char letter : domain)
    from += (from.empty() ? "" : ", ") + std::string(1, letter);
  for (const std::string &dim : dims) {
    to += to.empty() ? "" : ", ";
    for (auto [i, letter] : enumerate(dim))
      to += (i ? " + " : "") + std::string(1, letter);
  }
  return formatv("affine_map<({0}) -> ({1})>", from, to);
}

static std::string formatHalf(const HalfCase &half, ArrayRef<float> values) {
  std::string bytes;
  for (float value : values) {
    APFloat narrow(value);
    bool losesInfo;
    narrow.convert(half.isBFloat ? APFloat::BFloat() : APFloat::IEEEhalf(),
                   APFloat::rmNearestTiesToEven, &losesInfo);
    uint64_t bits = narrow.bitcastToAPInt().getZExtValue();
    bytes += static_cast<char>(bits & 255);
    bytes += static_cast<char>(bits >> 8);
  }
  return "dense<\"0x" + toHex(bytes) + "\">";
}

/// The values by the formulas of rules 9 and 10.
static std::vector<float> compute(const HalfCase &half, ArrayRef<float> x,
                                  ArrayRef<float> w, ArrayRef<float> bias) {
  Shape lhs = half.shape(half.lhs), rhs = half.shape(half.rhs),
        out = half.shape(half.out);
  int64_t inner = 1;
  for (size_t dim = half.channelDim() + 1; dim < out.size(); ++dim)
    inner *= out[dim];
  std::vector<float> sums(countElements(out));
  for (auto [i, sum] : enumerate(sums))
    sum = half.hasBias ? bias[i / inner % bias.size()] : 0;
  int64_t points = 1;
  for (char letter : half.domain)
    points *= half.sizes.at(letter);
  // The first letter of the domain is outermost.
  for (int64_t i = 0; i < points; ++i) {
    Index point;
    int64_t rest = i;
    for (char letter : reverse(half.domain)) {
      point[letter] = rest % half.sizes.at(letter);
      rest /= half.sizes.at(letter);
    }
    float &sum = sums[getPosition(out, HalfCase::at(half.out, point))];
    sum = std::fma(
        half.round(x[getPosition(lhs, HalfCase::at(half.lhs, point))]),
        half.round(w[getPosition(rhs, HalfCase::at(half.rhs, point))]), sum);
  }
  for (float &sum : sums)
    sum = half.round(sum);
  return sums;
}

static void addHalf(const HalfCase &half, Random &random, Sweep &sweep) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  // Down to subnormal numbers of f16, and sums beyond its largest now and then.
  std::uniform_int_distribution<int> exponent(-18, 9);
  auto makeFloats = [&](int64_t count) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(std::ldexp(uniform(random), exponent(random)));
    return values;
  };
  Shape lhs = half.shape(half.lhs), rhs = half.shape(half.rhs),
        out = half.shape(half.out);
  std::vector<float> x = makeFloats(countElements(lhs)),
                     w = makeFloats(countElements(rhs)),
                     bias = makeFloats(out[half.channelDim()]);
  std::string lhsType = formatTensor(lhs, "f32"),
              lhsHalf = formatTensor(lhs, half.type()),
              rhsType = formatTensor(rhs, "f32"),
              rhsHalf = formatTensor(rhs, half.type()),
              outType = formatTensor(out, "f32"),
              outHalf = formatTensor(out, half.type());
  sweep.module +=
      formatv("func.func @{0}(%x: {1}{2}) -> {3} {{\n", half.name, lhsType,
              half.isConstant ? "" : ", %y: " + rhsType, outType);
  if (half.isConstant)
    sweep.module += formatv("  %w = arith.constant {0} : {1}\n",
                            formatHalf(half, w), rhsHalf);
  else
    sweep.module +=
        formatv("  %w = arith.truncf %y : {0} to {1}\n", rhsType, rhsHalf);
  sweep.module += formatv("  %t = arith.truncf %x : {0} to {1}\n"
                          "  %l = arith.extf %t : {1} to {0}\n"
                          "  %e = tensor.empty() : {2}\n",
                          lhsType, lhsHalf, outType);
  if (half.hasBias) {
    std::string others;
    for (size_t dim = 0; dim < out.size(); ++dim)
      if (dim != half.channelDim())
        others += (others.empty() ? "" : ", ") + std::to_string(dim);
    sweep.module += formatv(
        "  %b = arith.constant {0} : tensor<{1}xf32>\n"
        "  %s = linalg.broadcast ins(%b : tensor<{1}xf32>) outs(%e : {2}) "
        "dimensions = [{3}]\n",
        formatDense(Array::get({out[half.channelDim()]}, bias)), bias.size(),
        outType, others);
  } else {
    sweep.module += formatv("  %z = arith.constant 0.0 : f32\n"
                            "  %s = linalg.fill ins(%z : f32) outs(%e : {0}) "
                            "-> {0}\n",
                            outType);
  }
  sweep.module += formatv(
      "  %r = quanta.weight_only_contract %l, %w init %s maps [{0}, {1}, {2}] "
      ": {3}, {4} -> {5}\n"
      "  %u = arith.truncf %r : {5} to {6}\n"
      "  %v = arith.extf %u : {6} to {5}\n"
      "  return %v : {5}\n}\n",
      formatMap(half.domain, half.lhs), formatMap(half.domain, half.rhs),
      formatMap(half.domain, half.out), lhsType, rhsHalf, outType, outHalf);
  std::vector<Array> arguments{Array::get(lhs, x)};
  if (!half.isConstant)
    arguments.push_back(Array::get(rhs, w));
  sweep.cases.push_back(
      {half.name, arguments, Array::get(out, compute(half, x, w, bias))});
}

Sweep makeHalfSweep(const DotShape &dot) {
  Sweep sweep;
  Random random(10);
  int64_t lanes = dot.lanes;
  const int64_t ns[] = {1, lanes, dot.columns() + 1, 2 * dot.columns()};
  const int64_t ks[] = {1, 7, 40};
  const int64_t ms[] = {1, dot.rows, dot.rows + 3};
  struct Layout {
    std::vector<std::string> lhs, rhs, out;
  };
  const Layout layouts[] = {{{"m", "k"}, {"k", "n"}, {"m", "n"}},
                            {{"m", "k"}, {"n", "k"}, {"m", "n"}},
                            {{"b", "m", "k"}, {"b", "k", "n"}, {"b", "m", "n"}},
                            {{"b", "m", "k"}, {"n", "k"}, {"b", "m", "n"}},
                            // The constant is the left factor here.
                            {{"k", "n"}, {"m", "k"}, {"m", "n"}}};
  int count = 0;
  auto add = [&](const Layout &layout, StringRef domain, Index sizes) {
    HalfCase half{"half" + std::to_string(count),
                  layout.lhs,
                  layout.rhs,
                  layout.out,
                  domain,
                  std::move(sizes)};
    half.isBFloat = count % 2;
    half.isConstant = count % 3 != 2;
    half.hasBias = count % 5 != 1;
    ++count;
    addHalf(half, random, sweep);
  };
  for (int index = 0; index < 12; ++index) {
    const Layout &layout = layouts[index % 5];
    Index sizes{
        {'m', ms[index % 3]}, {'n', ns[index % 4]}, {'k', ks[index / 4]}};
    bool hasBatch = is_contained(layout.out, "b");
    if (hasBatch)
      sizes['b'] = 3;
    add(layout, hasBatch ? "bmnk" : "mnk", sizes);
  }
  // Channels first and last, and depthwise; sums in the order i, j, c.
  const Layout convolutions[] = {
      {{"n", "hi", "wj", "c"}, {"i", "j", "c", "f"}, {"n", "h", "w", "f"}},
      {{"n", "c", "hi", "wj"}, {"f", "c", "i", "j"}, {"n", "f", "h", "w"}},
      {{"n", "hi", "wj", "f"}, {"i", "j", "f"}, {"n", "h", "w", "f"}},
      {{"n", "c", "wj"}, {"f", "c", "j"}, {"n", "f", "w"}}};
  for (int index = 0; index < 8; ++index) {
    const Layout &layout = convolutions[index % 4];
    Index sizes{{'n', 2}, {'w', 5}, {'j', 2}, {'f', lanes + 3}};
    std::string domain = "nf";
    if (index % 4 != 3) {
      sizes.insert({{'h', 4}, {'i', 3}});
      domain += "h";
    }
    domain += "w";
    domain += index % 4 != 3 ? "ij" : "j";
    if (index % 4 != 2) {
      sizes['c'] = index < 4 ? 3 : 8;
      domain += "c";
    }
    add(layout, domain, sizes);
  }
  return sweep;
}

} // namespace quanta::test
