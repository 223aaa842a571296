//===- ExposedLayers.cpp - Tensors that an analysis looks at --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExposedLayers.h"

#include "QuantizationPoints.h"
#include "quanta/API/Diagnostics.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/SmoothActivations.h"

using namespace llvm;

namespace quanta {

Exposer::Exposer(mlir::func::FuncOp function)
    : function(function), terminator(cast<mlir::func::ReturnOp>(
                              function.getBody().back().getTerminator())),
      results(terminator.getOperands()) {}

std::optional<unsigned> Exposer::add(mlir::Value value) {
  auto type = dyn_cast<mlir::RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32() ||
      value.getParentBlock() != terminator->getBlock())
    return std::nullopt;
  results.push_back(value);
  return results.size() - 1;
}

void Exposer::finish() {
  terminator.getOperandsMutable().assign(results);
  mlir::OpBuilder builder(function);
  function.setType(builder.getFunctionType(
      function.getArgumentTypes(), mlir::TypeRange(mlir::ValueRange(results))));
  if (mlir::ArrayAttr attrs = function.getAllResultAttrs()) {
    SmallVector<mlir::Attribute> all(attrs.getAsRange<mlir::Attribute>());
    all.resize(results.size(), builder.getDictionaryAttr({}));
    function.setAllResultAttrs(all);
  }
}

/// The result of a contraction as the float network has it: smoothing what
/// reads it may have changed its weights.
static mlir::Value getUnscaledResult(QuantizableOpInterface op) {
  mlir::Value result = op->getResult(0);
  auto scales = op->getAttrOfType<mlir::DenseF32ArrayAttr>(attrs::resultScales);
  auto axis = op->getAttrOfType<mlir::IntegerAttr>(attrs::resultAxis);
  if (!scales || !axis)
    return result;
  mlir::OpBuilder builder(op);
  builder.setInsertionPointAfterValue(result);
  SmallVector<float> inverses =
      map_to_vector(scales.asArrayRef(), [](float scale) { return 1 / scale; });
  return multiplyChannels(builder, op.getLoc(), result, axis.getInt(),
                          inverses);
}

/// Figures of a layer in 16 bits that is no contraction, without numbers yet.
static void exposeFloatLayer(const FloatLayer &floatLayer, Exposer &exposer,
                             Analysis &analysis,
                             std::vector<ExposedLayer> &layers) {
  mlir::Operation *last = floatLayer.ops.back();
  LayerFigures figures;
  ExposedLayer layer;
  figures.name = floatLayer.name;
  figures.op = last->getName().getStringRef().str();
  figures.location = describeLocation(last->getLoc());
  std::string scheme =
      last->getAttrOfType<mlir::StringAttr>(attrs::float16).str();
  SetVector<mlir::Operation *> inputs;
  for (mlir::Operation *op : floatLayer.ops)
    for (mlir::Value operand : op->getOperands())
      if (auto fake = operand.getDefiningOp<FakeQuantOp>())
        inputs.insert(fake);
  auto add = [&](StringRef name, std::optional<ExposedOperand> exposed) {
    figures.operands.emplace_back();
    figures.operands.back().name = name.str();
    figures.operands.back().scheme = scheme;
    layer.operands.push_back(exposed);
  };
  for (mlir::Operation *fake : inputs) {
    if (getConstant(fake->getOperand(0))) {
      add("", std::nullopt);
      addWeight(figures.operands.back(), cast<FakeQuantOp>(fake));
      continue;
    }
    std::optional<unsigned> before = exposer.add(fake->getOperand(0));
    std::optional<unsigned> after = exposer.add(fake->getResult(0));
    if (before && after)
      add(floatLayer.name, ExposedOperand{*before, *after, std::nullopt,
                                          /*isFloat=*/true});
  }
  // What is rounded already loses nothing.
  if (llvm::all_of(figures.operands, [](const OperandFigures &operand) {
        return operand.name.empty();
      }))
    add(floatLayer.name, std::nullopt);
  mlir::Value result = last->getResult(0);
  for (mlir::Operation *user : result.getUsers())
    if (auto fake = dyn_cast<FakeQuantOp>(user))
      if (fake.getFloatType())
        result = fake;
  layer.result = exposer.add(result);
  figures.isMeasured = layer.result.has_value();
  analysis.layers.push_back(std::move(figures));
  layers.push_back(std::move(layer));
}

