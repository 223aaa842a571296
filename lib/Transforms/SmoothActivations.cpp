//===- SmoothActivations.cpp - Move scales of channels into the weights ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/SmoothActivations.h"

#include "CalibrationRules.h"
#include "ScaleProducer.h"

#include "quanta/Calibration/Smoothing.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SMOOTHACTIVATIONS
#include "quanta/Transforms/Passes.h.inc"

Value multiplyChannels(OpBuilder &builder, Location loc, Value tensor,
                       int64_t axis, ArrayRef<float> factors) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  Value vector = createConstant(builder, loc,
                                static_cast<int64_t>(factors.size()), factors);
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, tensor),
      type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  AffineMap channel = AffineMap::get(rank, 0, builder.getAffineDimExpr(axis));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, type, ValueRange{tensor, vector}, empty,
             ArrayRef<AffineMap>{identity, channel, identity}, loops,
             [](OpBuilder &b, Location loc, ValueRange elements) {
               Value product =
                   arith::MulFOp::create(b, loc, elements[0], elements[1]);
               linalg::YieldOp::create(b, loc, product);
             })
      .getResult(0);
}

namespace {
/// A contraction that multiplies an activation by constant weights.
struct WeightReader {
  OpOperand *activation, *weight;
  /// Dimension of the weights that indexes the activation's channels.
  int64_t weightAxis;
};
} // namespace

/// The reader behind a use of an observed activation, if its channels meet
/// constants there.
static std::optional<WeightReader> getWeightReader(OpOperand &use,
                                                   int64_t axis) {
  auto op = dyn_cast<QuantizableOpInterface>(use.getOwner());
  if (!op)
    return std::nullopt;
  SmallVector<OpOperand *> factors = op.getFactors();
  if (!llvm::is_contained(factors, &use))
    return std::nullopt;
  OpOperand *weight = factors[factors[0] == &use ? 1 : 0];
  std::optional<int32_t> channels = op.getContractedDim(use.getOperandNumber());
  std::optional<int32_t> weightAxis =
      op.getContractedDim(weight->getOperandNumber());
  if (channels != axis || !weightAxis || !getConstantFloats(weight->get()))
    return std::nullopt;
  return WeightReader{&use, weight, *weightAxis};
}

static SmallVector<WeightReader> getWeightReaders(ObserveOp observe,
                                                  int64_t axis) {
  SmallVector<WeightReader> readers;
  for (OpOperand &use : observe->getUses())
    if (std::optional<WeightReader> reader = getWeightReader(use, axis))
      readers.push_back(*reader);
  return readers;
}

ChannelWeights getChannelWeights(ObserveOp observe, int64_t axis) {
  ChannelWeights weights;
  for (const WeightReader &reader : getWeightReaders(observe, axis)) {
    Value weight = reader.weight->get();
    auto type = cast<RankedTensorType>(weight.getType());
    weights.maxima.resize(type.getDimSize(reader.weightAxis), 0.0);
    weights.powers.resize(weights.maxima.size(), 0.0);
    size_t inner = ShapedType::getNumElements(
        type.getShape().drop_front(reader.weightAxis + 1));
    for (auto [index, value] : llvm::enumerate(*getConstantFloats(weight))) {
      size_t channel = index / inner % weights.maxima.size();
      double magnitude = std::abs(static_cast<double>(value));
      weights.maxima[channel] = std::max(weights.maxima[channel], magnitude);
      weights.powers[channel] += magnitude * magnitude;
    }
  }
  return weights;
}

namespace {

/// An activation and what it is divided by.
struct Plan {
  ObserveOp observe;
  int64_t axis;
  SmallVector<float> scales;
};

class Smoother {
public:
  explicit Smoother(const CalibrationRules &rules) : rules(rules) {}

  /// Chooses numbers for `observe`, whose first reader is `op`: none where
  /// nothing is to be smoothed.
  LogicalResult choose(ObserveOp observe, QuantizableOpInterface op);
  /// Applies what was chosen.
  void apply();

private:
  const CalibrationRules &rules;
  SmallVector<Plan> plans;

  bool mayScaleWeights(QuantizableOpInterface op) const;
};

} // namespace

/// Whether the channels of an activation that `op` reads meet weights there.
static bool meetsWeights(ObserveOp observe, QuantizableOpInterface op) {
  for (OpOperand *factor : op.getFactors()) {
    std::optional<int32_t> axis =
        op.getContractedDim(factor->getOperandNumber());
    if (factor->get() == observe.getResult() && axis &&
        !observe.getInput().getType().isDynamicDim(*axis) &&
        getWeightReader(*factor, *axis))
      return true;
  }
  return false;
}

