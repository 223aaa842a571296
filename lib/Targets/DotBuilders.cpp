//===- DotBuilders.cpp - Pieces that instruction sets share ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

/// The bytes one after the other: the tail of a row, where a word would reach
/// past the end.
static Value buildLoadTail(OpBuilder &builder, Location loc, Value source,
                           ValueRange indices, int64_t valid) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> at(indices);
  Value word;
  for (int64_t byte = 0; byte < valid; ++byte) {
    Value offset = arith::ConstantIndexOp::create(builder, loc, byte);
    at.back() = arith::AddIOp::create(builder, loc, indices.back(), offset);
    Value value = memref::LoadOp::create(builder, loc, source, at);
    value = arith::ExtUIOp::create(builder, loc, i32, value);
    Value shift = arith::ConstantIntOp::create(builder, loc, 8 * byte, 32);
    value = arith::ShLIOp::create(builder, loc, value, shift);
    word = word ? arith::OrIOp::create(builder, loc, word, value).getResult()
                : value;
  }
  return word;
}

Value buildLoadBytes(OpBuilder &builder, Location loc, Value source,
                     ValueRange indices, int64_t valid, bool flip) {
  Type i32 = builder.getI32Type();
  Value word;
  if (valid == 4) {
    auto bytes = VectorType::get(4, builder.getI8Type());
    Value loaded = vector::LoadOp::create(builder, loc, bytes, source, indices);
    loaded = vector::BitCastOp::create(builder, loc, VectorType::get(1, i32),
                                       loaded);
    word = vector::ExtractOp::create(builder, loc, loaded, 0);
  } else {
    word = buildLoadTail(builder, loc, source, indices, valid);
  }
  if (!flip)
    return word;
  Value mask = arith::ConstantIntOp::create(
      builder, loc, static_cast<int32_t>(0x80808080u), 32);
  return arith::XOrIOp::create(builder, loc, word, mask);
}

Value buildBroadcastBytes(OpBuilder &builder, Location loc, Value word,
                          int64_t lanes) {
  Value words = vector::BroadcastOp::create(
      builder, loc, VectorType::get(lanes, builder.getI32Type()), word);
  return vector::BitCastOp::create(
      builder, loc, VectorType::get(4 * lanes, builder.getI8Type()), words);
}

/// Of elements that are i16 already.
static Value buildBroadcastWidePairs(OpBuilder &builder, Location loc,
                                     Value source, ValueRange indices,
                                     int64_t valid, int64_t lanes) {
  Type i16 = builder.getI16Type(), i32 = builder.getI32Type();
  Value pair;
  if (valid == 2) {
    Value loaded = vector::LoadOp::create(builder, loc, VectorType::get(2, i16),
                                          source, indices);
    loaded = vector::BitCastOp::create(builder, loc, VectorType::get(1, i32),
                                       loaded);
    pair = vector::ExtractOp::create(builder, loc, loaded, 0);
  } else {
    pair = memref::LoadOp::create(builder, loc, source, indices);
    pair = arith::ExtUIOp::create(builder, loc, i32, pair);
  }
  Value pairs = vector::BroadcastOp::create(builder, loc,
                                            VectorType::get(lanes, i32), pair);
  return vector::BitCastOp::create(builder, loc,
                                   VectorType::get(2 * lanes, i16), pairs);
}

