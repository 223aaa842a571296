//===- HostRunner.cpp - Sweeps on this machine ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AArch64Runner.h"
#include "GuardedMemory.h"
#include "Sweep.h"

#include "quanta/API/Compile.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Targets/Target.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/Signals.h"
#include "llvm/TargetParser/Triple.h"
#include "gtest/gtest.h"

#include <memory>
#include <mutex>

using namespace llvm;

namespace quanta::test {

DotShape getDotShape(StringRef triple, StringRef cpu) {
  mlir::MLIRContext context;
  context.loadDialect<QuantaDialect>();
  Expected<Target> target = Target::create(&context, triple, cpu);
  if (!target) {
    ADD_FAILURE() << toString(target.takeError());
    return {16, 4, 4, 6, false, false};
  }
  return target->integerDot.getDotShape();
}

/// Where kernels use registers of matrices, which this machine may lack, the
/// program at the kernel stage without them, for a CPU that lacks nothing else.
static Expected<Program> expandMatrices(const Program &program,
                                        CompileOptions &options) {
  Program kernels = program.clone();
  if (options.cpu == "native" || getDotShape("", options.cpu).matrixRows == 0)
    return kernels;
  if (Error error = kernels.run("quanta-to-kernel{cpu=" + options.cpu +
                                " plan-buffers=false},quanta-expand-amx"))
    return error;
  // Without registers of matrices, its kernels are no longer for that CPU.
  kernels.getModule()->removeAttr(attrs::cpu);
  options.cpu = "cascadelake";
  return kernels;
}

static Expected<std::unique_ptr<Executable>>
compileGuarded(const Program &program, StringRef cpu) {
  CompileOptions options = getCompileOptionsFromEnvironment();
  options.cpu = cpu.str();
  // A guard for each buffer.
  options.planBuffers = false;
  Expected<Program> kernels = expandMatrices(program, options);
  if (!kernels)
    return kernels.takeError();
  Expected<Program> lowered = lowerToLLVM(*kernels, options);
  if (!lowered)
    return lowered.takeError();
  useGuardedAllocation(lowered->getModule());
  return compileLowered(*lowered, options);
}

static void call(const Executable &executable, const Executable::Entry &entry,
                 const Case &testCase, bool atEnd) {
  PrettyStackTraceFormat trace(
      "calling '%s' with %s, all tensors at the %s", testCase.entry.c_str(),
      formatShape(testCase.arguments[0].shape, testCase.arguments[0].kind)
          .c_str(),
      atEnd ? "end" : "start");
  constexpr size_t maxArguments = 6;
  static std::unique_ptr<GuardedMemory> memory[maxArguments];
  std::vector<HostTensor> arguments;
  for (const Array &array : testCase.arguments) {
    auto &block = memory[arguments.size()];
    if (!block)
      block = std::make_unique<GuardedMemory>(size_t(1) << 20);
    const void *data =
        block->place(array.bytes.data(), array.bytes.size(), atEnd);
    arguments.push_back(HostTensor::borrow(array.kind, array.shape, data));
  }
  SmallVector<HostTensor> results;
  if (Error error = executable.call(entry, arguments, results)) {
    ADD_FAILURE() << toString(std::move(error));
    return;
  }
  ASSERT_EQ(results.size(), 1u);
  HostTensor &result = results.front();
  compare(testCase, result.getShape(),
          ArrayRef(result.getDataAs<char>(), result.getByteSize()), atEnd);
  void *data = result.getData();
  size_t size = result.getByteSize();
  void *block = result.release();
  EXPECT_TRUE(isIntactAround(block, data, size))
      << testCase.entry << " wrote outside of its result";
  guardedFree(block);
}

static void runHere(const Sweep &sweep, const Program &program, StringRef cpu) {
  Expected<std::unique_ptr<Executable>> executable =
      compileGuarded(program, cpu);
  if (!executable) {
    std::string message = toString(executable.takeError());
    if (StringRef(message).contains("lacks its features"))
      GTEST_SKIP() << message;
    FAIL() << message;
  }
  for (const Case &testCase : sweep.cases) {
    Expected<const Executable::Entry *> entry =
        (*executable)->getEntry(testCase.entry);
    ASSERT_TRUE(bool(entry)) << toString(entry.takeError());
    for (bool atEnd : {true, false})
      call(**executable, **entry, testCase, atEnd);
    // One wrong kernel gives thousands of wrong results.
    if (::testing::Test::HasFailure())
      return;
  }
}

void runSweep(const Sweep &sweep, StringRef triple, StringRef cpu) {
  static std::once_flag once;
  std::call_once(once, [] {
    sys::PrintStackTraceOnErrorSignal("");
    EnablePrettyStackTrace();
  });
  Expected<Program> program = Program::parse(sweep.module, "sweep.mlir");
  ASSERT_TRUE(bool(program)) << toString(program.takeError());
  // Sums that wrap around do so everywhere.
  if (program->getStage() == Stage::Quantized) {
    Error error = program->run("quanta-rewrite-types{allow-wrap}");
    ASSERT_FALSE(bool(error)) << toString(std::move(error));
  }
  if (triple.empty())
    runHere(sweep, *program, cpu);
  else
    runOnAArch64(sweep, *program, cpu);
}

} // namespace quanta::test
