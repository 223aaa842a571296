//===- Signatures.cpp - What callers of compiled code pass ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Signatures.h"

#include "quanta/IR/Quanta.h"

using namespace mlir;

namespace quanta {

static Type makeUnsigned(Type type) {
  auto element = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
  if (!element)
    return type;
  element = IntegerType::get(type.getContext(), element.getWidth(),
                             IntegerType::Unsigned);
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? Type(tensor.clone(element)) : element;
}

void keepSignature(func::FuncOp func) {
  if (!func->hasAttr(attrs::signature)) {
    SmallVector<Type> inputs(func.getArgumentTypes());
    SmallVector<Type> results(func.getResultTypes());
    for (auto [index, type] : llvm::enumerate(inputs))
      if (func.getArgAttr(index, attrs::isUnsigned))
        type = makeUnsigned(type);
    for (auto [index, type] : llvm::enumerate(results))
      if (func.getResultAttr(index, attrs::isUnsigned))
        type = makeUnsigned(type);
    func->setAttr(attrs::signature, TypeAttr::get(FunctionType::get(
                                        func.getContext(), inputs, results)));
  }
  for (unsigned index = 0; index < func.getNumArguments(); ++index)
    func.removeArgAttr(index, attrs::isUnsigned);
  for (unsigned index = 0; index < func.getNumResults(); ++index)
    func.removeResultAttr(
        index, StringAttr::get(func.getContext(), attrs::isUnsigned));
}

} // namespace quanta
