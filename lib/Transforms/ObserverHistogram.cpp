//===- ObserverHistogram.cpp - The code of histogram observers ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiled counterpart of `Histogram`: the same widths, the same bins.
//
//===----------------------------------------------------------------------===//

#include "ObserverCode.h"

#include "quanta/Calibration/Statistics.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using arith::CmpFPredicate;
namespace field = quanta::observer_state;

namespace quanta {

Value ObserverCode::floorDivide(Value a, Value b) {
  return math::FloorOp::create(builder, loc,
                               arith::DivFOp::create(builder, loc, a, b));
}

Value ObserverCode::slotOf(Value bin) {
  Type i64 = builder.getI64Type();
  Value asInt = arith::FPToSIOp::create(builder, loc, i64, bin);
  Value mask =
      arith::ConstantIntOp::create(builder, loc, i64, Histogram::maxBins - 1);
  Value slot = arith::IndexCastOp::create(
      builder, loc, builder.getIndexType(),
      arith::AndIOp::create(builder, loc, asInt, mask));
  return arith::AddIOp::create(builder, loc, slot, index(field::header));
}

void ObserverCode::updateHistogram(const Batch &batch) {
  buildIf(batch.hasFinite, [&] {
    Value min =
        arith::MinNumFOp::create(builder, loc, load(field::min), batch.min);
    Value max =
        arith::MaxNumFOp::create(builder, loc, load(field::max), batch.max);
    Value width = widenBins(min, max);
    store(min, field::min);
    store(max, field::max);
    countElements(width);
  });
}

Value ObserverCode::widenBins(Value min, Value max) {
  Value oldWidth = load(field::width);
  Value magnitude = arith::MaxNumFOp::create(
      builder, loc, math::AbsFOp::create(builder, loc, min),
      math::AbsFOp::create(builder, loc, max));
  auto loop = scf::WhileOp::create(
      builder, loc, builder.getF64Type(), oldWidth,
      [&](OpBuilder &b, Location loc, ValueRange widths) {
        OpBuilder::InsertionGuard guard(builder);
        builder.restoreInsertionPoint(b.saveInsertionPoint());
        Value limit = arith::MulFOp::create(builder, loc, widths[0],
                                            constant(Histogram::maxIndex));
        Value isFar = compare(CmpFPredicate::OGE, magnitude, limit);
        Value bins =
            arith::SubFOp::create(builder, loc, floorDivide(max, widths[0]),
                                  floorDivide(min, widths[0]));
        Value isWide = compare(CmpFPredicate::OGE, bins,
                               constant(double(Histogram::maxBins)));
        scf::ConditionOp::create(
            builder, loc, arith::OrIOp::create(builder, loc, isFar, isWide),
            widths);
      },
      [&](OpBuilder &b, Location loc, ValueRange widths) {
        Value twice = arith::AddFOp::create(b, loc, widths[0], widths[0]);
        scf::YieldOp::create(b, loc, twice);
      });
  Value newWidth = loop.getResult(0);
  buildIf(compare(CmpFPredicate::OGT, newWidth, oldWidth), [&] {
    rebin(oldWidth, newWidth);
    if (op.getChannelDim())
      shiftOctaves(oldWidth, newWidth);
    store(newWidth, field::width);
  });
  return newWidth;
}

void ObserverCode::rebin(Value oldWidth, Value newWidth) {
  // Before any data there is no first bin, and the counts are zero anyway.
  Value oldMin = load(field::min);
  Value hasData = compare(CmpFPredicate::OLE, oldMin, load(field::max));
  Value first = floorDivide(select(hasData, oldMin, constant(0.0)), oldWidth);
  Value ratio = arith::DivFOp::create(builder, loc, newWidth, oldWidth);
  auto workingSpace = [&](Value slot) -> Value {
    return arith::AddIOp::create(builder, loc, slot, index(Histogram::maxBins));
  };
  forEach(index(Histogram::maxBins), [&](Value i) {
    Value slot = arith::AddIOp::create(builder, loc, i, index(field::header));
    store(load(slot), workingSpace(slot));
    store(constant(0.0), slot);
  });
  forEach(index(Histogram::maxBins), [&](Value i) {
    Value offset = arith::SIToFPOp::create(
        builder, loc, builder.getF64Type(),
        arith::IndexCastOp::create(builder, loc, builder.getI64Type(), i));
    Value bin = arith::AddFOp::create(builder, loc, first, offset);
    Value count = load(workingSpace(slotOf(bin)));
    combine<arith::AddFOp>(count, slotOf(floorDivide(bin, ratio)));
  });
}

void ObserverCode::countElements(Value width) {
  // A power of two: its reciprocal is exact.
  Value inverse = arith::DivFOp::create(builder, loc, constant(1.0), width);
  forEachElement([&](ValueRange indices, Value x) {
    buildIf(isFinite(x), [&] {
      Value position = arith::MulFOp::create(builder, loc, x, inverse);
      Value bin = math::FloorOp::create(builder, loc, position);
      combine<arith::AddFOp>(constant(1.0), slotOf(bin));
      if (op.getChannelDim())
        countInChannel(indices[*op.getAxis()], x, position);
    });
  });
}

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

Value ObserverCode::octaveAt(Value channel, Value octave) {
  int64_t channels = input.getType().getDimSize(*op.getAxis());
  Value row =
      arith::MulIOp::create(builder, loc, channel, index(field::numOctaves));
  Value at = arith::AddIOp::create(builder, loc, row, octave);
  return arith::AddIOp::create(builder, loc, at,
                               index(field::histogramChannels + 2 * channels));
}

void ObserverCode::countInChannel(Value channel, Value x, Value position) {
  int64_t channels = input.getType().getDimSize(*op.getAxis());
  auto at = [&](int64_t row) -> Value {
    return arith::AddIOp::create(
        builder, loc, channel,
        index(field::histogramChannels + row * channels));
  };
  combine<arith::MinNumFOp>(x, at(0));
  combine<arith::MaxNumFOp>(x, at(1));
  Value exponent = exponentOf(position);
  Value octave =
      arith::AddIOp::create(builder, loc, exponent, index(field::firstOctave));
  octave = arith::MaxSIOp::create(builder, loc, octave, index(0));
  combine<arith::AddFOp>(constant(1.0), octaveAt(channel, octave));
}

Value ObserverCode::exponentOf(Value value) {
  constexpr int64_t mantissaBits = 52, exponentMask = 0x7FF, bias = 1023;
  Type i64 = builder.getI64Type();
  auto integer = [&](int64_t number) -> Value {
    return arith::ConstantIntOp::create(builder, loc, i64, number);
  };
  Value bits = arith::BitcastOp::create(builder, loc, i64, value);
  Value high =
      arith::ShRUIOp::create(builder, loc, bits, integer(mantissaBits));
  Value biased =
      arith::AndIOp::create(builder, loc, high, integer(exponentMask));
  Value exponent = arith::SubIOp::create(builder, loc, biased, integer(bias));
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    exponent);
}

void ObserverCode::shiftOctaves(Value oldWidth, Value newWidth) {
  Value shift =
      exponentOf(arith::DivFOp::create(builder, loc, newWidth, oldWidth));
  forEach(index(input.getType().getDimSize(*op.getAxis())), [&](Value channel) {
    // From the lowest on: what is written has been read.
    forEach(index(field::numOctaves), [&](Value octave) {
      Value from = octaveAt(channel, octave);
      Value target = arith::MaxSIOp::create(
          builder, loc, arith::SubIOp::create(builder, loc, octave, shift),
          index(0));
      Value count = load(from);
      store(constant(0.0), from);
      combine<arith::AddFOp>(count, octaveAt(channel, target));
    });
  });
}

} // namespace quanta
