//===- AutoChoice.cpp - What the default recipe chooses from --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AutoChoice.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;

namespace quanta {

Rung getRung(const AutoScheme &scheme) {
  if (scheme.scheme == Scheme::Dynamic)
    return Rung::Dynamic;
  if (scheme.scheme == Scheme::Float)
    return Rung::Float;
  return scheme.activation == ActivationStorage::U8 ? Rung::Static : Rung::Wide;
}

namespace {
struct RungWords {
  /// What a recipe says of it.
  StringLiteral fields;
  /// What it is in a reason.
  StringLiteral description;
};
} // namespace

/// In the order of the rungs.
static constexpr RungWords rungWords[] = {
    {"scheme: static", "a static range"},
    {"scheme: dynamic", "a range for each row"},
    {"scheme: static\n    activation: u16", "a static range of 16 bits"},
    {"scheme: float", "float"}};

static StringRef getFields(Rung rung) {
  return rungWords[static_cast<size_t>(rung)].fields;
}

StringRef describe(Rung rung) {
  return rungWords[static_cast<size_t>(rung)].description;
}

/// Signal over noise in dB.
static std::string describeRatio(double noiseRatio) {
  return noiseRatio > 0
             ? formatv("{0:F1} dB", -10 * std::log10(noiseRatio)).str()
             : std::string("every bit");
}

std::string describeNoise(const Choice &choice) {
  return formatv("{0} {1}",
                 choice.isMeasured ? "kept" : "was predicted to keep",
                 describeRatio(choice.getNoise()));
}

std::string describeWeights(const Choice &choice) {
  return formatv("the weights of {0} bits of '{1}' kept {2} of its result",
                 choice.hasWideWeights ? 16 : 8, choice.weightReader,
                 describeRatio(choice.weightNoiseRatio));
}

/// A pattern that matches just this name.
static std::string escapeGlob(StringRef name) {
  std::string pattern;
  for (char c : name) {
    if (StringRef("*?[]{}\\").contains(c))
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::string writeRecipe(const Choices &choices) {
  std::string text;
  raw_string_ostream os(text);
  os << "format: quanta-recipe\nversion: 1\nrange_selection: mse\n";
  if (choices.empty())
    return text;
  os << "rules:\n";
  for (const auto &[name, choice] : choices) {
    os << "  - name: " << formatv("{0}", json::Value(escapeGlob(name)))
       << "\n    " << getFields(choice.rung) << "\n";
    if (choice.hasWideWeights && choice.rung != Rung::Float)
      os << "    weight_storage: i16\n";
    if (choice.smooth.alpha)
      os << "    smooth: " << formatv("{0}", json::Value(*choice.smooth.alpha))
         << "\n";
    if (std::optional<double> prediction = choice.getPrediction();
        prediction && std::isfinite(*prediction))
      os << "    predicted_sqnr: " << formatv("{0:F2}", *prediction) << "\n";
    if (choice.isMeasured && choice.noiseRatio > 0 &&
        std::isfinite(choice.noiseRatio))
      os << "    measured_sqnr: "
         << formatv("{0:F2}", -10 * std::log10(choice.noiseRatio)) << "\n";
    std::string reason = choice.reason;
    if (choice.hasWideWeights && choice.rung != Rung::Float)
      reason += "; " + choice.weightReason;
    os << "    reason: " << formatv("{0}", json::Value(reason)) << "\n";
  }
  return text;
}

} // namespace quanta
