//===- Executable.cpp - Compiled modules in this process ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Executable.h"

#include "PackedWrapper.h"
#include "Runtime.h"
#include "quanta/IR/Quanta.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Parallel.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

#include <optional>

using namespace llvm;

namespace quanta {

Executable::Executable() = default;
Executable::~Executable() = default;

Expected<std::unique_ptr<Executable>>
Executable::create(mlir::ModuleOp module, EmissionOptions options) {
  auto executables = createAll(module, std::move(options));
  if (!executables)
    return executables.takeError();
  return std::move(executables->front());
}

Expected<std::vector<std::unique_ptr<Executable>>>
Executable::createAll(ArrayRef<mlir::ModuleOp> modules,
                      EmissionOptions options) {
  options.packedWrappers = true;
  options.bufferRuntime = false;
  std::vector<LoweredModule> lowered;
  for (mlir::ModuleOp module : modules) {
    Expected<LoweredModule> one = lowerModule(module, options);
    if (!one)
      return one.takeError();
    if (Error error = checkHostCanRun(*one->machine))
      return error;
    lowered.push_back(std::move(*one));
  }

  // From here to the objects, each has a context of LLVM to itself.
  std::vector<std::optional<Expected<SmallVector<char, 0>>>> objects(
      modules.size());
  auto generate = [&](size_t index) {
    objects[index].emplace(emit(lowered[index], OutputKind::Object, options));
  };
  if (modules.size() == 1)
    generate(0);
  else
    parallelFor(0, modules.size(), generate);

  Error error = Error::success();
  for (auto &object : objects)
    error = joinErrors(std::move(error), object->takeError());
  if (error)
    return error;
  std::vector<std::unique_ptr<Executable>> result;
  for (auto [module, one, object] : zip_equal(modules, lowered, objects)) {
    Expected<std::unique_ptr<Executable>> linked =
        link(module, one, std::move(**object));
    if (!linked)
      return linked.takeError();
    result.push_back(std::move(*linked));
  }
  return result;
}

Expected<std::unique_ptr<Executable>>
Executable::link(mlir::ModuleOp module, const LoweredModule &lowered,
                 SmallVector<char, 0> object) {
  std::unique_ptr<Executable> result(new Executable());
  // The object has no initializers: ORC's platform support, which compiles a
  // module of its own, would only cost time.
  Expected<std::unique_ptr<orc::LLJIT>> jit =
      orc::LLJITBuilder()
          .setPlatformSetUp(orc::setUpInactivePlatform)
          .setJITTargetMachineBuilder(
              orc::JITTargetMachineBuilder(lowered.machine->getTargetTriple()))
          .create();
  if (!jit)
    return jit.takeError();
  result->jit = std::move(*jit);
  if (lowered.module->getFunction("__kmpc_global_thread_num"))
    if (Error error = loadOpenMP())
      return error;
  // What cannot be linked is told by the error of the look-up.
  result->jit->getExecutionSession().setErrorReporter(
      [messages = &result->linkErrors](Error error) {
        *messages = toString(std::move(error));
      });
  if (Error error = defineRuntime(*result->jit))
    return error;
  if (Error error =
          result->jit->addObjectFile(std::make_unique<SmallVectorMemoryBuffer>(
              std::move(object), /*RequiresNullTerminator=*/false)))
    return error;

  for (const std::string &name : getEntryNames(module)) {
    Expected<Signature> signature =
        Signature::get(module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(name));
    if (!signature)
      result->uncallable[name] = toString(signature.takeError());
    else if (Error error = result->addEntry(std::move(*signature)))
      return error;
  }
  if (Error error = result->readModuleAttributes(module))
    return error;
  return result;
}

Expected<void *> Executable::lookup(StringRef symbol) const {
  Expected<orc::ExecutorAddr> address = jit->lookup(symbol);
  if (!address) {
    std::string reason = toString(address.takeError());
    return createStringError("cannot link '" + symbol + "': " +
                             (linkErrors.empty() ? reason : linkErrors));
  }
  return address->toPtr<void *>();
}

/// Bytes of a value as an argument or inside a result structure.
static unsigned getValueSize(const ValueType &type) {
  if (type.isScalar)
    return getElementSize(type.kind);
  return (3 + 2 * type.shape.size()) * sizeof(int64_t);
}

Error Executable::addEntry(Signature signature) {
  auto entry = std::make_unique<Entry>();
  Expected<void *> packed = lookup(getPackedName(signature.name));
  if (!packed)
    return packed.takeError();
  entry->packed = reinterpret_cast<void (*)(void **)>(*packed);
  for (const ValueType &type : signature.inputs)
    if (!type.isScalar)
      entry->inputBytes += getValueSize(type);
  // As C lays out a structure of them.
  for (const ValueType &type : signature.results) {
    unsigned align = type.isScalar ? getElementSize(type.kind) : 8;
    entry->resultBytes = alignTo(entry->resultBytes, align);
    entry->resultOffsets.push_back(entry->resultBytes);
    entry->resultBytes += getValueSize(type);
  }
  entry->signature = std::move(signature);
  entries.push_back(std::move(entry));
  return Error::success();
}

Error Executable::readModuleAttributes(mlir::ModuleOp module) {
  if (auto attr = module->getAttrOfType<mlir::StringAttr>(attrs::isa))
    isa = attr.str();
  if (auto attr = module->getAttrOfType<mlir::StringAttr>(attrs::fingerprint))
    fingerprint = attr.str();
  auto list = module->getAttrOfType<mlir::ArrayAttr>(attrs::observers);
  if (!list)
    return Error::success();
  for (mlir::Attribute attr : list) {
    auto fields = dyn_cast<mlir::DictionaryAttr>(attr);
    auto get = [&](StringRef key) {
      auto value = fields ? fields.getAs<mlir::StringAttr>(key) : nullptr;
      return value ? value.str() : std::string();
    };
    Observer observer{get("name"), get("symbol"), get("kind"), nullptr};
    if (observer.name.empty() || observer.symbol.empty())
      return createStringError("the module's attribute 'quanta.observers' has "
                               "an entry without 'name' or 'symbol'");
    Expected<void *> state = lookup(observer.symbol);
    if (!state)
      return state.takeError();
    observer.state = static_cast<const double *>(*state);
    observers.push_back(std::move(observer));
  }
  return Error::success();
}

Expected<const Executable::Entry *> Executable::getEntry(StringRef name) const {
  for (const std::unique_ptr<Entry> &entry : entries)
    if (entry->getName() == name || (name.empty() && entries.size() == 1))
      return entry.get();
  if (auto it = uncallable.find(name.str()); it != uncallable.end())
    return createStringError(it->second);
  if (entries.empty())
    return createStringError(uncallable.empty()
                                 ? "the module has no public function"
                                 : uncallable.begin()->second);
  std::string names = join(
      map_range(entries, [](auto &entry) { return entry->getName(); }), ", ");
  if (name.empty())
    return createStringError("the module has several functions, choose one: " +
                             names);
  return createStringError("the module has no public function '" + name +
                           "'; it has " + names);
}

} // namespace quanta
