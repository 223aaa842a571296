//===- Statistics.h - What observers learned ------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_STATISTICS_H
#define QUANTA_CALIBRATION_STATISTICS_H

#include "quanta/Calibration/Histogram.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <limits>
#include <map>
#include <string>
#include <vector>

namespace quanta {

/// The buffer of f64 that the compiled code of an observer updates: `header`
/// numbers and then, by kind,
///
///   histogram    `Histogram::maxBins` counts, bin k in slot `k mod maxBins`,
///                and as many numbers of working space; minima and maxima of
///                the channels, if it has any, and `numOctaves` counts of each
///   per-channel  minima and maxima of the channels, and as many numbers of
///                working space
///   others       nothing
namespace observer_state {
enum Field : unsigned {
  elements,
  min,
  max,
  nans,
  infs,
  batches,
  /// Width of a histogram's bins.
  width,
  /// Number of channels, or zero, and their dimension.
  channels,
  axis,
  header
};
/// Beside a histogram, the magnitudes of each channel are counted by octaves of
/// the bins' width w: octave 0 holds what is below w / 8, and octave k the
/// magnitudes from `w * 2^(k-4)` up to twice that. As a magnitude is less than
/// `w * Histogram::maxIndex`, there are no more; when bins merge, octaves
/// shift, so that they merge as exactly as the bins do.
inline constexpr int64_t numOctaves = 28;
inline constexpr int64_t firstOctave = 4;
static_assert(Histogram::maxIndex == int64_t(1) << (numOctaves - firstOctave));
/// Where the minima of a histogram's channels are; then come maxima, octaves.
inline constexpr int64_t histogramChannels = header + 2 * Histogram::maxBins;
/// Number of f64 values of an observer of `kind` with so many channels.
size_t getSize(llvm::StringRef kind, size_t channels);
} // namespace observer_state

/// Whether there are statistics of this kind of observer.
bool isObserverKind(llvm::StringRef kind);

/// What one observer learned. Counts are integers, kept exactly in f64 up to
/// 2^53. NaNs and infinities are counted apart and never widen the range.
struct ObserverStatistics {
  /// Name of an `ObserverKind`.
  std::string kind = "min_max";
  double elements = 0;
  /// Range of the finite values; for kinds that average, the averaged range.
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double nans = 0;
  double infs = 0;
  double batches = 0;
  /// For `histogram`.
  Histogram histogram;
  /// For per-channel kinds, and for a `histogram` of a tensor with channels:
  /// the dimension, and the range of each of its indices; empty ranges are
  /// those of the header before any data.
  int64_t axis = 0;
  std::vector<double> channelMin, channelMax;
  /// For a `histogram`: `observer_state::numOctaves` counts of each channel.
  std::vector<double> octaves;

  /// Reads the buffer of a compiled observer.
  static ObserverStatistics fromState(llvm::StringRef kind,
                                      const double *state);
  bool hasFiniteData() const { return min <= max; }
  double getFiniteCount() const { return elements - nans - infs; }
  bool isPerChannel() const;
  /// Whether the ranges of channels are known.
  bool hasChannels() const { return !channelMin.empty(); }
  /// Whether the kind averages over batches: such statistics depend on the
  /// order of the data and cannot be merged.
  bool isMovingAverage() const;
};

/// A statistics file: JSON with `"format": "quanta-statistics"`, `"version":
/// 1`, the model it belongs to, the data it comes from and one entry for each
/// observer:
///
///     "main/matmul_0/lhs": {
///       "kind": "histogram", "elements": 4, "min": -0.5, "max": 1,
///       "nans": 0, "infs": 0, "batches": 1,
///       "histogram": {"width": 0.5, "first": -1, "counts": [1,0,2,1]}
///     }
///
/// Without finite values, `min`, `max` and `histogram` are left out.
/// Per-channel kinds have `"channels": {"axis": 1, "min": [...], "max":
/// [...]}`, `null` for a channel without finite values. Histograms of tensors
/// with channels have them too, with `"octaves": {"first": 9, "counts":
/// [...]}`: for each channel as many counts as for any other, the first of them
/// of octave 9 (see `observer_state`), where lower ones and those that follow
/// are zero. Files from before histograms knew channels have none.
///
/// Files of the same model merge exactly: one run over all the data and a merge
/// of runs over its parts give the same bits. The moving averages are the
/// exception: they depend on the order of batches, and merging them is refused.
struct Statistics {
  /// Fingerprint of the model, see `getModelFingerprint`.
  std::string fingerprint;
  /// Name of the model, for people.
  std::string model;
  /// The data, for people: file names or a description, "3 batches" say.
  /// Merging adds up such counts and joins the rest with commas.
  std::string data;
  std::map<std::string, ObserverStatistics> observers;

  /// Whether the program ran at all: some observer saw data.
  bool hasData() const;
  /// Whether observer `name` is known and was never reached by a run that other
  /// observers saw: it is in a branch that no sample takes.
  bool isUnreached(llvm::StringRef name) const;

  /// Reads a file; the error is one sentence that names it.
  static llvm::Expected<Statistics> load(llvm::StringRef path);
  static llvm::Expected<Statistics> parse(llvm::StringRef text,
                                          llvm::StringRef name);
  /// Writes a file in one step: nothing is lost if writing fails.
  llvm::Error save(llvm::StringRef path) const;
  std::string str() const;
  /// Adds what `other` saw. Fails, and changes nothing, if it belongs to
  /// another model or cannot be merged.
  llvm::Error merge(const Statistics &other);
};

} // namespace quanta

#endif // QUANTA_CALIBRATION_STATISTICS_H
