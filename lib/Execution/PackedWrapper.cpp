//===- PackedWrapper.cpp - Calls with any number of arguments -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackedWrapper.h"

#include "quanta/Execution/Signature.h"

#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace quanta {

std::string getPackedName(StringRef name) {
  return ("quanta_packed_" + name).str();
}

static void addPackedWrapper(Function &interface, StringRef name) {
  LLVMContext &context = interface.getContext();
  PointerType *pointer = PointerType::getUnqual(context);
  Function *wrapper = Function::Create(
      FunctionType::get(Type::getVoidTy(context), pointer, /*isVarArg=*/false),
      GlobalValue::ExternalLinkage, getPackedName(name), interface.getParent());
  for (StringRef attr : {"target-cpu", "target-features"})
    if (interface.hasFnAttribute(attr))
      wrapper->addFnAttr(interface.getFnAttribute(attr));

  IRBuilder<> builder(BasicBlock::Create(context, "entry", wrapper));
  auto loadPointer = [&](unsigned index) {
    Value *address =
        builder.CreateConstInBoundsGEP1_64(pointer, wrapper->getArg(0), index);
    return builder.CreateLoad(pointer, address);
  };
  SmallVector<Value *> arguments;
  for (Type *type : interface.getFunctionType()->params()) {
    Value *argument = loadPointer(arguments.size());
    arguments.push_back(
        type->isPointerTy() ? argument : builder.CreateLoad(type, argument));
  }
  Value *result = builder.CreateCall(&interface, arguments);
  if (!result->getType()->isVoidTy())
    builder.CreateStore(result, loadPointer(arguments.size()));
  builder.CreateRetVoid();
}

void addPackedWrappers(Module &module) {
  std::string prefix = getInterfaceName("");
  SmallVector<Function *> interfaces;
  for (Function &function : module)
    if (!function.isDeclaration() && function.getName().starts_with(prefix))
      interfaces.push_back(&function);
  for (Function *function : interfaces)
    addPackedWrapper(*function, function->getName().drop_front(prefix.size()));
}

} // namespace quanta
