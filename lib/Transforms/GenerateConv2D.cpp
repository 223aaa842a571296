//===- GenerateConv2D.cpp - Loops of convolutions -------------------------===//
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

/// Builds the loops of one `quanta.fused_conv_2d` on buffers:
///
///   for each block of channels, image, row of the output
///     for each tile of neighbouring outputs in the row
///       accumulators = init
///       for each run of taps, for each group of the run:
///         accumulators += lhs * packed weights
///       epilogue on the accumulators, store
class Conv2DGenerator {
public:
  Conv2DGenerator(FusedConv2DOp op)
      : tile(op, /*dense=*/true), b(tile.builder()), loc(tile.getLoc()),
        shape(tile.getShape()), runs(op.getRuns()), strides(op.getStrides()),
        dilations(op.getDilations()) {
    auto output = cast<MemRefType>(tile.getOutput().getType());
    height = output.getDimSize(1);
    width = output.getDimSize(2);
    filters = output.getDimSize(3);
    channels = cast<MemRefType>(tile.getLhs().getType()).getDimSize(3);
    // A run goes on from one pixel to the next.
    tile.setLhs(memref::CollapseShapeOp::create(
        b, loc, tile.getLhs(),
        ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}}));
  }

  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  ConvolutionRuns runs;
  SmallVector<int64_t> strides, dilations;
  int64_t height, width, filters, channels;

  /// First output of a tile.
  struct Place {
    Value block, image, y, x;
  };

  template <typename Body> void loop(Value from, Value to, Body body);
  void buildRow(Value block, int64_t count, Value image, Value y);
  void buildTile(const Place &place, int64_t pixels, int64_t count);
  void buildRuns(const Place &place, int64_t pixels, int64_t vectors,
                 int64_t chains, SmallVector<Value> &accumulators);
  void buildGroup(const Place &place, Value row, Value column, Value run,
                  Value group, int64_t valid, int64_t pixels,
                  MutableArrayRef<Value> accumulators);
};

