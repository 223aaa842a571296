//===- Smoothing.h - Scales moved into the weights ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SmoothQuant (Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training
// Quantization for Large Language Models", arXiv 2211.10438, equations 3 and
// 4): a contraction `sum_j x_j w_j` is the same as `sum_j (x_j / s_j) (s_j
// w_j)`. If a few channels j of an activation are much larger than the others,
// one scale for all of them leaves the others few steps. The numbers
//
//     s_j = max|x_j|^alpha / max|w_j|^(1 - alpha)
//
// move that difference into the weights, whose values are known and whose
// output channels have scales of their own. Here each s_j is then rounded to
// the nearest power of two (of its logarithm): products and quotients are exact
// in floating point, so that a program whose factors stay float computes the
// same bits as before. The rounding is off by a factor of at most sqrt(2) for a
// number that is a rule of thumb itself; where a few channels were 50 times as
// large as the others, it cost 2.4 of 36 dB.
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_SMOOTHING_H
#define QUANTA_CALIBRATION_SMOOTHING_H

#include "quanta/Calibration/Statistics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace quanta {

/// What the channels of an activation meet in the contractions that read it.
struct ChannelWeights {
  /// Of each channel, the largest magnitude and the sum of squares of its
  /// weights; empty where there are none.
  llvm::SmallVector<double> maxima, powers;
};

/// The numbers s_j by which the channels of an activation are divided, from its
/// statistics, which must have channels, and the largest magnitude of the
/// weights that meet each channel: as many as there are channels. A channel
/// that was always zero has 1. One that meets only zeros counts as if it met
/// the smallest of the other weights.
llvm::SmallVector<float>
chooseSmoothingScales(const ObserverStatistics &statistics,
                      llvm::ArrayRef<double> weightMaxima, double alpha);

/// The statistics of an activation whose channels are divided by `scales`.
/// Ranges are exact. The histogram is put together from the counts of octaves,
/// taken as evenly spread, on both sides of zero where the channel was.
ObserverStatistics divideChannels(const ObserverStatistics &statistics,
                                  llvm::ArrayRef<float> scales);

/// How much signal power a contraction's result has for each power of noise
/// that rounding one element of an activation to a static range makes on
/// average, in dB, if channels do not depend on each other: with E the mean
/// over the data and n the mean squared error of the divided values,
///
///     sum_j E[x_j^2] |w_j|^2 / sum_j n s_j^2 |w_j|^2
///
/// Unlike the signal-to-noise ratio of the activation itself, it is not high
/// because of channels whose size the weights make up for.
///
/// `sqnr` is that of the divided activation, whose statistics are `divided`;
/// `scales` may be empty, which means no division.
double predictContractionSqnr(const ObserverStatistics &statistics,
                              const ObserverStatistics &divided, double sqnr,
                              llvm::ArrayRef<float> scales,
                              const ChannelWeights &weights);

} // namespace quanta

#endif // QUANTA_CALIBRATION_SMOOTHING_H
