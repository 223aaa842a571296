//===- CalibrationRules.cpp - What decides on schemes ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationRules.h"

#include "quanta/Calibration/FileError.h"
#include "quanta/Transforms/Naming.h"

using namespace mlir;

namespace quanta {

FailureOr<CalibrationRules> CalibrationRules::load(ModuleOp module,
                                                   StringRef pass,
                                                   StringRef statisticsPath,
                                                   StringRef recipePath) {
  MLIRContext *context = module.getContext();
  // A recipe may fix all ranges.
  if (statisticsPath.empty() && recipePath.empty())
    return emitError(module.getLoc()) << pass << " needs statistics=FILE";
  CalibrationRules rules;
  rules.statisticsPath = statisticsPath.str();
  rules.recipePath = recipePath.str();
  if (!statisticsPath.empty()) {
    llvm::Expected<Statistics> loaded = Statistics::load(statisticsPath);
    if (!loaded)
      return emitFileError(module.getLoc(), loaded.takeError());
    rules.statistics = std::move(*loaded);
  }
  if (!recipePath.empty()) {
    llvm::Expected<Recipe> loaded = Recipe::load(recipePath);
    if (!loaded)
      return emitFileError(module.getLoc(), loaded.takeError());
    rules.recipe = std::move(*loaded);
  }
  auto fingerprint = module->getAttrOfType<StringAttr>(attrs::fingerprint);
  if (!fingerprint)
    return emitError(module.getLoc()) << pass << " needs an observed module: "
                                      << "run quanta-insert-observers first";
  const std::string &model = rules.statistics.model;
  if (!statisticsPath.empty() &&
      fingerprint.getValue() != rules.statistics.fingerprint)
    return emitError(FileLineColLoc::get(context, statisticsPath, 1, 1))
           << "statistics file '" << statisticsPath << "' belongs to another "
           << "model" << (model.empty() ? "" : " ('" + model + "')")
           << ": run the observed program of this one";
  return rules;
}

const ObserverStatistics *CalibrationRules::find(ObserveOp observe) const {
  auto it = statistics.observers.find(observe.getName().str());
  return it == statistics.observers.end() ? nullptr : &it->second;
}

OperandScheme CalibrationRules::resolve(QuantizableOpInterface op,
                                        ObserveOp observe,
                                        const ChannelWeights &weights) const {
  std::string location = describeLocation(op.getLoc());
  OperandScheme scheme = recipe.resolve(
      {observe.getName(), op->getName().getStringRef(), location});
  const ObserverStatistics *seen = find(observe);
  if (!recipePath.empty() || !seen)
    return scheme;
  auto [entry, isNew] = decided.try_emplace(observe.getName());
  std::optional<AutoScheme> &chosen = entry->second;
  if (isNew) {
    // What is smoothed already is decided as it was before.
    ChannelWeights met = weights;
    ArrayRef<float> scales = observe.getSmoothing().value_or(ArrayRef<float>());
    if (scales.size() == met.maxima.size())
      for (auto [scale, largest, power] :
           llvm::zip_equal(scales, met.maxima, met.powers)) {
        largest /= scale;
        power /= static_cast<double>(scale) * scale;
      }
    chosen = chooseAutoScheme(*seen, met);
  }
  if (!chosen)
    return scheme;
  scheme.scheme = chosen->scheme;
  scheme.smooth = chosen->smooth;
  scheme.range.selection = RangeSelection::Mse;
  return scheme;
}

} // namespace quanta
