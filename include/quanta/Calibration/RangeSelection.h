//===- RangeSelection.h - Ranges from statistics ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_RANGESELECTION_H
#define QUANTA_CALIBRATION_RANGESELECTION_H

#include "quanta/Calibration/Statistics.h"

#include "llvm/ADT/ArrayRef.h"

namespace quanta {

/// How the range that a quantized type covers follows from what was observed.
/// Values outside of it saturate. All but `Max` need a histogram.
enum class RangeSelection {
  /// From minimum to maximum: `MinMaxObserver` of PyTorch, `MinMaxCalibrater`
  /// of ONNX Runtime. A scale may be as small as its values are: PyTorch's is
  /// 2^-23 at least, which rounds values below half of that to zero.
  Max,
  /// The range with the smallest mean squared error of rounding and saturation
  /// together. PyTorch's `HistogramObserver` minimizes the same error, but
  /// walks from the full range inwards by quantiles and stops at the first step
  /// that does not help; this search also looks past it, and its error is that
  /// of rounding bin centers, not of a uniform density.
  Mse,
  /// Cuts off `(100 - percentile) / 2` percent of the values on each side, or
  /// of a symmetric range `100 - percentile` percent of the magnitudes:
  /// `PercentileCalibrater` of ONNX Runtime. The range ends where the bin of
  /// the last value that counts ends, so that at least the percentage is
  /// covered; ONNX Runtime's upper end is where that bin begins.
  Percentile,
  /// The threshold on magnitudes with the smallest Kullback-Leibler divergence
  /// between the values and what rounding makes of them (S. Migacz, "8-bit
  /// Inference with TensorRT", GTC 2017). As in NVIDIA's pytorch-quantization,
  /// there are as many levels as the range has integers, on one side of zero
  /// where the values are; ONNX Runtime's `EntropyCalibrater` has 128 on both.
  /// A value that repeats exactly, zero or another, counts no more than its
  /// neighbours.
  Entropy
};

struct RangeOptions {
  RangeSelection selection = RangeSelection::Max;
  /// For `Percentile`.
  double percentile = 99.99;
  /// Whether the range must be `[-m, m]`.
  bool isSymmetric = false;
  /// Number of integers in the range.
  int64_t levels = 256;
};

struct RealRange {
  double min = 0;
  double max = 0;
};

/// The range for an observer with finite data. It lies within the observed
/// one, to which `Mse` adds zero, or for a symmetric type within the range of
/// its magnitude. Otherwise zero is left to the type, which always holds it.
/// Constant data gives just that value, whatever the selection. Fails if the
/// selection needs a histogram and there is none.
llvm::Expected<RealRange> selectRange(const ObserverStatistics &statistics,
                                      const RangeOptions &options);

/// The signal-to-quantization-noise ratio, in dB, that the values counted by a
/// histogram have in a type for `range` (which is widened to hold zero):
/// `10 log10(sum x^2 / (n s^2 / 12 + sum (x - bound)^2))`, where n values lie
/// within the range, whose steps are s, and the last sum is over those that do
/// not. Infinite where all values are zero.
double predictSqnr(const ObserverStatistics &statistics, RealRange range,
                   const RangeOptions &options);

/// The largest magnitude that weights keep, for the symmetric range of integers
/// `[-qmax, qmax]`; `selection` is `Max` or `Mse`.
double selectMagnitude(llvm::ArrayRef<float> weights, RangeSelection selection,
                       int64_t qmax);

/// The range, zero included, that weights keep in a type of `levels` integers
/// with any zero point; `selection` is `Max` or `Mse`, which shrinks both ends
/// by the same factor.
RealRange selectWeightRange(llvm::ArrayRef<float> weights,
                            RangeSelection selection, int64_t levels);

namespace detail {
RealRange selectByMse(const Histogram &histogram, RealRange seen,
                      const RangeOptions &options);
RealRange selectByPercentile(const Histogram &histogram, RealRange seen,
                             const RangeOptions &options);
RealRange selectByEntropy(const Histogram &histogram, RealRange seen,
                          const RangeOptions &options);
} // namespace detail

} // namespace quanta

#endif // QUANTA_CALIBRATION_RANGESELECTION_H
