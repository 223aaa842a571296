//===- GenerateDepthwise.cpp - Loops of depthwise convolutions ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"
#include "ParallelLoops.h"
#include "TileBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <map>

using namespace mlir;

namespace quanta {

namespace {

/// Builds the loops of one `quanta.fused_depthwise_conv_2d` on buffers:
///
///   for each image, block of channels, row of the output
///     for each tile of neighbouring outputs in the row
///       sums = init
///       for each column of the image that the tile reads:
///         its rows, interleaved
///         for each output that reads it: sums += interleaved * weights
///       epilogue on the sums, store
///
/// A block is as wide as a vector of bytes. If there are fewer channels, and
/// outputs lie as close as inputs, several pixels of a row fill it.
class DepthwiseGenerator {
public:
  explicit DepthwiseGenerator(FusedDepthwiseConv2DOp op);

  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DepthwiseBlocks blocks;
  SmallVector<int64_t> kernel, strides, dilations;
  std::array<int64_t, 4> pads;
  int64_t padding;
  bool flip;
  int64_t height, width, inputHeight, inputWidth, channels;
  /// Pixels in one vector, and channels of each.
  int64_t pixels, channelsOfPixel;
  Value image, outputRows;

  /// Rows of the kernel that lie in the image, for some rows of the output.
  using KernelRows = SmallVector<bool>;
  /// One vector of a row of the image: where it starts, in pixels from the
  /// tile's first one, and which of its pixels lie in the image.
  struct Column {
    int64_t start;
    SmallVector<bool> inside;
    bool operator==(const Column &other) const {
      return start == other.start && inside == other.inside;
    }
    bool operator<(const Column &other) const { return start < other.start; }
  };
  /// A tile of `vectors` outputs side by side; for each column of the image in
  /// ascending order, the pairs of output and kernel column that read it.
  struct Tile {
    int64_t vectors;
    /// Pixels of the last vector that exist.
    int64_t lastPixels;
    std::map<Column, SmallVector<std::pair<int64_t, int64_t>>> columns;
    bool operator==(const Tile &other) const {
      return vectors == other.vectors && lastPixels == other.lastPixels &&
             columns == other.columns;
    }
  };
  struct Place {
    Value image, block, firstChannel, y;
  };

