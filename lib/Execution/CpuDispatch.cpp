//===- CpuDispatch.cpp - One object for several processors ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/ObjectEmission.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <array>

using namespace llvm;

namespace quanta {

/// The bits that CPUID has to give, in the order of `__cpu_model` and
/// `__cpu_features2`.
using FeatureMask = std::array<uint32_t, 4>;

/// The instructions that a variant may use, as far as `__builtin_cpu_supports`
/// knows them: the others are no reason to generate other code.
static FeatureMask getFeatureMask(const TargetMachine &machine) {
  static const StringSet<> known = {
#define X86_FEATURE(ENUM, STR)
#define X86_FEATURE_COMPAT(ENUM, STR, PRIORITY, ABI_VALUE) STR,
#include "llvm/TargetParser/X86TargetParser.def"
  };
  SmallVector<StringRef> features;
  X86::getFeaturesForCPU(machine.getTargetCPU(), features);
  SmallVector<StringRef> stated;
  machine.getTargetFeatureString().split(stated, ',');
  for (StringRef feature : stated) {
    if (feature.consume_front("-"))
      erase(features, feature);
    else if (feature.consume_front("+") && !is_contained(features, feature))
      features.push_back(feature);
  }
  // Every 64-bit processor has the first ones, though not every list of LLVM's.
  SmallVector<StringRef> common;
  X86::getFeaturesForCPU("x86-64", common);
  erase_if(features, [&](StringRef feature) {
    return !known.contains(feature) || is_contained(common, feature);
  });
  return X86::getCpuSupportsMask(features);
}

/// Whether a processor with all of `mask` has all of `other` too.
static bool includes(const FeatureMask &mask, const FeatureMask &other) {
  return all_of(zip_equal(mask, other), [](auto words) {
    auto [bits, otherBits] = words;
    return (bits & otherBits) == otherBits;
  });
}

namespace {

class Dispatcher {
public:
  Dispatcher(Module &module, ArrayRef<FeatureMask> masks, StringRef cpu)
      : module(module), masks(masks), cpu(cpu), builder(module.getContext()) {}

  /// Defines `name` as a call of one of the variants.
  void define(StringRef name, ArrayRef<Function *> variants);

private:
  Function *create(FunctionType *type, GlobalValue::LinkageTypes linkage,
                   const Twine &name);
  Function *getSelector();
  /// Whether the processor has all of a mask.
  Value *supports(const FeatureMask &mask, ArrayRef<Value *> words);

