//===- Options.h - What quant-run is asked to do ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TOOLS_QUANTRUN_OPTIONS_H
#define QUANTA_TOOLS_QUANTRUN_OPTIONS_H

#include "quanta/API/Auto.h"
#include "quanta/API/Program.h"

#include "llvm/Support/CommandLine.h"

#include <string>
#include <vector>

namespace quanta::tool {

namespace cl = llvm::cl;

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
  cl::opt<std::string> maxLoss{
      "max-loss", cl::value_desc("share"), cl::cat(category),
      cl::desc("Noise power over signal power, and share of predictions that "
               "change, that --choose-recipe may leave (default: 0.003); it "
               "warns where only chance can explain that more changed")};
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

  /// Whether figures of the quantized program are asked for.
  bool isAnalysis() const { return analyze || !analyzeJson.empty(); }

  /// An option that the chosen work would ignore is a mistake of the caller.
  llvm::Error check() const;

  CompileOptions getCompileOptions() const;
  llvm::Expected<std::vector<HostTensor>>
  readInputs(const Program &program) const;
};

} // namespace quanta::tool

#endif // QUANTA_TOOLS_QUANTRUN_OPTIONS_H
