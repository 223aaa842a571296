//===- MergeLookups.cpp - One table of several operations -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/UnaryChains.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_MERGELOOKUPS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The stored integer that bits stand for.
int32_t readStored(const QuantParams &params, APInt bits) {
  return static_cast<int32_t>(params.isSigned() ? bits.getSExtValue()
                                                : bits.getZExtValue());
}

/// The stored integer that all elements of a constant have.
std::optional<int32_t> getUniform(Value value) {
  std::optional<QuantParams> params =
      QuantParams::get(getElementTypeOrSelf(value));
  if (!params || params->axis)
    return std::nullopt;
  if (auto cast = value.getDefiningOp<quant::StorageCastOp>()) {
    DenseElementsAttr elements = getDenseConstant(cast.getInput());
    if (!elements || !elements.isSplat())
      return std::nullopt;
    return readStored(*params, elements.getSplatValue<APInt>());
  }
  if (auto quantize = value.getDefiningOp<QuantizeOp>()) {
    DenseElementsAttr elements = getDenseConstant(quantize.getInput());
    if (!elements || !elements.isSplat())
      return std::nullopt;
    return reference::quantize(
        elements.getSplatValue<APFloat>().convertToFloat(), params->scale(0),
        params->zeroPoint(0), params->range);
  }
  return std::nullopt;
}

/// Operands of the result's shape that are no constants.
std::optional<SmallVector<Value>> getInputs(Operation *op) {
  if (!isa<StoredFunctionOpInterface>(op))
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<Value> inputs;
  for (Value operand : op->getOperands()) {
    if (getUniform(operand))
      continue;
    if (cast<RankedTensorType>(operand.getType()).getShape() != type.getShape())
      return std::nullopt;
    if (!llvm::is_contained(inputs, operand))
      inputs.push_back(operand);
  }
  if (inputs.empty())
    return std::nullopt;
  return inputs;
}

bool isSource(Value value) {
  std::optional<QuantParams> params =
      QuantParams::get(getElementTypeOrSelf(value));
  return params && params->storageWidth() <= 8;
}

/// What the chain makes of one stored integer.
std::optional<int32_t> evaluate(const UnaryChain &chain, int32_t stored) {
  DenseMap<Value, int32_t> values;
  values[chain.source] = stored;
  for (Operation *op : chain.ops) {
    SmallVector<int32_t> operands;
    for (Value operand : op->getOperands()) {
      auto known = values.find(operand);
      operands.push_back(known != values.end() ? known->second
                                               : *getUniform(operand));
    }
    std::optional<int32_t> result =
        cast<StoredFunctionOpInterface>(op).evaluateStored(operands);
    if (!result)
      return std::nullopt;
    values[op->getResult(0)] = *result;
  }
  return values[chain.ops.back()->getResult(0)];
}

DenseElementsAttr buildTable(const UnaryChain &chain) {
  QuantParams from = *QuantParams::get(getElementTypeOrSelf(chain.source));
  QuantParams to =
      *QuantParams::get(getElementTypeOrSelf(chain.ops.back()->getResult(0)));
  SmallVector<APInt> table;
  for (uint64_t bits = 0; bits < uint64_t(1) << from.storageWidth(); ++bits) {
    std::optional<int32_t> result =
        evaluate(chain, readStored(from, APInt(from.storageWidth(), bits)));
    if (!result)
      return {};
    table.emplace_back(to.storageWidth(),
                       static_cast<uint64_t>(int64_t(*result)),
                       /*isSigned=*/true, /*implicitTrunc=*/true);
  }
  return DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(table.size())},
                            to.storageType()),
      table);
}

struct MergeLookupsPass : impl::MergeLookupsBase<MergeLookupsPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), {Stage::Float, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk(
        [&](StoredFunctionOpInterface op) { ops.push_back(op); });
    llvm::DenseSet<Operation *> merged;
    for (Operation *op : llvm::reverse(ops)) {
      if (merged.contains(op))
        continue;
      std::optional<UnaryChain> chain = findUnaryChain(op, getInputs, isSource);
      DenseElementsAttr table =
          chain ? buildTable(*chain) : DenseElementsAttr();
      if (!table)
        continue;
      merged.insert(chain->ops.begin(), chain->ops.end());
      OpBuilder builder(op);
      replaceChain(*chain, LookupOp::create(
                               builder, op->getLoc(),
                               op->getResult(0).getType(), chain->source, table,
                               op->getAttrOfType<StringAttr>("name")));
      ++numMerged;
    }
  }
};

} // namespace
} // namespace quanta
