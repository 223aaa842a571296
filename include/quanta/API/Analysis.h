//===- Analysis.h - What quantization costs, layer by layer -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_API_ANALYSIS_H
#define QUANTA_API_ANALYSIS_H

#include "quanta/API/Compile.h"
#include "quanta/Execution/Tensor.h"

#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quanta {

/// Differences of many numbers from their references, as sums in f64. A pair
/// with a NaN or an infinity is left out and counted: as skipped, and as lost
/// where the reference is a number and the value is none.
struct ErrorSums {
  double count = 0, signal = 0, noise = 0, other = 0, product = 0;
  double skipped = 0, lost = 0;

  void add(double reference, double value) {
    double difference = value - reference;
    if (!std::isfinite(difference)) {
      ++skipped;
      lost += std::isfinite(reference);
      return;
    }
    ++count;
    signal += reference * reference;
    other += value * value;
    product += reference * value;
    noise += difference * difference;
  }
  void add(const HostTensor &reference, const HostTensor &value);

  /// Whether there were pairs, and none that tells anything.
  bool isUnknown() const { return count == 0 && lost == 0 && skipped > 0; }
  /// Mean squared error; infinite where numbers were lost, NaN if unknown.
  double getMse() const;
  /// Noise power over signal power; infinite where only the noise is not zero
  /// or numbers were lost, NaN if unknown.
  double getNoiseRatio() const;
  /// Signal-to-quantization-noise ratio in dB; infinite without noise.
  double getSqnr() const { return -10 * std::log10(getNoiseRatio()); }
  /// Cosine of the angle between all references and all values.
  double getCosine() const;
};

/// An activation or a weight that a contraction reads.
struct OperandFigures {
  /// The activation's observer; empty for a weight.
  std::string name;
  /// "static", "dynamic", "fp16", "bf16" or "float"; of a weight whose
  /// activation is float, "weight_only".
  std::string scheme;
  /// Rounding and saturation of the values themselves.
  ErrorSums error;
  /// Elements outside of the range, which in f16 and bf16 become infinite.
  double saturated = 0;
  /// What the activation adds to the power of the contraction's result, and
  /// what its rounding and that of the weights that it meets add to the noise
  /// there, if channels do not depend on each other: sums over the elements,
  /// each square times the squares of the weights (of their errors) that its
  /// channel meets; 1 for what meets no constant weights.
  double resultSignal = 0, resultNoise = 0, resultWeightNoise = 0;
};

/// A contraction.
struct LayerFigures {
  std::string name;
  std::string op;
  std::string location;
  /// Why it computes in float; empty if it does not.
  std::string floatReason;
  /// Its result in the quantized network against the float network.
  ErrorSums error;
  std::vector<OperandFigures> operands;
  /// False for a contraction in a loop or branch, whose tensors are not seen.
  bool isMeasured = false;
};

/// A row of scores: by how much the largest is ahead of the second, and how
/// that changed; of probabilities, the logarithms.
struct Decision {
  double margin, change;
};

/// A result of the program.
struct ResultFigures {
  ErrorSums error;
  /// Rows (of the last dimension) and how many of them have the largest element
  /// in the same place, without those that have a NaN or an infinity; for
  /// integers, elements and how many are equal.
  double predictions = 0, agreeing = 0;
  /// Whether its rows look like scores of classes: integers, probabilities, or
  /// at most 100 numbers in each row of a result of rank 2.
  bool isPrediction = false;
  /// Whether it has rank 2 or more.
  bool hasRows = false;
  /// Whether it holds integers, places of classes among them, whose distance
  /// says nothing.
  bool isInteger = false;
  /// Of the rows of a float result.
  std::vector<Decision> decisions;

  /// Whether agreement says anything: of each result with rows, scores of a
  /// thousand classes among them, which numbers alone do not tell from
  /// embeddings; the budget is held for those that look like scores only.
  bool isAgreementKnown() const {
    return predictions > 0 && (isPrediction || hasRows);
  }
  double getAgreement() const {
    return predictions > 0 ? agreeing / predictions : 1;
  }
  /// The share of predictions that changes of the margins as large as those of
  /// the rows that are decided closely would change. Few rows change, and many
  /// tell how large changes are: it says more than their number.
  double getExpectedLoss() const;
};

struct Analysis {
  std::vector<LayerFigures> layers;
  std::vector<ResultFigures> results;

  /// One line for each layer and result.
  void print(llvm::raw_ostream &os) const;
  /// `{"layers": [{"name", "op", "location", "float_reason", "mse", "sqnr",
  /// "cosine", "operands": [{"name", "scheme", "sqnr", "saturation"}]}],
  /// "results": [{"mse", "sqnr", "cosine", "agreement"}]}`; what is infinite or
  /// was not measured is null. Agreement is the share of rows (of the last
  /// dimension of rank 2 or more) with the largest number in the same place, or
  /// of equal integers.
  void printJson(llvm::raw_ostream &os) const;
};

struct AnalyzeOptions {
  /// Function to call; empty for the only public one.
  std::string entry;
  /// Statistics and recipe file.
  std::string statistics;
  std::string recipe;
  CompileOptions compile;
  /// Asked on the calling thread, before each call and each compilation: if it
  /// says so, the work ends with an error.
  std::function<bool()> isInterrupted;
};

/// Arguments of one call.
using Arguments = std::vector<HostTensor>;

/// Compares a float program with its quantized forms on data. The float form is
/// compiled once, whatever the number of recipes.
class Analyzer {
public:
  /// `program` is at the float or observed stage; statistics and recipe of the
  /// options are not read.
  static llvm::Expected<Analyzer> create(const Program &program,
                                         const AnalyzeOptions &options);
  Analyzer(Analyzer &&) noexcept;
  ~Analyzer();

  /// The observed program.
  const Program &getProgram() const;
  /// `inputs`, cut into calls where the function takes fewer rows.
  llvm::Expected<std::vector<Arguments>>
  makeCalls(llvm::ArrayRef<HostTensor> inputs) const;

  /// Figures of layers come from the simulated stage, those of results from the
  /// compiled integer program.
  llvm::Expected<Analysis> run(llvm::ArrayRef<Arguments> data,
                               llvm::StringRef statistics,
                               llvm::StringRef recipe) const;

private:
  struct State;
  explicit Analyzer(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

/// What quantizing `program` costs on `inputs`, which are cut into batches if
/// need be.
llvm::Expected<Analysis> analyze(const Program &program,
                                 llvm::ArrayRef<HostTensor> inputs,
                                 const AnalyzeOptions &options);

} // namespace quanta

#endif // QUANTA_API_ANALYSIS_H
