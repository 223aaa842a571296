//===- Amx.cpp - tdpbusd --------------------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace quanta {

namespace {

/// Rows of a tile, columns of 32 bits, and groups of K.
constexpr int64_t tileSize = 16;
constexpr int64_t group = 4;

/// Two by two tiles of sums, or one by four, two of activations and one or two
/// of weights are all of the eight registers. All of them are full: a register
/// has one shape in a function.
class MatrixBuilder {
public:
  MatrixBuilder(OpBuilder &b, Location loc, const MatrixProduct &product)
      : b(b), loc(loc), product(product),
        bytes(amx::TileType::get({tileSize, tileSize * group}, b.getI8Type())),
        words(amx::TileType::get({tileSize, tileSize}, b.getI32Type())) {}

  void build() {
    int64_t most = maxSums / countRows() * tileSize;
    for (int64_t column = 0; column < product.columns; column += most)
      buildColumns(column, std::min(most, product.columns - column) / tileSize);
    for (int64_t i = 0; i < across(); ++i)
      storeColumn(i);
  }

private:
  static constexpr int64_t maxSums = 4;
  OpBuilder &b;
  Location loc;
  const MatrixProduct &product;
  amx::TileType bytes, words;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value left, int64_t right) {
    return arith::AddIOp::create(b, loc, left, index(right));
  }
  int64_t countRows() const {
    return static_cast<int64_t>(product.rows.size());
  }

  /// Tiles of columns whose sums are in registers, see `sums`.
  int64_t across() const {
    return static_cast<int64_t>(sums.size()) / countRows();
  }

  void buildColumns(int64_t column, int64_t across);
  void storeColumn(int64_t number);
  void addRun(int64_t run, int64_t firstGroup);
  void fetchAhead(int64_t part, int64_t run, Value firstGroup);
  void addProducts(int64_t column, int64_t run, Value firstGroup,
                   MutableArrayRef<Value> to, Value tail,
                   function_ref<void(int64_t)> start = nullptr);

  /// Row by row, and the first column.
  SmallVector<Value> sums;
  int64_t sumsColumn = 0;
};

/// So many tiles of columns from `first` on. Each of their first products
/// follows the store of those sums before them that were in its registers: a
/// store waits for products, and products behind it do not wait for the store.
void MatrixBuilder::buildColumns(int64_t first, int64_t count) {
  int64_t before = across();
  for (int64_t i = count; i < before; ++i)
    storeColumn(i);
  SmallVector<Value> started(countRows() * count);
  auto start = [&](int64_t i) {
    if (i < before)
      storeColumn(i);
    // All rows start from the same sums.
    for (int64_t row = 0; row < countRows(); ++row)
      started[row * count + i] = amx::TileLoadOp::create(
          b, loc, words, product.init,
          add(product.initStart, first + i * tileSize), index(0));
  };
  bool isTail = product.tail && product.groups == tileSize;
  addProducts(first, 0, index(0), started, isTail ? product.tail : Value(),
              start);
  sums = started;
  sumsColumn = first;
  addRun(0, tileSize);
  for (int64_t run = 1; run < static_cast<int64_t>(product.runs.size()); ++run)
    addRun(run, 0);
}

/// Stores one tile of columns.
void MatrixBuilder::storeColumn(int64_t number) {
  for (int64_t row = 0; row < countRows(); ++row)
    amx::TileStoreOp::create(b, loc, product.sums,
                             ValueRange{index(row * tileSize),
                                        index(sumsColumn + number * tileSize)},
                             sums[row * across() + number]);
}

/// Adds the products of a run from a group of K on.
void MatrixBuilder::addRun(int64_t run, int64_t firstGroup) {
  int64_t end = product.groups - (product.tail ? tileSize : 0);
  if (end > firstGroup) {
    auto loop = scf::ForOp::create(b, loc, index(firstGroup), index(end),
                                   index(tileSize), ValueRange(sums));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      SmallVector<Value> carried(loop.getRegionIterArgs());
      addProducts(sumsColumn, run, loop.getInductionVar(), carried, {});
      scf::YieldOp::create(b, loc, carried);
    }
    llvm::copy(loop.getResults(), sums.begin());
  }
  if (product.tail && end >= firstGroup)
    addProducts(sumsColumn, run, index(end), sums, product.tail);
}

