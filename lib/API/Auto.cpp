//===- Auto.cpp - The recipe that holds an accuracy budget ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Auto.h"

#include "AutoBudget.h"
#include "AutoChoice.h"
#include "TemporaryFile.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/SmoothActivations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace quanta {

namespace {

/// What makes a result less noisy.
struct Lift {
  Choice *choice;
  /// Of the weights, to 16 bits, not of the activation.
  bool isOfWeights;
  /// What the lift gets rid of most of.
  double noise;
  Rung to = Rung::Wide;

  /// A range at run time, or what stands in for one.
  bool isFree() const { return !isOfWeights && choice->rung == Rung::Static; }
  void apply() const {
    if (isOfWeights)
      choice->hasWideWeights = true;
    else
      choice->setRung(to);
  }
};

/// A recipe that was measured.
struct Round {
  Choices choices;
  Analysis analysis;
  Verdict verdict;
  /// Multiply-accumulates in integers.
  double integerMacs = 0;

  /// Than one before it.
  bool isBetterThan(const Round &other) const {
    bool holds = verdict.budget != Budget::RuledOut;
    if (holds != (other.verdict.budget != Budget::RuledOut))
      return holds;
    if (!holds)
      return verdict.excess <= other.verdict.excess;
    if (integerMacs != other.integerMacs)
      return integerMacs > other.integerMacs;
    // Of as many, the later one rounds less, whatever chance made of it.
    return verdict.budget <= other.verdict.budget;
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
  TemporaryFile statisticsFile;
  Choices choices;
  std::optional<Round> best;
  /// Of the round before.
  Verdict last;
  unsigned rounds = 0;
  /// What lifts have added that were made because they are cheap.
  double cheapProducts = 0;

  Expected<Analysis> measure();
  Error runRound();
  bool isCheap(const Lift &lift) const;
  SmallVector<Lift> getLifts(bool onlyCheap);
  bool lift(bool onlyCheap, StringRef why);
  bool liftToFloat(StringRef why);
  bool liftCoarse(Budget budget);
  bool lift(const Verdict &verdict);
  Error takeBack();
};

} // namespace

Error RecipeChooser::start(const Statistics &statistics) {
  Expected<TemporaryFile> file =
      TemporaryFile::write("json", statistics.str(), options.endsFilesOnSignal);
  if (!file)
    return file.takeError();
  statisticsFile = std::move(*file);
  std::string missing;
  bool sawNothing = false, sawNoNumber = false;
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
        bool isThere = it != statistics.observers.end();
        sawNothing = isThere && it->second.elements == 0;
        sawNoNumber =
            isThere && !sawNothing && it->second.getFiniteCount() == 0;
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
  if (sawNoNumber)
    return createStringError("choosing a recipe needs data, and '" + missing +
                             "' saw only NaNs and infinities");
  if (!missing.empty())
    return createStringError(
        "choosing a recipe needs statistics of histograms, and there is none "
        "with data of '" +
        missing + "': calibrate with observer=histogram");
  return Error::success();
}

Expected<Analysis> RecipeChooser::measure() {
  Expected<TemporaryFile> file = TemporaryFile::write(
      "yaml", writeRecipe(choices), options.endsFilesOnSignal);
  if (!file)
    return file.takeError();
  Expected<Analysis> analysis =
      analyzer.run(data, statisticsFile.getPath(), file->getPath());
  if (!analysis)
    return analysis;
  for (auto &[name, choice] : choices) {
    choice.isMeasured = choice.isRounded = false;
    choice.resultNoiseRatio = choice.weightNoiseRatio = 0;
  }
  auto addWeightNoise = [](Choice &choice, const LayerFigures &layer,
                           double ratio) {
    if (!(ratio > choice.weightNoiseRatio))
      return;
    choice.weightNoiseRatio = ratio;
    choice.weightReader = layer.name;
  };
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
      if (operand.error.count == 0) {
        addWeightNoise(choice, layer, weightNoise);
        continue;
      }
      if (operand.resultSignal > 0) {
        choice.resultNoiseRatio =
            std::max(choice.resultNoiseRatio,
                     operand.resultNoise / operand.resultSignal);
        addWeightNoise(choice, layer,
                       operand.resultWeightNoise / operand.resultSignal);
      }
      double ratio = operand.error.getNoiseRatio();
      choice.noiseRatio =
          choice.isMeasured ? std::max(choice.noiseRatio, ratio) : ratio;
      choice.isMeasured = true;
    }
  }
  return analysis;
}

