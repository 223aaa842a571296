//===- TileBuilder.cpp - Tiles of accumulators in registers ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

#include "EpilogueBound.h"
#include "EraseDead.h"
#include "FloatSums.h"
#include "IntegerRounding.h"

#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <cmath>

using namespace mlir;

namespace quanta {

TileBuilder::TileBuilder(FusedOpInterface op, bool dense)
    : op(op), b(op), loc(op.getLoc()), dot(op.getDot()),
      shape(op.getTileShape()) {
  lhs = makeContiguous(op.getLhs(), dense);
  rhs = op.getRhs();
  for (Value extra : op.getExtras())
    extras.push_back(makeContiguous(extra));
  for (Value output : op.getOutputs())
    outputs.push_back(makeContiguous(output));
  contiguousOutputs = outputs;
  llvm::append_range(maps, op.getExtraMaps().getAsValueRange<AffineMapAttr>());
  splitEpilogue();
}

void TileBuilder::finish() {
  b.setInsertionPoint(op);
  for (auto [contiguous, output] :
       llvm::zip(contiguousOutputs, op.getOutputs()))
    if (contiguous != output)
      memref::CopyOp::create(b, loc, contiguous, output);
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

Value TileBuilder::allocate(OpFoldResult size, Type element) {
  auto [sizes, dynamicSizes] = decomposeMixedValues({size});
  Value buffer = memref::AllocOp::create(
      b, loc, MemRefType::get(sizes, element), dynamicSizes);
  copies.push_back(buffer);
  return buffer;
}

void TileBuilder::widenLhs() {
  if (!shape.widensLhs)
    return;
  auto type = cast<MemRefType>(lhs.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(b, loc, lhs, dim));
  Value wide = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), b.getI16Type()), sizes);
  copies.push_back(wide);
  Value from = lhs, to = wide;
  lhs = wide;
  if (type.getLayout().isIdentity()) {
    ReassociationIndices all =
        llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    from = memref::CollapseShapeOp::create(b, loc, from,
                                           ArrayRef<ReassociationIndices>{all});
    to = memref::CollapseShapeOp::create(b, loc, to,
                                         ArrayRef<ReassociationIndices>{all});
  }
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Value> place;
  int64_t last = cast<MemRefType>(from.getType()).getRank() - 1;
  auto enterLoop = [&](Value first, Value end, int64_t step) {
    auto loop = scf::ForOp::create(b, loc, first, end, index(step));
    b.setInsertionPointToStart(loop.getBody());
    place.push_back(loop.getInductionVar());
  };
  for (int64_t dim = 0; dim < last; ++dim)
    enterLoop(index(0), memref::DimOp::create(b, loc, from, dim), 1);
  Value size = memref::DimOp::create(b, loc, from, last);
  int64_t width = 2 * shape.lanes;
  Value rest = arith::RemUIOp::create(b, loc, size, index(width));
  Value whole = arith::SubIOp::create(b, loc, size, rest);
  auto widen = [&](Value elements, Type type) -> Value {
    if (op.getFlipLhs()) {
      TypedAttr mask = b.getI8IntegerAttr(-128);
      if (auto vector = dyn_cast<VectorType>(elements.getType()))
        mask = DenseElementsAttr::get(vector, Attribute(mask));
      elements = arith::XOrIOp::create(b, loc, elements,
                                       arith::ConstantOp::create(b, loc, mask));
    }
    return arith::ExtUIOp::create(b, loc, type, elements);
  };
  {
    OpBuilder::InsertionGuard guard(b);
    enterLoop(index(0), whole, width);
    Value bytes = vector::LoadOp::create(
        b, loc, VectorType::get(width, b.getI8Type()), from, place);
    vector::StoreOp::create(
        b, loc, widen(bytes, VectorType::get(width, b.getI16Type())), to,
        place);
    place.pop_back();
  }
  enterLoop(whole, size, 1);
  Value byte = memref::LoadOp::create(b, loc, from, place);
  memref::StoreOp::create(b, loc, widen(byte, b.getI16Type()), to, place);
}

