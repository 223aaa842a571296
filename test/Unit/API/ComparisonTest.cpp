//===- ComparisonTest.cpp - Differences between tensors -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../../lib/API/Comparison.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace quanta;

namespace {

class ComparisonTest : public testing::Test {
protected:
  ComparisonTest() { context.loadDialect<mlir::quant::QuantDialect>(); }

  QuantParams getParams(bool isSigned, unsigned width, double scale,
                        int64_t zeroPoint) {
    return *QuantParams::get(mlir::quant::UniformQuantizedType::get(
        isSigned, mlir::IntegerType::get(&context, width),
        mlir::Float32Type::get(&context), scale, zeroPoint,
        isSigned ? -(1 << (width - 1)) : 0,
        isSigned ? (1 << (width - 1)) - 1 : (1 << width) - 1));
  }

  mlir::MLIRContext context;
};

TEST_F(ComparisonTest, ReadsStorageWithTheSignOfTheType) {
  uint8_t bytes[] = {0xFF, 0x0F, 0x08, 0x7F};
  auto tensor = HostTensor::borrow(ElementKind::I8, {4}, bytes);
  EXPECT_EQ(readStorage(tensor, getParams(false, 8, 1, 0), 0), 255);
  EXPECT_EQ(readStorage(tensor, getParams(true, 8, 1, 0), 0), -1);
  auto nibbles = HostTensor::borrow(ElementKind::I4, {4}, bytes);
  EXPECT_EQ(readStorage(nibbles, getParams(true, 4, 1, 0), 1), -1);
  EXPECT_EQ(readStorage(nibbles, getParams(true, 4, 1, 0), 2), -8);
  EXPECT_EQ(readStorage(nibbles, getParams(false, 4, 1, 0), 2), 8);
}

TEST_F(ComparisonTest, DequantizesByTheContract) {
  uint8_t bytes[] = {0, 3, 255};
  auto tensor = HostTensor::borrow(ElementKind::I8, {3}, bytes);
  llvm::Expected<HostTensor> values =
      dequantize(tensor, getParams(false, 8, 0.5, 3));
  ASSERT_TRUE(!!values);
  EXPECT_EQ(values->getDataAs<float>()[0], -1.5f);
  EXPECT_EQ(values->getDataAs<float>()[1], 0.0f);
  EXPECT_EQ(values->getDataAs<float>()[2], 126.0f);
}

TEST_F(ComparisonTest, FindsTheFirstMismatch) {
  float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 2, 3, 4, 5, 6};
  auto left = HostTensor::borrow(ElementKind::F32, {2, 3}, a);
  auto right = HostTensor::borrow(ElementKind::F32, {2, 3}, b);
  EXPECT_FALSE(findMismatch(left, right));
  b[4] = std::nextafter(b[4], 9.0f);
  b[5] = -1;
  ASSERT_EQ(findMismatch(left, right), 4);
  EXPECT_EQ(formatIndex(left, 4), "(1, 1)");
  // Equal values are not equal bits.
  float zeros[] = {0.0f}, negativeZeros[] = {-0.0f};
  EXPECT_EQ(
      findMismatch(HostTensor::borrow(ElementKind::F32, {1}, zeros),
                   HostTensor::borrow(ElementKind::F32, {1}, negativeZeros)),
      0);
  EXPECT_EQ(findMismatch(left, HostTensor::borrow(ElementKind::F32, {6}, a)),
            0);
}

TEST_F(ComparisonTest, MeasuresFloatDifferences) {
  float a[] = {3, 4, INFINITY, NAN}, b[] = {3, 4, INFINITY, NAN};
  FloatDifference same;
  same.add(HostTensor::borrow(ElementKind::F32, {4}, a),
           HostTensor::borrow(ElementKind::F32, {4}, b));
  EXPECT_EQ(same.str(), "max |difference| 0, equal");
  float c[] = {3.5, 4};
  FloatDifference other;
  other.add(HostTensor::borrow(ElementKind::F32, {2}, a),
            HostTensor::borrow(ElementKind::F32, {2}, c));
  EXPECT_EQ(other.str(), "max |difference| 0.5, SQNR 20.0 dB");
}

TEST_F(ComparisonTest, ReadsHalfPrecision) {
  uint16_t half[] = {0x3C00}, brain[] = {0x3FC0};
  EXPECT_EQ(readElement(HostTensor::borrow(ElementKind::F16, {1}, half), 0),
            1.0);
  EXPECT_EQ(readElement(HostTensor::borrow(ElementKind::BF16, {1}, brain), 0),
            1.5);
}

} // namespace
