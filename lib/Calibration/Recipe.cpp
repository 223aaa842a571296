//===- Recipe.cpp - Which tensor gets which scheme ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Recipe.h"

#include "IdleKeys.h"
#include "Nesting.h"
#include "quanta/Calibration/FileError.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

#include <cmath>

using namespace llvm;

LLVM_YAML_IS_SEQUENCE_VECTOR(quanta::RecipeRule)

namespace {
struct RecipeFile {
  std::string format;
  quanta::Recipe recipe;
};
} // namespace

namespace llvm::yaml {

/// The words of an enumeration, and what they are the values of.
template <typename Enum> struct RecipeWords;

template <> struct RecipeWords<quanta::Scheme> {
  static constexpr StringLiteral key = "scheme";
  static constexpr std::pair<StringLiteral, quanta::Scheme> words[] = {
      {"static", quanta::Scheme::Static},
      {"dynamic", quanta::Scheme::Dynamic},
      {"weight_only", quanta::Scheme::WeightOnly},
      {"fp16", quanta::Scheme::Float16},
      {"bf16", quanta::Scheme::BFloat16},
      {"float", quanta::Scheme::Float}};
};

template <> struct RecipeWords<quanta::Granularity> {
  static constexpr StringLiteral key = "granularity";
  static constexpr std::pair<StringLiteral, quanta::Granularity> words[] = {
      {"per_row", quanta::Granularity::PerRow},
      {"per_tensor", quanta::Granularity::PerTensor}};
};

template <> struct RecipeWords<quanta::ActivationStorage> {
  static constexpr StringLiteral key = "activation";
  static constexpr std::pair<StringLiteral, quanta::ActivationStorage> words[] =
      {{"u8", quanta::ActivationStorage::U8},
       {"i8", quanta::ActivationStorage::I8},
       {"u16", quanta::ActivationStorage::U16},
       {"i16", quanta::ActivationStorage::I16}};
};

template <> struct RecipeWords<quanta::Residual> {
  static constexpr StringLiteral key = "residual";
  static constexpr std::pair<StringLiteral, quanta::Residual> words[] = {
      {"float", quanta::Residual::Float},
      {"quantized", quanta::Residual::Quantized}};
};

template <> struct RecipeWords<quanta::WeightGranularity> {
  static constexpr StringLiteral key = "weight";
  static constexpr std::pair<StringLiteral, quanta::WeightGranularity> words[] =
      {{"per_channel", quanta::WeightGranularity::PerChannel},
       {"per_tensor", quanta::WeightGranularity::PerTensor},
       {"per_block", quanta::WeightGranularity::PerBlock}};
};

template <> struct RecipeWords<quanta::WeightStorage> {
  static constexpr StringLiteral key = "weight_storage";
  static constexpr std::pair<StringLiteral, quanta::WeightStorage> words[] = {
      {"i8", quanta::WeightStorage::I8},
      {"u8", quanta::WeightStorage::U8},
      {"i4", quanta::WeightStorage::I4},
      {"u4", quanta::WeightStorage::U4},
      {"i16", quanta::WeightStorage::I16}};
};

template <> struct RecipeWords<quanta::Symmetry> {
  static constexpr StringLiteral key = "symmetry";
  static constexpr std::pair<StringLiteral, quanta::Symmetry> words[] = {
      {"affine", quanta::Symmetry::Affine},
      {"symmetric", quanta::Symmetry::Symmetric}};
};

template <> struct RecipeWords<quanta::RangeSelection> {
  static constexpr StringLiteral key = "range_selection";
  static constexpr std::pair<StringLiteral, quanta::RangeSelection> words[] = {
      {"max", quanta::RangeSelection::Max},
      {"mse", quanta::RangeSelection::Mse},
      {"percentile", quanta::RangeSelection::Percentile},
      {"entropy", quanta::RangeSelection::Entropy}};
};

/// Not YAML's own enumerations: their complaint names neither the word nor the
/// ones that exist.
template <typename Enum>
struct ScalarTraits<Enum, std::void_t<decltype(RecipeWords<Enum>::words)>> {
  static void output(const Enum &value, void *, raw_ostream &os) {
    for (auto [word, candidate] : RecipeWords<Enum>::words)
      if (candidate == value)
        os << word;
  }
  static StringRef input(StringRef text, void *context, Enum &value) {
    std::string known;
    for (auto [word, candidate] : RecipeWords<Enum>::words) {
      if (word == text) {
        value = candidate;
        return "";
      }
      known += (known.empty() ? "" : ", ") + word.str();
    }
    // What is returned has to outlive this function.
    std::string &complaint = *static_cast<std::string *>(context);
    complaint = ("'" + text + "' is no " + RecipeWords<Enum>::key +
                 ": there are " + known)
                    .str();
    return complaint;
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

template <> struct ScalarTraits<quanta::Smoothing> {
  static void output(const quanta::Smoothing &value, void *, raw_ostream &os) {
    if (value.alpha)
      os << format("%g", *value.alpha);
    else
      os << "none";
  }
  static StringRef input(StringRef text, void *, quanta::Smoothing &value) {
    double alpha;
    if (text == "none")
      return "";
    if (text.getAsDouble(alpha) || !(alpha >= 0 && alpha <= 1))
      return "smooth must be none or a number from 0 to 1";
    value.alpha = alpha;
    return "";
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

/// A value with bounds: what is wrong with it is told at its own place, where a
/// complaint of the whole mapping would stand at the mapping's start.
template <typename Bounds> struct Bounded {
  typename Bounds::Type value = {};
};

template <typename Bounds> struct ScalarTraits<Bounded<Bounds>> {
  using Traits = ScalarTraits<typename Bounds::Type>;
  static void output(const Bounded<Bounds> &number, void *context,
                     raw_ostream &os) {
    Traits::output(number.value, context, os);
  }
  static StringRef input(StringRef text, void *context,
                         Bounded<Bounds> &number) {
    if (text.trim().empty())
      return Bounds::complaint;
    if (StringRef error = Traits::input(text, context, number.value);
        !error.empty())
      return error;
    return Bounds::contain(number.value) ? "" : Bounds::complaint;
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

/// Any number. LLVM takes nothing for a 0.
struct NumberBounds {
  using Type = double;
  static constexpr StringLiteral complaint = "a number is missing";
  static bool contain(double) { return true; }
};

struct PercentileBounds {
  using Type = double;
  static constexpr StringLiteral complaint =
      "percentile must be above 50 and at most 100";
  static bool contain(double value) { return value > 50 && value <= 100; }
};

struct BlockSizeBounds {
  using Type = int64_t;
  static constexpr StringLiteral complaint =
      "block_size must be a positive multiple of 8";
  static bool contain(int64_t value) { return value >= 8 && value % 8 == 0; }
};

struct ObserverBounds {
  using Type = std::string;
  static constexpr StringLiteral complaint =
      "observer must be min_max, moving_average_min_max, per_channel_min_max, "
      "moving_average_per_channel_min_max, histogram or fixed";
  static bool contain(StringRef value) {
    return value == "fixed" || quanta::isObserverKind(value);
  }
};

struct WeightRangeBounds {
  using Type = quanta::RangeSelection;
  static constexpr StringLiteral complaint =
      "weight_range_selection must be max or mse";
  static bool contain(Type value) {
    return value == Type::Max || value == Type::Mse;
  }
};

struct FormatBounds {
  using Type = std::string;
  static constexpr StringLiteral complaint = "format must be quanta-recipe";
  static bool contain(StringRef value) { return value == "quanta-recipe"; }
};

struct VersionBounds {
  using Type = int64_t;
  static constexpr StringLiteral complaint = "version must be 1";
  static bool contain(int64_t value) { return value == 1; }
};

/// A glob for names.
struct Pattern {
  std::string text;
};

template <> struct ScalarTraits<Pattern> {
  static void output(const Pattern &pattern, void *, raw_ostream &os) {
    os << pattern.text;
  }
  static StringRef input(StringRef text, void *context, Pattern &pattern) {
    pattern.text = text.str();
    Expected<GlobPattern> glob = GlobPattern::create(text);
    if (glob)
      return "";
    // What is returned has to outlive this function.
    std::string &complaint = *static_cast<std::string *>(context);
    complaint = toString(glob.takeError());
    return complaint;
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::Double; }
};

static void mapPattern(IO &io, const char *key, std::string &field) {
  std::optional<Pattern> pattern;
  io.mapOptional(key, pattern);
  if (pattern)
    field = pattern->text;
}

template <typename Bounds>
static void mapBounded(IO &io, const char *key,
                       std::optional<typename Bounds::Type> &field) {
  std::optional<Bounded<Bounds>> number;
  if (field)
    number.emplace().value = *field;
  io.mapOptional(key, number);
  if (number)
    field = number->value;
}

static void mapFields(IO &io, quanta::RecipeFields &fields) {
  io.mapOptional("scheme", fields.scheme);
  io.mapOptional("activation", fields.activation);
  io.mapOptional("symmetry", fields.symmetry);
  io.mapOptional("granularity", fields.granularity);
  io.mapOptional("residual", fields.residual);
  io.mapOptional("smooth", fields.smooth);
  mapBounded<ObserverBounds>(io, "observer", fields.observer);
  io.mapOptional("range_selection", fields.rangeSelection);
  mapBounded<PercentileBounds>(io, "percentile", fields.percentile);
  io.mapOptional("weight", fields.weight);
  mapBounded<WeightRangeBounds>(io, "weight_range_selection",
                                fields.weightRangeSelection);
  io.mapOptional("weight_storage", fields.weightStorage);
  io.mapOptional("weight_symmetry", fields.weightSymmetry);
  mapBounded<BlockSizeBounds>(io, "block_size", fields.blockSize);
}

template <> struct MappingTraits<quanta::RecipeRule> {
  static void mapping(IO &io, quanta::RecipeRule &rule) {
    mapPattern(io, "name", rule.name);
    mapPattern(io, "op", rule.op);
    mapPattern(io, "location", rule.location);
    mapBounded<NumberBounds>(io, "min", rule.min);
    mapBounded<NumberBounds>(io, "max", rule.max);
    io.mapOptional("reason", rule.reason);
    mapBounded<NumberBounds>(io, "predicted_sqnr", rule.predictedSqnr);
    mapBounded<NumberBounds>(io, "measured_sqnr", rule.measuredSqnr);
    mapFields(io, rule);
  }
  static std::string validate(IO &io, quanta::RecipeRule &rule) {
    if (rule.name.empty() && rule.op.empty() && rule.location.empty())
      return "a rule needs a pattern: name, op or location";
    if (rule.min.has_value() != rule.max.has_value())
      return "min and max are given together";
    auto isFinite = [](double value) {
      return std::isfinite(static_cast<float>(value));
    };
    if (rule.min &&
        !(*rule.min <= *rule.max && isFinite(*rule.min) && isFinite(*rule.max)))
      return "min and max must be finite in f32, and min at most max";
    return "";
  }
};

template <> struct MappingTraits<RecipeFile> {
  static void mapping(IO &io, RecipeFile &file) {
    Bounded<FormatBounds> format;
    io.mapRequired("format", format);
    file.format = format.value;
    Bounded<VersionBounds> version;
    io.mapRequired("version", version);
    mapFields(io, file.recipe);
    io.mapOptional("rules", file.recipe.rules);
  }
};

} // namespace llvm::yaml

namespace quanta {

namespace {
/// The first complaint of the YAML parser, with its place.
struct Complaint {
  std::string message;
  unsigned line = 1, column = 1;
};
} // namespace

static void keepFirst(const SMDiagnostic &diagnostic, void *context) {
  auto &complaint = *static_cast<Complaint *>(context);
  if (!complaint.message.empty())
    return;
  complaint.line = std::max(diagnostic.getLineNo(), 1);
  complaint.column = std::max(diagnostic.getColumnNo() + 1, 1);
  complaint.message = ("recipe file '" + diagnostic.getFilename() +
                       "': " + diagnostic.getMessage())
                          .str();
}

Expected<Recipe> Recipe::parse(StringRef text, StringRef name) {
  auto fail = [&](const Twine &message) {
    return make_error<FileError>(name, 1, 1,
                                 "recipe file '" + name + "': " + message);
  };
  if (isNestedTooDeeply(text))
    return fail("it is nested too deeply");
  Complaint complaint;
  RecipeFile file;
  std::string wordComplaint;
  yaml::Input input(MemoryBufferRef(text, name), &wordComplaint, keepFirst,
                    &complaint);
  // What holds no document, only comments for example, cannot be mapped.
  yaml::Input probe(MemoryBufferRef(text, name), nullptr, keepFirst,
                    &complaint);
  if (probe.setCurrentDocument() && complaint.message.empty())
    input >> file;
  if (!complaint.message.empty())
    return make_error<FileError>(name, complaint.line, complaint.column,
                                 complaint.message);
  if (!input.error() && input.nextDocument())
    return fail("it has more than one document");
  // An empty document raises no complaint of its own.
  if (input.error() || file.format.empty())
    return fail("it has no content");
  if (std::optional<std::string> idle = findIdleKey(file.recipe))
    return fail(*idle);
  return file.recipe;
}

Expected<Recipe> Recipe::load(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return createStringError("cannot read recipe file '" + path +
                             "': " + buffer.getError().message());
  return parse((*buffer)->getBuffer(), path);
}

static bool matches(StringRef pattern, StringRef text) {
  if (pattern.empty())
    return true;
  Expected<GlobPattern> glob = GlobPattern::create(pattern);
  if (glob)
    return glob->match(text);
  // Patterns are checked when a recipe is read.
  consumeError(glob.takeError());
  return false;
}

bool RecipeRule::matches(const OperandPlace &place) const {
  return quanta::matches(name, place.name) && quanta::matches(op, place.op) &&
         quanta::matches(location, place.location);
}

OperandScheme Recipe::resolve(const OperandPlace &place) const {
  RecipeFields said;
  auto fill = [](auto &field, const auto &value) {
    if (!field)
      field = value;
  };
  auto fillAll = [&](const RecipeFields &fields) {
    fill(said.scheme, fields.scheme);
    fill(said.activation, fields.activation);
    fill(said.symmetry, fields.symmetry);
    fill(said.granularity, fields.granularity);
    fill(said.residual, fields.residual);
    fill(said.smooth, fields.smooth);
    fill(said.observer, fields.observer);
    fill(said.rangeSelection, fields.rangeSelection);
    fill(said.percentile, fields.percentile);
    fill(said.weight, fields.weight);
    fill(said.weightRangeSelection, fields.weightRangeSelection);
    fill(said.weightStorage, fields.weightStorage);
    fill(said.weightSymmetry, fields.weightSymmetry);
    fill(said.blockSize, fields.blockSize);
    fill(said.min, fields.min);
    fill(said.max, fields.max);
    fill(said.reason, fields.reason);
  };
  for (const RecipeRule &rule : rules)
    if (rule.matches(place))
      fillAll(rule);
  fillAll(*this);

  OperandScheme result;
  result.scheme = said.scheme.value_or(result.scheme);
  result.activation = said.activation.value_or(result.activation);
  result.range.levels = int64_t(1) << result.getActivationWidth();
  result.granularity = said.granularity.value_or(result.granularity);
  result.residual = said.residual;
  result.smooth = said.smooth.value_or(result.smooth);
  result.observer = said.observer;
  result.range.selection = said.rangeSelection.value_or(RangeSelection::Max);
  result.range.percentile = said.percentile.value_or(result.range.percentile);
  result.range.isSymmetric = said.symmetry == Symmetry::Symmetric;
  if (said.min && said.max)
    result.fixedRange = RealRange{*said.min, *said.max};
  result.weight = said.weight.value_or(result.weight);
  result.weightRangeSelection =
      said.weightRangeSelection.value_or(RangeSelection::Max);
  result.weightStorage = said.weightStorage.value_or(result.weightStorage);
  result.weightSymmetry = said.weightSymmetry.value_or(result.weightSymmetry);
  result.blockSize = said.blockSize.value_or(result.blockSize);
  result.reason = said.reason.value_or("");
  return result;
}

} // namespace quanta