bool TileBuilder::joinPixels() {
  auto isDense = [](Value buffer) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    return !type || type.getLayout().isIdentity();
  };
  auto usesPixels = [](AffineMap map) {
    return map.isFunctionOfDim(1) || map.isFunctionOfDim(2);
  };
  if (!llvm::all_of(outputs, isDense))
    return false;
  for (auto [extra, map] : llvm::zip(extras, maps))
    if (usesPixels(map) && (!map.isIdentity() || !isDense(extra)))
      return false;
  auto join = [&](Value buffer) {
    return memref::CollapseShapeOp::create(
        b, loc, buffer, ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}});
  };
  for (Value &output : outputs)
    output = join(output);
  SmallVector<AffineExpr> dims{
      b.getAffineDimExpr(0), b.getAffineConstantExpr(0),
      b.getAffineConstantExpr(0), b.getAffineDimExpr(2)};
  for (auto [extra, map] : llvm::zip(extras, maps)) {
    if (usesPixels(map)) {
      extra = join(extra);
      map = b.getMultiDimIdentityMap(3);
    } else {
      map = map.replaceDimsAndSymbols(dims, {}, 3, 0);
    }
  }
  return true;
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
    starts.push_back(loadStart(add(channels.first, vector * shape.lanes)));
  SmallVector<Value> accumulators;
  for (int64_t row = 0; row < rows; ++row)
    accumulators.append(starts);
  if (chains > 1) {
    Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
    accumulators.append((chains - 1) * rows * vectors, zero);
  }
  return accumulators;
}

Value TileBuilder::loadStart(Value start) {
  auto type = VectorType::get(shape.lanes, getElementTypeOrSelf(op.getInit()));
  Value sums = vector::LoadOp::create(b, loc, type, op.getInit(), start);
  if (!areFloatSums)
    return sums;
  Value offset = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, floatSumStart));
  return add(sums, offset);
}

Value TileBuilder::allocateWindow() {
  return memref::AllocaOp::create(
      b, loc, MemRefType::get({2, shape.rows, shape.columns()}, b.getF32Type()),
      b.getI64IntegerAttr(64));
}

/// One of two tiles in turns: at places that are known before the program runs,
/// LLVM would keep a window in registers that the next tile needs.
Value TileBuilder::selectWindow(Channels channels) {
  Value block =
      arith::DivUIOp::create(b, loc, channels.first, index(shape.columns()));
  return arith::RemUIOp::create(b, loc, block, index(2));
}

std::pair<Value, Value> TileBuilder::placeStart(Channels channels) {
  if (!areFloatSums)
    return {op.getInit(), channels.first};
  int64_t vectors = vectorsOf(channels.count);
  Value buffer = memref::AllocaOp::create(
      b, loc, MemRefType::get(vectors * shape.lanes, b.getI32Type()),
      b.getI64IntegerAttr(64));
  for (int64_t at = 0; at < vectors * shape.lanes; at += shape.lanes)
    vector::StoreOp::create(b, loc, loadStart(add(channels.first, at)), buffer,
                            index(at));
  return {buffer, index(0)};
}

SmallVector<Value> TileBuilder::loadWeights(Value start, int64_t vectors) {
  auto narrow = dyn_cast<NarrowDotAttr>(dot);
  SmallVector<Value> weights;
  Value loaded;
  for (int64_t vector = 0; vector < vectors; ++vector) {
    int64_t part = vector % shape.sharing;
    if (part == 0)
      loaded = dot.buildLoadWeights(b, loc, rhs,
                                    add(start, shape.groupSize(vector)));
    weights.push_back(narrow ? narrow.buildUnpack(b, loc, loaded, part)
                             : loaded);
  }
  return weights;
}

