//===- MergeFunctions.cpp - Functions that are written in pieces ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/MergeFunctions.h"

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/UnaryChains.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_MERGEFUNCTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// The value that all elements of a constant have.
TypedAttr getUniform(Value value) {
  TypedAttr number;
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_Constant(&number)) ? number
                                                                  : TypedAttr();
  DenseElementsAttr elements = getDenseConstant(value);
  if (!elements || elements.getNumElements() == 0)
    return {};
  if (elements.isSplat())
    return elements.getSplatValue<TypedAttr>();
  return {};
}

bool isPieceType(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isa<RankedTensorType>(type) &&
         !cast<RankedTensorType>(type).getEncoding() &&
         (element.isF32() || element.isInteger(1));
}

/// Merges the functions of one block.
class FunctionMerger {
public:
  explicit FunctionMerger(Block &block) : block(block) {
    // A normalization or a mean is recognised by its operations.
    for (const FloatLayer &layer : findFloatLayers(block))
      if (layer.ops.size() > 1)
        parts.insert(layer.ops.begin(), layer.ops.end());
  }

  unsigned run() {
    unsigned count = 0;
    llvm::DenseSet<Operation *> merged;
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      ops.push_back(&op);
    for (Operation *op : llvm::reverse(ops)) {
      if (merged.contains(op) || op->getNumResults() != 1 ||
          !getElementTypeOrSelf(op->getResult(0)).isF32())
        continue;
      std::optional<UnaryChain> chain = findUnaryChain(
          op, [&](Operation *piece) { return getInputs(piece); },
          [](Value source) { return getElementTypeOrSelf(source).isF32(); });
      if (!chain)
        continue;
      merged.insert(chain->ops.begin(), chain->ops.end());
      replaceChain(*chain, build(*chain));
      ++count;
    }
    return count;
  }

private:
  Block &block;
  llvm::DenseSet<Operation *> parts;

  std::optional<SmallVector<Value>> getInputs(Operation *op) const;
  static std::optional<SmallVector<Value>> getInputs(linalg::LinalgOp op);
  static bool addInput(Value value, Type shape, SmallVector<Value> &inputs);
  static bool isPure(Block &body);
  static Value build(const UnaryChain &chain);
  static Value cloneScalar(Operation *op, IRMapping &values, OpBuilder &b);
};

/// Adds what varies; false if it has other elements than `shape`.
bool FunctionMerger::addInput(Value value, Type shape,
                              SmallVector<Value> &inputs) {
  if (getUniform(value))
    return true;
  if (!isPieceType(value.getType()) ||
      cast<RankedTensorType>(value.getType()).getShape() !=
          cast<RankedTensorType>(shape).getShape())
    return false;
  if (!llvm::is_contained(inputs, value))
    inputs.push_back(value);
  return true;
}

/// Whether all that a body computes follows from its arguments and constants.
bool FunctionMerger::isPure(Block &body) {
  for (Operation &op : body) {
    if (op.getNumRegions() != 0 || !isMemoryEffectFree(&op) ||
        isa<linalg::IndexOp>(op))
      return false;
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() != &body &&
          !matchPattern(operand, m_Constant()))
        return false;
    for (Type type : op.getOperandTypes())
      if (isa<ShapedType>(type))
        return false;
  }
  return true;
}

std::optional<SmallVector<Value>>
FunctionMerger::getInputs(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumDpsInputs() == 0 || !linalg::isElementwise(op) ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
      !isPure(*op.getBlock()))
    return std::nullopt;
  Type type = op->getResult(0).getType();
  SmallVector<Value> inputs;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!op.payloadUsesValueFromOperand(input))
      continue;
    if (!isa<RankedTensorType>(input->get().getType())) {
      if (!matchPattern(input->get(), m_Constant()))
        return std::nullopt;
      continue;
    }
    size_t before = inputs.size();
    if (!addInput(input->get(), type, inputs))
      return std::nullopt;
    if (inputs.size() == before && getUniform(input->get()))
      continue;
    // Element by element; a dimension of size 1 has one index.
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(input->get().getType()).getShape();
    for (auto [dim, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(input).getResults())) {
      bool isOwn = expr == getAffineDimExpr(dim, op->getContext());
      bool isOnly = shape[dim] == 1 && isa<AffineConstantExpr>(expr);
      if (!isOwn && !isOnly)
        return std::nullopt;
    }
  }
  return inputs;
}

