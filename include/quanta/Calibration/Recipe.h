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

enum class Scheme { Static, Dynamic, WeightOnly, Float16, BFloat16, Float };
/// What has a range of its own where it is found at run time.
enum class Granularity { PerRow, PerTensor };
enum class ActivationStorage { U8, I8, U16, I16 };
/// What elementwise operations read of a tensor that is quantized for others.
enum class Residual { Float, Quantized };
enum class Symmetry { Affine, Symmetric };
enum class WeightGranularity { PerChannel, PerTensor, PerBlock };
/// Storage of constant weights.
enum class WeightStorage { I8, U8, I4, U4, I16 };

/// How much of the difficulty of an activation its weights take over.
struct Smoothing {
  /// From 0 to 1; nothing where nothing moves.
  std::optional<double> alpha;
};

/// What a recipe says about an operand, or leaves unsaid.
struct RecipeFields {
  std::optional<Scheme> scheme;
  std::optional<ActivationStorage> activation;
  std::optional<Symmetry> symmetry;
  std::optional<Granularity> granularity;
  std::optional<Residual> residual;
  std::optional<Smoothing> smooth;
  /// Name of an `ObserverKind`.
  std::optional<std::string> observer;
  std::optional<RangeSelection> rangeSelection;
  std::optional<double> percentile;
  /// A range that is given, not observed: both or none.
  std::optional<double> min, max;
  std::optional<WeightGranularity> weight;
  std::optional<RangeSelection> weightRangeSelection;
  std::optional<WeightStorage> weightStorage;
  std::optional<Symmetry> weightSymmetry;
  /// Weights along the dimension that is summed over that share a scale.
  std::optional<int64_t> blockSize;
  /// Told in the report.
  std::optional<std::string> reason;
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

/// Fields for the operands to which all of the patterns apply. Patterns are
/// globs: `*`, `?`, `[a-z]`; an empty one applies to everything.
struct RecipeRule : RecipeFields {
  std::string name;
  std::string op;
  std::string location;
  /// For people: signal-to-noise ratios of the activation in dB; predicted also
  /// of the contraction's result, if rounding the activation costs that more.
  /// Statistics predict those of static ranges only; nothing is measured in
  /// loops, nor of what loses nothing.
  std::optional<double> predictedSqnr, measuredSqnr;

  bool matches(const OperandPlace &place) const;
};

/// What a recipe comes to for one contraction and its activation.
struct OperandScheme {
  Scheme scheme = Scheme::Static;
  ActivationStorage activation = ActivationStorage::U8;
  Granularity granularity = Granularity::PerRow;
  std::optional<Residual> residual;
  Smoothing smooth;
  std::optional<std::string> observer;
  /// Selection of the activation's range; `isSymmetric` is its symmetry.
  RangeOptions range;
  std::optional<RealRange> fixedRange;
  WeightGranularity weight = WeightGranularity::PerChannel;
  RangeSelection weightRangeSelection = RangeSelection::Max;
  WeightStorage weightStorage = WeightStorage::I8;
  Symmetry weightSymmetry = Symmetry::Symmetric;
  int64_t blockSize = 32;
  std::string reason;

