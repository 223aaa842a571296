//===- Pipelines.h - From stage to stage in one step ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_PIPELINES_PIPELINES_H
#define QUANTA_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace quanta {

/// Options of `quanta-ptq`.
struct PtqOptions : mlir::PassPipelineOptions<PtqOptions> {
  Option<std::string> statistics{
      *this, "statistics",
      llvm::cl::desc("Statistics file, written when the observed program ran")};
  Option<std::string> recipe{
      *this, "recipe",
      llvm::cl::desc("Recipe file; without one, the default recipe applies")};
  Option<std::string> report{
      *this, "report",
      llvm::cl::desc("JSON file that says what stayed in float, and why")};
  Option<bool> strict{
      *this, "strict",
      llvm::cl::desc("Make a contraction that stays in float an error"),
      llvm::cl::init(false)};
  Option<bool> allowWrap{
      *this, "allow-wrap",
      llvm::cl::desc("Let sums that leave i32 wrap around, in place of a check "
                     "at run time where only that can tell"),
      llvm::cl::init(false)};
};

/// Static post-training quantization: float, observed or simulated stage to
/// integer stage.
void buildPtqPipeline(mlir::OpPassManager &pm, const PtqOptions &options);

/// Options of `quanta-to-kernel` and `quanta-to-llvm`.
struct ToLLVMOptions : mlir::PassPipelineOptions<ToLLVMOptions> {
  Option<std::string> cpu{*this, "cpu",
                          llvm::cl::desc("LLVM name of the CPU, or native"),
                          llvm::cl::init("native")};
  Option<std::string> triple{
      *this, "triple",
      llvm::cl::desc("LLVM target triple; empty for this machine")};
  Option<bool> kernels{
      *this, "kernels",
      llvm::cl::desc("Generate kernels; without them, plain scalar loops"),
      llvm::cl::init(true)};
  Option<bool> planBuffers{
      *this, "plan-buffers",
      llvm::cl::desc("Place the buffers of a function in one block of memory, "
                     "which is kept between calls"),
      llvm::cl::init(true)};
  Option<int64_t> threads{
      *this, "threads",
      llvm::cl::desc("Threads that share the work of one call, through OpenMP"),
      llvm::cl::init(1)};
};

/// Float or integer stage to kernel stage.
void buildToKernelPipeline(mlir::OpPassManager &pm,
                           const ToLLVMOptions &options);

/// Kernel stage, with its target set, to the LLVM dialect.
void buildKernelToLLVMPipeline(mlir::OpPassManager &pm);

/// Float or integer stage to the LLVM dialect.
void buildToLLVMPipeline(mlir::OpPassManager &pm, const ToLLVMOptions &options);

/// Registers the pipelines under their names.
void registerPipelines();

} // namespace quanta

#endif // QUANTA_PIPELINES_PIPELINES_H
