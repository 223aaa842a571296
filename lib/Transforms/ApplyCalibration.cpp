//===- ApplyCalibration.cpp - Choose parameters from statistics -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationRules.h"
#include "RoundLayers.h"
#include "WeightTypes.h"

#include "quanta/Calibration/Smoothing.h"
#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/SmoothActivations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/Dominance.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_APPLYCALIBRATION
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct ApplyCalibrationPass : impl::ApplyCalibrationBase<ApplyCalibrationPass> {
  using ApplyCalibrationBase::ApplyCalibrationBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Parameters that a module has are kept: of training, or of a QDQ model.
    Stage stage = getStage(module);
    if (keepExisting &&
        (stage == Stage::Simulated || stage == Stage::Quantized)) {
      for (auto [file, what] :
           {std::pair(StringRef(statistics), "statistics file"),
            std::pair(StringRef(recipe), "recipe")})
        if (!file.empty()) {
          emitError(module.getLoc())
              << "the module is at the " << stringifyStage(stage)
              << " stage, where its parameters are chosen already: the " << what
              << " '" << file << "' would change nothing";
          return signalPassFailure();
        }
      return;
    }
    if (failed(
            checkStage(module, {Stage::Float, Stage::Observed}, getArgument())))
      return signalPassFailure();
    FailureOr<CalibrationRules> loaded =
        CalibrationRules::load(module, getArgument(), statistics, recipe);
    if (failed(loaded))
      return signalPassFailure();
    // Before operations are added.
    if (has16Bit(loaded->recipe))
      nameFloatLayers(module);
    if (failed(smoothActivations(module, *loaded)))
      return signalPassFailure();
    rules = std::move(*loaded);
    SmallVector<QuantizableOpInterface> ops;
    module.walk([&](QuantizableOpInterface op) { ops.push_back(op); });
    warnOfIdleRules(ops);
    for (QuantizableOpInterface op : ops)
      if (failed(simulate(op)))
        return signalPassFailure();
    // What is left observes results, or operands that stay in float.
    module.walk([](ObserveOp op) {
      op.replaceAllUsesWith(op.getInput());
      op.erase();
    });
    roundFloatLayers(module, rules, weights);
  }

