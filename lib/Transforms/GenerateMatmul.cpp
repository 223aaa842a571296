//===- GenerateMatmul.cpp - Loops of matrix products ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CopyElements.h"
#include "GenerateStored.h"
#include "KernelGenerators.h"
#include "MatrixTiles.h"
#include "ParallelLoops.h"
#include "TileBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <tuple>

using namespace mlir;

namespace quanta {

namespace {

/// Bytes of the left factor that are to stay in a core's level-2 cache while
/// all blocks of columns go by: current ones hold between 512 KiB and 2 MiB.
constexpr int64_t cachedBytes = 1 << 19;

/// Builds the loops of one `quanta.fused_matmul` on buffers:
///
///   for each run of rows that stays in the cache
///     for each block of columns
///       for each tile of rows
///         accumulators = init
///         for each group of K: accumulators += lhs * packed weights
///         epilogue on the accumulators, store
///
/// Where there are registers of matrices, tiles of rows that fill them take the
/// place of these.
class MatmulGenerator {
public:
  MatmulGenerator(FusedMatmulOp op)
      : tile(op), b(tile.builder()), loc(tile.getLoc()), shape(tile.getShape()),
        m(cast<MemRefType>(tile.getOutput().getType()).getDimSize(0)),
        n(cast<MemRefType>(tile.getOutput().getType()).getDimSize(1)),
        k(cast<MemRefType>(tile.getLhs().getType()).getDimSize(1)),
        usesMatrices(shape.canUseMatrices(k, op.getFlipLhs())),
        fillsMatrices(usesMatrices && m > shape.rows && m < shape.matrixRows),
        matrices(tile, describeRows()) {
    tile.widenLhs();
  }

  void run();

private:
  TileBuilder tile;
  OpBuilder &b;
  Location loc;
  DotShape shape;
  int64_t m, n, k;
  bool usesMatrices;
  /// Whether rows are copied into memory for a whole register: more than one
  /// tile would read the weights several times.
  bool fillsMatrices;
  MatrixTiles matrices;

  /// Rows from `first` on: `count` of them, or up to `end` if that is dynamic.
  struct Rows {
    Value first, end;
    int64_t count;
    /// Whether they are the last ones.
    bool isEnd = true;
  };

  /// What runs of rows should be a multiple of.
  int64_t wholeRows() const {
    return usesMatrices ? 2 * shape.matrixRows : shape.rows;
  }

