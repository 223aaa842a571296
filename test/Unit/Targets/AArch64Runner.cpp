//===- AArch64Runner.cpp - Sweeps on an emulated AArch64 ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AArch64Runner.h"

#include "quanta/API/Compile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cstring>

using namespace llvm;

namespace quanta::test {

static void writeFile(const std::string &path, StringRef bytes) {
  std::error_code code;
  raw_fd_ostream os(path, code);
  ASSERT_FALSE(code) << path << ": " << code.message();
  os << bytes;
}

/// The table of functions for run-cases.c, in the order of `indices`.
static std::string makeTable(const Sweep &sweep, StringMap<int64_t> &indices) {
  std::string declarations = "typedef void Function(void);\n", table;
  for (const Case &testCase : sweep.cases) {
    if (!indices.try_emplace(testCase.entry, indices.size()).second)
      continue;
    std::string symbol = getInterfaceName(testCase.entry);
    declarations += "void " + symbol + "(void);\n";
    table += symbol + ", ";
  }
  return declarations + "static Function *const functions[] = {" + table +
         "};\n";
}

static std::string makeInput(const Sweep &sweep,
                             const StringMap<int64_t> &indices) {
  std::string input;
  auto addWord = [&](int64_t word) {
    input.append(reinterpret_cast<const char *>(&word), sizeof(word));
  };
  for (const Case &testCase : sweep.cases) {
    addWord(indices.lookup(testCase.entry));
    addWord(testCase.expected.shape.size());
    addWord(getElementSize(testCase.expected.kind));
    addWord(testCase.arguments.size());
    for (const Array &array : testCase.arguments) {
      addWord(array.shape.size());
      addWord(getElementSize(array.kind));
      for (int64_t size : array.shape)
        addWord(size);
      input.append(array.bytes.begin(), array.bytes.end());
      input.resize(alignTo(input.size(), 8));
    }
  }
  return input;
}

static void checkOutput(const Sweep &sweep, StringRef output) {
  for (const Case &testCase : sweep.cases)
    for (bool atEnd : {true, false}) {
      size_t rank = testCase.expected.shape.size();
      size_t size = testCase.expected.bytes.size();
      size_t whole = rank * sizeof(int64_t) + alignTo(size, 8);
      ASSERT_GE(output.size(), whole) << testCase.entry << " gave no result";
      Shape shape(rank);
      std::memcpy(shape.data(), output.data(), rank * sizeof(int64_t));
      StringRef bytes = output.substr(rank * sizeof(int64_t), size);
      compare(testCase, shape, ArrayRef(bytes.data(), bytes.size()), atEnd);
      if (::testing::Test::HasFailure())
        return;
      output = output.drop_front(whole);
    }
  EXPECT_TRUE(output.empty());
}

static void runCommand(ArrayRef<StringRef> arguments,
                       ArrayRef<std::optional<StringRef>> redirects) {
  std::string message;
  int status = sys::ExecuteAndWait(arguments[0], arguments, std::nullopt,
                                   redirects, 120, 0, &message);
  ASSERT_EQ(status, 0) << arguments[0].str() << " failed: " << message;
}

void runOnAArch64(const Sweep &sweep, const Program &program, StringRef cpu) {
  ErrorOr<std::string> gcc = sys::findProgramByName("aarch64-linux-gnu-gcc");
  ErrorOr<std::string> qemu = sys::findProgramByName("qemu-aarch64");
  if (!gcc || !qemu)
    GTEST_SKIP() << "needs aarch64-linux-gnu-gcc and qemu-aarch64";
  CompileOptions options = getCompileOptionsFromEnvironment();
  options.triple = "aarch64-linux-gnu";
  options.cpu = cpu.str();
  // A guard for each buffer.
  options.planBuffers = false;
  Expected<std::vector<char>> object = emitObject(program, options);
  ASSERT_TRUE(bool(object)) << toString(object.takeError());

  SmallString<128> folder;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("quanta-sweep", folder));
  scope_exit remove([&] { sys::fs::remove_directories(folder); });
  auto path = [&](StringRef name) { return (folder + "/" + name).str(); };
  StringMap<int64_t> indices;
  writeFile(path("functions.h"), makeTable(sweep, indices));
  writeFile(path("sweep.o"), StringRef(object->data(), object->size()));
  writeFile(path("input"), makeInput(sweep, indices));
  std::string include = "-I" + folder.str().str(), program0 = path("run");
  runCommand({*gcc, "-O1", "-static", "-Wl,--wrap=malloc,--wrap=free", include,
              QUANTA_TEST_SOURCE_DIR "/Targets/Inputs/run-cases.c",
              path("sweep.o"), "-lm", "-o", program0},
             {});
  // A CPU with exactly the instructions that the code may use.
  StringRef emulated = cpu == "cortex-a53" ? "cortex-a53" : "max";
  std::string input = path("input"), output = path("output");
  runCommand({*qemu, "-cpu", emulated, program0},
             {StringRef(input), StringRef(output), std::nullopt});
  if (::testing::Test::HasFailure())
    return;
  ErrorOr<std::unique_ptr<MemoryBuffer>> results =
      MemoryBuffer::getFile(output);
  ASSERT_TRUE(bool(results));
  checkOutput(sweep, (*results)->getBuffer());
}

} // namespace quanta::test
