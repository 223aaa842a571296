//===- LinalgSweep.cpp - Integer contractions with many tails -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;

namespace quanta::test {

namespace {

/// What a tail works on: the sum, an element of the same place of an i8 matrix,
/// one of the row, one of the column, one of the transposed place, a scalar.
struct Element {
  int32_t sum, residual, row, column, across, one;
};

/// An elementwise operation behind a contraction: `body` computes `%y`.
struct Tail {
  const char *type;
  ElementKind kind;
  const char *body;
  int64_t (*compute)(const Element &);
};

} // namespace

/// As arithmetic of the `arith` dialect: modulo 2^32.
static int32_t wrap(int64_t value) { return static_cast<int32_t>(value); }

static const Tail tails[] = {
    {"i32", ElementKind::I32, R"(
    %1 = arith.extsi %residual : i8 to i32
    %2 = arith.addi %sum, %1 : i32
    %3 = arith.muli %2, %row : i32
    %4 = arith.xori %3, %across : i32
    %5 = arith.subi %4, %column : i32
    %y = arith.addi %5, %one : i32)",
     [](const Element &e) -> int64_t {
       int32_t product =
           wrap(int64_t(wrap(int64_t(e.sum) + e.residual)) * e.row);
       return wrap(int64_t(wrap(int64_t(product ^ e.across) - e.column)) +
                   e.one);
     }},
    {"i8", ElementKind::I8, R"(
    %1 = arith.extui %residual : i8 to i32
    %2 = arith.addi %sum, %1 : i32
    %3 = arith.addi %2, %across : i32
    %y = arith.trunci %3 : i32 to i8)",
     [](const Element &e) -> int64_t {
       return int64_t(e.sum) + (e.residual & 255) + e.across;
     }},
    {"i16", ElementKind::I16, R"(
    %c = arith.constant 0 : i32
    %1 = arith.maxsi %sum, %c : i32
    %2 = arith.addi %1, %column : i32
    %y = arith.trunci %2 : i32 to i16)",
     [](const Element &e) -> int64_t {
       return int64_t(std::max(e.sum, 0)) + e.column;
     }},
    {"i64", ElementKind::I64, R"(
    %1 = arith.extsi %sum : i32 to i64
    %2 = arith.extsi %row : i32 to i64
    %3 = arith.muli %1, %2 : i64
    %c = arith.constant 5 : i64
    %y = arith.subi %3, %c : i64)",
     [](const Element &e) -> int64_t { return int64_t(e.sum) * e.row - 5; }},
    {"i32", ElementKind::I32, R"(
    %1 = arith.cmpi slt, %sum, %column : i32
    %2 = arith.select %1, %one, %sum : i32
    %c = arith.constant 3 : i32
    %y = arith.shrsi %2, %c : i32)",
     [](const Element &e) -> int64_t {
       return (e.sum < e.column ? e.one : e.sum) >> 3;
     }},
    {"i1", ElementKind::I1, R"(
    %y = arith.cmpi sgt, %sum, %across : i32)",
     [](const Element &e) -> int64_t { return e.sum > e.across; }},
    {"i4", ElementKind::U4, R"(
    %c = arith.constant 15 : i32
    %1 = arith.andi %sum, %c : i32
    %y = arith.trunci %1 : i32 to i4)",
     [](const Element &e) -> int64_t { return e.sum & 15; }},
    {"f32", ElementKind::I32, R"(
    %1 = arith.addi %sum, %one : i32
    %y = arith.bitcast %1 : i32 to f32)",
     [](const Element &e) -> int64_t { return int64_t(e.sum) + e.one; }},
};

static const char *header = R"(
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn3 = affine_map<(m, n, k) -> (m, n)>
#mn = affine_map<(m, n) -> (m, n)>
#nm = affine_map<(m, n) -> (n, m)>
#m = affine_map<(m, n) -> (m)>
#n = affine_map<(m, n) -> (n)>
#one = affine_map<(m, n) -> ()>
)";

