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
    here they become operations with the numerics contract.

    | upstream | quanta |
    |---|---|
    | `quant.qcast` to at most 16 bits of storage | `quanta.quantize` |
    | `quant.dcast` | `quanta.dequantize` |
    | `quant.scast` | itself: it changes the type and no bits |

    Refused, by an error at the cast: tensors that are not ranked and of f32,
    types that break rule 1 of the numerics contract (a scale that is no normal
    f32, a zero point out of range, another number of scales than of channels),
    rounding to sub-channel types, which weights have, and to more than 16 bits.

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
    The inverse of `convert-quant-to-quanta`: `quanta.quantize` becomes
    `quant.qcast`, `quanta.dequantize` becomes `quant.dcast`, both without their
    `name`. Other operations stay; `convert-quanta-to-qdq` before it makes float
    ones of them, so that nothing of Quanta is left. Nothing is refused. Beware of
    `--canonicalize` after it: upstream folds a `quant.dcast` of a `quant.qcast`
    away.

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
    `quanta-sink-dequantize`, `quanta-form-operations`, `quanta-sink-dequantize`
    again, `quanta-fuse`, `quanta-quantize`, `quanta-form-lookups` and
    `quanta-merge-lookups` in a row.

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
    | `matmul`, `batch_matmul`, `contract`, `conv_1d`, `conv_2d`, `conv_transpose_1d`, `conv_transpose_2d` | `linalg.matmul`, `batch_matmul`, a named convolution, or `linalg.contract`, which starts from the bias in float; padding is a `tensor.pad` before it; for transposed ones one for each phase of their strides, and `tensor.insert_slice` of their rounded results |
    | i32 accumulators | the float result, not rounded |
    | `requantize` | a clamp in float, if it has one, and `quantize` |
    | `add`, `sub`, `mul` | `arith.addf`, `subf`, `mulf` in a `linalg.generic`, and the clamp |
    | `lookup` | a `linalg.generic` that reads a table of floats |
    | `max_pool`, `average_pool` | `linalg.pooling_nchw_max` and so on, the sum divided by the number of elements |
    | `pad`, `concat`, reshapes, slices | `tensor.pad`, or `tensor.insert_slice` into a broadcast vector where `value` stands for another float in each channel, `tensor.concat`, the same on floats |
    | `embedding`, `resize` to the nearest | a `linalg.generic` that reads the float table or input |
    | `weight_only_contract` | the float contraction of `dequantize` of the weights |
    | `softmax`, `layer_norm` | what `quanta-expand-named-ops` makes of them |

    Refused, by an error at the operation: accumulators that are read as integers
    (those of `conv_transpose_1d` are where its result is stored with several scales),
    a bias that is not constant or that f32 would round, a clamp or a table for
    several scales, grouped convolutions written as `conv_1d` or `conv_2d` and
    other contractions that linalg has no name for, `weight_only_contract` on
    weights in f16 or bf16, or with an `init` that is no repeated row, and operations whose
    parameters are found at run time (`dynamic_quantize`,
    `subtract_zero_point`), and linear `resize`.

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

