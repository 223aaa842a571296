//===- GeneratePack.cpp - Loops that pack a right factor ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

namespace {

/// A word is the group of `kGroup` elements along K that one lane consumes.
/// One packed vector holds one word of each of `lanes` columns.
class PackGenerator {
public:
  PackGenerator(PackOp op)
      : op(op), b(op), loc(op.getLoc()), dot(op.getDot()),
        shape(dot.getDotShape()), source(op.getSource()),
        packed(op.getPacked()), init(op.getInit()) {
    auto type = cast<MemRefType>(source.getType());
    element = type.getElementType();
    word = shape.isFloat ? element : b.getIntegerType(8 * shape.kGroup);
    isTransposed = op.getMap().getDimPosition(0) == 1;
    isContiguous = type.isLastDimUnitStride();
    k = op.getLoopSize(0);
    n = op.getLoopSize(1);
  }

  void run();

private:
  PackOp op;
  OpBuilder b;
  Location loc;
  DotAttrInterface dot;
  DotShape shape;
  Value source, packed, init;
  Type element, word;
  /// Whether elements next to each other in memory are so along K.
  bool isTransposed;
  bool isContiguous;
  int64_t k, n;

  /// Vectors of columns beside each other, and where they are.
  struct Block {
    Value column;
    Value start;
    int64_t vectors;
    /// Columns that exist, of all vectors.
    int64_t columns;
  };

  /// One vector of a block: its columns, where its first word goes, and the
  /// distance from there to the next group's.
  struct Strip {
    Value column;
    Value start;
    int64_t stride;
    /// Columns that exist.
    int64_t lanes;
  };

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value value, int64_t offset) {
    return offset == 0 ? value
                       : arith::AddIOp::create(b, loc, value, index(offset))
                             .getResult();
  }

  void buildBlock(const Block &block);
  void buildLoop(int64_t from, int64_t to, int64_t step,
                 function_ref<void(Value)> body);
  void buildStrip(const Strip &strip);
  void packRows(const Strip &strip);
  void packColumns(const Strip &strip);
  SmallVector<Value> loadWords(const Strip &strip, Value group, int64_t words);
  void packElements(const Strip &strip, Value group, int64_t valid);
  Value loadElement(Value depth, Value column);
  Value zero(Type type) {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  void store(const Strip &strip, Value group, Value words);
  void buildPadding(const Strip &strip);
  void buildSums(const Block &block);
};

/// Words as a packed vector.
void PackGenerator::store(const Strip &strip, Value group, Value words) {
  auto type = VectorType::get(shape.lanes * shape.kGroup, element);
  if (words.getType() != type)
    words = vector::BitCastOp::create(b, loc, type, words);
  if (op.getFlip()) {
    Value mask = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, APInt(8, 0x80)));
    words = arith::XOrIOp::create(b, loc, words, mask);
  }
  Value at = arith::MulIOp::create(b, loc, group, index(strip.stride));
  at = arith::AddIOp::create(b, loc, at, strip.start);
  vector::StoreOp::create(b, loc, words, packed, at);
}

