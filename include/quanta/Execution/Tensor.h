//===- Tensor.h - Tensors in the host's memory ------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_TENSOR_H
#define QUANTA_EXECUTION_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace quanta {

/// What one element of a tensor is in memory. Kinds below 8 bits take one byte
/// per element with the unused upper bits zero, which is how compiled code
/// loads and stores them.
enum class ElementKind : uint8_t {
  I1,
  I2,
  U2,
  I4,
  U4,
  I8,
  U8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F16,
  BF16,
  F32,
  F64
};

/// "u8", "f32", ...
llvm::StringRef stringifyElementKind(ElementKind kind);

/// Bytes between neighbouring elements.
size_t getElementSize(ElementKind kind);

/// Bits of a kind of integers with fewer than 8 that are stored in bytes: 2 or
/// 4, and 0 for all other kinds.
unsigned getSubByteWidth(ElementKind kind);

/// The kind of the bytes that hold integers of a kind with fewer bits: I8 or
/// U8; other kinds are their own.
ElementKind getByteKind(ElementKind kind);

/// "4x?x3xf32"; sizes equal to `dynamicSize` print as `?`.
std::string formatShape(llvm::ArrayRef<int64_t> shape, ElementKind kind);

/// The size of a dimension that is only known at run time (the value of
/// `mlir::ShapedType::kDynamic`).
inline constexpr int64_t dynamicSize = std::numeric_limits<int64_t>::min();

/// Product of the sizes times `factor`; nothing if it overflows or a size is
/// negative.
std::optional<int64_t> computeElementCount(llvm::ArrayRef<int64_t> shape,
                                           int64_t factor = 1);

/// A strided tensor in the host's memory. Either borrows its data, or owns a
/// block that `free()` releases: results of compiled code arrive as such blocks
/// and are handed on without a copy. Movable only.
class HostTensor {
public:
  using Sizes = llvm::SmallVector<int64_t, 4>;

  /// Of one dimension, without elements.
  HostTensor() = default;
  HostTensor(HostTensor &&other) noexcept { *this = std::move(other); }
  HostTensor &operator=(HostTensor &&other) noexcept;
  HostTensor(const HostTensor &) = delete;
  HostTensor &operator=(const HostTensor &) = delete;
  ~HostTensor();

  /// A row-major tensor over memory that outlives it. Compiled code only reads
  /// its arguments, so `data` may point to constant memory if the tensor is
  /// only used as an argument.
  static HostTensor borrow(ElementKind kind, llvm::ArrayRef<int64_t> shape,
                           const void *data);

  /// Same with strides, counted in elements.
  static HostTensor borrow(ElementKind kind, llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<int64_t> strides, const void *data);

  /// Takes over `allocated`, a block from `malloc`, that `data` points into.
  static HostTensor adopt(ElementKind kind, llvm::ArrayRef<int64_t> shape,
                          llvm::ArrayRef<int64_t> strides, void *allocated,
                          void *data);

  /// A new row-major tensor with uninitialized elements, aligned to 64 bytes.
  static llvm::Expected<HostTensor> allocate(ElementKind kind,
                                             llvm::ArrayRef<int64_t> shape);

  /// A new row-major tensor with the same elements.
  llvm::Expected<HostTensor> copy() const;

  /// A new row-major tensor with the same values in bytes, for a kind below 8
  /// bits.
  llvm::Expected<HostTensor> widen() const;

  ElementKind getKind() const { return kind; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  llvm::ArrayRef<int64_t> getStrides() const { return strides; }
  unsigned getRank() const { return shape.size(); }
  void *getData() const { return data; }
  template <typename T> T *getDataAs() const { return static_cast<T *>(data); }
  int64_t getNumElements() const;
  /// Bytes of the elements, whatever the strides.
  int64_t getByteSize() const {
    return getNumElements() * static_cast<int64_t>(getElementSize(kind));
  }
  /// Whether elements lie densely in row-major order.
  bool isRowMajor() const;
  bool ownsData() const { return allocated; }
  /// The block that the tensor frees; null if it borrows its data.
  void *getBlock() const { return allocated; }

  /// Gives the block away: the caller frees it. Null if the data is borrowed.
  void *release();

  /// Copies the elements in row-major order to `destination`, which holds
  /// `getByteSize()` bytes.
  void copyTo(void *destination) const;

  /// Where the data came from, for messages: a file's name, or empty.
  llvm::StringRef getOrigin() const { return origin; }
  void setOrigin(llvm::StringRef name) { origin = name.str(); }

  /// The part of dimension 0 from `begin`, `size` long, borrowed from this
  /// tensor.
  HostTensor slice(int64_t begin, int64_t size) const;

private:
  ElementKind kind = ElementKind::F32;
  Sizes shape = {0};
  Sizes strides = {1};
  void *allocated = nullptr;
  void *data = nullptr;
  std::string origin;
};

} // namespace quanta

#endif // QUANTA_EXECUTION_TENSOR_H
