//===- CompileTest.cpp - Programs that are compiled at once ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Compile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace quanta;

namespace {

const char *text = R"(
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %factor = arith.constant dense<1.0> : tensor<2xf32>
  %y = arith.mulf %x, %factor : tensor<2xf32>
  return %y : tensor<2xf32>
}
)";

/// Multiplies by `factor` from now on.
void scale(Program &program, float factor) {
  program.getModule().walk([&](mlir::arith::ConstantOp op) {
    auto type = cast<mlir::RankedTensorType>(op.getType());
    op.setValueAttr(mlir::DenseElementsAttr::get(type, factor));
  });
}

TEST(Compile, AllAreWhatEachIs) {
  Expected<Program> program = Program::parse(text, "test.mlir");
  ASSERT_TRUE(bool(program)) << toString(program.takeError());
  std::vector<Program> programs;
  for (float factor : {2, 3, 4, 5, 6}) {
    programs.push_back(program->clone());
    scale(programs.back(), factor);
  }
  auto executables = compileAll(programs);
  ASSERT_TRUE(bool(executables)) << toString(executables.takeError());
  ASSERT_EQ(executables->size(), programs.size());
  const float x[] = {1.5F, -2};
  for (auto [index, executable] : enumerate(*executables)) {
    auto results = executable->callDense(
        "f", {HostTensor::borrow(ElementKind::F32, {2}, x)});
    ASSERT_TRUE(bool(results)) << toString(results.takeError());
    const float *y = results->front().getDataAs<float>();
    float factor = static_cast<float>(index + 2);
    EXPECT_EQ(y[0], 1.5F * factor);
    EXPECT_EQ(y[1], -2 * factor);
  }
}

TEST(Compile, NoneIsNone) {
  auto executables = compileAll({});
  ASSERT_TRUE(bool(executables)) << toString(executables.takeError());
  EXPECT_TRUE(executables->empty());
}

TEST(Compile, OneThatFailsIsToldOf) {
  Expected<Program> program = Program::parse(text, "test.mlir");
  ASSERT_TRUE(bool(program)) << toString(program.takeError());
  std::vector<Program> programs;
  programs.push_back(program->clone());
  programs.push_back(program->clone());
  CompileOptions options;
  options.cpu = "none-of-this-name";
  auto executables = compileAll(programs, options);
  ASSERT_FALSE(bool(executables));
  EXPECT_NE(toString(executables.takeError()).find("none-of-this-name"),
            std::string::npos);
}

} // namespace