  template <typename Body>
  void loop(Value from, Value to, int64_t step, Body body);
  MatrixFactor describeRows();
  std::pair<Value, Value> joinFewRows(Value first, Value last, Value end);
  void buildRows(const Rows &rows);
  void buildBlock(Value block, const Rows &rows, int64_t columns);
  void buildTile(Value block, Value row, int64_t rows, int64_t columns,
                 Value ahead);
  Rows buildMatrixTiles(Value block, Rows rows, int64_t columns);
  SmallVector<Value> buildProducts(Value block, Value row, int64_t rows,
                                   Channels channels, Value ahead);
  void addProducts(Value block, Value row, int64_t rows, int64_t chains,
                   SmallVector<Value> &accumulators, Value ahead);
  void buildGroup(Value block, Value row, int64_t rows, Value group,
                  int64_t valid, MutableArrayRef<Value> accumulators);
};

template <typename Body>
void MatmulGenerator::loop(Value from, Value to, int64_t step, Body body) {
  auto loop = scf::ForOp::create(b, loc, from, to, tile.index(step));
  markParallel(loop);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void MatmulGenerator::run() {
  Value zero = tile.index(0);
  int64_t rowBytes = std::max<int64_t>(1, k * (shape.isFloat ? 4 : 1));
  bool keepsWeights = usesMatrices && matrices.keepsWeights();
  if (ShapedType::isDynamic(m)) {
    Value end = memref::DimOp::create(b, loc, tile.getOutput(), 0);
    int64_t size = std::max<int64_t>(1, cachedBytes / rowBytes / wholeRows()) *
                   wholeRows();
    if (keepsWeights)
      size = std::min(size, matrices.fewRows());
    loop(zero, end, size, [&](Value first) {
      Value last = arith::MinSIOp::create(b, loc, tile.add(first, size), end);
      if (usesMatrices)
        std::tie(first, last) = joinFewRows(first, last, end);
      buildRows({first, last, m});
    });
  } else if (m > 0) {
    // Each run has at least one whole tile. One block of columns needs its rows
    // only once.
    int64_t most = std::max<int64_t>(1, m / shape.rows);
    int64_t runs = n <= shape.columns()
                       ? 1
                       : std::min<int64_t>(
                             most, llvm::divideCeil(m * rowBytes, cachedBytes));
    int64_t size = llvm::divideCeil(m, runs);
    if (keepsWeights)
      size = std::min(size, matrices.fewRows());
    if (usesMatrices)
      size = std::min<int64_t>(m, llvm::alignTo(size, wholeRows()));
    int64_t whole = m / size, rest = m % size;
    // Rows that fill no register go with those before them.
    if (usesMatrices && whole > 1 && rest != 0 && rest < shape.matrixRows) {
      --whole;
      rest += size;
    }
    if (whole == 1)
      buildRows({zero, {}, size, /*isEnd=*/rest == 0});
    else
      loop(zero, tile.index(whole * size), size, [&](Value first) {
        buildRows({first, {}, size, /*isEnd=*/rest == 0});
      });
    if (rest != 0)
      buildRows({tile.index(whole * size), {}, rest});
  }
  tile.finish();
}

MatrixFactor MatmulGenerator::describeRows() {
  if (!fillsMatrices)
    return {tile.getLhs(), {0}, k, /*isExact=*/true};
  int64_t depth = shape.paddedDepth(k);
  Value copy =
      tile.allocate(b.getIndexAttr(shape.matrixRows * depth), b.getI8Type());
  for (int64_t row = 0; row < m; ++row)
    copyElements(tile, tile.getLhs(), {tile.index(row), tile.index(0)}, copy,
                 tile.index(row * depth), k);
  auto type = MemRefType::get({shape.matrixRows, depth}, b.getI8Type());
  Value rows = memref::ExpandShapeOp::create(
      b, loc, type, copy, ArrayRef<ReassociationIndices>{{0, 1}});
  return {rows, {0}, k, /*isExact=*/false};
}

/// Rows from `first` to `last` of those up to `end`, where the last ones go
/// with those before them if they fill no register.
std::pair<Value, Value> MatmulGenerator::joinFewRows(Value first, Value last,
                                                     Value end) {
  auto areFew = [&](Value from) -> Value {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                 arith::SubIOp::create(b, loc, end, from),
                                 tile.index(shape.matrixRows));
  };
  Value isLater = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, first,
                                        tile.index(0));
  Value isDone = arith::AndIOp::create(b, loc, areFew(first), isLater);
  return {arith::SelectOp::create(b, loc, isDone, end, first),
          arith::SelectOp::create(b, loc, areFew(last), end, last)};
}

void MatmulGenerator::buildRows(const Rows &rows) {
  int64_t columns = shape.columns(), whole = n / columns;
  if (whole > 0)
    loop(tile.index(0), tile.index(whole), 1,
         [&](Value block) { buildBlock(block, rows, columns); });
  if (n % columns != 0)
    buildBlock(tile.index(whole), rows, n % columns);
}

void MatmulGenerator::buildBlock(Value block, const Rows &all,
                                 int64_t columns) {
  Rows rows = usesMatrices ? buildMatrixTiles(block, all, columns) : all;
  if (rows.count == 0)
    return;
  auto getAhead = [&](Value row, int64_t tileRows) -> Value {
    if (n <= shape.columns() || rows.count == 1)
      return {};
    Value index = arith::DivUIOp::create(
        b, loc, arith::SubIOp::create(b, loc, row, rows.first),
        tile.index(tileRows));
    return tile.getNextWeights(block, index, shape.blockSize(shape.pack(n, k)));
  };
  if (!ShapedType::isDynamic(rows.count)) {
    // Of nearly equal size: a small last one would have too few independent
    // sums to keep the machine busy.
    int64_t tiles = llvm::divideCeil(rows.count, shape.rows);
    int64_t small = rows.count / tiles, large = rows.count % tiles;
    auto build = [&](int64_t from, int64_t number, int64_t tileRows) {
      if (number > 0)
        loop(tile.add(rows.first, from),
             tile.add(rows.first, from + number * tileRows), tileRows,
             [&](Value row) {
               buildTile(block, row, tileRows, columns,
                         getAhead(row, tileRows));
             });
    };
    build(0, large, small + 1);
    build(large * (small + 1), tiles - large, small);
    return;
  }
  Value start = rows.first;
  for (int64_t tileRows = shape.rows; tileRows > 0;
       tileRows = tileRows > 4 ? 4 : tileRows / 2) {
    Value rest = arith::SubIOp::create(b, loc, rows.end, start);
    Value tiles = arith::DivUIOp::create(b, loc, rest, tile.index(tileRows));
    Value end = tile.add(start, tile.mul(tiles, tileRows));
    loop(start, end, tileRows, [&](Value row) {
      buildTile(block, row, tileRows, columns,
                tileRows == shape.rows ? getAhead(row, tileRows) : Value());
    });
    start = end;
  }
}

/// Takes all rows if they fill a register of matrices, and returns those that
/// are left.
MatmulGenerator::Rows MatmulGenerator::buildMatrixTiles(Value block, Rows rows,
                                                        int64_t columns) {
  bool isDynamic = ShapedType::isDynamic(rows.count);
  if (!isDynamic && !fillsMatrices && rows.count < shape.matrixRows)
    return rows;
  MatrixTiles::Block started =
      matrices.startBlock(block, {tile.mul(block, shape.columns()), columns});
  auto epilogue = [&](const MatrixTiles::Block &block,
                      const MatrixTiles::Sums &sums) {
    matrices.forEachRows(sums, [&](ValueRange rows) {
      SmallVector<RowIndices> outputs;
      for (Value row : rows)
        outputs.push_back({tile.add(sums.row, row)});
      tile.buildEpilogue(outputs, block.channels,
                         matrices.loadSums(block, sums, rows));
    });
  };
  if (isDynamic)
    return {matrices.build(started, rows.first, rows.end, epilogue), rows.end,
            rows.count};
  matrices.build(started, rows.first, rows.count, rows.isEnd, epilogue);
  return {rows.first, {}, 0};
}

void MatmulGenerator::buildTile(Value block, Value row, int64_t rows,
                                int64_t columns, Value ahead) {
  Channels channels{tile.mul(block, shape.columns()), columns};
  SmallVector<Value> accumulators =
      buildProducts(block, row, rows, channels, ahead);
  SmallVector<RowIndices> rowIndices;
  for (int64_t tileRow = 0; tileRow < rows; ++tileRow)
    rowIndices.push_back({tile.add(row, tileRow)});
  tile.buildEpilogue(rowIndices, channels, accumulators);
}

/// The accumulators of a tile, row by row, after the loop over K, which fetches
/// weights from element `ahead` on if there is one.
SmallVector<Value> MatmulGenerator::buildProducts(Value block, Value row,
                                                  int64_t rows,
                                                  Channels channels,
                                                  Value ahead) {
  int64_t vectors = tile.vectorsOf(channels.count);
  int64_t chains = tile.chainsOf(rows, vectors);
  SmallVector<Value> accumulators = tile.buildStart(channels, rows, chains);
  if (shape.storedBits)
    return buildStoredProducts(
        tile, tile.mul(block, shape.blockSize(shape.pack(n, k))), k, rows,
        vectors,
        [&](int64_t tileRow, Value depth) {
          return RowIndices{tile.add(row, tileRow), depth};
        },
        accumulators);
  addProducts(block, row, rows, chains, accumulators, ahead);
  tile.addChains(accumulators, chains);
  return accumulators;
}

/// Adds the products to `chains` sets of accumulators.
void MatmulGenerator::addProducts(Value block, Value row, int64_t rows,
                                  int64_t chains,
                                  SmallVector<Value> &accumulators,
                                  Value ahead) {
  size_t perChain = accumulators.size() / chains;
  int64_t groups = k / shape.kGroup;
  int64_t end = groups / chains * chains;
  if (end > 0) {
    auto loop = scf::ForOp::create(b, loc, tile.index(0), tile.index(end),
                                   tile.index(chains), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs());
    if (ahead && chains == 1)
      tile.prefetchWeights(ahead, loop.getInductionVar());
    for (int64_t chain = 0; chain < chains; ++chain)
      buildGroup(block, row, rows, tile.add(loop.getInductionVar(), chain),
                 shape.kGroup,
                 MutableArrayRef(carried).slice(chain * perChain, perChain));
    scf::YieldOp::create(b, loc, carried);
    accumulators.assign(loop.getResults().begin(), loop.getResults().end());
  }
  auto first = MutableArrayRef(accumulators).take_front(perChain);
  for (int64_t group = end; group < groups; ++group)
    buildGroup(block, row, rows, tile.index(group), shape.kGroup, first);
  if (k % shape.kGroup != 0)
    buildGroup(block, row, rows, tile.index(groups), k % shape.kGroup, first);
}

/// One group of K on all accumulators of a tile.
void MatmulGenerator::buildGroup(Value block, Value row, int64_t rows,
                                 Value group, int64_t valid,
                                 MutableArrayRef<Value> accumulators) {
  int64_t vectors = static_cast<int64_t>(accumulators.size()) / rows;
  Value depth = tile.mul(group, shape.kGroup);
  // A block starts behind the whole depth of the columns before it.
  int64_t blockSize = shape.blockSize(shape.pack(n, k));
  int64_t groupSize = shape.groupSize(vectors);
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
