//===- Analysis.cpp - What quantization costs, layer by layer -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Analysis.h"

#include "ExposedLayers.h"
#include "QuantizationPoints.h"
#include "quanta/API/Diagnostics.h"
#include "quanta/API/Quantize.h"
#include "quanta/Execution/Batch.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Naming.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace llvm;

namespace quanta {

using Tensors = SmallVector<HostTensor>;

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
  std::vector<std::string> layerNames;

  Error checkInterrupt() const {
    if (options.isInterrupted && options.isInterrupted())
      return createStringError("interrupted");
    return Error::success();
  }
  Expected<std::unique_ptr<Executable>> compile(const Program &program) const {
    if (Error error = checkInterrupt())
      return error;
    return quanta::compile(program, options.compile);
  }
  Expected<std::vector<std::unique_ptr<Executable>>>
  compileAll(ArrayRef<Program> programs) const {
    if (Error error = checkInterrupt())
      return error;
    return quanta::compileAll(programs, options.compile);
  }
  Expected<std::unique_ptr<Executable>> compileFloat();
  /// The float program with the results of those layers.
  Expected<Program>
  exposeFloatLayers(ArrayRef<LayerFigures> figures,
                    std::vector<std::optional<unsigned>> &results) const;
  /// The simulated program with what its layers read and give.
  Expected<Program> exposeSimulated(const Program &simulated,
                                    Analysis &analysis,
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

/// Names contractions as their observers do, which some recipes leave out.
static void nameContractions(mlir::ModuleOp module) {
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    ContractionNames names(function.getName());
    function.walk([&](QuantizableOpInterface op) {
      op->setAttr(attrs::layer,
                  mlir::StringAttr::get(op.getContext(), names.getName(op)));
    });
  }
}

/// The program's entry, with the layers of the functions that it calls among
/// its own, and nothing else: no observers, no other functions.
static Expected<mlir::func::FuncOp> isolateEntry(Program &program,
                                                 StringRef name) {
  Expected<mlir::func::FuncOp> entry = findFunction(program.getModule(), name);
  if (!entry)
    return entry;
  std::string entryName = entry->getName().str();
  program.getModule().walk([](ObserveOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
  for (auto function : program.getModule().getOps<mlir::func::FuncOp>())
    if (function != *entry)
      function.setPrivate();
  if (Error error = program.run("inline{default-pipeline=},symbol-dce",
                                Program::Verify::AtEnd))
    return error;
  return findFunction(program.getModule(), entryName);
}

Expected<std::unique_ptr<Executable>> Analyzer::State::compileFloat() {
  Program program = observed.clone();
  nameContractions(program.getModule());
  Expected<mlir::func::FuncOp> function = isolateEntry(program, options.entry);
  if (!function)
    return function.takeError();
  entryName = function->getName().str();
  numResults = function->getNumResults();
  Exposer exposer(*function);
  function->walk([&](QuantizableOpInterface op) {
    floatLayers.push_back({exposer.add(op->getResult(0)), {}});
    layerNames.push_back(
        op->getAttrOfType<mlir::StringAttr>(attrs::layer).str());
    op->removeAttr(attrs::layer);
  });
  exposer.finish();
  return compile(program);
}

Expected<Program> Analyzer::State::exposeFloatLayers(
    ArrayRef<LayerFigures> figures,
    std::vector<std::optional<unsigned>> &results) const {
  Program program = observed.clone();
  nameFloatLayers(program.getModule());
  Expected<mlir::func::FuncOp> function = isolateEntry(program, entryName);
  if (!function)
    return function.takeError();
  StringMap<mlir::Value> values;
  for (const FloatLayer &layer : getFloatLayers(program.getModule()))
    values[layer.name] = layer.ops.back()->getResult(0);
  forgetFloatLayers(program.getModule());
  Exposer exposer(*function);
  for (const LayerFigures &layer : figures)
    results.push_back(exposer.add(values.lookup(layer.name)));
  exposer.finish();
  return program;
}

Expected<Program>
Analyzer::State::exposeSimulated(const Program &simulated, Analysis &analysis,
                                 std::vector<ExposedLayer> &layers) const {
  Program program = simulated.clone();
  Expected<mlir::func::FuncOp> function = isolateEntry(program, entryName);
  if (!function)
    return function.takeError();
  Exposer exposer(*function);
  layers = exposeLayers(*function, exposer, analysis);
  exposer.finish();
  return program;
}

Error Analyzer::State::runBatch(const Compiled &compiled,
                                ArrayRef<HostTensor> arguments,
                                Analysis &analysis) const {
  if (Error error = checkInterrupt())
    return error;
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
  std::vector<Program> programs;
  Expected<Program> exposed =
      state->exposeSimulated(simulated, analysis, compiled.layers);
  if (!exposed)
    return exposed.takeError();
  programs.push_back(std::move(*exposed));
  for (auto [layer, name] : zip(analysis.layers, state->layerNames))
    layer.name = name;
  Program quantized = state->observed.clone();
  QuantizeOptions options;
  options.statistics = statistics.str();
  options.recipe = recipe.str();
  // What sums that wrap around do to a result is a figure like any other, by
  // which the default recipe leaves such layers in float.
  options.allowWrap = true;
  if (Error error = quantize(quantized, options))
    return error;
  // What is left in float is among the figures.
  quantized.takeRemarks();
  programs.push_back(std::move(quantized));
  ArrayRef<LayerFigures> others =
      ArrayRef(analysis.layers).drop_front(state->floatLayers.size());
  if (!others.empty()) {
    Expected<Program> floating =
        state->exposeFloatLayers(others, compiled.floatResults);
    if (!floating)
      return floating.takeError();
    programs.push_back(std::move(*floating));
  }
  auto executables = state->compileAll(programs);
  if (!executables)
    return executables.takeError();
  compiled.simulated = std::move((*executables)[0]);
  compiled.integer = std::move((*executables)[1]);
  if (!others.empty())
    compiled.floatLayers = std::move((*executables)[2]);
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
