//===- quant-run.cpp - Compile and run a program on NumPy data ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include "quanta/API/Auto.h"
#include "quanta/API/CheckStages.h"
#include "quanta/API/Compile.h"
#include "quanta/Calibration/FileOutput.h"
#include "quanta/Execution/Batch.h"
#include "quanta/Execution/DataSet.h"
#include "quanta/Execution/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>

using namespace llvm;
using namespace quanta;

namespace {
struct Options {
  cl::OptionCategory category{"quant-run options"};

  cl::opt<std::string> model{cl::Positional, cl::Required,
                             cl::desc("<model.mlir>"), cl::cat(category)};
  cl::opt<std::string> entry{
      "entry", cl::value_desc("function"), cl::cat(category),
      cl::desc("Function to call (default: the only public one)")};
  cl::list<std::string> inputs{
      "input", cl::value_desc("x.npy"), cl::cat(category),
      cl::desc("Argument: x.npy, all arrays of x.npz, or one of them as "
               "x.npz:name; repeat for more. Where the program takes a fixed "
               "number of rows, more of them are run batch by batch")};
  cl::opt<std::string> samples{
      "samples", cl::value_desc("path"), cl::cat(category),
      cl::desc("Calibration data in place of --input, a call for each sample: "
               "an .npy is one, an .npz too, unless the program takes one "
               "argument: then each of its arrays is; a folder holds such "
               "files")};
  cl::list<std::string> outputs{"output", cl::value_desc("y.npy"),
                                cl::cat(category),
                                cl::desc("File for a result; repeat for more")};
  cl::opt<std::string> cpu{
      "cpu", cl::value_desc("name"), cl::init("native"), cl::cat(category),
      cl::desc("LLVM's name of the CPU to compile for (default: native)")};
  cl::opt<unsigned> optLevel{"opt-level", cl::value_desc("0-3"), cl::init(3),
                             cl::cat(category),
                             cl::desc("Optimization level (default: 3)")};
  cl::opt<unsigned> threads{
      "threads", cl::value_desc("number"), cl::init(1), cl::cat(category),
      cl::desc("Threads that share the work of one call (default: 1). Objects "
               "of --emit then need OpenMP's library: -lomp")};
  cl::opt<std::string> cacheDir{
      "cache-dir", cl::value_desc("folder"), cl::cat(category),
      cl::desc(
          "Keep object files here, so that the same code is generated once "
          "(default: the environment's QUANTA_CACHE_DIR, else none)")};
  cl::opt<std::string> statistics{
      "statistics", cl::value_desc("file"), cl::cat(category),
      cl::desc("Write what the observers of an observed program learned; with "
               "--check-stages, --analyze and --choose-recipe: read it")};
  cl::opt<std::string> recipe{
      "recipe", cl::value_desc("file"), cl::cat(category),
      cl::desc("Recipe for --check-stages and --analyze")};
  cl::opt<bool> checkStages{
      "check-stages", cl::cat(category),
      cl::desc("Run the inputs through every stage from here on and compare")};
  cl::opt<bool> analyze{
      "analyze", cl::cat(category),
      cl::desc("Print what quantization costs each layer, and how often "
               "predictions agree, on the inputs")};
  cl::opt<std::string> analyzeJson{"analyze-json", cl::value_desc("file"),
                                   cl::cat(category),
                                   cl::desc("The same figures as JSON")};
  cl::opt<std::string> chooseRecipe{
      "choose-recipe", cl::value_desc("file"), cl::cat(category),
      cl::desc("Write the recipe that holds --max-loss on the inputs; needs "
               "--statistics of histograms")};
  cl::opt<double> maxLoss{
      "max-loss", cl::value_desc("share"), cl::init(AutoOptions().maxLoss),
      cl::cat(category),
      cl::desc("Noise power over signal power, and share of predictions that "
               "change, that --choose-recipe may leave (default: 0.003)")};
  cl::opt<bool> staticOnly{
      "static-only", cl::cat(category),
      cl::desc("Let --choose-recipe choose no ranges at run time")};
  cl::opt<std::string> benchmark{
      "benchmark", cl::ValueOptional, cl::value_desc("samples"),
      cl::cat(category),
      cl::desc("Print the median time of a call in microseconds, of so many "
               "samples (default: 200)")};
  cl::opt<bool> printISA{
      "print-isa", cl::cat(category),
      cl::desc("Print the instruction set that integer kernels use")};
  cl::opt<std::string> emit{
      "emit", cl::value_desc("obj|asm|llvm-ir"), cl::cat(category),
      cl::desc("Write code to -o and do not run it; obj also writes a C header "
               "beside it")};
  cl::opt<std::string> target{
      "target", cl::value_desc("triple[,cpu...]"), cl::cat(category),
      cl::desc("Machine for --emit (default: this one). Several x86-64 CPUs, "
               "the most capable first, go into one object that chooses")};
  cl::opt<std::string> file{"o", cl::value_desc("file"), cl::cat(category),
                            cl::desc("File for --emit")};
};
} // namespace

