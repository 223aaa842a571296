//===- GenerateKernels.cpp - Loops and dot products of fused operations ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_GENERATEKERNELS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct GenerateKernelsPass : impl::GenerateKernelsBase<GenerateKernelsPass> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](FusedMatmulOp op) {
      if (!isa<MemRefType>(op.getOutput().getType())) {
        op.emitOpError() << "must be bufferized before kernels are generated";
        return WalkResult::interrupt();
      }
      generateMatmul(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
