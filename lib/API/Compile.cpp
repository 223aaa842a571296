//===- Compile.cpp - Programs to machine code -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Compile.h"

#include "QuantizationPoints.h"
#include "quanta/Execution/CHeader.h"
#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace quanta {

CompileOptions getCompileOptionsFromEnvironment() {
  CompileOptions options;
  options.cacheDirectory =
      sys::Process::GetEnv("QUANTA_CACHE_DIR").value_or("");
  return options;
}

/// Names go into the text of a pipeline: nothing else may.
static Error checkName(StringRef name, StringRef what) {
  for (char c : name)
    if (!isAlnum(c) && !StringRef("-_.+").contains(c))
      return createStringError("unknown " + what + " '" + name + "'");
  return Error::success();
}

/// Whether the instructions were chosen: by kernels, or for the LLVM dialect.
static bool hasTarget(const Program &program) {
  Stage stage = program.getStage();
  return stage == Stage::LLVM ||
         (stage == Stage::Kernel && program.getModule()->hasAttr(attrs::cpu));
}

/// What is in instructions of one CPU can neither become code for several, nor
/// be shared among threads: options that want it are mistakes of the caller.
static Error checkChosenTarget(const Program &program,
                               const CompileOptions &options) {
  std::string chosen =
      ("the program is at the " + stringifyStage(program.getStage()) + " stage")
          .str();
  if (options.threads != 1)
    return createStringError(chosen + ", where work is shared among threads "
                                      "already: a number of threads would "
                                      "change nothing");
  if (!options.fallbackCpus.empty())
    return createStringError(chosen + ", compiled for one CPU already: it "
                                      "cannot be compiled for several");
  return Error::success();
}

/// `native`, where the triple is of another architecture, is its generic CPU.
static std::string getCpuOf(const CompileOptions &options) {
  if (options.cpu == "native" && !options.triple.empty() &&
      Triple(Triple::normalize(options.triple)).getArch() !=
          Triple(sys::getProcessTriple()).getArch())
    return "generic";
  return options.cpu;
}

/// The pipeline that takes the program to the LLVM dialect; empty if it is
/// there already.
static Expected<std::string> pipelineToLLVM(const Program &program,
                                            CompileOptions options) {
  if (options.cpu.empty())
    return createStringError("the name of the CPU is empty");
  if (Error error = checkName(options.cpu, "CPU"))
    return error;
  if (Error error = checkName(options.triple, "target triple"))
    return error;
  options.cpu = getCpuOf(options);

  std::string target = "cpu=" + options.cpu;
  if (!options.triple.empty())
    target += " triple=" + options.triple;
  std::string finish = "quanta-to-llvm{" + target +
                       (options.kernels ? "" : " kernels=false") +
                       (options.planBuffers ? "" : " plan-buffers=false") +
                       " threads=" + std::to_string(options.threads) + "}";
  if (hasTarget(program)) {
    if (Error error = checkChosenTarget(program, options))
      return error;
    // By default, it stays what it is.
    std::string pipeline;
    if (options.cpu != "native" || !options.triple.empty())
      pipeline = "quanta-set-target{" + target + "}";
    if (program.getStage() == Stage::Kernel)
      pipeline +=
          (pipeline.empty() ? "" : ",") + std::string("quanta-kernel-to-llvm");
    return pipeline;
  }
  switch (program.getStage()) {
  case Stage::Observed:
    return "quanta-lower-observers," + finish;
  case Stage::Simulated:
    return "quanta-lower-fake-quant," + finish;
  case Stage::Quantized:
    return "convert-quant-to-quanta,quanta-rewrite-types," + finish;
  case Stage::Float:
  case Stage::Integer:
    return finish;
  case Stage::Kernel:
    return "quanta-set-target{" + target + "},quanta-kernel-to-llvm";
  case Stage::LLVM:
    break;
  }
  return "";
}

/// Drops what `entry` does not call.
static Error keepOnly(StringRef entry, Program &program) {
  auto module = program.getModule();
  // In the LLVM dialect, it has been decided already.
  if (program.getStage() == Stage::LLVM) {
    auto function = module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(entry);
    if (function && !function.isExternal())
      return Error::success();
    return createStringError("the module has no function '" + entry + "'");
  }
  Expected<mlir::func::FuncOp> kept = findFunction(module, entry);
  if (!kept)
    return kept.takeError();
  // What observers learn is that of the whole module.
  if (program.getStage() == Stage::Observed)
    return Error::success();
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function != *kept)
      function.setPrivate();
  return program.run("symbol-dce", Program::Verify::AtEnd);
}

Expected<Program> lowerToLLVM(const Program &program,
                              const CompileOptions &options) {
  Expected<std::string> pipeline = pipelineToLLVM(program, options);
  if (!pipeline)
    return pipeline.takeError();
  Program lowered = program.clone();
  if (!options.entry.empty())
    if (Error error = keepOnly(options.entry, lowered))
      return error;
  if (!pipeline->empty())
    if (Error error = lowered.run(*pipeline, Program::Verify::AtEnd))
      return error;
  return lowered;
}

