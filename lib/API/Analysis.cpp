//===- Analysis.cpp - What quantization costs, layer by layer -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Analysis.h"

#include "Comparison.h"
#include "QuantizationPoints.h"
#include "quanta/API/Diagnostics.h"
#include "quanta/API/Quantize.h"
#include "quanta/Execution/Batch.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/SmoothActivations.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace llvm;

namespace quanta {

using Tensors = SmallVector<HostTensor>;

namespace {

/// Where the figures of an activation come from: results of the simulated
/// program that are its value before and after rounding.
struct ExposedOperand {
  unsigned before, after;
  /// For a range known at compile time.
  std::optional<QuantParams> params;
  bool isFloat = false;
};

struct ExposedLayer {
  std::optional<unsigned> result;
  std::vector<std::optional<ExposedOperand>> operands;
};

/// Makes a function return more of its values.
class Exposer {
public:
  explicit Exposer(mlir::func::FuncOp function)
      : function(function), terminator(cast<mlir::func::ReturnOp>(
                                function.getBody().back().getTerminator())),
        results(terminator.getOperands()) {}

  /// Number of the value among the results; nothing for one that cannot be
  /// returned.
  std::optional<unsigned> add(mlir::Value value) {
    auto type = dyn_cast<mlir::RankedTensorType>(value.getType());
    if (!type || !type.getElementType().isF32() ||
        value.getParentBlock() != terminator->getBlock())
      return std::nullopt;
    results.push_back(value);
    return results.size() - 1;
  }

  void finish() {
    terminator.getOperandsMutable().assign(results);
    mlir::OpBuilder builder(function);
    function.setType(
        builder.getFunctionType(function.getArgumentTypes(),
                                mlir::TypeRange(mlir::ValueRange(results))));
    if (mlir::ArrayAttr attrs = function.getAllResultAttrs()) {
      SmallVector<mlir::Attribute> all(attrs.getAsRange<mlir::Attribute>());
      all.resize(results.size(), builder.getDictionaryAttr({}));
      function.setAllResultAttrs(all);
    }
  }

private:
  mlir::func::FuncOp function;
  mlir::func::ReturnOp terminator;
  SmallVector<mlir::Value> results;
};

} // namespace

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

void ErrorSums::add(const HostTensor &reference, const HostTensor &value) {
  for (int64_t i = 0, e = reference.getNumElements(); i < e; ++i)
    add(readElement(reference, i), readElement(value, i));
}

double ErrorSums::getMse() const {
  if (lost > 0)
    return std::numeric_limits<double>::infinity();
  if (isUnknown())
    return std::numeric_limits<double>::quiet_NaN();
  return count > 0 ? noise / count : 0;
}

double ErrorSums::getNoiseRatio() const {
  if (lost > 0 || isUnknown())
    return getMse();
  if (noise == 0)
    return 0;
  return signal > 0 ? noise / signal : std::numeric_limits<double>::infinity();
}

double ErrorSums::getCosine() const {
  if (isUnknown())
    return getMse();
  double length = std::sqrt(signal) * std::sqrt(other);
  if (length > 0)
    return product / length;
  return signal == other ? 1 : 0;
}

static int64_t findLargest(const HostTensor &tensor, int64_t row,
                           int64_t columns) {
  int64_t best = 0;
  for (int64_t i = 1; i < columns; ++i)
    if (readElement(tensor, row * columns + i) >
        readElement(tensor, row * columns + best))
      best = i;
  return best;
}

static bool isDistribution(const HostTensor &tensor, int64_t columns) {
  for (int64_t row = 0; row < tensor.getNumElements() / columns; ++row) {
    double sum = 0;
    for (int64_t i = 0; i < columns; ++i) {
      double element = readElement(tensor, row * columns + i);
      if (!(element >= 0))
        return false;
      sum += element;
    }
    if (!(std::abs(sum - 1) < 1e-3))
      return false;
  }
  return true;
}

static void addResult(ResultFigures &figures, const HostTensor &reference,
                      const HostTensor &value) {
  constexpr int64_t fewColumns = 100;
  figures.error.add(reference, value);
  int64_t count = reference.getNumElements();
  if (!isFloat(reference)) {
    figures.isPrediction = true;
    figures.predictions += count;
    for (int64_t i = 0; i < count; ++i)
      figures.agreeing += readElement(reference, i) == readElement(value, i);
    return;
  }
  int64_t columns = reference.getRank() ? reference.getShape().back() : 1;
  if (columns < 2 || count == 0)
    return;
  bool looksLikeScores =
      columns <= fewColumns || isDistribution(reference, columns);
  figures.isPrediction =
      looksLikeScores && (figures.isPrediction || figures.predictions == 0);
  figures.predictions += count / columns;
  for (int64_t row = 0; row < count / columns; ++row)
    figures.agreeing += findLargest(reference, row, columns) ==
                        findLargest(value, row, columns);
}

static void addOperand(OperandFigures &figures, const ExposedOperand &exposed,
                       const HostTensor &before, const HostTensor &after) {
  figures.error.add(before, after);
  for (int64_t i = 0, e = before.getNumElements(); exposed.isFloat && i < e;
       ++i)
    figures.saturated += std::isfinite(readElement(before, i)) &&
                         std::isinf(readElement(after, i));
  if (!exposed.params)
    return;
  const QuantParams &params = *exposed.params;
  for (int64_t i = 0, e = before.getNumElements(); i < e; ++i) {
    size_t channel = getChannel(before, params, i);
    double q = readElement(before, i) / params.scale(channel) +
               params.zeroPoint(channel);
    figures.saturated +=
        q < params.range.min - 0.5 || q > params.range.max + 0.5;
  }
}

/// Error of a constant weight.
static void addWeight(OperandFigures &figures, FakeQuantOp op) {
  std::optional<SmallVector<float>> values = getConstantFloats(op.getInput());
  std::optional<SmallVector<float>> rounded = getRoundedConstant(op);
  if (!rounded)
    return;
  for (auto [value, result] : zip_equal(*values, *rounded))
    figures.error.add(value, result);
}

//===----------------------------------------------------------------------===//
// Analyzer
//===----------------------------------------------------------------------===//

struct Analyzer::State {
  explicit State(Program observed) : observed(std::move(observed)) {}

