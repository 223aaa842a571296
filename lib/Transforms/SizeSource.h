//===- SizeSource.h - Where the sizes of tensors come from ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_SIZESOURCE_H
#define QUANTA_LIB_TRANSFORMS_SIZESOURCE_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

#include <tuple>

namespace quanta {

/// Where a size comes from: a constant, a scalar, or a dimension of a tensor
/// that nothing is known of. What has the same source has the same size.
struct SizeSource {
  /// The constant, or dynamic.
  int64_t size;
  /// The scalar or tensor, and the tensor's dimension.
  mlir::Value value;
  int64_t dim;

  static SizeSource of(int64_t constant) { return {constant, {}, 0}; }
  static SizeSource of(mlir::Value scalar);
  static SizeSource of(mlir::Value tensor, int64_t dim);

  /// Whether it is a scalar.
  bool isData() const { return value && dim < 0; }
  /// The size at run time.
  mlir::Value build(mlir::OpBuilder &b, mlir::Location loc) const;

  bool operator==(const SizeSource &other) const {
    return getKey() == other.getKey();
  }
  bool operator<(const SizeSource &other) const {
    return getKey() < other.getKey();
  }

private:
  std::tuple<int64_t, void *, int64_t> getKey() const {
    return {size, value.getAsOpaquePointer(), dim};
  }
};

/// Finds the sources of sizes, and remembers them.
class SizeFinder {
public:
  SizeSource get(mlir::Value tensor, int64_t dim);
  SizeSource get(mlir::OpFoldResult size);

private:
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, SizeSource> sources;

  SizeSource find(mlir::Value tensor, int64_t dim);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_SIZESOURCE_H
