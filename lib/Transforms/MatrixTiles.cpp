//===- MatrixTiles.cpp - Tiles of sums in registers of matrices -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixTiles.h"

#include "ParallelLoops.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

MatrixTiles::MatrixTiles(TileBuilder &tile, MatrixFactor factor)
    : tile(tile), b(tile.builder()), loc(tile.getLoc()), shape(tile.getShape()),
      factor(std::move(factor)) {}

int64_t MatrixTiles::rowsBehind() const {
  if (!factor.isExact || tailLength() == 0)
    return 0;
  return llvm::divideCeil(depth() - tailLength(), factor.length);
}

void MatrixTiles::loop(Value from, Value to, int64_t step,
                       function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, from, to, tile.index(step));
  markParallel(loop);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

MatrixTiles::Block MatrixTiles::startBlock(Value block, Channels channels) {
  int64_t size = shape.columns() * static_cast<int64_t>(factor.runs.size()) *
                 shape.paddedDepth(factor.length);
  auto [init, initStart] = tile.placeStart(channels);
  Value weights = tile.mul(block, size), next;
  int64_t all = cast<MemRefType>(tile.getRhs().getType()).getDimSize(0);
  if (channels.count == shape.columns() && all > size)
    next = arith::MinUIOp::create(b, loc, tile.add(weights, size),
                                  tile.index(all - size));
  return {weights, channels, init, initStart, next};
}

