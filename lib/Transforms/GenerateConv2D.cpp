//===- GenerateConv2D.cpp - Loops of convolutions -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Conv2DSizes.h"
#include "ConvProducer.h"
#include "GenerateStored.h"
#include "KernelGenerators.h"
#include "ParallelLoops.h"
#include "TileBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <memory>
#include <tuple>

using namespace mlir;

namespace quanta {

namespace {

/// Builds the loops of one `quanta.fused_conv_2d` on buffers:
///
///   for each block of channels, image, row of the output
///     for each tile of neighbouring outputs in the row
///       accumulators = init
///       for each row of the kernel that lies in the image
///         for each run of taps, on the outputs for which it lies in the image
///           for each group of the run: accumulators += lhs * packed weights
///       epilogue on the accumulators, store
///
/// A tile that the epilogue reads from another convolution is computed just
/// before, into a window of a tile's size.
class Conv2DGenerator : Conv2DSizes {
public:
  Conv2DGenerator(FusedConv2DOp op, bool mayJoin = true)
      : Conv2DSizes(op), tile(op, /*dense=*/true), b(tile.builder()),
        loc(tile.getLoc()), shape(tile.getShape()) {
    isJoined = mayJoin && isPointwise(op) && tile.joinPixels();
    SmallVector<ReassociationIndices> dims{{0}, {1}, {2, 3}};
    if (isJoined) {
      dims = {{0}, {1, 2, 3}};
      width *= height;
      height = std::min<int64_t>(height, 1);
      inputWidth = width;
      inputHeight = height;
    }
    // A run goes on from one pixel to the next.
    tile.setLhs(memref::CollapseShapeOp::create(b, loc, tile.getLhs(), dims));
    tile.widenLhs();
  }

  /// Computes one of the extras of `reader`, whose tiles these are, where they
  /// read it.
  void setProducer(const ConvProducer &other, FusedConv2DOp reader);
  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  std::unique_ptr<Conv2DGenerator> producer;
  unsigned producedExtra = 0;
  /// Whether all of an image counts as one row, and row indices are left out.
  bool isJoined;

  /// Where tiles are built: rows `from` to `to` of the kernel lie in the image.
  /// Weights from element `ahead` on, if there is one, are fetched meanwhile.
  struct Place {
    Value block, image, y, from, to, ahead;
  };
  /// Neighbouring taps of one row of the kernel that lie in the image for
  /// outputs `first` to `last` of a tile.
  struct Segment {
    int64_t tap, taps, first, last;
    bool operator==(const Segment &other) const {
      return std::tie(tap, taps, first, last) ==
             std::tie(other.tap, other.taps, other.first, other.last);
    }
  };
  using Segments = SmallVector<Segment>;

