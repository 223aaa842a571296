//===- RoundLayers.cpp - Layers in f16 and bf16 ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoundLayers.h"

#include "quanta/Numerics/Reference.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Naming.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace quanta {

FloatType getFloatType(MLIRContext *context, Scheme scheme) {
  if (scheme == Scheme::Float16)
    return Float16Type::get(context);
  if (scheme == Scheme::BFloat16)
    return BFloat16Type::get(context);
  return {};
}

StringRef getSchemeName(FloatType type) {
  return type.isF16() ? "fp16" : "bf16";
}

float roundTo(FloatType type, float value) {
  return type.isF16() ? reference::roundToF16(value)
                      : reference::roundToBF16(value);
}

LayerPlace::LayerPlace(const FloatLayer &layer)
    : location(describeLocation(layer.ops.back()->getLoc())),
      place{layer.name, layer.ops.back()->getName().getStringRef(), location} {}

namespace {

/// Rounds the borders of one layer.
class LayerRounder {
public:
  LayerRounder(const FloatLayer &layer, FloatType type, RoundedValues &rounded)
      : layer(layer), type(type), rounded(rounded) {
    parts.insert(layer.ops.begin(), layer.ops.end());
  }

  /// Why the layer cannot be of the type.
  std::optional<std::string> check() {
    for (Operation *op : layer.ops) {
      auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
      if (linalgOp && !linalgOp.hasPureTensorSemantics())
        return "works on buffers, not tensors";
    }
    collect();
    for (OpOperand *input : inputs) {
      Type element = getElementTypeOrSelf(input->get());
      if (!element.isF32())
        return llvm::formatv("it reads {0}: only f32 is rounded to {1}",
                             element, getSchemeName(type));
      auto tensor = cast<RankedTensorType>(input->get().getType());
      if (tensor.getEncoding())
        return "a tensor of it has an encoding, as sparse ones do";
      std::optional<SmallVector<float>> values =
          getConstantFloats(input->get());
      if (!values)
        continue;
      for (auto [index, value] : llvm::enumerate(*values))
        if (std::isfinite(value) && !std::isfinite(roundTo(type, value)))
          return llvm::formatv(
              "its constant operand {0} has the value {1:E4} at "
              "element {2}, which {3} cannot hold",
              input->getOperandNumber(), value, index, getSchemeName(type));
    }
    for (Value result : results)
      if (!getElementTypeOrSelf(result).isF32())
        return llvm::formatv("its result is of {0}: only f32 is rounded to {1}",
                             getElementTypeOrSelf(result), getSchemeName(type));
    return std::nullopt;
  }

  void run() {
    for (OpOperand *input : inputs)
      input->set(round(input->get()));
    for (Value result : results)
      if (!keepsValues(result.getDefiningOp())) {
        // A contraction may have rounded it already.
        Value &fake = rounded[{result, type}];
        if (!fake)
          fake = create(result);
        result.replaceUsesWithIf(fake, [&](OpOperand &use) {
          return use.getOwner() != fake.getDefiningOp() && !isInside(use);
        });
      }
    for (Operation *op : layer.ops)
      op->setAttr(attrs::float16,
                  StringAttr::get(op->getContext(), getSchemeName(type)));
  }

private:
  bool isInside(OpOperand &use) const {
    for (Operation *op = use.getOwner(); op; op = op->getParentOp())
      if (parts.contains(op))
        return true;
    return false;
  }

