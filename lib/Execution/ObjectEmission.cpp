//===- ObjectEmission.cpp - From the LLVM dialect to machine code ---------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/ObjectEmission.h"

#include "BufferRuntime.h"
#include "ObjectCache.h"
#include "PackedWrapper.h"
#include "quanta/Execution/Signature.h"

#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace quanta {

static constexpr StringLiteral cpuAttrName("target-cpu");
static constexpr StringLiteral featuresAttrName("target-features");

/// The C interface is all that the outside sees of the code, so that everything
/// else can be inlined or dropped. Variables stay: the state of observers is
/// read by their names.
static void internalize(llvm::Module &module) {
  std::string prefix = getInterfaceName("");
  internalizeModule(module, [&](const GlobalValue &value) {
    return isa<GlobalVariable>(value) || value.getName().starts_with(prefix) ||
           value.getName() == freeBuffersName;
  });
}

/// Gives functions without a CPU (wrappers that conversions add) the machine of
/// the others: it would differ in what can be inlined, and in nothing that the
/// user asked for.
static void completeTargetAttributes(llvm::Module &module, StringRef cpu,
                                     StringRef features) {
  for (Function &function : module) {
    if (function.isDeclaration() || function.hasFnAttribute(cpuAttrName))
      continue;
    function.addFnAttr(cpuAttrName, cpu);
    if (!features.empty() && !function.hasFnAttribute(featuresAttrName))
      function.addFnAttr(featuresAttrName, features);
  }
}

static void optimize(llvm::Module &module, TargetMachine &machine,
                     unsigned optLevel) {
  static const OptimizationLevel levels[] = {
      OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
      OptimizationLevel::O3};
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = optLevel >= 2;
  tuning.SLPVectorization = optLevel >= 2;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes =
      optLevel == 0 ? builder.buildO0DefaultPipeline(OptimizationLevel::O0)
                    : builder.buildPerModuleDefaultPipeline(levels[optLevel]);
  passes.run(module, modules);
}

/// CPU and features of the first function that states them.
static std::pair<std::string, std::string>
findTargetAttributes(const llvm::Module &module) {
  for (const Function &function : module)
    if (!function.isDeclaration() && function.hasFnAttribute(cpuAttrName))
      return {
          function.getFnAttribute(cpuAttrName).getValueAsString().str(),
          function.getFnAttribute(featuresAttrName).getValueAsString().str()};
  return {};
}

/// What an assertion puts into standard output would be lost with the process,
/// where that is no terminal.
static void flushBeforeAbort(Module &module) {
  Function *abort = module.getFunction("abort");
  if (!abort)
    return;
  IRBuilder<> builder(module.getContext());
  FunctionCallee flush = module.getOrInsertFunction(
      "fflush", builder.getInt32Ty(), builder.getPtrTy());
  for (User *user : abort->users())
    if (auto *call = dyn_cast<CallInst>(user)) {
      builder.SetInsertPoint(call);
      builder.CreateCall(flush, {ConstantPointerNull::get(builder.getPtrTy())});
    }
}

static bool usesMatrices(const Module &module) {
  return any_of(module, [](const Function &function) {
    return function.getName().starts_with("llvm.x86.tile");
  });
}

/// On Linux a process has to ask for the registers of AMX before it uses them
/// (Documentation/arch/x86/xstate.rst): an object that does asks when it is
/// loaded.
static void requestMatrixRegisters(Module &module) {
  if (!usesMatrices(module) || !module.getTargetTriple().isOSLinux())
    return;
  IRBuilder<> builder(module.getContext());
  auto *type = FunctionType::get(builder.getVoidTy(), /*isVarArg=*/false);
  Function *request = Function::Create(type, GlobalValue::InternalLinkage,
                                       "quanta.request_matrices", module);
  request->addFnAttr(cpuAttrName, "x86-64");
  builder.SetInsertPoint(
      BasicBlock::Create(module.getContext(), "entry", request));
  Type *i64 = builder.getInt64Ty();
  InlineAsm *systemCall = InlineAsm::get(
      FunctionType::get(i64, {i64, i64, i64}, /*isVarArg=*/false), "syscall",
      "={rax},{rax},{rdi},{rsi},~{rcx},~{r11},~{memory}",
      /*hasSideEffects=*/true);
  constexpr int64_t archPrctl = 158, requestPermission = 0x1023, tileData = 18;
  builder.CreateCall(systemCall, {builder.getInt64(archPrctl),
                                  builder.getInt64(requestPermission),
                                  builder.getInt64(tileData)});
  builder.CreateRetVoid();
  appendToGlobalCtors(module, request, /*Priority=*/65535);
}

