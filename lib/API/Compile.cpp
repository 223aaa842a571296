//===- Compile.cpp - Programs to machine code -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Compile.h"

#include "QuantizationPoints.h"
#include "quanta/Execution/CHeader.h"

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

Expected<std::string> pipelineToLLVM(Stage stage,
                                     const CompileOptions &options) {
  std::string cpu = options.cpu;
  if (cpu.empty())
    return createStringError("the name of the CPU is empty");
  if (Error error = checkName(cpu, "CPU"))
    return error;
  if (Error error = checkName(options.triple, "target triple"))
    return error;
  if (cpu == "native" && !options.triple.empty() &&
      Triple(Triple::normalize(options.triple)).getArch() !=
          Triple(sys::getProcessTriple()).getArch())
    cpu = "generic";

  std::string target = "cpu=" + cpu;
  if (!options.triple.empty())
    target += " triple=" + options.triple;
  std::string finish = "quanta-to-llvm{" + target +
                       (options.kernels ? "" : " kernels=false") +
                       (options.planBuffers ? "" : " plan-buffers=false") +
                       " threads=" + std::to_string(options.threads) + "}";
  switch (stage) {
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
  Expected<std::string> pipeline = pipelineToLLVM(program.getStage(), options);
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
  std::unique_ptr<Executable> executable;
  Error error = lowered->withDiagnostics([&](mlir::ModuleOp module) -> Error {
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
  if (program.getStage() == Stage::LLVM)
    return createStringError("the program is in the LLVM dialect, for one CPU "
                             "already: it cannot be compiled for several");
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
        "the program has no observers: statistics come from a program that "
        "went through 'quanta-insert-observers', which observes f32 tensors: "
        "factors of contractions and results");
  Statistics statistics;
  statistics.fingerprint = executable.getFingerprint();
  for (const Executable::Observer &observer : executable.getObservers())
    statistics.observers[observer.name] =
        ObserverStatistics::fromState(observer.kind, observer.state);
  return statistics;
}

} // namespace quanta
