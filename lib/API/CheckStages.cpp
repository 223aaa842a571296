//===- CheckStages.cpp - Compare the stages of a program ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/CheckStages.h"

#include "Comparison.h"
#include "QuantizationPoints.h"
#include "SegmentCheck.h"
#include "quanta/API/Quantize.h"
#include "quanta/Calibration/Statistics.h"
#include "quanta/Execution/Batch.h"

#include "llvm/Support/Format.h"

#include <cstring>

using namespace llvm;

namespace quanta {

using Tensors = SmallVector<HostTensor>;

namespace {

/// A compiled program.
struct Runner {
  std::string stage;
  std::unique_ptr<Executable> executable;

  /// Calls the entry; results are made row-major.
  Error run(StringRef entry, ArrayRef<HostTensor> arguments,
            Tensors &results) const {
    Expected<Tensors> found = executable->callDense(entry, arguments);
    if (!found)
      return found.takeError();
    results = std::move(*found);
    return Error::success();
  }
};

/// Points inside functions that the entry calls are looked at like its own, and
/// who calls the entry does not see what it returns besides.
constexpr StringLiteral inlineCalls = "inline{default-pipeline=}";

/// Everything that is compiled, run and compared.
class StageChecker {
public:
  StageChecker(const CheckStagesOptions &options, raw_ostream &os)
      : options(options), os(os) {}

  Error build(const Program &program);
  Error runAll(ArrayRef<HostTensor> inputs);
  Error report();

private:
  Error buildSimulated(const Program &program);
  Error buildQuantized(Program quantized);
  Error buildInteger(const Program &program);
  Error buildSegments(Program program);
  Error runBatch(ArrayRef<HostTensor> arguments);
  Error compareExactly(ArrayRef<Tensors> all, StringRef what);
  /// Compiles `function` alone, or all of them.
  Expected<Runner> makeRunner(StringRef stage, const Program &program,
                              bool kernels, StringRef function) const;

  const CheckStagesOptions &options;
  raw_ostream &os;
  std::string entry;
  std::optional<Runner> floating, simulated;
  /// Quantized, integer and kernel, as they are and with all points exposed;
  /// from the integer stage on there are no points.
  SmallVector<Runner, 3> exact, exposed;
  std::vector<QuantizationPoint> points;
  std::vector<bool> resultFollowsFloatSums;
  std::optional<SegmentCheck> segments;