Expected<LoweredModule> lowerModule(mlir::ModuleOp module,
                                    const EmissionOptions &options) {
  if (options.optLevel > 3)
    return createStringError("optimization level " + Twine(options.optLevel) +
                             " does not exist: 0 to 3 do");
  mlir::DialectRegistry registry;
  mlir::registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);

  LoweredModule result;
  result.context = std::make_unique<LLVMContext>();
  result.module = mlir::translateModuleToLLVMIR(
      module, *result.context, module.getName().value_or("quanta"));
  if (!result.module)
    return createStringError(
        "the module cannot be translated to LLVM IR; is it in the LLVM "
        "dialect?");

  std::string triple = result.module->getTargetTriple().str();
  auto [cpu, features] = findTargetAttributes(*result.module);
  if (triple.empty())
    triple = sys::getProcessTriple();
  if (cpu.empty() &&
      Triple(triple).getArch() == Triple(sys::getProcessTriple()).getArch()) {
    cpu = sys::getHostCPUName().str();
    SubtargetFeatures host;
    for (const StringMapEntry<bool> &feature : sys::getHostCPUFeatures())
      host.AddFeature(feature.getKey(), feature.getValue());
    features = host.getString();
  }

  Expected<std::unique_ptr<TargetMachine>> machine =
      createTargetMachine(triple, cpu, features, options.optLevel);
  if (!machine)
    return machine.takeError();
  result.machine = std::move(*machine);
  result.module->setTargetTriple(result.machine->getTargetTriple());
  DataLayout layout = result.machine->createDataLayout();
  // A different layout would make offsets of structures silently wrong.
  if (!result.module->getDataLayoutStr().empty() &&
      result.module->getDataLayout() != layout)
    return createStringError("the module's data layout '" +
                             result.module->getDataLayoutStr() +
                             "' is not that of " + triple + ", '" +
                             layout.getStringRepresentation() + "'");
  result.module->setDataLayout(layout);
  if (options.bufferRuntime) {
    if (Error error = addBufferRuntime(*result.module))
      return error;
    flushBeforeAbort(*result.module);
    requestMatrixRegisters(*result.module);
  }
  completeTargetAttributes(*result.module, cpu, features);
  internalize(*result.module);
  if (options.packedWrappers)
    addPackedWrappers(*result.module);
  return result;
}

static Expected<SmallVector<char, 0>>
generateCode(LoweredModule &lowered, OutputKind kind, unsigned optLevel) {
  if (optLevel == 0 && usesMatrices(*lowered.module)) {
    // Without optimization, LLVM finds no registers for tiles and ends the
    // process.
    optLevel = 1;
    lowered.machine->setOptLevel(CodeGenOptLevel::Less);
  }
  optimize(*lowered.module, *lowered.machine, optLevel);
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  if (kind == OutputKind::LLVMIR) {
    lowered.module->print(os, nullptr);
    return bytes;
  }
  legacy::PassManager passes;
  if (lowered.machine->addPassesToEmitFile(passes, os, nullptr,
                                           kind == OutputKind::Object
                                               ? CodeGenFileType::ObjectFile
                                               : CodeGenFileType::AssemblyFile))
    return createStringError("LLVM cannot write this kind of file for " +
                             lowered.machine->getTargetTriple().str());
  passes.run(*lowered.module);
  return bytes;
}

Expected<SmallVector<char, 0>> emit(LoweredModule &lowered, OutputKind kind,
                                    const EmissionOptions &options) {
  if (!lowered.module || !lowered.machine)
    return createStringError("there is no module to emit");
  auto generate = [&] { return generateCode(lowered, kind, options.optLevel); };
  if (kind != OutputKind::Object || options.cacheDirectory.empty())
    return generate();
  return getCachedObject(lowered, options.optLevel, options.cacheDirectory,
                         generate);
}

} // namespace quanta