  template <typename Body>
  void loop(int64_t from, int64_t to, bool isParallel, Body body);
  KernelRows getKernelRows(int64_t y) const;
  Tile getTile(int64_t x, int64_t vectors) const;
  void buildBlock(Value imageIndex, Value block);
  void buildRow(const Place &place, const KernelRows &rows);
  void buildTile(const Place &place, const KernelRows &rows, const Tile &shape,
                 Value x);
  Value splatPadding();
  Value loadRow(const Place &place, Value x, int64_t kernelRow,
                const Column &column);
};

DepthwiseGenerator::DepthwiseGenerator(FusedDepthwiseConv2DOp op)
    : tile(op, /*dense=*/true), b(tile.builder()), loc(tile.getLoc()),
      blocks(op.getBlocks()), kernel(op.getKernel()), strides(op.getStrides()),
      dilations(op.getDilations()), pads(op.getPadsOrZeros()),
      padding(static_cast<int8_t>(op.getPadding())), flip(op.getFlipLhs()) {
  auto output = cast<MemRefType>(tile.getOutput().getType());
  height = output.getDimSize(1);
  width = output.getDimSize(2);
  auto input = cast<MemRefType>(tile.getLhs().getType());
  inputHeight = input.getDimSize(1);
  inputWidth = input.getDimSize(2);
  channels = input.getDimSize(3);
  channelsOfPixel = std::min(channels, blocks.size);
  // Vectors may cross from one pixel to the next.
  auto joinColumns = [&](Value buffer) {
    return memref::CollapseShapeOp::create(
        b, loc, buffer, ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
  };
  pixels = 1;
  if (channels < blocks.size && strides[1] == 1 &&
      blocks.size % channels == 0 && channels % blocks.lanes == 0 &&
      output.getLayout().isIdentity() && tile.readsChannelsOnly())
    pixels = blocks.size / channels;
  image = joinColumns(tile.getLhs());
  if (pixels > 1)
    outputRows = joinColumns(tile.getOutput());
}

template <typename Body>
void DepthwiseGenerator::loop(int64_t from, int64_t to, bool isParallel,
                              Body body) {
  if (to - from == 1)
    return body(tile.index(from));
  auto loop = scf::ForOp::create(b, loc, tile.index(from), tile.index(to),
                                 tile.index(1));
  if (isParallel)
    markParallel(loop);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void DepthwiseGenerator::run() {
  Value images = memref::DimOp::create(b, loc, tile.getOutput(), 0);
  if (height > 0 && width > 0 && channels > 0) {
    auto outer =
        scf::ForOp::create(b, loc, tile.index(0), images, tile.index(1));
    markParallel(outer);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(outer.getBody());
    // The last block may overlap the one before it.
    loop(0, blocks.count(), /*isParallel=*/false,
         [&](Value block) { buildBlock(outer.getInductionVar(), block); });
  }
  tile.finish();
}

void DepthwiseGenerator::buildBlock(Value imageIndex, Value block) {
  Place place{imageIndex, block, tile.index(0), {}};
  if (blocks.count() > 1)
    place.firstChannel =
        arith::MinSIOp::create(b, loc, tile.mul(block, blocks.size),
                               tile.index(channels - blocks.size));
  // Rows that read the same rows of the kernel share their code.
  for (int64_t y = 0; y < height;) {
    KernelRows rows = getKernelRows(y);
    int64_t end = y + 1;
    while (end < height && getKernelRows(end) == rows)
      ++end;
    loop(y, end, /*isParallel=*/true, [&](Value index) {
      place.y = index;
      buildRow(place, rows);
    });
    y = end;
  }
}

DepthwiseGenerator::KernelRows
DepthwiseGenerator::getKernelRows(int64_t y) const {
  KernelRows rows;
  for (int64_t i = 0; i < kernel[0]; ++i) {
    int64_t row = y * strides[0] + i * dilations[0] - pads[0];
    rows.push_back(row >= 0 && row < inputHeight);
  }
  return rows;
}

void DepthwiseGenerator::buildRow(const Place &place, const KernelRows &rows) {
  // Beside its sums a tile needs the rows, before and after interleaving.
  const DotShape &shape = tile.getShape();
  int64_t most = std::max<int64_t>(
      1, (shape.rows * shape.vectors - 2 * blocks.group) / blocks.group);
  int64_t units = llvm::divideCeil(width, pixels);
  int64_t tiles = llvm::divideCeil(units, most);
  auto sizeOf = [&](int64_t index) {
    return units / tiles + (index < units % tiles);
  };
  int64_t unit = 0;
  for (int64_t index = 0; index < tiles;) {
    int64_t size = sizeOf(index), number = 1;
    Tile first = getTile(unit * pixels, size);
    while (index + number < tiles && sizeOf(index + number) == size &&
           getTile((unit + number * size) * pixels, size) == first)
      ++number;
    loop(0, number, /*isParallel=*/true, [&](Value step) {
      Value x = tile.add(tile.mul(step, size * pixels), unit * pixels);
      buildTile(place, rows, first, x);
    });
    unit += number * size;
    index += number;
  }
}

DepthwiseGenerator::Tile DepthwiseGenerator::getTile(int64_t x,
                                                     int64_t vectors) const {
  Tile result;
  result.vectors = vectors;
  result.lastPixels = std::min(pixels, width - x - (vectors - 1) * pixels);
  for (int64_t vector = 0; vector < vectors; ++vector)
    for (int64_t j = 0; j < kernel[1]; ++j) {
      Column column{vector * pixels * strides[1] + j * dilations[1], {}};
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        int64_t at = x * strides[1] + column.start + pixel - pads[1];
        column.inside.push_back(at >= 0 && at < inputWidth);
      }
      result.columns[column].push_back({vector, j});
    }
  return result;
}

Value DepthwiseGenerator::splatPadding() {
  auto type = VectorType::get(blocks.size, b.getI8Type());
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, static_cast<int8_t>(padding)));
}

/// Pixels outside of the image are padding; they are not read.
Value DepthwiseGenerator::loadRow(const Place &place, Value x,
                                  int64_t kernelRow, const Column &column) {
  const auto *firstInside = llvm::find(column.inside, true);
  if (firstInside == column.inside.end())
    return splatPadding();
  int64_t skipped = firstInside - column.inside.begin();
  Value row = tile.add(tile.mul(place.y, strides[0]),
                       kernelRow * dilations[0] - pads[0]);
  Value start = tile.add(tile.mul(x, strides[1] * channels),
                         (column.start + skipped - pads[1]) * channels);
  SmallVector<Value> at{place.image, row, tile.add(start, place.firstChannel)};
  auto type = VectorType::get(blocks.size, b.getI8Type());
  int64_t used = pixels * channelsOfPixel;
  bool isWhole =
      used == blocks.size &&
      llvm::all_of(column.inside, [](bool inside) { return inside; });
  if (isWhole)
    return vector::LoadOp::create(b, loc, type, image, at);
  // From the first pixel inside on, so that no address lies before the image.
  int64_t count = 0;
  while (skipped + count < pixels && column.inside[skipped + count])
    ++count;
  Value mask = vector::ConstantMaskOp::create(
      b, loc, VectorType::get(blocks.size, b.getI1Type()),
      ArrayRef<int64_t>{count * channelsOfPixel});
  Value loaded = vector::MaskedLoadOp::create(b, loc, type, image, at, mask,
                                              splatPadding());
  if (skipped == 0)
    return loaded;
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < blocks.size; ++i) {
    int64_t from = i - skipped * channelsOfPixel;
    order.push_back(from < 0 ? blocks.size + i : from);
  }
  return vector::ShuffleOp::create(b, loc, loaded, splatPadding(), order);
}

