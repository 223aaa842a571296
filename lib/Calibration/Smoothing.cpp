//===- Smoothing.cpp - Scales moved into the weights ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Smoothing.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace quanta {

SmallVector<float> chooseSmoothingScales(const ObserverStatistics &statistics,
                                         ArrayRef<double> weightMaxima,
                                         double alpha) {
  // Far from the ends of f32, so that no weight overflows.
  constexpr int largestExponent = 40;
  double leastWeight = 0;
  for (double weight : weightMaxima)
    if (weight > 0 && (leastWeight == 0 || weight < leastWeight))
      leastWeight = weight;
  SmallVector<float> scales;
  for (auto [low, high, weight] :
       zip_equal(statistics.channelMin, statistics.channelMax, weightMaxima)) {
    double activation = low <= high ? std::max(-low, high) : 0;
    double met = weight > 0 ? weight : leastWeight;
    int exponent = 0;
    if (activation > 0 && met > 0)
      exponent = static_cast<int>(std::nearbyint(alpha * std::log2(activation) -
                                                 (1 - alpha) * std::log2(met)));
    scales.push_back(std::ldexp(
        1.0F, std::clamp(exponent, -largestExponent, largestExponent)));
  }
  return scales;
}

namespace {
/// A histogram that evenly spread values are added to.
class Spread {
public:
  Spread(double min, double max) {
    bins.width = Histogram::chooseWidth(min, max);
    bins.first = getBin(min);
    bins.counts.assign(getBin(max) - bins.first + 1, 0.0);
  }

  /// `count` values between `low` and `high`.
  void add(double low, double high, double count) {
    int64_t begin = clampBin(low), end = clampBin(high);
    if (begin == end) {
      bins.counts[begin] += count;
      return;
    }
    for (int64_t bin = begin; bin <= end; ++bin) {
      double from = std::max(low, bins.edge(bin));
      double to = std::min(high, bins.edge(bin + 1));
      bins.counts[bin] += count * std::max(to - from, 0.0) / (high - low);
    }
  }

  Histogram take() { return std::move(bins); }

private:
  Histogram bins;

  int64_t getBin(double value) const {
    return static_cast<int64_t>(std::floor(value / bins.width));
  }
  int64_t clampBin(double value) const {
    return std::clamp<int64_t>(getBin(value) - bins.first, 0,
                               static_cast<int64_t>(bins.counts.size()) - 1);
  }
};
} // namespace

/// Adds the values of one channel, divided by `scale`.
static void spreadChannel(Spread &spread, double width, ArrayRef<double> counts,
                          double low, double high, double scale) {
  for (auto [octave, count] : enumerate(counts)) {
    if (count == 0)
      continue;
    int exponent = static_cast<int>(octave) - observer_state::firstOctave;
    double from = octave == 0 ? 0 : std::ldexp(width, exponent);
    double to = std::ldexp(width, exponent + 1);
    bool isBelow = -low >= from && low < 0, isAbove = high >= from && high >= 0;
    double part = count / std::max(isBelow + isAbove, 1);
    if (isBelow)
      spread.add(-std::min(to, -low) / scale, -from / scale, part);
    if (isAbove)
      spread.add(from / scale, std::min(to, high) / scale, part);
  }
}

/// The mean square of each channel's values, from the counts of octaves; of the
/// same number of values in each channel.
static SmallVector<double> getPowers(const ObserverStatistics &statistics) {
  constexpr size_t count = observer_state::numOctaves;
  SmallVector<double> powers;
  for (auto [channel, low, high] :
       enumerate(statistics.channelMin, statistics.channelMax)) {
    double sum = 0, elements = 0, largest = std::max({-low, high, 0.0});
    for (size_t octave = 0; octave < count; ++octave) {
      double counted = statistics.octaves[channel * count + octave];
      if (counted == 0)
        continue;
      int exponent = static_cast<int>(octave) - observer_state::firstOctave;
      double width = statistics.histogram.width;
      double from = octave == 0 ? 0 : std::ldexp(width, exponent);
      double to = std::min(std::ldexp(width, exponent + 1), largest);
      // The mean square of what is evenly spread.
      sum += counted * (from * from + from * to + to * to) / 3;
      elements += counted;
    }
    powers.push_back(elements > 0 ? sum / elements : 0);
  }
  return powers;
}

double predictContractionSqnr(const ObserverStatistics &statistics,
                              const ObserverStatistics &divided, double sqnr,
                              ArrayRef<float> scales,
                              const ChannelWeights &weights) {
  double power = 0;
  const Histogram &histogram = divided.histogram;
  for (auto [index, count] : enumerate(histogram.counts)) {
    double value =
        std::clamp(histogram.center(index), divided.min, divided.max);
    power += count * value * value;
  }
  double noise = power / histogram.total() / std::pow(10.0, sqnr / 10);
  double signal = 0, spread = 0;
  for (auto [channel, own] : enumerate(getPowers(statistics))) {
    double scale = scales.empty() ? 1 : scales[channel];
    signal += own * weights.powers[channel];
    spread += scale * scale * weights.powers[channel];
  }
  if (!(signal > 0))
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / (noise * spread));
}

ObserverStatistics divideChannels(const ObserverStatistics &statistics,
                                  ArrayRef<float> scales) {
  ObserverStatistics result = statistics;
  result.min = std::numeric_limits<double>::infinity();
  result.max = -result.min;
  for (auto [low, high, scale] :
       zip_equal(result.channelMin, result.channelMax, scales)) {
    low /= scale;
    high /= scale;
    result.min = std::min(result.min, low);
    result.max = std::max(result.max, high);
  }
  // Octaves belong to the bins of the undivided values.
  result.octaves.clear();
  if (statistics.histogram.isEmpty() || !result.hasFiniteData())
    return result;
  Spread spread(result.min, result.max);
  for (size_t i = 0; i < scales.size(); ++i)
    spreadChannel(
        spread, statistics.histogram.width,
        ArrayRef(statistics.octaves)
            .slice(i * observer_state::numOctaves, observer_state::numOctaves),
        statistics.channelMin[i], statistics.channelMax[i], scales[i]);
  result.histogram = spread.take();
  return result;
}

} // namespace quanta
