//===- TileBuilder.cpp - Tiles of accumulators in registers ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

TileBuilder::TileBuilder(FusedOpInterface op, bool dense)
    : op(op), b(op), loc(op.getLoc()), dot(op.getDot()),
      shape(dot.getDotShape()) {
  lhs = makeContiguous(op.getLhs(), dense);
  rhs = op.getRhs();
  for (Value extra : op.getExtras())
    extras.push_back(makeContiguous(extra));
  output = makeContiguous(op.getOutput());
}

void TileBuilder::finish() {
  b.setInsertionPoint(op);
  if (output != op.getOutput())
    memref::CopyOp::create(b, loc, output, op.getOutput());
  for (Value copy : copies)
    memref::DeallocOp::create(b, loc, copy);
  op.erase();
}

/// Vectors need elements next to each other; anything else is copied once.
Value TileBuilder::makeContiguous(Value buffer, bool dense) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type || type.getRank() == 0 ||
      (dense ? type.getLayout().isIdentity() : type.isLastDimUnitStride()))
    return buffer;
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(b, loc, buffer, dim));
  auto copyType = MemRefType::get(type.getShape(), type.getElementType());
  Value copy = memref::AllocOp::create(b, loc, copyType, sizes);
  memref::CopyOp::create(b, loc, buffer, copy);
  copies.push_back(copy);
  return copy;
}

Value TileBuilder::add(Value value, int64_t offset) {
  return offset == 0 ? value : add(value, index(offset));
}

Value TileBuilder::add(Value left, Value right) {
  return arith::AddIOp::create(b, loc, left, right);
}

Value TileBuilder::mul(Value value, int64_t factor) {
  return arith::MulIOp::create(b, loc, value, index(factor));
}

SmallVector<Value> TileBuilder::buildStart(Channels channels, int64_t rows,
                                           int64_t chains) {
  int64_t vectors = vectorsOf(channels.count);
  auto type = VectorType::get(shape.lanes, getElementTypeOrSelf(op.getInit()));
  SmallVector<Value> starts;
  for (int64_t vector = 0; vector < vectors; ++vector)
    starts.push_back(vector::LoadOp::create(
        b, loc, type, op.getInit(), add(channels.first, vector * shape.lanes)));
  SmallVector<Value> accumulators;
  for (int64_t row = 0; row < rows; ++row)
    accumulators.append(starts);
  if (chains > 1) {
    Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
    accumulators.append((chains - 1) * rows * vectors, zero);
  }
  return accumulators;
}

SmallVector<Value> TileBuilder::loadWeights(Value start, int64_t vectors) {
  SmallVector<Value> weights;
  for (int64_t vector = 0; vector < vectors; ++vector)
    weights.push_back(dot.buildLoadWeights(
        b, loc, rhs, add(start, vector * shape.lanes * shape.kGroup)));
  return weights;
}

void TileBuilder::buildDots(ValueRange indices, int64_t valid,
                            ArrayRef<Value> weights,
                            MutableArrayRef<Value> accumulators) {
  Value activation =
      dot.buildBroadcast(b, loc, lhs, indices, valid, op.getFlipLhs());
  for (auto [accumulator, vector] : llvm::zip_equal(accumulators, weights))
    accumulator = dot.buildDot(b, loc, accumulator, activation, vector);
}

void TileBuilder::addChains(SmallVector<Value> &accumulators, int64_t chains) {
  size_t perChain = accumulators.size() / chains;
  for (int64_t chain = 1; chain < chains; ++chain)
    for (size_t i = 0; i < perChain; ++i)
      accumulators[i] = arith::AddIOp::create(
          b, loc, accumulators[i], accumulators[chain * perChain + i]);
  accumulators.resize(perChain);
}

void TileBuilder::buildEpilogue(ArrayRef<RowIndices> rows, Channels channels,
                                ArrayRef<Value> accumulators) {
  int64_t vectors = vectorsOf(channels.count);
  Block &epilogue = op.getEpilogue().front();
  SmallVector<AffineMap> maps(
      op.getExtraMaps().getAsValueRange<AffineMapAttr>());
  for (int64_t vector = 0; vector < vectors; ++vector) {
    int64_t lanes =
        std::min(shape.lanes, channels.count - vector * shape.lanes);
    Value channel = add(channels.first, vector * shape.lanes);
    for (auto [row, rowIndices] : llvm::enumerate(rows)) {
      SmallVector<Value> position(rowIndices.begin(), rowIndices.end());
      position.push_back(channel);
      IRMapping mapping;
      mapping.map(epilogue.getArgument(0),
                  accumulators[row * vectors + vector]);
      for (auto [argument, extra, map] :
           llvm::zip(epilogue.getArguments().drop_front(), extras, maps))
        mapping.map(argument, loadExtra(extra, map, position, lanes));
      store(vectorizeBlock(b, epilogue, mapping, shape.lanes).front(), position,
            lanes);
    }
  }
}

void TileBuilder::store(Value result, ArrayRef<Value> position, int64_t lanes) {
  if (lanes == shape.lanes) {
    vector::StoreOp::create(b, loc, result, output, position);
    return;
  }
  if (lanes == 1) {
    // Not a masked store: before LLVM 23, x86 code for one lane of narrowed
    // elements writes as many bytes as they had before (LLVM issue 179489).
    Value element = vector::ExtractOp::create(b, loc, result, 0);
    memref::StoreOp::create(b, loc, element, output, position);
    return;
  }
  Value mask = vector::ConstantMaskOp::create(
      b, loc, VectorType::get(shape.lanes, b.getI1Type()),
      ArrayRef<int64_t>{lanes});
  vector::MaskedStoreOp::create(b, loc, output, position, mask, result);
}

/// One vector of an extra, or a scalar if it is the same in all channels.
Value TileBuilder::loadExtra(Value extra, AffineMap map,
                             ArrayRef<Value> position, int64_t lanes) {
  auto type = dyn_cast<MemRefType>(extra.getType());
  if (!type)
    return extra;
  auto isChannel = [&](AffineExpr expr) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && dim.getPosition() == position.size() - 1;
  };
  SmallVector<Value> at;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    at.push_back(dim ? position[dim.getPosition()] : index(0));
  }
  if (llvm::none_of(map.getResults(), isChannel))
    return memref::LoadOp::create(b, loc, extra, at);
  auto vectorType = VectorType::get(shape.lanes, type.getElementType());
  if (!isChannel(map.getResults().back())) {
    // Channels are not next to each other: one element after the other.
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < shape.lanes; ++lane) {
      SmallVector<Value> laneAt;
      for (auto [expr, value] : llvm::zip(map.getResults(), at))
        laneAt.push_back(isChannel(expr) ? add(value, std::min(lane, lanes - 1))
                                         : value);
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

} // namespace quanta
