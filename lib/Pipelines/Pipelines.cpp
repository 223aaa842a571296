//===- Pipelines.cpp - From stage to stage in one step --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Pipelines/Pipelines.h"

#include "quanta/Transforms/FuseRows.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace quanta {

void buildPtqPipeline(OpPassManager &pm, const PtqOptions &options) {
  // Before anything folds upstream's pair of casts, which drops their rounding.
  pm.addPass(createConvertQuantToQuanta());
  // A graph in QDQ form has its parameters already: float -> quantized.
  pm.addPass(createRaiseQdq());
  pm.addPass(createSinkDequantize());
  pm.addPass(createFormOperations());
  // What was formed may let more values move while they are quantized.
  pm.addPass(createSinkDequantize());
  // float -> observed: func, linalg, tensor, arith, math, scf, quanta.observe
  // A module that is observed already keeps its observers.
  InsertObserversOptions insert;
  insert.keepExisting = true;
  pm.addPass(createInsertObservers(insert));
  // -> simulated: the same with quanta.fake_quant
  // A module that was trained in that form keeps its parameters.
  ApplyCalibrationOptions calibration;
  calibration.keepExisting = true;
  calibration.statistics = options.statistics;
  calibration.recipe = options.recipe;
  pm.addPass(createApplyCalibration(calibration));
  pm.addPass(createFuse());
  // -> quantized: quanta on !quant.uniform tensors, float linalg between
  pm.addPass(createQuantize());
  pm.addPass(createFormLookups());
  pm.addPass(createMergeLookups());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  ReportOptions report;
  report.output = options.report;
  report.strict = options.strict;
  pm.addPass(createReport(report));
  // -> integer: linalg on storage
  RewriteTypesOptions types;
  types.allowWrap = options.allowWrap;
  pm.addPass(createRewriteTypes(types));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Of loops in structured form there are no blocks to merge, and looking for
/// them takes half of the time.
static std::unique_ptr<Pass> createStructuredCanonicalizer() {
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return createCanonicalizerPass(config);
}

void buildToKernelPipeline(OpPassManager &pm, const ToLLVMOptions &options) {
  CheckStageOptions check;
  check.consumer = "code generation";
  pm.addPass(createCheckStage(check));
  SetTargetOptions target;
  target.cpu = options.cpu;
  target.triple = options.triple;
  pm.addPass(createSetTarget(target));
  pm.addPass(createDecomposeAggregates());
  // Elementwise arithmetic on whole tensors is a loop like any other.
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  pm.addPass(createCheckSizes());
  pm.addPass(createCheckScalars());
  pm.addPass(createFoldEmptyTensors());
  // On tensors: constants folded, contractions packed, tails fused into them.
  pm.addPass(createFoldConstants());
  pm.addPass(createFlattenMatmuls());
  if (options.kernels) {
    pm.addPass(createSplitBatches());
    pm.addPass(createConvertLayout());
    pm.addPass(createFoldUnitDims());
    pm.addPass(createFuse());
    pm.addPass(createPackConvolutions());
    pm.addPass(createTileOpenProducts());
    pm.addPass(createPackWeights());
    pm.addPass(createFuseEpilogues());
    pm.addPass(createSimplifyArithmetic());
    pm.addPass(createNarrowTensors());
    pm.addPass(createFuseRows());
  }
  pm.addPass(createStructuredCanonicalizer());
  pm.addPass(createCSEPass());
  pm.addPass(createSeparateResults());
  pm.addPass(createLowerPads());
  // On buffers.
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addNestedPass<func::FuncOp>(
      bufferization::createPromoteBuffersToStackPass(isRowBuffer));
  bufferization::buildBufferDeallocationPipeline(pm, {});
  pm.addPass(createOrderGlobals());
  // With and without kernels: it fixes the order of float sums.
  pm.addPass(createVectorizeReductions());
  if (options.kernels) {
    pm.addPass(createExpandBatches());
    pm.addPass(createGenerateKernels());
  }
  pm.addPass(createLowerCopies());
  if (options.kernels) {
    pm.addPass(createVectorizeLookups());
    pm.addPass(createVectorizeElementwise());
  }
  pm.addPass(createStructuredCanonicalizer());
  pm.addPass(createCSEPass());
  // Before buffers are planned: what a loop allocates is its own.
  ParallelizeLoopsOptions parallelize;
  parallelize.threads = options.threads;
  pm.addPass(createParallelizeLoops(parallelize));
  if (options.planBuffers)
    pm.addPass(createPlanBuffers());
}

void buildKernelToLLVMPipeline(OpPassManager &pm) {
  CheckStageOptions check;
  check.consumer = "quanta-kernel-to-llvm";
  check.kernel = true;
  pm.addPass(createCheckStage(check));
  // Before loops: constants of approximations leave them.
  pm.addPass(createExpandMath());
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addPass(createLowerLoops());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createLowerViews());
  // What LLVM has no operation for goes to libm, which takes vectors apart with
  // operations on vectors.
  pm.addPass(createLowerMath());
  pm.addPass(createLowerVectors());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createLoadWholeBytes());
  pm.addPass(createCSEPass());
  pm.addPass(createNumberMessages());
  pm.addPass(createAnnotateFunctions());
}

void buildToLLVMPipeline(OpPassManager &pm, const ToLLVMOptions &options) {
  buildToKernelPipeline(pm, options);
  buildKernelToLLVMPipeline(pm);
}

void registerPipelines() {
  PassPipelineRegistration<PtqOptions>(
      "quanta-ptq",
      "Static post-training quantization: float (observed, simulated) to "
      "integer stage",
      buildPtqPipeline);
  PassPipelineRegistration<ToLLVMOptions>(
      "quanta-to-kernel", "Float or integer stage to kernel stage",
      buildToKernelPipeline);
  PassPipelineRegistration<ToLLVMOptions>(
      "quanta-to-llvm", "Float or integer stage to the LLVM dialect",
      buildToLLVMPipeline);
  PassPipelineRegistration<>("quanta-kernel-to-llvm",
                             "Kernel stage to the LLVM dialect",
                             buildKernelToLLVMPipeline);
}

} // namespace quanta
