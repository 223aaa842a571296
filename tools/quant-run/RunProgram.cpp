//===- RunProgram.cpp - Calls of a program on data ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Progress.h"
#include "Tasks.h"

#include "quanta/API/Compile.h"
#include "quanta/Execution/Batch.h"
#include "quanta/Execution/DataSet.h"
#include "quanta/Execution/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>

using namespace llvm;

namespace quanta::tool {

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

static Expected<unsigned> parseSamples(StringRef text) {
  unsigned samples = 200;
  if (!text.empty() && (text.getAsInteger(10, samples) || samples == 0))
    return createStringError("--benchmark=" + text +
                             " is not a number of samples");
  return samples;
}

/// Whether the program is one that the options are for.
static Error checkStage(const Options &options, const Program &program) {
  if (options.statistics.getNumOccurrences() == 0 ||
      program.getStage() == Stage::Observed ||
      program.getStage() == Stage::LLVM)
    return Error::success();
  return createStringError(
      options.model + " is at the " + stringifyStage(program.getStage()) +
      " stage: statistics come from the observed stage, see "
      "'quanta-insert-observers'");
}

static Error checkOutputs(const Options &options, const Signature &signature) {
  if (options.outputs.size() <= signature.results.size())
    return Error::success();
  return createStringError(
      "'" + signature.name + "' has " + Twine(signature.results.size()) +
      (signature.results.size() == 1 ? " result, and there are "
                                     : " results, and there are ") +
      Twine(options.outputs.size()) + " --output files");
}

/// Runs the program on the inputs of the command line.
static Error runInputs(const Options &options, Program &program,
                       const Executable &executable,
                       const Executable::Entry &entry,
                       unsigned benchmarkSamples) {
  Expected<std::vector<HostTensor>> inputs = options.readInputs(program);
  if (!inputs)
    return inputs.takeError();
  Expected<BatchedArguments> batches =
      BatchedArguments::create(entry.getSignature(), *inputs);
  if (!batches)
    return batches.takeError();
  Expected<std::vector<HostTensor>> results =
      runBatches(executable, entry, *batches);
  if (!results)
    return results.takeError();
  if (Error error =
          writeOutputs(options.outputs, entry.getSignature(), *results))
    return error;
  if (!options.statistics.empty())
    if (Error error = writeStatistics(options, program, executable))
      return error;
  if (options.benchmark.getNumOccurrences() > 0)
    return runBenchmark(executable, entry, batches->getBatch(0),
                        benchmarkSamples);
  return Error::success();
}

Error runProgram(const Options &options, Program &program) {
  Expected<unsigned> benchmarkSamples = parseSamples(options.benchmark);
  if (!benchmarkSamples)
    return benchmarkSamples.takeError();
  if (Error error = checkStage(options, program))
    return error;
  CompileOptions compileOptions = options.getCompileOptions();
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
  if (Error error = checkOutputs(options, signature))
    return error;
  StringRef isa = (*executable)->getISA();
  if (options.printISA)
    outs() << "isa: " << (isa.empty() ? "none" : isa) << "\n";
  // Asking only for the instruction set needs no data.
  if (options.printISA && options.inputs.empty() && !signature.inputs.empty())
    return Error::success();
  if (options.samples.empty())
    return runInputs(options, program, **executable, **entry,
                     *benchmarkSamples);
  if (Error error =
          observeSamples(options.samples, program, **executable, **entry))
    return error;
  return writeStatistics(options, program, **executable);
}

} // namespace quanta::tool