def ConvertQuantaToTosa : Pass<"convert-quanta-to-tosa", "::mlir::ModuleOp"> {
  let summary = "The quantized stage to TOSA on integers";
  let description = [{
    Every quantized operation becomes operations of TOSA (specification 1.0) on
    i8 tensors, with i32 accumulators, as an importer of TFLite models makes them.
    `quanta.quantize` and `quanta.dequantize` stay, at the edge of float.

    | quantized stage | TOSA |
    |---|---|
    | i8 tensors; u8 tensors | the same; i8 with values and zero point 128 lower, by a `tosa.rescale` where they come in or leave |
    | i32 accumulators | i32 |
    | constants of at most 8 bits | `tosa.const` of i8 |
    | `conv_2d`, `conv_1d` and `contract` with windows | `tosa.conv2d`, `depthwise_conv2d`, with `pad`; one of them for each group, and `concat`; transposed to NHWC and back |
    | `conv_transpose_2d`, and `conv_transpose_1d` with one scale or channels last | `tosa.transpose_conv2d` |
    | `matmul` with constant weights | `tosa.conv2d` with kernel 1x1, the form of a fully connected layer |
    | `matmul`, `batch_matmul`, `contract` | `tosa.matmul`, and `tosa.add` of a bias; on plain i8 where the right factor has several scales |
    | `requantize` | `tosa.rescale` with 32 bits and single rounding, one factor for each channel where they differ; `tosa.clamp` for a clamp or a narrower range |
    | `add`, `sub` | `tosa.rescale` of both to steps of 2^-20 of twice the larger scale, `tosa.add` or `sub`, `tosa.rescale` |
    | `mul` | both less their zero points, `tosa.mul`, `tosa.rescale` |
    | `lookup` | `tosa.table` |
    | `max_pool`, `average_pool` | `tosa.max_pool2d`, `avg_pool2d`; a mean in another type is a `depthwise_conv2d` with weights of 1 and a `rescale` |
    | `pad`, `concat`, reshapes, slices, transposes | `tosa.pad`, `concat` (behind `rescale` where types differ), `reshape`, `slice`, `transpose` |
    | `resize` to nearest elements | `tosa.resize` in mode `NEAREST_NEIGHBOR` |

    The factor of a requantization is the f32 that the numerics contract
    multiplies by, to the last bit. TOSA rounds products half up, the contract to
    even: results may differ by one step where they lie in the middle. Converted
    back by `convert-tosa-to-quanta`, the network gives the same bits.

    With `types=quantized`, tensors keep `!quant.uniform` element types, as
    importers leave them; with `types=storage` they are plain i8, as upstream's
    `tosa-to-linalg` takes them, between casts by `quant.scast`.

    Refused, by an error at the operation: types of other widths, several zero
    points, factors outside of 2^-32 to 2^29, convolutions of volumes,
    transposed ones with groups or dilations, contractions over other indices, pooling of other than two of
    four dimensions, with holes or, next to a dynamic size, with windows that end
    before their input does, `resize` that interpolates, of other than two of four
    dimensions or in steps beyond those that TOSA allows, several dynamic sizes where
    a reshape needs them, and `softmax`, `layer_norm`, `embedding`, weight-only and
    dynamic operations.

    ```mlir
    %a = quanta.matmul %x, %w : tensor<2x8x!quant.uniform<i8:f32, 0.5:3>>, tensor<8x4x!quant.uniform<i8:f32, 0.25>> -> tensor<2x4x!quant.uniform<i32:f32, 0.125>>
    %y = quanta.requantize %a : ... to tensor<2x4x!quant.uniform<i8:f32, 0.5>>
    ```
    becomes
    ```mlir
    %0 = tosa.reshape %x, %shape : ... -> tensor<2x1x1x8x!quant.uniform<i8:f32, 0.5:3>>
    %1 = tosa.conv2d %0, %w, %zeros, %c3, %c0 {acc_type = i32, ...} : ... -> tensor<2x1x1x4xi32>
    %2 = tosa.reshape %1, %shape2 : ... -> tensor<2x4xi32>
    %y = tosa.rescale %2, %multiplier, %shift, %c0_i32, %c0 {...} : ... -> tensor<2x4x!quant.uniform<i8:f32, 0.5>>
    ```
  }];
  let options = [
    Option<"types", "types", "std::string", "\"quantized\"",
           "Element types of tensors of 8 bits: 'quantized' or 'storage'">];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect",
    "::mlir::tosa::TosaDialect"];
}