void PackGenerator::buildLoop(int64_t from, int64_t to, int64_t step,
                              function_ref<void(Value)> body) {
  if (from >= to)
    return;
  auto loop = scf::ForOp::create(b, loc, index(from), index(to), index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

Value PackGenerator::loadElement(Value depth, Value column) {
  SmallVector<Value> at{depth, column};
  if (isTransposed)
    std::swap(at[0], at[1]);
  return memref::LoadOp::create(b, loc, source, at);
}

/// One packed vector element by element, where memory has no vectors of them or
/// a word is not whole. Columns behind the last one repeat it.
void PackGenerator::packElements(const Strip &strip, Value group,
                                 int64_t valid) {
  Value depth = arith::MulIOp::create(b, loc, group, index(shape.kGroup));
  SmallVector<Value> elements;
  // What a flip turns into zero.
  Value padding = zero(element);
  if (op.getFlip())
    padding = arith::ConstantOp::create(
        b, loc, IntegerAttr::get(element, APInt(8, 0x80)));
  for (int64_t lane = 0; lane < shape.lanes; ++lane)
    for (int64_t i = 0; i < shape.kGroup; ++i)
      elements.push_back(
          i < valid
              ? loadElement(add(depth, i),
                            add(strip.column, std::min(lane, strip.lanes - 1)))
              : padding);
  store(strip, group,
        vector::FromElementsOp::create(
            b, loc, VectorType::get(elements.size(), element), elements));
}

/// Memory has columns next to each other: rows of one group are interleaved.
void PackGenerator::packRows(const Strip &strip) {
  auto type = VectorType::get(shape.lanes, element);
  auto pack = [&](Value group, int64_t valid) {
    Value depth = arith::MulIOp::create(b, loc, group, index(shape.kGroup));
    SmallVector<Value> rows;
    for (int64_t i = 0; i < shape.kGroup; ++i) {
      SmallVector<Value> at{add(depth, i), strip.column};
      if (i >= valid) {
        Value padding = zero(type);
        if (op.getFlip())
          padding = arith::ConstantOp::create(
              b, loc, DenseElementsAttr::get(type, APInt(8, 0x80)));
        rows.push_back(padding);
      } else if (strip.lanes == shape.lanes) {
        rows.push_back(vector::LoadOp::create(b, loc, type, source, at));
      } else {
        Value mask = vector::ConstantMaskOp::create(
            b, loc, VectorType::get(shape.lanes, b.getI1Type()),
            ArrayRef<int64_t>{strip.lanes});
        rows.push_back(vector::MaskedLoadOp::create(b, loc, type, source, at,
                                                    mask, zero(type)));
      }
    }
    // Perfect shuffles: with 4 rows, 0 with 2 and 1 with 3, then both.
    while (rows.size() > 1) {
      SmallVector<Value> next;
      size_t half = rows.size() / 2;
      for (size_t i = 0; i < half; ++i)
        next.push_back(
            vector::InterleaveOp::create(b, loc, rows[i], rows[i + half]));
      rows = next;
    }
    store(strip, group, rows.front());
  };
  int64_t groups = k / shape.kGroup;
  buildLoop(0, groups, 1, [&](Value group) { pack(group, shape.kGroup); });
  if (k % shape.kGroup != 0)
    pack(index(groups), k % shape.kGroup);
}

/// `words` words of each of the columns, of which several are put into one
/// vector: `words` vectors with word `w` of column `c` at `c / words * words +
/// w` of vector `c % words`.
SmallVector<Value> PackGenerator::loadWords(const Strip &strip, Value group,
                                            int64_t words) {
  Value depth = arith::MulIOp::create(b, loc, group, index(shape.kGroup));
  auto partType = VectorType::get(words * shape.kGroup, element);
  auto wordsType = VectorType::get(words, word);
  auto type = VectorType::get(shape.lanes, word);
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < words; ++i) {
    Value result = words == shape.lanes ? Value() : zero(type);
    for (int64_t c = i; c < shape.lanes; c += words) {
      SmallVector<Value> at{add(strip.column, std::min(c, strip.lanes - 1)),
                            depth};
      Value part = vector::LoadOp::create(b, loc, partType, source, at);
      if (partType != wordsType)
        part = vector::BitCastOp::create(b, loc, wordsType, part);
      result = !result ? part
                       : vector::InsertStridedSliceOp::create(
                             b, loc, part, result,
                             ArrayRef<int64_t>{c / words * words},
                             ArrayRef<int64_t>{1})
                             .getResult();
    }
    vectors.push_back(result);
  }
  return vectors;
}

/// Memory has one column's elements along K next to each other: squares of
/// words are transposed.
void PackGenerator::packColumns(const Strip &strip) {
  auto pack = [&](Value group, int64_t words) {
    SmallVector<Value> vectors = loadWords(strip, group, words);
    // Exchanges the off-diagonal halves of squares of 2, 4, ... words.
    for (int64_t distance = 1; distance < words; distance *= 2)
      for (int64_t i = 0; i < words; ++i) {
        if (i & distance)
          continue;
        SmallVector<int64_t> first, second;
        for (int64_t lane = 0; lane < shape.lanes; ++lane) {
          bool high = lane & distance;
          first.push_back(high ? shape.lanes + lane - distance : lane);
          second.push_back(high ? shape.lanes + lane : lane + distance);
        }
        Value upper = vectors[i], lower = vectors[i + distance];
        vectors[i] = vector::ShuffleOp::create(b, loc, upper, lower, first);
        vectors[i + distance] =
            vector::ShuffleOp::create(b, loc, upper, lower, second);
      }
    for (auto [i, words] : llvm::enumerate(vectors))
      store(strip, add(group, i), words);
  };
  int64_t groups = k / shape.kGroup, done = 0;
  for (int64_t words = shape.lanes; words > 0; words /= 2) {
    int64_t end = done + (groups - done) / words * words;
    buildLoop(done, end, words, [&](Value group) { pack(group, words); });
    done = end;
  }
  if (k % shape.kGroup != 0)
    packElements(strip, index(groups), k % shape.kGroup);
}

/// Zeros behind the last group, up to the depth that is packed.
void PackGenerator::buildPadding(const Strip &strip) {
  auto type = VectorType::get(shape.lanes * shape.kGroup, element);
  buildLoop(llvm::divideCeil(k, shape.kGroup),
            shape.paddedDepth(k) / shape.kGroup, 1, [&](Value group) {
              Value padding = zero(type);
              if (op.getFlip())
                padding = arith::ConstantOp::create(
                    b, loc, DenseElementsAttr::get(type, APInt(8, 0x80)));
              store(strip, group, padding);
            });
}

/// What zero points contribute: `-lhs_zp * (sum_k p - K * rhs_zp)`, where the
/// sums are dot products with ones.
void PackGenerator::buildSums(const Block &block) {
  auto type = VectorType::get(
      shape.lanes, cast<MemRefType>(init.getType()).getElementType());
  int64_t size = shape.lanes * shape.kGroup;
  SmallVector<Value> sums(block.vectors, zero(type));
  uint32_t lhsZeroPoint = op.getLhsZeroPoint();
  if (lhsZeroPoint != 0) {
    int64_t groups = llvm::divideCeil(k, shape.kGroup);
    auto loop =
        scf::ForOp::create(b, loc, index(0), index(groups), index(1), sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value at = arith::MulIOp::create(b, loc, loop.getInductionVar(),
                                       index(block.vectors * size));
      at = arith::AddIOp::create(b, loc, at, block.start);
      SmallVector<Value> carried;
      for (int64_t vector = 0; vector < block.vectors; ++vector) {
        Value words =
            dot.buildLoadWeights(b, loc, packed, add(at, vector * size));
        auto wordsType = cast<VectorType>(words.getType());
        Value ones = arith::ConstantOp::create(
            b, loc,
            DenseElementsAttr::get(
                wordsType, b.getIntegerAttr(wordsType.getElementType(), 1)));
        carried.push_back(
            dot.buildDot(b, loc, loop.getRegionIterArg(vector), ones, words));
      }
      scf::YieldOp::create(b, loc, carried);
    }
    sums.assign(loop.getResults().begin(), loop.getResults().end());
    auto splat = [&](uint32_t value) {
      return arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(type, APInt(32, value)));
    };
    uint32_t rhsZeroPoint = op.getRhsZeroPoint();
    Value offset =
        splat(static_cast<uint32_t>(k) * rhsZeroPoint * lhsZeroPoint);
    Value factor = splat(-lhsZeroPoint);
    for (Value &sum : sums) {
      sum = arith::MulIOp::create(b, loc, sum, factor);
      sum = arith::AddIOp::create(b, loc, sum, offset);
    }
  }
  for (auto [vector, sum] : llvm::enumerate(sums))
    vector::StoreOp::create(b, loc, sum, init,
                            add(block.column, vector * shape.lanes));
}

