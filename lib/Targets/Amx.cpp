//===- Amx.cpp - tdpbusd --------------------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace quanta {

namespace {

/// Rows of a tile, columns of 32 bits, and groups of K.
constexpr int64_t tileSize = 16;
constexpr int64_t group = 4;

/// Two by two tiles of sums, two of activations and two of weights are all of
/// the eight registers. All of them are full: a register has one shape in a
/// function.
class MatrixBuilder {
public:
  MatrixBuilder(OpBuilder &b, Location loc, const MatrixProduct &product)
      : b(b), loc(loc), product(product),
        bytes(amx::TileType::get({tileSize, tileSize * group}, b.getI8Type())),
        words(amx::TileType::get({tileSize, tileSize}, b.getI32Type())) {}

  void build() {
    for (int64_t column = 0; column < product.columns; column += 2 * tileSize)
      buildColumns(column);
  }

private:
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
  int64_t countRows() const { return product.rows / tileSize; }
  int64_t countColumns(int64_t column) const {
    return std::min<int64_t>(2, (product.columns - column) / tileSize);
  }

  void buildColumns(int64_t column);
  void addProducts(int64_t column, Value firstGroup,
                   MutableArrayRef<Value> sums);
};

/// Up to two tiles of columns from `column` on.
void MatrixBuilder::buildColumns(int64_t column) {
  int64_t across = countColumns(column);
  SmallVector<Value> zeros;
  for (int64_t i = 0; i < countRows() * across; ++i)
    zeros.push_back(amx::TileZeroOp::create(b, loc, words));
  auto loop = scf::ForOp::create(b, loc, index(0), index(product.groups),
                                 index(tileSize), zeros);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> sums(loop.getRegionIterArgs());
    addProducts(column, loop.getInductionVar(), sums);
    scf::YieldOp::create(b, loc, sums);
  }
  for (auto [i, sum] : llvm::enumerate(loop.getResults())) {
    auto tile = static_cast<int64_t>(i);
    amx::TileStoreOp::create(
        b, loc, product.sums,
        ValueRange{index(tile / across * tileSize),
                   index(column + tile % across * tileSize)},
        sum);
  }
}

/// Adds the products of a tile full of groups of K.
void MatrixBuilder::addProducts(int64_t column, Value firstGroup,
                                MutableArrayRef<Value> sums) {
  int64_t across = countColumns(column);
  Value depth = arith::MulIOp::create(b, loc, firstGroup, index(group));
  // Of one group, all columns lie side by side.
  Value stride = index(product.columns * group);
  Value start = arith::AddIOp::create(
      b, loc, product.start, arith::MulIOp::create(b, loc, firstGroup, stride));
  SmallVector<Value> weights;
  for (int64_t i = 0; i < across; ++i)
    weights.push_back(amx::TileLoadOp::create(
        b, loc, bytes, product.rhs, add(start, (column + i * tileSize) * group),
        stride));
  for (int64_t row = 0; row < countRows(); ++row) {
    Value left = amx::TileLoadOp::create(
        b, loc, bytes, product.lhs,
        ValueRange{add(product.row, row * tileSize), depth});
    for (int64_t i = 0; i < across; ++i) {
      Value &sum = sums[row * across + i];
      sum = amx::TileMulIOp::create(b, loc, words, left, weights[i], sum,
                                    /*isZextLhs=*/true, /*isZextRhs=*/false);
    }
  }
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
