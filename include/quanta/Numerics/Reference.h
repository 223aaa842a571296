//===- Reference.h - Scalar reference of the numerics contract *- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_NUMERICS_REFERENCE_H
#define QUANTA_NUMERICS_REFERENCE_H

#include <cstdint>

/// The formulas of the numerics contract (documentation of the quanta dialect)
/// one element at a time, in plain C++. Every other path is tested against it.
namespace quanta::reference {

/// Smallest and largest stored integer of a quantized type.
struct StorageRange {
  int32_t min;
  int32_t max;
};

/// Rule 2. ONNX QuantizeLinear (opset 21), with NaN defined as `range.min`.
int32_t quantize(float x, float scale, int32_t zeroPoint, StorageRange range);

/// Rule 3. ONNX DequantizeLinear (opset 21).
float dequantize(int32_t q, float scale, int32_t zeroPoint);

/// Rule 4's multiplier: `scaleIn / scaleOut` in f64, rounded once, and at most
/// the largest finite f32.
float requantizeMultiplier(double scaleIn, double scaleOut);

/// Rule 4. `range` is the result's storage range, or the clamp within it.
int32_t requantize(int32_t q, int32_t zeroPointIn, float multiplier,
                   int32_t zeroPointOut, StorageRange range);

/// Rule 5's bias. False if the result does not fit i32.
bool quantizeBias(float bias, double accumulatorScale, int32_t &result);

/// Rule 6.
float fakeQuantize(float x, float scale, int32_t zeroPoint, StorageRange range);

/// Scale and zero point of a row found at run time.
struct DynamicRange {
  float scale;
  int32_t zeroPoint;
};

/// Rule 7: the parameters of a row of `count` elements. `zeroPoint` is that of
/// the type where `isSymmetric`, otherwise it is computed.
DynamicRange chooseDynamicRange(const float *row, int64_t count,
                                StorageRange range, int32_t zeroPoint,
                                bool isSymmetric);

/// Rule 5: `acc[m, n] = bias[n] + sum_k (lhs[m, k] - lhsZeroPoint) * rhs[k, n]`
/// on row-major matrices, modulo 2^32. `Lhs` and `Rhs` are 8-bit integers;
/// `bias` may be null.
template <typename Lhs, typename Rhs>
void matmul(const Lhs *lhs, int32_t lhsZeroPoint, const Rhs *rhs,
            const int32_t *bias, int64_t m, int64_t n, int64_t k,
            int32_t *result) {
  for (int64_t row = 0; row < m; ++row)
    for (int64_t col = 0; col < n; ++col) {
      uint32_t sum = bias ? static_cast<uint32_t>(bias[col]) : 0;
      for (int64_t i = 0; i < k; ++i)
        sum += static_cast<uint32_t>(
            (static_cast<int32_t>(lhs[row * k + i]) - lhsZeroPoint) *
            static_cast<int32_t>(rhs[i * n + col]));
      result[row * n + col] = static_cast<int32_t>(sum);
    }
}

/// Rule 10: the nearest value of IEEE 754 binary16, and of bfloat16, of which
/// two to the even one, as f32.
float roundToF16(float x);
float roundToBF16(float x);

/// Rule 9: `acc` and the product of `x` and a dequantized weight, rounded once.
float addStoredProduct(float x, int32_t q, float scale, int32_t zeroPoint,
                       float acc);

} // namespace quanta::reference

#endif // QUANTA_NUMERICS_REFERENCE_H