static int fail(Error error) {
  std::string text = toString(std::move(error));
  // Diagnostics say so themselves, after their location.
  StringRef firstLine = StringRef(text).split('\n').first;
  bool isDiagnostic =
      firstLine.starts_with("error: ") || firstLine.contains(": error: ");
  errs() << (isDiagnostic ? "" : "error: ") << text << "\n";
  return 1;
}

static CompileOptions getCompileOptions(const Options &options) {
  CompileOptions result = getCompileOptionsFromEnvironment();
  result.cpu = options.cpu;
  result.optLevel = options.optLevel;
  result.threads = options.threads;
  if (options.cacheDir.getNumOccurrences() > 0)
    result.cacheDirectory = options.cacheDir;
  return result;
}

static Error writeOutputs(ArrayRef<std::string> paths,
                          const Signature &signature,
                          ArrayRef<HostTensor> results) {
  for (auto [path, result] : zip(paths, results))
    if (Error error = writeNpy(path, result))
      return error;
  // Without a place to go, results are at least named.
  if (paths.empty())
    for (auto [index, result] : enumerate(results))
      outs() << "result " << index << " of '" << signature.name
             << "': " << formatShape(result.getShape(), result.getKind())
             << "\n";
  return Error::success();
}

static Error writeStatistics(const Options &options, Program &program,
                             const Executable &executable) {
  Expected<Statistics> statistics = readStatistics(executable);
  if (!statistics)
    return statistics.takeError();
  statistics->model =
      program.getModule().getName().value_or(sys::path::stem(options.model));
  statistics->data = options.samples.empty() ? join(options.inputs, ", ")
                                             : options.samples.getValue();
  return statistics->save(options.statistics);
}

static Expected<std::vector<HostTensor>> readInputs(const Options &options,
                                                    const Program &program) {
  return readArguments(options.inputs, program.getArgumentNames(options.entry));
}

/// Runs an observed program on each sample of a data set; results are dropped.
static Error observeSamples(StringRef path, const Program &program,
                            const Executable &executable,
                            const Executable::Entry &entry) {
  const Signature &signature = entry.getSignature();
  SmallVector<HostTensor, 4> results;
  std::vector<std::string> names = program.getArgumentNames(signature.name);
  names.resize(signature.inputs.size());
  Progress progress;
  return forEachSample(
      path, names,
      [&](ArrayRef<HostTensor> sample, DataSetPlace place) -> Error {
        Expected<BatchedArguments> batches =
            BatchedArguments::create(signature, sample);
        if (!batches)
          return batches.takeError();
        for (int64_t batch = 0; batch < batches->getNumBatches(); ++batch)
          if (Error error =
                  executable.call(entry, batches->getBatch(batch), results))
            return error;
        progress.step(place);
        return Error::success();
      });
}

static Error runBenchmark(const Executable &executable,
                          const Executable::Entry &entry,
                          ArrayRef<HostTensor> arguments, unsigned samples) {
  using Clock = std::chrono::steady_clock;
  SmallVector<HostTensor, 4> results;
  Error error = Error::success();
  auto measure = [&](unsigned calls) {
    Clock::time_point start = Clock::now();
    for (unsigned i = 0; i < calls && !error; ++i)
      error = executable.call(entry, arguments, results);
    return std::chrono::duration<double, std::micro>(Clock::now() - start)
               .count() /
           calls;
  };
  // Short calls are measured several at a time: reading the clock takes time.
  double once = measure(1);
  for (unsigned i = 0; i < 4 && !error; ++i)
    once = std::min(once, measure(1));
  unsigned calls = std::clamp(20.0 / std::max(once, 0.01), 1.0, 1000.0);
  std::vector<double> times;
  for (unsigned i = 0; i < samples && !error; ++i)
    times.push_back(measure(calls));
  if (error)
    return error;
  llvm::sort(times);
  outs() << "benchmark: " << entry.getName() << " takes "
         << format("%.2f", times[times.size() / 2])
         << " us per call (median of " << samples << ", minimum "
         << format("%.2f", times.front()) << ")\n";
  return Error::success();
}

