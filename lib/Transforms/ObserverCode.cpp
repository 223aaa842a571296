//===- ObserverCode.cpp - The code of observers ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ObserverCode.h"

#include "quanta/Calibration/Statistics.h"
#include "quanta/Transforms/SmoothActivations.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using arith::CmpFPredicate;
namespace field = quanta::observer_state;

namespace quanta {

static constexpr double infinity = std::numeric_limits<double>::infinity();
/// PyTorch's default: `MovingAverageMinMaxObserver(averaging_constant=0.01)`.
static constexpr double averagingConstant = 0.01;

ObserverCode::ObserverCode(ObserveOp op, MemRefType stateType, StringRef symbol)
    : builder(op), loc(op.getLoc()), op(op), input(op.getInput()) {
  if (std::optional<ArrayRef<float>> smoothing = op.getSmoothing())
    input = cast<TypedValue<RankedTensorType>>(
        multiplyChannels(builder, loc, input, *op.getAxis(), *smoothing));
  state = memref::GetGlobalOp::create(builder, loc, stateType, symbol);
}

void ObserverCode::build() {
  Batch batch = reduce();
  add(field::elements, batch.elements);
  add(field::nans, batch.nans);
  add(field::infs, batch.infs);
  add(field::batches, constant(1.0));
  switch (op.getKind()) {
  case ObserverKind::MinMax:
    return updateMinMax(batch);
  case ObserverKind::MovingAverageMinMax:
    return updateMovingAverage(batch);
  case ObserverKind::PerChannelMinMax:
  case ObserverKind::MovingAveragePerChannelMinMax:
    return updateChannels();
  case ObserverKind::Histogram:
    return updateHistogram(batch);
  case ObserverKind::Fixed:
    break;
  }
}

//===----------------------------------------------------------------------===//
// One batch
//===----------------------------------------------------------------------===//

ObserverCode::Batch ObserverCode::reduce() {
  auto scalar = RankedTensorType::get({}, builder.getF64Type());
  int64_t rank = input.getType().getRank();
  SmallVector<Value> inits;
  for (double start : {infinity, -infinity, 0.0, 0.0})
    inits.push_back(arith::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(scalar, start)));
  SmallVector<AffineMap> maps{builder.getMultiDimIdentityMap(rank)};
  maps.append(4, AffineMap::get(rank, 0, builder.getContext()));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  auto generic = linalg::GenericOp::create(
      builder, loc, SmallVector<Type>(4, scalar), input, inits, maps, iterators,
      [](OpBuilder &b, Location loc, ValueRange elements) {
        auto f64Constant = [&](double value) -> Value {
          return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value));
        };
        Value x = arith::ExtFOp::create(b, loc, b.getF64Type(), elements[0]);
        Value isNan = arith::CmpFOp::create(b, loc, CmpFPredicate::UNO, x, x);
        Value magnitude = math::AbsFOp::create(b, loc, x);
        Value isInf = arith::CmpFOp::create(b, loc, CmpFPredicate::OEQ,
                                            magnitude, f64Constant(infinity));
        Value skip = arith::OrIOp::create(b, loc, isNan, isInf);
        Value forMin =
            arith::SelectOp::create(b, loc, skip, f64Constant(infinity), x);
        Value forMax =
            arith::SelectOp::create(b, loc, skip, f64Constant(-infinity), x);
        auto count = [&](Value flag, Value sum) -> Value {
          Value one = arith::UIToFPOp::create(b, loc, b.getF64Type(), flag);
          return arith::AddFOp::create(b, loc, sum, one);
        };
        linalg::YieldOp::create(
            b, loc,
            ValueRange{arith::MinNumFOp::create(b, loc, elements[1], forMin),
                       arith::MaxNumFOp::create(b, loc, elements[2], forMax),
                       count(isNan, elements[3]), count(isInf, elements[4])});
      });
  SmallVector<Value> results;
  for (Value result : generic.getResults())
    results.push_back(
        tensor::ExtractOp::create(builder, loc, result, ValueRange()));
  Value hasFinite = compare(CmpFPredicate::OLE, results[0], results[1]);
  return {buildElementCount(), results[0], results[1],
          results[2],          results[3], hasFinite};
}

Value ObserverCode::buildElementCount() {
  Value count = index(1);
  for (int64_t dim = 0; dim < input.getType().getRank(); ++dim) {
    Value size = tensor::DimOp::create(builder, loc, input, dim);
    count = arith::MulIOp::create(builder, loc, count, size);
  }
  Value asInt =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), count);
  return arith::SIToFPOp::create(builder, loc, builder.getF64Type(), asInt);
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