std::optional<SmallVector<Value>>
FunctionMerger::getInputs(Operation *op) const {
  if (parts.contains(op) || op->getNumResults() != 1 ||
      !isPieceType(op->getResult(0).getType()))
    return std::nullopt;
  std::optional<SmallVector<Value>> inputs;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    inputs = getInputs(linalgOp);
  } else if (OpTrait::hasElementwiseMappableTraits(op) &&
             !op->hasTrait<OpTrait::ConstantLike>() && isMemoryEffectFree(op)) {
    inputs.emplace();
    for (Value operand : op->getOperands())
      if (!addInput(operand, op->getResult(0).getType(), *inputs))
        return std::nullopt;
  }
  // Something that moves or fills elements is no function.
  if (!inputs || inputs->empty() ||
      !(computesInFloat(op) ||
        getElementTypeOrSelf(op->getResult(0)).isInteger(1)))
    return std::nullopt;
  return inputs;
}

/// What `op` makes of one element.
Value FunctionMerger::cloneScalar(Operation *op, IRMapping &values,
                                  OpBuilder &b) {
  auto getElement = [&](Value tensor) -> Value {
    if (!isa<RankedTensorType>(tensor.getType()))
      return tensor;
    if (Value known = values.lookupOrNull(tensor))
      return known;
    return arith::ConstantOp::create(b, op->getLoc(), getUniform(tensor));
  };
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp) {
    SmallVector<Value> operands =
        llvm::map_to_vector(op->getOperands(), getElement);
    return b
        .create(op->getLoc(), op->getName().getIdentifier(), operands,
                getElementTypeOrSelf(op->getResult(0)), op->getAttrs())
        ->getResult(0);
  }
  IRMapping inner;
  for (OpOperand *input : linalgOp.getDpsInputOperands())
    if (linalgOp.payloadUsesValueFromOperand(input))
      inner.map(linalgOp.getMatchingBlockArgument(input),
                getElement(input->get()));
  for (Operation &scalar : linalgOp.getBlock()->without_terminator())
    b.clone(scalar, inner);
  return inner.lookupOrDefault(
      linalgOp.getBlock()->getTerminator()->getOperand(0));
}

Value FunctionMerger::build(const UnaryChain &chain) {
  Operation *last = chain.ops.back();
  OpBuilder builder(last);
  Location loc = last->getLoc();
  Value empty = createEmptyLike(builder, loc, chain.source,
                                getElementTypeOrSelf(last->getResult(0)));
  int64_t rank = cast<RankedTensorType>(empty.getType()).getRank();
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), chain.source, empty, maps,
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               IRMapping values;
               values.map(chain.source, elements[0]);
               for (Operation *op : chain.ops)
                 values.map(op->getResult(0), cloneScalar(op, values, b));
               linalg::YieldOp::create(b, loc,
                                       values.lookup(last->getResult(0)));
             })
      .getResult(0);
}

struct MergeFunctionsPass : impl::MergeFunctionsBase<MergeFunctionsPass> {
  void runOnOperation() override {
    numMerged += mergeFunctions(getOperation());
  }
};

} // namespace

unsigned mergeFunctions(ModuleOp module) {
  SmallVector<Block *> blocks;
  module.walk<WalkOrder::PreOrder>([&](Block *block) {
    Operation *parent = block->getParentOp();
    if (isa<linalg::LinalgOp>(parent))
      return WalkResult::skip();
    if (!isa<ModuleOp>(parent))
      blocks.push_back(block);
    return WalkResult::advance();
  });
  unsigned count = 0;
  for (Block *block : blocks)
    count += FunctionMerger(*block).run();
  return count;
}

} // namespace quanta
