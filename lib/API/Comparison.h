//===- Comparison.h - Differences between tensors ---------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_COMPARISON_H
#define QUANTA_LIB_API_COMPARISON_H

#include "quanta/Execution/Tensor.h"
#include "quanta/Numerics/QuantParams.h"

#include <algorithm>
#include <optional>
#include <string>

namespace quanta {

// All tensors here are row-major, and elements are counted in that order.

/// Whether elements are floating-point numbers.
bool isFloat(const HostTensor &tensor);

/// An element as f64.
double readElement(const HostTensor &tensor, int64_t index);

/// An element of quantized storage, whose sign the type knows.
int64_t readStorage(const HostTensor &tensor, const QuantParams &params,
                    int64_t index);

/// "(0, 3)"
std::string formatIndex(const HostTensor &tensor, int64_t index);

/// The values that quantized storage stands for, as f32.
llvm::Expected<HostTensor> dequantize(const HostTensor &storage,
                                      const QuantParams &params);

/// The first element whose bytes differ. The tensors have the same kind;
/// tensors of different shapes differ at element 0.
std::optional<int64_t> findMismatch(const HostTensor &a, const HostTensor &b);

/// How far float tensors are apart, over any number of pairs.
struct FloatDifference {
  double maxAbs = 0;
  double signal = 0;
  double noise = 0;

  void add(const HostTensor &reference, const HostTensor &other);
  /// "max |difference| 0.012, SQNR 41.3 dB"
  std::string str() const;
};

} // namespace quanta

#endif // QUANTA_LIB_API_COMPARISON_H
