//===- CopyElements.cpp - Rows of bytes between buffers -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CopyElements.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

/// Calls `body` for vectors of elements with where they begin and a mask, which
/// is null for whole vectors.
static void forEachVector(TileBuilder &tile, VectorType type, int64_t count,
                          function_ref<void(Value, Value)> body) {
  OpBuilder &b = tile.builder();
  Location loc = tile.getLoc();
  int64_t lanes = type.getDimSize(0), whole = count / lanes * lanes;
  if (whole > 0) {
    auto loop = scf::ForOp::create(b, loc, tile.index(0), tile.index(whole),
                                   tile.index(lanes));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar(), {});
  }
  if (whole < count)
    body(tile.index(whole),
         vector::ConstantMaskOp::create(b, loc, type.clone(b.getI1Type()),
                                        ArrayRef<int64_t>{count - whole}));
}

static VectorType getType(TileBuilder &tile) {
  return VectorType::get(tile.getShape().depthUnit(),
                         tile.builder().getI8Type());
}

static Value getZeros(TileBuilder &tile) {
  OpBuilder &b = tile.builder();
  return arith::ConstantOp::create(b, tile.getLoc(),
                                   b.getZeroAttr(getType(tile)));
}

static void store(TileBuilder &tile, Value elements, Value to, Value at,
                  Value mask) {
  OpBuilder &b = tile.builder();
  if (mask)
    vector::MaskedStoreOp::create(b, tile.getLoc(), to, at, mask, elements);
  else
    vector::StoreOp::create(b, tile.getLoc(), elements, to, at);
}

void copyElements(TileBuilder &tile, Value from, ValueRange at, Value to,
                  Value start, int64_t count) {
  OpBuilder &b = tile.builder();
  Location loc = tile.getLoc();
  VectorType type = getType(tile);
  forEachVector(tile, type, count, [&](Value offset, Value mask) {
    SmallVector<Value> place(at);
    place.back() = tile.add(place.back(), offset);
    Value elements =
        mask ? vector::MaskedLoadOp::create(b, loc, type, from, place, mask,
                                            getZeros(tile))
                   .getResult()
             : vector::LoadOp::create(b, loc, type, from, place).getResult();
    store(tile, elements, to, tile.add(start, offset), mask);
  });
}

void fillZeros(TileBuilder &tile, Value to, Value start, int64_t count) {
  forEachVector(tile, getType(tile), count, [&](Value offset, Value mask) {
    store(tile, getZeros(tile), to, tile.add(start, offset), mask);
  });
}

} // namespace quanta
