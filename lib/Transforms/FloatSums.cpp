//===- FloatSums.cpp - Sums that are floats without conversion ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatSums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace quanta {

/// The elements of a constant scalar or of a buffer that holds a constant.
static Attribute getConstantAttr(Value value) {
  Attribute constant;
  if (auto global = value.getDefiningOp<memref::GetGlobalOp>()) {
    auto definition = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
        global, global.getNameAttr());
    if (definition && definition.getConstant())
      constant = definition.getInitialValueAttr();
  } else {
    matchPattern(value, m_Constant(&constant));
  }
  return constant;
}

/// Whether each multiplier is positive, at most 1, and so far from zero that
/// its product with 2^23 is exact.
static bool areMultipliers(Attribute constant) {
  auto isMultiplier = [](float value) {
    return value >= 0x1p-64f && value <= 1;
  };
  if (auto single = dyn_cast_or_null<FloatAttr>(constant))
    return single.getType().isF32() &&
           isMultiplier(single.getValue().convertToFloat());
  auto elements = dyn_cast_or_null<DenseFPElementsAttr>(constant);
  return elements && elements.getElementType().isF32() &&
         llvm::all_of(elements.getValues<float>(), isMultiplier);
}

/// Whether no sum reaches 2^23 in magnitude, whatever the activation.
static bool areSmallSums(FusedOpInterface op) {
  auto weights =
      dyn_cast_or_null<DenseIntElementsAttr>(getConstantAttr(op.getRhs()));
  auto init =
      dyn_cast_or_null<DenseIntElementsAttr>(getConstantAttr(op.getInit()));
  if (!weights || !init || weights.getType().getRank() != 1 ||
      init.getType().getRank() != 1 || init.getNumElements() == 0)
    return false;
  DotShape shape = op.getTileShape();
  int64_t smallest = shape.lhsSigned ? -128 : 0,
          largest = shape.lhsSigned ? 127 : 255;
  int64_t columns = init.getNumElements();
  int64_t groups = weights.getNumElements() / columns / shape.kGroup;
  SmallVector<int64_t> low, high;
  for (int32_t start : init.getValues<int32_t>()) {
    low.push_back(start);
    high.push_back(start);
  }
  // Blocks of columns, in them groups, in those columns.
  auto weight = weights.getValues<int8_t>().begin();
  for (int64_t start = 0; start < columns; start += op.getPackedColumns()) {
    int64_t end = std::min(columns, start + op.getPackedColumns());
    for (int64_t group = 0; group < groups; ++group)
      for (int64_t column = start; column < end; ++column)
        for (int64_t element = 0; element < shape.kGroup; ++element) {
          int64_t value = *weight++;
          low[column] += std::min(value * smallest, value * largest);
          high[column] += std::max(value * smallest, value * largest);
        }
  }
  constexpr int64_t limit = int64_t(1) << 23;
  return llvm::all_of(low, [](int64_t sum) { return sum > -limit; }) &&
         llvm::all_of(high, [](int64_t sum) { return sum < limit; });
}

bool takeSumsAsFloats(FusedOpInterface op, Block &epilogue,
                      const ByteRounding &rounding) {
  if (!op.getTileShape().fusesMultiplyAdd || rounding.low < rounding.zeroPoint)
    return false;
  BlockArgument sum = epilogue.getArgument(0);
  auto product =
      epilogue.getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!sum.getType().isInteger(32) || !sum.hasOneUse() || !product)
    return false;
  auto convert = dyn_cast<arith::SIToFPOp>(*sum.user_begin());
  if (!convert || !convert.getType().isF32() || !convert->hasOneUse() ||
      *convert->user_begin() != product)
    return false;
  Value multiplier =
      product.getOperand(product.getLhs() == convert.getResult() ? 1 : 0);
  Value source = multiplier;
  if (auto argument = dyn_cast<BlockArgument>(multiplier))
    source = op.getExtras()[argument.getArgNumber() - 1];
  if (!areMultipliers(getConstantAttr(source)) || !areSmallSums(op))
    return false;

  OpBuilder b(product);
  Location loc = product.getLoc();
  Value bits = arith::BitcastOp::create(b, loc, b.getF32Type(), sum);
  Value start = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(-0x1p23f));
  Value offset = arith::MulFOp::create(b, loc, multiplier, start);
  Value result = math::FmaOp::create(b, loc, bits, multiplier, offset);
  product.getResult().replaceAllUsesWith(result);
  product.erase();
  convert.erase();
  return true;
}

} // namespace quanta
