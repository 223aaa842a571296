//===- Sweep.h - Programs with the results they must give -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TEST_UNIT_TARGETS_SWEEP_H
#define QUANTA_TEST_UNIT_TARGETS_SWEEP_H

#include "quanta/Execution/Tensor.h"
#include "quanta/Numerics/Reference.h"
#include "quanta/Targets/Dot.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace quanta::test {

using Shape = std::vector<int64_t>;
using Random = std::mt19937;

/// The elements of a tensor, dense in row-major order.
struct Array {
  ElementKind kind;
  Shape shape;
  std::vector<char> bytes;

  /// Integers, cut to the width of `kind`.
  static Array get(ElementKind kind, Shape shape,
                   llvm::ArrayRef<int64_t> values);
  static Array get(Shape shape, llvm::ArrayRef<float> values);
  /// Part of the first dimension.
  Array rows(int64_t begin, int64_t count) const;
};

/// A call, and the bytes that the scalar reference gives for it.
struct Case {
  std::string entry;
  std::vector<Array> arguments;
  Array expected;
};

/// Many functions in one module, so that one compilation serves many shapes.
struct Sweep {
  std::string module;
  std::vector<Case> cases;
};

/// A `!quant.uniform` type: one scale and zero point, or one for each index of
/// dimension `axis`.
struct QuantType {
  ElementKind kind = ElementKind::U8;
  reference::StorageRange range = {0, 255};
  std::vector<double> scales = {1.0};
  std::vector<int32_t> zeroPoints = {0};
  int axis = -1;

  static QuantType u8(double scale, int32_t zeroPoint);
  static QuantType i8(double scale, int32_t zeroPoint);
  /// Sums of products of these two types.
  static QuantType sums(const QuantType &lhs, const QuantType &rhs, int axis);

  double exactScale(size_t channel) const {
    return scales[scales.size() == 1 ? 0 : channel];
  }
  float scale(size_t channel) const { return float(exactScale(channel)); }
  int32_t zeroPoint(size_t channel) const {
    return zeroPoints[zeroPoints.size() == 1 ? 0 : channel];
  }
  /// As MLIR text.
  std::string str() const;
};

/// `tensor<2x?xELEMENT>`; a negative size is dynamic.
std::string formatTensor(const Shape &shape, llvm::StringRef element);

int64_t countElements(const Shape &shape);

/// The signless type in which MLIR stores integers of a kind: "i4" for u4.
std::string getStorage(ElementKind kind);

/// `dense<...>` of these elements.
std::string formatDense(const Array &array);

/// A matrix whose rows (columns) are, in turn: the largest value, the smallest
/// one, both in turn, a random choice of extremes, small values, any values.
/// Products of two such matrices reach the largest sums of every length, on
/// which an instruction that saturates in between would fail.
std::vector<int64_t> makeMatrix(int64_t rows, int64_t columns, bool byColumn,
                                reference::StorageRange range, Random &random);

/// NaN, infinities, subnormal numbers, halfway cases of `type` and values all
/// over its range.
std::vector<float> makeFloats(int64_t count, const QuantType &type,
                              Random &random);

/// Layers of the quantized stage: shapes around the vectors, blocks and groups
/// of `dot`.
Sweep makeLayerSweep(const DotShape &dot);
/// The same with constant weights of 4 and 2 bits.
Sweep makeNarrowSweep(const DotShape &dot);
/// The same around registers of matrices.
Sweep makeMatrixSweep(const DotShape &dot);
/// Integer contractions in linalg with elementwise tails of many kinds.
Sweep makeLinalgSweep(const DotShape &dot);
/// Integer convolutions in the layouts of linalg, padded, with a tail.
Sweep makeConvSweep(const DotShape &dot);
/// The same around registers of matrices.
Sweep makeMatrixConvSweep(const DotShape &dot);
/// Those with weights of 4 and 2 bits, of every number of filters.
Sweep makeNarrowConvSweep(const DotShape &dot);
/// Products of two activations, and of weights in every order of dimensions.
Sweep makeProductSweep(const DotShape &dot);
/// Float activations and weights stored as integers, in every granularity.
Sweep makeStoredSweep(const DotShape &dot);
/// Contractions of f16 and bf16: weights and activations, rounded results.
Sweep makeHalfSweep(const DotShape &dot);
/// quanta.quantize, .dequantize and .requantize on all values, or a sample of
/// them where they are too many.
Sweep makeElementwiseSweep();
Sweep makeFakeQuantSweep();
/// Elementwise operations on all pairs of 8-bit values; lookups, padding,
/// concatenation and pooling.
Sweep makeFamilySweep();
/// Convolutions and batches of products under the names of layers.
Sweep makeNamedSweep();
/// Layer normalization, embeddings and resampling.
Sweep makeRowSweep();
/// quanta.dynamic_quantize: integers, scales and zero points.
Sweep makeDynamicSweep();

/// Compiles the sweep for `cpu` of `triple`, makes every call twice (all
/// tensors at the end of accessible memory, all at its start) and reports what
/// differs from the expected results. An empty triple is this machine; AArch64
/// is emulated. Skips the test if neither can be run.
void runSweep(const Sweep &sweep, llvm::StringRef triple, llvm::StringRef cpu);

/// The dot product that kernels use on a CPU.
DotShape getDotShape(llvm::StringRef triple, llvm::StringRef cpu);

/// Reports a result that differs from the expected one.
void compare(const Case &testCase, llvm::ArrayRef<int64_t> shape,
             llvm::ArrayRef<char> bytes, bool atEnd);

} // namespace quanta::test

#endif // QUANTA_TEST_UNIT_TARGETS_SWEEP_H
