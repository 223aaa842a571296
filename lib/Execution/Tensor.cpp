//===- Tensor.cpp - Tensors in the host's memory --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace quanta {

namespace {
struct KindInfo {
  const char *name;
  uint8_t size;
};
} // namespace

/// Indexed by ElementKind.
static constexpr KindInfo kindInfos[] = {
    {"i1", 1},  {"i2", 1},  {"u2", 1},   {"i4", 1},  {"u4", 1},  {"i8", 1},
    {"u8", 1},  {"i16", 2}, {"u16", 2},  {"i32", 4}, {"u32", 4}, {"i64", 8},
    {"u64", 8}, {"f16", 2}, {"bf16", 2}, {"f32", 4}, {"f64", 8},
};

StringRef stringifyElementKind(ElementKind kind) {
  return kindInfos[static_cast<unsigned>(kind)].name;
}

size_t getElementSize(ElementKind kind) {
  return kindInfos[static_cast<unsigned>(kind)].size;
}

unsigned getSubByteWidth(ElementKind kind) {
  switch (kind) {
  case ElementKind::I2:
  case ElementKind::U2:
    return 2;
  case ElementKind::I4:
  case ElementKind::U4:
    return 4;
  default:
    return 0;
  }
}

ElementKind getByteKind(ElementKind kind) {
  if (!getSubByteWidth(kind))
    return kind;
  return kind == ElementKind::I2 || kind == ElementKind::I4 ? ElementKind::I8
                                                            : ElementKind::U8;
}

std::string formatShape(ArrayRef<int64_t> shape, ElementKind kind) {
  std::string text;
  for (int64_t size : shape)
    text += (size == dynamicSize ? "?" : std::to_string(size)) + "x";
  return text + stringifyElementKind(kind).str();
}

std::optional<int64_t> computeElementCount(ArrayRef<int64_t> shape,
                                           int64_t factor) {
  // Sizes beside a zero must not overflow either: strides are their products.
  int64_t count = factor;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0 || MulOverflow(count, std::max<int64_t>(size, 1), count))
      return std::nullopt;
    empty |= size == 0;
  }
  return empty ? 0 : count;
}

static HostTensor::Sizes rowMajorStrides(ArrayRef<int64_t> shape) {
  HostTensor::Sizes strides(shape.size());
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride *= std::max<int64_t>(shape[dim], 1);
  }
  return strides;
}

HostTensor &HostTensor::operator=(HostTensor &&other) noexcept {
  if (this == &other)
    return *this;
  std::free(allocated);
  kind = other.kind;
  shape = std::move(other.shape);
  strides = std::move(other.strides);
  allocated = std::exchange(other.allocated, nullptr);
  data = std::exchange(other.data, nullptr);
  origin = std::move(other.origin);
  return *this;
}

HostTensor::~HostTensor() { std::free(allocated); }

HostTensor HostTensor::borrow(ElementKind kind, ArrayRef<int64_t> shape,
                              const void *data) {
  return borrow(kind, shape, rowMajorStrides(shape), data);
}

HostTensor HostTensor::borrow(ElementKind kind, ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> strides, const void *data) {
  return adopt(kind, shape, strides, nullptr, const_cast<void *>(data));
}

HostTensor HostTensor::adopt(ElementKind kind, ArrayRef<int64_t> shape,
                             ArrayRef<int64_t> strides, void *allocated,
                             void *data) {
  HostTensor tensor;
  tensor.kind = kind;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.strides.assign(strides.begin(), strides.end());
  tensor.allocated = allocated;
  tensor.data = data;
  return tensor;
}

Expected<HostTensor> HostTensor::allocate(ElementKind kind,
                                          ArrayRef<int64_t> shape) {
  std::optional<int64_t> bytes =
      computeElementCount(shape, getElementSize(kind));
  void *block = nullptr;
  // At least one byte: an empty tensor has a valid pointer too.
  if (!bytes || posix_memalign(&block, 64, std::max<int64_t>(*bytes, 1)) != 0)
    return createStringError("not enough memory for a tensor of " +
                             formatShape(shape, kind));
  return adopt(kind, shape, rowMajorStrides(shape), block, block);
}

Expected<HostTensor> HostTensor::copy() const {
  Expected<HostTensor> result = allocate(kind, shape);
  if (result)
    copyTo(result->data);
  return result;
}

Expected<HostTensor> HostTensor::widen() const {
  ElementKind byteKind = getByteKind(kind);
  unsigned shift = 8 - getSubByteWidth(kind);
  Expected<HostTensor> result = allocate(byteKind, shape);
  if (!result)
    return result;
  copyTo(result->getData());
  for (int64_t i = 0, e = getNumElements(); i < e; ++i) {
    uint8_t &value = result->getDataAs<uint8_t>()[i];
    value <<= shift;
    value = byteKind == ElementKind::I8 ? static_cast<int8_t>(value) >> shift
                                        : value >> shift;
  }
  return result;
}

int64_t HostTensor::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

bool HostTensor::isRowMajor() const {
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    // The stride of a dimension of size 1 is never used.
    if (shape[dim] > 1 && strides[dim] != stride)
      return getNumElements() == 0;
    stride *= shape[dim];
  }
  return true;
}

void *HostTensor::release() {
  data = nullptr;
  return std::exchange(allocated, nullptr);
}

static char *copyDimension(const HostTensor &tensor, unsigned dim,
                           const char *source, char *destination) {
  size_t elementSize = getElementSize(tensor.getKind());
  if (dim == tensor.getRank()) {
    std::memcpy(destination, source, elementSize);
    return destination + elementSize;
  }
  int64_t step = tensor.getStrides()[dim] * static_cast<int64_t>(elementSize);
  for (int64_t i = 0; i < tensor.getShape()[dim]; ++i)
    destination =
        copyDimension(tensor, dim + 1, source + i * step, destination);
  return destination;
}

void HostTensor::copyTo(void *destination) const {
  if (getNumElements() == 0)
    return;
  if (isRowMajor())
    std::memcpy(destination, data, getByteSize());
  else
    copyDimension(*this, 0, getDataAs<char>(),
                  static_cast<char *>(destination));
}

HostTensor HostTensor::slice(int64_t begin, int64_t size) const {
  int64_t offset =
      begin * strides.front() * static_cast<int64_t>(getElementSize(kind));
  HostTensor result = borrow(kind, shape, strides, getDataAs<char>() + offset);
  result.shape.front() = size;
  result.origin = origin;
  return result;
}

} // namespace quanta