  Module &module;
  ArrayRef<FeatureMask> masks;
  /// Of the code that chooses, which has to run everywhere.
  StringRef cpu;
  IRBuilder<> builder;
  Function *selector = nullptr;
};

} // namespace

Function *Dispatcher::create(FunctionType *type,
                             GlobalValue::LinkageTypes linkage,
                             const Twine &name) {
  Function *function = Function::Create(type, linkage, name, module);
  function->addFnAttr("target-cpu", cpu);
  function->addFnAttr(Attribute::NoUnwind);
  builder.SetInsertPoint(
      BasicBlock::Create(module.getContext(), "entry", function));
  return function;
}

Value *Dispatcher::supports(const FeatureMask &mask, ArrayRef<Value *> words) {
  Value *all = builder.getTrue();
  for (auto [bits, word] : zip_equal(mask, words))
    if (bits)
      all = builder.CreateAnd(
          all, builder.CreateICmpEQ(builder.CreateAnd(word, bits),
                                    builder.getInt32(bits)));
  return all;
}

/// Returns the index of the variant to run; asks once.
Function *Dispatcher::getSelector() {
  if (selector)
    return selector;
  LLVMContext &context = module.getContext();
  Type *i32 = builder.getInt32Ty();
  auto *chosen = new GlobalVariable(module, i32, /*isConstant=*/false,
                                    GlobalValue::InternalLinkage,
                                    builder.getInt32(-1), "quanta.variant");
  selector = create(FunctionType::get(i32, false), GlobalValue::InternalLinkage,
                    "quanta.choose_variant");
  auto addBlock = [&](const char *name) {
    return BasicBlock::Create(context, name, selector);
  };
  BasicBlock *ask = addBlock("ask"), *known = addBlock("known"),
             *store = addBlock("store");
  LoadInst *before = builder.CreateLoad(i32, chosen);
  before->setAtomic(AtomicOrdering::Monotonic);
  builder.CreateCondBr(builder.CreateICmpSLT(before, builder.getInt32(0)), ask,
                       known);
  builder.SetInsertPoint(known);
  builder.CreateRet(before);

  builder.SetInsertPoint(ask);
  builder.CreateCall(module.getOrInsertFunction(
      "__cpu_indicator_init", FunctionType::get(i32, /*isVarArg=*/false)));
  auto *model = StructType::get(i32, i32, i32, ArrayType::get(i32, 1));
  auto *more = ArrayType::get(i32, 3);
  Constant *first = module.getOrInsertGlobal("__cpu_model", model);
  Constant *rest = module.getOrInsertGlobal("__cpu_features2", more);
  SmallVector<Value *> words = {builder.CreateLoad(
      i32, builder.CreateStructGEP(model, first, 3), "features")};
  for (unsigned i = 0; i < 3; ++i)
    words.push_back(builder.CreateLoad(
        i32, builder.CreateConstInBoundsGEP2_32(more, rest, 0, i), "features"));
  builder.SetInsertPoint(store);
  PHINode *index = builder.CreatePHI(i32, masks.size());
  builder.SetInsertPoint(ask);
  for (auto [i, mask] : enumerate(masks)) {
    index->addIncoming(builder.getInt32(i), builder.GetInsertBlock());
    if (i + 1 == masks.size()) {
      builder.CreateBr(store);
      break;
    }
    BasicBlock *next = addBlock("next");
    builder.CreateCondBr(supports(mask, words), store, next);
    builder.SetInsertPoint(next);
  }
  builder.SetInsertPoint(store);
  builder.CreateStore(index, chosen)->setAtomic(AtomicOrdering::Monotonic);
  builder.CreateRet(index);
  return selector;
}

void Dispatcher::define(StringRef name, ArrayRef<Function *> variants) {
  Function *choose = getSelector();
  Function *function = create(variants[0]->getFunctionType(),
                              GlobalValue::ExternalLinkage, name);
  SmallVector<Value *> arguments(make_pointer_range(function->args()));
  Value *index = builder.CreateCall(choose);
  SwitchInst *choice =
      builder.CreateSwitch(index, nullptr, variants.size() - 1);
  for (auto [i, variant] : enumerate(variants)) {
    BasicBlock *block =
        BasicBlock::Create(module.getContext(), "variant", function);
    if (i + 1 == variants.size())
      choice->setDefaultDest(block);
    else
      choice->addCase(builder.getInt32(i), block);
    builder.SetInsertPoint(block);
    CallInst *call = builder.CreateCall(variant, arguments);
    call->setTailCall();
    if (call->getType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(call);
  }
}

/// A copy of the module in another context.
static Expected<std::unique_ptr<Module>> copyInto(LLVMContext &context,
                                                  const Module &module) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  WriteBitcodeToFile(module, os);
  return parseBitcodeFile(
      MemoryBufferRef(StringRef(bytes.data(), bytes.size()), "variant"),
      context);
}

Expected<LoweredModule> dispatchByCpu(MutableArrayRef<LoweredModule> variants) {
  if (variants.empty())
    return createStringError("there is no code to choose from");
  LoweredModule result;
  result.context = std::make_unique<LLVMContext>();
  SmallVector<FeatureMask> masks;
  SmallVector<std::string> names;
  for (const LoweredModule &variant : variants) {
    const TargetMachine &machine = *variant.machine;
    if (machine.getTargetTriple().getArch() != Triple::x86_64)
      return createStringError(
          "one object for several CPUs is possible on x86-64, not on " +
          machine.getTargetTriple().str());
    masks.push_back(getFeatureMask(machine));
    names.push_back(machine.getTargetCPU().str());
    // The first that the processor can run is taken.
    for (auto [mask, name] : drop_end(zip_equal(masks, names)))
      if (includes(masks.back(), mask))
        return createStringError(
            "the code for " + names.back() + " would never run: every " +
            "processor that can run it can run that for " + name +
            ", which is before it; the most capable CPU comes first");
  }
  // The last one first: of the functions that all of them bring, the version
  // that runs everywhere stays.
  StringMap<SmallVector<std::string>> functions;
  SmallVector<std::string> renamed;
  for (int i = static_cast<int>(variants.size()) - 1; i >= 0; --i) {
    Expected<std::unique_ptr<Module>> module =
        copyInto(*result.context, *variants[i].module);
    if (!module)
      return module.takeError();
    std::string suffix = "." + names[i] + "." + std::to_string(i);
    for (GlobalObject &object : (*module)->global_objects()) {
      if (object.isDeclaration() || !object.hasExternalLinkage())
        continue;
      std::string name = object.getName().str();
      object.setName(name + suffix);
      object.setDSOLocal(true);
      renamed.push_back(object.getName().str());
      if (isa<Function>(object)) {
        auto &list = functions[name];
        list.insert(list.begin(), renamed.back());
      }
    }
    if (!result.module)
      result.module = std::move(*module);
    else if (Linker::linkModules(*result.module, std::move(*module)))
      return createStringError("the code for " + names[i] +
                               " cannot be linked with that for " +
                               names.back());
  }
  Dispatcher dispatcher(*result.module, masks, names.back());
  SmallVector<StringRef> sorted(functions.keys());
  sort(sorted);
  for (StringRef name : sorted) {
    SmallVector<Function *> list;
    for (const std::string &variant : functions[name])
      list.push_back(result.module->getFunction(variant));
    dispatcher.define(name, list);
  }
  // Only now: the linker leaves out what is internal and not used yet.
  for (const std::string &name : renamed)
    cast<GlobalObject>(result.module->getNamedValue(name))
        ->setLinkage(GlobalValue::InternalLinkage);
  result.machine = std::move(variants.back().machine);
  return result;
}

} // namespace quanta
