//===- AnalysisPrinting.cpp - Figures of an analysis as text --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Analysis.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace quanta {

static bool isWeight(const OperandFigures &operand) {
  return operand.name.empty();
}

static double getSaturation(const OperandFigures &operand) {
  double count = operand.error.count + operand.error.skipped;
  return count > 0 ? operand.saturated / count : 0;
}

void Analysis::print(raw_ostream &os) const {
  size_t width = 5;
  for (const LayerFigures &layer : layers)
    width = std::max(width, layer.name.size());
  os << left_justify("layer", width)
     << "  scheme             mse     sqnr    cosine  inputs  weights  "
        "saturated\n";
  auto decibel = [](double value) {
    std::string text;
    raw_string_ostream stream(text);
    if (std::isfinite(value))
      stream << format("%.1f", value);
    else
      stream << (std::isnan(value) ? "-" : value > 0 ? "exact" : "-inf");
    return text;
  };
  for (const LayerFigures &layer : layers) {
    // Of several activations, the worst one.
    double inputs = std::numeric_limits<double>::infinity();
    double weights = inputs, saturation = 0;
    std::string scheme;
    for (const OperandFigures &operand : layer.operands) {
      if (operand.scheme == "float")
        continue;
      if (operand.scheme == "weight_only")
        scheme = operand.scheme;
      double &sqnr = isWeight(operand) ? weights : inputs;
      // One that tells something counts more than one that does not.
      double own = operand.error.getSqnr();
      if (own < sqnr || std::isnan(sqnr) ||
          (std::isnan(own) && std::isinf(sqnr)))
        sqnr = own;
      saturation = std::max(saturation, getSaturation(operand));
      if (!isWeight(operand) && scheme.empty())
        scheme = operand.scheme;
      else if (!isWeight(operand) && scheme != operand.scheme)
        scheme = "mixed";
    }
    if (!layer.floatReason.empty() || scheme.empty())
      scheme = "float";
    os << left_justify(layer.name, width) << "  " << left_justify(scheme, 11);
    if (!layer.isMeasured) {
      os << "  in a loop or branch: not measured\n";
      continue;
    }
    os << format("%11.4g", layer.error.getMse()) << " "
       << right_justify(decibel(layer.error.getSqnr()), 8) << " "
       << format("%9.6f", layer.error.getCosine());
    if (scheme == "float")
      os << "  " << layer.floatReason << "\n";
    else
      os << right_justify(decibel(inputs), 8)
         << right_justify(decibel(weights), 9)
         << format("%10.4f%%", 100 * saturation) << "\n";
  }
  for (auto [index, result] : enumerate(results)) {
    os << "result " << index << ": mse "
       << format("%.4g", result.error.getMse()) << ", sqnr "
       << decibel(result.error.getSqnr()) << " dB, cosine "
       << format("%.6f", result.error.getCosine());
    if (result.isAgreementKnown())
      os << (result.isPrediction ? ", predictions agree"
                                 : ", places of the largest agree")
         << " in " << format("%.0f", result.agreeing) << " of "
         << format("%.0f", result.predictions)
         << format(" (%.2f%%)", 100 * result.getAgreement());
    os << "\n";
  }
}

static void writeNumber(json::OStream &json, StringRef key, double value,
                        bool isKnown = true) {
  if (isKnown && std::isfinite(value))
    json.attribute(key, value);
  else
    json.attribute(key, nullptr);
}

static void writeError(json::OStream &json, const ErrorSums &error,
                       bool isKnown) {
  writeNumber(json, "mse", error.getMse(), isKnown);
  writeNumber(json, "sqnr", error.getSqnr(), isKnown);
  writeNumber(json, "cosine", error.getCosine(), isKnown);
}

void Analysis::printJson(raw_ostream &os) const {
  json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attributeArray("layers", [&] {
      for (const LayerFigures &layer : layers)
        json.object([&] {
          json.attribute("name", layer.name);
          json.attribute("op", layer.op);
          json.attribute("location", layer.location);
          if (layer.floatReason.empty())
            json.attribute("float_reason", nullptr);
          else
            json.attribute("float_reason", layer.floatReason);
          writeError(json, layer.error, layer.isMeasured);
          json.attributeArray("operands", [&] {
            for (const OperandFigures &operand : layer.operands)
              json.object([&] {
                json.attribute("name", operand.name);
                json.attribute("scheme", operand.scheme);
                bool isKnown = operand.error.count + operand.error.skipped > 0;
                writeNumber(json, "sqnr", operand.error.getSqnr(), isKnown);
                writeNumber(json, "saturation", getSaturation(operand),
                            isKnown);
              });
          });
        });
    });
    json.attributeArray("results", [&] {
      for (const ResultFigures &result : results)
        json.object([&] {
          writeError(json, result.error, true);
          writeNumber(json, "agreement", result.getAgreement(),
                      result.isAgreementKnown());
        });
    });
  });
  os << "\n";
}

} // namespace quanta