/// {0} name, {1} n, {2} k, {3} result type, {4} ext op of lhs, {5} weights,
/// {6} bias, {7} body, {8} init operation, {9} type and {10} map of the
/// weights.
static const char *text = R"(
func.func @{0}(%x: tensor<?x{2}xi8>, %residual0: tensor<?x{1}xi8>,
    %row0: tensor<?xi32>, %column0: tensor<{1}xi32>,
    %across0: tensor<{1}x?xi32>, %one0: tensor<i32>) -> tensor<?x{1}x{3}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %m = tensor.dim %x, %c0 : tensor<?x{2}xi8>
  %w = arith.constant {5} : tensor<{9}xi8>
  %b = arith.constant {6} : tensor<{1}xi32>
  %e = tensor.empty(%m) : tensor<?x{1}xi32>
  %init = {8}
  %sums = linalg.generic {{indexing_maps = [#mk, {10}, #mn3],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x{2}xi8>, tensor<{9}xi8>)
      outs(%init : tensor<?x{1}xi32>) {{
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = {4} %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<?x{1}xi32>
  %r = tensor.empty(%m) : tensor<?x{1}x{3}>
  %result = linalg.generic {{
      indexing_maps = [#mn, #mn, #m, #n, #nm, #one, #mn],
      iterator_types = ["parallel", "parallel"]}
      ins(%sums, %residual0, %row0, %column0, %across0, %one0 :
          tensor<?x{1}xi32>, tensor<?x{1}xi8>, tensor<?xi32>, tensor<{1}xi32>,
          tensor<{1}x?xi32>, tensor<i32>)
      outs(%r : tensor<?x{1}x{3}>) {{
  ^bb0(%sum: i32, %residual: i8, %row: i32, %column: i32, %across: i32,
       %one: i32, %out: {3}):{7}
    linalg.yield %y : {3}
  } -> tensor<?x{1}x{3}>
  return %result : tensor<?x{1}x{3}>
}
)";

static std::vector<int64_t> makeInts(int64_t count, int shift, Random &random) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<int32_t>(random()) >> shift);
  return values;
}

static std::vector<int64_t> transpose(const std::vector<int64_t> &values,
                                      int64_t rows, int64_t columns) {
  std::vector<int64_t> result;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row)
      result.push_back(values[row * columns + column]);
  return result;
}

Sweep makeLinalgSweep(const DotShape &dot) {
  Random random(2);
  Sweep sweep;
  sweep.module = header;
  const int64_t sizes[] = {1, dot.lanes + 1, dot.columns() - 1, dot.columns(),
                           dot.columns() + dot.lanes + 1};
  const int64_t depths[] = {1, 3 * dot.kGroup, 5 * dot.kGroup - 1, 37};
  int index = 0;
  for (const Tail &tail : tails)
    for (bool isSigned : {false, true}) {
      int64_t n = sizes[index % 5], k = depths[index % 4];
      bool hasBias = index % 3 != 0, transposed = index % 7 == 6;
      ++index;
      std::string name = "linalg" + std::to_string(index);
      reference::StorageRange range = {-128, 127};
      if (!isSigned)
        range = {0, 255};
      std::vector<int64_t> weights =
          makeMatrix(k, n, true, {-128, 127}, random);
      std::vector<int64_t> bias = makeInts(n, 8, random);
      sweep.module += formatv(
          text, name, n, k, tail.type, isSigned ? "arith.extsi" : "arith.extui",
          formatDense(
              Array::get(ElementKind::I8, {},
                         transposed ? transpose(weights, k, n) : weights)),
          formatDense(Array::get(ElementKind::I32, {}, bias)), tail.body,
          formatv(hasBias ? "linalg.broadcast ins(%b : tensor<{0}xi32>) "
                            "outs(%e : tensor<?x{0}xi32>) dimensions = [0]"
                          : "linalg.fill ins(%zero : i32) "
                            "outs(%e : tensor<?x{0}xi32>) -> tensor<?x{0}xi32>",
                  n)
              .str(),
          transposed ? formatv("{0}x{1}", n, k).str()
                     : formatv("{0}x{1}", k, n).str(),
          transposed ? "#nk" : "#kn");

      std::vector<int32_t> rhs(weights.begin(), weights.end());
      std::vector<int32_t> start(bias.begin(), bias.end());
      std::vector<int64_t> column = makeInts(n, 12, random);
      for (int64_t m = 0; m <= dot.rows + 3; ++m) {
        std::vector<int64_t> x = makeMatrix(m, k, false, range, random);
        std::vector<int64_t> residual = makeInts(m * n, 24, random);
        std::vector<int64_t> row = makeInts(m, 0, random);
        std::vector<int64_t> across = makeInts(n * m, 14, random);
        std::vector<int64_t> one = makeInts(1, 4, random);
        std::vector<int32_t> lhs(x.begin(), x.end()), sums(m * n);
        reference::matmul(lhs.data(), 0, rhs.data(),
                          hasBias ? start.data() : nullptr, m, n, k,
                          sums.data());
        std::vector<int64_t> expected;
        for (int64_t i = 0; i < m * n; ++i) {
          auto at = [&](const std::vector<int64_t> &values, int64_t where) {
            return static_cast<int32_t>(values[where]);
          };
          expected.push_back(tail.compute(
              {sums[i], at(residual, i), at(row, i / n), at(column, i % n),
               at(across, i % n * m + i / n), at(one, 0)}));
        }
        Case testCase{name, {}, Array::get(tail.kind, {m, n}, expected)};
        testCase.arguments = {Array::get(ElementKind::I8, {m, k}, x),
                              Array::get(ElementKind::I8, {m, n}, residual),
                              Array::get(ElementKind::I32, {m}, row),
                              Array::get(ElementKind::I32, {n}, column),
                              Array::get(ElementKind::I32, {n, m}, across),
                              Array::get(ElementKind::I32, {}, one)};
        sweep.cases.push_back(std::move(testCase));
      }
    }
  return sweep;
}

} // namespace quanta::test
