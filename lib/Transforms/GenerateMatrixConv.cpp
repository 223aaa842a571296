//===- GenerateMatrixConv.cpp - Convolutions as products of matrices ------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Conv2DSizes.h"
#include "CopyElements.h"
#include "KernelGenerators.h"
#include "MatrixTiles.h"
#include "ParallelLoops.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace quanta {

namespace {

/// Builds the loops of one `quanta.fused_conv_2d` on buffers, where registers
/// of matrices hold neighbouring outputs: in memory, the pixels that two
/// neighbours read with the same tap are equally far from each other, and the
/// first of a row as far behind the last of the row before if the image is as
/// wide as it has to be. So all outputs of an image are rows of one left
/// factor, with some between the rows of the image that are computed for
/// nothing:
///
///   for each block of channels, image
///     for each register of rows
///       sums = init
///       for each run of taps, for each register of K: sums += lhs * weights
///       epilogue on the sums, store
///
/// Weights that stay in the cache meet a few rows at a time, all blocks of
/// them. An image with pads or strides is copied into one of that form first.
/// Its columns at one side also are those at the other side of the row before.
class MatrixConvGenerator : Conv2DSizes {
public:
  explicit MatrixConvGenerator(FusedConv2DOp op);
  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  /// Whether the image is read where it is.
  bool isInPlace;
  /// Whether all of an output image counts as one row, and row indices are left
  /// out.
  bool isJoined;
  /// Rows of the left factor from one row of the output to the next.
  int64_t pitch;
  /// Remainders of the rows of the padded image by the stride, of those that
  /// are read: such rows lie behind each other in the copy; and rows of each.
  SmallVector<int64_t> phases;
  int64_t phaseRows;
  /// Elements of an image, and rows of the left factor for one.
  int64_t imageSize, imageRows;
  /// The image in rows of all columns and channels.
  Value lines;

