//===- QuantizationPoints.h - Where a program quantizes ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_QUANTIZATIONPOINTS_H
#define QUANTA_LIB_API_QUANTIZATIONPOINTS_H

#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace quanta {

/// The function of that name; the only public one if `name` is empty.
llvm::Expected<mlir::func::FuncOp> findFunction(mlir::ModuleOp module,
                                                llvm::StringRef name);

/// Gives every `quanta.fake_quant` of an activation a name of its own, by which
/// it is found again in the quantized stage.
void namePoints(mlir::func::FuncOp function);

/// A tensor that a quantized program computes as integers.
struct QuantizationPoint {
  std::string name;
  std::string location;
  QuantParams params;
  /// Computed from sums of floats, whose order and roundings a kernel may
  /// choose.
  bool followsFloatSums = false;
};

/// What `exposePoints` finds.
struct ExposedPoints {
  std::vector<QuantizationPoint> points;
  /// For each of the function's own results, whether it follows sums of floats.
  std::vector<bool> resultFollowsFloatSums;
};

/// Makes a function of the quantized stage return the result of every
/// `quanta.quantize` and `quanta.requantize` in its body as storage, after its
/// own results and in program order.
llvm::Expected<ExposedPoints> exposePoints(mlir::func::FuncOp function);

/// A part of a function of the simulated stage that computes one quantization
/// point, or one result, from the points before it.
struct Segment {
  /// Where an argument of the segment comes from.
  struct Input {
    enum Kind { Argument, Point } kind;
    unsigned index;
  };
  std::string function;
  std::string name;
  std::string location;
  /// Index of the point that it computes; otherwise it computes a result.
  std::optional<unsigned> point;
  unsigned result = 0;
  std::vector<Input> inputs;
  /// Whether roundings that are no points follow each other in it, at ranges
  /// found at run time or in loops and branches: several layers, each of which
  /// may add a step.
  bool isChain = false;
};

/// Replaces the functions of a module of the simulated stage by the segments of
/// `function`, in program order. Results that are a point or an argument have
/// no segment.
llvm::Expected<std::vector<Segment>>
cutIntoSegments(mlir::func::FuncOp function,
                llvm::ArrayRef<QuantizationPoint> points);

} // namespace quanta

#endif // QUANTA_LIB_API_QUANTIZATIONPOINTS_H