/// Adds the products of a tile full of groups of K. What each tile of columns
/// adds to comes from `start`, if there is one.
void MatrixBuilder::addProducts(int64_t column, int64_t run, Value firstGroup,
                                MutableArrayRef<Value> to, Value tail,
                                function_ref<void(int64_t)> start) {
  // Of one group, all columns lie side by side.
  int64_t stride = product.columns * group;
  Value weightsStart = arith::AddIOp::create(
      b, loc, product.start,
      arith::MulIOp::create(b, loc, add(firstGroup, run * product.groups),
                            index(stride)));
  Value depth = add(arith::MulIOp::create(b, loc, firstGroup, index(group)),
                    product.runs[run]);
  SmallVector<Value> left;
  for (auto [i, row] : llvm::enumerate(product.rows)) {
    SmallVector<Value> at{row, depth};
    if (tail)
      at = {index(static_cast<int64_t>(i) * tileSize), index(0)};
    left.push_back(
        amx::TileLoadOp::create(b, loc, bytes, tail ? tail : product.lhs, at));
  }
  int64_t count = static_cast<int64_t>(to.size()) / countRows();
  fetchAhead(column / (count * tileSize), run, firstGroup);
  for (int64_t i = 0; i < count; ++i) {
    Value weights = amx::TileLoadOp::create(
        b, loc, bytes, product.rhs,
        add(weightsStart, (column + i * tileSize) * group), index(stride));
    if (start)
      start(i);
    for (int64_t row = 0; row < countRows(); ++row) {
      Value &sum = to[row * count + i];
      sum = amx::TileMulIOp::create(b, loc, words, left[row], weights, sum,
                                    /*isZextLhs=*/true, /*isZextRhs=*/false);
    }
  }
}

/// Into the second cache: the first one is too small for a block of weights.
void MatrixBuilder::fetchAhead(int64_t part, int64_t run, Value firstGroup) {
  if (!product.ahead)
    return;
  constexpr int64_t line = 64;
  int64_t size = product.linesAhead * line;
  int64_t runs = static_cast<int64_t>(product.runs.size());
  // A register of K is `tileSize` groups.
  Value group = add(firstGroup, (part * runs + run) * product.groups);
  Value start = arith::AddIOp::create(
      b, loc, product.ahead,
      arith::MulIOp::create(b, loc, group, index(size / tileSize)));
  for (int64_t i = 0; i < product.linesAhead; ++i)
    memref::PrefetchOp::create(b, loc, product.rhs, add(start, i * line),
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
}

/// What both instruction sets do alike. Processors with AMX have VBMI.
Avx512VnniAttr getVnni(AmxAttr attr) {
  return Avx512VnniAttr::get(attr.getContext(), /*vbmi=*/true);
}

} // namespace

DotShape AmxAttr::getDotShape() const {
  DotShape shape = getVnni(*this).getDotShape();
  shape.matrixRows = tileSize;
  return shape;
}

Value AmxAttr::buildBroadcast(OpBuilder &builder, Location loc, Value lhs,
                              ValueRange indices, int64_t valid,
                              bool flip) const {
  return getVnni(*this).buildBroadcast(builder, loc, lhs, indices, valid, flip);
}

Value AmxAttr::buildLoadWeights(OpBuilder &builder, Location loc, Value rhs,
                                ValueRange indices) const {
  return getVnni(*this).buildLoadWeights(builder, loc, rhs, indices);
}

Value AmxAttr::buildDot(OpBuilder &builder, Location loc, Value acc, Value lhs,
                        Value rhs) const {
  return getVnni(*this).buildDot(builder, loc, acc, lhs, rhs);
}

Value AmxAttr::buildRoundToBytes(OpBuilder &builder, Location loc,
                                 ValueRange inputs,
                                 const ByteRounding &rounding) const {
  return getVnni(*this).buildRoundToBytes(builder, loc, inputs, rounding);
}

int64_t AmxAttr::getLookupLanes() const {
  return getVnni(*this).getLookupLanes();
}

Value AmxAttr::buildLookup(OpBuilder &builder, Location loc, ValueRange table,
                           Value indices) const {
  return getVnni(*this).buildLookup(builder, loc, table, indices);
}

SmallVector<Value> AmxAttr::buildInterleave(OpBuilder &builder, Location loc,
                                            ValueRange rows) const {
  return getVnni(*this).buildInterleave(builder, loc, rows);
}

void AmxAttr::buildMatrixProducts(OpBuilder &builder, Location loc,
                                  const MatrixProduct &product) const {
  MatrixBuilder(builder, loc, product).build();
}

} // namespace quanta