void ObserverCode::updateMinMax(const Batch &batch) {
  combine<arith::MinNumFOp>(batch.min, index(field::min));
  combine<arith::MaxNumFOp>(batch.max, index(field::max));
}

Value ObserverCode::average(Value isFirst, Value average, Value seen) {
  Value difference = arith::SubFOp::create(builder, loc, seen, average);
  Value step = arith::MulFOp::create(builder, loc, difference,
                                     constant(averagingConstant));
  Value moved = arith::AddFOp::create(builder, loc, average, step);
  return select(isFirst, seen, moved);
}

void ObserverCode::updateMovingAverage(const Batch &batch) {
  buildIf(batch.hasFinite, [&] {
    Value min = load(field::min), max = load(field::max);
    Value isFirst = compare(CmpFPredicate::OGT, min, max);
    store(average(isFirst, min, batch.min), field::min);
    store(average(isFirst, max, batch.max), field::max);
  });
}

void ObserverCode::updateChannels() {
  int64_t axis = *op.getAxis();
  int64_t channels = input.getType().getDimSize(axis);
  bool averages = op.getKind() == ObserverKind::MovingAveragePerChannelMinMax;
  auto at = [&](Value channel, int64_t row) -> Value {
    return arith::AddIOp::create(builder, loc, channel,
                                 index(field::header + row * channels));
  };
  // The range of this batch goes through the working space.
  forEach(index(channels), [&](Value channel) {
    store(constant(infinity), at(channel, 2));
    store(constant(-infinity), at(channel, 3));
  });
  forEachElement([&](ValueRange indices, Value x) {
    buildIf(isFinite(x), [&] {
      combine<arith::MinNumFOp>(x, at(indices[axis], 2));
      combine<arith::MaxNumFOp>(x, at(indices[axis], 3));
    });
  });
  store(constant(infinity), field::min);
  store(constant(-infinity), field::max);
  forEach(index(channels), [&](Value channel) {
    Value min = load(at(channel, 0)), max = load(at(channel, 1));
    Value seenMin = load(at(channel, 2)), seenMax = load(at(channel, 3));
    if (averages) {
      Value isFirst = compare(CmpFPredicate::OGT, min, max);
      Value hasFinite = compare(CmpFPredicate::OLE, seenMin, seenMax);
      min = select(hasFinite, average(isFirst, min, seenMin), min);
      max = select(hasFinite, average(isFirst, max, seenMax), max);
    } else {
      min = arith::MinNumFOp::create(builder, loc, min, seenMin);
      max = arith::MaxNumFOp::create(builder, loc, max, seenMax);
    }
    store(min, at(channel, 0));
    store(max, at(channel, 1));
    combine<arith::MinNumFOp>(min, index(field::min));
    combine<arith::MaxNumFOp>(max, index(field::max));
  });
}

//===----------------------------------------------------------------------===//
// Shorthands
//===----------------------------------------------------------------------===//

Value ObserverCode::isFinite(Value value) {
  Value magnitude = math::AbsFOp::create(builder, loc, value);
  return compare(CmpFPredicate::OLT, magnitude, constant(infinity));
}

Value ObserverCode::constant(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF64FloatAttr(value));
}

Value ObserverCode::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value ObserverCode::load(Value at) {
  return memref::LoadOp::create(builder, loc, state, at);
}

void ObserverCode::store(Value value, Value at) {
  memref::StoreOp::create(builder, loc, value, state, at);
}

void ObserverCode::forEach(Value size, function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(builder, loc, index(0), size, index(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

void ObserverCode::buildIf(Value condition, function_ref<void()> body) {
  auto ifOp =
      scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

void ObserverCode::forEachElement(function_ref<void(ValueRange, Value)> body) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Value> indices;
  for (int64_t dim = 0; dim < input.getType().getRank(); ++dim) {
    Value size = tensor::DimOp::create(builder, loc, input, dim);
    auto loop = scf::ForOp::create(builder, loc, index(0), size, index(1));
    indices.push_back(loop.getInductionVar());
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  }
  Value element = tensor::ExtractOp::create(builder, loc, input, indices);
  body(indices,
       arith::ExtFOp::create(builder, loc, builder.getF64Type(), element));
}

} // namespace quanta
