//===- NumberMessages.cpp - Name the messages of assertions ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_NUMBERMESSAGES
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct NumberMessagesPass : impl::NumberMessagesBase<NumberMessagesPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    DenseMap<StringAttr, StringAttr> renamed;
    SmallVector<LLVM::GlobalOp> messages;
    for (auto global : getOperation().getOps<LLVM::GlobalOp>())
      if (global.getSymName().starts_with("assert_msg") &&
          global.getLinkage() == LLVM::Linkage::Private)
        messages.push_back(global);
    unsigned number = 0;
    for (LLVM::GlobalOp global : messages) {
      StringAttr name;
      // A function of the program may have the name.
      do
        name = StringAttr::get(&getContext(),
                               "assertion_" + Twine(number++) + "_text");
      while (symbols.lookup(name));
      renamed[global.getSymNameAttr()] = name;
      global.setSymNameAttr(name);
    }
    getOperation().walk([&](LLVM::AddressOfOp address) {
      if (StringAttr name =
              renamed.lookup(address.getGlobalNameAttr().getAttr()))
        address.setGlobalName(name);
    });
  }
};

} // namespace
} // namespace quanta