/// Those that together have half of the noise, the noisiest first; of equals in
/// the order of the program.
static ArrayRef<Lift> selectNoisiest(SmallVectorImpl<Lift> &lifts) {
  stable_sort(lifts,
              [](const Lift &a, const Lift &b) { return a.noise > b.noise; });
  double total = 0, sum = 0;
  for (const Lift &lift : lifts)
    total += lift.noise;
  size_t count = 0;
  while (count < lifts.size() && (count == 0 || sum < total / 2))
    sum += lifts[count++].noise;
  return ArrayRef(lifts).take_front(count);
}

/// Products of 8 bits that a lift adds.
static double getCost(const Lift &lift) {
  double before = lift.choice->getProducts();
  Choice lifted = *lift.choice;
  Lift{&lifted, lift.isOfWeights, lift.noise, lift.to}.apply();
  return lift.choice->macs * (lifted.getProducts() - before);
}

/// Whether a lift takes little of the whole model's time, with those before it
/// that were made because they do.
bool RecipeChooser::isCheap(const Lift &lift) const {
  constexpr double cheapShare = 0.1;
  double all = 0;
  for (const auto &[name, choice] : choices)
    all += choice.macs * choice.getProducts();
  return cheapProducts + getCost(lift) <= cheapShare * all;
}

/// The activations that can be lifted by one rung, and the weights that can be
/// to 16 bits. Four products for one take as long as float.
SmallVector<Lift> RecipeChooser::getLifts(bool onlyCheap) {
  // A hundredth of all noise makes no difference.
  constexpr double leastShare = 0.01;
  double total = 0;
  for (auto &[name, choice] : choices)
    if (choice.isRounded)
      total += choice.getResultNoise() + choice.weightNoiseRatio;
  SmallVector<Lift> lifts;
  auto add = [&](const Lift &lift) {
    bool mayCost = !onlyCheap && lift.choice->getProducts() == 1;
    // What is exact already cannot be better.
    if (lift.noise > 0 && lift.noise >= leastShare * total &&
        (lift.isFree() || mayCost || isCheap(lift)))
      lifts.push_back(lift);
  };
  for (auto &[name, choice] : choices) {
    if (!choice.isRounded || choice.rung == Rung::Float)
      continue;
    bool isStatic = choice.rung == Rung::Static;
    if (choice.rung != Rung::Wide)
      add({&choice, /*isOfWeights=*/false, choice.getResultNoise(),
           isStatic && !options.staticOnly ? Rung::Dynamic : Rung::Wide});
    if (!choice.hasWideWeights)
      add({&choice, /*isOfWeights=*/true, choice.weightNoiseRatio});
  }
  return lifts;
}

/// Lifts what has half of the noise in the results of contractions.
bool RecipeChooser::lift(bool onlyCheap, StringRef why) {
  SmallVector<Lift> lifts = getLifts(onlyCheap);
  bool isAny = false;
  for (const Lift &lift : selectNoisiest(lifts)) {
    // Those before it may have taken what it would.
    if (isAny && onlyCheap && !lift.isFree() && !isCheap(lift))
      continue;
    isAny = true;
    Choice &choice = *lift.choice;
    std::string cause =
        lift.isOfWeights
            ? describeWeights(choice)
            : (describe(choice.rung) + " " + describeNoise(choice)).str();
    (lift.isOfWeights ? choice.weightReason : choice.reason) = formatv(
        "{0}, and the budget of the whole model did not hold: {1}", cause, why);
    if (onlyCheap && !lift.isFree())
      cheapProducts += getCost(lift);
    lift.apply();
  }
  return isAny;
}

