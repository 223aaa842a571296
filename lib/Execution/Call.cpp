//===- Call.cpp - Calls of compiled functions -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Executable.h"

#include "Assertion.h"

#include "llvm/ADT/STLExtras.h"

#include <cstdlib>

using namespace llvm;

namespace quanta {

/// The pointer that compiled code puts where memory is a constant of the module
/// and nobody may free it.
static constexpr uintptr_t constantMarker = 0xdeadbeef;

/// Compiled code counts elements, and bytes, in 64 bits. Only an array that
/// holds nothing can have such a size.
static constexpr int64_t sizeLimit = int64_t(1) << 43;

static Error argumentError(const Signature &signature, size_t index,
                           const HostTensor &argument) {
  const ValueType &expected = signature.inputs[index];
  std::string prefix = describeArgument(signature, index, argument) + ": ";
  if (!expected.accepts(argument.getKind()))
    return createStringError(
        prefix + "expected elements of type " +
        stringifyElementKind(expected.kind) + " (" + expected.text + "), got " +
        formatShape(argument.getShape(), argument.getKind()));
  if (expected.shape.size() != argument.getRank())
    return createStringError(
        prefix + "expected rank " + Twine(expected.shape.size()) + " (" +
        expected.text + "), got " +
        formatShape(argument.getShape(), argument.getKind()));
  // The leading size last: where it alone is wrong, batches might be meant.
  for (size_t i = 1, rank = expected.shape.size(); i <= rank; ++i) {
    size_t dim = i % rank;
    int64_t size = expected.shape[dim];
    if (size != dynamicSize && size != argument.getShape()[dim])
      return createStringError(
          prefix + "expected size " + Twine(size) + " in dimension " +
          Twine(dim) + " (" + expected.text + "), got " +
          formatShape(argument.getShape(), argument.getKind()));
  }
  for (int64_t size : argument.getShape())
    if (size < 0)
      return createStringError(prefix + "a size of " + Twine(size) +
                               " is negative");
    else if (size >= sizeLimit)
      return createStringError(prefix + "a size of " + Twine(size) +
                               " is more than memory can hold");
  if (!argument.isRowMajor())
    return createStringError(prefix +
                             "the elements are not dense in row-major order");
  if (!argument.getData())
    return createStringError(prefix + "it has elements, but no data");
  return createStringError(prefix + "the data are not aligned to " +
                           Twine(getElementSize(argument.getKind())) +
                           " bytes");
}

/// Whether the argument can be passed; the error is found out only if not.
static bool matches(const ValueType &expected, const HostTensor &argument) {
  if (!expected.accepts(argument.getKind()) ||
      expected.shape.size() != argument.getRank())
    return false;
  for (size_t dim = 0, rank = expected.shape.size(); dim < rank; ++dim)
    if (argument.getShape()[dim] < 0 || argument.getShape()[dim] >= sizeLimit ||
        (expected.shape[dim] != dynamicSize &&
         expected.shape[dim] != argument.getShape()[dim]))
      return false;
  return argument.isRowMajor() &&
         (argument.getData() || argument.getNumElements() == 0) &&
         reinterpret_cast<uintptr_t>(argument.getData()) %
                 getElementSize(argument.getKind()) ==
             0;
}

/// Bytes in place of integers of fewer bits must hold such.
static Error checkBytes(const Signature &signature, size_t index,
                        const HostTensor &argument) {
  ElementKind kind = signature.inputs[index].kind;
  if (argument.getKind() == kind)
    return Error::success();
  bool isSigned = argument.getKind() == ElementKind::I8;
  int most = (1 << (getSubByteWidth(kind) - isSigned)) - 1;
  int least = isSigned ? -most - 1 : 0;
  for (int64_t i = 0, e = argument.getNumElements(); i < e; ++i) {
    int value = isSigned ? argument.getDataAs<int8_t>()[i]
                         : argument.getDataAs<uint8_t>()[i];
    if (value < least || value > most)
      return createStringError(describeArgument(signature, index, argument) +
                               ": element " + Twine(i) + " is " + Twine(value) +
                               ", and " + signature.inputs[index].text +
                               " holds values from " + Twine(least) + " to " +
                               Twine(most));
  }
  return Error::success();
}

Error Executable::checkArguments(const Entry &entry,
                                 ArrayRef<HostTensor> arguments) const {
  const Signature &signature = entry.signature;
  if (arguments.size() != signature.inputs.size())
    return createStringError(
        "'" + signature.name + "' takes " + Twine(signature.inputs.size()) +
        (signature.inputs.size() == 1 ? " argument, got "
                                      : " arguments, got ") +
        Twine(arguments.size()));
  for (size_t i = 0, e = arguments.size(); i < e; ++i)
    if (!matches(signature.inputs[i], arguments[i]))
      return argumentError(signature, i, arguments[i]);
  for (size_t i = 0, e = arguments.size(); i < e; ++i)
    if (getSubByteWidth(signature.inputs[i].kind))
      if (Error error = checkBytes(signature, i, arguments[i]))
        return error;
  return Error::success();
}

static int64_t *writeDescriptor(int64_t *words, const HostTensor &tensor) {
  int64_t data = reinterpret_cast<int64_t>(tensor.getData());
  *words++ = data;
  *words++ = data;
  *words++ = 0;
  words = std::copy(tensor.getShape().begin(), tensor.getShape().end(), words);
  return std::copy(tensor.getStrides().begin(), tensor.getStrides().end(),
                   words);
}

namespace {
/// The descriptor of a result.
struct Descriptor {
  void *block;
  void *data;
  ArrayRef<int64_t> sizes;
  ArrayRef<int64_t> strides;
};
} // namespace

static Descriptor readDescriptor(const ValueType &type, const char *bytes) {
  const auto *words = reinterpret_cast<const int64_t *>(bytes);
  int64_t offset = words[2] * static_cast<int64_t>(getElementSize(type.kind));
  size_t rank = type.shape.size();
  return {reinterpret_cast<void *>(words[0]),
          reinterpret_cast<char *>(words[1]) + offset,
          ArrayRef(words + 3, rank), ArrayRef(words + 3 + rank, rank)};
}

/// Takes the results over. A program may return a constant, one of its
/// arguments or the same memory twice: such results are copied, so that every
/// result owns its memory.
static Error takeResults(const Signature &signature, ArrayRef<unsigned> offsets,
                         const char *bytes, ArrayRef<HostTensor> arguments,
                         SmallVectorImpl<HostTensor> &results) {
  bool shared = false;
  for (auto [type, offset] : zip_equal(signature.results, offsets)) {
    if (type.isScalar) {
      HostTensor value = HostTensor::borrow(type.kind, {}, bytes + offset);
      results.push_back(std::move(value));
      shared = true;
      continue;
    }
    Descriptor descriptor = readDescriptor(type, bytes + offset);
    auto isSame = [&](const HostTensor &tensor) {
      return tensor.getBlock() == descriptor.block;
    };
    auto isPassed = [&](const HostTensor &tensor) {
      return tensor.getData() == descriptor.block;
    };
    bool owned =
        reinterpret_cast<uintptr_t>(descriptor.block) != constantMarker &&
        none_of(results, isSame) && none_of(arguments, isPassed);
    shared |= !owned;
    results.push_back(
        HostTensor::adopt(type.kind, descriptor.sizes, descriptor.strides,
                          owned ? descriptor.block : nullptr, descriptor.data));
  }
  if (!shared)
    return Error::success();
  for (HostTensor &result : results) {
    if (result.ownsData())
      continue;
    Expected<HostTensor> copy = result.copy();
    if (!copy)
      return copy.takeError();
    result = std::move(*copy);
  }
  return Error::success();
}

Error Executable::call(const Entry &entry, ArrayRef<HostTensor> arguments,
                       SmallVectorImpl<HostTensor> &results) const {
  results.clear();
  if (Error error = checkArguments(entry, arguments))
    return error;
  const Signature &signature = entry.signature;

  // Descriptors live here for the time of the call: arguments, then results.
  SmallVector<int64_t, 64> frame((entry.inputBytes + entry.resultBytes + 7) /
                                 sizeof(int64_t));
  int64_t *words = frame.data();
  void *resultFrame = words + entry.inputBytes / sizeof(int64_t);
  SmallVector<void *, 16> pointers;
  if (signature.returnsThroughPointer())
    pointers.push_back(resultFrame);
  for (auto [type, argument] : zip_equal(signature.inputs, arguments)) {
    if (type.isScalar) {
      pointers.push_back(argument.getData());
      continue;
    }
    pointers.push_back(words);
    words = writeDescriptor(words, argument);
  }
  // A scalar result is stored after the arguments.
  pointers.push_back(resultFrame);
  if (Error error = callChecked(entry.packed, pointers.data()))
    return error;
  return takeResults(signature, entry.resultOffsets,
                     static_cast<const char *>(resultFrame), arguments,
                     results);
}

Expected<SmallVector<HostTensor>>
Executable::callDense(StringRef name, ArrayRef<HostTensor> arguments) const {
  Expected<const Entry *> entry = getEntry(name);
  if (!entry)
    return entry.takeError();
  SmallVector<HostTensor> results;
  if (Error error = call(**entry, arguments, results))
    return error;
  for (HostTensor &result : results) {
    if (result.isRowMajor())
      continue;
    Expected<HostTensor> dense = result.copy();
    if (!dense)
      return dense.takeError();
    result = std::move(*dense);
  }
  return results;
}

} // namespace quanta
