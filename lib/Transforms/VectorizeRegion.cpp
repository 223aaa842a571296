//===- VectorizeRegion.cpp - Scalar regions on vectors --------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace quanta {

static Value broadcast(OpBuilder &builder, Location loc, Value value,
                       int64_t lanes) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get(lanes, value.getType()), value);
}

/// The operation on whole vectors.
static void vectorizeOp(OpBuilder &builder, Operation &op, IRMapping &mapping,
                        int64_t lanes) {
  SmallVector<Value> operands;
  for (Value operand : op.getOperands())
    operands.push_back(broadcast(builder, op.getLoc(),
                                 mapping.lookupOrDefault(operand), lanes));
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(VectorType::get(lanes, type));
  OperationState state(op.getLoc(), op.getName(), operands, types);
  state.propertiesAttr = op.getPropertiesAsAttribute();
  state.addAttributes(llvm::to_vector(op.getDiscardableAttrs()));
  mapping.map(op.getResults(), builder.create(state)->getResults());
}

/// The operation on each lane alone.
static void unrollOp(OpBuilder &builder, Operation &op, IRMapping &mapping,
                     int64_t lanes) {
  Location loc = op.getLoc();
  SmallVector<SmallVector<Value>> columns(op.getNumResults());
  for (int64_t lane = 0; lane < lanes; ++lane) {
    IRMapping scalars;
    for (Value operand : op.getOperands()) {
      Value value = mapping.lookupOrDefault(operand);
      if (isa<VectorType>(value.getType()))
        value = vector::ExtractOp::create(builder, loc, value, lane);
      scalars.map(operand, value);
    }
    Operation *clone = builder.clone(op, scalars);
    for (auto [column, result] : llvm::zip(columns, clone->getResults()))
      column.push_back(result);
  }
  for (auto [column, result] : llvm::zip(columns, op.getResults()))
    mapping.map(result, vector::FromElementsOp::create(
                            builder, loc,
                            VectorType::get(lanes, result.getType()), column));
}

SmallVector<Value> vectorizeBlock(OpBuilder &builder, Block &block,
                                  IRMapping mapping, int64_t lanes) {
  for (Operation &op : block.without_terminator()) {
    bool varies = llvm::any_of(op.getOperands(), [&](Value operand) {
      return isa<VectorType>(mapping.lookupOrDefault(operand).getType());
    });
    if (!varies)
      builder.clone(op, mapping);
    else if (OpTrait::hasElementwiseMappableTraits(&op))
      vectorizeOp(builder, op, mapping, lanes);
    else
      unrollOp(builder, op, mapping, lanes);
  }
  SmallVector<Value> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(broadcast(builder, value.getLoc(),
                                mapping.lookupOrDefault(value), lanes));
  return results;
}

bool canVectorizeBlock(Block &block) {
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  return llvm::all_of(block.getArgumentTypes(), isScalar) &&
         llvm::all_of(block.without_terminator(), [&](Operation &op) {
           return op.getNumRegions() == 0 && isMemoryEffectFree(&op) &&
                  !isa<linalg::IndexOp>(op) &&
                  llvm::all_of(op.getOperandTypes(), isScalar) &&
                  llvm::all_of(op.getResultTypes(), isScalar);
         });
}

} // namespace quanta
