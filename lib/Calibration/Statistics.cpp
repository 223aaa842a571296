//===- Statistics.cpp - What observers learned ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Statistics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace quanta {

size_t observer_state::getSize(StringRef kind, size_t channels) {
  if (kind == "histogram")
    return histogramChannels + (2 + numOctaves) * channels;
  if (kind.contains("per_channel"))
    return header + 4 * channels;
  return header;
}

bool isObserverKind(StringRef kind) {
  return is_contained({"min_max", "moving_average_min_max",
                       "per_channel_min_max",
                       "moving_average_per_channel_min_max", "histogram"},
                      kind);
}

bool Statistics::hasData() const {
  return any_of(observers,
                [](const auto &entry) { return entry.second.elements > 0; });
}

bool Statistics::isUnreached(StringRef name) const {
  auto it = observers.find(name.str());
  return it != observers.end() && it->second.elements == 0 && hasData();
}

bool ObserverStatistics::isPerChannel() const {
  return StringRef(kind).contains("per_channel");
}

bool ObserverStatistics::isMovingAverage() const {
  return StringRef(kind).starts_with("moving_average");
}

ObserverStatistics ObserverStatistics::fromState(StringRef kind,
                                                 const double *state) {
  ObserverStatistics result;
  result.kind = kind.str();
  result.elements = state[observer_state::elements];
  result.min = state[observer_state::min];
  result.max = state[observer_state::max];
  result.nans = state[observer_state::nans];
  result.infs = state[observer_state::infs];
  result.batches = state[observer_state::batches];
  const double *rest = state + observer_state::header;
  if (kind == "histogram") {
    result.histogram = Histogram::fromSlots(result.min, result.max,
                                            state[observer_state::width], rest);
    rest = state + observer_state::histogramChannels;
  }
  auto channels = static_cast<size_t>(state[observer_state::channels]);
  if (channels > 0) {
    result.axis = static_cast<int64_t>(state[observer_state::axis]);
    result.channelMin.assign(rest, rest + channels);
    result.channelMax.assign(rest + channels, rest + 2 * channels);
  }
  if (kind == "histogram") {
    rest += 2 * channels;
    result.octaves.assign(rest, rest + observer_state::numOctaves * channels);
  }
  return result;
}

/// Checks that two observers of one name can be merged.
static Error checkMergeable(StringRef name, const ObserverStatistics &ours,
                            const ObserverStatistics &theirs) {
  if (ours.kind != theirs.kind)
    return createStringError("observer '" + name + "' has kind " + ours.kind +
                             " in one file and " + theirs.kind +
                             " in the other");
  if (ours.isMovingAverage())
    return createStringError(
        "observer '" + name + "' has kind " + ours.kind +
        ": moving averages depend on the order of batches and cannot be "
        "merged");
  if (ours.axis != theirs.axis ||
      ours.channelMin.size() != theirs.channelMin.size())
    return createStringError("observer '" + name +
                             "' has other channels in the other file");
  return Error::success();
}

/// Adds the counts of `other`, whose bins have the width `otherWidth`, to those
/// for bins as wide or wider.
static void mergeOctaves(std::vector<double> &octaves, double width,
                         const std::vector<double> &other, double otherWidth) {
  constexpr int64_t count = observer_state::numOctaves;
  int64_t shift = otherWidth > 0 ? std::ilogb(width / otherWidth) : 0;
  for (size_t i = 0; i < other.size(); ++i) {
    int64_t octave = static_cast<int64_t>(i) % count;
    octaves[i - octave + std::max<int64_t>(octave - shift, 0)] += other[i];
  }
}

static void mergeObserver(ObserverStatistics &ours,
                          const ObserverStatistics &theirs) {
  double width = ours.histogram.width;
  ours.elements += theirs.elements;
  ours.min = std::min(ours.min, theirs.min);
  ours.max = std::max(ours.max, theirs.max);
  ours.nans += theirs.nans;
  ours.infs += theirs.infs;
  ours.batches += theirs.batches;
  ours.histogram.merge(theirs.histogram, ours.min, ours.max);
  std::vector<double> octaves(ours.octaves.size());
  mergeOctaves(octaves, ours.histogram.width, ours.octaves, width);
  mergeOctaves(octaves, ours.histogram.width, theirs.octaves,
               theirs.histogram.width);
  ours.octaves = std::move(octaves);
  for (size_t i = 0; i < ours.channelMin.size(); ++i) {
    ours.channelMin[i] = std::min(ours.channelMin[i], theirs.channelMin[i]);
    ours.channelMax[i] = std::max(ours.channelMax[i], theirs.channelMax[i]);
  }
}

namespace {
/// A part of a description of data that counts: "3 batches".
struct CountedData {
  uint64_t count;
  StringRef one, many;

  static std::optional<CountedData> parse(StringRef part) {
    auto [number, unit] = part.split(' ');
    CountedData result;
    if (number.getAsInteger(10, result.count))
      return std::nullopt;
    for (auto [one, many] :
         {std::pair("batch", "batches"), std::pair("sample", "samples")})
      if (unit == one || unit == many) {
        result.one = one;
        result.many = many;
        return result;
      }
    return std::nullopt;
  }
  std::string str() const {
    return (Twine(count) + " " + (count == 1 ? one : many)).str();
  }
};
} // namespace

/// Counts add up, as one run over all the data would have them. Names stay as
/// they are, equal ones too: that a part was merged twice must be seen.
static std::string mergeDescriptions(StringRef ours, StringRef theirs) {
  constexpr StringLiteral separator = ", ";
  if (ours.empty() || theirs.empty())
    return (ours + theirs).str();
  SmallVector<std::string> parts;
  SmallVector<StringRef> all;
  ours.split(all, separator);
  theirs.split(all, separator);
  for (StringRef part : all) {
    std::optional<CountedData> counted = CountedData::parse(part);
    auto *same = counted ? find_if(parts,
                                   [&](StringRef earlier) {
                                     auto other = CountedData::parse(earlier);
                                     return other && other->one == counted->one;
                                   })
                         : parts.end();
    if (same == parts.end()) {
      parts.push_back(part.str());
      continue;
    }
    counted->count =
        SaturatingAdd(counted->count, CountedData::parse(*same)->count);
    *same = counted->str();
  }
  return join(parts, separator);
}

Error Statistics::merge(const Statistics &other) {
  if (fingerprint != other.fingerprint)
    return createStringError("cannot merge statistics of different models ('" +
                             model + "' and '" + other.model + "')");
  for (const auto &[name, theirs] : other.observers) {
    auto ours = observers.find(name);
    if (ours != observers.end())
      if (Error error = checkMergeable(name, ours->second, theirs))
        return error;
  }
  for (const auto &[name, theirs] : other.observers) {
    auto [ours, isNew] = observers.try_emplace(name, theirs);
    if (!isNew)
      mergeObserver(ours->second, theirs);
  }
  data = mergeDescriptions(data, other.data);
  return Error::success();
}

} // namespace quanta