static Error emitCode(const Options &options, const Program &program) {
  std::optional<OutputKind> kind =
      StringSwitch<std::optional<OutputKind>>(options.emit)
          .Case("obj", OutputKind::Object)
          .Case("asm", OutputKind::Assembly)
          .Case("llvm-ir", OutputKind::LLVMIR)
          .Default(std::nullopt);
  if (!kind)
    return createStringError("--emit=" + options.emit +
                             " does not exist: obj, asm and llvm-ir do");
  if (options.file.empty())
    return createStringError("--emit needs a file to write: -o FILE");
  SmallString<128> header(options.file);
  sys::path::replace_extension(header, "h");
  if (kind == OutputKind::Object && header == options.file)
    return createStringError(options.file +
                             " is where the C header goes: give the object "
                             "another name");

  CompileOptions compileOptions = getCompileOptions(options);
  SmallVector<StringRef> parts;
  StringRef(options.target).split(parts, ',');
  if (options.target.getNumOccurrences() > 0 && is_contained(parts, ""))
    return createStringError("--target=" + options.target +
                             " has an empty part: it is a triple, or a triple "
                             "and CPUs, with commas between them");
  if (parts.size() > 1 && options.cpu.getNumOccurrences() > 0)
    return createStringError("--target=" + options.target +
                             " names the CPU, and so does --cpu");
  compileOptions.triple = parts[0].str();
  if (parts.size() > 1)
    compileOptions.cpu = parts[1].str();
  for (StringRef cpu :
       ArrayRef(parts).drop_front(std::min<size_t>(parts.size(), 2)))
    compileOptions.fallbackCpus.push_back(cpu.str());
  Expected<Program> lowered = lowerToLLVM(program, compileOptions);
  if (!lowered)
    return lowered.takeError();
  // What is lowered has its target, and cannot be lowered for another CPU.
  CompileOptions emission;
  emission.optLevel = compileOptions.optLevel;
  emission.cacheDirectory = compileOptions.cacheDirectory;
  Expected<std::vector<char>> bytes =
      compileOptions.fallbackCpus.empty()
          ? quanta::emit(*lowered, *kind, emission)
          : quanta::emit(program, *kind, compileOptions);
  if (!bytes)
    return bytes.takeError();
  std::string headerText;
  if (kind == OutputKind::Object) {
    Expected<std::string> text =
        emitHeader(*lowered, sys::path::stem(options.file), emission);
    if (!text)
      return text.takeError();
    headerText = std::move(*text);
  }
  auto write = [&](raw_ostream &os) { os.write(bytes->data(), bytes->size()); };
  if (Error error = writeFile(options.file, write))
    return error;
  if (headerText.empty() || options.file == "-")
    return Error::success();
  return writeFile(header, [&](raw_ostream &os) { os << headerText; });
}

static Expected<unsigned> parseSamples(StringRef text) {
  unsigned samples = 200;
  if (!text.empty() && (text.getAsInteger(10, samples) || samples == 0))
    return createStringError("--benchmark=" + text +
                             " is not a number of samples");
  return samples;
}

