//===- ConversionPasses.td - To and from other forms -------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_CONVERSIONPASSES_TD
#define QUANTA_TRANSFORMS_CONVERSIONPASSES_TD

include "mlir/Pass/PassBase.td"

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

def ConvertQdqToQuanta : Pass<"convert-qdq-to-quanta", "::mlir::ModuleOp"> {
  let summary = "Float operations between quantize-dequantize pairs to the quantized stage";
  let description = [{
    A graph in QDQ form computes in float between pairs of a quantization and a
    dequantization, and means a network on integers. The pairs may be arithmetic
    (what an ONNX model with QuantizeLinear and DequantizeLinear arrives as),
    `quant.qcast` and `quant.dcast`, or `quanta.quantize` and `quanta.dequantize`.
    The network gets exactly their scales and zero points.

    This is `convert-quant-to-quanta`, `quanta-raise-qdq` (strict),
    `quanta-sink-dequantize`, `quanta-fuse`, `quanta-quantize` and
    `quanta-form-lookups` in a row, and in between, where `dq` is
    `quanta.dequantize` and `q` is `quanta.quantize`:

    | QDQ form | quantized stage | results |
    |---|---|---|
    | `q(dq(x))` of the same type | `x` | the same |
    | `q(clamp(dq(a) + dq(b)))`; `-`, `*`; broadcast dimensions of size 1 | `quanta.add`, `sub`, `mul` | the same |
    | `q(pooling_sum(dq(x)) / count)` | `quanta.average_pool` | integer sums: at most one step apart |
    | `q(tensor.concat(dq(a), dq(b)))` | `quanta.concat` | at most one step, where types differ |
    | `q(tensor.pad(dq(x), c))` of the same type | `quanta.pad` with the stored value of `c` | the same |

    Anything else between pairs stays in float: `linalg` between
    `quanta.dequantize` and `quanta.quantize` is legal at the quantized stage.

    Refused, each by an error at the operation: parameters that break rule 1 of
    the numerics contract (a scale that is no normal f32, a zero point out of
    range, two parameters along different dimensions), and integers dequantized
    with other parameters than they were quantized with. A contraction that has
    one dequantized factor and stays in float, as the other has no pair or is
    quantized along a dimension that is summed over, is a warning.

    ```mlir
    %0 = quanta.dequantize %a : tensor<4x!quant.uniform<u8:f32, 0.5:3>> to tensor<4xf32>
    %1 = quanta.dequantize %b : tensor<4x!quant.uniform<i8:f32, 0.25>> to tensor<4xf32>
    %2 = linalg.generic ... ins(%0, %1 : ...) { arith.addf ... }
    %3 = quanta.quantize %2 : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 1.0>>
    ```
    becomes
    ```mlir
    %3 = quanta.add %a, %b : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<4x!quant.uniform<i8:f32, 0.25>> -> tensor<4x!quant.uniform<u8:f32, 1.0>>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect"];
}

def ConvertQuantaToQdq : Pass<"convert-quanta-to-qdq", "::mlir::ModuleOp"> {
  let summary = "The quantized stage to float operations between quantize-dequantize pairs";
  let description = [{
    The inverse of `convert-qdq-to-quanta`: each quantized operation becomes a
    float one on what `quanta.dequantize` makes of its operands, and its result
    goes through `quanta.quantize`. From there, `convert-quanta-to-quant` gives
    pairs of upstream's casts, and `quanta-rewrite-types` the arithmetic that ONNX
    importers produce. Converted back, the network gives the same bits.

    | quantized stage | QDQ form |
    |---|---|
    | `quantize`, `dequantize`, `quant.scast` | themselves |
    | `matmul`, `batch_matmul`, `contract`, `conv_1d`, `conv_2d`, `conv_transpose_2d` | `linalg.matmul`, `batch_matmul`, a named convolution, or `linalg.contract`, which starts from the bias in float; padding is a `tensor.pad` before it |
    | i32 accumulators | the float result, not rounded |
    | `requantize` | a clamp in float, if it has one, and `quantize` |
    | `add`, `sub`, `mul` | `arith.addf`, `subf`, `mulf` in a `linalg.generic`, and the clamp |
    | `lookup` | a `linalg.generic` that reads a table of floats |
    | `max_pool`, `average_pool` | `linalg.pooling_nchw_max` and so on, the sum divided by the number of elements |
    | `pad`, `concat`, reshapes, slices | `tensor.pad`, `tensor.concat`, the same on floats |
    | `weight_only_contract` | the float contraction of `dequantize` of the weights |
    | `softmax`, `layer_norm` | what `quanta-expand-named-ops` makes of them |

    Refused, by an error at the operation: accumulators that are read as integers,
    a bias that is not constant or that f32 would round, a clamp or a table for
    several scales, grouped convolutions written as `conv_1d` or `conv_2d` and
    other contractions that linalg has no name for, and operations whose
    parameters are found at run time (`dynamic_quantize`,
    `subtract_zero_point`), `resize` and `embedding`.

    ```mlir
    %a = quanta.matmul %x, %w : ... -> tensor<4x2x!quant.uniform<i32:f32, 0.125>>
    %y = quanta.requantize %a clamp [3, 255] : ... to tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
    ```
    becomes
    ```mlir
    %0 = quanta.dequantize %x : tensor<4x8x!quant.uniform<u8:f32, 0.5:3>> to tensor<4x8xf32>
    %1 = quanta.dequantize %w : tensor<8x2x!quant.uniform<i8:f32, 0.25>> to tensor<8x2xf32>
    %2 = linalg.matmul ins(%0, %1 : ...) outs(%zeros : tensor<4x2xf32>) -> tensor<4x2xf32>
    %3 = linalg.generic ... ins(%2) { arith.maximumf ... }
    %y = quanta.quantize %3 : tensor<4x2xf32> to tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect"];
}

#endif // QUANTA_TRANSFORMS_CONVERSIONPASSES_TD
