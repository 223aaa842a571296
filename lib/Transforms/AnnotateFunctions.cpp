//===- AnnotateFunctions.cpp - Give LLVM functions CPU and features -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_ANNOTATEFUNCTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct AnnotateFunctionsPass
    : impl::AnnotateFunctionsBase<AnnotateFunctionsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto cpu = module->getAttrOfType<StringAttr>(attrs::cpu);
    auto features = module->getAttrOfType<StringAttr>(attrs::features);
    if (!cpu || !features) {
      emitError(module.getLoc())
          << getArgument()
          << " needs quanta-set-target or quanta-to-kernel before it";
      return signalPassFailure();
    }
    SmallVector<StringRef> list;
    features.getValue().split(list, ',', -1, /*KeepEmpty=*/false);
    auto featuresAttr = LLVM::TargetFeaturesAttr::get(&getContext(), list);
    auto width = module->getAttrOfType<IntegerAttr>(attrs::vectorWidth);
    module.walk([&](LLVM::LLVMFuncOp func) {
      func.setTargetCpuAttr(cpu);
      if (!list.empty())
        func.setTargetFeaturesAttr(featuresAttr);
      if (width && width.getInt() > 0)
        func.setPreferVectorWidthAttr(
            StringAttr::get(&getContext(), std::to_string(width.getInt())));
      // C has no integers below 8 bits: a caller reads a whole byte.
      auto result =
          dyn_cast<IntegerType>(func.getFunctionType().getReturnType());
      if (result && result.getWidth() < 8)
        func.setResultAttr(0, LLVM::LLVMDialect::getZExtAttrName(),
                           UnitAttr::get(&getContext()));
    });
    // What is left can be read by tools that do not know Quanta.
    for (StringRef name : {attrs::cpu, attrs::features, attrs::vectorWidth,
                           attrs::integerDot, attrs::floatDot})
      module->removeAttr(name);
  }
};

} // namespace
} // namespace quanta