  unsigned numResults = 0;
  std::vector<FloatDifference> floatToSimulated, simulatedToQuantized;
  int64_t exactElements = 0;
  /// Of tensors that follow sums of floats: nothing requires the same bits.
  int64_t inexactElements = 0, inexactDifferences = 0;
};

} // namespace

static int64_t countDifferences(const HostTensor &a, const HostTensor &b) {
  size_t size = getElementSize(a.getKind());
  int64_t count = 0;
  for (int64_t i = 0, e = a.getNumElements(); i < e; ++i)
    count += std::memcmp(a.getDataAs<char>() + i * size,
                         b.getDataAs<char>() + i * size, size) != 0;
  return count;
}

static Error annotate(StringRef stage, Error error) {
  if (!error)
    return error;
  return createStringError(toString(std::move(error)) + "\nnote: in the " +
                           stage + " stage");
}

Expected<Runner> StageChecker::makeRunner(StringRef stage,
                                          const Program &program, bool kernels,
                                          StringRef function) const {
  CompileOptions compileOptions = options.compile;
  compileOptions.kernels = kernels;
  compileOptions.entry = function.str();
  Expected<std::unique_ptr<Executable>> executable =
      compile(program, compileOptions);
  if (!executable)
    return annotate(stage, executable.takeError());
  return Runner{stage.str(), std::move(*executable)};
}

/// From some stage on, there is nothing that a file could still choose.
static Error refuseIdle(Stage stage, StringRef what, StringRef file) {
  if (file.empty())
    return Error::success();
  return createStringError("the program is at the " + stringifyStage(stage) +
                           " stage, where --" + what + "=" + file +
                           " would change nothing");
}

Error StageChecker::build(const Program &program) {
  if (program.getStage() > Stage::Integer)
    return createStringError("the program is at the " +
                             stringifyStage(program.getStage()) +
                             " stage, after which there is nothing to compare");
  Expected<mlir::func::FuncOp> function =
      findFunction(program.getModule(), options.entry);
  if (!function)
    return function.takeError();
  entry = function->getName().str();
  numResults = function->getNumResults();
  switch (program.getStage()) {
  case Stage::Float:
  case Stage::Observed: {
    // A recipe may need none.
    if (options.statistics.empty() && options.recipe.empty())
      return createStringError(
          "the program is at the " + stringifyStage(program.getStage()) +
          " stage: comparing its stages needs --statistics");
    Expected<Runner> runner =
        makeRunner("float", program, /*kernels=*/true, entry);
    if (!runner)
      return runner.takeError();
    floating = std::move(*runner);
    Program calibrated = program.clone();
    if (Error error = insertObservers(calibrated, "min_max", /*recipe=*/"",
                                      /*keepExisting=*/true))
      return error;
    if (Error error =
            applyCalibration(calibrated, options.statistics, options.recipe))
      return error;
    return buildSimulated(calibrated);
  }
  case Stage::Simulated:
    if (Error error = refuseIdle(program.getStage(), "recipe", options.recipe))
      return error;
    return buildSimulated(program);
  default:
    for (auto [what, file] : {std::pair("recipe", options.recipe),
                              std::pair("statistics", options.statistics)})
      if (Error error = refuseIdle(program.getStage(), what, file))
        return error;
    return program.getStage() == Stage::Quantized
               ? buildQuantized(program.clone())
               : buildInteger(program);
  }
}

Error StageChecker::buildSimulated(const Program &program) {
  Program named = program.clone();
  if (Error error = named.run(inlineCalls))
    return error;
  Expected<mlir::func::FuncOp> function =
      findFunction(named.getModule(), entry);
  if (!function)
    return function.takeError();
  namePoints(*function);
  Expected<Runner> runner =
      makeRunner("simulated", named, /*kernels=*/true, entry);
  if (!runner)
    return runner.takeError();
  simulated = std::move(*runner);
  Program quantized = named.clone();
  if (Error error =
          quantized.run("quanta-fuse,quanta-quantize,cse,canonicalize"))
    return error;
  if (Error error = buildQuantized(std::move(quantized)))
    return error;
  return buildSegments(std::move(named));
}

Error StageChecker::buildQuantized(Program quantized) {
  if (Error error = quantized.run(inlineCalls))
    return error;
  Program instrumented = quantized.clone();
  Expected<mlir::func::FuncOp> function =
      findFunction(instrumented.getModule(), entry);
  if (!function)
    return function.takeError();
  Expected<ExposedPoints> found = exposePoints(*function);
  if (!found)
    return found.takeError();
  points = std::move(found->points);
  resultFollowsFloatSums = std::move(found->resultFollowsFloatSums);

  struct Form {
    const char *stage, *pipeline;
    bool kernels;
  };
  // The first follows the numerics contract literally.
  static constexpr Form forms[] = {
      {"quantized", "quanta-rewrite-types{reference=true}", false},
      {"integer", "quanta-rewrite-types,canonicalize,cse", false},
      {"kernel", "quanta-rewrite-types,canonicalize,cse", true}};
  for (const Form &form : forms)
    for (bool isExposed : {false, true}) {
      Program lowered = (isExposed ? instrumented : quantized).clone();
      if (Error error = lowered.run(form.pipeline))
        return annotate(form.stage, std::move(error));
      Expected<Runner> runner =
          makeRunner(form.stage, lowered, form.kernels, entry);
      if (!runner)
        return runner.takeError();
      (isExposed ? exposed : exact).push_back(std::move(*runner));
    }
  return Error::success();
}

Error StageChecker::buildInteger(const Program &program) {
  Program analyzed = program.clone();
  if (Error error = analyzed.run(inlineCalls))
    return error;
  Expected<mlir::func::FuncOp> function =
      findFunction(analyzed.getModule(), entry);
  if (!function)
    return function.takeError();
  Expected<ExposedPoints> found = exposePoints(*function);
  if (!found)
    return found.takeError();
  resultFollowsFloatSums = std::move(found->resultFollowsFloatSums);
  for (bool kernels : {false, true}) {
    Expected<Runner> runner =
        makeRunner(kernels ? "kernel" : "integer", program, kernels, entry);
    if (!runner)
      return runner.takeError();
    exact.push_back(std::move(*runner));
  }
  return Error::success();
}

Error StageChecker::buildSegments(Program program) {
  Expected<mlir::func::FuncOp> function =
      findFunction(program.getModule(), entry);
  if (!function)
    return function.takeError();
  Expected<std::vector<Segment>> cut = cutIntoSegments(*function, points);
  if (!cut)
    return cut.takeError();
  if (cut->empty())
    return Error::success();
  Expected<Runner> runner =
      makeRunner("simulated", program, /*kernels=*/true, /*function=*/"");
  if (!runner)
    return runner.takeError();
  segments.emplace(std::move(*cut), std::move(runner->executable));
  if (options.statistics.empty())
    return Error::success();
  Expected<Statistics> statistics = Statistics::load(options.statistics);
  if (!statistics)
    return statistics.takeError();
  segments->setResultRanges(*statistics, entry);
  return Error::success();
}

Error StageChecker::compareExactly(ArrayRef<Tensors> all, StringRef what) {
  if (all.empty())
    return Error::success();
  size_t count = all.front().size();
  // Points come first: what breaks first is told first.
  for (size_t order = 0; order < count; ++order) {
    size_t numPoints = count - numResults;
    size_t index = order < numPoints ? numResults + order : order - numPoints;
    const HostTensor &reference = all[0][index];
    bool isExact = index < numResults
                       ? !resultFollowsFloatSums[index]
                       : !points[index - numResults].followsFloatSums;
    if (what.empty())
      (isExact ? exactElements : inexactElements) += reference.getNumElements();
    for (size_t stage = 1; stage < all.size(); ++stage) {
      const HostTensor &other = all[stage][index];
      std::optional<int64_t> element = findMismatch(reference, other);
      if (!element)
        continue;
      if (!isExact && reference.getShape() == other.getShape()) {
        if (what.empty())
          inexactDifferences += countDifferences(reference, other);
        continue;
      }
      bool isPoint = index >= numResults;
      std::string name = "result " + std::to_string(index), location;
      if (isPoint) {
        const QuantizationPoint &point = points[index - numResults];
        name = "'" + point.name + "'";
        if (!point.location.empty())
          location = point.location + ": ";
      }
      std::string text = location;
      raw_string_ostream message(text);
      message << "error: the " << exact[stage].stage
              << " stage differs from the " << exact.front().stage
              << " stage at " << name << what;
      if (reference.getShape() != other.getShape())
        message << ": shape " << formatShape(other.getShape(), other.getKind())
                << " instead of "
                << formatShape(reference.getShape(), reference.getKind());
      else if (isPoint)
        message << ", element " << formatIndex(reference, *element) << ": "
                << readStorage(other, points[index - numResults].params,
                               *element)
                << " instead of "
                << readStorage(reference, points[index - numResults].params,
                               *element);
      else
        message << ", element " << formatIndex(reference, *element) << ": "
                << format("%.9g", readElement(other, *element))
                << " instead of "
                << format("%.9g", readElement(reference, *element));
      return createStringError(text);
    }
  }
  return Error::success();
}

static void addDifferences(std::vector<FloatDifference> &differences,
                           const Tensors &reference, const Tensors &other) {
  differences.resize(reference.size());
  for (auto [difference, a, b] : zip_equal(differences, reference, other))
    difference.add(a, b);
}

Error StageChecker::runBatch(ArrayRef<HostTensor> arguments) {
  SmallVector<Tensors, 3> exactResults(exact.size()),
      exposedResults(exposed.size());
  auto runEach = [&](ArrayRef<Runner> runners,
                     MutableArrayRef<Tensors> results) -> Error {
    for (auto [runner, result] : zip_equal(runners, results))
      if (Error error = runner.run(entry, arguments, result))
        return annotate(runner.stage, std::move(error));
    return Error::success();
  };
  if (Error error = runEach(exposed, exposedResults))
    return error;
  if (Error error = runEach(exact, exactResults))
    return error;
  if (Error error = compareExactly(exposedResults, ""))
    return error;
  if (Error error = compareExactly(
          exactResults,
          exposed.empty()
              ? ""
              : " (but not when it returns every quantized tensor)"))
    return error;

  Tensors simulatedResults, floatResults;
  if (simulated) {
    if (Error error = simulated->run(entry, arguments, simulatedResults))
      return annotate("simulated", std::move(error));
    addDifferences(simulatedToQuantized, simulatedResults, exactResults[0]);
  }
  if (floating) {
    if (Error error = floating->run(entry, arguments, floatResults))
      return annotate("float", std::move(error));
    addDifferences(floatToSimulated, floatResults, simulatedResults);
  }
  if (!segments)
    return Error::success();
  return annotate(
      "simulated",
      segments->add(arguments, points,
                    ArrayRef(exposedResults[0]).drop_front(numResults),
                    exactResults[0]));
}

Error StageChecker::runAll(ArrayRef<HostTensor> inputs) {
  Expected<const Executable::Entry *> function =
      exact.front().executable->getEntry(entry);
  if (!function)
    return function.takeError();
  Expected<BatchedArguments> batches =
      BatchedArguments::create((*function)->getSignature(), inputs);
  if (!batches)
    return batches.takeError();
  if (Error error = exact.front().executable->checkArguments(
          **function, batches->getBatch(0)))
    return error;
  for (int64_t i = 0; i < batches->getNumBatches(); ++i)
    if (Error error = runBatch(batches->getBatch(i)))
      return error;
  return Error::success();
}

Error StageChecker::report() {
  for (auto [index, difference] : enumerate(floatToSimulated))
    os << "float -> simulated, result " << index << ": " << difference.str()
       << "\n";
  for (auto [index, difference] : enumerate(simulatedToQuantized))
    os << "simulated -> quantized, result " << index << ": " << difference.str()
       << "\n";
  if (segments)
    if (Error error = segments->report(points, os))
      return error;
  size_t exactPoints = count_if(points, [](const QuantizationPoint &point) {
    return !point.followsFloatSums;
  });
  interleave(
      exact, os, [&](const Runner &runner) { os << runner.stage; }, " = ");
  os << ": " << exactPoints << " quantized tensors and "
     << count(resultFollowsFloatSums, false) << " results, " << exactElements
     << " elements with the same bits\n";
  if (inexactElements > 0)
    os << "after sums of floats, where bits may differ: " << inexactElements
       << " elements, " << inexactDifferences << " differ\n";
  StringRef isa = exact.back().executable->getISA();
  os << "isa: " << (isa.empty() ? "none" : isa) << "\n";
  return Error::success();
}

Error checkStages(const Program &program, ArrayRef<HostTensor> inputs,
                  const CheckStagesOptions &options, raw_ostream &os) {
  StageChecker checker(options, os);
  if (Error error = checker.build(program))
    return error;
  if (Error error = checker.runAll(inputs))
    return error;
  return checker.report();
}

} // namespace quanta