private:
  CalibrationRules rules;
  /// Fake-quantized form of each observed value: its first reader decides on
  /// the type.
  DenseMap<Value, Value> activations;
  /// Forms with ranges found at run time, by type and rows.
  DenseMap<std::pair<Value, Attribute>, Value> dynamic;
  /// Fake-quantized forms of each weight, and of each activation in f16 or
  /// bf16, by type: readers may differ.
  RoundedValues weights;

  static bool is16Bit(const RecipeFields &fields) {
    return fields.scheme == Scheme::Float16 ||
           fields.scheme == Scheme::BFloat16;
  }

  /// Whether there is anything in a recipe for layers that are no contractions.
  static bool has16Bit(const Recipe &recipe) {
    return is16Bit(recipe) || llvm::any_of(recipe.rules, is16Bit);
  }

  /// A rule that applies nowhere is probably a name with a mistake in it.
  void warnOfIdleRules(ArrayRef<QuantizableOpInterface> ops) {
    std::vector<bool> applies(rules.recipe.rules.size());
    for (QuantizableOpInterface op : ops) {
      std::string location = describeLocation(op.getLoc());
      for (OpOperand *factor : op.getFactors()) {
        auto observe = factor->get().getDefiningOp<ObserveOp>();
        if (!observe)
          continue;
        OperandPlace place = {observe.getName(), op->getName().getStringRef(),
                              location};
        for (auto [index, rule] : llvm::enumerate(rules.recipe.rules))
          applies[index] = applies[index] || rule.matches(place);
      }
    }
    for (const FloatLayer &layer : getFloatLayers(getOperation())) {
      LayerPlace layerPlace(layer);
      for (auto [index, rule] : llvm::enumerate(rules.recipe.rules))
        if (is16Bit(rule) || rule.scheme == Scheme::Float)
          applies[index] = applies[index] || rule.matches(layerPlace.place);
    }
    for (auto [index, rule] : llvm::enumerate(rules.recipe.rules)) {
      if (applies[index])
        continue;
      InFlightDiagnostic warning = emitWarning(getOperation().getLoc())
                                   << "recipe file '" << recipe << "': rule "
                                   << index + 1 << " (";
      llvm::ListSeparator comma;
      for (auto [key, pattern] :
           {std::pair("name", rule.name), std::pair("op", rule.op),
            std::pair("location", rule.location)})
        if (!pattern.empty())
          warning << StringRef(comma) << key << " '" << pattern << "'";
      warning << ") applies to no activation of this model";
    }
  }

  Type getActivationType(RealRange range, const OperandScheme &scheme) {
    return chooseAffineType(
        &getContext(), range.min, range.max, scheme.isActivationSigned(),
        scheme.getActivationWidth(), scheme.range.isSymmetric);
  }

  /// Parameters of an activation from what its observer saw, or from the
  /// recipe.
  FailureOr<Type> chooseActivationType(ObserveOp op,
                                       const OperandScheme &scheme) {
    if (scheme.fixedRange)
      return getActivationType(*scheme.fixedRange, scheme);
    if (op.getKind() == ObserverKind::Fixed || scheme.observer == "fixed")
      return op.emitOpError() << "'" << op.getName() << "' is fixed, but the "
                              << "recipe gives it no 'min' and 'max'";
    if (statistics.empty())
      return op.emitOpError()
             << "'" << op.getName() << "' has no range in the "
             << "recipe: " << getArgument() << " needs statistics=FILE";
    const ObserverStatistics *seen = rules.find(op);
    if (!seen)
      return op.emitOpError() << "'" << op.getName() << "' is not in statistics"
                              << " file '" << statistics << "'";
    std::optional<ObserverStatistics> divided;
    if (auto scales = op.getSmoothing()) {
      if (seen->channelMin.size() != scales->size())
        return op.emitOpError() << "'" << op.getName() << "' is smoothed, but "
                                << "there are no statistics of its channels";
      divided = divideChannels(*seen, *scales);
    }
    const ObserverStatistics &stats = divided ? *divided : *seen;
    if (stats.elements == 0)
      return op.emitOpError() << "'" << op.getName() << "' saw no data: run "
                              << "the observed program on samples first";
    if (!stats.hasFiniteData())
      return op.emitOpError()
             << "'" << op.getName() << "' saw only NaNs and infinities";
    if (stats.nans > 0 || stats.infs > 0)
      op.emitWarning() << "'" << op.getName() << "' saw "
                       << static_cast<int64_t>(stats.nans) << " NaNs and "
                       << static_cast<int64_t>(stats.infs)
                       << " infinities, which its range leaves out";
    if (stats.min == stats.max)
      op.emitRemark() << "'" << op.getName() << "' saw only the value "
                      << stats.min;
    llvm::Expected<RealRange> range = selectRange(stats, scheme.range);
    if (!range)
      return op.emitOpError() << "'" << op.getName()
                              << "': " << llvm::toString(range.takeError());
    return getActivationType(*range, scheme);
  }

  /// Why the weights among the factors of `op` cannot be of `type`.
  static std::optional<std::string> checkWeights(QuantizableOpInterface op,
                                                 FloatType type) {
    for (OpOperand *factor : op.getFactors()) {
      std::optional<SmallVector<float>> values =
          getConstantFloats(factor->get());
      if (!values)
        continue;
      for (auto [index, value] : llvm::enumerate(*values))
        if (!std::isfinite(roundTo(type, value)))
          return llvm::formatv(
              "its weight has the value {0:E4} at element {1}, "
              "which {2} cannot hold",
              value, index, getSchemeName(type));
    }
    return std::nullopt;
  }

  /// The reason for which the recipe or the operation itself asks for float.
  std::optional<std::string> getFloatReason(QuantizableOpInterface op) {
    std::string reason;
    if (failed(op.checkQuantizable(reason)))
      return reason;
    unsigned activations = 0;
    bool isWeightOnly = false;
    SmallVector<FloatType> floatTypes;
    for (OpOperand *factor : op.getFactors()) {
      auto observe = factor->get().getDefiningOp<ObserveOp>();
      activations += !getConstant(factor->get());
      if (!observe) {
        if (getConstant(factor->get()))
          continue;
        return "its operand " + std::to_string(factor->getOperandNumber()) +
               " is not observed";
      }
      OperandScheme scheme = rules.resolve(op, observe);
      if (scheme.scheme == Scheme::Float)
        return scheme.reason.empty() ? "the recipe says float" : scheme.reason;
      // Nothing is known of a branch that no sample takes.
      if (scheme.scheme == Scheme::Static && !scheme.fixedRange &&
          observe.getKind() != ObserverKind::Fixed &&
          rules.statistics.isUnreached(observe.getName())) {
        std::string unreached =
            ("no sample reached '" + observe.getName() + "' in calibration")
                .str();
        op.emitWarning() << "stays in float: " << unreached;
        return unreached;
      }
      isWeightOnly |= scheme.scheme == Scheme::WeightOnly;
      floatTypes.push_back(getFloatType(&getContext(), scheme.scheme));
    }
    if (activations == 0)
      return "all its factors are constants";
    if (isWeightOnly && activations > 1)
      return "the recipe says weight_only, but both its factors are "
             "activations";
    if (!llvm::all_equal(floatTypes))
      return "the recipe gives its factors different schemes, of which one "
             "is " +
             getSchemeName(floatTypes[0] ? floatTypes[0] : floatTypes[1]).str();
    return floatTypes[0] ? checkWeights(op, floatTypes[0]) : std::nullopt;
  }

  /// The dimensions of an activation whose indices have ranges of their own.
  static SmallVector<int64_t> getRows(QuantizableOpInterface op,
                                      OpOperand &factor,
                                      const OperandScheme &scheme) {
    SmallVector<int64_t> rows;
    if (scheme.granularity == Granularity::PerTensor)
      return rows;
    for (auto [dim, resultDim] :
         llvm::enumerate(op.getResultDims(factor.getOperandNumber())))
      if (resultDim)
        rows.push_back(dim);
    return rows;
  }

  /// An activation whose range is found at run time. Readers that agree on the
  /// form share it.
  FailureOr<Value> simulateDynamic(QuantizableOpInterface op, OpOperand &factor,
                                   ObserveOp observe,
                                   const OperandScheme &scheme) {
    if (scheme.getActivationWidth() > 8)
      return observe.emitOpError()
             << "'" << observe.getName() << "' is to have 16 bits and a range "
             << "found at run time: activations of 16 bits are static";
    SmallVector<int64_t> rows = getRows(op, factor, scheme);
    // The sums that an affine right factor would need of the left one are
    // known only at run time.
    bool isSymmetric =
        scheme.range.isSymmetric || factor.getOperandNumber() != 0;
    bool isSigned = scheme.isActivationSigned();
    auto type = quant::UniformQuantizedType::get(
        isSigned ? quant::QuantizationFlags::Signed : 0,
        IntegerType::get(&getContext(), 8), Float32Type::get(&getContext()),
        /*scale=*/1.0, /*zeroPoint=*/isSymmetric && !isSigned ? 128 : 0,
        /*storageTypeMin=*/
        !isSigned     ? 0
        : isSymmetric ? -127
                      : -128,
        /*storageTypeMax=*/isSigned ? 127 : 255);
    Builder attributes(&getContext());
    Value &fake =
        dynamic[{observe, attributes.getArrayAttr(
                              {TypeAttr::get(type),
                               attributes.getDenseI64ArrayAttr(rows),
                               attributes.getBoolAttr(isSymmetric)})}];
    if (!fake) {
      OpBuilder builder(observe);
      fake = DynamicFakeQuantOp::create(builder, observe.getLoc(),
                                        observe.getInput(), type, rows,
                                        isSymmetric, observe.getNameAttr());
    }
    return fake;
  }

  /// Elementwise operations behind the rounding read what it leaves, so that
  /// nothing else of the tensor has to be stored.
  static void shareRounding(ObserveOp observe, FakeQuantOp fake) {
    DominanceInfo dominance;
    observe.getInput().replaceUsesWithIf(fake, [&](OpOperand &use) {
      auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
      return reader && linalg::isElementwise(reader) &&
             dominance.properlyDominates(fake.getOperation(),
                                         reader.getOperation());
    });
  }

  /// An activation rounded to f16 or bf16, once for all its readers.
  Value simulateFloat(ObserveOp observe, FloatType type) {
    Value &fake = weights[{observe.getInput(), type}];
    if (fake)
      return fake;
    const ObserverStatistics *seen = rules.find(observe);
    if (seen && seen->hasFiniteData()) {
      double low = seen->min, high = seen->max;
      double largest = -low > high ? low : high;
      if (!std::isfinite(roundTo(type, static_cast<float>(largest))))
        observe.emitWarning()
            << "'" << observe.getName() << "' saw the value " << largest
            << ", which becomes infinite in " << getSchemeName(type);
    }
    OpBuilder builder(observe);
    fake = FakeQuantOp::create(builder, observe.getLoc(), observe.getInput(),
                               type, observe.getNameAttr());
    return fake;
  }

  FailureOr<Value> simulateActivation(QuantizableOpInterface op,
                                      OpOperand &factor, ObserveOp observe) {
    OperandScheme scheme = rules.resolve(op, observe);
    if (FloatType type = getFloatType(&getContext(), scheme.scheme))
      return simulateFloat(observe, type);
    if (scheme.scheme == Scheme::WeightOnly)
      return Value(observe);
    if (scheme.scheme == Scheme::Dynamic)
      return simulateDynamic(op, factor, observe, scheme);
    Value &fake = activations[observe];
    if (fake)
      return fake;
    FailureOr<Type> type = chooseActivationType(observe, scheme);
    if (failed(type))
      return failure();
    OpBuilder builder(observe);
    auto rounding =
        FakeQuantOp::create(builder, observe.getLoc(), observe.getInput(),
                            *type, observe.getNameAttr());
    fake = rounding;
    bool isConvolution = isa<linalg::ConvolutionOpInterface>(op.getOperation());
    if (scheme.residual.value_or(isConvolution
                                     ? Residual::Quantized
                                     : Residual::Float) == Residual::Quantized)
      shareRounding(observe, rounding);
    return fake;
  }

  FailureOr<Value> simulateWeight(QuantizableOpInterface op, OpOperand &factor,
                                  const OperandScheme &scheme) {
    Value weight = factor.get();
    FloatType floatType = getFloatType(&getContext(), scheme.scheme);
    FailureOr<Type> type = floatType ? FailureOr<Type>(floatType)
                           : scheme.scheme == Scheme::WeightOnly
                               ? chooseWeightOnlyType(op, factor, scheme)
                               : chooseWeightType(op, factor, scheme);
    if (failed(type))
      return failure();
    Value &fake = weights[{weight, *type}];
    if (!fake) {
      OpBuilder builder(op);
      builder.setInsertionPointAfterValue(weight);
      fake = FakeQuantOp::create(builder, op.getLoc(), weight, *type,
                                 StringAttr());
    }
    return fake;
  }

  LogicalResult simulate(QuantizableOpInterface op) {
    if (std::optional<std::string> reason = getFloatReason(op)) {
      op->setAttr(attrs::floatReason, StringAttr::get(&getContext(), *reason));
      return success();
    }
    // A weight follows the rules of the activation that it meets.
    OperandScheme scheme;
    SmallVector<OpOperand *> factors = op.getFactors();
    for (OpOperand *factor : llvm::reverse(factors))
      if (auto observe = factor->get().getDefiningOp<ObserveOp>())
        scheme = rules.resolve(op, observe);
    padToBlocks(op, scheme);
    for (OpOperand *factor : op.getFactors()) {
      auto observe = factor->get().getDefiningOp<ObserveOp>();
      if (!observe && !getConstant(factor->get()))
        // An activation that was padded: it stays float.
        continue;
      FailureOr<Value> fake = observe ? simulateActivation(op, *factor, observe)
                                      : simulateWeight(op, *factor, scheme);
      if (failed(fake))
        return failure();
      factor->set(*fake);
    }
    if (FloatType type = getFloatType(&getContext(), scheme.scheme))
      roundResult(op, type);
    return success();
  }

  /// Rounds the result of a contraction, or what it is after a constant bias is
  /// added to it.
  static void roundResult(QuantizableOpInterface op, FloatType type) {
    Value result = op->getResult(0);
    if (result.hasOneUse())
      if (auto sum = dyn_cast<linalg::GenericOp>(*result.user_begin());
          sum && addsConstant(sum, result)) {
        result = sum.getResult(0);
        // It is no layer of its own.
        sum->removeAttr(attrs::layer);
      }
    OpBuilder builder(op);
    builder.setInsertionPointAfterValue(result);
    auto fake =
        FakeQuantOp::create(builder, op.getLoc(), result, type, StringAttr());
    result.replaceAllUsesExcept(fake, fake);
  }

  /// Whether an elementwise operation does nothing but add a constant to
  /// `value`.
  static bool addsConstant(linalg::GenericOp op, Value value) {
    Block *body = op.getBody();
    auto add = dyn_cast<arith::AddFOp>(body->front());
    return add && linalg::isElementwise(op) && op.getNumDpsInputs() == 2 &&
           op.getNumDpsInits() == 1 && body->getOperations().size() == 2 &&
           body->getTerminator()->getOperand(0) == add.getResult() &&
           llvm::all_of(add->getOperands(),
                        [&](Value operand) {
                          return llvm::is_contained(
                              body->getArguments().drop_back(), operand);
                        }) &&
           llvm::any_of(op.getDpsInputs(), [&](Value input) {
             return input != value && getConstant(input);
           });
  }
};

} // namespace
} // namespace quanta