  PackedShape pack() const {
    return shape.pack(filters, runs.depth(shape.depthUnit()));
  }
  template <typename Body> void loop(Value from, Value to, Body body);
  Place getPlace(Value block, Value image, Value y);
  bool readSameTaps(int64_t x, int64_t other, int64_t pixels) const;
  void buildRow(Value block, int64_t count, Value image, Value y);
  void buildOpenRow(const Place &place, int64_t count);
  Segments getSegments(int64_t x, int64_t pixels) const;
  bool canReadWholeGroup(const Segment &segment, int64_t missing) const;
  void buildTileAt(const Place &place, Value x, int64_t first, int64_t pixels,
                   int64_t count);
  void buildTile(Place place, Value x, const Segments &segments, int64_t pixels,
                 int64_t count);
  void buildSegment(const Place &place, Value x, Value kernelRow,
                    const Segment &segment, int64_t pixels, int64_t chains,
                    SmallVector<Value> &accumulators);
  SmallVector<Value> buildStoredRun(const Place &place, ArrayRef<Value> start,
                                    Value kernelRow, const Segment &segment,
                                    int64_t vectors, ValueRange accumulators);
  void buildGroup(ValueRange start, Value weights, Value group, int64_t valid,
                  int64_t vectors, MutableArrayRef<Value> accumulators);
};

template <typename Body>
void Conv2DGenerator::loop(Value from, Value to, Body body) {
  auto loop = scf::ForOp::create(b, loc, from, to, tile.index(1));
  markParallel(loop);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void Conv2DGenerator::setProducer(const ConvProducer &other,
                                  FusedConv2DOp reader) {
  producer = std::make_unique<Conv2DGenerator>(other.op, isJoined);
  producedExtra = other.extra;
  // What it has made for itself is needed as long as the tiles are built.
  other.op->moveAfter(reader);
}

void Conv2DGenerator::run() {
  Value zero = tile.index(0);
  Value images = memref::DimOp::create(b, loc, tile.getOutput(), 0);
  Value rows =
      ShapedType::isDynamic(height)
          ? memref::DimOp::create(b, loc, tile.getOutput(), 1).getResult()
          : tile.index(height);
  auto buildBlock = [&](Value block, int64_t count) {
    loop(zero, images, [&](Value image) {
      loop(zero, rows, [&](Value y) { buildRow(block, count, image, y); });
    });
  };
  int64_t whole = filters / shape.columns();
  if (whole > 0)
    loop(zero, tile.index(whole),
         [&](Value block) { buildBlock(block, shape.columns()); });
  if (filters % shape.columns() != 0)
    buildBlock(tile.index(whole), filters % shape.columns());
  if (producer)
    producer->tile.finish();
  tile.finish();
}

Conv2DGenerator::Place Conv2DGenerator::getPlace(Value block, Value image,
                                                 Value y) {
  Place place{block, image, y, tile.index(0), tile.index(kernel[0]), {}};
  if (pads[0] > 0 || pads[2] > 0) {
    // The first row of the kernel at or below a row of the image.
    auto firstRow = [&](int64_t imageRow) -> Value {
      Value offset = arith::SubIOp::create(
          b, loc, tile.index(imageRow + pads[0]), tile.mul(y, strides[0]));
      if (dilations[0] == 1)
        return offset;
      return arith::CeilDivSIOp::create(b, loc, offset,
                                        tile.index(dilations[0]));
    };
    place.from = arith::MaxSIOp::create(b, loc, firstRow(0), place.from);
    place.to = arith::MinSIOp::create(b, loc, firstRow(inputHeight), place.to);
  }
  return place;
}

/// Tiles of nearly equal size: a small last one would have too few independent
/// sums to keep the machine busy. Those that read the same taps share a loop.
void Conv2DGenerator::buildRow(Value block, int64_t count, Value image,
                               Value y) {
  if (width == 0)
    return;
  Place place = getPlace(block, image, y);
  if (ShapedType::isDynamic(width))
    return buildOpenRow(place, count);
  int64_t tiles = llvm::divideCeil(width, shape.rows);
  int64_t small = width / tiles, large = width % tiles;
  auto pixelsOf = [&](int64_t index) { return small + (index < large); };
  int64_t x = 0;
  for (int64_t index = 0; index < tiles;) {
    int64_t pixels = pixelsOf(index), number = 1;
    while (index + number < tiles && pixelsOf(index + number) == pixels &&
           readSameTaps(x, x + number * pixels, pixels))
      ++number;
    if (number == 1)
      buildTileAt(place, tile.index(x), x, pixels, count);
    else
      loop(tile.index(0), tile.index(number), [&](Value step) {
        buildTileAt(place, tile.add(tile.mul(step, pixels), x), x, pixels,
                    count);
      });
    x += number * pixels;
    index += number;
  }
}

/// Whole tiles, and one for each of the pixels that are left.
void Conv2DGenerator::buildOpenRow(const Place &place, int64_t count) {
  Value columns = memref::DimOp::create(b, loc, tile.getOutput(), 2);
  Value tiles = arith::DivUIOp::create(b, loc, columns, tile.index(shape.rows));
  loop(tile.index(0), tiles, [&](Value step) {
    buildTile(place, tile.mul(step, shape.rows), getSegments(0, shape.rows),
              shape.rows, count);
  });
  loop(tile.mul(tiles, shape.rows), columns,
       [&](Value x) { buildTile(place, x, getSegments(0, 1), 1, count); });
}

Conv2DGenerator::Segments Conv2DGenerator::getSegments(int64_t x,
                                                       int64_t pixels) const {
  Segments segments;
  for (int64_t tap = 0; tap < kernel[1]; ++tap) {
    // The first output of the tile whose tap is at or behind a column.
    auto firstPixel = [&](int64_t column) {
      int64_t distance =
          column - (x * strides[1] + tap * dilations[1] - pads[1]);
      return distance <= 0
                 ? 0
                 : std::min<int64_t>(pixels,
                                     llvm::divideCeil(distance, strides[1]));
    };
    // Images of open sizes hold their padding.
    int64_t first = firstPixel(0), last = ShapedType::isDynamic(inputWidth) ||
                                                  ShapedType::isDynamic(width)
                                              ? pixels
                                              : firstPixel(inputWidth);
    if (first >= last)
      continue;
    if (runs.perRow == 1 && !segments.empty() &&
        segments.back().tap + segments.back().taps == tap &&
        segments.back().first == first && segments.back().last == last)
      ++segments.back().taps;
    else
      segments.push_back({tap, 1, first, last});
  }
  return segments;
}

bool Conv2DGenerator::readSameTaps(int64_t x, int64_t other,
                                   int64_t pixels) const {
  return getSegments(x, pixels) == getSegments(other, pixels) &&
         (!producer || producer->readSameTaps(x, other, pixels));
}

/// The tile from column `x` on, whose taps are those of the one at `first`.
void Conv2DGenerator::buildTileAt(const Place &place, Value x, int64_t first,
                                  int64_t pixels, int64_t count) {
  if (producer) {
    Value window = tile.allocateWindow();
    tile.readWindow(producedExtra, window);
    producer->tile.writeWindow(window);
    producer->b.restoreInsertionPoint(b.saveInsertionPoint());
    producer->buildTileAt(producer->getPlace(place.block, place.image, place.y),
                          x, first, pixels, count);
  }
  buildTile(place, x, getSegments(first, pixels), pixels, count);
}

void Conv2DGenerator::buildTile(Place place, Value x, const Segments &segments,
                                int64_t pixels, int64_t count) {
  if (filters > shape.columns() && !shape.storedBits) {
    Value index = place.y;
    if (isJoined)
      index = arith::DivUIOp::create(b, loc, x, tile.index(pixels));
    place.ahead =
        tile.getNextWeights(place.block, index, shape.blockSize(pack()));
  }
  Channels block{tile.mul(place.block, shape.columns()), count};
  int64_t chains = tile.chainsOf(pixels, tile.vectorsOf(count));
  SmallVector<Value> accumulators = tile.buildStart(block, pixels, chains);
  if (!segments.empty()) {
    auto rows = scf::ForOp::create(b, loc, place.from, place.to, tile.index(1),
                                   accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rows.getBody());
    SmallVector<Value> carried(rows.getRegionIterArgs());
    for (const Segment &segment : segments)
      buildSegment(place, x, rows.getInductionVar(), segment, pixels, chains,
                   carried);
    scf::YieldOp::create(b, loc, carried);
    accumulators.assign(rows.getResults().begin(), rows.getResults().end());
  }
  tile.addChains(accumulators, chains);
  SmallVector<RowIndices> outputs;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    RowIndices &indices = outputs.emplace_back();
    indices.push_back(place.image);
    if (!isJoined)
      indices.push_back(place.y);
    indices.push_back(tile.add(x, pixel));
  }
  tile.buildEpilogue(outputs, block, accumulators);
}

/// Whether memory of the image goes on for some elements behind every run: they
/// meet zero weights, which only a float that is no number survives.
bool Conv2DGenerator::canReadWholeGroup(const Segment &segment,
                                        int64_t missing) const {
  if (llvm::any_of(ArrayRef{height, width, inputHeight, inputWidth},
                   ShapedType::isDynamic))
    return false;
  int64_t lastRow =
      (height - 1) * strides[0] + (kernel[0] - 1) * dilations[0] - pads[0];
  int64_t lastColumn = (width - 1) * strides[1] +
                       (segment.tap + segment.taps - 1) * dilations[1] -
                       pads[1];
  return !shape.isFloat &&
         (lastRow < inputHeight - 1 ||
          (inputWidth - 1 - lastColumn) * channels >= missing);
}

/// A loop over the groups of the segment with the accumulators of its outputs
/// in registers.
void Conv2DGenerator::buildSegment(const Place &place, Value x, Value kernelRow,
                                   const Segment &segment, int64_t pixels,
                                   int64_t chains,
                                   SmallVector<Value> &accumulators) {
  int64_t perChain = static_cast<int64_t>(accumulators.size()) / chains;
  int64_t vectors = perChain / pixels;
  int64_t first = segment.first * vectors;
  int64_t used = (segment.last - segment.first) * vectors;
  SmallVector<Value> sums;
  for (int64_t chain = 0; chain < chains; ++chain)
    llvm::append_range(
        sums, ArrayRef(accumulators).slice(chain * perChain + first, used));

  // In elements, as the image's columns and channels are one dimension.
  int64_t column = segment.first * strides[1] + segment.tap * dilations[1];
  Value element = tile.add(tile.mul(x, strides[1] * channels),
                           (column - pads[1]) * channels);
  SmallVector<Value> start{place.image};
  if (!isJoined) {
    Value row = tile.add(tile.mul(place.y, strides[0]),
                         tile.mul(kernelRow, dilations[0]));
    start.push_back(tile.add(row, -pads[0]));
  }
  start.push_back(element);
  if (shape.storedBits) {
    sums = buildStoredRun(place, start, kernelRow, segment, vectors, sums);
    llvm::copy(sums, accumulators.begin() + first);
    return;
  }
  int64_t runGroups = shape.paddedDepth(runs.length) / shape.kGroup;
  int64_t groupsOfRow = runs.perRow * runGroups;
  int64_t firstGroup = runs.perRow == 1 ? segment.tap * channels / shape.kGroup
                                        : segment.tap * runGroups;
  int64_t groupSize = shape.groupSize(vectors);
  int64_t blockSize = shape.blockSize(pack());
  Value weights =
      tile.add(tile.add(tile.mul(place.block, blockSize),
                        tile.mul(kernelRow, groupsOfRow * groupSize)),
               firstGroup * groupSize);

  int64_t length = segment.taps * channels;
  int64_t groups = length / shape.kGroup, steps = groups / chains;
  if (steps > 0) {
    auto inner =
        scf::ForOp::create(b, loc, tile.index(0), tile.index(steps * chains),
                           tile.index(chains), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(inner.getBody());
    SmallVector<Value> carried(inner.getRegionIterArgs());
    if (place.ahead && chains == 1) {
      Value step = tile.add(tile.mul(kernelRow, groupsOfRow), firstGroup);
      tile.prefetchWeights(place.ahead,
                           tile.add(step, inner.getInductionVar()));
    }
    for (int64_t chain = 0; chain < chains; ++chain)
      buildGroup(start, weights, tile.add(inner.getInductionVar(), chain),
                 shape.kGroup, vectors,
                 MutableArrayRef(carried).slice(chain * used, used));
    scf::YieldOp::create(b, loc, carried);
    sums.assign(inner.getResults().begin(), inner.getResults().end());
  }
  auto firstSums = MutableArrayRef(sums).take_front(used);
  for (int64_t group = steps * chains; group < groups; ++group)
    buildGroup(start, weights, tile.index(group), shape.kGroup, vectors,
               firstSums);
  if (int64_t rest = length % shape.kGroup)
    buildGroup(start, weights, tile.index(groups),
               canReadWholeGroup(segment, shape.kGroup - rest) ? shape.kGroup
                                                               : rest,
               vectors, firstSums);
  for (int64_t chain = 0; chain < chains; ++chain)
    llvm::copy(ArrayRef(sums).slice(chain * used, used),
               accumulators.begin() + chain * perChain + first);
}

/// A run of weights that are dequantized, on all outputs of a tile, the first
/// of which reads it at `start`.
SmallVector<Value>
Conv2DGenerator::buildStoredRun(const Place &place, ArrayRef<Value> start,
                                Value kernelRow, const Segment &segment,
                                int64_t vectors, ValueRange accumulators) {
  // Images hold their padding: a segment is a whole run.
  int64_t runBytes = runs.length / shape.storedBlock * vectors * shape.lanes *
                     shape.storedBlockBytes();
  Value run = tile.mul(kernelRow, runs.perRow);
  if (runs.perRow > 1)
    run = tile.add(run, segment.tap);
  int64_t blockBytes = shape.blockSize(pack());
  return buildStoredProducts(
      tile,
      tile.add(tile.mul(place.block, blockBytes), tile.mul(run, runBytes)),
      runs.length, segment.last - segment.first, vectors,
      [&](int64_t pixel, Value depth) {
        RowIndices at(start);
        at.back() =
            tile.add(tile.add(at.back(), depth), pixel * strides[1] * channels);
        return at;
      },
      accumulators);
}

/// One group of a run on neighbouring outputs, the first of which reads it at
/// `start`.
void Conv2DGenerator::buildGroup(ValueRange start, Value weights, Value group,
                                 int64_t valid, int64_t vectors,
                                 MutableArrayRef<Value> accumulators) {
  SmallVector<Value> loaded = tile.loadWeights(
      tile.add(weights, tile.mul(group, shape.groupSize(vectors))), vectors);
  Value first = tile.add(start.back(), tile.mul(group, shape.kGroup));
  int64_t pixels = static_cast<int64_t>(accumulators.size()) / vectors;
  SmallVector<Value> at(start);
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    at.back() = tile.add(first, pixel * strides[1] * channels);
    tile.buildDots(at, valid, loaded,
                   accumulators.slice(pixel * vectors, vectors));
  }
}

} // namespace

void generateConv2D(FusedConv2DOp op, std::optional<ConvProducer> producer) {
  if (generateMatrixConv(op))
    return;
  Conv2DGenerator generator(op, !producer || isPointwise(producer->op));
  if (producer)
    generator.setProducer(*producer, op);
  generator.run();
}

} // namespace quanta