static Error run(const Options &options, Program &program) {
  Expected<unsigned> samples = parseSamples(options.benchmark);
  if (!samples)
    return samples.takeError();
  if (options.statistics.getNumOccurrences() > 0 &&
      program.getStage() != Stage::Observed &&
      program.getStage() != Stage::LLVM)
    return createStringError(
        options.model + " is at the " + stringifyStage(program.getStage()) +
        " stage: statistics come from the observed stage, see "
        "'quanta-insert-observers'");
  CompileOptions compileOptions = getCompileOptions(options);
  compileOptions.entry = options.entry;
  Expected<std::unique_ptr<Executable>> executable =
      compile(program, compileOptions);
  if (!executable)
    return executable.takeError();
  Expected<const Executable::Entry *> entry =
      (*executable)->getEntry(options.entry);
  if (!entry)
    return entry.takeError();
  const Signature &signature = (*entry)->getSignature();
  if (options.outputs.size() > signature.results.size())
    return createStringError(
        "'" + signature.name + "' has " + Twine(signature.results.size()) +
        (signature.results.size() == 1 ? " result, and there are "
                                       : " results, and there are ") +
        Twine(options.outputs.size()) + " --output files");
  if (options.printISA)
    outs() << "isa: "
           << ((*executable)->getISA().empty() ? "none"
                                               : (*executable)->getISA())
           << "\n";
  // Asking only for the instruction set needs no data.
  if (options.printISA && options.inputs.empty() && !signature.inputs.empty())
    return Error::success();

  if (!options.samples.empty()) {
    Error error =
        observeSamples(options.samples, program, **executable, **entry);
    return error ? std::move(error)
                 : writeStatistics(options, program, **executable);
  }
  Expected<std::vector<HostTensor>> inputs = readInputs(options, program);
  if (!inputs)
    return inputs.takeError();
  Expected<BatchedArguments> batches =
      BatchedArguments::create(signature, *inputs);
  if (!batches)
    return batches.takeError();
  Expected<std::vector<HostTensor>> results =
      runBatches(**executable, **entry, *batches);
  if (!results)
    return results.takeError();
  if (Error error = writeOutputs(options.outputs, signature, *results))
    return error;
  if (!options.statistics.empty())
    if (Error error = writeStatistics(options, program, **executable))
      return error;
  if (options.benchmark.getNumOccurrences() > 0)
    return runBenchmark(**executable, **entry, batches->getBatch(0), *samples);
  return Error::success();
}

static Error checkStages(const Options &options, const Program &program) {
  Expected<std::vector<HostTensor>> inputs = readInputs(options, program);
  if (!inputs)
    return inputs.takeError();
  CheckStagesOptions checkOptions;
  checkOptions.entry = options.entry;
  checkOptions.statistics = options.statistics;
  checkOptions.recipe = options.recipe;
  checkOptions.compile = getCompileOptions(options);
  return quanta::checkStages(program, *inputs, checkOptions, outs());
}

static Error reportAnalysis(const Options &options, const Analysis &analysis) {
  if (options.analyze)
    analysis.print(outs());
  if (options.analyzeJson.empty())
    return Error::success();
  return writeFile(options.analyzeJson,
                   [&](raw_ostream &os) { analysis.printJson(os); });
}

static Error analyzeProgram(const Options &options, const Program &program) {
  Expected<std::vector<HostTensor>> inputs = readInputs(options, program);
  if (!inputs)
    return inputs.takeError();
  AnalyzeOptions analyzeOptions;
  analyzeOptions.entry = options.entry;
  analyzeOptions.statistics = options.statistics;
  analyzeOptions.recipe = options.recipe;
  analyzeOptions.compile = getCompileOptions(options);
  Expected<Analysis> analysis = analyze(program, *inputs, analyzeOptions);
  if (!analysis)
    return analysis.takeError();
  return reportAnalysis(options, *analysis);
}

static Error chooseRecipe(const Options &options, const Program &program) {
  Expected<std::vector<HostTensor>> inputs = readInputs(options, program);
  if (!inputs)
    return inputs.takeError();
  Expected<Statistics> statistics = Statistics::load(options.statistics);
  if (!statistics)
    return statistics.takeError();
  AutoOptions autoOptions;
  autoOptions.maxLoss = options.maxLoss;
  autoOptions.staticOnly = options.staticOnly;
  autoOptions.entry = options.entry;
  autoOptions.compile = getCompileOptions(options);
  Expected<AutoResult> result =
      quanta::chooseRecipe(program, *statistics, *inputs, autoOptions);
  if (!result)
    return result.takeError();
  if (!result->holds)
    errs() << "warning: even in float, the program does not hold --max-loss\n";
  if (Error error = reportAnalysis(options, result->analysis))
    return error;
  return writeFile(options.chooseRecipe,
                   [&](raw_ostream &os) { os << result->recipe; });
}

/// The option as it is written: `--cpu`, `-o`.
static std::string spell(const cl::Option &option) {
  return (option.ArgStr.size() > 1 ? "--" : "-") + option.ArgStr.str();
}

