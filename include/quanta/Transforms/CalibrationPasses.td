//===- CalibrationPasses.td - From float to simulated ------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_CALIBRATIONPASSES_TD
#define QUANTA_TRANSFORMS_CALIBRATIONPASSES_TD

include "mlir/Pass/PassBase.td"

def FoldConstants : Pass<"quanta-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Evaluate rearranged weights at compile time";
  let description = [{
    Frontends write a linear layer as a transposed constant and a
    `linalg.matmul`. This pass turns weight blobs into inline constants and
    evaluates the transposes, so that later passes find every weight as a
    constant factor. So it does with elements that a `linalg.generic` takes from a
    constant by arithmetic on its own indices: the flipped weights of transposed
    convolutions. A product with a tensor of zeros becomes the value on which
    it accumulates.

    ```mlir
    %t = linalg.transpose ins(%cst : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) permutation = [1, 0]
    ```
    becomes
    ```mlir
    %t = arith.constant dense<...> : tensor<3x2xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def FlattenMatmuls : Pass<"quanta-flatten-matmuls", "::mlir::ModuleOp"> {
  let summary = "Make one matrix product of a batch that shares its weights";
  let description = [{
    Frontends write a linear layer on a batch of sequences as a batch matrix
    product with the weights repeated, and one on a batch of several dimensions as
    such or as a contraction. This pass multiplies all rows by the one
    matrix instead, which is then a constant factor, and lets elementwise
    consumers (bias, activation, residual) work on the flat result.

    ```mlir
    %b = linalg.broadcast ins(%w : tensor<8x4xf32>) outs(%e : tensor<2x8x4xf32>) dimensions = [0]
    %1 = linalg.batch_matmul ins(%x, %b : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%0 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    ```
    becomes
    ```mlir
    %f = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x8xf32> into tensor<6x8xf32>
    %m = linalg.matmul ins(%f, %w : tensor<6x8xf32>, tensor<8x4xf32>) outs(%z : tensor<6x4xf32>) -> tensor<6x4xf32>
    %1 = tensor.expand_shape %m [[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def MergeFunctions : Pass<"quanta-merge-functions", "::mlir::ModuleOp"> {
  let summary = "Make one operation of a function that is written in pieces";
  let description = [{
    Frontends write SiLU as `x * sigmoid(x)`, and GELU, hard-swish and mish in as
    many elementwise pieces. Pieces whose only varying input is, by way of each
    other, one f32 tensor are a function of one variable, and become one
    `linalg.generic` that computes the same scalar operations in the same order,
    with the same bits. It is one layer then: with a scheme of 16 bits it is
    rounded once, and between quantized tensors it is one table.
    `quanta-insert-observers` does the same first.

    A piece that something else reads too is computed once, and stays as it is:
    a function starts behind it, or is left in pieces where it has a second
    input that way. Pieces are elementwise operations on f32 tensors of one shape,
    and on their comparisons; constants beside them have the same value
    everywhere. What belongs to a normalization or a mean is no piece.

    ```mlir
    %0 = linalg.generic ... ins(%x) { ... math.exp ... } // sigmoid
    %1 = linalg.generic ... ins(%x, %0) { ... arith.mulf ... }
    ```
    becomes
    ```mlir
    %1 = linalg.generic ... ins(%x) { ... math.exp ... arith.mulf ... }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numMerged", "merged", "Functions made of pieces">];
}

def InsertObservers : Pass<"quanta-insert-observers", "::mlir::ModuleOp"> {
  let summary = "float -> observed: observe what quantizable operations read";
  let description = [{
    Puts a `quanta.observe` on each activation that a quantizable operation
    reads and on each float result of a public function. Weights need no
    observer: their values are known. Functions of one tensor that are written in
    pieces become one operation first (`quanta-merge-functions`). The module receives a fingerprint of the
    model, by which statistics of another model are recognised.

    The default, a histogram, is what range selection by MSE, percentile or
    entropy and the default recipe that chooses by itself need; `min_max` takes
    less time and memory where neither is asked for.
    Per-channel kinds observe the dimension that a contraction sums over, the
    input channels; where there is none of static size, the kind for the whole
    tensor takes their place. Histograms of activations that meet weights have
    that dimension too, for `quanta-smooth-activations`. With `fixed`, all ranges come from the recipe.

    ```mlir
    %1 = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x2xf32>) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %o = quanta.observe %x, "main/matmul_0/lhs" using histogram : tensor<4x8xf32>
    %1 = linalg.matmul ins(%o, %w : tensor<4x8xf32>, tensor<8x2xf32>) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
  let options = [
    Option<"observer", "observer", "std::string", "\"histogram\"",
           "Kind of the observers, see quanta.observe, where the recipe names "
           "no other">,
    Option<"recipe", "recipe", "std::string", "",
           "Recipe file, which can name the observer of each activation">,
    Option<"keepExisting", "keep-existing", "bool", "false",
           "Do nothing if the module is past the float stage already">];
  let statistics = [Statistic<"numObservers", "observers", "Observers inserted">];
}

def SmoothActivations : Pass<"quanta-smooth-activations", "::mlir::ModuleOp"> {
  let summary = "Move the scales of an activation's channels into the weights";
  let description = [{
    SmoothQuant (arXiv 2211.10438): where the recipe says `smooth: 0.5` (or another
    alpha) of an activation that meets constant weights, each of its input channels
    j is divided by `s_j = max|x_j|^alpha / max|w_j|^(1 - alpha)`, rounded to a
    power of two, and the weights that meet the channel are multiplied by it:
    `quanta/Calibration/Smoothing.h`. All contractions that read an activation (the
    queries, keys and values of attention) share the numbers; `max|w_j|` is then
    that of all their weights. What else reads it, or multiplies it by another
    activation, gets it undivided.

    The division is folded into the constants of what makes the activation, if
    nothing else reads that: a factor and the terms of elementwise work (scale and
    shift of a layer norm), weights and bias of a contraction before it, through
    ReLU, transposes and reshapes that keep channels whole. Otherwise it is one
    multiplication, which is fused into the loop that quantizes.

    Since powers of two are exact, the module computes the same bits as before, and
    observers, which record what was there before the division, the same statistics.
    `quanta-apply-calibration` does all of this by itself.

    ```mlir
    %0 = linalg.generic {...} ins(%x, %gamma) {
      %m = arith.mulf %a, %g : f32
    }
    %1 = quanta.observe %0, "main/matmul_0/lhs" using histogram axis 1 : tensor<4x2xf32>
    %2 = linalg.matmul ins(%1, %w : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    ```
    becomes the same with channel 1 of `%gamma` divided by 8, row 1 of `%w`
    multiplied by 8, and
    ```mlir
    %1 = quanta.observe %0, "main/matmul_0/lhs" using histogram axis 1 {smoothing = array<f32: 1.0, 8.0>} : tensor<4x2xf32>
    ```
  }];
  let options = [
    Option<"statistics", "statistics", "std::string", "",
           "Statistics file, written when the observed program ran">,
    Option<"recipe", "recipe", "std::string", "",
           "Recipe file; without one, the default recipe applies">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ApplyCalibration : Pass<"quanta-apply-calibration", "::mlir::ModuleOp"> {
  let summary = "observed -> simulated: choose parameters from statistics";
  let description = [{
    Replaces each observer on an activation of a quantizable operation by a
    `quanta.fake_quant` whose parameters follow from the observed range, and
    puts a `quanta.fake_quant` on each constant weight, with one scale for each
    output channel. Observers on results are dropped: results stay float.

    A statistics file of another model, one in which no observer saw data, an
    observer that is not in it or saw only NaNs and infinities: each is an error.
    Where others saw data and one did not, in a branch that no sample takes, the
    operation keeps its float operands and the reason, with a warning, unless the
    recipe gives a range or needs none. Other NaNs and infinities are left out with
    a warning. A constant, of which a remark tells,
    has the range from zero to itself, and scale 1 if it is zero. Where the recipe
    says `float`, the operation keeps its float operands and the reason; where it
    says `dynamic`, a `quanta.dynamic_fake_quant` finds the range at run time;
    where it says `weight_only`, the weight is fake-quantized and its activation
    stays as it is, without statistics; where
    it says `fp16` or `bf16`, factors and result are rounded to that type.

    These two apply to layers that are no contractions as well: elementwise work,
    reductions, pooling, and normalizations (softmax, layer norm), which are one
    layer whatever operations they consist of. What such a layer reads and its
    results are rounded, unless they are of the type already; its operations get
    the attributes `quanta.layer`, the name, and `quanta.float16`, the scheme,
    which the integer stage no longer has. One that cannot be rounded keeps the reason
    (`quanta.float_reason`): its elements are not f32, or the type cannot hold one
    of its constants.

    ```mlir
    %1 = arith.addf %0, %x : tensor<4x8xf32>
    ```
    becomes, where `%0` is rounded already,
    ```mlir
    %2 = quanta.fake_quant %x as f16 : tensor<4x8xf32>
    %1 = arith.addf %0, %2 {quanta.float16 = "fp16", quanta.layer = "main/addf_0"} : tensor<4x8xf32>
    %3 = quanta.fake_quant %1 as f16 : tensor<4x8xf32>
    ```

    Activations that the recipe says to smooth are smoothed first, see
    `quanta-smooth-activations`.

    Without a recipe, an activation with a histogram has the static range with
    the smallest squared error, if that is predicted to keep 30 dB; if it does so
    with smoothing, it has that as well; and otherwise a range for each row at run
    time (`quanta/Calibration/AutoScheme.h`). One without a histogram has the whole
    observed range.

    The recipe also selects how a range follows from a histogram (`max`, `mse`,
    `percentile`, `entropy`), fixes ranges, and chooses storage, symmetry and the
    granularity of weights, by default or by the name, operation or location of
    an activation. `quanta/Calibration/Recipe.h` describes the file:

    ```yaml
    format: quanta-recipe
    version: 1
    range_selection: mse
    rules:
      - name: "main/matmul_1/*"
        scheme: float
        reason: "kept in float by hand"
    ```

    ```mlir
    %o = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<4x8xf32>
    ```
    becomes
    ```mlir
    %q = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.1:128> {name = "main/matmul_0/lhs"} : tensor<4x8xf32>
    ```
  }];
  let options = [
    Option<"statistics", "statistics", "std::string", "",
           "Statistics file, written when the observed program ran">,
    Option<"recipe", "recipe", "std::string", "",
           "Recipe file; without one, the default recipe applies">,
    Option<"keepExisting", "keep-existing", "bool", "false",
           "Do nothing if the module is in the simulated or quantized stage "
           "already; then a statistics file or a recipe is an error">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::quanta::QuantaDialect"];
}

def LowerObservers : Pass<"quanta-lower-observers", "::mlir::ModuleOp"> {
  let summary = "Compile observers to updates of global buffers";
  let description = [{
    Each observer becomes a reduction over its input and an update of a global
    buffer of f64 of fixed size: elements, minimum, maximum, NaNs, infinities,
    batches, and for some kinds counts or channels (`observer_state` in
    `quanta/Calibration/Statistics.h`). The module attribute `quanta.observers`
    lists the buffers for the runner. Observers of kind `fixed` have none.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def LowerFakeQuant : Pass<"quanta-lower-fake-quant", "::mlir::ModuleOp"> {
  let summary = "Lower quanta.fake_quant to float arithmetic";
  let description = [{
    ```mlir
    %1 = quanta.fake_quant %0 as !quant.uniform<u8:f32, 0.5:3> : tensor<4xf32>
    ```
    becomes a `linalg.generic` that divides, rounds, adds the zero point, clamps,
    subtracts the zero point and multiplies: rule 6 of the numerics contract. A
    constant is rounded at compile time.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

#endif // QUANTA_TRANSFORMS_CALIBRATIONPASSES_TD
