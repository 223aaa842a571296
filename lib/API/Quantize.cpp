//===- Quantize.cpp - From stage to stage with files ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Quantize.h"

#include "quanta/Pipelines/Pipelines.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

using namespace llvm;

namespace quanta {

Error insertObservers(Program &program, StringRef observer, StringRef recipe,
                      bool keepExisting) {
  InsertObserversOptions options;
  options.observer = observer.str();
  options.recipe = recipe.str();
  options.keepExisting = keepExisting;
  return program.run("quanta-insert-observers", [&](mlir::OpPassManager &pm) {
    pm.addPass(createInsertObservers(options));
  });
}

Error applyCalibration(Program &program, StringRef statistics,
                       StringRef recipe) {
  ApplyCalibrationOptions options;
  options.statistics = statistics.str();
  options.recipe = recipe.str();
  return program.run("quanta-apply-calibration", [&](mlir::OpPassManager &pm) {
    pm.addPass(createApplyCalibration(options));
  });
}

Error quantize(Program &program, const QuantizeOptions &options) {
  PtqOptions pipeline;
  pipeline.statistics = options.statistics;
  pipeline.recipe = options.recipe;
  pipeline.report = options.report;
  pipeline.strict = options.strict;
  pipeline.allowWrap = options.allowWrap;
  return program.run("quanta-ptq", [&](mlir::OpPassManager &pm) {
    buildPtqPipeline(pm, pipeline);
  });
}

} // namespace quanta
