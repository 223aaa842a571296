//===- Auto.cpp - The recipe that holds an accuracy budget ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Auto.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/SmoothActivations.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <map>

using namespace llvm;

namespace quanta {

namespace {

/// What an activation may have, the cheapest first: a contraction takes about
/// as long with a range at run time as with a static one, twice as long with 16
/// bits, and four times in float.
enum class Rung { Static, Dynamic, Wide, Float };

/// An activation of a contraction.
struct Choice {
  AutoScheme first;
  Rung rung = Rung::Static;
  Smoothing smooth;
  /// Noise power over signal power, as measured; the worst of its readers.
  double noiseRatio = 0;
  bool isMeasured = false;
  /// Multiply-accumulates of its readers.
  double macs = 0;
  /// Of the weights that it meets, the worst.
  double weightNoiseRatio = 0;
  /// Whether anything reads it rounded: not where the other factor is in float.
  bool isRounded = false;
  std::string reason;

  /// In dB, where statistics tell of the rung.
  std::optional<double> getPrediction() const {
    if (rung == Rung::Wide)
      return first.predictedWideSqnr;
    return rung == Rung::Static ? std::optional(first.predictedSqnr)
                                : std::nullopt;
  }
  /// What was smoothed stays so with more bits: a channel that is much larger
  /// than the others would take their steps.
  Smoothing getSmoothing() const {
    if (rung == Rung::Float)
      return {};
    return rung != Rung::Dynamic && first.smooth.alpha ? first.smooth
                                                       : first.dynamicSmooth;
  }
  double getNoise() const {
    return isMeasured
               ? noiseRatio
               : std::pow(10.0,
                          -getPrediction().value_or(first.predictedSqnr) / 10);
  }
};

class RecipeChooser {
public:
  RecipeChooser(const Analyzer &analyzer, ArrayRef<Arguments> data,
                const AutoOptions &options)
      : analyzer(analyzer), data(data), options(options) {}

  Error start(const Statistics &statistics);
  Expected<AutoResult> run();

private:
  const Analyzer &analyzer;
  ArrayRef<Arguments> data;
  const AutoOptions &options;
  std::string statisticsPath;
  std::unique_ptr<FileRemover> statisticsFile;
  MapVector<std::string, Choice, std::map<std::string, unsigned>> choices;

  std::string writeRecipe() const;
  Expected<Analysis> measure();
  SmallVector<Choice *>
  selectNoisiest(function_ref<std::optional<double>(const Choice &)> noiseOf);
  bool lift(Rung from, StringRef why, bool onlyCheap = false);
  bool liftToFloat(StringRef why);
  bool liftCoarse();
  bool lift(const Analysis &analysis);
};

} // namespace

/// A file that goes when the remover does.
static Expected<std::unique_ptr<FileRemover>>
writeTemporary(StringRef suffix, StringRef text, std::string &path) {
  SmallString<128> name;
  int descriptor;
  if (std::error_code error =
          sys::fs::createTemporaryFile("quanta", suffix, descriptor, name))
    return createStringError("cannot create a temporary file: " +
                             error.message());
  raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << text;
  os.close();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    return createStringError("cannot write '" + name + "': " + message);
  }
  path = name.str().str();
  return std::make_unique<FileRemover>(name);
}

