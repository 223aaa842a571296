//===- TosaBuilder.h - Operations of TOSA ---------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_TOSABUILDER_H
#define QUANTA_LIB_TRANSFORMS_TOSABUILDER_H

#include "quanta/Numerics/QuantParams.h"

#include "mlir/IR/Builders.h"

namespace quanta {

/// `multiplier * 2^-shift`: how TOSA writes the factor of a rescale.
struct TosaFactor {
  int32_t multiplier;
  int8_t shift;

  /// With a multiplier of 31 bits, to which f32 factors are exact; nothing
  /// where the shift would leave [2, 62].
  static std::optional<TosaFactor> get(double factor);
  double value() const;
};

/// Where `tosa.resize` reads along one dimension: result `o` at
/// `(o * step + offset) / scale`.
struct TosaResampling {
  int64_t scale, step, offset;

  /// How far it reads past the last of `in` elements for `out` results.
  int64_t getBorder(int64_t in, int64_t out) const {
    return (out - 1) * step - (in - 1) * scale + offset;
  }
  /// Whether the specification allows it.
  bool isLegal(int64_t in, int64_t out) const;
  /// What it reads in its mode `NEAREST_NEIGHBOR`, which rounds ties up.
  llvm::SmallVector<int64_t> getNearest(int64_t in, int64_t out) const;
  /// What reads these elements of `in`, if anything does.
  static std::optional<TosaResampling> get(llvm::ArrayRef<int64_t> nearest,
                                           int64_t in);
};

/// The elements of `values` with dimension `order[i]` as dimension `i`.
mlir::DenseElementsAttr permuteElements(mlir::DenseElementsAttr values,
                                        llvm::ArrayRef<int64_t> order);

/// Builds operations of TOSA at one place and location.
class TosaBuilder {
public:
  TosaBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::Value constant(mlir::DenseElementsAttr values);
  /// The same with a quantized element type.
  mlir::Value constant(mlir::DenseElementsAttr values, mlir::Type elementType);
  mlir::Value zeroPoint(int64_t value, unsigned width);
  mlir::Value shape(llvm::ArrayRef<int64_t> sizes);

  /// Dimension `i` of the result is `order[i]` of `value`. Constants are moved
  /// at compile time, with the dimension along which they are quantized.
  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> order);
  /// Null where more than one size is dynamic. `axis` is where the dimension
  /// goes along which a constant is quantized.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> sizes,
                      int32_t axis = 0);
  /// Constants are cut at compile time.
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<int64_t> starts,
                    llvm::ArrayRef<int64_t> sizes);

  struct Rescale {
    /// One, or one for each index of the last dimension.
    llvm::SmallVector<TosaFactor, 1> factors;
    int64_t inputZeroPoint = 0, outputZeroPoint = 0;
    bool inputUnsigned = false, outputUnsigned = false;
  };
  mlir::Value rescale(mlir::Value value, mlir::Type elementType,
                      const Rescale &options);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_TOSABUILDER_H
