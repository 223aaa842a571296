//===- SetTarget.cpp - Fix the machine to compile for ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Signatures.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Targets/Target.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SETTARGET
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Whether compiled code has a function or a variable of this name: those of
/// the C library reserve and free memory and end failed assertions, the others
/// keep the memory between calls.
bool isTaken(StringRef name) {
  return llvm::is_contained({"malloc", "free", "puts", "fflush", "abort",
                             "quanta_free_buffers", "quanta_acquire_buffer",
                             "quanta_release_buffer", "quanta_buffer",
                             "quanta_buffer_bytes", "quanta_buffer_used"},
                            name);
}

/// The CPU that kernels were generated for, with its features.
struct ChosenCpu {
  StringRef name;
  std::string features;
};

std::optional<ChosenCpu> getChosenCpu(ModuleOp module) {
  switch (getStage(module)) {
  case Stage::Kernel: {
    auto cpu = module->getAttrOfType<StringAttr>(attrs::cpu);
    auto features = module->getAttrOfType<StringAttr>(attrs::features);
    if (!cpu || !features)
      return std::nullopt;
    return ChosenCpu{cpu.getValue(), features.getValue().str()};
  }
  case Stage::LLVM:
    for (auto func : module.getOps<LLVM::LLVMFuncOp>())
      if (std::optional<StringRef> cpu = func.getTargetCpu()) {
        LLVM::TargetFeaturesAttr features = func.getTargetFeaturesAttr();
        return ChosenCpu{*cpu, features ? features.getFeaturesString() : ""};
      }
    return ChosenCpu{};
  default:
    return std::nullopt;
  }
}

/// Instructions of one machine are not those of another: LLVM ends the process
/// over those that it has no code for.
LogicalResult checkChosenCpu(ModuleOp module, const Target &target) {
  std::optional<ChosenCpu> chosen = getChosenCpu(module);
  if (!chosen)
    return success();
  auto triple = module->getAttrOfType<StringAttr>(
      LLVM::LLVMDialect::getTargetTripleAttrName());
  if (triple && triple == target.triple && chosen->name == target.cpu &&
      chosen->features == target.features)
    return success();
  InFlightDiagnostic diagnostic = module.emitError();
  diagnostic << "the module is at the " << stringifyStage(getStage(module))
             << " stage";
  if (triple && !chosen->name.empty())
    diagnostic << ", compiled for CPU '" << chosen->name << "' of "
               << triple.getValue();
  return diagnostic << ": it cannot be compiled for '" << target.cpu << "' of "
                    << target.triple;
}

struct SetTargetPass : impl::SetTargetBase<SetTargetPass> {
  using SetTargetBase::SetTargetBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::Expected<Target> target = Target::create(&getContext(), triple, cpu);
    if (!target) {
      emitError(module.getLoc()) << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    if (failed(checkChosenCpu(module, *target)))
      return signalPassFailure();
    Builder builder(&getContext());
    auto setString = [&](StringRef name, StringRef value) {
      module->setAttr(name, builder.getStringAttr(value));
    };
    setString(LLVM::LLVMDialect::getTargetTripleAttrName(), target->triple);
    setString(LLVM::LLVMDialect::getDataLayoutAttrName(), target->dataLayout);
    setString(attrs::cpu, target->cpu);
    setString(attrs::features, target->features);
    setString(attrs::isa, target->isa);
    module->setAttr(attrs::integerDot, target->integerDot);
    module->setAttr(attrs::floatDot, target->floatDot);
    module->setAttr(attrs::vectorWidth,
                    builder.getI64IntegerAttr(target->vectorWidth));
    for (auto func : module.getOps<func::FuncOp>()) {
      if (func.isExternal())
        continue;
      if (isTaken(func.getName())) {
        func.emitError() << "'" << func.getName() << "' is the name of a "
                         << "function that compiled code calls; give this one "
                         << "another";
        return signalPassFailure();
      }
      if (!func.isPublic())
        continue;
      keepSignature(func);
      func->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    builder.getUnitAttr());
      // What a caller passes stays the caller's, whatever is computed in its
      // place: it may be read-only, or be passed again.
      StringRef writable =
          bufferization::BufferizationDialect::kWritableAttrName;
      for (BlockArgument argument : func.getArguments())
        if (isa<TensorType>(argument.getType()) &&
            !func.getArgAttr(argument.getArgNumber(), writable))
          func.setArgAttr(argument.getArgNumber(), writable,
                          builder.getBoolAttr(false));
    }
  }
};

} // namespace
} // namespace quanta