/// What the channels of an activation, `factor`, meet in `other`.
static void addMetWeights(QuantizableOpInterface op, mlir::OpOperand &factor,
                          mlir::OpOperand &other, ExposedOperand &exposed) {
  auto fake = other.get().getDefiningOp<FakeQuantOp>();
  std::optional<SmallVector<float>> values, rounded;
  if (fake) {
    values = getConstantFloats(fake.getInput());
    rounded = getRoundedConstant(fake);
  }
  if (!values || !rounded) {
    exposed.met = {{1, 0}};
    return;
  }
  std::optional<int32_t> axis = op.getContractedDim(factor.getOperandNumber());
  std::optional<int32_t> weightAxis =
      op.getContractedDim(other.getOperandNumber());
  size_t channels = 1, inner = 1;
  if (axis && weightAxis) {
    exposed.axis = *axis;
    auto shape = cast<mlir::RankedTensorType>(fake.getType()).getShape();
    channels = shape[*weightAxis];
    inner = mlir::ShapedType::getNumElements(shape.drop_front(*weightAxis + 1));
  }
  exposed.met.resize(std::max<size_t>(channels, 1));
  for (auto [index, value] : enumerate(*values)) {
    MetWeights &met = exposed.met[index / inner % exposed.met.size()];
    double weight = value, error = (*rounded)[index] - weight;
    met.power += weight * weight;
    met.noise += error * error;
  }
}

/// Figures of a contraction, without numbers but for its weights.
static void exposeContraction(QuantizableOpInterface op, Exposer &exposer,
                              Analysis &analysis,
                              std::vector<ExposedLayer> &layers) {
  LayerFigures figures;
  ExposedLayer layer;
  figures.op = op->getName().getStringRef().str();
  figures.location = describeLocation(op->getLoc());
  if (auto reason = op->getAttrOfType<mlir::StringAttr>(attrs::floatReason))
    figures.floatReason = reason.str();
  SmallVector<mlir::OpOperand *> factors = op.getFactors();
  for (auto [index, factor] : enumerate(factors)) {
    OperandFigures operand;
    std::optional<ExposedOperand> exposed;
    mlir::Operation *producer = factor->get().getDefiningOp();
    bool isWeight = false;
    operand.scheme = "float";
    if (auto fake = dyn_cast_or_null<FakeQuantOp>(producer)) {
      mlir::FloatType type = fake.getFloatType();
      operand.scheme = !type ? "static" : type.isF16() ? "fp16" : "bf16";
      operand.name = fake.getName().value_or("").str();
      isWeight = !!getConstant(fake.getInput());
      if (isWeight)
        addWeight(operand, fake);
      exposed.emplace();
      exposed->params = QuantParams::getOfWeight(fake.getQuantizedType());
      exposed->isFloat = type != nullptr;
    } else if (auto fake = dyn_cast_or_null<DynamicFakeQuantOp>(producer)) {
      operand.scheme = "dynamic";
      operand.name = fake.getName().value_or("").str();
      exposed.emplace();
    }
    if (isWeight)
      exposed.reset();
    if (exposed) {
      std::optional<unsigned> before = exposer.add(producer->getOperand(0));
      std::optional<unsigned> after = exposer.add(producer->getResult(0));
      if (before && after) {
        exposed->before = *before;
        exposed->after = *after;
        addMetWeights(op, *factor, *factors[1 - index], *exposed);
      } else {
        exposed.reset();
      }
    }
    figures.operands.push_back(std::move(operand));
    layer.operands.push_back(exposed);
  }
  // A weight that is rounded alone meets a float activation.
  bool isWeightOnly = llvm::any_of(figures.operands, [](auto &operand) {
    return operand.scheme == "float";
  });
  for (OperandFigures &operand : figures.operands)
    if (isWeightOnly && operand.scheme != "float")
      operand.scheme = "weight_only";
  layer.result = exposer.add(getUnscaledResult(op));
  figures.isMeasured = layer.result.has_value();
  analysis.layers.push_back(std::move(figures));
  layers.push_back(std::move(layer));
}

std::vector<ExposedLayer> exposeLayers(mlir::func::FuncOp function,
                                       Exposer &exposer, Analysis &analysis) {
  std::vector<ExposedLayer> layers;
  function->walk([&](QuantizableOpInterface op) {
    exposeContraction(op, exposer, analysis, layers);
  });
  auto module = function->getParentOfType<mlir::ModuleOp>();
  for (const FloatLayer &floatLayer : getFloatLayers(module))
    if (function->isProperAncestor(floatLayer.ops.back()))
      exposeFloatLayer(floatLayer, exposer, analysis, layers);
  return layers;
}

} // namespace quanta
