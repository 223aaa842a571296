//===- Comparison.cpp - Differences between tensors -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstring>

using namespace llvm;

namespace quanta {

bool isFloat(const HostTensor &tensor) {
  return tensor.getKind() >= ElementKind::F16;
}

static double readHalf(const fltSemantics &semantics, uint16_t bits) {
  APFloat value(semantics, APInt(16, bits));
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

double readElement(const HostTensor &tensor, int64_t index) {
  switch (tensor.getKind()) {
  case ElementKind::I1:
  case ElementKind::U2:
  case ElementKind::U4:
  case ElementKind::U8:
    return tensor.getDataAs<uint8_t>()[index];
  case ElementKind::I2:
    return SignExtend64<2>(tensor.getDataAs<uint8_t>()[index]);
  case ElementKind::I4:
    return SignExtend64<4>(tensor.getDataAs<uint8_t>()[index]);
  case ElementKind::I8:
    return tensor.getDataAs<int8_t>()[index];
  case ElementKind::I16:
    return tensor.getDataAs<int16_t>()[index];
  case ElementKind::U16:
    return tensor.getDataAs<uint16_t>()[index];
  case ElementKind::I32:
    return tensor.getDataAs<int32_t>()[index];
  case ElementKind::U32:
    return tensor.getDataAs<uint32_t>()[index];
  case ElementKind::I64:
    return static_cast<double>(tensor.getDataAs<int64_t>()[index]);
  case ElementKind::U64:
    return static_cast<double>(tensor.getDataAs<uint64_t>()[index]);
  case ElementKind::F16:
    return readHalf(APFloat::IEEEhalf(), tensor.getDataAs<uint16_t>()[index]);
  case ElementKind::BF16:
    return readHalf(APFloat::BFloat(), tensor.getDataAs<uint16_t>()[index]);
  case ElementKind::F32:
    return tensor.getDataAs<float>()[index];
  case ElementKind::F64:
    return tensor.getDataAs<double>()[index];
  }
  return 0;
}

int64_t readStorage(const HostTensor &tensor, const QuantParams &params,
                    int64_t index) {
  uint64_t bits = 0;
  std::memcpy(&bits,
              tensor.getDataAs<char>() +
                  index * getElementSize(tensor.getKind()),
              getElementSize(tensor.getKind()));
  unsigned width = params.storageWidth();
  bits &= maskTrailingOnes<uint64_t>(width);
  return params.isSigned() ? SignExtend64(bits, width)
                           : static_cast<int64_t>(bits);
}

std::string formatIndex(const HostTensor &tensor, int64_t index) {
  std::string text;
  for (size_t dim = tensor.getRank(); dim-- > 0;) {
    int64_t size = std::max<int64_t>(tensor.getShape()[dim], 1);
    text = std::to_string(index % size) + (text.empty() ? "" : ", ") + text;
    index /= size;
  }
  return "(" + text + ")";
}

Expected<HostTensor> dequantize(const HostTensor &storage,
                                const QuantParams &params) {
  Expected<HostTensor> result =
      HostTensor::allocate(ElementKind::F32, storage.getShape());
  if (!result)
    return result;
  for (int64_t i = 0, e = storage.getNumElements(); i < e; ++i) {
    size_t channel = params.getChannel(storage.getShape(), i);
    result->getDataAs<float>()[i] =
        reference::dequantize(readStorage(storage, params, i),
                              params.scale(channel), params.zeroPoint(channel));
  }
  return result;
}

std::optional<int64_t> findMismatch(const HostTensor &a, const HostTensor &b) {
  if (a.getShape() != b.getShape())
    return 0;
  size_t size = getElementSize(a.getKind());
  // Comparing nothing: null pointers are not for memcmp.
  if (a.getNumElements() == 0 ||
      std::memcmp(a.getData(), b.getData(), a.getByteSize()) == 0)
    return std::nullopt;
  int64_t index = 0;
  while (std::memcmp(a.getDataAs<char>() + index * size,
                     b.getDataAs<char>() + index * size, size) == 0)
    ++index;
  return index;
}

void FloatDifference::add(const HostTensor &reference,
                          const HostTensor &other) {
  if (reference.getShape() != other.getShape()) {
    maxAbs = INFINITY;
    return;
  }
  for (int64_t i = 0, e = reference.getNumElements(); i < e; ++i) {
    double expected = readElement(reference, i);
    double difference = readElement(other, i) - expected;
    // Infinities and NaNs that agree are no difference.
    if (std::memcmp(reference.getDataAs<char>() +
                        i * getElementSize(reference.getKind()),
                    other.getDataAs<char>() +
                        i * getElementSize(reference.getKind()),
                    getElementSize(reference.getKind())) == 0)
      difference = 0;
    if (std::isnan(difference))
      difference = INFINITY;
    maxAbs = std::max(maxAbs, std::abs(difference));
    signal += expected * expected;
    noise += difference * difference;
  }
}

std::string FloatDifference::str() const {
  std::string text;
  raw_string_ostream os(text);
  os << "max |difference| " << format("%.4g", maxAbs);
  if (noise == 0)
    os << ", equal";
  else
    os << ", SQNR " << format("%.1f", 10 * std::log10(signal / noise)) << " dB";
  return text;
}

} // namespace quanta
