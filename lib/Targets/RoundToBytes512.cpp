//===- RoundToBytes512.cpp - Requantization on zmm registers --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/DotBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

static Value splat(OpBuilder &builder, Location loc, VectorType type,
                   Attribute element) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, element));
}

/// Rounds to even. What lies below the integers, and NaN, becomes the smallest
/// one, which the packing takes to the lower bound; what lies above `limit`, an
/// integer, becomes that, if there is one.
static Value buildConvert(OpBuilder &builder, Location loc, Value input,
                          std::optional<float> limit) {
  auto type = cast<VectorType>(input.getType());
  auto i32 = VectorType::get(16, builder.getI32Type());
  if (limit) {
    Value bound = splat(builder, loc, type, builder.getF32FloatAttr(*limit));
    // `vminps`, which gives its second operand where one is NaN.
    Value isAbove = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLT, bound, input);
    input = arith::SelectOp::create(builder, loc, isAbove, bound, input);
  }
  Value none = splat(builder, loc, i32, builder.getI32IntegerAttr(0));
  Value all = arith::ConstantIntOp::create(builder, loc, -1, 16);
  // The rounding mode of the thread, to nearest even unless someone changed it.
  Value rounding = arith::ConstantIntOp::create(builder, loc, 4, 32);
  return buildIntrinsic(builder, loc, "llvm.x86.avx512.mask.cvtps2dq.512", i32,
                        {input, none, all, rounding});
}

Value buildRoundToBytes512(OpBuilder &builder, Location loc, ValueRange inputs,
                           const ByteRounding &rounding) {
  // For a single vector, `vpmovdb` is as good.
  if (inputs.size() < 2 || inputs.size() > 4)
    return {};
  auto [zeroPoint, low, high, fitsInteger, interleaved] = rounding;
  bool isSigned = low < 0;
  // Without a limit, packing saturates what is an integer.
  std::optional<float> limit;
  if (!fitsInteger)
    limit = static_cast<float>(high - zeroPoint);
  SmallVector<Value> words;
  for (Value input : inputs)
    words.push_back(buildConvert(builder, loc, input, limit));
  while (words.size() < 4)
    words.push_back(words.back());
  auto i16 = VectorType::get(32, builder.getI16Type());
  auto i8 = VectorType::get(64, builder.getI8Type());
  auto i32 = VectorType::get(16, builder.getI32Type());
  Value halves[2];
  for (int half : {0, 1}) {
    halves[half] = buildIntrinsic(builder, loc, "llvm.x86.avx512.packssdw.512",
                                  i16, {words[2 * half], words[2 * half + 1]});
    if (zeroPoint != 0)
      halves[half] = LLVM::SAddSat::create(
          builder, loc, halves[half],
          splat(builder, loc, i16, builder.getI16IntegerAttr(zeroPoint)));
  }
  Value bytes = buildIntrinsic(builder, loc,
                               isSigned ? "llvm.x86.avx512.packsswb.512"
                                        : "llvm.x86.avx512.packuswb.512",
                               i8, {halves[0], halves[1]});
  auto bound = [&](int64_t value) {
    return splat(builder, loc, i8,
                 builder.getI8IntegerAttr(static_cast<int8_t>(value)));
  };
  if (low > (isSigned ? -128 : 0)) {
    if (isSigned)
      bytes = arith::MaxSIOp::create(builder, loc, bytes, bound(low));
    else
      bytes = arith::MaxUIOp::create(builder, loc, bytes, bound(low));
  }
  if (fitsInteger && high < (isSigned ? 127 : 255)) {
    if (isSigned)
      bytes = arith::MinSIOp::create(builder, loc, bytes, bound(high));
    else
      bytes = arith::MinUIOp::create(builder, loc, bytes, bound(high));
  }
  if (interleaved)
    return bytes;
  // Packing works within 128 bits: dword `4 * part + v` holds a part of vector
  // `v`, and belongs at `4 * v + part`.
  SmallVector<int64_t> order;
  for (int64_t v = 0; v < 4; ++v)
    for (int64_t part = 0; part < 4; ++part)
      order.push_back(4 * part + v);
  Value dwords = vector::BitCastOp::create(builder, loc, i32, bytes);
  dwords = vector::ShuffleOp::create(builder, loc, dwords, dwords, order);
  return vector::BitCastOp::create(builder, loc, i8, dwords);
}

} // namespace quanta
