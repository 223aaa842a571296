//===- Convolutions.h - Recognise convolutions ------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_CONVOLUTIONS_H
#define QUANTA_LIB_TRANSFORMS_CONVOLUTIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <array>
#include <optional>

namespace quanta {

/// Whether windows are of one element each and leave none out in between: but
/// for padding, rows and columns of the image make no difference.
inline bool areWindowsPointwise(llvm::ArrayRef<int64_t> sizes,
                                llvm::ArrayRef<int64_t> strides) {
  auto isOne = [](int64_t value) { return value == 1; };
  return llvm::all_of(sizes, isOne) && llvm::all_of(strides, isOne);
}

/// A 2-D convolution or depthwise convolution without groups in any layout,
/// named or generic, known by its indexing maps:
/// `out[n, y, x, f] += in[n, y * sy + i * dy, x * sx + j * dx, c] * w[...]`.
struct Conv2D {
  /// Iterators that index the kernel's rows and columns.
  std::array<unsigned, 2> taps;
  std::array<int64_t, 2> kernel, strides, dilations;
  /// Iterator of the output channels, and of those that are summed over. They
  /// are the same one if the convolution is depthwise.
  unsigned filter, channel;
  /// Where the operands have their dimensions: image, row, column, channel.
  std::array<int64_t, 4> inputDims, outputDims;

  bool isDepthwise() const { return filter == channel; }
  bool isPointwise() const { return areWindowsPointwise(kernel, strides); }
  static bool isChannelsLast(const std::array<int64_t, 4> &dims) {
    return dims == std::array<int64_t, 4>{0, 1, 2, 3};
  }
};

/// Nothing if `op` is no such convolution of its first two inputs. Its body and
/// further inputs are not looked at.
std::optional<Conv2D> matchConv2D(mlir::linalg::LinalgOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_CONVOLUTIONS_H
