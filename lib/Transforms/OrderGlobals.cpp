//===- OrderGlobals.cpp - Constants in the order of their use -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_ORDERGLOBALS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct OrderGlobalsPass : impl::OrderGlobalsBase<OrderGlobalsPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    llvm::MapVector<Operation *, SmallVector<memref::GetGlobalOp>> uses;
    getOperation().walk([&](memref::GetGlobalOp op) {
      auto global = symbols.lookup<memref::GlobalOp>(op.getName());
      if (global && global.isPrivate() && global.getConstantInitValue())
        uses[global].push_back(op);
    });
    // All names are free before the first is given anew.
    for (auto &[global, readers] : uses)
      symbols.remove(global);
    Block *body = getOperation().getBody();
    Operation *last = nullptr;
    for (auto &[global, readers] : uses) {
      if (last)
        global->moveAfter(last);
      else
        global->moveBefore(body, body->begin());
      last = global;
      SymbolTable::setSymbolName(global, "constant");
      // Makes the name unique.
      StringAttr name = symbols.insert(global);
      for (memref::GetGlobalOp reader : readers)
        reader.setName(name);
    }
  }
};

} // namespace
} // namespace quanta