  unsigned getActivationWidth() const {
    return activation == ActivationStorage::U8 ||
                   activation == ActivationStorage::I8
               ? 8
               : 16;
  }
  bool isActivationSigned() const {
    return activation == ActivationStorage::I8 ||
           activation == ActivationStorage::I16;
  }
};

/// A recipe file is YAML:
///
///     format: quanta-recipe
///     version: 1
///     # Defaults. Each may be left out; these are the values then.
///     scheme: static            # or dynamic, weight_only, fp16, bf16, float
///     activation: u8            # or i8; u16, i16 for static
///     symmetry: affine          # or symmetric: zero point 0, for u8 128
///     granularity: per_row      # or per_tensor; for dynamic
///     residual: float           # or quantized, as for inputs of convolutions
///     smooth: none              # or SmoothQuant's alpha, from 0 to 1
///     observer: min_max         # or another kind of quanta.observe
///     range_selection: max      # or mse, percentile, entropy: for activations
///     percentile: 99.99         # above 50, at most 100
///     weight: per_channel       # or per_tensor; per_block for weight_only
///     weight_range_selection: max   # or mse
///     weight_storage: i8        # or u8, i4, u4; i16 for static and dynamic
///     weight_symmetry: symmetric    # or affine: each scale has a zero point
///     block_size: 32            # of weight: per_block; a multiple of 8
///     rules:
///       - name: "main/matmul_1/*"   # the activation's observer, or a layer
///         op: "linalg.conv_*"       # the contraction that reads it
///         location: "*model.py:3:*" # its location
///         scheme: float
///         reason: "kept in float by hand"
///         predicted_sqnr: 41.2      # dB; for people, like
///         measured_sqnr: 40.7       # this one
///       - op: "linalg.batch_matmul"
///         range_selection: percentile
///       - name: "main/matmul_0/lhs"
///         observer: fixed
///         min: -1.0                 # the range itself, whatever was observed
///         max: 1.0
///
/// A rule has one pattern at least; with several, all of them must match. It
/// may hold any field of the defaults, and `min`, `max` and `reason`. For each
/// field the first matching rule that has it decides. Where an activation has
/// several readers, the first of them in the program decides on its range. A
/// weight follows the rules of the activation that it meets.
///
/// With the scheme `static`, the range of an activation follows from
/// statistics; with `dynamic`, it is found at run time, for each row (every
/// index of the dimensions that the result of the contraction has too) or the
/// whole tensor. The right one of two activations is always `symmetric` then:
/// i8 in the narrow range, or u8 around 128. Anything `float` makes its
/// contraction compute in float.
///
/// A `static` activation that elementwise operations read too, as a residual,
/// is `float` for them, or `quantized`: the rounded tensor is then the only one
/// in memory, as in models in QDQ form. Convolutions, whose activations are
/// large beside their weights, take the second where a recipe says nothing.
///
/// An activation of 16 bits (`u16`, `i16`) has 256 times as many steps, for
/// values that a single range of 8 bits serves badly; weights stay as they are.
/// It is multiplied byte by byte (`quanta-split-activations`), which takes
/// twice as many dot products of 8 bits, or four times if both factors are such
/// activations.
///
/// With `smooth`, a `static` or `dynamic` activation that meets constant
/// weights is divided by a number for each input channel, and the weights are
/// multiplied by it (`quanta/Calibration/Smoothing.h` has the formula):
/// SmoothQuant's alpha, for which 0.5 is usual. It needs the ranges of
/// channels, which observers of kind `histogram` and `per_channel_min_max`
/// collect. Where an activation has several readers, the first of them decides.
/// An activation whose range is given (`min`, `max`), or that meets another
/// activation, stays as it is.
///
/// A constant weight is stored as integers of 8 or 4 bits (`weight_storage`),
/// with a scale for each output channel (`weight: per_channel`) or for all of
/// them (`per_tensor`). A symmetric scale is the largest magnitude over 127 or
/// 7 (for u8 and u4, the zero point is 128 or 8); an affine one spans smallest
/// to largest, zero included.
///
/// A weight of 16 bits (`i16`) has 256 times as many steps, for layers whose
/// result 8 bits of them spoil. It is always symmetric, from -32639 to 32639,
/// and is stored and multiplied as two tensors of 8 bits, each with a sign of
/// its own, as activations of 16 bits are.
///
/// With `weight_only`, the activation stays float and needs no statistics, and
/// there may be a scale for each channel and `block_size` consecutive elements
/// along the dimension that is summed over (`per_block`; what is called group
/// size elsewhere). It applies to products of matrices and to
/// convolutions of any kind, where blocks are of input channels. Where blocks
/// do not divide the length of the sums, weight and activation are filled up
/// with zeros; a channel shorter than one block has a single scale.
///
/// With `fp16` (IEEE 754 binary16, PyTorch's `float16`) and `bf16` (PyTorch's
/// `bfloat16`), factors and result of a contraction are rounded to that type,
/// and it sums in f32: rule 10 of the numerics contract. A constant weight is
/// stored in 16 bits. Nothing needs statistics. Both activations of a product
/// must have the same scheme. A weight that rounds to infinity (in fp16, from
/// 65520 on) leaves its contraction in float, with the reason; an activation
/// that does becomes infinite, as in PyTorch, ONNX and NumPy, and where
/// statistics tell of one, there is a warning.
///
/// Both apply to every other layer too, as PyTorch's `module.half()` does on a
/// CPU: elementwise operations, reductions, pooling and normalizations round
/// what they read and their results, and compute in f32 between. A function of
/// one tensor that is written in pieces is one layer, its last piece
/// (`quanta-merge-functions`). Rules find
/// such a layer by its `name` (`main/softmax_0`, `main/normalization_0` for
/// layer norm and its kin, `main/mean_0` for means and average pooling,
/// `main/generic_3`, or the name that a frontend left in its location: the
/// report has them), by the `op` or the `location` of the last of its
/// operations. Constants of rank 0 are numbers and stay f32. What cannot be
/// rounded stays in float, with the reason in the report. Other schemes leave
/// these layers as they are.
///
/// `observer` is read by `quanta-insert-observers`; with statistics at hand
/// everything else can change without another run over the data. Unknown keys
/// and values are errors, with line and column, and so are keys for a scheme
/// that nothing has (`granularity` without `dynamic`).
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
