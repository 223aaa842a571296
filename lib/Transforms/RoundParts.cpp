//===- RoundParts.cpp - Sums that are put together from parts -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoundParts.h"

#include "EraseDead.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

bool isAccumulator(Type type) {
  auto params = QuantParams::get(getElementTypeOrSelf(type));
  return params && params->storageWidth() == 32;
}

/// The reshape that `value` is, or the one of its storage: the dimension that a
/// tensor is quantized along moves on storage only.
static tensor::CollapseShapeOp getReshape(Value value, Value &source) {
  auto outer = value.getDefiningOp<quant::StorageCastOp>();
  auto reshape = (outer ? outer.getInput() : value)
                     .getDefiningOp<tensor::CollapseShapeOp>();
  if (!reshape)
    return {};
  source = reshape.getSrc();
  if (!outer)
    return reshape;
  auto inner = source.getDefiningOp<quant::StorageCastOp>();
  if (!inner || !isAccumulator(inner.getInput().getType()))
    return {};
  source = inner.getInput();
  return reshape;
}

/// What `op` makes of accumulators, of the parts that `sums` is put together
/// from: it is a function of each element. Null if the parts do not have the
/// dimensions of the whole, or the scales along one.
static Value roundPart(OpBuilder &builder, Operation *op, Value sums) {
  auto type = cast<RankedTensorType>(sums.getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  Location loc = op->getLoc();
  if (auto empty = sums.getDefiningOp<tensor::EmptyOp>())
    return tensor::EmptyOp::create(builder, loc, empty.getMixedSizes(),
                                   result.getElementType());
  if (auto insert = sums.getDefiningOp<tensor::InsertSliceOp>()) {
    auto axis = QuantParams::get(type.getElementType())->axis;
    if (auto to = QuantParams::get(result.getElementType()); to && to->axis)
      axis = to->axis;
    RankedTensorType part = insert.getSourceType();
    if (part.getRank() != type.getRank() ||
        (axis && part.getDimSize(*axis) != type.getDimSize(*axis)))
      return {};
    Value source = roundPart(builder, op, insert.getSource());
    Value rest = source ? roundPart(builder, op, insert.getDest()) : Value();
    if (!rest)
      return {};
    return tensor::InsertSliceOp::create(
        builder, loc, source, rest, insert.getMixedOffsets(),
        insert.getMixedSizes(), insert.getMixedStrides());
  }
  if (auto cast = sums.getDefiningOp<tensor::CastOp>()) {
    Value source = roundPart(builder, op, cast.getSource());
    return source ? tensor::CastOp::create(
                        builder, loc, result.clone(type.getShape()), source)
                        .getResult()
                  : Value();
  }
  Value source;
  if (tensor::CollapseShapeOp reshape = getReshape(sums, source)) {
    if (auto to = QuantParams::get(result.getElementType()); to && to->axis)
      return {};
    Value whole = roundPart(builder, op, source);
    return whole ? tensor::CollapseShapeOp::create(
                       builder, loc, result.clone(type.getShape()), whole,
                       reshape.getReassociationIndices())
                       .getResult()
                 : Value();
  }
  IRMapping mapping;
  mapping.map(op->getOperand(0), sums);
  Operation *rounded = builder.clone(*op, mapping);
  rounded->getResult(0).setType(result.clone(type.getShape()));
  return rounded->getResult(0);
}

void roundParts(ModuleOp module) {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (!isa<RequantizeOp, DequantizeOp>(op) ||
        !isAccumulator(op->getOperand(0).getType()))
      return;
    Value sums = op->getOperand(0), source;
    if (isa_and_nonnull<tensor::InsertSliceOp, tensor::CastOp>(
            sums.getDefiningOp()) ||
        getReshape(sums, source))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    OpBuilder builder(op);
    Value rounded = roundPart(builder, op, op->getOperand(0));
    if (!rounded)
      continue;
    op->getResult(0).replaceAllUsesWith(rounded);
    op->erase();
  }
  // The wholes are read by nobody now.
  if (!ops.empty())
    eraseDead(module);
}

} // namespace quanta