Value TileBuilder::getNextWeights(Value block, Value index, int64_t blockSize) {
  int64_t part = blockSize / shape.vectors;
  int64_t last = cast<MemRefType>(rhs.getType()).getDimSize(0) - part;
  index = arith::MinUIOp::create(b, loc, index, this->index(shape.vectors - 1));
  Value start = add(mul(add(block, 1), blockSize), mul(index, part));
  // Behind the last block there is nothing.
  return arith::MinUIOp::create(b, loc, start, this->index(last));
}

void TileBuilder::prefetchWeights(Value start, Value step) {
  Value line =
      add(start, mul(step, shape.lanes * shape.kGroup / shape.sharing));
  memref::PrefetchOp::create(b, loc, rhs, line, /*isWrite=*/false,
                             /*localityHint=*/2, /*isDataCache=*/true);
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
  Block &block = epilogue.front();
  // By output, then by row.
  SmallVector<SmallVector<SmallVector<Value>>, 2> results(
      outputs.size(), SmallVector<SmallVector<Value>>(rows.size()));
  for (int64_t vector = 0; vector < vectors; ++vector) {
    int64_t lanes =
        std::min(shape.lanes, channels.count - vector * shape.lanes);
    Value channel = add(channels.first, vector * shape.lanes);
    for (auto [row, rowIndices] : llvm::enumerate(rows)) {
      SmallVector<Value> position(rowIndices.begin(), rowIndices.end());
      position.push_back(channel);
      IRMapping mapping;
      mapping.map(block.getArgument(0), accumulators[row * vectors + vector]);
      auto windowAt = [&, row = row]() -> SmallVector<Value> {
        return {selectWindow(channels), index(row),
                index(vector * shape.lanes)};
      };
      for (auto [number, argument, extra, map] :
           llvm::enumerate(block.getArguments().drop_front(), extras, maps)) {
        Value window = readWindows.lookup(number);
        mapping.map(argument,
                    window ? vector::LoadOp::create(
                                 b, loc,
                                 VectorType::get(shape.lanes, b.getF32Type()),
                                 window, windowAt())
                                 .getResult()
                           : loadExtra(extra, map, position, lanes));
      }
      for (auto [number, result] :
           llvm::enumerate(vectorizeBlock(b, block, mapping, shape.lanes)))
        if (writtenWindow)
          vector::StoreOp::create(b, loc, result, writtenWindow, windowAt());
        else if (roundings[number])
          results[number][row].push_back(result);
        else
          store(result, outputs[number], position, lanes);
    }
  }
  for (unsigned number = 0; number < outputs.size(); ++number) {
    if (!roundings[number])
      continue;
    for (auto [rowIndices, rowResults] : llvm::zip(rows, results[number])) {
      SmallVector<Value> position(rowIndices.begin(), rowIndices.end());
      position.push_back(channels.first);
      storeBytes(rowResults, number, position, channels.count);
    }
  }
}

/// Looks for ends that targets have instructions for, and cuts them off.
void TileBuilder::splitEpilogue() {
  IRMapping mapping;
  op.getEpilogue().cloneInto(&epilogue, mapping);
  Block &block = epilogue.front();
  for (OpOperand &yielded : block.getTerminator()->getOpOperands())
    roundings.push_back(splitRounding(yielded));
  SmallVector<Operation *> ops;
  for (Operation &inner : block.without_terminator())
    ops.push_back(&inner);
  eraseDead(ops);
  if (roundings.size() == 1 && roundings.front())
    areFloatSums = takeSumsAsFloats(op, block, *roundings.front());
}

