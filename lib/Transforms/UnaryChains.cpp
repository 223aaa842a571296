//===- UnaryChains.cpp - Functions of one variable ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/UnaryChains.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace quanta {

std::optional<UnaryChain> findUnaryChain(Operation *root,
                                         GetVaryingInputs getInputs,
                                         function_ref<bool(Value)> isSource) {
  std::optional<SmallVector<Value>> inputs = getInputs(root);
  if (!inputs)
    return std::nullopt;
  llvm::SetVector<Operation *> ops;
  // What the operations read and do not compute, and what of it can only be
  // where the chain starts.
  llvm::SetVector<Value> open, fixed;
  ops.insert(root);
  open.insert(inputs->begin(), inputs->end());
  std::optional<UnaryChain> best;
  while (true) {
    if (ops.size() > 1 && open.size() == 1 && isSource(open.front())) {
      best =
          UnaryChain{open.front(), SmallVector<Operation *>(ops.getArrayRef())};
      std::reverse(best->ops.begin(), best->ops.end());
    }
    // The last one first: its readers have been seen then.
    Value next;
    for (Value value : open) {
      Operation *op = value.getDefiningOp();
      if (fixed.contains(value) || !op || op->getBlock() != root->getBlock())
        continue;
      if (!next || next.getDefiningOp()->isBeforeInBlock(op))
        next = value;
    }
    if (!next)
      return best;
    Operation *op = next.getDefiningOp();
    bool isPrivate = op->getNumResults() == 1 &&
                     llvm::all_of(op->getUsers(), [&](auto *user) {
                       return isa<tensor::DimOp>(user) || ops.contains(user);
                     });
    std::optional<SmallVector<Value>> more;
    if (isPrivate)
      more = getInputs(op);
    if (!more) {
      fixed.insert(next);
      // Nothing that two of them are read by is a function of one.
      if (fixed.size() > 1)
        return best;
      continue;
    }
    open.remove(next);
    open.insert(more->begin(), more->end());
    ops.insert(op);
  }
}

void replaceChain(const UnaryChain &chain, Value result) {
  chain.ops.back()->getResult(0).replaceAllUsesWith(result);
  for (Operation *op : llvm::reverse(chain.ops)) {
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      cast<tensor::DimOp>(user).getSourceMutable().assign(chain.source);
    op->erase();
  }
}

} // namespace quanta