  int64_t rowSize() const { return pitch * strides[1] * channels; }
  /// Elements from one row of the left factor to the next.
  int64_t step() const { return strides[1] * channels; }
  /// Rows of the left factor with outputs, and the others between them.
  int64_t countRows() const { return (height - 1) * pitch + width; }
  SmallVector<int64_t> getRuns() const;
  void describeCopy();
  OpFoldResult countAll(Value images, int64_t each);
  Value viewAsRows(Value images);
  Value copyImages(Value images);
  void copyRow(Value image, Value row, Value copy, Value start);
  void loop(Value to, int64_t step, function_ref<void(Value)> body);
  void buildBlocks(MatrixTiles &matrices,
                   function_ref<void(const MatrixTiles::Block &)> body);
  void buildRows(MatrixTiles &matrices, const MatrixTiles::Block &block,
                 Value image, Value row, int64_t count, bool isEnd);
  void buildSummedRows(MatrixTiles &matrices, Value image, Value first,
                       const MatrixTiles::Block &block,
                       const MatrixTiles::Sums &sums);
};

MatrixConvGenerator::MatrixConvGenerator(FusedConv2DOp op)
    : Conv2DSizes(op), tile(op, /*dense=*/true), b(tile.builder()),
      loc(tile.getLoc()), shape(tile.getShape()) {
  pitch = inputWidth;
  // Behind the only run, or whole registers, nothing is read.
  isInPlace = strides[0] == 1 && strides[1] == 1 &&
              llvm::all_of(pads, [](int64_t pad) { return pad == 0; }) &&
              (runs.count() == 1 || runs.length % shape.depthUnit() == 0) &&
              countRows() >= shape.matrixRows;
  phases = {0};
  phaseRows = inputHeight;
  imageSize = inputHeight * inputWidth * channels;
  if (!isInPlace)
    describeCopy();
  imageRows = imageSize / step();
  isJoined = pitch == width && tile.joinPixels();
}

/// An image with all pads, each phase of its rows by itself.
void MatrixConvGenerator::describeCopy() {
  int64_t padded = inputWidth + std::max(pads[1], pads[3]);
  // Columns that are never read need no copy.
  int64_t read = (width - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1;
  padded = std::max(std::min(padded, read), width * strides[1]);
  pitch = llvm::divideCeil(padded, strides[1]);
  phases.clear();
  int64_t last = 0;
  for (int64_t row = 0; row < kernel[0]; ++row) {
    int64_t phase = row * dilations[0] % strides[0];
    last = std::max(last, row * dilations[0] / strides[0]);
    if (!llvm::is_contained(phases, phase))
      phases.push_back(phase);
  }
  phaseRows = height + last;
  // Registers of rows, and of K, are read behind the last output.
  int64_t end = (llvm::alignTo(countRows(), shape.matrixRows) - 1) * step() +
                *llvm::max_element(getRuns()) + shape.paddedDepth(runs.length);
  int64_t size = static_cast<int64_t>(phases.size()) * phaseRows * rowSize() +
                 pads[1] * channels;
  imageSize = llvm::alignTo(std::max(end, size), step());
}

/// Where in an image the runs of its first output begin.
SmallVector<int64_t> MatrixConvGenerator::getRuns() const {
  SmallVector<int64_t> result;
  for (int64_t row = 0; row < kernel[0]; ++row)
    for (int64_t run = 0; run < runs.perRow; ++run) {
      int64_t at = row * dilations[0];
      int64_t phase = llvm::find(phases, at % strides[0]) - phases.begin();
      int64_t line = phase * phaseRows + at / strides[0];
      result.push_back(line * rowSize() + run * dilations[1] * channels);
    }
  return result;
}

void MatrixConvGenerator::loop(Value to, int64_t step,
                               function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, tile.index(0), to, tile.index(step));
  markParallel(loop);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// So many of each image.
OpFoldResult MatrixConvGenerator::countAll(Value images, int64_t each) {
  int64_t count = cast<MemRefType>(tile.getOutput().getType()).getDimSize(0);
  if (ShapedType::isDynamic(count))
    return tile.mul(images, each);
  return b.getIndexAttr(count * each);
}

/// One row of a padded image that lies in the image.
void MatrixConvGenerator::copyRow(Value image, Value row, Value copy,
                                  Value start) {
  int64_t left = pads[1] * channels;
  int64_t count = std::min(inputWidth * channels, rowSize() - left);
  fillZeros(tile, copy, start, left);
  copyElements(tile, lines, {image, row, tile.index(0)}, copy,
               tile.add(start, left), count);
  fillZeros(tile, copy, tile.add(start, left + count),
            rowSize() - left - count);
}

/// All images with their pads, a register's rows behind each other.
Value MatrixConvGenerator::copyImages(Value images) {
  Value copy = tile.allocate(countAll(images, imageSize), b.getI8Type());
  lines = memref::CollapseShapeOp::create(
      b, loc, tile.getLhs(), ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
  loop(images, 1, [&](Value image) {
    Value start = tile.mul(image, imageSize);
    for (auto entry : llvm::enumerate(phases)) {
      int64_t phase = entry.value();
      int64_t first = static_cast<int64_t>(entry.index()) * phaseRows;
      loop(tile.index(phaseRows), 1, [&](Value number) {
        Value row = tile.add(tile.mul(number, strides[0]), phase - pads[0]);
        Value at =
            tile.add(start, tile.mul(tile.add(number, first), rowSize()));
        Value exists = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                             row, tile.index(inputHeight));
        auto choice =
            scf::IfOp::create(b, loc, exists, /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(choice.thenBlock());
        copyRow(image, row, copy, at);
        b.setInsertionPointToStart(choice.elseBlock());
        fillZeros(tile, copy, at, rowSize());
      });
    }
    int64_t end = static_cast<int64_t>(phases.size()) * phaseRows * rowSize();
    fillZeros(tile, copy, tile.add(start, end), pads[1] * channels);
  });
  return copy;
}

/// Images as rows of the left factor.
Value MatrixConvGenerator::viewAsRows(Value images) {
  if (isInPlace)
    return memref::CollapseShapeOp::create(
        b, loc, tile.getLhs(), ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
  Value copy = copyImages(images);
  SmallVector<OpFoldResult> sizes{countAll(images, imageRows),
                                  b.getIndexAttr(step())};
  return memref::ExpandShapeOp::create(
      b, loc, decomposeMixedValues(sizes).first, copy,
      ArrayRef<ReassociationIndices>{{0, 1}}, sizes);
}

void MatrixConvGenerator::run() {
  Value images = memref::DimOp::create(b, loc, tile.getOutput(), 0);
  MatrixTiles matrices(tile, {viewAsRows(images), getRuns(), runs.length,
                              /*isExact=*/isInPlace});
  auto build = [&](Value image, Value row, int64_t count, bool isEnd) {
    buildBlocks(matrices, [&](const MatrixTiles::Block &block) {
      buildRows(matrices, block, image, row, count, isEnd);
    });
  };
  if (matrices.keepsWeights())
    loop(images, 1, [&](Value image) {
      // A register of rows at least is left for the end.
      int64_t size = matrices.fewRows();
      int64_t whole =
          std::max<int64_t>(0, countRows() - shape.matrixRows) / size * size;
      loop(tile.index(whole), size,
           [&](Value row) { build(image, row, size, /*isEnd=*/false); });
      build(image, tile.index(whole), countRows() - whole, /*isEnd=*/true);
    });
  else
    buildBlocks(matrices, [&](const MatrixTiles::Block &block) {
      loop(images, 1, [&](Value image) {
        buildRows(matrices, block, image, tile.index(0), countRows(),
                  /*isEnd=*/true);
      });
    });
  tile.finish();
}

void MatrixConvGenerator::buildBlocks(
    MatrixTiles &matrices,
    function_ref<void(const MatrixTiles::Block &)> body) {
  int64_t whole = filters / shape.columns();
  auto build = [&](Value number, int64_t count) {
    body(matrices.startBlock(number,
                             {tile.mul(number, shape.columns()), count}));
  };
  if (whole > 0)
    loop(tile.index(whole), 1,
         [&](Value number) { build(number, shape.columns()); });
  if (filters % shape.columns() != 0)
    build(tile.index(whole), filters % shape.columns());
}

/// Rows of the left factor from `row` of the image on.
void MatrixConvGenerator::buildRows(MatrixTiles &matrices,
                                    const MatrixTiles::Block &block,
                                    Value image, Value row, int64_t count,
                                    bool isEnd) {
  Value first = tile.mul(image, imageRows);
  matrices.build(
      block, tile.add(first, row), count, isEnd,
      [&](const MatrixTiles::Block &block, const MatrixTiles::Sums &sums) {
        buildSummedRows(matrices, image, first, block, sums);
      });
}

/// Runs the epilogue on sums in memory.
void MatrixConvGenerator::buildSummedRows(MatrixTiles &matrices, Value image,
                                          Value first,
                                          const MatrixTiles::Block &block,
                                          const MatrixTiles::Sums &sums) {
  // Of the left factor, from the image's first one.
  Value start = arith::SubIOp::create(b, loc, sums.row, first);
  if (isJoined) {
    matrices.forEachRows(sums, [&](ValueRange rows) {
      SmallVector<RowIndices> outputs;
      for (Value row : rows)
        outputs.push_back({image, tile.add(start, row)});
      tile.buildEpilogue(outputs, block.channels,
                         matrices.loadSums(block, sums, rows));
    });
    return;
  }
  Value from = tile.add(start, sums.from), size = tile.index(pitch);
  auto loop = scf::ForOp::create(
      b, loc, sums.from, sums.to, tile.index(1),
      ValueRange{arith::DivUIOp::create(b, loc, from, size),
                 arith::RemUIOp::create(b, loc, from, size)});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value y = loop.getRegionIterArg(0), x = loop.getRegionIterArg(1);
  Value exists = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x,
                                       tile.index(width));
  auto choice = scf::IfOp::create(b, loc, exists, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    tile.buildEpilogue({RowIndices{image, y, x}}, block.channels,
                       matrices.loadSums(block, sums, loop.getInductionVar()));
  }
  Value next = tile.add(x, 1);
  Value isEnd =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, next, size);
  scf::YieldOp::create(
      b, loc,
      ValueRange{arith::SelectOp::create(b, loc, isEnd, tile.add(y, 1), y),
                 arith::SelectOp::create(b, loc, isEnd, tile.index(0), next)});
}

} // namespace

bool generateMatrixConv(FusedConv2DOp op) {
  auto output = cast<MemRefType>(op.getOutput().getType());
  if (op.hasOpenSizes() ||
      !op.getTileShape().canUseMatrices(op.getRuns().length, op.getFlipLhs()) ||
      output.getDimSize(1) * output.getDimSize(2) == 0)
    return false;
  MatrixConvGenerator(op).run();
  return true;
}

} // namespace quanta