void PackGenerator::buildStrip(const Strip &strip) {
  buildPadding(strip);
  if (isContiguous && isTransposed)
    return packColumns(strip);
  if (isContiguous)
    return packRows(strip);
  int64_t groups = k / shape.kGroup;
  buildLoop(0, groups, 1,
            [&](Value group) { packElements(strip, group, shape.kGroup); });
  if (k % shape.kGroup != 0)
    packElements(strip, index(groups), k % shape.kGroup);
}

void PackGenerator::buildBlock(const Block &block) {
  int64_t size = shape.lanes * shape.kGroup;
  auto build = [&](Value vector, int64_t lanes) {
    Value column = arith::MulIOp::create(b, loc, vector, index(shape.lanes));
    Value start = arith::MulIOp::create(b, loc, vector, index(size));
    buildStrip({arith::AddIOp::create(b, loc, block.column, column),
                arith::AddIOp::create(b, loc, block.start, start),
                block.vectors * size, lanes});
  };
  int64_t whole = block.columns / shape.lanes;
  buildLoop(0, whole, 1, [&](Value vector) { build(vector, shape.lanes); });
  if (block.columns % shape.lanes != 0)
    build(index(whole), block.columns % shape.lanes);
  buildSums(block);
}

void PackGenerator::run() {
  int64_t columns = shape.columns(), whole = n / columns, rest = n % columns;
  int64_t size = columns * shape.pack(n, k).depth;
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value block = loop.getInductionVar();
    buildBlock({arith::MulIOp::create(b, loc, block, index(columns)),
                arith::MulIOp::create(b, loc, block, index(size)),
                shape.vectors, columns});
  }
  if (rest != 0)
    buildBlock({index(whole * columns), index(whole * size),
                static_cast<int64_t>(llvm::divideCeil(rest, shape.lanes)),
                rest});
  op.erase();
}

} // namespace

void generatePack(PackOp op) { PackGenerator(op).run(); }

} // namespace quanta