/// A pattern that matches just this name.
static std::string escapeGlob(StringRef name) {
  std::string pattern;
  for (char c : name) {
    if (StringRef("*?[]{}\\").contains(c))
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

static Rung getRung(const AutoScheme &scheme) {
  if (scheme.scheme == Scheme::Dynamic)
    return Rung::Dynamic;
  if (scheme.scheme == Scheme::Float)
    return Rung::Float;
  return scheme.activation == ActivationStorage::U8 ? Rung::Static : Rung::Wide;
}

namespace {
struct RungWords {
  /// What a recipe says of it.
  StringLiteral fields;
  /// What it is in a reason.
  StringLiteral description;
};
} // namespace

/// In the order of the rungs.
static constexpr RungWords rungWords[] = {
    {"scheme: static", "a static range"},
    {"scheme: dynamic", "a range for each row"},
    {"scheme: static\n    activation: u16", "a static range of 16 bits"},
    {"scheme: float", "float"}};

static StringRef getFields(Rung rung) {
  return rungWords[static_cast<size_t>(rung)].fields;
}

static StringRef describe(Rung rung) {
  return rungWords[static_cast<size_t>(rung)].description;
}

Error RecipeChooser::start(const Statistics &statistics) {
  Expected<std::unique_ptr<FileRemover>> file =
      writeTemporary("json", statistics.str(), statisticsPath);
  if (!file)
    return file.takeError();
  statisticsFile = std::move(*file);
  std::string missing;
  bool sawNothing = false;
  analyzer.getProgram().getModule().walk([&](QuantizableOpInterface op) {
    for (mlir::OpOperand *factor : op.getFactors()) {
      auto observe = factor->get().getDefiningOp<ObserveOp>();
      if (!observe)
        continue;
      std::string name = observe.getName().str();
      auto [entry, isNew] = choices.insert({name, {}});
      Choice &choice = entry->second;
      if (auto counted = dyn_cast<MacOpInterface>(op.getOperation()))
        choice.macs += static_cast<double>(counted.getMacCount());
      if (!isNew)
        continue;
      auto it = statistics.observers.find(name);
      std::optional<AutoScheme> scheme;
      if (statistics.isUnreached(name)) {
        scheme.emplace();
        scheme->scheme = Scheme::Float;
        scheme->predictedSqnr = std::numeric_limits<double>::quiet_NaN();
        scheme->reason = "no sample reached it in calibration";
      } else if (it != statistics.observers.end()) {
        scheme = chooseAutoScheme(it->second,
                                  getChannelWeights(observe, it->second.axis),
                                  options.targetSqnr, options.staticOnly);
      }
      if (!scheme && missing.empty()) {
        missing = name;
        sawNothing =
            it != statistics.observers.end() && it->second.elements == 0;
      }
      if (scheme)
        choice.first = *scheme;
      choice.rung = getRung(choice.first);
      choice.smooth = choice.first.smooth;
      choice.reason = choice.first.reason;
    }
  });
  if (sawNothing)
    return createStringError("choosing a recipe needs data, and '" + missing +
                             "' saw none: run the observed program on samples "
                             "first");
  if (!missing.empty())
    return createStringError(
        "choosing a recipe needs statistics of histograms, and there is none "
        "with data of '" +
        missing + "': calibrate with observer=histogram");
  return Error::success();
}

std::string RecipeChooser::writeRecipe() const {
  std::string text;
  raw_string_ostream os(text);
  os << "format: quanta-recipe\nversion: 1\nrange_selection: mse\n";
  if (choices.empty())
    return text;
  os << "rules:\n";
  for (const auto &[name, choice] : choices) {
    os << "  - name: " << formatv("{0}", json::Value(escapeGlob(name)))
       << "\n    " << getFields(choice.rung) << "\n";
    if (choice.smooth.alpha)
      os << "    smooth: " << formatv("{0}", json::Value(*choice.smooth.alpha))
         << "\n";
    if (std::optional<double> prediction = choice.getPrediction();
        prediction && std::isfinite(*prediction))
      os << "    predicted_sqnr: " << formatv("{0:F2}", *prediction) << "\n";
    if (choice.isMeasured && choice.noiseRatio > 0 &&
        std::isfinite(choice.noiseRatio))
      os << "    measured_sqnr: "
         << formatv("{0:F2}", -10 * std::log10(choice.noiseRatio)) << "\n";
    os << "    reason: " << formatv("{0}", json::Value(choice.reason)) << "\n";
  }
  return text;
}

Expected<Analysis> RecipeChooser::measure() {
  std::string path;
  Expected<std::unique_ptr<FileRemover>> file =
      writeTemporary("yaml", writeRecipe(), path);
  if (!file)
    return file.takeError();
  Expected<Analysis> analysis = analyzer.run(data, statisticsPath, path);
  if (!analysis)
    return analysis;
  for (auto &[name, choice] : choices) {
    choice.isMeasured = choice.isRounded = false;
    choice.weightNoiseRatio = 0;
  }
  for (const LayerFigures &layer : analysis->layers) {
    double weightNoise = 0;
    for (const OperandFigures &operand : layer.operands)
      if (operand.name.empty() && operand.error.count > 0)
        weightNoise = std::max(weightNoise, operand.error.getNoiseRatio());
    for (const OperandFigures &operand : layer.operands) {
      auto it = choices.find(operand.name);
      if (it == choices.end())
        continue;
      Choice &choice = it->second;
      choice.isRounded = true;
      choice.weightNoiseRatio = std::max(choice.weightNoiseRatio, weightNoise);
      if (operand.error.count == 0)
        continue;
      double ratio = operand.error.getNoiseRatio();
      choice.noiseRatio =
          choice.isMeasured ? std::max(choice.noiseRatio, ratio) : ratio;
      choice.isMeasured = true;
    }
  }
  return analysis;
}

/// Probability that of `count` predictions `changed` or more change, if each
/// does so with probability `rate`.
static double getTail(int64_t count, int64_t changed, double rate) {
  if (changed <= 0)
    return 1;
  if (rate <= 0)
    return 0;
  if (rate >= 1)
    return 1;
  double below = 0;
  for (int64_t i = 0; i < changed; ++i) {
    auto n = static_cast<double>(count), k = static_cast<double>(i);
    below += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                      std::lgamma(n - k + 1) + k * std::log(rate) +
                      (n - k) * std::log1p(-rate));
  }
  return 1 - below;
}

namespace {
/// What the figures say about the budget.
enum class Budget { Holds, Exceeded, RuledOut };
} // namespace

/// `why` says by what the budget is exceeded.
static Budget judge(const Analysis &analysis, double maxLoss,
                    std::string &why) {
  constexpr double significance = 0.01;
  Budget worst = Budget::Holds;
  for (auto [index, result] : enumerate(analysis.results)) {
    if (result.error.getNoiseRatio() > maxLoss) {
      why = formatv("result {0} kept {1:F1} dB", index, result.error.getSqnr());
      return Budget::RuledOut;
    }
    if (!result.isPrediction || 1 - result.getAgreement() <= maxLoss)
      continue;
    worst = Budget::Exceeded;
    why = formatv("{0:F0} of {1:F0} predictions of result {2} changed",
                  result.predictions - result.agreeing, result.predictions,
                  index);
    if (getTail(result.predictions, result.predictions - result.agreeing,
                maxLoss) < significance)
      return Budget::RuledOut;
  }
  return worst;
}

/// "kept 31.2 dB"; where nothing was measured (in a loop), what was predicted.
static std::string describeNoise(const Choice &choice) {
  return formatv("{0} {1:F1} dB",
                 choice.isMeasured ? "kept" : "was predicted to keep",
                 -10 * std::log10(choice.getNoise()));
}

/// Those choices that together have half of the noise, the noisiest first; of
/// equals in the order of the program. What `noiseOf` gives nothing for is no
/// candidate.
SmallVector<Choice *> RecipeChooser::selectNoisiest(
    function_ref<std::optional<double>(const Choice &)> noiseOf) {
  std::vector<std::tuple<double, size_t, Choice *>> candidates;
  double total = 0;
  for (auto &[name, choice] : choices)
    if (std::optional<double> noise =
            choice.isRounded ? noiseOf(choice) : std::nullopt) {
      candidates.push_back({-*noise, candidates.size(), &choice});
      total += *noise;
    }
  sort(candidates);
  SmallVector<Choice *> selected;
  double sum = 0;
  for (auto [negated, index, choice] : candidates) {
    if (!selected.empty() && sum >= total / 2)
      break;
    sum -= negated;
    selected.push_back(choice);
  }
  return selected;
}

/// Lifts the activations that have half of the noise of those on the rung
/// `from` by one rung; with `onlyCheap`, those that take next to nothing of the
/// whole model's time.
bool RecipeChooser::lift(Rung from, StringRef why, bool onlyCheap) {
  constexpr double cheapShare = 0.02;
  double allMacs = 0;
  for (auto &[name, choice] : choices)
    allMacs += choice.macs;
  SmallVector<Choice *> lifted =
      selectNoisiest([&](const Choice &choice) -> std::optional<double> {
        // What is exact already cannot be better.
        double noise = choice.getNoise();
        if (choice.rung != from || !(noise > 0) ||
            (onlyCheap && choice.macs > cheapShare * allMacs))
          return std::nullopt;
        return noise;
      });
  for (Choice *choice : lifted) {
    choice->reason =
        formatv("{0} {1}, and the budget of the whole model did not hold: {2}",
                describe(from), describeNoise(*choice), why);
    choice->rung = from == Rung::Static && options.staticOnly
                       ? Rung::Wide
                       : static_cast<Rung>(static_cast<int>(from) + 1);
    choice->smooth = choice->getSmoothing();
  }
  return !lifted.empty();
}

/// Puts into float the contractions with half of the noise: of their weights
/// too, which no other rung makes less.
bool RecipeChooser::liftToFloat(StringRef why) {
  SmallVector<Choice *> lifted =
      selectNoisiest([](const Choice &choice) -> std::optional<double> {
        if (choice.rung == Rung::Float)
          return std::nullopt;
        return choice.getNoise() + choice.weightNoiseRatio;
      });
  for (Choice *choice : lifted) {
    std::string cause =
        choice->weightNoiseRatio > choice->getNoise()
            ? formatv("its weights keep {0:F1} dB",
                      -10 * std::log10(choice->weightNoiseRatio))
                  .str()
            : (describe(choice->rung) + " " + describeNoise(*choice)).str();
    choice->reason = formatv(
        "{0}, and the budget of the whole model did not hold: {1}", cause, why);
    choice->rung = Rung::Float;
    choice->smooth = Smoothing();
  }
  return !lifted.empty();
}

/// What statistics predict of static ranges has to be measured of those at run
/// time: a row may have few values beside one that is much larger.
bool RecipeChooser::liftCoarse() {
  double limit = std::pow(10.0, -options.targetSqnr / 10);
  bool isAny = false;
  for (auto &[name, choice] : choices) {
    if (choice.rung != Rung::Dynamic || !choice.isMeasured ||
        !(choice.noiseRatio > limit))
      continue;
    isAny = true;
    choice.rung = Rung::Wide;
    choice.smooth = choice.getSmoothing();
    choice.reason = formatv(
        "{0} kept only {1:F1} dB, {2:F1} wanted", describe(Rung::Dynamic),
        -10 * std::log10(choice.noiseRatio), options.targetSqnr);
  }
  return isAny;
}

/// The first lift costs little, and any of a small contraction: what the data
/// show is enough to choose it. The others cost a multiple, and a few hundred
/// predictions of which one or two change do not tell whether the budget is
/// exceeded: they are chosen when chance can be ruled out.
bool RecipeChooser::lift(const Analysis &analysis) {
  if (liftCoarse())
    return true;
  std::string why;
  Budget budget = judge(analysis, options.maxLoss, why);
  if (budget == Budget::Holds)
    return false;
  if (lift(Rung::Static, why) || lift(Rung::Dynamic, why, /*onlyCheap=*/true))
    return true;
  return budget == Budget::RuledOut &&
         (lift(Rung::Dynamic, why) || liftToFloat(why));
}

Expected<AutoResult> RecipeChooser::run() {
  AutoResult result;
  while (true) {
    Expected<Analysis> analysis = measure();
    if (!analysis)
      return analysis.takeError();
    ++result.rounds;
    if (lift(*analysis))
      continue;
    std::string why;
    result.holds = judge(*analysis, options.maxLoss, why) != Budget::RuledOut;
    result.analysis = std::move(*analysis);
    result.recipe = writeRecipe();
    return result;
  }
}

/// `makeData` gives the calls to measure, once the program is compiled.
static Expected<AutoResult>
choose(const Program &program, const Statistics &statistics,
       const AutoOptions &options,
       function_ref<Expected<ArrayRef<Arguments>>(const Analyzer &)> makeData) {
  if (!(options.maxLoss >= 0))
    return createStringError("max_loss must be a number that is not negative");
  AnalyzeOptions analyze;
  analyze.entry = options.entry;
  analyze.compile = options.compile;
  Expected<Analyzer> analyzer = Analyzer::create(program, analyze);
  if (!analyzer)
    return analyzer.takeError();
  Expected<ArrayRef<Arguments>> data = makeData(*analyzer);
  if (!data)
    return data.takeError();
  if (data->empty())
    return createStringError("choosing a recipe needs data");
  RecipeChooser chooser(*analyzer, *data, options);
  if (Error error = chooser.start(statistics))
    return error;
  return chooser.run();
}

Expected<AutoResult> chooseRecipeOnCalls(const Program &program,
                                         const Statistics &statistics,
                                         ArrayRef<Arguments> data,
                                         const AutoOptions &options) {
  return choose(program, statistics, options,
                [&](const Analyzer &) { return data; });
}

Expected<AutoResult> chooseRecipe(const Program &program,
                                  const Statistics &statistics,
                                  ArrayRef<HostTensor> inputs,
                                  const AutoOptions &options) {
  std::vector<Arguments> calls;
  auto makeData =
      [&](const Analyzer &analyzer) -> Expected<ArrayRef<Arguments>> {
    Expected<std::vector<Arguments>> made = analyzer.makeCalls(inputs);
    if (!made)
      return made.takeError();
    calls = std::move(*made);
    return ArrayRef<Arguments>(calls);
  };
  return choose(program, statistics, options, makeData);
}

} // namespace quanta