static EmissionOptions getEmissionOptions(const CompileOptions &options) {
  EmissionOptions emission;
  emission.optLevel = options.optLevel;
  emission.cacheDirectory = options.cacheDirectory;
  return emission;
}

Expected<std::unique_ptr<Executable>> compile(const Program &program,
                                              const CompileOptions &options) {
  Expected<Program> lowered = lowerToLLVM(program, options);
  if (!lowered)
    return lowered.takeError();
  return compileLowered(*lowered, options);
}

Expected<std::unique_ptr<Executable>>
compileLowered(const Program &lowered, const CompileOptions &options) {
  std::unique_ptr<Executable> executable;
  Error error = lowered.withDiagnostics([&](mlir::ModuleOp module) -> Error {
    Expected<std::unique_ptr<Executable>> result =
        Executable::create(module, getEmissionOptions(options));
    if (!result)
      return result.takeError();
    executable = std::move(*result);
    return Error::success();
  });
  if (error)
    return error;
  return executable;
}

Expected<std::vector<std::unique_ptr<Executable>>>
compileAll(ArrayRef<Program> programs, const CompileOptions &options) {
  std::vector<std::unique_ptr<Executable>> executables;
  std::vector<Program> lowered;
  for (const Program &program : programs) {
    Expected<Program> one = lowerToLLVM(program, options);
    if (!one)
      return one.takeError();
    lowered.push_back(std::move(*one));
  }
  if (lowered.empty())
    return executables;
  // Clones share a context, and with it what is said.
  Error error = lowered.front().withDiagnostics([&](mlir::ModuleOp) -> Error {
    auto modules = map_to_vector(
        lowered, [](const Program &program) { return program.getModule(); });
    auto result = Executable::createAll(modules, getEmissionOptions(options));
    if (!result)
      return result.takeError();
    executables = std::move(*result);
    return Error::success();
  });
  if (error)
    return error;
  return executables;
}

static Expected<LoweredModule> lowerModule(const Program &program,
                                           const CompileOptions &options) {
  Expected<Program> lowered = lowerToLLVM(program, options);
  if (!lowered)
    return lowered.takeError();
  LoweredModule result;
  Error error = lowered->withDiagnostics([&](mlir::ModuleOp module) -> Error {
    Expected<LoweredModule> code =
        lowerModule(module, getEmissionOptions(options));
    if (!code)
      return code.takeError();
    result = std::move(*code);
    return Error::success();
  });
  if (error)
    return error;
  return result;
}

/// The program for each of the CPUs, and code that chooses.
static Expected<LoweredModule> lowerVariants(const Program &program,
                                             const CompileOptions &options) {
  if (hasTarget(program))
    return checkChosenTarget(program, options);
  std::vector<std::string> cpus = options.fallbackCpus;
  cpus.insert(cpus.begin(), options.cpu);
  std::vector<LoweredModule> variants;
  for (const std::string &cpu : cpus) {
    CompileOptions single = options;
    single.cpu = cpu;
    Expected<LoweredModule> variant = lowerModule(program, single);
    if (!variant)
      return variant.takeError();
    variants.push_back(std::move(*variant));
  }
  return dispatchByCpu(variants);
}

Expected<std::vector<char>> emit(const Program &program, OutputKind kind,
                                 const CompileOptions &options) {
  Expected<LoweredModule> code = options.fallbackCpus.empty()
                                     ? lowerModule(program, options)
                                     : lowerVariants(program, options);
  if (!code)
    return code.takeError();
  Expected<SmallVector<char, 0>> bytes =
      quanta::emit(*code, kind, getEmissionOptions(options));
  if (!bytes)
    return bytes.takeError();
  return std::vector<char>(bytes->begin(), bytes->end());
}

Expected<std::vector<char>> emitObject(const Program &program,
                                       const CompileOptions &options) {
  return emit(program, OutputKind::Object, options);
}

Expected<std::string> emitHeader(const Program &program, StringRef stem,
                                 const CompileOptions &options) {
  Expected<Program> lowered = lowerToLLVM(program, options);
  if (!lowered)
    return lowered.takeError();
  Expected<std::vector<Signature>> signatures =
      getSignatures(lowered->getModule());
  if (!signatures)
    return signatures.takeError();
  return generateCHeader(stem, *signatures);
}

Expected<Statistics> readStatistics(const Executable &executable) {
  if (executable.getObservers().empty())
    return createStringError(
        "the program has no observers that record: 'quanta-insert-observers' "
        "gives them to f32 tensors, factors of contractions and results, whose "
        "range no recipe fixes. Where there are none, there is nothing to "
        "quantize, and the program can be compiled as it is; a model in f16 or "
        "f64 is to be converted to f32 first, as PyTorch's module.float() "
        "does");
  Statistics statistics;
  statistics.fingerprint = executable.getFingerprint();
  for (const Executable::Observer &observer : executable.getObservers())
    statistics.observers[observer.name] =
        ObserverStatistics::fromState(observer.kind, observer.state);
  return statistics;
}

} // namespace quanta
