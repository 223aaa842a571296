//===- ProductSweep.cpp - Products of two activations ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <array>
#include <map>

using namespace llvm;

namespace quanta::test {

namespace {

/// One order of the dimensions of the factors and the result.
struct Layout {
  const char *lhs, *rhs, *out;
};

struct Element {
  bool isSigned;
  int32_t zeroPoint;
  unsigned bits = 8;

  std::string storage() const { return "i" + std::to_string(bits); }
  ElementKind kind() const {
    return bits == 4 ? ElementKind::U4 : ElementKind::I8;
  }
};

/// A product of activations, or with constant weights.
struct ProductCase {
  std::string name;
  Layout layout;
  std::map<char, int64_t> sizes;
  Element lhs, rhs;
  bool isFloat = false;
  bool isConstant = false;
  bool hasInit = false;
  /// Dimensions whose sizes are not in the text.
  StringRef open;
};

} // namespace

// The last ones: rows of two dimensions and one right factor, batches that are
// not outermost, factors in the other order, no batch.
static const Layout layouts[] = {
    {"bmk", "bkn", "bmn"}, {"bmk", "bnk", "bmn"},    {"bkm", "bkn", "bmn"},
    {"mbk", "nbk", "bmn"}, {"abmk", "abkn", "abmn"}, {"mbk", "bkn", "mbn"},
    {"bmk", "kn", "bmn"},  {"bmk", "nk", "mbn"},     {"bmk", "bnk", "bnm"},
    {"mk", "kn", "mn"},    {"mk", "nk", "mn"},       {"nbk", "mbk", "bmn"},
};

static std::string formatMap(StringRef dims) {
  std::string results;
  for (char dim : dims)
    results += (results.empty() ? "" : ", ") + std::string(1, dim);
  return results;
}

static Shape getShape(const ProductCase &product, StringRef dims) {
  Shape shape;
  for (char dim : dims)
    shape.push_back(product.sizes.at(dim));
  return shape;
}

static int64_t getCount(const Shape &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static std::string formatType(const ProductCase &product, StringRef dims,
                              StringRef element, bool isConstant = false) {
  std::string type = "tensor<";
  for (char dim : dims) {
    bool isDynamic = !isConstant && product.open.contains(dim);
    type += isDynamic ? "?" : std::to_string(product.sizes.at(dim));
    type += "x";
  }
  return type + element.str() + ">";
}

static std::string formatText(const ProductCase &product,
                              const Array &weights) {
  StringRef lhs = product.layout.lhs, rhs = product.layout.rhs,
            out = product.layout.out;
  std::string dims = formatMap(product.sizes.count('a')   ? "abmnk"
                               : product.sizes.count('b') ? "bmnk"
                                                          : "mnk");
  std::string iterators;
  for (char dim : dims)
    if (isAlpha(dim))
      iterators += std::string(iterators.empty() ? "" : ", ") +
                   (dim == 'k' ? "\"reduction\"" : "\"parallel\"");
  StringRef factor = product.isFloat ? "f32" : "i8";
  std::string weight = product.isConstant && !product.isFloat
                           ? product.rhs.storage()
                           : factor.str();
  StringRef sum = product.isFloat ? "f32" : "i32";
  std::string text =
      formatv("func.func @{0}(%x: {1}, %y: {2}, %init: {3}) -> {3} {{\n",
              product.name, formatType(product, lhs, factor),
              formatType(product, rhs, factor), formatType(product, out, sum));
  std::string right = "%y";
  if (product.isConstant) {
    right = "%w";
    text += formatv("  %w = arith.constant {0} : {1}\n", formatDense(weights),
                    formatType(product, rhs, weight, true));
  }
  std::string start = "%init";
  if (!product.hasInit) {
    // Sizes come from the argument, elements do not.
    start = "%zeros";
    text += formatv("  %zero = arith.constant {0} : {1}\n"
                    "  %zeros = linalg.fill ins(%zero : {1}) outs(%init : {2}) "
                    "-> {2}\n",
                    product.isFloat ? "0.0" : "0", sum,
                    formatType(product, out, sum));
  }
  text += formatv(
      "  %r = linalg.generic {{indexing_maps = [affine_map<({0}) -> ({1})>, "
      "affine_map<({0}) -> ({2})>, affine_map<({0}) -> ({3})>], "
      "iterator_types = [{4}]} ins(%x, {5} : {6}, {7}) outs({8} : {9}) {{\n",
      dims, formatMap(lhs), formatMap(rhs), formatMap(out), iterators, right,
      formatType(product, lhs, factor),
      formatType(product, rhs, weight, product.isConstant), start,
      formatType(product, out, sum));
  if (product.isFloat) {
    text += "  ^bb0(%a: f32, %b: f32, %acc: f32):\n"
            "    %p = arith.mulf %a, %b : f32\n"
            "    %s = arith.addf %acc, %p : f32\n";
  } else {
    text += "  ^bb0(%a: i8, %b: " + weight + ", %acc: i32):\n";
    auto extend = [&](StringRef to, StringRef from, const Element &element) {
      text += formatv("    %{0}0 = arith.{2} %{1} : {4} to i32\n"
                      "    %{0}1 = arith.constant {3} : i32\n"
                      "    %{0}2 = arith.subi %{0}0, %{0}1 : i32\n",
                      to, from, element.isSigned ? "extsi" : "extui",
                      element.zeroPoint, element.storage());
    };
    extend("i", "a", product.lhs);
    extend("j", "b", product.rhs);
    text += "    %p = arith.muli %i2, %j2 : i32\n"
            "    %s = arith.addi %p, %acc : i32\n";
  }
  return text + formatv("    linalg.yield %s : {0}\n  } -> {1}\n"
                        "  return %r : {1}\n}\n",
                        sum, formatType(product, out, sum))
                    .str();
}

/// `out + sum (lhs - zp) * (rhs - zp)`, one product after the other.
static std::vector<int64_t> compute(const ProductCase &product,
                                    const std::vector<int64_t> &lhs,
                                    const std::vector<int64_t> &rhs,
                                    const std::vector<int64_t> &init) {
  std::vector<int64_t> result(init.size());
  std::map<char, int64_t> at;
  auto find = [&](StringRef dims) {
    int64_t index = 0;
    for (char dim : dims)
      index = index * product.sizes.at(dim) + at[dim];
    return index;
  };
  for (size_t i = 0; i < result.size(); ++i) {
    int64_t rest = i;
    for (char dim : reverse(StringRef(product.layout.out))) {
      at[dim] = rest % product.sizes.at(dim);
      rest /= product.sizes.at(dim);
    }
    uint32_t sum = product.hasInit ? init[i] : 0;
    for (at['k'] = 0; at['k'] < product.sizes.at('k'); ++at['k'])
      sum += static_cast<uint32_t>(
                 (lhs[find(product.layout.lhs)] - product.lhs.zeroPoint)) *
             static_cast<uint32_t>(
                 (rhs[find(product.layout.rhs)] - product.rhs.zeroPoint));
    result[i] = static_cast<int32_t>(sum);
  }
  return result;
}

static std::vector<int64_t> makeFactor(const ProductCase &product,
                                       const Element &element, int64_t count,
                                       Random &random) {
  // Products and sums of small integers are exact in f32, in any order.
  if (product.isFloat)
    return makeMatrix(1, count, true, {-9, 9}, random);
  int32_t values = 1 << element.bits;
  reference::StorageRange range = {0, values - 1};
  if (element.isSigned)
    range = {-values / 2, values / 2 - 1};
  return makeMatrix(1, count, true, range, random);
}

static Array makeArray(const ProductCase &product, Shape shape,
                       ElementKind kind, const std::vector<int64_t> &values) {
  if (product.isFloat)
    return Array::get(std::move(shape),
                      std::vector<float>(values.begin(), values.end()));
  return Array::get(kind, std::move(shape), values);
}

static void addProduct(const ProductCase &product, Random &random,
                       Sweep &sweep) {
  Shape lhsShape = getShape(product, product.layout.lhs),
        rhsShape = getShape(product, product.layout.rhs),
        outShape = getShape(product, product.layout.out);
  std::vector<int64_t> lhs =
      makeFactor(product, product.lhs, getCount(lhsShape), random);
  std::vector<int64_t> rhs =
      makeFactor(product, product.rhs, getCount(rhsShape), random);
  std::vector<int64_t> init;
  for (int64_t i = 0; i < getCount(outShape); ++i)
    init.push_back(static_cast<int32_t>(random()) >> 16);
  Array x = makeArray(product, lhsShape, ElementKind::I8, lhs);
  Array y = makeArray(product, rhsShape, ElementKind::I8, rhs);
  sweep.module += formatText(
      product, makeArray(product, rhsShape, product.rhs.kind(), rhs));
  sweep.cases.push_back(
      {product.name,
       {x, y, makeArray(product, outShape, ElementKind::I32, init)},
       makeArray(product, outShape, ElementKind::I32,
                 compute(product, lhs, rhs, init))});
}

Sweep makeProductSweep(const DotShape &dot) {
  Sweep sweep;
  Random random(3);
  int64_t lanes = dot.lanes, group = dot.kGroup;
  const int64_t ns[] = {1,
                        lanes,
                        lanes - 1,
                        dot.columns(),
                        dot.columns() + 1,
                        2 * dot.columns() + lanes + 3};
  // Squares of words of every size, whole words and a part of one.
  const int64_t ks[] = {
      1,         group * lanes,     group * (2 * lanes - 1) + group - 1,
      3 * group, group * lanes + 1, std::max<int64_t>(group - 1, 1),
      7 * group};
  const int64_t ms[] = {1, dot.rows, dot.rows + 3};
  const Element elements[] = {{false, 0}, {true, 0},    {false, 130},
                              {true, -7}, {false, 128}, {true, 127}};
  int index = 0;
  for (const Layout &layout : layouts)
    for (int variant = 0; variant < 4; ++variant) {
      ProductCase product;
      product.name = "product" + std::to_string(index);
      product.layout = layout;
      for (char dim : std::string(layout.lhs) + layout.rhs)
        product.sizes[dim] = dim == 'm'   ? ms[index % 3]
                             : dim == 'n' ? ns[index % 6]
                             : dim == 'k' ? ks[index % 7]
                                          : 2 + index % 2;
      product.lhs = elements[index % 6];
      product.rhs = elements[(index / 2 + 1) % 6];
      product.isFloat = variant == 2;
      product.isConstant = variant == 1 || variant == 3;
      // In any order, with zero points inside and outside of the range.
      if (variant == 3)
        product.rhs.bits = 4;
      product.hasInit = index % 5 == 2 && !product.isFloat;
      if (index % 3 == 1 && !product.isConstant)
        product.open = "abm";
      if (product.isFloat)
        product.lhs = product.rhs = {true, 0};
      addProduct(product, random, sweep);
      ++index;
    }
  // Blocks of columns and of terms, whole ones and what is left of one.
  const StringRef open[] = {"n", "mk", "abmnk"};
  const int64_t terms[] = {1, 65, 130};
  for (int i = 0; i < 3; ++i) {
    ProductCase product;
    product.name = "open" + std::to_string(i);
    product.layout = layouts[std::array{8, 1, 11}[i]];
    for (char dim : std::string(product.layout.lhs) + product.layout.rhs)
      product.sizes[dim] = dim == 'm'   ? ms[i % 3]
                           : dim == 'n' ? ns[(i + 3) % 6]
                           : dim == 'k' ? terms[i]
                                        : 2;
    product.open = open[i];
    product.isFloat = i == 1;
    product.hasInit = i % 2;
    product.lhs = product.isFloat ? Element{true, 0} : elements[i];
    product.rhs = product.isFloat ? Element{true, 0} : elements[(i + 2) % 6];
    addProduct(product, random, sweep);
  }
  return sweep;
}

} // namespace quanta::test
