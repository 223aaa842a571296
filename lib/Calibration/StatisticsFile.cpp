//===- StatisticsFile.cpp - Reading and writing statistics files ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Statistics.h"

#include "Nesting.h"
#include "quanta/Calibration/FileError.h"
#include "quanta/Calibration/FileOutput.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>

using namespace llvm;

namespace quanta {

static constexpr StringLiteral formatName = "quanta-statistics";
static constexpr int64_t formatVersion = 1;
static constexpr double infinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// How many of something, which f64 counts exactly, or a value of f32 data.
enum class NumberKind { Count, Value };

static bool isPossible(double number, NumberKind kind) {
  // Written so that NaN is none.
  if (kind == NumberKind::Count)
    return number >= 0 && number <= 0x1p53 && number == std::floor(number);
  return std::abs(number) <= std::numeric_limits<float>::max();
}

/// A number that must be there.
static Error readNumber(const json::Object &object, StringRef key,
                        StringRef where, NumberKind kind, double &value) {
  std::optional<double> number = object.getNumber(key);
  if (!number)
    return createStringError(where + " has no number '" + key + "'");
  if (!isPossible(*number, kind))
    return createStringError(where + " has an impossible '" + key + "'");
  value = *number;
  return Error::success();
}

/// A list of numbers; `null` stands for `missing` where that is not NaN.
static Error readNumbers(const json::Object &object, StringRef key,
                         StringRef where, NumberKind kind, double missing,
                         std::vector<double> &values) {
  const json::Array *list = object.getArray(key);
  if (!list)
    return createStringError(where + " has no list '" + key + "'");
  for (const json::Value &entry : *list) {
    std::optional<double> number = entry.getAsNumber();
    if (!number && entry.getAsNull() && !std::isnan(missing))
      number = missing;
    else if (!number || !isPossible(*number, kind))
      return createStringError(where + " has an impossible entry in '" + key +
                               "'");
    values.push_back(*number);
  }
  return Error::success();
}

static Error readHistogram(const json::Object &object, StringRef where,
                           ObserverStatistics &result) {
  Histogram &histogram = result.histogram;
  if (const json::Object *entry = object.getObject("histogram")) {
    if (Error error = readNumber(*entry, "width", where, NumberKind::Value,
                                 histogram.width))
      return error;
    std::optional<int64_t> first = entry->getInteger("first");
    if (!first)
      return createStringError(where + " has no integer 'first'");
    histogram.first = *first;
    if (Error error = readNumbers(*entry, "counts", where, NumberKind::Count,
                                  std::nan(""), histogram.counts))
      return error;
  }
  return histogram.verify(result.getFiniteCount(), result.min, result.max,
                          where);
}

/// The counts of magnitudes of a histogram's channels.
static Error readOctaves(const json::Object &channels, StringRef where,
                         ObserverStatistics &result) {
  constexpr int64_t count = observer_state::numOctaves;
  auto numChannels = static_cast<int64_t>(result.channelMin.size());
  result.octaves.assign(numChannels * count, 0.0);
  const json::Object *entry = channels.getObject("octaves");
  std::optional<int64_t> first =
      entry ? entry->getInteger("first") : std::nullopt;
  if (!first)
    return createStringError(where + " has no octaves of its channels");
  std::vector<double> counts;
  if (Error error = readNumbers(*entry, "counts", where, NumberKind::Count,
                                std::nan(""), counts))
    return error;
  int64_t size = numChannels ? counts.size() / numChannels : 0;
  if (*first < 0 || *first > count || size > count - *first ||
      size * numChannels != static_cast<int64_t>(counts.size()))
    return createStringError(where + " has octaves that do not exist");
  double total = 0;
  for (auto [index, value] : enumerate(counts)) {
    result.octaves[index / size * count + *first + index % size] = value;
    total += value;
  }
  if (total != result.getFiniteCount())
    return createStringError(
        where + " has octaves that do not count its finite elements");
  return Error::success();
}

static Error readChannels(const json::Object &object, StringRef where,
                          ObserverStatistics &result) {
  const json::Object *entry = object.getObject("channels");
  if (!entry)
    return createStringError(where + " has no object 'channels'");
  std::optional<int64_t> axis = entry->getInteger("axis");
  if (!axis || *axis < 0)
    return createStringError(where + " has no dimension 'axis'");
  result.axis = *axis;
  if (Error error = readNumbers(*entry, "min", where, NumberKind::Value,
                                infinity, result.channelMin))
    return error;
  if (Error error = readNumbers(*entry, "max", where, NumberKind::Value,
                                -infinity, result.channelMax))
    return error;
  if (result.channelMin.size() != result.channelMax.size())
    return createStringError(where +
                             " has lists of channels of different sizes");
  return result.isPerChannel() ? Error::success()
                               : readOctaves(*entry, where, result);
}

static Expected<ObserverStatistics> readObserver(const json::Value &value,
                                                 StringRef name) {
  const json::Object *object = value.getAsObject();
  std::string where = ("observer '" + name + "'").str();
  if (!object)
    return createStringError(where + " is not an object");
  ObserverStatistics result;
  result.kind = object->getString("kind").value_or("").str();
  if (!isObserverKind(result.kind))
    return createStringError(where + " has an unknown kind");
  struct Field {
    StringLiteral key;
    double *value;
  };
  for (Field field :
       {Field{"elements", &result.elements}, Field{"nans", &result.nans},
        Field{"infs", &result.infs}, Field{"batches", &result.batches}})
    if (Error error = readNumber(*object, field.key, where, NumberKind::Count,
                                 *field.value))
      return error;
  // An observer without finite data has no range; JSON has no infinity.
  if (object->get("min") || object->get("max")) {
    if (Error error =
            readNumber(*object, "min", where, NumberKind::Value, result.min))
      return error;
    if (Error error =
            readNumber(*object, "max", where, NumberKind::Value, result.max))
      return error;
    if (result.min > result.max)
      return createStringError(where + " has a minimum above its maximum");
  }
  if (result.getFiniteCount() < 0)
    return createStringError(where +
                             " counts more NaNs and infinities than elements");
  if (result.getFiniteCount() == 0 && result.min <= result.max)
    return createStringError(where + " has a range, but no finite element");
  if (result.kind == "histogram")
    if (Error error = readHistogram(*object, where, result))
      return error;
  if (result.isPerChannel() ||
      (result.kind == "histogram" && object->get("channels")))
    if (Error error = readChannels(*object, where, result))
      return error;
  return result;
}

Expected<Statistics> Statistics::parse(StringRef text, StringRef name) {
  auto failAt = [&](size_t offset, const Twine &message) {
    auto [line, column] = getLineAndColumn(text, offset);
    return make_error<FileError>(name, line, column,
                                 "statistics file '" + name + "': " + message);
  };
  auto fail = [&](const Twine &message) { return failAt(0, message); };
  if (isNestedTooDeeply(text))
    return fail("it is nested too deeply");
  Expected<json::Value> value = json::parse(text);
  if (!value) {
    // The byte is in the text alone: "[line:column, byte=N]: ...".
    std::string what = toString(value.takeError());
    size_t offset = 0;
    StringRef(what).split("byte=").second.split(']').first.getAsInteger(10,
                                                                        offset);
    return failAt(offset, "not valid JSON: " + what);
  }
  const json::Object *root = value->getAsObject();
  if (!root || root->getString("format") != StringRef(formatName))
    return fail("this is not a statistics file of Quanta");
  if (root->getInteger("version") != formatVersion)
    return fail("its version is not " + Twine(formatVersion));
  Statistics result;
  auto getText = [&](StringRef key) {
    return root->getString(key).value_or("").str();
  };
  result.fingerprint = getText("fingerprint");
  result.model = getText("model");
  result.data = getText("data");
  const json::Object *observers = root->getObject("observers");
  if (!observers)
    return fail("it has no object 'observers'");
  for (const auto &[key, entry] : *observers) {
    Expected<ObserverStatistics> observer = readObserver(entry, key);
    if (!observer) {
      // Where its name is first written, as the parser keeps no places.
      size_t offset = text.find(("\"" + key + "\"").str());
      return failAt(offset == StringRef::npos ? 0 : offset,
                    toString(observer.takeError()));
    }
    result.observers[key.str()] = std::move(*observer);
  }
  return result;
}

Expected<Statistics> Statistics::load(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError("cannot read statistics file '" + path +
                             "': " + buffer.getError().message());
  return parse((*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// A list on one line: the writer would put each number on its own.
static void writeNumbers(json::OStream &json, StringRef key,
                         ArrayRef<double> values) {
  json.attributeBegin(key);
  json.rawValue([&](raw_ostream &os) {
    os << '[';
    for (auto [index, value] : enumerate(values)) {
      os << (index ? "," : "");
      if (std::isinf(value))
        os << "null";
      else if (value == std::floor(value) && std::abs(value) < 0x1p53)
        os << static_cast<int64_t>(value);
      else
        os << format("%.17g", value);
    }
    os << ']';
  });
  json.attributeEnd();
}

/// Of each channel the same octaves, from the first to the last that any has.
static void writeOctaves(json::OStream &json, ArrayRef<double> octaves) {
  constexpr size_t count = observer_state::numOctaves;
  size_t first = count, end = 0;
  for (auto [index, value] : enumerate(octaves)) {
    if (value == 0)
      continue;
    first = std::min(first, index % count);
    end = std::max(end, index % count + 1);
  }
  std::vector<double> counts;
  for (size_t i = 0; i < octaves.size() && first < end; i += count)
    counts.insert(counts.end(), octaves.begin() + i + first,
                  octaves.begin() + i + end);
  json.attributeObject("octaves", [&] {
    json.attribute("first", first < end ? first : 0);
    writeNumbers(json, "counts", counts);
  });
}

static void writeObserver(json::OStream &json,
                          const ObserverStatistics &entry) {
  json.attribute("kind", entry.kind);
  json.attribute("elements", static_cast<int64_t>(entry.elements));
  if (entry.hasFiniteData()) {
    json.attribute("min", entry.min);
    json.attribute("max", entry.max);
  }
  json.attribute("nans", static_cast<int64_t>(entry.nans));
  json.attribute("infs", static_cast<int64_t>(entry.infs));
  json.attribute("batches", static_cast<int64_t>(entry.batches));
  if (!entry.histogram.isEmpty())
    json.attributeObject("histogram", [&] {
      json.attribute("width", entry.histogram.width);
      json.attribute("first", entry.histogram.first);
      writeNumbers(json, "counts", entry.histogram.counts);
    });
  if (entry.isPerChannel() || entry.hasChannels())
    json.attributeObject("channels", [&] {
      json.attribute("axis", entry.axis);
      writeNumbers(json, "min", entry.channelMin);
      writeNumbers(json, "max", entry.channelMax);
      if (!entry.isPerChannel())
        writeOctaves(json, entry.octaves);
    });
}

std::string Statistics::str() const {
  std::string text;
  raw_string_ostream os(text);
  json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("format", formatName);
    json.attribute("version", formatVersion);
    json.attribute("fingerprint", fingerprint);
    json.attribute("model", model);
    json.attribute("data", data);
    json.attributeObject("observers", [&] {
      for (const auto &[name, observer] : observers)
        json.attributeObject(
            name, [&, &entry = observer] { writeObserver(json, entry); });
    });
  });
  os << '\n';
  return text;
}

Error Statistics::save(StringRef path) const {
  std::string text = str();
  return writeFile(path, [&](raw_ostream &os) { os << text; });
}

} // namespace quanta
