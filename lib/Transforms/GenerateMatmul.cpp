//===- GenerateMatmul.cpp - Loops of matrix products ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"
#include "TileBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace quanta {

namespace {

/// Builds the loops of one `quanta.fused_matmul` on buffers:
///
///   for each block of columns
///     for each tile of rows, largest tiles first
///       accumulators = init
///       for each group of K: accumulators += lhs * packed weights
///       epilogue on the accumulators, store
class MatmulGenerator {
public:
  MatmulGenerator(FusedMatmulOp op)
      : tile(op), b(tile.builder()), loc(tile.getLoc()),
        shape(tile.getShape()) {
    n = cast<MemRefType>(tile.getOutput().getType()).getDimSize(1);
    k = cast<MemRefType>(tile.getLhs().getType()).getDimSize(1);
  }

  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  int64_t n, k;

  void buildBlock(Value block, int64_t columns);
  void buildTile(Value block, Value row, int64_t rows, int64_t columns);
  SmallVector<Value> buildProducts(Value block, Value row, int64_t rows,
                                   Channels channels);
  void buildGroup(Value block, Value row, int64_t rows, Value group,
                  int64_t valid, MutableArrayRef<Value> accumulators);
};

void MatmulGenerator::run() {
  int64_t columns = shape.columns();
  int64_t whole = n / columns;
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc, tile.index(0), tile.index(whole),
                                   tile.index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    buildBlock(loop.getInductionVar(), columns);
  }
  if (n % columns != 0)
    buildBlock(tile.index(whole), n % columns);
  tile.finish();
}

void MatmulGenerator::buildBlock(Value block, int64_t columns) {
  Value output = tile.getOutput();
  int64_t staticRows = cast<MemRefType>(output.getType()).getDimSize(0);
  Value rows = memref::DimOp::create(b, loc, output, 0);
  Value start = tile.index(0);
  int64_t staticStart = 0;
  for (int64_t tileRows = shape.rows; tileRows > 0;
       tileRows = tileRows > 4 ? 4 : tileRows / 2) {
    int64_t count = (staticRows - staticStart) / tileRows;
    if (!ShapedType::isDynamic(staticRows) && count == 0)
      continue;
    Value rest = arith::SubIOp::create(b, loc, rows, start);
    Value tiles = arith::DivUIOp::create(b, loc, rest, tile.index(tileRows));
    Value end = tile.add(start, tile.mul(tiles, tileRows));
    auto loop = scf::ForOp::create(b, loc, start, end, tile.index(tileRows));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      buildTile(block, loop.getInductionVar(), tileRows, columns);
    }
    start = end;
    staticStart += count * tileRows;
  }
}

void MatmulGenerator::buildTile(Value block, Value row, int64_t rows,
                                int64_t columns) {
  Channels channels{tile.mul(block, shape.columns()), columns};
  SmallVector<Value> accumulators = buildProducts(block, row, rows, channels);
  SmallVector<RowIndices> rowIndices;
  for (int64_t tileRow = 0; tileRow < rows; ++tileRow)
    rowIndices.push_back({tile.add(row, tileRow)});
  tile.buildEpilogue(rowIndices, channels, accumulators);
}

/// The accumulators of a tile, row by row, after the loop over K.
SmallVector<Value> MatmulGenerator::buildProducts(Value block, Value row,
                                                  int64_t rows,
                                                  Channels channels) {
  int64_t vectors = tile.vectorsOf(channels.count);
  int64_t chains = tile.chainsOf(rows, vectors);
  int64_t perChain = rows * vectors;
  SmallVector<Value> accumulators = tile.buildStart(channels, rows, chains);
  int64_t groups = k / shape.kGroup;
  int64_t steps = groups / chains;
  if (steps > 0) {
    auto loop =
        scf::ForOp::create(b, loc, tile.index(0), tile.index(steps * chains),
                           tile.index(chains), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs());
    for (int64_t chain = 0; chain < chains; ++chain)
      buildGroup(block, row, rows, tile.add(loop.getInductionVar(), chain),
                 shape.kGroup,
                 MutableArrayRef(carried).slice(chain * perChain, perChain));
    scf::YieldOp::create(b, loc, carried);
    accumulators.assign(loop.getResults().begin(), loop.getResults().end());
  }
  auto first = MutableArrayRef(accumulators).take_front(perChain);
  for (int64_t group = steps * chains; group < groups; ++group)
    buildGroup(block, row, rows, tile.index(group), shape.kGroup, first);
  if (k % shape.kGroup != 0)
    buildGroup(block, row, rows, tile.index(groups), k % shape.kGroup, first);
  tile.addChains(accumulators, chains);
  return accumulators;
}

/// One group of K on all accumulators of a tile.
void MatmulGenerator::buildGroup(Value block, Value row, int64_t rows,
                                 Value group, int64_t valid,
                                 MutableArrayRef<Value> accumulators) {
  int64_t vectors = static_cast<int64_t>(accumulators.size()) / rows;
  Value depth = tile.mul(group, shape.kGroup);
  // A block starts behind the whole depth of the columns before it.
  int64_t blockSize = shape.columns() * shape.pack(n, k).depth;
  int64_t groupSize = vectors * shape.lanes * shape.kGroup;
  SmallVector<Value> weights = tile.loadWeights(
      tile.add(tile.mul(block, blockSize), tile.mul(group, groupSize)),
      vectors);
  for (int64_t tileRow = 0; tileRow < rows; ++tileRow)
    tile.buildDots({tile.add(row, tileRow), depth}, valid, weights,
                   accumulators.slice(tileRow * vectors, vectors));
}

} // namespace

void generateMatmul(FusedMatmulOp op) { MatmulGenerator(op).run(); }

} // namespace quanta
