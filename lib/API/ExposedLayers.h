//===- ExposedLayers.h - Tensors that an analysis looks at ------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_EXPOSEDLAYERS_H
#define QUANTA_LIB_API_EXPOSEDLAYERS_H

#include "quanta/API/Analysis.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <vector>

namespace quanta {

/// The weights that a channel of an activation meets: sums of squares.
struct MetWeights {
  double power = 0, noise = 0;
};

/// Where the figures of an activation come from: results of the simulated
/// program that are its value before and after rounding.
struct ExposedOperand {
  unsigned before, after;
  /// For a range known at compile time.
  std::optional<QuantParams> params;
  bool isFloat = false;
  /// For each index of dimension `axis`; the only one where channels are not
  /// told apart.
  std::vector<MetWeights> met = {};
  int64_t axis = 0;
};

struct ExposedLayer {
  std::optional<unsigned> result;
  std::vector<std::optional<ExposedOperand>> operands;
};

/// Makes a function return more of its values.
class Exposer {
public:
  explicit Exposer(mlir::func::FuncOp function);
  /// Number of the value among the results; nothing for one that cannot be
  /// returned.
  std::optional<unsigned> add(mlir::Value value);
  /// Changes the function. To be called once, after everything was added.
  void finish();

private:
  mlir::func::FuncOp function;
  mlir::func::ReturnOp terminator;
  llvm::SmallVector<mlir::Value> results;
};

/// Exposes, at the simulated stage, the results of all layers of `function` and
/// what their operands lose to rounding: contractions first, then what else
/// computes in 16 bits. Adds their figures, without numbers but for weights.
std::vector<ExposedLayer> exposeLayers(mlir::func::FuncOp function,
                                       Exposer &exposer, Analysis &analysis);

/// Compares a result of the program with that of the float program.
void addResult(ResultFigures &figures, const HostTensor &reference,
               const HostTensor &value);
/// Compares an activation before and after it was rounded.
void addOperand(OperandFigures &figures, const ExposedOperand &exposed,
                const HostTensor &before, const HostTensor &after);
/// Error of a constant weight.
void addWeight(OperandFigures &figures, FakeQuantOp op);

} // namespace quanta

#endif // QUANTA_LIB_API_EXPOSEDLAYERS_H
