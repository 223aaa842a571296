//===- AccumulatorRange.cpp - What the sums of a contraction can reach ----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccumulatorRange.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;

namespace quanta {

namespace {

int64_t addSaturated(int64_t a, int64_t b) {
  int64_t sum;
  if (!llvm::AddOverflow(a, b, sum))
    return sum;
  return a < 0 ? std::numeric_limits<int64_t>::min()
               : std::numeric_limits<int64_t>::max();
}

int64_t multiplySaturated(int64_t a, int64_t b) {
  int64_t product;
  if (!llvm::MulOverflow(a, b, product))
    return product;
  return (a < 0) != (b < 0) ? std::numeric_limits<int64_t>::min()
                            : std::numeric_limits<int64_t>::max();
}

struct Interval {
  int64_t low = 0, high = 0;

  void addProduct(Interval x, Interval w, int64_t count) {
    int64_t corners[] = {x.low * w.low, x.low * w.high, x.high * w.low,
                         x.high * w.high};
    auto [low, high] =
        std::minmax_element(std::begin(corners), std::end(corners));
    this->low = addSaturated(
        this->low, multiplySaturated(std::min<int64_t>(*low, 0), count));
    this->high = addSaturated(
        this->high, multiplySaturated(std::max<int64_t>(*high, 0), count));
  }
};

/// Stored values less zero points: of one channel, or of all.
Interval getRange(const QuantParams &params) {
  Interval range;
  for (int64_t zeroPoint : params.zeroPoints) {
    range.low = std::min(range.low, params.range.min - zeroPoint);
    range.high = std::max(range.high, params.range.max - zeroPoint);
  }
  return range;
}

/// Sums over constant weights: `count` of each product, grouped by the indices
/// that the result has too.
Interval sumWeights(ArrayRef<int32_t> weights, RankedTensorType type,
                    AffineMap map, AffineMap resultMap, Interval lhs,
                    int64_t count) {
  auto params = *QuantParams::get(type.getElementType());
  SmallVector<int64_t> groupStrides;
  int64_t groups = 1;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    bool isParallel = false;
    for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
      isParallel |=
          expr.isFunctionOfDim(loop) && resultMap.isFunctionOfDim(loop);
    groupStrides.push_back(isParallel ? groups : 0);
    groups *= isParallel ? type.getDimSize(dim) : 1;
  }
  SmallVector<Interval> sums(groups);
  SmallVector<int64_t> index(type.getRank(), 0);
  for (int32_t weight : weights) {
    int64_t group = 0;
    for (auto [position, stride] : llvm::zip(index, groupStrides))
      group += position * stride;
    int64_t zeroPoint = params.zeroPoint(params.axis ? index[*params.axis] : 0);
    int64_t w = weight - zeroPoint;
    sums[group].addProduct(lhs, {w, w}, count);
    for (int64_t dim = type.getRank(); dim-- > 0;) {
      if (++index[dim] < type.getDimSize(dim))
        break;
      index[dim] = 0;
    }
  }
  Interval widest;
  for (const Interval &sum : sums) {
    widest.low = std::min(widest.low, sum.low);
    widest.high = std::max(widest.high, sum.high);
  }
  return widest;
}

/// With `readWeights`, constant weights count with their values.
template <typename OpTy> AccumulatorRange analyze(OpTy op, bool readWeights) {
  AccumulatorRange result;
  SmallVector<AffineMap> maps = op.getIndexingMaps();
  RankedTensorType lhsType = op.getLhs().getType();
  RankedTensorType rhsType = op.getRhs().getType();
  Interval lhs = getRange(*QuantParams::get(lhsType.getElementType()));
  Interval rhs = getRange(*QuantParams::get(rhsType.getElementType()));
  // Products of one sum, and how many of them share an element of `rhs`.
  int64_t terms = 1, repeats = 1;
  for (unsigned loop = 0; loop < maps[0].getNumDims(); ++loop) {
    if (maps[2].isFunctionOfDim(loop))
      continue;
    int64_t size = ShapedType::kDynamic;
    AffineExpr expr = getAffineDimExpr(loop, op.getContext());
    for (auto [map, type] :
         {std::pair(maps[0], lhsType), std::pair(maps[1], rhsType)})
      if (auto position = map.getResultPosition(expr))
        if (!type.isDynamicDim(*position))
          size = type.getDimSize(*position);
    if (ShapedType::isDynamic(size)) {
      terms = ShapedType::kDynamic;
      break;
    }
    terms = multiplySaturated(terms, size);
    if (!maps[1].isFunctionOfDim(loop))
      repeats = multiplySaturated(repeats, size);
  }
  Interval sums;
  bool isStatic = !ShapedType::isDynamic(terms);
  std::optional<SmallVector<int32_t>> weights;
  if (readWeights)
    weights = getStoredValues(op.getRhs());
  if (isStatic)
    result.terms = terms;
  if (isStatic && weights)
    sums = sumWeights(*weights, rhsType, maps[1], maps[2], lhs, repeats);
  else
    sums.addProduct(lhs, rhs, isStatic ? terms : 1);
  if (op.getBias()) {
    std::optional<SmallVector<int32_t>> bias = getStoredValues(op.getBias());
    result.isBiasKnown = bias.has_value();
    result.biasLow = bias ? 0 : std::numeric_limits<int32_t>::min();
    result.biasHigh = bias ? 0 : std::numeric_limits<int32_t>::max();
    if (bias)
      for (int64_t value : *bias) {
        result.biasLow = std::min(result.biasLow, value);
        result.biasHigh = std::max(result.biasHigh, value);
      }
  }
  result.low = addSaturated(sums.low, result.biasLow);
  result.high = addSaturated(sums.high, result.biasHigh);
  return result;
}

AccumulatorRange analyze(Operation *op, bool readWeights) {
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return analyze(matmul, readWeights);
  return analyze(cast<ContractOp>(op), readWeights);
}

} // namespace

void AccumulatorRange::makeSymmetric() {
  int64_t below = low - biasLow, above = high - biasHigh;
  int64_t reach = addSaturated(above, multiplySaturated(below, -1));
  low = addSaturated(biasLow, multiplySaturated(reach, -1));
  high = addSaturated(biasHigh, reach);
}

int64_t AccumulatorRange::getMaxTerms() const {
  int64_t count = terms.value_or(1);
  auto limit = [&](int64_t bound, int64_t bias, int64_t end) -> int64_t {
    int64_t product = bound - bias;
    if (product == 0)
      return std::numeric_limits<int64_t>::max();
    return std::max<int64_t>(0, (end - bias) / product) * count;
  };
  return std::min(limit(low, biasLow, std::numeric_limits<int32_t>::min()),
                  limit(high, biasHigh, std::numeric_limits<int32_t>::max()));
}

AccumulatorRange AccumulatorRange::get(Operation *op) {
  return analyze(op, /*readWeights=*/true);
}

LogicalResult AccumulatorRange::refuseWrap(Operation *op) {
  // Most sums are too short, whatever the weights are.
  if (analyze(op, /*readWeights=*/false).fitsI32())
    return success();
  AccumulatorRange range = get(op);
  if (!range.isBiasKnown) {
    range.low -= range.biasLow;
    range.high -= range.biasHigh;
  }
  if (!range.terms || range.fitsI32())
    return success();
  return op->emitError() << "sums " << *range.terms
                         << " products, which reach [" << range.low << ", "
                         << range.high << "], beyond its i32 accumulators";
}

} // namespace quanta