/// The last elements of K, where a register of them cannot be read.
Value MatrixTiles::copyTail(ArrayRef<Value> starts) {
  auto type = VectorType::get(depth(), b.getI8Type());
  Value buffer = memref::AllocaOp::create(
      b, loc,
      MemRefType::get({static_cast<int64_t>(starts.size()) * rows(), depth()},
                      b.getI8Type()),
      b.getI64IntegerAttr(64));
  Value mask = vector::ConstantMaskOp::create(b, loc, type.clone(b.getI1Type()),
                                              ArrayRef<int64_t>{tailLength()});
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  Value column = tile.index(factor.runs.front() + factor.length - tailLength());
  for (auto [i, start] : llvm::enumerate(starts)) {
    auto loop = scf::ForOp::create(b, loc, tile.index(0), tile.index(rows()),
                                   tile.index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value row = loop.getInductionVar();
    Value elements = vector::MaskedLoadOp::create(
        b, loc, type, factor.buffer, ValueRange{tile.add(start, row), column},
        mask, zero);
    vector::StoreOp::create(
        b, loc, elements, buffer,
        ValueRange{tile.add(row, static_cast<int64_t>(i) * rows()),
                   tile.index(0)});
  }
  return buffer;
}

bool MatrixTiles::keepsWeights() const {
  constexpr int64_t most = 1 << 19;
  return cast<MemRefType>(tile.getRhs().getType()).getDimSize(0) <= most;
}

/// The sums of registers of rows from `starts` on, of which some are the last
/// ones in memory.
Value MatrixTiles::buildSums(const Block &block, ArrayRef<Value> starts,
                             bool isLast, Value ahead, int64_t linesAhead) {
  int64_t width = tile.vectorsOf(block.channels.count) * shape.lanes;
  Value sums = memref::AllocaOp::create(
      b, loc,
      MemRefType::get({static_cast<int64_t>(starts.size()) * rows(), width},
                      b.getI32Type()),
      b.getI64IntegerAttr(64));
  Value tail;
  if (isLast && rowsBehind() > 0)
    tail = copyTail(starts);
  tile.getDot().buildMatrixProducts(
      b, loc,
      {factor.buffer, SmallVector<Value, 2>(starts), factor.runs,
       shape.paddedDepth(factor.length) / shape.kGroup, tail, tile.getRhs(),
       block.weights, width, block.init, block.initStart, sums, ahead,
       linesAhead});
  return sums;
}

/// Pairs of registers up to `end`, `count` of them or an unknown number. The
/// first ones fetch the next block of weights, a part each.
void MatrixTiles::buildPairs(const Block &block, Value first, Value end,
                             int64_t count, Epilogue epilogue) {
  constexpr int64_t unknownCount = 8;
  int64_t parts = ShapedType::isDynamic(count) ? unknownCount : count;
  int64_t lines = llvm::divideCeil(pair(), parts);
  int64_t steps = static_cast<int64_t>(factor.runs.size()) *
                  shape.paddedDepth(factor.length) / depth();
  loop(first, end, pair(), [&](Value row) {
    Value ahead;
    if (block.next && !keepsWeights()) {
      Value part = arith::DivUIOp::create(
          b, loc, arith::SubIOp::create(b, loc, row, first),
          tile.index(pair()));
      part =
          arith::MinUIOp::create(b, loc, part, tile.index(pair() / lines - 1));
      constexpr int64_t line = 64;
      ahead = tile.add(block.next, tile.mul(part, 2 * steps * lines * line));
    }
    Value sums = buildSums(block, {row, tile.add(row, rows())},
                           /*isLast=*/false, ahead, lines);
    epilogue(block, {sums, row, tile.index(0), tile.index(pair()), pair()});
  });
}

void MatrixTiles::build(const Block &block, Value first, int64_t count,
                        bool isEnd, Epilogue epilogue) {
  int64_t pairs =
      std::max<int64_t>(0, count - (isEnd ? rowsBehind() : 0)) / pair();
  int64_t done = pairs * pair();
  if (pairs > 0)
    buildPairs(block, first, tile.add(first, done), pairs, epilogue);
  while (done < count) {
    int64_t rest = std::min(count - done, pair());
    // The last register ends with the last row, and rows in front of it that
    // are done already have no epilogue.
    int64_t last = factor.isExact ? done + rest - rows()
                                  : done + (rest > rows() ? rows() : 0);
    SmallVector<Value> starts;
    if (rest > rows())
      starts.push_back(tile.add(first, done));
    starts.push_back(tile.add(first, last));
    int64_t registers = static_cast<int64_t>(starts.size());
    Value sums = buildSums(block, starts, /*isLast=*/isEnd);
    if (registers == 2)
      epilogue(block,
               {sums, starts[0], tile.index(0), tile.index(rows()), rows()});
    // Rows of sums that belong to the last register begin here.
    int64_t begin = (registers - 1) * rows();
    int64_t from = begin + done + begin - last;
    int64_t to = begin + done + rest - last;
    epilogue(block, {sums, tile.add(first, last - begin), tile.index(from),
                     tile.index(to), to - from});
    done += rest;
  }
}

Value MatrixTiles::build(const Block &block, Value first, Value end,
                         Epilogue epilogue) {
  Value count = arith::SubIOp::create(b, loc, end, first);
  Value isEnough = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                         count, tile.index(rows()));
  Value pairs = arith::DivUIOp::create(
      b, loc, arith::SubIOp::create(b, loc, count, tile.index(rowsBehind())),
      tile.index(pair()));
  Value last = arith::SelectOp::create(b, loc, isEnough, end, first);
  Value middle = arith::SelectOp::create(
      b, loc, isEnough, tile.add(first, tile.mul(pairs, pair())), first);
  buildPairs(block, first, middle, ShapedType::kDynamic, epilogue);
  loop(middle, last, rows(), [&](Value row) {
    Value start = arith::MinUIOp::create(b, loc, row, tile.add(last, -rows()));
    Value sums = buildSums(block, {start}, /*isLast=*/true);
    Value from = arith::SubIOp::create(b, loc, row, start);
    epilogue(block,
             {sums, start, from, tile.index(rows()), ShapedType::kDynamic});
  });
  return last;
}

void MatrixTiles::forEachRows(const Sums &sums,
                              function_ref<void(ValueRange)> body) {
  int64_t step = 1;
  while (step < 4 && !ShapedType::isDynamic(sums.count) &&
         sums.count % (2 * step) == 0)
    step *= 2;
  auto loop = scf::ForOp::create(b, loc, sums.from, sums.to, tile.index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> rows;
  for (int64_t i = 0; i < step; ++i)
    rows.push_back(tile.add(loop.getInductionVar(), i));
  body(rows);
}

SmallVector<Value> MatrixTiles::loadSums(const Block &block, const Sums &sums,
                                         ValueRange rows) {
  auto type = VectorType::get(shape.lanes, b.getI32Type());
  SmallVector<Value> vectors;
  for (Value row : rows)
    for (int64_t i = 0; i < tile.vectorsOf(block.channels.count); ++i)
      vectors.push_back(
          vector::LoadOp::create(b, loc, type, sums.buffer,
                                 ValueRange{row, tile.index(i * shape.lanes)}));
  return vectors;
}

} // namespace quanta
