//===- Options.cpp - What quant-run is asked to do ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "quanta/API/Compile.h"
#include "quanta/Execution/DataSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace quanta::tool {

CompileOptions Options::getCompileOptions() const {
  CompileOptions result = getCompileOptionsFromEnvironment();
  result.cpu = cpu;
  result.optLevel = optLevel;
  result.threads = threads;
  if (cacheDir.getNumOccurrences() > 0)
    result.cacheDirectory = cacheDir;
  return result;
}

Expected<std::vector<HostTensor>>
Options::readInputs(const Program &program) const {
  return readArguments(inputs, program.getArgumentNames(entry));
}

/// The option as it is written: `--cpu`, `-o`.
static std::string spell(const cl::Option &option) {
  return (option.ArgStr.size() > 1 ? "--" : "-") + option.ArgStr.str();
}

static Error isEmpty(const cl::Option &option) {
  return createStringError(spell(option) + " is empty");
}

/// What is given has a value.
static Error checkValues(const Options &options) {
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
        Name{options.maxLoss, options.maxLoss},
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
  return Error::success();
}

/// What is given is used by the chosen work.
static Error checkUses(const Options &options) {
  bool emits = !options.emit.empty();
  bool chooses = !options.chooseRecipe.empty();
  bool runs =
      !emits && !options.checkStages && !options.isAnalysis() && !chooses;
  struct Use {
    const cl::Option &option;
    bool isUsed;
    StringRef where;
  };
  const Use uses[] = {
      {options.file, emits, "--emit"},
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
       options.checkStages || (options.isAnalysis() && !chooses),
       "--check-stages and --analyze"},
      {options.maxLoss, chooses, "--choose-recipe"},
      {options.staticOnly, chooses, "--choose-recipe"}};
  for (const Use &use : uses)
    if (use.option.getNumOccurrences() > 0 && !use.isUsed)
      return createStringError(spell(use.option) + " is for " + use.where);
  return Error::success();
}

static Error checkSamples(const Options &options) {
  const std::reference_wrapper<const cl::Option> others[] = {
      options.inputs, options.outputs, options.benchmark};
  for (const cl::Option &other : others)
    if (options.samples.getNumOccurrences() > 0 &&
        other.getNumOccurrences() > 0)
      return createStringError("--samples and " + spell(other) +
                               " exclude each other");
  return Error::success();
}

Error Options::check() const {
  if (Error error = checkValues(*this))
    return error;
  if (Error error = checkUses(*this))
    return error;
  if (Error error = checkSamples(*this))
    return error;
  if (cacheDir.getNumOccurrences() > 0 && !cacheDir.empty())
    if (std::error_code error = sys::fs::create_directories(cacheDir))
      return createStringError("cannot keep files in --cache-dir=" + cacheDir +
                               ": " + error.message());
  if (!emit.empty() + checkStages + (isAnalysis() || !chooseRecipe.empty()) > 1)
    return createStringError("--emit, --check-stages and --analyze or "
                             "--choose-recipe exclude each other");
  return Error::success();
}

} // namespace quanta::tool
