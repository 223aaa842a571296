//===- Target.cpp - The machine that code is generated for ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Target.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <mutex>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace mlir;

namespace quanta {

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

bool requestMatrixRegisters() {
#if defined(__linux__) && defined(__x86_64__)
  // Documentation/arch/x86/xstate.rst of Linux: the registers of AMX are large,
  // and a process has to ask for them.
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return true;
#endif
}

static std::string getHostFeatures() {
  llvm::SubtargetFeatures features;
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  bool usesMatrices = host.lookup("amx-tile") && requestMatrixRegisters();
  for (auto &feature : host)
    features.AddFeature(
        feature.getKey(),
        feature.getValue() &&
            (usesMatrices || !feature.getKey().starts_with("amx-")));
  return features.getString();
}

/// The known CPU name that is nearest to a misspelt one.
static std::string suggestCpu(const llvm::MCSubtargetInfo &info,
                              StringRef cpu) {
  StringRef best;
  // Of a short name, little would be left: 'foo' is no 'atom'.
  unsigned bestDistance = std::min<size_t>(4, cpu.size() / 3 + 1);
  for (auto &description : info.getAllProcessorDescriptions()) {
    unsigned distance =
        cpu.edit_distance(StringRef(description.Key), true, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = StringRef(description.Key);
    }
  }
  return best.empty() ? "" : ("; did you mean '" + best + "'?").str();
}

static void chooseX86(MLIRContext *context, const llvm::MCSubtargetInfo &info,
                      Target &target) {
  if (info.checkFeatures("+avx512f,+avx512bw,+avx512vl")) {
    target.vectorWidth = 512;
    target.floatDot = FmaAttr::get(context, 16, 4, 6, true);
  } else if (info.checkFeatures("+avx2,+fma")) {
    target.floatDot = FmaAttr::get(context, 8, 2, 6, true);
  } else {
    target.floatDot = FmaAttr::get(context, 4, 2, 4, false);
  }
  if (info.checkFeatures(
          "+amx-int8,+avx512vnni,+avx512vbmi,+avx512bw,+avx512vl")) {
    target.isa = "amx-int8";
    target.integerDot = AmxAttr::get(context);
  } else if (info.checkFeatures("+avx512vnni,+avx512bw,+avx512vl")) {
    target.isa = "avx512-vnni";
    target.integerDot =
        Avx512VnniAttr::get(context, info.checkFeatures("+avx512vbmi"));
  } else if (info.checkFeatures("+avxvnni,+avx2")) {
    target.isa = "avx-vnni";
    target.integerDot = AvxVnniAttr::get(context);
  } else if (info.checkFeatures("+avx512f,+avx512bw,+avx512vl")) {
    target.isa = "avx512";
    target.integerDot = Avx512Attr::get(context);
  } else if (info.checkFeatures("+avx2")) {
    target.isa = "avx2";
    target.integerDot = Avx2Attr::get(context);
  }
}

static void chooseAArch64(MLIRContext *context,
                          const llvm::MCSubtargetInfo &info, Target &target) {
  target.floatDot = FmaAttr::get(context, 4, 4, 6, true);
  if (info.checkFeatures("+dotprod")) {
    target.isa = "neon-dotprod";
    target.integerDot = NeonDotAttr::get(context);
  }
}

llvm::Expected<const llvm::Target *> findLLVMTarget(StringRef tripleName) {
  initializeTargets();
  llvm::Triple triple(llvm::Triple::normalize(tripleName));
  std::string reason;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    return llvm::createStringError("unknown target triple '" + tripleName +
                                   "'");
  // On others, LLVM ends the process over much that it cannot generate; and
  // sizes are 64 bits wide.
  bool isKnown = (triple.isX86_64() && !triple.isX32()) ||
                 triple.isAArch64(64) || triple.isRISCV64();
  if (!isKnown || !triple.isLittleEndian())
    return llvm::createStringError(
        "no code can be generated for '" + tripleName +
        "': it can for little-endian x86-64, AArch64 and 64-bit RISC-V");
  return target;
}

llvm::Expected<std::unique_ptr<llvm::MCSubtargetInfo>>
describeCpu(const llvm::Target &target, const llvm::Triple &triple,
            StringRef cpu, StringRef features) {
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target.createMCSubtargetInfo(triple, "", ""));
  if (!info)
    return llvm::createStringError("no code can be generated for '" +
                                   triple.str() + "'");
  if (!cpu.empty() && !info->isCPUStringValid(cpu))
    return llvm::createStringError("unknown CPU '" + cpu + "' for " +
                                   triple.str() + suggestCpu(*info, cpu));
  info.reset(target.createMCSubtargetInfo(triple, cpu, features));
  // Code generation would end the process.
  bool needsFeature = triple.isX86_64() || triple.isRISCV64();
  if (!cpu.empty() && needsFeature && !info->checkFeatures("+64bit"))
    return llvm::createStringError("CPU '" + cpu +
                                   "' has no 64-bit mode, which " +
                                   triple.str() + " needs");
  return info;
}

llvm::Expected<Target> Target::create(MLIRContext *context,
                                      StringRef tripleName, StringRef cpu) {
  // Its attributes describe the target.
  if (!context->getOrLoadDialect("quanta"))
    return llvm::createStringError(
        "the dialect 'quanta' is not registered in the context");
  Target target;
  llvm::Triple host(llvm::sys::getProcessTriple());
  llvm::Triple triple = tripleName.empty()
                            ? host
                            : llvm::Triple(llvm::Triple::normalize(tripleName));
  target.triple = triple.str();

  llvm::Expected<const llvm::Target *> llvmTarget =
      findLLVMTarget(tripleName.empty() ? StringRef(host.str()) : tripleName);
  if (!llvmTarget)
    return llvmTarget.takeError();
  if (cpu == "native") {
    if (triple.getArch() != host.getArch())
      return llvm::createStringError("cpu 'native' is a " + host.getArchName() +
                                     " and cannot be used for target triple '" +
                                     target.triple + "'");
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = getHostFeatures();
  } else {
    // Debian's baseline for x86-64; other triples have a `generic` CPU.
    target.cpu = !cpu.empty()        ? cpu.str()
                 : triple.isX86_64() ? "x86-64"
                                     : "generic";
  }
  llvm::Expected<std::unique_ptr<llvm::MCSubtargetInfo>> info =
      describeCpu(**llvmTarget, triple, target.cpu, target.features);
  if (!info)
    return info.takeError();

  std::unique_ptr<llvm::TargetMachine> machine(
      (*llvmTarget)
          ->createTargetMachine(triple, target.cpu, target.features, {},
                                llvm::Reloc::PIC_));
  if (!machine)
    return llvm::createStringError("no code can be generated for '" +
                                   target.triple + "'");
  target.dataLayout = machine->createDataLayout().getStringRepresentation();

  target.isa = "portable";
  target.integerDot = PortableAttr::get(context);
  target.floatDot = FmaAttr::get(context, 4, 2, 4, false);
  if (triple.isX86_64())
    chooseX86(context, **info, target);
  else if (triple.isAArch64())
    chooseAArch64(context, **info, target);
  return target;
}

} // namespace quanta