def ConvertTosaToQuanta : Pass<"convert-tosa-to-quanta", "::mlir::ModuleOp"> {
  let summary = "TOSA on integers to the quantized stage";
  let description = [{
    The inverse of `convert-quanta-to-tosa`, for what importers of TFLite models
    produce: operations of TOSA (specification 1.0) on i8 tensors with
    `!quant.uniform` element types, or on plain i8 with zero points in operands.
    Float operations stay; `tosa-to-linalg` takes them.

    Every value keeps its type. Plain integers get a scale of 1 where an operation
    needs one, and the scales of their factors where a `tosa.rescale` multiplies
    them: `quant.scast` between operations changes from one to the other, and
    leaves nothing behind at the integer stage.

    | TOSA | quantized stage |
    |---|---|
    | `conv2d`, `depthwise_conv2d` | `quanta.conv_2d` with `channels_last`; its bias, unless it is zero |
    | `transpose_conv2d` | `quanta.conv_transpose_2d` with `channels_last` |
    | `matmul`, with `add` of a constant vector | `quanta.batch_matmul` with a bias |
    | `rescale` of i32, i8 or u8 to i8 or u8, which may have several scales along its last dimension | `quanta.requantize` |
    | `rescale` to i32, `add`, `sub` or `mul`, `rescale` to i8 | `quanta.add`, `sub`, `mul` |
    | `clamp` | the clamp of the operation that rounds, or a `quanta.requantize` |
    | `table`, `negate` | `quanta.lookup` |
    | `max_pool2d`, `avg_pool2d` | `quanta.max_pool`, behind a `quanta.pad` with the smallest integer, and `average_pool` |
    | `pad`, `concat` | `quanta.pad`, `quanta.concat`; `tensor.concat` of accumulators |
    | `reshape`, `slice`, `transpose` | `tensor.collapse_shape`, `expand_shape`, `extract_slice`, `linalg.transpose` of the storage |
    | `resize` in mode `NEAREST_NEIGHBOR` | `quanta.resize` |
    | `const`, `identity` | `arith.constant`; nothing |

    Where a rescale has scales in the types of both ends, they are what counts,
    and its factor, a rounded quotient of them, is checked. Rounding is that of the
    numerics contract (f32, half to even) and not that of TOSA, whatever the
    rounding mode: results differ by at most one step at each rescaling.

    Refused, by an error at the operation: any other operation of TOSA on
    integers, i16 and i48, zero points, multipliers, tables or paddings that are
    not constant, a zero point that contradicts a type, a factor that contradicts
    the types of both ends or is no normal f32, weights quantized along another
    dimension than their filters, padding of `avg_pool2d`, and i32 tensors that
    are used otherwise than in the table.

    ```mlir
    %0 = tosa.conv2d %x, %w, %b, %zx, %zw {pad = array<i64: 1, 0, 1, 0>, ...} : (tensor<1x4x4x3xi8>, ...) -> tensor<1x3x3x2xi32>
    %1 = tosa.rescale %0, %multiplier, %shift, %z, %zy {...} : ... -> tensor<1x3x3x2xi8>
    ```
    becomes
    ```mlir
    %0 = quant.scast %x : tensor<1x4x4x3xi8> to tensor<1x4x4x3x!quant.uniform<i8:f32, 1.0:-3>>
    %1 = quanta.conv_2d %0, %w1 bias %b1 pads [1, 1, 0, 0] channels_last : ... -> tensor<1x3x3x2x!quant.uniform<i32:f32, 1.0>>
    %2 = quant.scast %1 : ... to tensor<1x3x3x2xi32>
    %3 = quant.scast %2 : tensor<1x3x3x2xi32> to tensor<1x3x3x2x!quant.uniform<i32:f32, 0.00390625>>
    %4 = quanta.requantize %3 : ... to tensor<1x3x3x2x!quant.uniform<i8:f32, 1.0:5>>
    %5 = quant.scast %4 : ... to tensor<1x3x3x2xi8>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect", "::mlir::tosa::TosaDialect"];
}

#endif // QUANTA_TRANSFORMS_CONVERSIONPASSES_TD
