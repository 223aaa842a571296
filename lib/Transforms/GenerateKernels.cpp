//===- GenerateKernels.cpp - Loops and dot products of fused operations
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_GENERATEKERNELS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// A tile of accumulators in registers.
struct Tile {
  int64_t rows;
  /// Columns that exist; the last vector may be partly empty.
  int64_t columns;
};

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
      : op(op), b(op), loc(op.getLoc()), dot(op.getDot()),
        shape(dot.getDotShape()) {}

  void run();

private:
  FusedMatmulOp op;
  OpBuilder b;
  Location loc;
  DotAttrInterface dot;
  DotShape shape;
  Value lhs, rhs, init, output;
  SmallVector<Value> extras;
  int64_t n, k;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value value, int64_t offset) {
    return offset == 0 ? value
                       : arith::AddIOp::create(b, loc, value, index(offset))
                             .getResult();
  }

  Value makeContiguous(Value buffer);
  void buildBlock(Value block, int64_t columns);
  void buildTile(Value block, Value row, Tile tile);
  SmallVector<Value> buildProducts(Value block, Value row, Tile tile);
  void buildGroup(Value block, Value row, Value group, Tile tile, int64_t valid,
                  MutableArrayRef<Value> accumulators);
  void buildEpilogue(Value block, Value row, Tile tile,
                     ArrayRef<Value> accumulators);
  Value loadExtra(Value extra, AffineMap map, Value row, Value column,
                  int64_t lanes);
  int64_t lanesOf(Tile tile, int64_t vector) const {
    return std::min(shape.lanes, tile.columns - vector * shape.lanes);
  }
  int64_t vectorsOf(Tile tile) const {
    return llvm::divideCeil(tile.columns, shape.lanes);
  }
  /// Independent sums along K, so that a small tile does not wait for the
  /// latency of its own additions. Integer sums may be taken in any order;
  /// float sums keep one order for all tiles, so that a row's result does not
  /// depend on the rows beside it.
  int64_t chainsOf(Tile tile) const {
    if (shape.isFloat)
      return 1;
    return std::max<int64_t>(1, 8 / (tile.rows * vectorsOf(tile)));
  }
};

/// Vectors need elements next to each other; anything else is copied once.
Value MatmulGenerator::makeContiguous(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type || type.getRank() == 0 || type.isLastDimUnitStride())
    return buffer;
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(b, loc, buffer, dim));
  auto copyType = MemRefType::get(type.getShape(), type.getElementType());
  Value copy = memref::AllocOp::create(b, loc, copyType, sizes);
  memref::CopyOp::create(b, loc, buffer, copy);
  return copy;
}

void MatmulGenerator::run() {
  SmallVector<Value> copies;
  auto prepare = [&](Value buffer) {
    Value ready = makeContiguous(buffer);
    if (ready != buffer)
      copies.push_back(ready);
    return ready;
  };
  lhs = prepare(op.getLhs());
  rhs = op.getRhs();
  init = op.getInit();
  for (Value extra : op.getExtras())
    extras.push_back(prepare(extra));
  output = prepare(op.getOutput());
  n = cast<MemRefType>(output.getType()).getDimSize(1);
  k = cast<MemRefType>(lhs.getType()).getDimSize(1);

  int64_t columns = shape.columns();
  int64_t whole = n / columns;
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    buildBlock(loop.getInductionVar(), columns);
  }
  if (n % columns != 0)
    buildBlock(index(whole), n % columns);

  if (output != op.getOutput())
    memref::CopyOp::create(b, loc, output, op.getOutput());
  for (Value copy : copies)
    memref::DeallocOp::create(b, loc, copy);
  op.erase();
}

void MatmulGenerator::buildBlock(Value block, int64_t columns) {
  int64_t staticRows = cast<MemRefType>(output.getType()).getDimSize(0);
  Value rows = memref::DimOp::create(b, loc, output, 0);
  Value start = index(0);
  int64_t staticStart = 0;
  for (int64_t tileRows = shape.rows; tileRows > 0;
       tileRows = tileRows > 4 ? 4 : tileRows / 2) {
    int64_t count = (staticRows - staticStart) / tileRows;
    if (!ShapedType::isDynamic(staticRows) && count == 0)
      continue;
    Value rest = arith::SubIOp::create(b, loc, rows, start);
    Value tiles = arith::DivUIOp::create(b, loc, rest, index(tileRows));
    Value covered = arith::MulIOp::create(b, loc, tiles, index(tileRows));
    Value end = arith::AddIOp::create(b, loc, start, covered);
    auto loop = scf::ForOp::create(b, loc, start, end, index(tileRows));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      buildTile(block, loop.getInductionVar(), {tileRows, columns});
    }
    start = end;
    staticStart += count * tileRows;
  }
}