std::optional<ByteRounding> TileBuilder::splitRounding(OpOperand &yielded) {
  auto truncate = yielded.get().getDefiningOp<arith::TruncIOp>();
  if (!truncate || !truncate.getType().isInteger(8))
    return std::nullopt;
  auto convert = truncate.getIn().getDefiningOp<arith::FPToSIOp>();
  if (!convert || !convert.getType().isInteger(32))
    return std::nullopt;
  std::optional<IntegerRounding> rounding = matchIntegerRounding(convert);
  if (!rounding || std::abs(rounding->zeroPoint) > 256 ||
      rounding->low < -128 || rounding->high > (rounding->low < 0 ? 127 : 255))
    return std::nullopt;
  auto [round, zeroPoint, low, high, isOnlyUse] = *rounding;
  // Argument 0 is the accumulator.
  SmallVector<Value> arguments{Value()};
  llvm::append_range(arguments, op.getExtras());
  bool fitsInteger =
      getEpilogueBound(round.getOperand(), arguments) < std::ldexp(1.0, 31);
  yielded.set(round.getOperand());
  return ByteRounding{zeroPoint, low, high, fitsInteger,
                      /*interleaved=*/false};
}

/// All channels of one row at once.
void TileBuilder::storeBytes(ValueRange results, unsigned number,
                             ArrayRef<Value> position, int64_t channels) {
  Value output = outputs[number];
  const ByteRounding &rounding = *roundings[number];
  if (Value bytes = dot.buildRoundToBytes(b, loc, results, rounding)) {
    auto type = cast<VectorType>(bytes.getType());
    int64_t lanes = shape.lanes * static_cast<int64_t>(results.size());
    if (channels < lanes) {
      Value mask = vector::ConstantMaskOp::create(
          b, loc, VectorType::get(type.getShape(), b.getI1Type()),
          ArrayRef<int64_t>{channels});
      vector::MaskedStoreOp::create(b, loc, output, position, mask, bytes);
      return;
    }
    if (channels < type.getDimSize(0))
      bytes = vector::ExtractStridedSliceOp::create(
          b, loc, bytes, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{channels},
          ArrayRef<int64_t>{1});
    vector::StoreOp::create(b, loc, bytes, output, position);
    return;
  }
  for (auto [vector, result] : llvm::enumerate(results)) {
    int64_t start = vector * shape.lanes;
    SmallVector<Value> at(position);
    at.back() = add(at.back(), start);
    store(buildRounding(result, rounding), output, at,
          std::min(shape.lanes, channels - start));
  }
}

/// The same operation by operation.
Value TileBuilder::buildRounding(Value x, const ByteRounding &rounding) {
  auto splat = [&](int64_t value) {
    return arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(cast<VectorType>(x.getType()),
                               Attribute(b.getF32FloatAttr(value))));
  };
  auto vectorOf = [&](int64_t bits) {
    return VectorType::get(shape.lanes, b.getIntegerType(bits));
  };
  x = math::RoundEvenOp::create(b, loc, x);
  x = arith::AddFOp::create(b, loc, x, splat(rounding.zeroPoint));
  x = arith::MaxNumFOp::create(b, loc, x, splat(rounding.low));
  x = arith::MinNumFOp::create(b, loc, x, splat(rounding.high));
  x = arith::FPToSIOp::create(b, loc, vectorOf(32), x);
  return arith::TruncIOp::create(b, loc, vectorOf(8), x);
}

void TileBuilder::store(Value result, Value buffer, ArrayRef<Value> position,
                        int64_t lanes) {
  if (lanes == cast<VectorType>(result.getType()).getDimSize(0)) {
    vector::StoreOp::create(b, loc, result, buffer, position);
    return;
  }
  if (lanes == 1) {
    // Not a masked store: before LLVM 23, x86 code for one lane of narrowed
    // elements writes as many bytes as they had before (LLVM issue 179489).
    Value element = vector::ExtractOp::create(b, loc, result, 0);
    memref::StoreOp::create(b, loc, element, buffer, position);
    return;
  }
  Value mask = vector::ConstantMaskOp::create(
      b, loc, cast<VectorType>(result.getType()).clone(b.getI1Type()),
      ArrayRef<int64_t>{lanes});
  vector::MaskedStoreOp::create(b, loc, buffer, position, mask, result);
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