/// Puts into float the contractions with half of the noise in their results: of
/// their weights too, which is all gone then.
bool RecipeChooser::liftToFloat(StringRef why) {
  SmallVector<Lift> lifts;
  for (auto &[name, choice] : choices)
    if (choice.isRounded && choice.rung != Rung::Float)
      lifts.push_back({&choice, /*isOfWeights=*/false,
                       choice.getResultNoise() + choice.weightNoiseRatio,
                       Rung::Float});
  ArrayRef<Lift> selected = selectNoisiest(lifts);
  for (const Lift &lift : selected) {
    Choice &choice = *lift.choice;
    std::string cause =
        choice.weightNoiseRatio > choice.getResultNoise()
            ? describeWeights(choice)
            : (describe(choice.rung) + " " + describeNoise(choice)).str();
    choice.beforeFloat = {choice.rung, choice.reason};
    choice.reason = formatv(
        "{0}, and the budget of the whole model did not hold: {1}", cause, why);
    if (choice.getProducts() == 2)
      choice.reason += "; 16 bits for both factors take four products, as long "
                       "as float";
    choice.setRung(Rung::Float);
  }
  return !selected.empty();
}

/// What statistics predict of static ranges has to be measured of those at run
/// time: a row may have few values beside one that is much larger. One bit more
/// is wanted of them where the budget does not hold.
bool RecipeChooser::liftCoarse(Budget budget) {
  constexpr double bit = 6;
  double wanted = options.targetSqnr + (budget == Budget::Holds ? 0 : bit);
  double limit = std::pow(10.0, -wanted / 10);
  bool isAny = false;
  for (auto &[name, choice] : choices) {
    if (choice.rung != Rung::Dynamic || !choice.isMeasured ||
        !(choice.noiseRatio > limit))
      continue;
    isAny = true;
    choice.setRung(Rung::Wide);
    choice.reason = formatv("{0} kept only {1:F1} dB, {2:F1} wanted",
                            describe(Rung::Dynamic),
                            -10 * std::log10(choice.noiseRatio), wanted);
  }
  return isAny;
}

/// A range at run time costs little, and so does anything of contractions that
/// are a small part of the model: what the data show is enough to choose it.
/// The others cost a multiple, and a few hundred predictions of which one or
/// two change do not tell whether the budget is exceeded: they are chosen when
/// chance can be ruled out.
bool RecipeChooser::lift(const Verdict &verdict) {
  if (liftCoarse(verdict.budget))
    return true;
  if (verdict.budget == Budget::Holds)
    return false;
  if (lift(/*onlyCheap=*/true, verdict.why))
    return true;
  return verdict.budget == Budget::RuledOut &&
         (lift(/*onlyCheap=*/false, verdict.why) || liftToFloat(verdict.why));
}

/// Measures the choices, and keeps them if they are the best.
Error RecipeChooser::runRound() {
  Round round;
  Expected<Analysis> analysis = measure();
  if (!analysis)
    return analysis.takeError();
  ++rounds;
  round.analysis = std::move(*analysis);
  round.verdict = judge(round.analysis, options.maxLoss);
  round.choices = choices;
  for (const auto &[name, choice] : choices)
    if (choice.rung != Rung::Float)
      round.integerMacs += choice.macs;
  last = round.verdict;
  if (!best || round.isBetterThan(*best))
    best = std::move(round);
  return Error::success();
}

/// Half of the noise takes along to float what may not have been needed: tries
/// without it, the largest first.
Error RecipeChooser::takeBack() {
  constexpr size_t maxTrials = 8;
  std::vector<std::pair<double, std::string>> lifted;
  for (const auto &[name, choice] : best->choices)
    if (choice.beforeFloat)
      lifted.push_back({-choice.macs, name});
  stable_sort(lifted, less_first());
  for (const auto &[macs, name] :
       ArrayRef(lifted).take_front(best->verdict.budget == Budget::RuledOut
                                       ? 0
                                       : std::min(lifted.size(), maxTrials))) {
    choices = best->choices;
    Choice &choice = choices[name];
    choice.reason = choice.beforeFloat->second;
    choice.setRung(choice.beforeFloat->first);
    choice.beforeFloat.reset();
    if (Error error = runRound())
      return error;
  }
  return Error::success();
}

Expected<AutoResult> RecipeChooser::run() {
  do
    if (Error error = runRound())
      return error;
  while (lift(last));
  if (Error error = takeBack())
    return error;
  choices = best->choices;
  AutoResult result;
  result.rounds = rounds;
  result.holds = best->verdict.budget != Budget::RuledOut;
  const Verdict &verdict = best->verdict;
  if (verdict.budget == Budget::Exceeded)
    result.excess = verdict.changed.empty() ? verdict.why : verdict.changed;
  result.recipe = writeRecipe(choices);
  result.analysis = std::move(best->analysis);
  return result;
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
  analyze.isInterrupted = options.isInterrupted;
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
