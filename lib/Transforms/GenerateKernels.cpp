//===- GenerateKernels.cpp - Loops and dot products of fused operations ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelGenerators.h"

#include "quanta/Transforms/Passes.h"

#include "quanta/IR/Stage.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_GENERATEKERNELS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct GenerateKernelsPass : impl::GenerateKernelsBase<GenerateKernelsPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    ConvProducers producers = findProducers(getOperation());
    llvm::SmallPtrSet<Operation *, 4> later;
    for (auto &[reader, producer] : producers)
      later.insert(producer.op);
    WalkResult result =
        getOperation().walk([&](Operation *op) {
          if (!isa<FusedOpInterface, PackOp>(op) || later.contains(op))
            return WalkResult::advance();
          auto source = cast<MemRefType>(op->getOperand(0).getType());
          if (isa<FusedMatmulOp, PackOp>(op) && source.getRank() != 2) {
            op->emitOpError()
                << "needs quanta-expand-batches before kernels are generated";
            return WalkResult::interrupt();
          }
          llvm::TypeSwitch<Operation *>(op)
              .Case([&](FusedConv2DOp conv) {
                auto producer = producers.find(op);
                generateConv2D(conv, producer == producers.end()
                                         ? std::nullopt
                                         : std::optional(producer->second));
              })
              .Case<FusedDepthwiseConv2DOp>(generateDepthwiseConv2D)
              .Case<FusedMatmulOp>(generateMatmul)
              .Case<PackOp>(generatePack);
          return WalkResult::advance();
        });
    if (result.wasInterrupted())
      return signalPassFailure();
    auto dot =
        getOperation()->getAttrOfType<DotAttrInterface>(attrs::integerDot);
    int64_t lanes = dot ? dot.getDotShape().lanes : 16;
    getOperation().walk(
        [&](linalg::LinalgOp op) { generateWindow(op, lanes); });
  }
};

} // namespace
} // namespace quanta