template <typename Body>
void Conv2DGenerator::loop(Value from, Value to, Body body) {
  auto loop = scf::ForOp::create(b, loc, from, to, tile.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void Conv2DGenerator::run() {
  Value zero = tile.index(0);
  Value images = memref::DimOp::create(b, loc, tile.getOutput(), 0);
  auto buildBlock = [&](Value block, int64_t count) {
    loop(zero, images, [&](Value image) {
      loop(zero, tile.index(height),
           [&](Value y) { buildRow(block, count, image, y); });
    });
  };
  int64_t whole = filters / shape.columns();
  if (whole > 0)
    loop(zero, tile.index(whole),
         [&](Value block) { buildBlock(block, shape.columns()); });
  if (filters % shape.columns() != 0)
    buildBlock(tile.index(whole), filters % shape.columns());
  tile.finish();
}

/// Tiles of nearly equal size: a small last one would have too few independent
/// sums to keep the machine busy.
void Conv2DGenerator::buildRow(Value block, int64_t count, Value image,
                               Value y) {
  if (width == 0)
    return;
  int64_t tiles = llvm::divideCeil(width, shape.rows);
  int64_t small = width / tiles, large = width % tiles;
  auto build = [&](int64_t from, int64_t number, int64_t pixels) {
    if (number == 1) {
      buildTile({block, image, y, tile.index(from)}, pixels, count);
    } else if (number > 1) {
      loop(tile.index(0), tile.index(number), [&](Value index) {
        Value x = tile.add(tile.mul(index, pixels), from);
        buildTile({block, image, y, x}, pixels, count);
      });
    }
  };
  build(0, large, small + 1);
  build(large * (small + 1), tiles - large, small);
}

void Conv2DGenerator::buildTile(const Place &place, int64_t pixels,
                                int64_t count) {
  Channels block{tile.mul(place.block, shape.columns()), count};
  int64_t vectors = tile.vectorsOf(count);
  int64_t chains = tile.chainsOf(pixels, vectors);
  SmallVector<Value> accumulators = tile.buildStart(block, pixels, chains);
  buildRuns(place, pixels, vectors, chains, accumulators);
  tile.addChains(accumulators, chains);
  SmallVector<RowIndices> rows;
  for (int64_t pixel = 0; pixel < pixels; ++pixel)
    rows.push_back({place.image, place.y, tile.add(place.x, pixel)});
  tile.buildEpilogue(rows, block, accumulators);
}

/// A loop over the runs and in it one over the groups of a run, both with all
/// accumulators in registers.
void Conv2DGenerator::buildRuns(const Place &place, int64_t pixels,
                                int64_t vectors, int64_t chains,
                                SmallVector<Value> &accumulators) {
  int64_t perChain = pixels * vectors;
  int64_t groups = runs.length / shape.kGroup;
  int64_t steps = groups / chains;
  auto outer =
      scf::ForOp::create(b, loc, tile.index(0), tile.index(runs.count()),
                         tile.index(1), accumulators);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(outer.getBody());
  SmallVector<Value> carried(outer.getRegionIterArgs());
  Value run = outer.getInductionVar();
  Value tapRow = run, tapColumn = tile.index(0);
  if (runs.perRow > 1) {
    Value perRow = tile.index(runs.perRow);
    tapRow = arith::DivUIOp::create(b, loc, run, perRow);
    tapColumn = arith::RemUIOp::create(b, loc, run, perRow);
  }
  Value row =
      tile.add(tile.mul(place.y, strides[0]), tile.mul(tapRow, dilations[0]));
  // In elements, as the image's columns and channels are one dimension.
  Value column = tile.add(tile.mul(place.x, strides[1] * channels),
                          tile.mul(tapColumn, dilations[1] * channels));
  if (steps > 0) {
    auto inner =
        scf::ForOp::create(b, loc, tile.index(0), tile.index(steps * chains),
                           tile.index(chains), carried);
    OpBuilder::InsertionGuard innerGuard(b);
    b.setInsertionPointToStart(inner.getBody());
    SmallVector<Value> sums(inner.getRegionIterArgs());
    for (int64_t chain = 0; chain < chains; ++chain)
      buildGroup(place, row, column, run,
                 tile.add(inner.getInductionVar(), chain), shape.kGroup, pixels,
                 MutableArrayRef(sums).slice(chain * perChain, perChain));
    scf::YieldOp::create(b, loc, sums);
    carried.assign(inner.getResults().begin(), inner.getResults().end());
  }
  auto first = MutableArrayRef(carried).take_front(perChain);
  for (int64_t group = steps * chains; group < groups; ++group)
    buildGroup(place, row, column, run, tile.index(group), shape.kGroup, pixels,
               first);
  if (runs.length % shape.kGroup != 0)
    buildGroup(place, row, column, run, tile.index(groups),
               runs.length % shape.kGroup, pixels, first);
  scf::YieldOp::create(b, loc, carried);
  accumulators.assign(outer.getResults().begin(), outer.getResults().end());
}

/// One group of a run on all accumulators of a tile.
void Conv2DGenerator::buildGroup(const Place &place, Value row, Value column,
                                 Value run, Value group, int64_t valid,
                                 int64_t pixels,
                                 MutableArrayRef<Value> accumulators) {
  int64_t vectors = static_cast<int64_t>(accumulators.size()) / pixels;
  int64_t blockSize = shape.columns() * runs.depth(shape.kGroup);
  int64_t groupSize = vectors * shape.lanes * shape.kGroup;
  Value start = tile.add(tile.mul(place.block, blockSize),
                         tile.mul(run, runs.groups(shape.kGroup) * groupSize));
  SmallVector<Value> weights =
      tile.loadWeights(tile.add(start, tile.mul(group, groupSize)), vectors);
  Value first = tile.add(column, tile.mul(group, shape.kGroup));
  for (int64_t pixel = 0; pixel < pixels; ++pixel)
    tile.buildDots(
        {place.image, row, tile.add(first, pixel * strides[1] * channels)},
        valid, weights, accumulators.slice(pixel * vectors, vectors));
}

} // namespace

void generateConv2D(FusedConv2DOp op) { Conv2DGenerator(op).run(); }

} // namespace quanta