  /// What one choice of schemes is measured with.
  struct Compiled {
    std::unique_ptr<Executable> simulated, integer;
    /// Those of `simulated`: contractions first.
    std::vector<ExposedLayer> layers;
    /// The float program with the results of the other layers, if there are
    /// any in 16 bits.
    std::unique_ptr<Executable> floatLayers;
    std::vector<std::optional<unsigned>> floatResults;
  };

  Program observed;
  AnalyzeOptions options;
  std::string entryName;
  unsigned numResults = 0;
  std::unique_ptr<Executable> floating;
  std::vector<ExposedLayer> floatLayers;

  Expected<std::unique_ptr<Executable>> compileFloat();
  /// The float program with the results of those layers.
  Expected<std::unique_ptr<Executable>>
  compileFloatLayers(ArrayRef<LayerFigures> figures,
                     std::vector<std::optional<unsigned>> &results) const;
  Expected<std::unique_ptr<Executable>>
  compileSimulated(const Program &simulated, Analysis &analysis,
                   std::vector<ExposedLayer> &layers) const;
  Error runBatch(const Compiled &compiled, ArrayRef<HostTensor> arguments,
                 Analysis &analysis) const;
};

Analyzer::Analyzer(std::unique_ptr<State> state) : state(std::move(state)) {}
Analyzer::Analyzer(Analyzer &&) noexcept = default;
Analyzer::~Analyzer() = default;

const Program &Analyzer::getProgram() const { return state->observed; }

Expected<std::vector<Arguments>>
Analyzer::makeCalls(ArrayRef<HostTensor> inputs) const {
  Expected<const Executable::Entry *> entry =
      state->floating->getEntry(state->entryName);
  if (!entry)
    return entry.takeError();
  Expected<BatchedArguments> batches =
      BatchedArguments::create((*entry)->getSignature(), inputs);
  if (!batches)
    return batches.takeError();
  std::vector<Arguments> calls;
  for (int64_t i = 0; i < batches->getNumBatches(); ++i)
    calls.push_back(batches->getBatch(i));
  return calls;
}

Expected<Analyzer> Analyzer::create(const Program &program,
                                    const AnalyzeOptions &options) {
  if (program.getStage() != Stage::Float &&
      program.getStage() != Stage::Observed)
    return createStringError(
        "the program is at the " + stringifyStage(program.getStage()) +
        " stage: what quantization costs is measured from the float stage on");
  Program observed = program.clone();
  if (Error error = insertObservers(observed, "histogram", /*recipe=*/"",
                                    /*keepExisting=*/true))
    return error;
  auto state = std::make_unique<State>(std::move(observed));
  state->options = options;
  Expected<std::unique_ptr<Executable>> floating = state->compileFloat();
  if (!floating)
    return floating.takeError();
  state->floating = std::move(*floating);
  return Analyzer(std::move(state));
}

Expected<std::unique_ptr<Executable>> Analyzer::State::compileFloat() {
  Program program = observed.clone();
  Expected<mlir::func::FuncOp> function =
      findFunction(program.getModule(), options.entry);
  if (!function)
    return function.takeError();
  entryName = function->getName().str();
  numResults = function->getNumResults();
  program.getModule().walk([](ObserveOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
  Exposer exposer(*function);
  function->walk([&](QuantizableOpInterface op) {
    floatLayers.push_back({exposer.add(op->getResult(0)), {}});
  });
  exposer.finish();
  return quanta::compile(program, options.compile);
}

Expected<std::unique_ptr<Executable>> Analyzer::State::compileFloatLayers(
    ArrayRef<LayerFigures> figures,
    std::vector<std::optional<unsigned>> &results) const {
  Program program = observed.clone();
  Expected<mlir::func::FuncOp> function =
      findFunction(program.getModule(), entryName);
  if (!function)
    return function.takeError();
  nameFloatLayers(program.getModule());
  StringMap<mlir::Value> values;
  for (const FloatLayer &layer : getFloatLayers(program.getModule()))
    values[layer.name] = layer.ops.back()->getResult(0);
  forgetFloatLayers(program.getModule());
  program.getModule().walk([](ObserveOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
  Exposer exposer(*function);
  for (const LayerFigures &layer : figures)
    results.push_back(exposer.add(values.lookup(layer.name)));
  exposer.finish();
  return quanta::compile(program, options.compile);
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

Expected<std::unique_ptr<Executable>>
Analyzer::State::compileSimulated(const Program &simulated, Analysis &analysis,
                                  std::vector<ExposedLayer> &layers) const {
  Program program = simulated.clone();
  Expected<mlir::func::FuncOp> function =
      findFunction(program.getModule(), entryName);
  if (!function)
    return function.takeError();
  Exposer exposer(*function);
  function->walk([&](QuantizableOpInterface op) {
    LayerFigures figures;
    ExposedLayer layer;
    figures.op = op->getName().getStringRef().str();
    figures.location = describeLocation(op->getLoc());
    if (auto reason = op->getAttrOfType<mlir::StringAttr>(attrs::floatReason))
      figures.floatReason = reason.str();
    for (mlir::OpOperand *factor : op.getFactors()) {
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
        } else {
          exposed.reset();
        }
      }
      if (!operand.name.empty() && figures.name.empty())
        figures.name = StringRef(operand.name).rsplit('/').first.str();
      figures.operands.push_back(std::move(operand));
      layer.operands.push_back(exposed);
    }
    if (figures.name.empty())
      figures.name = figures.location;
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
  });
  for (const FloatLayer &floatLayer : getFloatLayers(program.getModule()))
    if ((*function)->isProperAncestor(floatLayer.ops.back()))
      exposeFloatLayer(floatLayer, exposer, analysis, layers);
  exposer.finish();
  return quanta::compile(program, options.compile);
}

Error Analyzer::State::runBatch(const Compiled &compiled,
                                ArrayRef<HostTensor> arguments,
                                Analysis &analysis) const {
  Expected<Tensors> expected = floating->callDense(entryName, arguments);
  if (!expected)
    return expected.takeError();
  Expected<Tensors> exposed =
      compiled.simulated->callDense(entryName, arguments);
  if (!exposed)
    return exposed.takeError();
  Expected<Tensors> results = compiled.integer->callDense(entryName, arguments);
  if (!results)
    return results.takeError();
  Tensors others;
  if (compiled.floatLayers) {
    Expected<Tensors> found =
        compiled.floatLayers->callDense(entryName, arguments);
    if (!found)
      return found.takeError();
    others = std::move(*found);
  }
  for (auto [index, figures, layer] :
       enumerate(analysis.layers, compiled.layers)) {
    size_t contractions = floatLayers.size();
    bool isContraction = index < contractions;
    std::optional<unsigned> source =
        isContraction ? floatLayers[index].result
                      : compiled.floatResults[index - contractions];
    if (layer.result && source)
      figures.error.add(isContraction ? (*expected)[*source] : others[*source],
                        (*exposed)[*layer.result]);
    for (auto [operand, source] : zip_equal(figures.operands, layer.operands))
      if (source)
        addOperand(operand, *source, (*exposed)[source->before],
                   (*exposed)[source->after]);
  }
  for (unsigned i = 0; i < numResults; ++i) {
    if ((*expected)[i].getShape() != (*results)[i].getShape())
      return createStringError("result " + Twine(i) +
                               " has another shape in the quantized program");
    addResult(analysis.results[i], (*expected)[i], (*results)[i]);
  }
  return Error::success();
}

Expected<Analysis> Analyzer::run(ArrayRef<Arguments> data, StringRef statistics,
                                 StringRef recipe) const {
  Program simulated = state->observed.clone();
  if (Error error = applyCalibration(simulated, statistics, recipe))
    return error;
  Analysis analysis;
  analysis.results.resize(state->numResults);
  State::Compiled compiled;
  Expected<std::unique_ptr<Executable>> exposed =
      state->compileSimulated(simulated, analysis, compiled.layers);
  if (!exposed)
    return exposed.takeError();
  compiled.simulated = std::move(*exposed);
  ArrayRef<LayerFigures> others =
      ArrayRef(analysis.layers).drop_front(state->floatLayers.size());
  if (!others.empty()) {
    Expected<std::unique_ptr<Executable>> floating =
        state->compileFloatLayers(others, compiled.floatResults);
    if (!floating)
      return floating.takeError();
    compiled.floatLayers = std::move(*floating);
  }
  Program quantized = state->observed.clone();
  if (Error error =
          quantize(quantized, {statistics.str(), recipe.str(), /*report=*/""}))
    return error;
  // What is left in float is among the figures.
  quantized.takeRemarks();
  Expected<std::unique_ptr<Executable>> integer =
      quanta::compile(quantized, state->options.compile);
  if (!integer)
    return integer.takeError();
  compiled.integer = std::move(*integer);
  for (const Arguments &arguments : data)
    if (Error error = state->runBatch(compiled, arguments, analysis))
      return error;
  return analysis;
}

Expected<Analysis> analyze(const Program &program, ArrayRef<HostTensor> inputs,
                           const AnalyzeOptions &options) {
  Expected<Analyzer> analyzer = Analyzer::create(program, options);
  if (!analyzer)
    return analyzer.takeError();
  Expected<std::vector<Arguments>> calls = analyzer->makeCalls(inputs);
  if (!calls)
    return calls.takeError();
  return analyzer->run(*calls, options.statistics, options.recipe);
}

} // namespace quanta
