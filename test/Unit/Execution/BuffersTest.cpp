//===- BuffersTest.cpp - Memory that calls use ----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Compile.h"

#include "gtest/gtest.h"

#include <atomic>
#include <cstdlib>
#include <thread>

using namespace quanta;

// A sanitizer has an allocator of its own.
#if defined(__GLIBC__) && !__has_feature(address_sanitizer)
#define QUANTA_COUNT_ALLOCATIONS 1
static thread_local int allocations = 0;
extern "C" void *__libc_malloc(size_t size);
extern "C" void *malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#else
#define QUANTA_COUNT_ALLOCATIONS 0
static thread_local int allocations = 0;
#endif

namespace {

/// Two elementwise operations that cannot become one: the column sums between
/// need all rows. Their buffers are of the size of the argument.
const char *text = R"(
#ij = affine_map<(i, j) -> (i, j)>
#j = affine_map<(i, j) -> (j)>
func.func @main(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%n) : tensor<?x64xf32>
  %exp = linalg.generic {indexing_maps = [#ij, #ij], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = math.exp %a : f32
    linalg.yield %r : f32
  } -> tensor<?x64xf32>
  %s = tensor.empty() : tensor<64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%s : tensor<64xf32>) -> tensor<64xf32>
  %sum = linalg.generic {indexing_maps = [#ij, #j], iterator_types = ["reduction", "parallel"]}
      ins(%exp : tensor<?x64xf32>) outs(%z : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  %y = linalg.generic {indexing_maps = [#ij, #j, #ij], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x64xf32>, tensor<64xf32>) outs(%e : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.divf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
)";

std::unique_ptr<Executable> compileText(bool planBuffers) {
  llvm::Expected<Program> program = Program::parse(text, "buffers.mlir");
  if (!program) {
    ADD_FAILURE() << llvm::toString(program.takeError());
    return nullptr;
  }
  CompileOptions options;
  options.planBuffers = planBuffers;
  llvm::Expected<std::unique_ptr<Executable>> executable =
      compile(*program, options);
  if (!executable) {
    ADD_FAILURE() << llvm::toString(executable.takeError());
    return nullptr;
  }
  return std::move(*executable);
}

std::vector<float> makeInput(int64_t rows) {
  std::vector<float> values(rows * 64);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float(i % 97) / 16 - 3;
  return values;
}

/// Calls with so many rows; returns how often memory was allocated.
int call(const Executable &executable, int64_t rows,
         std::vector<float> &output) {
  std::vector<float> input = makeInput(rows);
  HostTensor argument =
      HostTensor::borrow(ElementKind::F32, {rows, 64}, input.data());
  llvm::SmallVector<HostTensor, 4> results;
  const Executable::Entry &entry = *executable.getEntries().front();
  int before = allocations;
  llvm::Error error = executable.call(entry, argument, results);
  int count = allocations - before;
  EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
  output.assign(results[0].getDataAs<float>(),
                results[0].getDataAs<float>() + rows * 64);
  return count;
}

TEST(Buffers, OnlyResultsAreAllocated) {
  if (!QUANTA_COUNT_ALLOCATIONS)
    GTEST_SKIP() << "allocations cannot be counted here";
  std::unique_ptr<Executable> planned = compileText(true);
  std::unique_ptr<Executable> plain = compileText(false);
  ASSERT_TRUE(planned && plain);
  std::vector<float> output;
  call(*planned, 8, output);
  EXPECT_EQ(call(*planned, 8, output), 1);
  EXPECT_EQ(call(*planned, 3, output), 1);
  EXPECT_GT(call(*plain, 8, output), 1);
}

TEST(Arguments, AreChecked) {
  std::unique_ptr<Executable> executable = compileText(true);
  ASSERT_TRUE(executable);
  const Executable::Entry &entry = *executable->getEntries().front();
  std::vector<float> input = makeInput(2);
  auto complain = [&](llvm::ArrayRef<int64_t> shape, const void *data) {
    llvm::SmallVector<HostTensor, 4> results;
    HostTensor argument = HostTensor::borrow(ElementKind::F32, shape, data);
    return llvm::toString(executable->call(entry, argument, results));
  };
  EXPECT_EQ(complain({2, 64}, input.data()), "");
  EXPECT_EQ(complain({2, 64}, nullptr),
            "argument 0 of 'main': it has elements, but no data");
  EXPECT_EQ(complain({-2, 64}, input.data()),
            "argument 0 of 'main': a size of -2 is negative");
}

TEST(Compile, RefusesEntriesThatDoNotExist) {
  llvm::Expected<Program> program = Program::parse(text, "buffers.mlir");
  ASSERT_TRUE(!!program) << llvm::toString(program.takeError());
  CompileOptions options;
  options.entry = "nope";
  const char *message = "the module has no public function 'nope'; it has main";
  EXPECT_EQ(llvm::toString(compile(*program, options).takeError()), message);
  EXPECT_EQ(llvm::toString(emitHeader(*program, "m", options).takeError()),
            message);
  EXPECT_FALSE(llvm::toString(emitObject(program->clone(), options).takeError())
                   .empty());
}

TEST(Buffers, GrowWithTheBatch) {
  std::unique_ptr<Executable> planned = compileText(true);
  std::unique_ptr<Executable> plain = compileText(false);
  ASSERT_TRUE(planned && plain);
  std::vector<float> first, second;
  for (int64_t rows : {3, 50, 0, 700, 3}) {
    call(*planned, rows, first);
    call(*plain, rows, second);
    EXPECT_EQ(first, second) << rows << " rows";
  }
}

TEST(Buffers, ThreadsShareNothing) {
  std::unique_ptr<Executable> planned = compileText(true);
  ASSERT_TRUE(planned);
  std::vector<float> expected[4];
  for (int64_t i = 0; i < 4; ++i)
    call(*planned, 40 + i, expected[i]);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      std::vector<float> output;
      for (int repeat = 0; repeat < 200; ++repeat) {
        call(*planned, 40 + i, output);
        wrong += output != expected[i];
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

} // namespace
