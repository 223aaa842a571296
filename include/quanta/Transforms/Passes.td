//===- Passes.td - Passes of Quanta ------------------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_PASSES_TD
#define QUANTA_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// float -> observed -> simulated
//===----------------------------------------------------------------------===//

def FoldConstants : Pass<"quanta-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Evaluate transposed weights at compile time";
  let description = [{
    Frontends write a linear layer as a transposed constant and a
    `linalg.matmul`. This pass turns weight blobs into inline constants and
    evaluates the transposes, so that later passes find every weight as a
    constant factor. A product with a tensor of zeros becomes the value on which
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
    product with the weights repeated. This pass multiplies all rows by the one
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

def InsertObservers : Pass<"quanta-insert-observers", "::mlir::ModuleOp"> {
  let summary = "float -> observed: observe what quantizable operations read";
  let description = [{
    Puts a `quanta.observe` on each activation that a quantizable operation
    reads and on each float result of a public function. Weights need no
    observer: their values are known. The module receives a fingerprint of the
    model, by which statistics of another model are recognised.

    Range selection by MSE, percentile or entropy, and the default recipe that
    chooses by itself, need `observer=histogram`.
    Per-channel kinds observe the dimension that a contraction sums over, the
    input channels; where there is none of static size, the kind for the whole
    tensor takes their place. With `fixed`, all ranges come from the recipe.

    ```mlir
    %1 = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x2xf32>) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %o = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<4x8xf32>
    %1 = linalg.matmul ins(%o, %w : tensor<4x8xf32>, tensor<8x2xf32>) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
  let options = [
    Option<"observer", "observer", "std::string", "\"min_max\"",
           "Kind of the observers, see quanta.observe, where the recipe names "
           "no other">,
    Option<"recipe", "recipe", "std::string", "",
           "Recipe file, which can name the observer of each activation">,
    Option<"keepExisting", "keep-existing", "bool", "false",
           "Do nothing if the module is past the float stage already">];
  let statistics = [Statistic<"numObservers", "observers", "Observers inserted">];
}

def ApplyCalibration : Pass<"quanta-apply-calibration", "::mlir::ModuleOp"> {
  let summary = "observed -> simulated: choose parameters from statistics";
  let description = [{
    Replaces each observer on an activation of a quantizable operation by a
    `quanta.fake_quant` whose parameters follow from the observed range, and
    puts a `quanta.fake_quant` on each constant weight, with one scale for each
    output channel. Observers on results are dropped: results stay float.

    A statistics file of another model, an observer without statistics, or one
    that saw no data or only NaNs and infinities, is an error; other NaNs and
    infinities are left out with a warning. A constant, of which a remark tells,
    has the range from zero to itself, and scale 1 if it is zero. Where the recipe
    says `float`, the operation keeps its float operands and the reason; where it
    says `dynamic`, a `quanta.dynamic_fake_quant` finds the range at run time.

    Without a recipe, an activation with a histogram has the static range with
    the smallest squared error, if that is predicted to keep 30 dB, and otherwise
    a range for each row at run time (`quanta/Calibration/AutoScheme.h`); one
    without a histogram has the whole observed range.

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
           "already">];
  let dependentDialects = ["::quanta::QuantaDialect"];
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

//===----------------------------------------------------------------------===//
// simulated -> quantized -> integer
//===----------------------------------------------------------------------===//

def Fuse : Pass<"quanta-fuse", "::mlir::ModuleOp"> {
  let summary = "Give every contraction its bias and one elementwise tail";
  let description = [{
    Works on the simulated stage and keeps it. Adding a constant bias to a
    contraction becomes the value on which the contraction accumulates, and
    successive elementwise operations become one.

    ```mlir
    %1 = linalg.matmul ins(%x, %w : ...) outs(%zeros : tensor<4x2xf32>) -> tensor<4x2xf32>
    %2 = linalg.generic ... ins(%1, %bias : ...) { arith.addf ... }
    ```
    becomes
    ```mlir
    %0 = linalg.broadcast ins(%bias : tensor<2xf32>) outs(%e : tensor<4x2xf32>) dimensions = [0]
    %1 = linalg.matmul ins(%x, %w : ...) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def RaiseQdq : Pass<"quanta-raise-qdq", "::mlir::ModuleOp"> {
  let summary = "float -> quantized: recognise quantize-dequantize arithmetic";
  let description = [{
    A graph in QDQ form (ONNX QuantizeLinear and DequantizeLinear) arrives as
    float arithmetic around integers. Elementwise operations of that form become
    `quanta.quantize` and `quanta.dequantize` with exactly their parameters: per
    tensor or per channel, of any storage. A constant with i32 storage, which is a
    bias, becomes the float constant that it stands for; contractions turn it back
    into the same integers below 2^22, and into the nearest ones above.

    What is recognised, with `x` and `q` the elements of the first input:
    `toint(clamp(roundeven(x / s) + zp))` and `float(q - zp) * s`, with constant
    `s` and `zp`. Arithmetic whose parameters break rule 1 of the numerics
    contract stays as it is.

    ```mlir
    %1 = linalg.generic ... ins(%q : tensor<4xi8>) outs(%e : tensor<4xf32>) {
    ^bb0(%in: i8, %out: f32):
      %2 = arith.extui %in : i8 to i64
      %3 = arith.subi %2, %c3 : i64
      %4 = arith.sitofp %3 : i64 to f32
      %5 = arith.mulf %4, %cst : f32
      linalg.yield %5 : f32
    } -> tensor<4xf32>
    ```
    becomes
    ```mlir
    %0 = quant.scast %q : tensor<4xi8> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
    %1 = quanta.dequantize %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::quant::QuantDialect"];
}

def SinkDequantize : Pass<"quanta-sink-dequantize", "::mlir::ModuleOp"> {
  let summary = "Move elements while they are quantized";
  let description = [{
    A dequantization moves behind the operations that only move or select
    elements: reshapes, slices, transposes, padding with zero, maximum pooling.
    These then work on quantized tensors, a quarter as large, and a contraction
    finds its factors dequantized right before it.

    ```mlir
    %0 = quanta.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    %1 = tensor.pad %0 low[1] high[0] { ... tensor.yield %zero : f32 } : tensor<4xf32> to tensor<5xf32>
    ```
    becomes
    ```mlir
    %0 = quanta.pad %q low [1] high [0] : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<5x!quant.uniform<u8:f32, 0.5:3>>
    %1 = quanta.dequantize %0 : tensor<5x!quant.uniform<u8:f32, 0.5:3>> to tensor<5xf32>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::quant::QuantDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FormLookups : Pass<"quanta-form-lookups", "::mlir::ModuleOp"> {
  let summary = "Make a table of a unary function between quantized tensors";
  let description = [{
    `quanta.dequantize` of at most 8 bits, one elementwise operation of it alone,
    and `quanta.quantize` become a `quanta.lookup`, whatever the function is: its
    body is evaluated by MLIR's constant folders, that is by the math library of
    the machine that compiles, for each stored value. A body that they cannot
    evaluate stays. Runs on the quantized stage; `quanta-fuse` before it makes one
    operation out of several.

    ```mlir
    %0 = quanta.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    %1 = linalg.generic ... ins(%0) { ... math.tanh ... }
    %2 = quanta.quantize %1 : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 0.0078125>>
    ```
    becomes
    ```mlir
    %2 = quanta.lookup %q table dense<...> : tensor<256xi8> : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4x!quant.uniform<i8:f32, 0.0078125>>
    ```
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
}

def ConvertQuantToQuanta : Pass<"convert-quant-to-quanta", "::mlir::ModuleOp"> {
  let summary = "Upstream's quant.qcast and quant.dcast to Quanta's operations";
  let description = [{
    Upstream's casts say that values are quantized, not how they are rounded;
    here they become operations with the numerics contract. `quant.scast` is used
    by both. A cast whose type the contract does not allow is an error.

    ```mlir
    %0 = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
    %1 = quant.dcast %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    ```
    becomes
    ```mlir
    %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
    %1 = quanta.dequantize %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
}

def ConvertQuantaToQuant : Pass<"convert-quanta-to-quant", "::mlir::ModuleOp"> {
  let summary = "Quanta's casts to upstream's quant.qcast and quant.dcast";
  let description = [{
    The inverse of `convert-quant-to-quanta`. Beware of `--canonicalize` after it:
    upstream folds a `quant.dcast` of a `quant.qcast` away. Other operations stay.

    ```mlir
    %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
    ```
    becomes
    ```mlir
    %0 = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
    ```
  }];
  let dependentDialects = ["::mlir::quant::QuantDialect"];
}

def Quantize : Pass<"quanta-quantize", "::mlir::ModuleOp"> {
  let summary = "simulated -> quantized: compute on quantized tensors";
  let description = [{
    A quantizable operation whose factors are all fake-quantized, or dequantized
    from at most 8 bits, becomes its quantized counterpart with i32
    accumulators; constant weights and biases are quantized at compile time. A
    bias that i32 could not hold, or not to a thousandth of the largest, stays in
    float.
    `dequantize`, an optional ReLU or clamp, and `quantize` in a row become one
    `quanta.requantize`. Any other fake-quant becomes `quantize` and
    `dequantize`.

    ```mlir
    %q = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.1:128> : tensor<4x8xf32>
    %v = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 0.02> : tensor<8x2xf32>
    %1 = linalg.matmul ins(%q, %v : ...) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %q = quanta.quantize %x : tensor<4x8xf32> to tensor<4x8x!quant.uniform<u8:f32, 0.1:128>>
    %v = quant.scast %w8 : tensor<8x2xi8> to tensor<8x2x!quant.uniform<i8<-127:127>:f32, 0.02>>
    %a = quanta.matmul %q, %v : ... -> tensor<4x2x!quant.uniform<i32:f32, 0.002>>
    %1 = quanta.dequantize %a : ... to tensor<4x2xf32>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def Report : Pass<"quanta-report", "::mlir::ModuleOp"> {
  let summary = "Say what stayed in float, and why";
  let description = [{
    Lists what could have been quantized and computes in float, contractions and
    pooling, with location and reason: as remarks or, with `output`, as JSON. The
    file has the share of multiply-accumulates on integers, the contractions,
    `left_in_float`, and in `glue_in_float` how many elementwise operations and
    reductions are in float. Runs on the quantized stage.
  }];
  let options = [
    Option<"output", "output", "std::string", "",
           "JSON file to write; without one, remarks are emitted">,
    Option<"strict", "strict", "bool", "false",
           "Make a contraction that stays in float an error">];
}

def RewriteTypes : Pass<"quanta-rewrite-types", "::mlir::ModuleOp"> {
  let summary = "quantized -> integer: linalg on integer storage";
  let description = [{
    Every quantized operation becomes `linalg` on signless integers, following
    the numerics contract. The zero point of activations moves into the bias
    where the weights are constant: `-zp * sum_k w[k, n]` is added to it at
    compile time. With `reference` it stays in the products, as the contract
    writes it; both forms give the same bits.

    ```mlir
    %1 = quanta.dequantize %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    ```
    becomes
    ```mlir
    %1 = linalg.generic ... ins(%0 : tensor<4xi8>) outs(%e : tensor<4xf32>) {
    ^bb0(%in: i8, %out: f32):
      %2 = arith.extui %in : i8 to i32
      %3 = arith.subi %2, %c3_i32 : i32
      %4 = arith.sitofp %3 : i32 to f32
      %5 = arith.mulf %4, %cst : f32
      linalg.yield %5 : f32
    } -> tensor<4xf32>
    ```
  }];
  let options = [
    Option<"reference", "reference", "bool", "false",
           "Keep zero points in the products instead of the bias">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// integer -> kernel
//===----------------------------------------------------------------------===//

def CheckStage : Pass<"quanta-check-stage", "::mlir::ModuleOp"> {
  let summary = "Refuse IR of another stage";
  let options = [
    Option<"consumer", "for", "std::string", "\"this pipeline\"",
           "Name for the error message">,
    Option<"kernel", "kernel", "bool", "false",
           "Accept the kernel stage instead: nothing on tensors">];
  let description = [{
    Accepts the float and integer stages, from which kernels are generated; an
    operation of any other stage is an error that names both stages. With
    `kernel`, an operation on tensors is the error.
  }];
}

def SetTarget : Pass<"quanta-set-target", "::mlir::ModuleOp"> {
  let summary = "Fix the machine to compile for";
  let description = [{
    Sets the module's target triple, data layout, CPU, features and the
    instruction sets of its kernels, gives every public function a C interface,
    and keeps the function's type on tensors as `quanta.signature`. An unknown
    CPU or triple is an error.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"native\"",
           "LLVM name of the CPU, or `native`">,
    Option<"triple", "triple", "std::string", "",
           "LLVM target triple; empty for this machine">];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::LLVM::LLVMDialect"];
}

def AnnotateFunctions : Pass<"quanta-annotate-functions", "::mlir::ModuleOp"> {
  let summary = "Give LLVM functions the module's CPU and features";
  let description = [{
    The last step on the way to LLVM IR: without these attributes, `llc` and the
    optimizer would generate code for a generic machine.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ConvertLayout : Pass<"quanta-convert-layout", "::mlir::ModuleOp"> {
  let summary = "Lay images out with their channels last";
  let description = [{
    Convolutions with constant weights, and pooling, read and write tensors with
    the channels in the last dimension, next to each other in memory, as kernels
    want them; weights are transposed at compile time to window, input channels,
    output channels (HWCF). The transposes of activations move through
    elementwise work, padding and concatenation until they cancel between
    layers, into the quantization of an argument, or into a reduction's map.

    Padding with a constant moves behind elementwise work on one tensor, such as
    a quantization: there it pads bytes, with the zero point.

    ```mlir
    %1 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>)
        outs(%0 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%x : tensor<1x3x8x8xf32>) outs(%e : tensor<1x8x8x3xf32>) permutation = [0, 2, 3, 1]
    %c = linalg.generic {indexing_maps = [(n, y, x, f, i, j, c) -> (n, y + i, x + j, c), (n, y, x, f, i, j, c) -> (i, j, c, f), (n, y, x, f, i, j, c) -> (n, y, x, f)], ...}
        ins(%t, %v : tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) outs(%0 : tensor<1x6x6x4xf32>) ...
    %1 = linalg.transpose ins(%c : tensor<1x6x6x4xf32>) outs(%f : tensor<1x4x6x6xf32>) permutation = [0, 3, 1, 2]
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def PackConvolutions : Pass<"quanta-pack-convolutions", "::mlir::ModuleOp"> {
  let summary = "Lay constant kernels of convolutions out for the dot product";
  let description = [{
    A channels-last 2-D convolution with constant weights becomes a
    `quanta.fused_conv_2d` whose weights are packed, padded and, where the
    instruction wants the other signedness of images, corrected for through the
    bias: all at compile time. Padding of the image that is zero to the
    instruction becomes `pads`, so that it is neither copied nor multiplied. The
    width of an image decides how many vectors of channels a tile has. A
    depthwise convolution of bytes becomes a `quanta.fused_depthwise_conv_2d` if
    the instruction set can interleave rows; it takes any padding. Needs `quanta-set-target` before it.

    ```mlir
    %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x4x4x3xi8>, tensor<3x3x3x2xi8>) ...
    ```
    becomes
    ```mlir
    %0 = quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
        lhs(%x : tensor<1x4x4x3xi8>) rhs(%packed : tensor<576xi8>) init(%bias : tensor<16xi32>) ...
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"];
}

def PackWeights : Pass<"quanta-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Lay right factors out for the target's dot product";
  let description = [{
    A product of matrices, or a batch of them with its dimensions in any order,
    becomes a `quanta.fused_matmul`. Constant weights are packed, padded and,
    where the instruction wants the other signedness, corrected for through what
    the sums start from: all at compile time. A right factor that is known only
    at run time goes through `quanta.pack`, which does the same there. Zero points
    become corrections for each column and, if the right factor has one, sums
    over the rows of the left. Needs `quanta-set-target` before it.

    ```mlir
    %1 = linalg.generic ... ins(%q, %k : tensor<12x128x64xi8>, tensor<12x128x64xi8>) {
      ... // (ext(a) - 7) * (ext(b) - 130), summed
    } -> tensor<12x128x128xi32>
    ```
    becomes
    ```mlir
    %p, %i = quanta.pack #quanta.avx512_vnni source(%k : tensor<12x128x64xi8>)
        map affine_map<(b, k, n) -> (b, n, k)> ... {flip, lhs_zero_point = 7 : i32, rhs_zero_point = 2 : i32}
    %s = linalg.generic ... ins(%q : tensor<12x128x64xi8>) -> tensor<12x128xi32>
    %1 = quanta.fused_matmul #quanta.avx512_vnni lhs(%q : ...) rhs(%p : ...) init(%i : ...)
        extras(%s : tensor<12x128xi32>) ... {batch = array<i64: 0>} ...
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FuseEpilogues : Pass<"quanta-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "Move elementwise consumers into the tile of their contraction";
  let description = [{
    An elementwise `linalg.generic` that is the only user of a
    fused contraction becomes part of its epilogue region: requantization,
    bias, activation, residual add, in any combination.
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
}

def ExpandMath : Pass<"quanta-expand-math", "::mlir::ModuleOp"> {
  let summary = "Compute transcendental functions by arithmetic";
  let description = [{
    Replaces `math` functions of f32 and narrower floats, on scalars and vectors,
    by upstream's polynomial approximations. They consist of additions, products,
    fused products and comparisons, each of which IEEE 754 defines to the last
    bit: every stage and every machine gives the same results, and vector code
    stays vector code, where a library would be called for each element.

    Errors, measured in units of the last place on a million arguments of all
    binary exponents, normal arguments and results: exp 5.1 and expm1 5.1 at the
    largest results (1.0 and 2.4 for results below 1e9), tanh 4.3, erf 4.1, erfc
    2.6, log 0.9, log1p 2.3, asin 5.8, acos 1.1, rsqrt 1.5. NaN and infinities come
    out as in C. A subnormal argument of log counts as the smallest normal number.
    Powers whose exponent is a small constant become products and roots.

    Other functions (sin, cos, atan, pow with a variable exponent, ...) and f64
    are left to the C library, whose bits may differ between machines.

    ```mlir
    %0 = math.rsqrt %x : vector<16xf32>
    ```
    becomes
    ```mlir
    %cst = arith.constant dense<1.000000e+00> : vector<16xf32>
    %0 = math.sqrt %x : vector<16xf32>
    %1 = arith.divf %cst, %0 : vector<16xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def VectorizeReductions : Pass<"quanta-vectorize-reductions", "::mlir::ModuleOp"> {
  let summary = "Turn reductions of rows into vector loops of one fixed order";
  let description = [{
    A `linalg.generic` on buffers that reduces its last dimension, contiguous in
    memory, becomes a loop over vectors: sums, products, minima, maxima and
    bitwise operations, of whatever its region computes from the elements.

    The order of additions is part of the meaning, since sums of floats depend on
    it: of 16 partial results, number `i` combines the elements `i`, `i + 16`, ...
    in order, starting from the neutral element; then the upper half is combined
    into the lower half until one is left, and that is combined with the output's
    initial value. The order is the same for every machine and stage, also where
    no kernels are generated: there it is what defines the result.

    ```mlir
    linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<4x64xf32>) outs(%o : memref<4xf32>) {
    ^bb0(%a: f32, %acc: f32):
      %s = arith.addf %acc, %a : f32
      linalg.yield %s : f32
    }
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %c4 step %c1 {
      %v = scf.for %j = %c0 to %c64 step %c16 iter_args(%acc = %neutral) -> (vector<16xf32>) {
        %a = vector.load %x[%i, %j] : memref<4x64xf32>, vector<16xf32>
        %s = arith.addf %acc, %a : vector<16xf32>
        scf.yield %s : vector<16xf32>
      }
      ...
      memref.store %sum, %o[%i] : memref<4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def PlanBuffers : Pass<"quanta-plan-buffers", "::mlir::ModuleOp"> {
  let summary = "Place the buffers of a function in one block of memory";
  let description = [{
    Every `memref.alloc` of a function whose `memref.dealloc` is in the same block
    gets a place in one block of memory, by lifetime: buffers that are never alive
    at once share memory. Places are multiples of 64 bytes. Buffers whose sizes
    are known only at run time share one layout for each product of open sizes, and
    that product scales it. What a function returns stays an allocation of its own.

    The block comes from `quanta_acquire_buffer` and goes back to
    `quanta_release_buffer`, which keep it for the next call of the same thread:
    from the second call on, nothing is allocated, unless a larger size comes.

    ```mlir
    %0 = memref.alloc() : memref<4x8xf32>
    ...
    memref.dealloc %0 : memref<4x8xf32>
    ```
    becomes
    ```mlir
    %block = call @quanta_acquire_buffer(%c128) : (index) -> memref<?xi8>
    %0 = memref.view %block[%c0][] : memref<?xi8> to memref<4x8xf32>
    ...
    call @quanta_release_buffer(%block) : (memref<?xi8>) -> ()
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"];
}

def LowerCopies : Pass<"quanta-lower-copies", "::mlir::ModuleOp"> {
  let summary = "Turn copies between strided buffers into linalg";
  let description = [{
    A `memref.copy` that `memcpy` cannot do, into the middle of a padded tensor
    for example, becomes an elementwise `linalg.generic`, which is vectorized like
    any other. Upstream would call a library for it.

    ```mlir
    memref.copy %0, %1 : memref<2x3xf32> to memref<2x3xf32, strided<[8, 1], offset: 9>>
    ```
    becomes
    ```mlir
    linalg.generic ... ins(%0 : memref<2x3xf32>) outs(%1 : memref<2x3xf32, strided<[8, 1], offset: 9>>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def LowerExpandShape : Pass<"quanta-lower-expand-shape", "::mlir::ModuleOp"> {
  let summary = "Lower memref.expand_shape with several open sizes in a group";
  let description = [{
    Upstream's `expand-strided-metadata` derives the one open size of a group from
    the source. Where there are more, batch and sequence length for example, the
    sizes are those that the operation is given.

    ```mlir
    %1 = memref.expand_shape %0 [[0, 1], [2]] output_shape [%b, %t, 8] : memref<?x8xf32> into memref<?x?x8xf32>
    ```
    becomes
    ```mlir
    %s = arith.muli %t, %c8 : index
    %1 = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %t, 8], strides: [%s, 8, 1] : memref<f32> to memref<?x?x8xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def OrderGlobals : Pass<"quanta-order-globals", "::mlir::ModuleOp"> {
  let summary = "Constants in the order of their use";
  let description = [{
    Bufferization names and places constant buffers in an order that depends on
    addresses in the compiler's memory. Private constants move to the front of the
    module in the order of their first use, and are numbered in it: the same
    program then gives the same object file each time.

    ```mlir
    memref.global "private" constant @__constant_2xi32_3 : memref<2xi32> = dense<[3, 4]>
    func.func @f() -> memref<2xi32> {
      %0 = memref.get_global @__constant_2xi32_3 : memref<2xi32>
      return %0 : memref<2xi32>
    }
    ```
    becomes
    ```mlir
    memref.global "private" constant @constant : memref<2xi32> = dense<[3, 4]>
    func.func @f() -> memref<2xi32> {
      %0 = memref.get_global @constant : memref<2xi32>
      return %0 : memref<2xi32>
    }
    ```
  }];
}

def ExpandBatches : Pass<"quanta-expand-batches", "::mlir::ModuleOp"> {
  let summary = "Loop over the batches of fused operations";
  let description = [{
    A `quanta.fused_matmul` on buffers with several dimensions of rows becomes
    loops around one with a single such dimension; where all rows lie behind each
    other and share one right factor, they become one dimension without a loop.
    `quanta.pack` loops over its batches.

    ```mlir
    quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x64xi8>) ...
        outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>} { ... }
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %c2 step %c1 {
      %0 = memref.subview %x[%i, 0, 0] [1, 3, 4] [1, 1, 1] : ...
      ...
      quanta.fused_matmul #quanta.avx512_vnni lhs(%0 : memref<3x4xi8, ...>) ...
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"];
}

def GenerateKernels : Pass<"quanta-generate-kernels", "::mlir::ModuleOp"> {
  let summary = "Generate the loops and dot products of fused operations";
  let description = [{
    Lowers `quanta.fused_matmul`, `quanta.fused_conv_2d`,
    `quanta.fused_depthwise_conv_2d` and `quanta.pack` on buffers, their batches
    expanded, to `scf` loops over tiles whose accumulators are vectors in
    registers, the target's dot instruction, and the epilogue on vectors. Every
    size is handled without reading or writing out of bounds. The rows of a
    product go by in runs that stay in a core's level-2 cache, and weights of the
    next block of columns are fetched while the present one is in use. Other
    reductions whose channels lie next to each other, pooling among them, become
    loops on vectors of channels, which sum in the order of scalar loops.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def VectorizeElementwise : Pass<"quanta-vectorize-elementwise", "::mlir::ModuleOp"> {
  let summary = "Turn elementwise linalg on buffers into vector loops";
  let description = [{
    An elementwise `linalg.generic` whose innermost dimension is contiguous
    becomes a loop over vectors and a scalar loop for the rest.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "Elements of one vector">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // QUANTA_TRANSFORMS_PASSES_TD
