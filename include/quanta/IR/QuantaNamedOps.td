//===- QuantaNamedOps.td - Layers by their names ------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What networks are written in by hand. `quanta-expand-named-ops`, and
// `quanta-rewrite-types` before anything else, turn them into the general
// operations.
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_NAMED_OPS_TD
#define QUANTA_NAMED_OPS_TD

def Quanta_BatchMatmulOp : Quanta_Op<"batch_matmul", [
    Pure, Quanta_InferTypes,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Quantized matrix products of batches, with i32 accumulators";
  let description = [{
    `acc[b..., m, n] = sum_k (lhs[b..., m, k] - zp_lhs) * (rhs[b..., k, n] -
    zp_rhs) + bias[n]` in i32: rule 5 of the numerics contract. Both factors may
    be activations, as in attention.

    Shapes: `lhs` BxMxK, `rhs` BxKxN, `bias` N, result BxMxN, with any number of
    batch dimensions.

    ```mlir
    %acc = quanta.batch_matmul %q, %k
        : tensor<2x3x4x!quant.uniform<u8:f32, 0.1:128>>, tensor<2x4x5x!quant.uniform<i8:f32, 0.02>>
       -> tensor<2x3x5x!quant.uniform<i32:f32, 0.002>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every operand;
    3. all tensors (but the bias, a vector) have the same rank, at least 3;
    4. their sizes agree;
    5. `lhs` is quantized per tensor and `rhs` per tensor or along its last
    dimension, both with at most 8 bits of storage;
    6. result and bias have i32 storage and zero point 0, and scales
    `s_lhs * s_rhs` (relative tolerance 1e-6).
  }];
  let arguments = (ins Quanta_QuantizedTensor:$lhs, Quanta_QuantizedTensor:$rhs,
    Optional<Quanta_QuantizedTensor>:$bias);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? attr-dict
    `:` type($lhs) `,` type($rhs) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

class Quanta_ConvOp<string mnemonic, int spatialDims> : Quanta_Op<mnemonic, [
    Pure, Quanta_InferTypes,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  code constraints = [{
    Constraints: 1. and 2. as for `quanta.fake_quant`, for every operand;
    3. all tensors (but the bias, a vector) have two dimensions more than there
    are spatial ones, and channels and filters are static;
    4. `strides` and `dilations` have one positive entry for each spatial
    dimension, `pads` two that are not negative: all at the beginnings, then all
    at the ends, as in ONNX;
    5. `groups` is positive and divides the channels and the filters, and weights
    have `channels / groups` channels;
    6. the result has a batch of the input's size, a channel for each filter, and
    `(size + pads - dilation * (kernel - 1) - 1) / stride + 1` along each spatial
    dimension, which is positive;
    7. the input is quantized per tensor and weights per tensor or along the
    filters, both with at most 8 bits of storage;
    8. result and bias have i32 storage and zero point 0, and scales
    `s_input * s_weights` (relative tolerance 1e-6).
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input,
    Quanta_QuantizedTensor:$weights, Optional<Quanta_QuantizedTensor>:$bias,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    OptionalAttr<DenseI64ArrayAttr>:$pads, OptionalAttr<I64Attr>:$groups,
    UnitAttr:$channels_last);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`strides` $strides^)?
    (`dilations` $dilations^)? (`pads` $pads^)? (`groups` $groups^)?
    (`channels_last` $channels_last^)? attr-dict
    `:` type($input) `,` type($weights) (`,` type($bias)^)? `->` type($result)
  }];
  let extraClassDeclaration = [{
    static constexpr int64_t spatialDims = }] # spatialDims # [{;
  }];
  let hasVerifier = 1;
}

def Quanta_Conv1DOp : Quanta_ConvOp<"conv_1d", 1> {
  let summary = "Quantized convolution of sequences, with i32 accumulators";
  let description = [{
    As `quanta.conv_2d` with one spatial dimension. Shapes: input NxCxW, or
    NxWxC with `channels_last`; weights Fx(C/groups)xK; bias F; result NxFxV or
    NxVxF.

    ```mlir
    %acc = quanta.conv_1d %x, %w strides [2] pads [1, 0]
        : tensor<?x4x9x!quant.uniform<u8:f32, 0.1:128>>, tensor<6x4x3x!quant.uniform<i8<-127:127>:f32, 0.02>>
       -> tensor<?x6x4x!quant.uniform<i32:f32, 0.002>>
    ```
  }] # constraints;
}

def Quanta_Conv2DOp : Quanta_ConvOp<"conv_2d", 2> {
  let summary = "Quantized convolution of images, with i32 accumulators";
  let description = [{
    `acc[n, f, y, x] = sum_{c, i, j} (p[n, g + c, y * sy + i * dy, x * sx + j *
    dx] - zp_input) * (weights[f, c, i, j] - zp_weights) + bias[f]` in i32: rule 5
    of the numerics contract, where `p` is the input padded with its zero point
    and `g` the first channel of the group of `f`. As many groups as channels
    make it depthwise.

    Shapes: input NxCxHxW, or NxHxWxC with `channels_last`; weights
    Fx(C/groups)xKyxKx in both layouts, as in ONNX and PyTorch; bias F; result
    NxFxYxX or NxYxXxF.

    ```mlir
    %acc = quanta.conv_2d %x, %w strides [2, 2] pads [1, 1, 1, 1] groups 2
        : tensor<?x4x9x9x!quant.uniform<u8:f32, 0.1:128>>, tensor<6x2x3x3x!quant.uniform<i8<-127:127>:f32, 0.02>>
       -> tensor<?x6x5x5x!quant.uniform<i32:f32, 0.002>>
    ```
  }] # constraints;
}

class Quanta_ConvTransposeOp<string mnemonic, int spatialDims>
    : Quanta_Op<mnemonic, [
    Pure, Quanta_InferTypes,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  code constraints = [{
    Constraints: 1. and 2. as for `quanta.fake_quant`, for every operand;
    3. all tensors (but the bias, a vector) have two dimensions more than there
    are spatial ones, and all their sizes but that of the batch are static;
    4. `strides` and `dilations` have one positive entry for each spatial
    dimension, `pads` two and `output_padding` one that are not negative; pads are
    in the order of `quanta.conv_2d`;
    5. `groups` is positive and divides the channels, which are as many as weights
    have;
    6. the result has a batch of the input's size, `groups` times the filters of
    the weights, and `stride * (size - 1) + output_padding + dilation * (kernel -
    1) + 1 - pads` along each spatial dimension, which is positive;
    7. the input is quantized per tensor and weights per tensor or, with one
    group, along the filters, both with at most 8 bits of storage;
    8. result and bias have i32 storage and zero point 0, and scales
    `s_input * s_weights` (relative tolerance 1e-6).
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input,
    Quanta_QuantizedTensor:$weights, Optional<Quanta_QuantizedTensor>:$bias,
    OptionalAttr<DenseI64ArrayAttr>:$strides,
    OptionalAttr<DenseI64ArrayAttr>:$dilations,
    OptionalAttr<DenseI64ArrayAttr>:$pads,
    OptionalAttr<DenseI64ArrayAttr>:$output_padding,
    OptionalAttr<I64Attr>:$groups, UnitAttr:$channels_last);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `,` $weights (`bias` $bias^)? (`strides` $strides^)?
    (`dilations` $dilations^)? (`pads` $pads^)?
    (`output_padding` $output_padding^)? (`groups` $groups^)?
    (`channels_last` $channels_last^)? attr-dict
    `:` type($input) `,` type($weights) (`,` type($bias)^)? `->` type($result)
  }];
  let extraClassDeclaration = [{
    static constexpr int64_t spatialDims = }] # spatialDims # [{;
    /// `output_padding` with its default.
    ::std::array<int64_t, spatialDims> getOutputPads();
  }];
  let hasVerifier = 1;
}

def Quanta_ConvTranspose1DOp : Quanta_ConvTransposeOp<"conv_transpose_1d", 1> {
  let summary = "Quantized transposed convolution of sequences, with i32 accumulators";
  let description = [{
    As `quanta.conv_transpose_2d` with one spatial dimension
    (`torch.nn.ConvTranspose1d`). Shapes: input NxCxW, or NxWxC with
    `channels_last`; weights Cx(F/groups)xK; bias F; result NxFxV or NxVxF.

    ```mlir
    %acc = quanta.conv_transpose_1d %x, %w strides [2] pads [1, 1] output_padding [1]
        : tensor<?x4x5x!quant.uniform<u8:f32, 0.1:128>>, tensor<4x6x3x!quant.uniform<i8<-127:127>:f32, 0.02>>
       -> tensor<?x6x10x!quant.uniform<i32:f32, 0.002>>
    ```
  }] # constraints;
}

def Quanta_ConvTranspose2DOp : Quanta_ConvTransposeOp<"conv_transpose_2d", 2> {
  let summary = "Quantized transposed convolution of images, with i32 accumulators";
  let description = [{
    What `quanta.conv_2d` with the same attributes reads as its input, this writes
    as its result (ONNX operator ConvTranspose; `torch.nn.ConvTranspose2d`): each
    input is multiplied by the kernel and added to the result at

    `acc[n, f, y * sy + i * dy - top, x * sx + j * dx - left] += (input[n, c, y, x]
    - zp_input) * (weights[c, f, i, j] - zp_weights)`

    in i32 (rule 5 of the numerics contract), where that lies inside, with `c` over
    the channels of the group of `f`; then `bias[f]` is added.

    It becomes one ordinary convolution for each of the `sy * sx` phases of the
    result, which reads the input as it is: no product is one of inserted zeros.
    Weights that are constant are sorted at compile time, others when they are
    known.

    Shapes: input NxCxHxW, or NxHxWxC with `channels_last`; weights
    Cx(F/groups)xKyxKx in both layouts, as in ONNX and PyTorch; bias F; result
    NxFxYxX or NxYxXxF.

    ```mlir
    %acc = quanta.conv_transpose_2d %x, %w strides [2, 2] pads [1, 1, 1, 1] output_padding [1, 1]
        : tensor<?x4x5x5x!quant.uniform<u8:f32, 0.1:128>>, tensor<4x6x3x3x!quant.uniform<i8<-127:127>:f32, 0.02>>
       -> tensor<?x6x10x10x!quant.uniform<i32:f32, 0.002>>
    ```
  }] # constraints;
}

def Quanta_SoftmaxOp : Quanta_Op<"softmax", [
    Pure, SameOperandsAndResultShape]> {
  let summary = "Softmax of a quantized tensor along one dimension";
  let description = [{
    `exp(x - max x) / sum exp(x - max x)` along `dimension`, in f32 on the values
    that the input stands for, as `linalg.softmax` computes it; then quantized:
    rules 3 and 2 of the numerics contract at both ends. As values lie in [0, 1],
    a scale of 1/255 or 1/256 and the smallest zero point lose least.

    ```mlir
    %r = quanta.softmax %x dimension 1
        : tensor<?x10x!quant.uniform<u8:f32, 0.1:128>> -> tensor<?x10x!quant.uniform<u8:f32, 0.00390625>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for input and result;
    3. `dimension` is one of the input's; 4. both have the same shape.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input, I32Attr:$dimension);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `dimension` $dimension attr-dict `:` type($input) `->` type($result)
  }];
  let builders = [
    /// A result of the input's shape.
    OpBuilder<(ins "::mlir::Value":$input, "int32_t":$dimension,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

def Quanta_LayerNormOp : Quanta_Op<"layer_norm", [
    Pure, AllShapesMatch<["input", "result"]>, AttrSizedOperandSegments]> {
  let summary = "Layer normalization of a quantized tensor";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * weight + bias` over the dimensions
    from `axis` to the last (ONNX operator LayerNormalization, opset 17;
    `torch.nn.LayerNorm`), in f32 on the values `x` that the input stands for:
    rules 3 and 2 of the numerics contract at both ends. In this order, with `n`
    elements to normalize and every operation rounded to f32:

    ```
    mean = sum x / n        d = x - mean        variance = sum (d * d) / n
    r = d * (1 / sqrt(variance + epsilon)) * weight + bias
    ```

    Both sums have the order of `quanta-vectorize-reductions`: 16 partial sums,
    then halves, so that every stage and every machine gives the same bits.

    ```mlir
    %r = quanta.layer_norm %x weight %w bias %b axis 1 epsilon 1.0e-5
        : tensor<?x64x!quant.uniform<u8:f32, 0.1:128>> weight tensor<64xf32> bias tensor<64xf32>
       -> tensor<?x64x!quant.uniform<i8:f32, 0.03>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for input and result;
    3. both are quantized per tensor, with at most 16 bits of storage;
    4. both have the same shape;
    5. `axis` is one of its dimensions, and from there on sizes are static, with
    1 to 2^24 elements;
    6. `weight` and `bias` have the shape from `axis` on;
    7. `epsilon` is finite and not negative.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input,
    Optional<Quanta_FloatTensor>:$weight, Optional<Quanta_FloatTensor>:$bias,
    I32Attr:$axis, F32Attr:$epsilon);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input (`weight` $weight^)? (`bias` $bias^)? `axis` $axis
    `epsilon` $epsilon attr-dict
    `:` type($input) (`weight` type($weight)^)? (`bias` type($bias)^)?
    `->` type($result)
  }];
  let builders = [
    /// A result of the input's shape; `weight` and `bias` may be null.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weight,
                   "::mlir::Value":$bias, "int32_t":$axis, "float":$epsilon,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

#endif // QUANTA_NAMED_OPS_TD
