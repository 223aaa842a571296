//===- Quantization.cpp - What quantization does and costs ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tasks.h"

#include "quanta/API/CheckStages.h"
#include "quanta/Calibration/FileOutput.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta::tool {

Error checkStages(const Options &options, const Program &program) {
  Expected<std::vector<HostTensor>> inputs = options.readInputs(program);
  if (!inputs)
    return inputs.takeError();
  CheckStagesOptions checkOptions;
  checkOptions.entry = options.entry;
  checkOptions.statistics = options.statistics;
  checkOptions.recipe = options.recipe;
  checkOptions.compile = options.getCompileOptions();
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

Error analyzeProgram(const Options &options, const Program &program) {
  Expected<std::vector<HostTensor>> inputs = options.readInputs(program);
  if (!inputs)
    return inputs.takeError();
  AnalyzeOptions analyzeOptions;
  analyzeOptions.entry = options.entry;
  analyzeOptions.statistics = options.statistics;
  analyzeOptions.recipe = options.recipe;
  analyzeOptions.compile = options.getCompileOptions();
  Expected<Analysis> analysis = analyze(program, *inputs, analyzeOptions);
  if (!analysis)
    return analysis.takeError();
  return reportAnalysis(options, *analysis);
}

/// Not an option of LLVM's numbers, which take nothing for a 0.
static Expected<double> parseMaxLoss(StringRef text) {
  double share = AutoOptions().maxLoss;
  if (!text.empty() && (!to_float(text, share) || !(share >= 0)))
    return createStringError("--max-loss=" + text +
                             " is not a number that is not negative");
  return share;
}

Error chooseRecipe(const Options &options, const Program &program) {
  Expected<double> maxLoss = parseMaxLoss(options.maxLoss);
  if (!maxLoss)
    return maxLoss.takeError();
  Expected<std::vector<HostTensor>> inputs = options.readInputs(program);
  if (!inputs)
    return inputs.takeError();
  Expected<Statistics> statistics = Statistics::load(options.statistics);
  if (!statistics)
    return statistics.takeError();
  AutoOptions autoOptions;
  autoOptions.maxLoss = *maxLoss;
  autoOptions.staticOnly = options.staticOnly;
  autoOptions.entry = options.entry;
  autoOptions.compile = options.getCompileOptions();
  autoOptions.endsFilesOnSignal = true;
  Expected<AutoResult> result =
      quanta::chooseRecipe(program, *statistics, *inputs, autoOptions);
  if (!result)
    return result.takeError();
  if (!result->holds)
    errs() << "warning: even in float, the program does not hold --max-loss\n";
  if (!result->excess.empty())
    errs() << "warning: " << result->excess
           << ", more than --max-loss allows: too few changed to tell it from "
              "chance\n";
  if (Error error = reportAnalysis(options, result->analysis))
    return error;
  return writeFile(options.chooseRecipe,
                   [&](raw_ostream &os) { os << result->recipe; });
}

} // namespace quanta::tool