void MatmulGenerator::buildTile(Value block, Value row, Tile tile) {
  SmallVector<Value> accumulators = buildProducts(block, row, tile);
  buildEpilogue(block, row, tile, accumulators);
}

/// The accumulators of a tile, row by row, after the loop over K.
SmallVector<Value> MatmulGenerator::buildProducts(Value block, Value row,
                                                  Tile tile) {
  int64_t vectors = vectorsOf(tile), chains = chainsOf(tile);
  int64_t perChain = tile.rows * vectors;
  auto type = VectorType::get(
      shape.lanes, cast<MemRefType>(init.getType()).getElementType());
  Value column = arith::MulIOp::create(b, loc, block, index(shape.columns()));
  SmallVector<Value> starts;
  for (int64_t vector = 0; vector < vectors; ++vector)
    starts.push_back(vector::LoadOp::create(b, loc, type, init,
                                            add(column, vector * shape.lanes)));
  SmallVector<Value> accumulators;
  for (int64_t tileRow = 0; tileRow < tile.rows; ++tileRow)
    accumulators.append(starts);
  if (chains > 1) {
    Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
    accumulators.append((chains - 1) * perChain, zero);
  }

  int64_t groups = k / shape.kGroup;
  int64_t steps = groups / chains;
  if (steps > 0) {
    auto loop = scf::ForOp::create(b, loc, index(0), index(steps * chains),
                                   index(chains), accumulators);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> carried(loop.getRegionIterArgs());
    for (int64_t chain = 0; chain < chains; ++chain)
      buildGroup(block, row, add(loop.getInductionVar(), chain), tile,
                 shape.kGroup,
                 MutableArrayRef(carried).slice(chain * perChain, perChain));
    scf::YieldOp::create(b, loc, carried);
    accumulators.assign(loop.getResults().begin(), loop.getResults().end());
  }
  auto first = MutableArrayRef(accumulators).take_front(perChain);
  for (int64_t group = steps * chains; group < groups; ++group)
    buildGroup(block, row, index(group), tile, shape.kGroup, first);
  if (k % shape.kGroup != 0)
    buildGroup(block, row, index(groups), tile, k % shape.kGroup, first);
  for (int64_t chain = 1; chain < chains; ++chain)
    for (int64_t i = 0; i < perChain; ++i)
      first[i] = arith::AddIOp::create(b, loc, first[i],
                                       accumulators[chain * perChain + i]);
  accumulators.resize(perChain);
  return accumulators;
}

/// One group of K on all accumulators of a tile.
void MatmulGenerator::buildGroup(Value block, Value row, Value group, Tile tile,
                                 int64_t valid,
                                 MutableArrayRef<Value> accumulators) {
  int64_t vectors = vectorsOf(tile);
  Value depth = arith::MulIOp::create(b, loc, group, index(shape.kGroup));
  // A block starts behind the whole depth of the columns before it.
  int64_t blockSize = shape.columns() * shape.pack(n, k).depth;
  int64_t vectorSize = shape.lanes * shape.kGroup;
  Value start = arith::AddIOp::create(
      b, loc, arith::MulIOp::create(b, loc, block, index(blockSize)),
      arith::MulIOp::create(b, loc, group, index(vectors * vectorSize)));
  SmallVector<Value> weights;
  for (int64_t vector = 0; vector < vectors; ++vector)
    weights.push_back(
        dot.buildLoadWeights(b, loc, rhs, add(start, vector * vectorSize)));
  for (int64_t tileRow = 0; tileRow < tile.rows; ++tileRow) {
    Value activation = dot.buildBroadcast(
        b, loc, lhs, {add(row, tileRow), depth}, valid, op.getFlipLhs());
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value &accumulator = accumulators[tileRow * vectors + vector];
      accumulator =
          dot.buildDot(b, loc, accumulator, activation, weights[vector]);
    }
  }
}