static Error isEmpty(const cl::Option &option) {
  return createStringError(spell(option) + " is empty");
}

/// An option that the chosen work would ignore is a mistake of the caller.
static Error checkOptions(const Options &options) {
  bool emits = !options.emit.empty();
  bool analyzes = options.analyze || !options.analyzeJson.empty();
  bool chooses = !options.chooseRecipe.empty();
  bool runs = !emits && !options.checkStages && !analyzes && !chooses;
  struct Use {
    const cl::Option &option;
    bool isUsed;
    StringRef where;
  };
  const Use uses[] = {{options.file, emits, "--emit"},
                      {options.target, emits, "--emit"},
                      {options.inputs, !emits, "programs that are run"},
                      {options.samples, runs && !options.statistics.empty(),
                       "observed programs, whose --statistics it fills"},
                      {options.entry, !emits, "programs that are run"},
                      {options.outputs, runs, "programs that are run alone"},
                      {options.benchmark, runs, "programs that are run alone"},
                      {options.printISA, runs, "programs that are run alone"},
                      {options.statistics, !emits, "programs that are run"},
                      {options.recipe,
                       options.checkStages || (analyzes && !chooses),
                       "--check-stages and --analyze"},
                      {options.maxLoss, chooses, "--choose-recipe"},
                      {options.staticOnly, chooses, "--choose-recipe"}};
  struct Name {
    const cl::Option &option;
    StringRef value;
  };
  for (const Name &name :
       {Name{options.cpu, options.cpu}, Name{options.entry, options.entry},
        Name{options.emit, options.emit}, Name{options.target, options.target},
        Name{options.file, options.file},
        Name{options.statistics, options.statistics},
        Name{options.samples, options.samples},
        Name{options.recipe, options.recipe},
        Name{options.chooseRecipe, options.chooseRecipe},
        Name{options.analyzeJson, options.analyzeJson}})
    if (name.option.getNumOccurrences() > 0 && name.value.empty())
      return isEmpty(name.option);
  if (is_contained(options.inputs, ""))
    return isEmpty(options.inputs);
  if (is_contained(options.outputs, ""))
    return isEmpty(options.outputs);
  StringSet<> outputs;
  for (const std::string &output : options.outputs)
    if (!outputs.insert(output).second)
      return createStringError("two results would go to --output=" + output);
  for (const Use &use : uses)
    if (use.option.getNumOccurrences() > 0 && !use.isUsed)
      return createStringError(spell(use.option) + " is for " + use.where);
  const std::reference_wrapper<const cl::Option> others[] = {
      options.inputs, options.outputs, options.benchmark};
  for (const cl::Option &other : others)
    if (options.samples.getNumOccurrences() > 0 &&
        other.getNumOccurrences() > 0)
      return createStringError("--samples and " + spell(other) +
                               " exclude each other");
  if (options.cacheDir.getNumOccurrences() > 0 && !options.cacheDir.empty())
    if (std::error_code error = sys::fs::create_directories(options.cacheDir))
      return createStringError("cannot keep files in --cache-dir=" +
                               options.cacheDir + ": " + error.message());
  if (emits + options.checkStages + (analyzes || chooses) > 1)
    return createStringError("--emit, --check-stages and --analyze or "
                             "--choose-recipe exclude each other");
  return Error::success();
}

int main(int argc, char **argv) {
  InitLLVM initLLVM(argc, argv);
  // A library of LLVM has an option of this name for tools of its own.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("threads"))
    other->removeArgument();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv,
                              "Compiles a program of any stage and runs it on "
                              "NumPy data\n");
  if (Error error = checkOptions(options))
    return fail(std::move(error));
  Expected<Program> program = Program::parseFile(options.model);
  if (!program)
    return fail(program.takeError());
  Error error = !options.emit.empty() ? emitCode(options, *program)
                : options.checkStages ? checkStages(options, *program)
                : !options.chooseRecipe.empty()
                    ? chooseRecipe(options, *program)
                : options.analyze || !options.analyzeJson.empty()
                    ? analyzeProgram(options, *program)
                    : run(options, *program);
  for (const std::string &remark : program->takeRemarks())
    errs() << remark << "\n";
  if (error)
    return fail(std::move(error));
  return 0;
}