void DepthwiseGenerator::buildTile(const Place &place, const KernelRows &rows,
                                   const Tile &shape, Value x) {
  DotAttrInterface dot = tile.getDot();
  int64_t group = blocks.group;
  Value init = tile.mul(place.block, blocks.size);
  SmallVector<Value> sums;
  for (int64_t v = 0; v < group; ++v)
    sums.push_back(tile.loadStart(tile.add(init, v * blocks.lanes)));
  SmallVector<Value> starts(sums);
  for (int64_t vector = 1; vector < shape.vectors; ++vector)
    sums.append(starts);

  Value weightStart = tile.mul(place.block, blocks.vectors() * blocks.size);
  auto byteType = VectorType::get(blocks.size, b.getI8Type());
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(byteType));
  for (const auto &[column, readers] : shape.columns)
    for (int64_t g = 0; g < blocks.groups; ++g) {
      SmallVector<Value> loaded;
      for (int64_t i = g * group; i < (g + 1) * group; ++i) {
        if (i >= kernel[0]) {
          loaded.push_back(zeros);
          continue;
        }
        Value bytes = rows[i] ? loadRow(place, x, i, column) : splatPadding();
        if (flip) {
          Value top = arith::ConstantOp::create(
              b, loc, DenseElementsAttr::get(byteType, int8_t(-128)));
          bytes = arith::XOrIOp::create(b, loc, bytes, top);
        }
        loaded.push_back(bytes);
      }
      SmallVector<Value> interleaved = dot.buildInterleave(b, loc, loaded);
      for (auto [vector, j] : readers)
        for (int64_t v = 0; v < group; ++v) {
          Value &sum = sums[vector * group + v];
          Value weights = dot.buildLoadWeights(
              b, loc, tile.getRhs(),
              tile.add(weightStart, blocks.vectorIndex(j, g, v) * blocks.size));
          sum = dot.buildDot(b, loc, sum, interleaved[v], weights);
        }
    }

  SmallVector<InterleavedOutput> outputs;
  for (int64_t vector = 0; vector < shape.vectors; ++vector) {
    Value pixel = tile.add(x, vector * pixels);
    int64_t count = vector + 1 == shape.vectors ? shape.lastPixels : pixels;
    SmallVector<Value> at{place.image, place.y};
    if (pixels > 1)
      at.push_back(tile.mul(pixel, channels));
    else
      at.append({pixel, place.firstChannel});
    outputs.push_back({{place.image, place.y, pixel},
                       pixels > 1 ? outputRows : tile.getOutput(),
                       at,
                       count * channelsOfPixel});
  }
  tile.buildInterleavedEpilogue(outputs, place.firstChannel, channelsOfPixel,
                                sums);
}

} // namespace

void generateDepthwiseConv2D(FusedDepthwiseConv2DOp op) {
  DepthwiseGenerator(op).run();
}

} // namespace quanta
