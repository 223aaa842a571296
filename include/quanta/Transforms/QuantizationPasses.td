//===- QuantizationPasses.td - From simulated to integer ---*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_QUANTIZATIONPASSES_TD
#define QUANTA_TRANSFORMS_QUANTIZATIONPASSES_TD

include "mlir/Pass/PassBase.td"

def Fuse : Pass<"quanta-fuse", "::mlir::ModuleOp"> {
  let summary = "Give every contraction its bias and one elementwise tail";
  let description = [{
    Keeps the stage, which may be any but the observed one and LLVM's: on the
    simulated one it is part of `quanta-ptq`, on the others of
    `quanta-to-kernel`. Adding a constant bias to a
    contraction becomes the value on which the contraction accumulates, and
    successive elementwise operations, named ones (`linalg.add`, `linalg.map`) too,
    become one, but for what is costly and would
    be done again for each element of a row.

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

def RaiseContractions : Pass<"quanta-raise-contractions", "::mlir::ModuleOp"> {
  let summary = "Recognise products of matrices among generic operations";
  let description = [{
    A `linalg.generic` that adds the products of two f32 tensors, with indexing
    maps that pick dimensions in any order, becomes a `linalg.contract` with the
    same maps. Sums along all that a factor has, as of squares, stay. So becomes a
    sum of what another operation multiplied, if both factors are read again for
    indices of the result that the other one has; of a factor and a constant, one
    is enough. A third factor without the indices that are summed over, as a
    bilinear layer has one, multiplies the sums.
    `quanta-insert-observers` does the same first.

    ```mlir
    %0 = linalg.generic {indexing_maps = [#mk, #kn, #mn], ...} ins(%x, %w) outs(%init) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    }
    ```
    becomes
    ```mlir
    %0 = linalg.contract indexing_maps = [#mk, #kn, #mn] ins(%x, %w) outs(%init)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def RaiseQdq : Pass<"quanta-raise-qdq", "::mlir::ModuleOp"> {
  let summary = "float -> quantized: recognise quantize-dequantize arithmetic";
  let description = [{
    A graph in QDQ form (ONNX QuantizeLinear and DequantizeLinear) arrives as
    float arithmetic around integers. Elementwise operations of that form become
    `quanta.quantize` and `quanta.dequantize` with exactly their parameters: per
    tensor or per channel, of any storage; weights may have a scale for each block,
    which maps with `floordiv` or broadcast dimensions read. A constant of bytes that
    is clamped to what 4 or 2 bits hold is stored so. A constant with i32 storage, which is a
    bias, becomes the float constant that it stands for; contractions turn it back
    into the same integers below 2^22, and into the nearest ones above.

    What is recognised, with `x` and `q` the elements of the first input:
    `toint(clamp(roundeven(x / s) + zp))` and `float(q - zp) * s`, with constant
    `s` and `zp`. Arithmetic whose parameters break rule 1 of the numerics
    contract stays as it is, or is an error with `strict`.

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
  let options = [
    Option<"strict", "strict", "bool", "false",
           "Make arithmetic of this form with other parameters an error">];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::quant::QuantDialect"];
}

def SinkDequantize : Pass<"quanta-sink-dequantize", "::mlir::ModuleOp"> {
  let summary = "Move elements while they are quantized";
  let description = [{
    A dequantization moves behind the operations that only move or select
    elements: reshapes, slices, transposes, padding with zero, elements taken at
    computed indices or spread between zeros, maximum pooling.
    These then work on quantized tensors, a quarter as large, and a contraction
    finds its factors dequantized right before it. Where a reshape merges or splits
    the channels of a constant, they become blocks of a sub-channel type. Batches of matrix products
    that share their weights become one product first, see
    `quanta-flatten-matmuls`.

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
    "::quanta::QuantaDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::quant::QuantDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FormOperations : Pass<"quanta-form-operations", "::mlir::ModuleOp"> {
  let summary = "Make quantized operations of float ones between quantized tensors";
  let description = [{
    What computes in float between `quanta.dequantize`, below `dq`, and
    `quanta.quantize`, `q`, becomes a quantized operation where there is one:

    | QDQ form | quantized stage | results |
    |---|---|---|
    | `q(dq(x))` of the same type, which has the whole range of its storage | `x` | the same |
    | `q(clamp(dq(a) + dq(b)))`; `-`, `*`; broadcast dimensions of size 1 | `quanta.add`, `sub`, `mul` | the same |
    | `q(pooling_sum(dq(x)) / count)` | `quanta.average_pool` | integer sums: at most one step apart |
    | `q(tensor.concat(dq(a), dq(b)))` | `quanta.concat` | at most one step, where types differ |
    | a convolution of groups between reshapes that split them off the channels and merge them | `quanta.conv_2d` | integer sums |
    | `q(tensor.pad(dq(x), c))` of the same type | `quanta.pad` with the stored value of `c` | the same |

    ```mlir
    %0 = quanta.dequantize %q : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    %1 = tensor.concat dim(0) %0, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
    %2 = quanta.quantize %1 : tensor<8xf32> to tensor<8x!quant.uniform<u8:f32, 1.0>>
    ```
    becomes
    ```mlir
    %2 = quanta.concat %q, %q dim 0 : ... -> tensor<8x!quant.uniform<u8:f32, 1.0>>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect"];
}

def FormLookups : Pass<"quanta-form-lookups", "::mlir::ModuleOp"> {
  let summary = "Make a table of a unary function between quantized tensors";
  let description = [{
    `quanta.dequantize` of at most 8 bits, one elementwise operation of it alone,
    and `quanta.quantize` become a `quanta.lookup`, whatever the function is: its
    body is evaluated by MLIR's constant folders, that is by the math library of
    the machine that compiles, for each stored value. A body that they cannot
    evaluate stays. Runs on the quantized stage; `quanta-fuse` before it makes one
    operation out of several. `quanta-ptq` runs it behind `quanta-quantize`, and
    `quanta-merge-lookups` behind it.

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

def MergeLookups : Pass<"quanta-merge-lookups", "::mlir::ModuleOp"> {
  let summary = "Make one table of elementwise operations on one quantized tensor";
  let description = [{
    Two or more elementwise operations, `quanta.lookup`, `add`, `sub`, `mul` and
    `requantize`, whose only varying input is, by way of each other, one tensor
    of at most 8 bits of storage, become one `quanta.lookup`. Its table holds what
    they make of each stored value, all roundings between them included: the
    result has the same bits. A QDQ graph quantizes behind each piece of a SiLU
    (`x * sigmoid(x)`), and comes to one table.

    An operation that something else reads too stays as it is, and is where a
    function starts. Constants beside the tensor have the same value everywhere.

    ```mlir
    %0 = quanta.lookup %q table dense<...> : tensor<256xi8> : tensor<4x!x> to tensor<4x!s>
    %1 = quanta.mul %q, %0 : tensor<4x!x>, tensor<4x!s> -> tensor<4x!y>
    ```
    becomes
    ```mlir
    %1 = quanta.lookup %q table dense<...> : tensor<256xi8> : tensor<4x!x> to tensor<4x!y>
    ```
  }];
  let dependentDialects = ["::quanta::QuantaDialect"];
  let statistics = [Statistic<"numMerged", "merged", "Tables made of several operations">];
}

def SplitActivations : Pass<"quanta-split-activations", "::mlir::ModuleOp"> {
  let summary = "Multiply factors of 16 bits as two of 8 bits";
  let description = [{
    A contraction of which a factor is rounded to (or dequantized from) i16 or u16,
    and the other one is rounded too, becomes two, of the upper and of the lower
    bytes, whose results are added in f32: dot products take bytes. With u and l
    the bytes of q, and z_u and z_l those of its zero point,
    `s (q - z) = 256 s (u - z_u) + s (l - z_l)`. If both factors have 16 bits,
    there are four. Both bytes of a constant weight have a sign and no zero point:
    `s q = 256 s u + s l` with u the nearest integer to q / 256. `quanta-quantize`,
    which does this first, makes contractions of 8 bits of them.

    ```mlir
    %q = quanta.fake_quant %x as !quant.uniform<u16:f32, 0.001:300> {name = "main/matmul_0/lhs"} : tensor<4x8xf32>
    %1 = linalg.matmul ins(%q, %v : tensor<4x8xf32>, tensor<8x2xf32>) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %q = quanta.quantize %x {name = "main/matmul_0/lhs"} : tensor<4x8xf32> to tensor<4x8x!quant.uniform<u16:f32, 0.001:300>>
    %i = quant.scast %q : tensor<4x8x!quant.uniform<u16:f32, 0.001:300>> to tensor<4x8xi16>
    %s = linalg.generic {...} ins(%i) { %b = arith.shrui %e, %c8; %t = arith.trunci %b : i16 to i8 }
    %u = quant.scast %s : tensor<4x8xi8> to tensor<4x8x!quant.uniform<u8:f32, 0.256:1>>
    %upper = quanta.dequantize %u : ... to tensor<4x8xf32>
    %1 = linalg.matmul ins(%upper, %v : ...) outs(%0 : tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    with zeros for `%0` and the attribute `quanta.upper_byte`, the same of the lower
    bytes with the type `!quant.uniform<u8:f32, 0.001:44>` on `%0`, and the sum of
    both. Reports count the products of one of them.
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect"];
}

def Quantize : Pass<"quanta-quantize", "::mlir::ModuleOp"> {
  let summary = "simulated -> quantized: compute on quantized tensors";
  let description = [{
    A quantizable operation whose factors are all fake-quantized, or dequantized
    from at most 8 bits, becomes its quantized counterpart with i32
    accumulators; constant weights and biases are quantized at compile time. A
    bias that i32 could not hold, or not to a thousandth of the largest, stays in
    float.
    A factor of 16 bits is taken apart first, see `quanta-split-activations`.
    A contraction whose weight alone is fake-quantized, or dequantized from at most 8
    bits, becomes a `quanta.weight_only_contract`.
    `dequantize`, an optional ReLU or clamp, and `quantize` in a row become one
    `quanta.requantize`; a cast ahead of `quantize` that forgets sizes follows it,
    and a padding with zeros does as `quanta.pad`. Any other fake-quant becomes
    `quantize` and `dequantize`.

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
    file has the share of multiply-accumulates on integers
    (`int8_mac_share`), of those on float activations and stored weights
    (`weight_only_mac_share`) and of those on factors rounded to f16 or bf16
    (`float16_mac_share`), the contractions (with `weight_only`, the storage
    of the weights, or `float16`, the scheme, where that is so), in `float16_layers` the other layers in f16 or bf16
    (`name`, `op`, `location`, `float16`), `left_in_float`, and in `glue_in_float`
    how many elementwise operations and reductions are in float. A layer for which
    the recipe says f16 or bf16 and which cannot be is in `left_in_float` too. Runs on the quantized stage.
  }];
  let options = [
    Option<"output", "output", "std::string", "",
           "JSON file to write; without one, remarks are emitted">,
    Option<"strict", "strict", "bool", "false",
           "Make a contraction that stays in float an error">];
}

def FormConvTranspose : Pass<"quanta-form-conv-transpose", "::mlir::ModuleOp"> {
  let summary = "Make transposed convolutions of those that read stretched images";
  let description = [{
    Works on the quantized stage and keeps it. Frontends write a transposed
    convolution with strides as one of an image with zeros between its pixels,
    most of whose products are with these zeros. Where the weights are constant and
    have one group, the sizes but the batch are static and channels come second, it
    becomes `quanta.conv_transpose_1d` or `quanta.conv_transpose_2d`, which has none
    of them: `quanta-expand-named-ops` makes a convolution for each phase of its
    result. The sums are the same. `quanta-rewrite-types` does this first,
    but with `reference`.

    ```mlir
    %s = tensor.insert_slice %x into %zeros[0, 0, 1] [1, 2, 4] [1, 1, 2] : tensor<1x2x4xf32> into tensor<1x2x9xf32>
    %q = quanta.quantize %s : tensor<1x2x9xf32> to tensor<1x2x9x!u8>
    %acc = quanta.contract %q, %w maps [
        affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>,
        affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<1x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<1x3x7x!acc>
    ```
    becomes
    ```mlir
    %q = quanta.quantize %x : tensor<1x2x4xf32> to tensor<1x2x4x!u8>
    %acc = quanta.conv_transpose_1d %q, %turned strides [2] dilations [1] pads [1, 1] output_padding [0] : tensor<1x2x4x!u8>, tensor<2x3x3x!i8> -> tensor<1x3x7x!acc>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::quant::QuantDialect"];
}

def ExpandNamedOps : Pass<"quanta-expand-named-ops", "::mlir::ModuleOp"> {
  let summary = "Turn named layers into general quantized operations";
  let description = [{
    Works on the quantized stage and keeps it. `quanta.batch_matmul`,
    `quanta.conv_1d` and `quanta.conv_2d` become `quanta.contract`, behind a
    `quanta.pad` where they pad, and the transposed ones one of them for each
    phase of its result; `quanta.softmax` and `quanta.layer_norm` become
    `linalg` on floats between `quanta.dequantize` and `quanta.quantize`.
    `quanta-rewrite-types` does the same first.

    ```mlir
    %acc = quanta.conv_2d %x, %w pads [1, 1, 1, 1] : tensor<1x2x5x5x!u8>, tensor<4x2x3x3x!i8> -> tensor<1x4x5x5x!acc>
    ```
    becomes
    ```mlir
    %0 = quanta.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] : tensor<1x2x5x5x!u8> -> tensor<1x2x7x7x!u8>
    %acc = quanta.contract %0, %w maps [
        affine_map<(n, f, y, x, c, i, j) -> (n, c, y + i, x + j)>,
        affine_map<(n, f, y, x, c, i, j) -> (f, c, i, j)>,
        affine_map<(n, f, y, x, c, i, j) -> (n, f, y, x)>] channel 1 : ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect"];
}

def RewriteTypes : Pass<"quanta-rewrite-types", "::mlir::ModuleOp"> {
  let summary = "quantized -> integer: linalg on integer storage";
  let description = [{
    Every quantized operation becomes `linalg` on signless integers, following
    the numerics contract. The zero point of activations moves into the bias
    where the weights are constant: `-zp * sum_k w[k, n]` is added to it at
    compile time. With `reference` it stays in the products, as the contract
    writes it; both forms give the same bits.

    Contractions whose sums may leave i32 are refused, with the bounds that their
    types and constants give them; `quanta-quantize` makes none of these. What only
    a run can tell, an open number of products and a bias that is not constant, is
    checked there: `cf.assert` stops the program, with the largest number of
    products or the range of the bias. With `allow-wrap` sums wrap around.

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
           "Keep zero points in the products instead of the bias">,
    Option<"allowWrap", "allow-wrap", "bool", "false",
           "Take contractions whose sums may leave i32: they wrap around">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

#endif // QUANTA_TRANSFORMS_QUANTIZATIONPASSES_TD
