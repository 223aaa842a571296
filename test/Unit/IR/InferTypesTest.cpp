//===- InferTypesTest.cpp - Builders work out the types of results --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Verifier.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace quanta;

namespace {

constexpr StringRef u8 = "!quant.uniform<u8:f32, 0.5:3>",
                    i8 = "!quant.uniform<i8:f32, 0.25>",
                    i32 = "!quant.uniform<i32:f32, 0.125>";

class InferTypes : public ::testing::Test {
protected:
  InferTypes() : b(UnknownLoc::get(&context), &context) {
    context.loadDialect<QuantaDialect, quant::QuantDialect>();
    b.setInsertionPointToStart(module->getBody());
  }

  Type parse(StringRef text) { return parseType(text, &context); }
  Type tensor(StringRef sizes, StringRef element) {
    return parse(("tensor<" + sizes + "x" + element + ">").str());
  }
  /// An operand.
  Value value(Type type) {
    return UnrealizedConversionCastOp::create(b, type, ValueRange())
        .getResult(0);
  }
  Value value(StringRef sizes, StringRef element) {
    return value(tensor(sizes, element));
  }

  /// The result has this type, and verifies.
  void expect(Operation *op, StringRef sizes, StringRef element) {
    EXPECT_EQ(op->getResult(0).getType(), tensor(sizes, element));
    EXPECT_TRUE(succeeded(verify(op)));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module{ModuleOp::create(UnknownLoc::get(&context))};
  ImplicitLocOpBuilder b;
};

TEST_F(InferTypes, Products) {
  expect(MatmulOp::create(b, value("?x4", u8), value("4x5", i8), Value()),
         "?x5", i32);
  StringRef columns = "!quant.uniform<i8:f32:1, {0.25, 0.5}>";
  expect(MatmulOp::create(b, value("3x4", u8), value("4x2", columns), Value()),
         "3x2", "!quant.uniform<i32:f32:1, {0.125, 0.25}>");
  expect(BatchMatmulOp::create(b, value("?x7x3x4", u8), value("2x?x4x5", i8),
                               Value()),
         "2x7x3x5", i32);
}

TEST_F(InferTypes, Convolutions) {
  auto list = [&](ArrayRef<int64_t> values) {
    return b.getDenseI64ArrayAttr(values);
  };
  expect(Conv1DOp::create(b, value("?x4x9", u8), value("6x4x3", i8), Value(),
                          list({2}), DenseI64ArrayAttr(), list({1, 0}),
                          IntegerAttr(), UnitAttr()),
         "?x6x4", i32);
  StringRef filters = "!quant.uniform<i8:f32:0, {0.25, 0.5}>";
  expect(Conv2DOp::create(b, value("1x9x?x4", u8), value("2x2x3x3", filters),
                          Value(), list({2, 1}), list({2, 1}),
                          list({0, 1, 1, 1}), b.getI64IntegerAttr(2),
                          b.getUnitAttr()),
         "1x3x?x2", "!quant.uniform<i32:f32:3, {0.125, 0.25}>");
  expect(ConvTranspose2DOp::create(
             b, value("?x5x3x4", u8), value("4x3x3x2", i8), Value(),
             list({2, 3}), list({2, 1}), list({1, 0, 1, 2}), list({0, 1}),
             b.getI64IntegerAttr(2), b.getUnitAttr()),
         "?x11x7x6", i32);
  expect(ConvTranspose1DOp::create(b, value("?x4x5", u8), value("4x3x3", i8),
                                   Value(), list({2}), list({2}), list({1, 0}),
                                   list({1}), b.getI64IntegerAttr(2),
                                   UnitAttr()),
         "?x6x13", i32);
}

TEST_F(InferTypes, Contractions) {
  auto contract = [&](Value lhs, Value rhs, StringRef maps) {
    return ContractOp::create(b, lhs, rhs, Value(),
                              cast<ArrayAttr>(parseAttribute(maps, &context)),
                              IntegerAttr());
  };
  // A window with stride, dilation and groups; the channels of the weights.
  StringRef filters = "!quant.uniform<i8:f32:1, {0.25, 0.5}>";
  expect(contract(value("?x3x4x11", u8), value("3x2x4x3", filters),
                  "[affine_map<(n, g, f, x, c, k) -> (n, g, c, x * 2 + k * 3)>,"
                  " affine_map<(n, g, f, x, c, k) -> (g, f, c, k)>,"
                  " affine_map<(n, g, f, x, c, k) -> (n, g, x, f)>]"),
         "?x3x3x2", "!quant.uniform<i32:f32:3, {0.125, 0.25}>");
  // The smaller of two bounds, and a constant term.
  StringRef shifted = "[affine_map<(m, x) -> (m, x + 2)>,"
                      " affine_map<(m, x) -> (x * 2)>,"
                      " affine_map<(m, x) -> (m, x)>]";
  expect(contract(value("?x9", u8), value("10", i8), shifted), "?x5", i32);
  // No room at all.
  EXPECT_EQ(contract(value("?x1", u8), value("10", i8), shifted)
                .getResult()
                .getType()
                .getDimSize(1),
            0);
  // Nothing is known behind a division, or of two that share a dimension.
  EXPECT_TRUE(contract(value("3x8", u8), value("4", i8),
                       "[affine_map<(m, x, k) -> (m, x floordiv 2 + k)>,"
                       " affine_map<(m, x, k) -> (k)>,"
                       " affine_map<(m, x, k) -> (m, x)>]")
                  .getResult()
                  .getType()
                  .isDynamicDim(1));
  EXPECT_TRUE(contract(value("3x8", u8), value("3", i8),
                       "[affine_map<(m, x, y) -> (m, x + y)>,"
                       " affine_map<(m, x, y) -> (m)>,"
                       " affine_map<(m, x, y) -> (x, y)>]")
                  .getResult()
                  .getType()
                  .isDynamicDim(1));
}

TEST_F(InferTypes, ElementsThatPass) {
  expect(DequantizeOp::create(b, value("?x4", u8), StringAttr()), "?x4", "f32");
  expect(EmbeddingOp::create(b, value("10x?", u8), value("?x7", "i64")),
         "?x7x?", u8);
  StringRef rows = "!quant.uniform<u8:f32:0, {0.5, 0.25}>";
  expect(EmbeddingOp::create(b, value("2x5", rows), value("7", "i64")), "7x5",
         "f32");
  expect(MaxPoolOp::create(b, value("?x8x6x7", u8), ArrayRef<int64_t>{2, 3},
                           ArrayRef<int64_t>{2, 3}, ArrayRef<int64_t>{2, 1},
                           ArrayRef<int64_t>{1, 2}, StringAttr()),
         "?x8x3x3", u8);
}

TEST_F(InferTypes, GivenElements) {
  Value x = value("?x4", u8), y = value("1x4", i8);
  expect(AddOp::create(b, x, y, parse(i8)), "?x4", i8);
  expect(SubOp::create(b, y, x, parse(i8)), "?x4", i8);
  expect(MulOp::create(b, value("3x1", u8), y, parse(u8)), "3x4", u8);
  expect(SoftmaxOp::create(b, x, 1, parse(i8)), "?x4", i8);
  Value weight = value("4", "f32");
  expect(LayerNormOp::create(b, x, weight, Value(), 1, 1e-5f, parse(i8)), "?x4",
         i8);
  expect(AveragePoolOp::create(b, value("2x6x8", u8), ArrayRef<int64_t>{1},
                               ArrayRef<int64_t>{6}, ArrayRef<int64_t>{1},
                               ArrayRef<int64_t>{1}, parse(i8)),
         "2x1x8", i8);
  expect(ConcatOp::create(b, ValueRange{y, value("3x4", u8)}, 0, parse(u8)),
         "4x4", u8);
  expect(ConcatOp::create(b, ValueRange{y, x}, 0, parse(u8)), "?x4", u8);
  expect(QuantizeOp::create(b, value("?x4", "f32"), parse(u8)), "?x4", u8);
  expect(RequantizeOp::create(b, x, parse(i8)), "?x4", i8);
  auto table = cast<ElementsAttr>(
      parseAttribute("dense<[0, 1, 1, 0]> : tensor<4xi8>", &context));
  expect(LookupOp::create(b, value("?", "!quant.uniform<i2:f32, 0.5>"), table,
                          parse(u8)),
         "?", u8);
  expect(ResizeOp::create(b, value("?x6x5", u8), ArrayRef<int64_t>{2, 1},
                          ArrayRef<int64_t>{7, 3}, ResizeMode::Linear,
                          ResizeCoordinates::HalfPixel, ResizeRoundingAttr(),
                          parse(i8)),
         "?x3x7", i8);
  Type one = parse("!quant.uniform<u8:f32, 1.0>");
  auto dynamic = DynamicQuantizeOp::create(b, value("?x2x4", "f32"),
                                           ArrayRef<int64_t>{0, 1}, false, one);
  expect(dynamic, "?x2x4", "!quant.uniform<u8:f32, 1.0>");
  EXPECT_EQ(dynamic.getScale().getType(), tensor("?x2", "f32"));
  EXPECT_EQ(dynamic.getZeroPoint().getType(), tensor("?x2", "i32"));
  expect(DynamicQuantizeOp::create(
             b, value("4x8", "f32"), ArrayRef<int64_t>(), true,
             parse("!quant.uniform<i8<-127:127>:f32, 1.0>")),
         "4x8", "!quant.uniform<i8<-127:127>:f32, 1.0>");
}

/// What no type follows from is an error, not a crash.
TEST_F(InferTypes, Refusals) {
  SmallVector<Type> types;
  auto infer = [&](auto op, ValueRange operands) {
    using OpTy = decltype(op);
    return OpTy::inferReturnTypes(&context, std::nullopt, operands,
                                  DictionaryAttr(), OpaqueProperties(nullptr),
                                  RegionRange(), types);
  };
  Value vector = value("4", u8), matrix = value("4x4", u8);
  Value floats = value("4x4", "f32");
  EXPECT_TRUE(failed(infer(MatmulOp(), {vector, matrix})));
  EXPECT_TRUE(failed(infer(MatmulOp(), {floats, matrix})));
  EXPECT_TRUE(failed(infer(BatchMatmulOp(), {matrix, matrix})));
  EXPECT_TRUE(failed(infer(EmbeddingOp(), {vector, value("2", "i64")})));
  EXPECT_TRUE(failed(infer(ContractOp(), {matrix, matrix})));
  EXPECT_TRUE(types.empty());
}

} // namespace
