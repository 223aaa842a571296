//===- Recipe.h - Which tensor gets which scheme --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_RECIPE_H
#define QUANTA_CALIBRATION_RECIPE_H

#include "quanta/Calibration/RangeSelection.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace quanta {

enum class Scheme { Static, Float };
enum class ActivationStorage { U8, I8 };
enum class Symmetry { Affine, Symmetric };
enum class WeightGranularity { PerChannel, PerTensor };

/// What a recipe says about an operand, or leaves unsaid.
struct RecipeFields {
  std::optional<Scheme> scheme;
  std::optional<ActivationStorage> activation;
  std::optional<Symmetry> symmetry;
  /// Name of an `ObserverKind`.
  std::optional<std::string> observer;
  std::optional<RangeSelection> rangeSelection;
  std::optional<double> percentile;
  /// A range that is given, not observed: both or none.
  std::optional<double> min, max;
  std::optional<WeightGranularity> weight;
  std::optional<RangeSelection> weightRangeSelection;
  /// Told in the report.
  std::optional<std::string> reason;
};

/// Fields for the operands to which all of the patterns apply. Patterns are
/// globs: `*`, `?`, `[a-z]`; an empty one applies to everything.
struct RecipeRule : RecipeFields {
  std::string name;
  std::string op;
  std::string location;
};

/// An activation of a contraction, as rules see it.
struct OperandPlace {
  /// Name of its observer: `main/matmul_1/lhs`.
  llvm::StringRef name;
  /// Name of the contraction: `linalg.matmul`.
  llvm::StringRef op;
  /// Location of the contraction: `fc1 at model.py:3:7`.
  llvm::StringRef location;
};

/// What a recipe comes to for one contraction and its activation.
struct OperandScheme {
  Scheme scheme = Scheme::Static;
  ActivationStorage activation = ActivationStorage::U8;
  std::optional<std::string> observer;
  /// Selection of the activation's range; `isSymmetric` is its symmetry.
  RangeOptions range;
  std::optional<RealRange> fixedRange;
  WeightGranularity weight = WeightGranularity::PerChannel;
  RangeSelection weightRangeSelection = RangeSelection::Max;
  std::string reason;
};

/// A recipe file is YAML:
///
///     format: quanta-recipe
///     version: 1
///     # Defaults. Each may be left out; these are the values then.
///     activation: u8            # or i8; per tensor
///     symmetry: affine          # or symmetric: zero point 0, for u8 128
///     observer: min_max         # or another kind of quanta.observe
///     range_selection: max      # or mse, percentile, entropy: for activations
///     percentile: 99.99         # above 50, at most 100
///     weight: per_channel       # or per_tensor; i8, symmetric, narrow range
///     weight_range_selection: max   # or mse
///     rules:
///       - name: "main/matmul_1/*"   # the activation's observer
///         op: "linalg.conv_*"       # the contraction that reads it
///         location: "*model.py:3:*" # its location
///         scheme: float             # or static
///         reason: "kept in float by hand"
///       - op: "linalg.batch_matmul"
///         range_selection: percentile
///       - name: "main/matmul_0/lhs"
///         observer: fixed
///         min: -1.0                 # the range itself, whatever was observed
///         max: 1.0
///
/// A rule has one pattern at least; with several, all of them must match. It
/// may hold any field of the defaults, and `scheme`, `min` and `max`, and
/// `reason`. For each field the first matching rule that has it decides. Where
/// an activation has several readers, the first of them in the program decides
/// on its range. A weight follows the rules of the activation that it meets.
///
/// `observer` is read by `quanta-insert-observers`; with statistics at hand
/// everything else can change without another run over the data. Unknown keys
/// and values are errors, with line and column.
struct Recipe : RecipeFields {
  std::vector<RecipeRule> rules;

  /// Reads a file; the error names it, the line and the column.
  static llvm::Expected<Recipe> load(llvm::StringRef path);
  static llvm::Expected<Recipe> parse(llvm::StringRef text,
                                      llvm::StringRef name);

  /// What defaults and rules come to at a place.
  OperandScheme resolve(const OperandPlace &place) const;
};

} // namespace quanta

#endif // QUANTA_CALIBRATION_RECIPE_H
