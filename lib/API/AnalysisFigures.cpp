//===- AnalysisFigures.cpp - Sums that compare tensors --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExposedLayers.h"

#include "Comparison.h"
#include "QuantizationPoints.h"
#include "quanta/Transforms/Constants.h"

#include "llvm/ADT/STLExtras.h"

#include <cfloat>

using namespace llvm;

namespace quanta {

void ErrorSums::add(const HostTensor &reference, const HostTensor &value) {
  for (int64_t i = 0, e = reference.getNumElements(); i < e; ++i)
    add(readElement(reference, i), readElement(value, i));
}

double ErrorSums::getMse() const {
  if (lost > 0)
    return std::numeric_limits<double>::infinity();
  if (isUnknown())
    return std::numeric_limits<double>::quiet_NaN();
  return count > 0 ? noise / count : 0;
}

double ErrorSums::getNoiseRatio() const {
  if (lost > 0 || isUnknown())
    return getMse();
  if (noise == 0)
    return 0;
  return signal > 0 ? noise / signal : std::numeric_limits<double>::infinity();
}

double ErrorSums::getCosine() const {
  if (isUnknown())
    return getMse();
  double length = std::sqrt(signal) * std::sqrt(other);
  if (length > 0)
    return std::clamp(product / length, -1.0, 1.0);
  return signal == other ? 1 : 0;
}

double ResultFigures::getExpectedLoss() const {
  if (decisions.empty())
    return 0;
  std::vector<Decision> sorted = decisions;
  llvm::sort(sorted, [](const Decision &a, const Decision &b) {
    return a.margin < b.margin;
  });
  size_t close = (sorted.size() + 1) / 2;
  double squares = 0;
  for (const Decision &decision : ArrayRef(sorted).take_front(close))
    squares += decision.change * decision.change;
  double spread = std::sqrt(2 * squares / static_cast<double>(close));
  double sum = 0;
  for (const Decision &decision : sorted)
    if (spread > 0)
      sum += std::erfc(decision.margin / spread) / 2;
  return sum / static_cast<double>(sorted.size());
}

static bool isFiniteRow(const HostTensor &tensor, int64_t row,
                        int64_t columns) {
  for (int64_t i = row * columns; i < (row + 1) * columns; ++i)
    if (!std::isfinite(readElement(tensor, i)))
      return false;
  return true;
}

static int64_t findLargest(const HostTensor &tensor, int64_t row,
                           int64_t columns) {
  int64_t best = 0;
  for (int64_t i = 1; i < columns; ++i)
    if (readElement(tensor, row * columns + i) >
        readElement(tensor, row * columns + best))
      best = i;
  return best;
}

static bool isDistribution(const HostTensor &tensor, int64_t columns) {
  for (int64_t row = 0; row < tensor.getNumElements() / columns; ++row) {
    if (!isFiniteRow(tensor, row, columns))
      continue;
    double sum = 0;
    for (int64_t i = 0; i < columns; ++i) {
      double element = readElement(tensor, row * columns + i);
      if (!(element >= 0))
        return false;
      sum += element;
    }
    if (!(std::abs(sum - 1) < 1e-3))
      return false;
  }
  return true;
}

/// The place of the largest element but one.
static int64_t findSecond(const HostTensor &tensor, int64_t row,
                          int64_t columns, int64_t largest) {
  int64_t best = largest == 0 ? 1 : 0;
  for (int64_t i = best + 1; i < columns; ++i)
    if (i != largest && readElement(tensor, row * columns + i) >
                            readElement(tensor, row * columns + best))
      best = i;
  return best;
}

static Decision getDecision(const HostTensor &reference,
                            const HostTensor &value, int64_t row,
                            int64_t columns, bool isLogarithmic) {
  int64_t first = findLargest(reference, row, columns);
  int64_t second = findSecond(reference, row, columns, first);
  auto getMargin = [&](const HostTensor &tensor) {
    double high = readElement(tensor, row * columns + first);
    double low = readElement(tensor, row * columns + second);
    if (isLogarithmic) {
      high = std::log(std::max<double>(high, FLT_MIN));
      low = std::log(std::max<double>(low, FLT_MIN));
    }
    return high - low;
  };
  double margin = getMargin(reference);
  return {margin, getMargin(value) - margin};
}

void addResult(ResultFigures &figures, const HostTensor &reference,
               const HostTensor &value) {
  constexpr int64_t fewColumns = 100;
  figures.error.add(reference, value);
  int64_t count = reference.getNumElements();
  if (!isFloat(reference)) {
    figures.isPrediction = figures.isInteger = true;
    figures.predictions += count;
    for (int64_t i = 0; i < count; ++i)
      figures.agreeing += readElement(reference, i) == readElement(value, i);
    return;
  }
  int64_t columns = reference.getRank() ? reference.getShape().back() : 1;
  figures.hasRows |= reference.getRank() >= 2;
  if (columns < 2 || count == 0)
    return;
  // The rows of images and of sequences are no classes, and one row alone may
  // hold a number for each sample.
  bool isShares = isDistribution(reference, columns);
  bool looksLikeScores =
      (columns <= fewColumns && reference.getRank() == 2) || isShares;
  figures.isPrediction =
      looksLikeScores && (figures.isPrediction || figures.predictions == 0);
  for (int64_t row = 0; row < count / columns; ++row) {
    // A sample with a NaN has no largest element.
    if (!isFiniteRow(reference, row, columns))
      continue;
    ++figures.predictions;
    figures.agreeing += findLargest(reference, row, columns) ==
                        findLargest(value, row, columns);
    Decision decision = getDecision(reference, value, row, columns, isShares);
    if (looksLikeScores && std::isfinite(decision.change))
      figures.decisions.push_back(decision);
  }
}

/// Adds to the sums of what an activation does to the result.
static void addToResult(OperandFigures &figures, const ExposedOperand &exposed,
                        const HostTensor &before, const HostTensor &after) {
  ArrayRef<int64_t> shape = before.getShape();
  int64_t inner =
      mlir::ShapedType::getNumElements(shape.drop_front(exposed.axis + 1));
  auto channels = static_cast<int64_t>(exposed.met.size());
  for (int64_t i = 0, e = before.getNumElements(); i < e; ++i) {
    double value = readElement(before, i);
    double difference = readElement(after, i) - value;
    if (!std::isfinite(difference))
      continue;
    const MetWeights &met = exposed.met[i / inner % channels];
    figures.resultSignal += value * value * met.power;
    figures.resultNoise += difference * difference * met.power;
    figures.resultWeightNoise += value * value * met.noise;
  }
}

void addOperand(OperandFigures &figures, const ExposedOperand &exposed,
                const HostTensor &before, const HostTensor &after) {
  figures.error.add(before, after);
  if (!exposed.met.empty())
    addToResult(figures, exposed, before, after);
  for (int64_t i = 0, e = before.getNumElements(); exposed.isFloat && i < e;
       ++i)
    figures.saturated += std::isfinite(readElement(before, i)) &&
                         std::isinf(readElement(after, i));
  if (!exposed.params)
    return;
  const QuantParams &params = *exposed.params;
  for (int64_t i = 0, e = before.getNumElements(); i < e; ++i) {
    size_t channel = params.getChannel(before.getShape(), i);
    double q = readElement(before, i) / params.scale(channel) +
               params.zeroPoint(channel);
    figures.saturated +=
        q < params.range.min - 0.5 || q > params.range.max + 0.5;
  }
}

void addWeight(OperandFigures &figures, FakeQuantOp op) {
  std::optional<SmallVector<float>> values = getConstantFloats(op.getInput());
  std::optional<SmallVector<float>> rounded = getRoundedConstant(op);
  if (!rounded)
    return;
  for (auto [value, result] : zip_equal(*values, *rounded))
    figures.error.add(value, result);
}

} // namespace quanta
