//===- GenerateStored.cpp - Sums over weights stored as integers ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GenerateStored.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

namespace {
/// Builds, for one tile of accumulators:
///
///   for each block along K
///     load scales and zero points
///     for each group of elements that lie in one lane
///       load the weights, dequantize them, add the products of all rows
class StoredProducts {
public:
  StoredProducts(TileBuilder &tile, int64_t rows, int64_t vectors,
                 LhsIndices getIndices)
      : tile(tile), b(tile.builder()), loc(tile.getLoc()),
        shape(tile.getShape()), dot(cast<StoredFmaAttr>(tile.getDot())),
        getIndices(getIndices), rows(rows), vectors(vectors) {}

  SmallVector<Value> build(Value start, int64_t k, ValueRange accumulators) {
    int64_t blocks = k / shape.storedBlock;
    int64_t width = vectors * shape.lanes;
    return loop(blocks, accumulators, [&](Value block, ValueRange carried) {
      return buildBlock(
          tile.add(start, tile.mul(block, width * shape.storedBlockBytes())),
          tile.mul(block, shape.storedBlock), carried);
    });
  }

private:
  TileBuilder &tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  StoredFmaAttr dot;
  LhsIndices getIndices;
  int64_t rows, vectors;
  SmallVector<Value> scales, zeroPoints;

  /// `count` iterations that carry the accumulators.
  SmallVector<Value>
  loop(int64_t count, ValueRange accumulators,
       function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    if (count == 0)
      return accumulators;
    if (count == 1)
      return body(tile.index(0), accumulators);
    auto loop = scf::ForOp::create(b, loc, tile.index(0), tile.index(count),
                                   tile.index(1), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(
        b, loc, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    return loop.getResults();
  }

  /// One vector of bytes for each vector of columns, from `start` on.
  Value loadBytes(Value start, int64_t vector, int64_t bytes) {
    int64_t size = shape.lanes * bytes;
    return vector::LoadOp::create(b, loc, VectorType::get(size, b.getI8Type()),
                                  tile.getRhs(),
                                  tile.add(start, vector * size));
  }

  SmallVector<Value> buildBlock(Value start, Value depth,
                                ValueRange accumulators) {
    int64_t width = vectors * shape.lanes;
    auto wide = VectorType::get(shape.lanes, b.getI32Type());
    scales.clear();
    zeroPoints.clear();
    for (int64_t vector = 0; vector < vectors; ++vector)
      scales.push_back(vector::BitCastOp::create(
          b, loc, VectorType::get(shape.lanes, b.getF32Type()),
          loadBytes(start, vector, 4)));
    for (int64_t vector = 0; vector < vectors && shape.storesZeroPoints;
         ++vector) {
      Value bytes = loadBytes(tile.add(start, 4 * width), vector, 1);
      if (dot.getIsSigned())
        zeroPoints.push_back(arith::ExtSIOp::create(b, loc, wide, bytes));
      else
        zeroPoints.push_back(arith::ExtUIOp::create(b, loc, wide, bytes));
    }
    Value weights = tile.add(start, width * shape.storedHeadBytes());
    int64_t group = shape.storedGroup();
    int64_t whole = shape.storedBlock / group, rest = shape.storedBlock % group;
    auto build = [&](Value index, int64_t valid, ValueRange carried) {
      return buildGroup(
          tile.add(weights, tile.mul(index, width * shape.storedGroupBytes())),
          tile.add(depth, tile.mul(index, group)), valid, carried);
    };
    SmallVector<Value> sums =
        loop(whole, accumulators, [&](Value index, ValueRange carried) {
          return build(index, group, carried);
        });
    return rest ? build(tile.index(whole), rest, sums) : sums;
  }

  SmallVector<Value> buildGroup(Value start, Value depth, int64_t valid,
                                ValueRange accumulators) {
    SmallVector<Value> sums(accumulators), stored;
    int64_t vectorBytes = shape.lanes * shape.storedGroupBytes();
    for (int64_t vector = 0; vector < vectors; ++vector)
      stored.push_back(dot.buildLoadWeights(
          b, loc, tile.getRhs(), tile.add(start, vector * vectorBytes)));
    for (int64_t element = 0; element < valid; ++element) {
      SmallVector<Value> weights;
      for (int64_t vector = 0; vector < vectors; ++vector)
        weights.push_back(dequantize(stored[vector], element, vector));
      for (int64_t tileRow = 0; tileRow < rows; ++tileRow)
        tile.buildDots(getIndices(tileRow, tile.add(depth, element)),
                       /*valid=*/1, weights,
                       MutableArrayRef(sums).slice(tileRow * vectors, vectors));
    }
    return sums;
  }

  /// Rule 3 of the numerics contract.
  Value dequantize(Value stored, int64_t element, int64_t vector) {
    Value q = dot.buildUnpack(b, loc, stored, element);
    if (shape.storesZeroPoints)
      q = arith::SubIOp::create(b, loc, q, zeroPoints[vector]);
    q = arith::SIToFPOp::create(
        b, loc, VectorType::get(shape.lanes, b.getF32Type()), q);
    return arith::MulFOp::create(b, loc, q, scales[vector]);
  }
};
} // namespace

SmallVector<Value> buildStoredProducts(TileBuilder &tile, Value start,
                                       int64_t k, int64_t rows, int64_t vectors,
                                       LhsIndices getIndices,
                                       ValueRange accumulators) {
  return StoredProducts(tile, rows, vectors, getIndices)
      .build(start, k, accumulators);
}

} // namespace quanta
