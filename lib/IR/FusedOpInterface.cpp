//===- FusedOpInterface.cpp - Contractions with an epilogue ---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

#include "quanta/IR/FusedOpInterface.cpp.inc"

namespace quanta {

OperandRange FusedOpInterface::getOutputs() {
  return cast<DestinationStyleOpInterface>(getOperation()).getDpsInits();
}

FusedOpInterface FusedOpInterface::cloneWithoutEpilogue(
    OpBuilder &builder, Location loc, TypeRange results, ValueRange extras,
    ArrayRef<AffineMap> maps, ValueRange outputs) {
  SmallVector<Value> operands{getLhs(), getRhs(), getInit()};
  operands.append(extras.begin(), extras.end());
  operands.append(outputs.begin(), outputs.end());
  Operation *op = getOperation();
  OperationState state(loc, op->getName(), operands, results);
  NamedAttrList properties(
      cast<DictionaryAttr>(op->getPropertiesAsAttribute()));
  properties.set("extra_maps", builder.getAffineMapArrayAttr(maps));
  StringRef segments = OpTrait::AttrSizedOperandSegments<
      FusedMatmulOp>::getOperandSegmentSizeAttr();
  if (properties.get(segments))
    properties.set(segments, builder.getDenseI32ArrayAttr(
                                 {1, 1, 1, static_cast<int32_t>(extras.size()),
                                  static_cast<int32_t>(outputs.size())}));
  state.propertiesAttr = properties.getDictionary(builder.getContext());
  state.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
  state.addRegion();
  return cast<FusedOpInterface>(builder.create(state));
}

void getFusedEffects(FusedOpInterface op,
                     SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  // On tensors the operation is pure; on buffers it reads all but the outputs.
  // What is not verified yet may have none.
  OperandRange outputs = op.getOutputs();
  if (outputs.empty() || !isa<MemRefType>(outputs.front().getType()))
    return;
  MutableArrayRef<OpOperand> operands = op->getOpOperands();
  for (OpOperand &operand : operands.drop_back(outputs.size()))
    if (isa<MemRefType>(operand.get().getType()) &&
        !llvm::is_contained(outputs, operand.get()))
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  for (OpOperand &operand : operands.take_back(outputs.size()))
    effects.emplace_back(MemoryEffects::Write::get(), &operand);
}

LogicalResult verifyFusedOutputs(FusedOpInterface op) {
  OperandRange outputs = op.getOutputs();
  if (outputs.empty() ||
      static_cast<int64_t>(outputs.size()) > op.getMaxOutputs())
    return op->emitOpError() << "needs between 1 and " << op.getMaxOutputs()
                             << " outs, got " << outputs.size();
  auto first = cast<ShapedType>(outputs.front().getType());
  for (Type type : outputs.drop_front().getTypes()) {
    auto other = cast<ShapedType>(type);
    if (isa<MemRefType>(other) != isa<MemRefType>(first) ||
        other.getRank() != first.getRank() ||
        !llvm::all_of_zip(first.getShape(), other.getShape(), sizesAgree))
      return op->emitOpError() << "outs must have the same sizes, got " << first
                               << " and " << other;
  }
  return success();
}

LogicalResult verifyFusedFactors(FusedOpInterface op) {
  DotAttrInterface dot = op.getDot();
  bool isFloat = dot.getDotShape().isFloat;
  bool isStored = dot.getDotShape().storedBits > 0;
  Type lhs = getElementTypeOrSelf(op.getLhs());
  Type accumulator = getElementTypeOrSelf(op.getInit());
  if (isStored && !isa<FusedMatmulOp, FusedConv2DOp>(op.getOperation()))
    return op->emitOpError() << "takes no stored weights";
  if ((isFloat ? !lhs.isF32() : !lhs.isInteger(8)) ||
      getElementTypeOrSelf(op.getRhs()) != dot.getPackedType())
    return op->emitOpError() << "lhs and rhs must hold the factors of " << dot;
  if (isFloat ? !accumulator.isF32() : !accumulator.isInteger(32))
    return op->emitOpError() << "init must hold the accumulators of " << dot;
  if (isFloat && op.getFlipLhs())
    return op->emitOpError() << "flip_lhs inverts bits of integers only";
  return success();
}

LogicalResult verifyFusedEpilogue(FusedOpInterface op) {
  auto output = cast<ShapedType>(op.getOutput().getType());
  if (op.getExtraMaps().size() != op.getExtras().size())
    return op->emitOpError() << "needs one map for each extra";
  Block &block = op.getEpilogue().front();
  if (block.getNumArguments() != op.getExtras().size() + 1 ||
      block.getArgument(0).getType() != getElementTypeOrSelf(op.getInit()))
    return op->emitOpError() << "epilogue must take the accumulator and one "
                                "element of each extra";
  for (auto [extra, argument, map] :
       llvm::zip(op.getExtras(), block.getArguments().drop_front(),
                 op.getExtraMaps().getAsValueRange<AffineMapAttr>())) {
    Type element = getElementTypeOrSelf(extra.getType());
    ArrayRef<int64_t> sizes;
    if (auto shaped = dyn_cast<ShapedType>(extra.getType())) {
      if (!shaped.hasRank() || isa<VectorType>(shaped))
        return op->emitOpError()
               << "extras must be ranked tensors, memrefs or scalars, got "
               << shaped;
      sizes = shaped.getShape();
    }
    if (argument.getType() != element)
      return op->emitOpError()
             << "epilogue argument " << argument.getArgNumber() << " must be "
             << element;
    if (map.getNumDims() != output.getRank() || map.getNumSymbols() != 0 ||
        map.getNumResults() != sizes.size() ||
        !map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return op->emitOpError() << "map " << AffineMapAttr::get(map)
                               << " must select dimensions of the result";
    for (auto [expr, size] : llvm::zip(map.getResults(), sizes)) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (dim && !sizesAgree(size, output.getDimSize(dim.getPosition())))
        return op->emitOpError()
               << extra.getType() << " has the size " << size
               << " where outs has " << output.getDimSize(dim.getPosition());
    }
  }
  auto yield = cast<YieldOp>(block.getTerminator());
  if (yield.getNumOperands() != op.getOutputs().size())
    return op->emitOpError() << "epilogue must yield one "
                             << output.getElementType() << " for each output";
  for (auto [result, value] : llvm::zip(op.getOutputs(), yield.getOperands())) {
    Type element = getElementTypeOrSelf(result);
    if (value.getType() != element)
      return op->emitOpError() << "epilogue must yield one " << element;
  }
  return success();
}

} // namespace quanta