Value buildBroadcastPairs(OpBuilder &builder, Location loc, Value source,
                          ValueRange indices, int64_t valid, bool flip,
                          int64_t lanes) {
  Value pair;
  Type i16 = builder.getI16Type();
  if (cast<MemRefType>(source.getType()).getElementType() == i16)
    return buildBroadcastWidePairs(builder, loc, source, indices, valid, lanes);
  if (valid == 2) {
    auto bytes = VectorType::get(2, builder.getI8Type());
    Value loaded = vector::LoadOp::create(builder, loc, bytes, source, indices);
    loaded = vector::BitCastOp::create(builder, loc, VectorType::get(1, i16),
                                       loaded);
    pair = vector::ExtractOp::create(builder, loc, loaded, 0);
    if (flip) {
      Value mask = arith::ConstantIntOp::create(
          builder, loc, static_cast<int16_t>(0x8080), 16);
      pair = arith::XOrIOp::create(builder, loc, pair, mask);
    }
  } else {
    Value word = buildLoadBytes(builder, loc, source, indices, valid, flip);
    pair = arith::TruncIOp::create(builder, loc, i16, word);
  }
  // Repeated before it is widened, so that both are one instruction.
  Value pairs = vector::BroadcastOp::create(builder, loc,
                                            VectorType::get(lanes, i16), pair);
  Value bytes = vector::BitCastOp::create(
      builder, loc, VectorType::get(2 * lanes, builder.getI8Type()), pairs);
  return arith::ExtUIOp::create(builder, loc, VectorType::get(2 * lanes, i16),
                                bytes);
}

Value buildLoadVector(OpBuilder &builder, Location loc, Value source,
                      ValueRange indices, int64_t bytes) {
  return vector::LoadOp::create(builder, loc,
                                VectorType::get(bytes, builder.getI8Type()),
                                source, indices);
}

Value buildExtendPairs(OpBuilder &builder, Location loc, Value bytes) {
  auto type = cast<VectorType>(bytes.getType());
  return arith::ExtSIOp::create(
      builder, loc, VectorType::get(type.getShape(), builder.getI16Type()),
      bytes);
}

/// Elements of the lower or upper halves of every 16 bytes of two vectors in
/// turns.
static Value buildUnpack(OpBuilder &builder, Location loc, Value left,
                         Value right, bool upper) {
  auto type = cast<VectorType>(left.getType());
  int64_t size = type.getDimSize(0);
  int64_t block = 128 / type.getElementTypeBitWidth();
  SmallVector<int64_t> order;
  for (int64_t start = 0; start < size; start += block)
    for (int64_t i = 0; i < block / 2; ++i) {
      int64_t from = start + (upper ? block / 2 : 0) + i;
      order.append({from, size + from});
    }
  return vector::ShuffleOp::create(builder, loc, left, right, order);
}

SmallVector<Value> buildInterleaveBytes(OpBuilder &builder, Location loc,
                                        ValueRange rows) {
  auto bytes = cast<VectorType>(rows[0].getType());
  auto pairs =
      VectorType::get(bytes.getDimSize(0) / 2, builder.getIntegerType(16));
  SmallVector<Value> result;
  for (bool upper : {false, true}) {
    Value halves[2];
    for (int half : {0, 1})
      halves[half] = vector::BitCastOp::create(
          builder, loc, pairs,
          buildUnpack(builder, loc, rows[2 * half], rows[2 * half + 1], upper));
    for (bool upperPairs : {false, true})
      result.push_back(vector::BitCastOp::create(
          builder, loc, bytes,
          buildUnpack(builder, loc, halves[0], halves[1], upperPairs)));
  }
  return result;
}

LogicalResult verifyFloatTile(function_ref<InFlightDiagnostic()> emitError,
                              int64_t lanes, int64_t vectors, int64_t rows) {
  // No machine has more registers than this, nor any use for larger tiles.
  constexpr int64_t limit = 64;
  for (int64_t size : {lanes, vectors, rows})
    if (size < 1 || size > limit)
      return emitError() << "lanes, vectors and rows must lie between 1 and "
                         << limit << ", got " << lanes << ", " << vectors
                         << " and " << rows;
  return success();
}

Value buildBroadcastFloat(OpBuilder &builder, Location loc, Value source,
                          ValueRange indices, int64_t lanes) {
  Value element = memref::LoadOp::create(builder, loc, source, indices);
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get(lanes, builder.getF32Type()), element);
}

Value buildIntrinsic(OpBuilder &builder, Location loc, StringRef name,
                     Type type, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(builder, loc, type,
                                       builder.getStringAttr(name), operands)
      .getResult(0);
}

} // namespace quanta
