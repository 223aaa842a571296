//===- TensorTest.cpp - Tensors in the host's memory ----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Tensor.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <vector>

using namespace quanta;

namespace {

TEST(HostTensor, KnowsItsLayout) {
  std::vector<float> data(24);
  auto rowMajor = HostTensor::borrow(ElementKind::F32, {2, 3, 4}, data.data());
  EXPECT_TRUE(rowMajor.isRowMajor());
  EXPECT_EQ(rowMajor.getByteSize(), 96);
  EXPECT_FALSE(rowMajor.ownsData());
  auto strided =
      HostTensor::borrow(ElementKind::F32, {2, 3}, {1, 2}, data.data());
  EXPECT_FALSE(strided.isRowMajor());
  // Strides of dimensions that are never stepped along do not count.
  EXPECT_TRUE(HostTensor::borrow(ElementKind::F32, {1, 3}, {99, 1}, data.data())
                  .isRowMajor());
  EXPECT_TRUE(HostTensor::borrow(ElementKind::F32, {0, 3}, {5, 5}, data.data())
                  .isRowMajor());
}

TEST(HostTensor, CopiesStridedDataDensely) {
  std::vector<int32_t> data = {0, 1, 2, 3, 4, 5};
  auto transposed =
      HostTensor::borrow(ElementKind::I32, {3, 2}, {1, 3}, data.data());
  llvm::Expected<HostTensor> copy = transposed.copy();
  ASSERT_TRUE(!!copy);
  EXPECT_TRUE(copy->isRowMajor());
  EXPECT_TRUE(copy->ownsData());
  std::vector<int32_t> expected = {0, 3, 1, 4, 2, 5};
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(copy->getDataAs<int32_t>()[i], expected[i]);
}

TEST(HostTensor, GivesItsBlockAway) {
  llvm::Expected<HostTensor> tensor =
      HostTensor::allocate(ElementKind::F64, {2, 2});
  ASSERT_TRUE(!!tensor);
  HostTensor moved = std::move(*tensor);
  EXPECT_FALSE(tensor->ownsData());
  void *block = moved.release();
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(moved.ownsData());
  std::free(block);
}

TEST(HostTensor, RefusesSizesThatDoNotFit) {
  EXPECT_FALSE(computeElementCount({int64_t(1) << 40, int64_t(1) << 40}));
  EXPECT_FALSE(computeElementCount({0, int64_t(1) << 40, int64_t(1) << 40}));
  EXPECT_FALSE(computeElementCount({-1}));
  EXPECT_EQ(computeElementCount({3, 0}), 0);
  llvm::Expected<HostTensor> tensor =
      HostTensor::allocate(ElementKind::F64, {int64_t(1) << 61});
  ASSERT_FALSE(!!tensor);
  EXPECT_EQ(llvm::toString(tensor.takeError()),
            "not enough memory for a tensor of 2305843009213693952xf64");
}

TEST(HostTensor, HasNoElementsByDefault) {
  HostTensor tensor;
  EXPECT_EQ(tensor.getNumElements(), 0);
  llvm::Expected<HostTensor> copy = tensor.copy();
  ASSERT_TRUE(!!copy) << llvm::toString(copy.takeError());
  EXPECT_EQ(copy->getShape(), llvm::ArrayRef<int64_t>({0}));
}

TEST(HostTensor, SlicesRows) {
  std::vector<uint8_t> data = {0, 1, 2, 3, 4, 5};
  auto tensor = HostTensor::borrow(ElementKind::U8, {3, 2}, data.data());
  HostTensor slice = tensor.slice(1, 2);
  EXPECT_EQ(slice.getShape(), llvm::ArrayRef<int64_t>({2, 2}));
  EXPECT_EQ(slice.getDataAs<uint8_t>()[0], 2);
}

} // namespace
