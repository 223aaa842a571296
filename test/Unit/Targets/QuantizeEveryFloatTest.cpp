//===- QuantizeEveryFloatTest.cpp - All 2^32 patterns of an f32 -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes minutes: it runs where the environment names QUANTA_LONG_TESTS, as
// `tools/dev test --long` does.
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Compile.h"
#include "quanta/API/Program.h"
#include "quanta/Numerics/Reference.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace llvm;
using namespace quanta;

namespace {

struct Type {
  const char *name, *text;
  float scale;
  int32_t zeroPoint;
  reference::StorageRange range;
};

void PrintTo(const Type &type, std::ostream *os) { *os << type.name; }

/// A scale that is no power of two, one that is, and one that leaves most
/// quotients infinite.
const Type types[] = {
    {"u8", "u8:f32, 0.1:100", 0.1f, 100, {0, 255}},
    {"i8", "i8<-127:127>:f32, 0.03125", 0.03125f, 0, {-127, 127}},
    {"tiny", "i8:f32, 1.0e-30:-5", 1.0e-30f, -5, {-128, 127}},
};

#ifdef __x86_64__
const char *const cpus[] = {"native", "skylake-avx512", "haswell", "x86-64"};
#else
const char *const cpus[] = {"native", "generic"};
#endif

class QuantizeEveryFloat : public ::testing::TestWithParam<Type> {};

TEST_P(QuantizeEveryFloat, EqualsTheReference) {
  if (!std::getenv("QUANTA_LONG_TESTS"))
    GTEST_SKIP() << "takes minutes";
  const Type &type = GetParam();
  std::string text = formatv("func.func @f(%x: tensor<?xf32>) -> "
                             "tensor<?x!quant.uniform<{0}>> {{\n"
                             "  %q = quanta.quantize %x : tensor<?xf32> to "
                             "tensor<?x!quant.uniform<{0}>>\n"
                             "  return %q : tensor<?x!quant.uniform<{0}>>\n}",
                             type.text);
  Expected<Program> program = Program::parse(text, "quantize.mlir");
  ASSERT_TRUE(bool(program)) << toString(program.takeError());
  std::vector<std::unique_ptr<Executable>> executables;
  for (const char *cpu : cpus) {
    CompileOptions options;
    options.cpu = cpu;
    Expected<std::unique_ptr<Executable>> executable =
        compile(*program, options);
    if (executable) {
      executables.push_back(std::move(*executable));
      continue;
    }
    std::string message = toString(executable.takeError());
    ASSERT_TRUE(StringRef(message).contains("lacks its features")) << message;
  }
  ASSERT_FALSE(executables.empty());

  constexpr int64_t chunk = 1 << 22;
  std::vector<uint32_t> patterns(chunk);
  std::vector<int8_t> expected(chunk);
  for (uint64_t begin = 0; begin < uint64_t(1) << 32; begin += chunk) {
    std::iota(patterns.begin(), patterns.end(), static_cast<uint32_t>(begin));
    for (int64_t i = 0; i < chunk; ++i) {
      float x;
      std::memcpy(&x, &patterns[i], sizeof(x));
      expected[i] = static_cast<int8_t>(
          reference::quantize(x, type.scale, type.zeroPoint, type.range));
    }
    for (auto [index, executable] : llvm::enumerate(executables)) {
      Expected<const Executable::Entry *> entry = executable->getEntry("f");
      ASSERT_TRUE(bool(entry)) << toString(entry.takeError());
      std::vector<HostTensor> arguments;
      arguments.push_back(
          HostTensor::borrow(ElementKind::F32, {chunk}, patterns.data()));
      SmallVector<HostTensor> results;
      Error error = executable->call(**entry, arguments, results);
      ASSERT_FALSE(bool(error)) << toString(std::move(error));
      ASSERT_EQ(results[0].getByteSize(), chunk);
      const auto *got = static_cast<const int8_t *>(results[0].getData());
      auto [wrong, wanted] =
          std::mismatch(expected.begin(), expected.end(), got);
      ASSERT_EQ(wrong, expected.end())
          << "executable " << index << ", pattern "
          << begin + (wrong - expected.begin()) << ": " << int(*wanted)
          << " instead of " << int(*wrong);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, QuantizeEveryFloat, ::testing::ValuesIn(types),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace
