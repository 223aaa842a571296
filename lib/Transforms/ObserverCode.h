//===- ObserverCode.h - The code of observers -------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_OBSERVERCODE_H
#define QUANTA_LIB_TRANSFORMS_OBSERVERCODE_H

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace quanta {

/// Builds the code of one observer at its place: the update of its state, see
/// `observer_state`.
class ObserverCode {
public:
  ObserverCode(ObserveOp op, mlir::MemRefType stateType,
               llvm::StringRef symbol);

  void build();

private:
  mlir::OpBuilder builder;
  mlir::Location loc;
  ObserveOp op;
  mlir::TypedValue<mlir::RankedTensorType> input;
  mlir::Value state;

  /// What one batch holds, as f64.
  struct Batch {
    mlir::Value elements, min, max, nans, infs;
    /// Whether it has finite values, as i1.
    mlir::Value hasFinite;
  };
  Batch reduce();
  mlir::Value buildElementCount();

  void updateMinMax(const Batch &batch);
  void updateMovingAverage(const Batch &batch);
  void updateChannels();
  void updateHistogram(const Batch &batch);
  /// Merges neighbouring bins until they are as wide as they must be.
  mlir::Value widenBins(mlir::Value min, mlir::Value max);
  void rebin(mlir::Value oldWidth, mlir::Value newWidth);
  void countElements(mlir::Value width);
  /// Counts a finite element, `position` bins away from zero, in its channel.
  void countInChannel(mlir::Value channel, mlir::Value x, mlir::Value position);
  /// Moves counts to the octaves of wider bins.
  void shiftOctaves(mlir::Value oldWidth, mlir::Value newWidth);
  /// Where a count of a channel lies.
  mlir::Value octaveAt(mlir::Value channel, mlir::Value octave);
  /// `floor(log2(|value|))` of a normal f64; of zero, -1023.
  mlir::Value exponentOf(mlir::Value value);

  /// `average`, moved by one batch; the first batch replaces it.
  mlir::Value average(mlir::Value isFirst, mlir::Value average,
                      mlir::Value seen);
  /// Whether a value is neither NaN nor infinite.
  mlir::Value isFinite(mlir::Value value);

  mlir::Value constant(double value);
  mlir::Value index(int64_t value);
  mlir::Value load(mlir::Value at);
  void store(mlir::Value value, mlir::Value at);
  mlir::Value load(int64_t at) { return load(index(at)); }
  void store(mlir::Value value, int64_t at) { store(value, index(at)); }
  template <typename CombineOp>
  void combine(mlir::Value value, mlir::Value at) {
    store(CombineOp::create(builder, loc, load(at), value), at);
  }
  void add(int64_t at, mlir::Value value) {
    combine<mlir::arith::AddFOp>(value, index(at));
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a,
                      mlir::Value b) {
    return mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) {
    return mlir::arith::SelectOp::create(builder, loc, condition, a, b);
  }
  /// `floor(a / b)` of two f64.
  mlir::Value floorDivide(mlir::Value a, mlir::Value b);
  /// Where the count of a bin lies, from its index as f64.
  mlir::Value slotOf(mlir::Value bin);

  /// Builds `body` in a loop from 0 to `size`.
  void forEach(mlir::Value size, llvm::function_ref<void(mlir::Value)> body);
  void buildIf(mlir::Value condition, llvm::function_ref<void()> body);
  /// Builds `body` in loops over all elements, given their indices and the
  /// element as f64.
  void
  forEachElement(llvm::function_ref<void(mlir::ValueRange, mlir::Value)> body);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_OBSERVERCODE_H
