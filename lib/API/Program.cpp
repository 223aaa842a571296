//===- Program.cpp - Programs at any stage --------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Program.h"

#include "quanta/API/Diagnostics.h"
#include "quanta/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <mutex>

using namespace llvm;

namespace quanta {

static mlir::DialectRegistry makeRegistry() {
  static std::once_flag once;
  std::call_once(once, registerAllPasses);
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  return registry;
}

struct Program::State {
  State() : context(makeRegistry()) {
    // Messages name the operation and its place; printing it whole would bury
    // them under its constants.
    context.printOpOnDiagnostic(false);
  }
  mlir::MLIRContext context;
  /// Held while diagnostics are collected: they belong to one program.
  std::mutex mutex;
  std::vector<std::string> remarks;
};

Program::Program(std::shared_ptr<State> state,
                 mlir::OwningOpRef<mlir::ModuleOp> module)
    : state(std::move(state)), module(std::move(module)) {}

Program::Program(Program &&other) noexcept = default;
Program::~Program() = default;

Program &Program::operator=(Program &&other) noexcept {
  // The module goes first: its context may go with the state.
  module = std::move(other.module);
  state = std::move(other.state);
  return *this;
}

static Expected<mlir::OwningOpRef<mlir::ModuleOp>>
parseBuffer(std::unique_ptr<MemoryBuffer> buffer, mlir::MLIRContext *context) {
  DiagnosticCollector diagnostics(context);
  std::string name = buffer->getBufferIdentifier().str();
  auto sources = std::make_shared<SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(sources,
                                            mlir::ParserConfig(context));
  if (!module)
    return diagnostics.enrich(
        createStringError(name + ": not a valid MLIR module"));
  return module;
}

Expected<Program> Program::parse(StringRef text, StringRef bufferName) {
  auto state = std::make_shared<State>();
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> module = parseBuffer(
      MemoryBuffer::getMemBufferCopy(text, bufferName), &state->context);
  if (!module)
    return module.takeError();
  return Program(std::move(state), std::move(*module));
}

Expected<Program> Program::parseFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (!file)
    return createStringError(path + ": " + file.getError().message());
  auto state = std::make_shared<State>();
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> module =
      parseBuffer(std::move(*file), &state->context);
  if (!module)
    return module.takeError();
  return Program(std::move(state), std::move(*module));
}

Program Program::clone() const {
  std::lock_guard<std::mutex> lock(state->mutex);
  return Program(state, mlir::OwningOpRef<mlir::ModuleOp>(
                            mlir::cast<mlir::ModuleOp>((*module)->clone())));
}

std::string Program::str() const {
  std::string text;
  raw_string_ostream os(text);
  getModule()->print(os);
  os << "\n";
  return text;
}

Stage Program::getStage() const { return quanta::getStage(*module); }

mlir::ModuleOp Program::getModule() const { return *module; }

Error Program::withDiagnostics(function_ref<Error(mlir::ModuleOp)> work) const {
  std::lock_guard<std::mutex> lock(state->mutex);
  DiagnosticCollector diagnostics(&state->context);
  Error error = work(*module);
  for (std::string &remark : diagnostics.takeRemarks())
    state->remarks.push_back(std::move(remark));
  return diagnostics.enrich(std::move(error));
}

Error Program::run(StringRef pipeline, Verify when) {
  return runPasses(pipeline, when, [&](mlir::OpPassManager &passes) -> Error {
    std::string message;
    raw_string_ostream os(message);
    if (succeeded(mlir::parsePassPipeline(pipeline, passes, os)))
      return Error::success();
    return createStringError("invalid pass pipeline '" + pipeline +
                             "': " + StringRef(message).trim());
  });
}

Error Program::run(StringRef name,
                   function_ref<void(mlir::OpPassManager &)> build,
                   Verify when) {
  return runPasses(name, when, [&](mlir::OpPassManager &passes) -> Error {
    build(passes);
    return Error::success();
  });
}

Error Program::runPasses(StringRef name, Verify when,
                         function_ref<Error(mlir::OpPassManager &)> build) {
  return withDiagnostics([&](mlir::ModuleOp op) -> Error {
    mlir::PassManager passes(op->getContext(), op.getOperationName());
    passes.enableVerifier(when == Verify::EachPass);
    if (Error error = build(passes))
      return error;
    if (failed(passes.run(op)) ||
        (when == Verify::AtEnd && failed(mlir::verify(op))))
      return createStringError("the pass pipeline '" + name + "' failed");
    return Error::success();
  });
}

llvm::MapVector<StringRef, std::vector<std::string>>
Program::getArgumentNames() const {
  llvm::MapVector<StringRef, std::vector<std::string>> result;
  for (auto function : getModule().getOps<mlir::FunctionOpInterface>()) {
    if (function.isPrivate() || function.isExternal())
      continue;
    std::vector<std::string> &names = result[function.getName()];
    for (mlir::BlockArgument argument : function.getArguments()) {
      auto location = argument.getLoc()->findInstanceOf<mlir::NameLoc>();
      names.push_back(location ? location.getName().str() : std::string());
    }
  }
  return result;
}

std::vector<std::string> Program::getArgumentNames(StringRef entry) const {
  auto names = getArgumentNames();
  if (entry.empty() && names.size() == 1)
    return names.front().second;
  auto function = names.find(entry);
  return function == names.end() ? std::vector<std::string>()
                                 : function->second;
}

std::vector<std::string> Program::takeRemarks() {
  std::lock_guard<std::mutex> lock(state->mutex);
  return std::exchange(state->remarks, {});
}

} // namespace quanta