void MatmulGenerator::buildEpilogue(Value block, Value row, Tile tile,
                                    ArrayRef<Value> accumulators) {
  int64_t vectors = vectorsOf(tile);
  Value firstColumn =
      arith::MulIOp::create(b, loc, block, index(shape.columns()));
  Block &epilogue = op.getEpilogue().front();
  SmallVector<AffineMap> maps(
      op.getExtraMaps().getAsValueRange<AffineMapAttr>());
  for (int64_t vector = 0; vector < vectors; ++vector) {
    int64_t lanes = lanesOf(tile, vector);
    Value column = add(firstColumn, vector * shape.lanes);
    for (int64_t tileRow = 0; tileRow < tile.rows; ++tileRow) {
      Value rowIndex = add(row, tileRow);
      IRMapping mapping;
      mapping.map(epilogue.getArgument(0),
                  accumulators[tileRow * vectors + vector]);
      for (auto [argument, extra, map] :
           llvm::zip(epilogue.getArguments().drop_front(), extras, maps))
        mapping.map(argument, loadExtra(extra, map, rowIndex, column, lanes));
      Value result = vectorizeBlock(b, epilogue, mapping, shape.lanes).front();
      SmallVector<Value> at{rowIndex, column};
      if (lanes == shape.lanes) {
        vector::StoreOp::create(b, loc, result, output, at);
        continue;
      }
      if (lanes == 1) {
        // Not a masked store: before LLVM 23, x86 code for one lane of narrowed
        // elements writes as many bytes as they had before (LLVM issue 179489).
        Value element = vector::ExtractOp::create(b, loc, result, 0);
        memref::StoreOp::create(b, loc, element, output, at);
        continue;
      }
      Value mask = vector::ConstantMaskOp::create(
          b, loc, VectorType::get(shape.lanes, b.getI1Type()),
          ArrayRef<int64_t>{lanes});
      vector::MaskedStoreOp::create(b, loc, output, at, mask, result);
    }
  }
}

/// One vector of an extra, or a scalar if it is the same in all columns.
Value MatmulGenerator::loadExtra(Value extra, AffineMap map, Value row,
                                 Value column, int64_t lanes) {
  auto type = dyn_cast<MemRefType>(extra.getType());
  if (!type)
    return extra;
  SmallVector<Value> at;
  bool varies = false;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      at.push_back(index(0));
      continue;
    }
    varies |= dim.getPosition() == 1;
    at.push_back(dim.getPosition() == 0 ? row : column);
  }
  if (!varies)
    return memref::LoadOp::create(b, loc, extra, at);
  auto vectorType = VectorType::get(shape.lanes, type.getElementType());
  if (!isa<AffineDimExpr>(map.getResults().back()) ||
      cast<AffineDimExpr>(map.getResults().back()).getPosition() != 1) {
    // Columns are not next to each other: one element after the other.
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < shape.lanes; ++lane) {
      SmallVector<Value> laneAt;
      for (auto [expr, value] : llvm::zip(map.getResults(), at)) {
        auto dim = dyn_cast<AffineDimExpr>(expr);
        bool moves = dim && dim.getPosition() == 1;
        laneAt.push_back(moves ? add(value, std::min(lane, lanes - 1)) : value);
      }
      elements.push_back(memref::LoadOp::create(b, loc, extra, laneAt));
    }
    return vector::FromElementsOp::create(b, loc, vectorType, elements);
  }
  if (lanes == shape.lanes)
    return vector::LoadOp::create(b, loc, vectorType, extra, at);
  Value mask = vector::ConstantMaskOp::create(
      b, loc, VectorType::get(shape.lanes, b.getI1Type()),
      ArrayRef<int64_t>{lanes});
  Value zero =
      arith::ConstantOp::create(b, loc, vectorType, b.getZeroAttr(vectorType));
  return vector::MaskedLoadOp::create(b, loc, vectorType, extra, at, mask,
                                      zero);
}

struct GenerateKernelsPass : impl::GenerateKernelsBase<GenerateKernelsPass> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](FusedMatmulOp op) {
      if (!isa<MemRefType>(op.getOutput().getType())) {
        op.emitOpError() << "must be bufferized before kernels are generated";
        return WalkResult::interrupt();
      }
      MatmulGenerator(op).run();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