  void collect() {
    for (Operation *op : layer.ops) {
      op->walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          if (isInput(op, operand))
            inputs.push_back(&operand);
      });
      for (Value result : op->getResults())
        if (isa<RankedTensorType>(result.getType()) &&
            isa<FloatType>(getElementTypeOrSelf(result)) &&
            llvm::any_of(result.getUses(),
                         [&](OpOperand &use) { return !isInside(use); }))
          results.push_back(result);
    }
  }

  /// Whether an operand of `op` or of its body is a tensor that the layer
  /// computes from. What a reduction starts from stays as it is, and so does a
  /// number.
  bool isInput(Operation *op, OpOperand &operand) const {
    Value value = operand.get();
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    Operation *source = value.getDefiningOp();
    if (!tensor || !isa<FloatType>(tensor.getElementType()) ||
        (source && parts.contains(source)) ||
        isa_and_nonnull<tensor::EmptyOp>(source) ||
        (getConstant(value) && tensor.getRank() == 0))
      return false;
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp || operand.getOwner() != op)
      return true;
    if (linalgOp.isDpsInit(&operand) && linalgOp.getNumReductionLoops() > 0)
      return false;
    return linalgOp.payloadUsesValueFromOperand(&operand);
  }

  bool holds(float value) const { return roundTo(type, value) == value; }

  /// Whether all elements are of the type already: rounding would do nothing.
  bool isRounded(Value value) const {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto fake = dyn_cast<FakeQuantOp>(op))
      return fake.getFloatType() == type;
    if (auto scheme = op->getAttrOfType<StringAttr>(attrs::float16))
      // Its results are rounded unless they need not be.
      return scheme == getSchemeName(type) && keepsValues(op);
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      APFloat number(0.0f);
      return matchPattern(fill.getInputs()[0], m_ConstantFloat(&number)) &&
             &number.getSemantics() == &APFloat::IEEEsingle() &&
             holds(number.convertToFloat());
    }
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
            tensor::ExtractSliceOp, tensor::CastOp, linalg::TransposeOp,
            linalg::BroadcastOp>(op))
      return isRounded(op->getOperand(0));
    if (auto concat = dyn_cast<tensor::ConcatOp>(op))
      return llvm::all_of(concat.getInputs(),
                          [&](Value input) { return isRounded(input); });
    return false;
  }

  /// Whether an operation chooses among its rounded inputs and numbers that the
  /// type has: a maximum, ReLU.
  bool keepsValues(Operation *op) const {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (!linalgOp)
      return false;
    auto isOfType = [&](Value value) {
      APFloat number(0.0f);
      if (matchPattern(value, m_ConstantFloat(&number)))
        return &number.getSemantics() == &APFloat::IEEEsingle() &&
               holds(number.convertToFloat());
      auto argument = dyn_cast<BlockArgument>(value);
      if (!argument)
        return value.getParentBlock() == linalgOp.getBlock();
      if (argument.getOwner() != linalgOp.getBlock())
        return false;
      Value operand = linalgOp->getOperand(argument.getArgNumber());
      return isRounded(operand);
    };
    for (Operation &inner : *linalgOp.getBlock()) {
      if (isa<arith::CmpFOp, arith::CmpIOp, arith::ConstantOp,
              arith::IndexCastOp, linalg::IndexOp>(inner))
        continue;
      if (!isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
               arith::MinNumFOp, arith::SelectOp, linalg::YieldOp>(inner))
        return false;
      for (Value value : inner.getOperands())
        if (value.getType().isF32() && !isOfType(value))
          return false;
    }
    return true;
  }

  Value create(Value value) {
    OpBuilder builder(type.getContext());
    builder.setInsertionPointAfterValue(value);
    return FakeQuantOp::create(builder, value.getLoc(), value, type,
                               StringAttr());
  }

  Value round(Value value) {
    if (isRounded(value))
      return value;
    Value &fake = rounded[{value, type}];
    if (!fake)
      fake = create(value);
    return fake;
  }

  const FloatLayer &layer;
  FloatType type;
  RoundedValues &rounded;
  llvm::DenseSet<Operation *> parts;
  SmallVector<OpOperand *> inputs;
  SmallVector<Value> results;
};

} // namespace

void roundFloatLayers(ModuleOp module, const CalibrationRules &rules,
                      RoundedValues &rounded) {
  for (FloatLayer &layer : getFloatLayers(module)) {
    OperandScheme scheme = rules.recipe.resolve(LayerPlace(layer).place);
    FloatType type = getFloatType(module.getContext(), scheme.scheme);
    std::optional<std::string> reason;
    if (type) {
      LayerRounder rounder(layer, type, rounded);
      reason = rounder.check();
      if (!reason) {
        rounder.run();
        continue;
      }
      layer.ops.back()->setAttr(attrs::floatReason,
                                StringAttr::get(module.getContext(), *reason));
    }
    for (Operation *op : layer.ops)
      op->removeAttr(attrs::layer);
  }
}

} // namespace quanta