LogicalResult Smoother::choose(ObserveOp observe, QuantizableOpInterface op) {
  if (observe.getKind() == ObserverKind::Fixed)
    return success();
  const ObserverStatistics *seen = rules.find(observe);
  ChannelWeights weights;
  if (seen && seen->hasChannels())
    weights = getChannelWeights(observe, seen->axis);
  OperandScheme scheme = rules.resolve(op, observe, weights);
  if (observe.getSmoothing() || !scheme.smooth.alpha || scheme.fixedRange ||
      (scheme.scheme != Scheme::Static && scheme.scheme != Scheme::Dynamic) ||
      !meetsWeights(observe, op))
    return success();
  // A range is missing too, which is told where it is chosen.
  if (scheme.scheme == Scheme::Static && (!seen || !seen->hasFiniteData()))
    return success();
  if (weights.maxima.empty() ||
      seen->channelMin.size() != weights.maxima.size())
    return observe.emitOpError()
           << "'" << observe.getName() << "' is to be smoothed, but there are "
           << "no statistics of its channels: calibrate with "
           << "observer=histogram or per_channel_min_max";
  plans.push_back(
      {observe, seen->axis,
       chooseSmoothingScales(*seen, weights.maxima, *scheme.smooth.alpha)});
  return success();
}

/// Whether the weights have a scale for each output channel, which takes over
/// what is multiplied into them.
bool Smoother::mayScaleWeights(QuantizableOpInterface op) const {
  for (OpOperand *factor : op.getFactors())
    if (auto observe = factor->get().getDefiningOp<ObserveOp>())
      return rules.resolve(op, observe).weight != WeightGranularity::PerTensor;
  return true;
}

void Smoother::apply() {
  for (Plan &plan : plans) {
    ObserveOp observe = plan.observe;
    if (llvm::all_of(plan.scales, [](float scale) { return scale == 1; }))
      continue;
    SmallVector<WeightReader> readers = getWeightReaders(observe, plan.axis);
    SmallVector<float> inverses =
        llvm::map_to_vector(plan.scales, [](float scale) { return 1 / scale; });
    OpBuilder builder(observe);
    Value divided = observe.getInput();
    bool isOnlyReader =
        static_cast<size_t>(std::distance(
            observe->use_begin(), observe->use_end())) == readers.size();
    if (!isOnlyReader || failed(scaleProducer(divided, plan.axis, inverses,
                                              [&](QuantizableOpInterface op) {
                                                return mayScaleWeights(op);
                                              })))
      divided = multiplyChannels(builder, observe.getLoc(), divided, plan.axis,
                                 inverses);
    auto smoothed =
        ObserveOp::create(builder, observe.getLoc(), divided.getType(), divided,
                          observe.getNameAttr(), observe.getKindAttr(),
                          builder.getI64IntegerAttr(plan.axis),
                          builder.getDenseF32ArrayAttr(plan.scales));
    for (const WeightReader &reader : readers) {
      OpBuilder weights(reader.weight->getOwner());
      reader.weight->set(scaleConstant(weights, reader.weight->get(),
                                       reader.weightAxis, plan.scales));
      reader.activation->set(smoothed);
    }
    if (observe->use_empty())
      observe.erase();
  }
}

LogicalResult smoothActivations(ModuleOp module,
                                const CalibrationRules &rules) {
  // The first reader of each decides.
  llvm::MapVector<ObserveOp, QuantizableOpInterface> activations;
  module.walk([&](QuantizableOpInterface op) {
    for (OpOperand *factor : op.getFactors())
      if (auto observe = factor->get().getDefiningOp<ObserveOp>())
        activations.insert({observe, op});
  });
  // All are chosen from the weights as they were.
  Smoother smoother(rules);
  for (auto [observe, op] : activations)
    if (failed(smoother.choose(observe, op)))
      return failure();
  smoother.apply();
  return success();
}

namespace {
struct SmoothActivationsPass
    : impl::SmoothActivationsBase<SmoothActivationsPass> {
  using SmoothActivationsBase::SmoothActivationsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(
            checkStage(module, {Stage::Float, Stage::Observed}, getArgument())))
      return signalPassFailure();
    FailureOr<CalibrationRules> rules =
        CalibrationRules::load(module, getArgument(), statistics, recipe);
    if (failed(rules) || failed(smoothActivations(module, *rules)))
      return signalPassFailure();
  }
};
} // namespace

} // namespace quanta
