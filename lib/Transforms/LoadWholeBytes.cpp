//===- LoadWholeBytes.cpp - Loads of integers below 8 bits ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOADWHOLEBYTES
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct LoadWholeBytesPass : impl::LoadWholeBytesBase<LoadWholeBytesPass> {
  void runOnOperation() override {
    SmallVector<LLVM::LoadOp> loads;
    getOperation().walk([&](LLVM::LoadOp load) {
      auto type = dyn_cast<IntegerType>(load.getType());
      // Bits of their own are the results of comparisons, and 0 or 1.
      if (type && type.getWidth() > 1 && type.getWidth() < 8)
        loads.push_back(load);
    });
    for (LLVM::LoadOp load : loads) {
      Type narrow = load.getType();
      load.getResult().setType(IntegerType::get(&getContext(), 8));
      OpBuilder builder(load);
      builder.setInsertionPointAfter(load);
      auto cut = LLVM::TruncOp::create(builder, load.getLoc(), narrow,
                                       load.getResult());
      load.getResult().replaceAllUsesExcept(cut, cut);
    }
  }
};

} // namespace
} // namespace quanta
