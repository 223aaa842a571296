//===- quanta-merge-statistics.cpp - One statistics file of many ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calibration split over processes or machines leaves a statistics file in
// each. Merged, they are what one run over all the data would have written, bit
// for bit; moving averages, whose order counts, are refused.
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/Statistics.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quanta;

static Error merge(ArrayRef<std::string> files, StringRef output) {
  Expected<Statistics> merged = Statistics::load(files.front());
  if (!merged)
    return merged.takeError();
  for (const std::string &path : files.drop_front()) {
    Expected<Statistics> part = Statistics::load(path);
    if (!part)
      return part.takeError();
    if (Error error = merged->merge(*part))
      return createStringError(path + ": " + toString(std::move(error)));
  }
  return merged->save(output);
}

int main(int argc, char **argv) {
  InitLLVM initLLVM(argc, argv);
  cl::OptionCategory category("quanta-merge-statistics options");
  cl::list<std::string> files(cl::Positional, cl::OneOrMore,
                              cl::desc("<statistics.json>..."),
                              cl::cat(category));
  cl::opt<std::string> output("o", cl::Required, cl::value_desc("file"),
                              cl::desc("Statistics file to write"),
                              cl::cat(category));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv, "Merges statistics files of one model into one.\n");
  if (Error error = merge(files, output)) {
    errs() << "error: " << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
