//===- TargetMachine.cpp - LLVM's target machines -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/ObjectEmission.h"

#include "quanta/Targets/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace quanta {

Expected<std::unique_ptr<TargetMachine>>
createTargetMachine(StringRef tripleName, StringRef cpu, StringRef features,
                    unsigned optLevel) {
  Triple triple(Triple::normalize(tripleName));
  Expected<const llvm::Target *> target = findLLVMTarget(tripleName);
  if (!target)
    return target.takeError();
  Expected<std::unique_ptr<MCSubtargetInfo>> known =
      describeCpu(**target, triple, cpu, "");
  if (!known)
    return known.takeError();
  for (StringRef feature : split(features, ',')) {
    StringRef name = feature.trim();
    if (name.empty())
      continue;
    bool hasSign = name.consume_front("+") || name.consume_front("-");
    if (!hasSign || none_of((*known)->getAllProcessorFeatures(),
                            [&](const SubtargetFeatureKV &entry) {
                              return name == entry.Key;
                            }))
      return createStringError("unknown CPU feature '" + feature + "' for " +
                               triple.str());
  }

  static const CodeGenOptLevel levels[] = {
      CodeGenOptLevel::None, CodeGenOptLevel::Less, CodeGenOptLevel::Default,
      CodeGenOptLevel::Aggressive};
  TargetOptions options;
  // Fused products and sums would round once where other machines round twice.
  options.AllowFPOpFusion = FPOpFusion::Strict;
  // The older way to run code at the start is gone from C libraries.
  options.UseInitArray = true;
  std::unique_ptr<TargetMachine> machine((*target)->createTargetMachine(
      triple, cpu, features, options, Reloc::PIC_, std::nullopt,
      levels[optLevel]));
  if (!machine)
    return createStringError("LLVM cannot generate code for '" + tripleName +
                             "'");
  return machine;
}

/// Whether the compiler uses instructions of this feature without being asked
/// to. CPU names stand for more (cache control, enclaves, random numbers...)
/// that virtual machines often hide and that generated code never contains.
static bool isUsedByCodeGen(const Triple &triple, StringRef feature) {
  if (triple.isAArch64())
    return is_contained({"neon", "dotprod", "i8mm", "bf16", "fullfp16", "sve",
                         "sve2", "lse", "sme", "sme2"},
                        feature);
  if (!triple.isX86())
    return true;
  for (StringRef prefix : {"sse", "ssse", "avx", "amx", "fma", "bmi"})
    if (feature.starts_with(prefix))
      return true;
  return is_contained({"cmov", "cx16", "popcnt", "lzcnt", "f16c", "movbe",
                       "gfni", "xop", "tbm", "egpr", "ndd", "ccmp", "nf", "cf",
                       "zu", "push2pop2", "ppx"},
                      feature);
}

Error checkHostCanRun(const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  Triple host(sys::getProcessTriple());
  if (triple.getArch() != host.getArch() || triple.getOS() != host.getOS())
    return createStringError("the code is compiled for " + triple.str() +
                             " and this machine is " + host.str());

  StringMap<bool> hostFeatures = sys::getHostCPUFeatures();
  SmallVector<StringRef> missing;
  for (const SubtargetFeatureKV &feature :
       machine.getMCSubtargetInfo()->getEnabledProcessorFeatures())
    if (isUsedByCodeGen(triple, feature.Key) &&
        !hostFeatures.lookup(feature.Key))
      missing.push_back(feature.Key);
  if (missing.empty()) {
    if (machine.getMCSubtargetInfo()->checkFeatures("+amx-tile") &&
        !requestMatrixRegisters())
      return createStringError("the code is compiled for CPU '" +
                               machine.getTargetCPU() +
                               "', and the system does not let this process "
                               "use the registers of AMX");
    return Error::success();
  }
  sort(missing);
  return createStringError("the code is compiled for CPU '" +
                           machine.getTargetCPU() + "', and this machine (" +
                           sys::getHostCPUName() + ") lacks its features " +
                           join(missing, ", "));
}

} // namespace quanta
