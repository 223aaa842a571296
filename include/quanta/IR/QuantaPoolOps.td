//===- QuantaPoolOps.td - Quantized pooling ----------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_POOL_OPS_TD
#define QUANTA_POOL_OPS_TD

class Quanta_PoolOp<string mnemonic, list<Trait> traits = []>
    : Quanta_Op<mnemonic, !listconcat([Pure], traits)> {
  let arguments = (ins Quanta_QuantizedTensor:$input, DenseI64ArrayAttr:$dims,
    DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$dilations, OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `over` $dims `window` $window `strides` $strides
    `dilations` $dilations attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Quanta_MaxPoolOp : Quanta_PoolOp<"max_pool", [Quanta_InferTypes]> {
  let summary = "Maximum of a quantized tensor in windows";
  let description = [{
    `r[..., o, ...] = max_k q[..., o * stride + k * dilation, ...]` over the
    dimensions `dims`, on stored integers: the order of quantized values is that
    of the values they stand for. `dims` is `[2, 3]` for images in NCHW, `[1, 2]`
    in NHWC. Padding is a `quanta.pad` before it with the smallest value.

    ```mlir
    %r = quanta.max_pool %x over [2, 3] window [2, 2] strides [2, 2] dilations [1, 1]
        : tensor<?x8x6x6x!quant.uniform<u8:f32, 0.1:128>> -> tensor<?x8x3x3x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`;
    3. `dims` are distinct dimensions, along none of which the tensor is
    quantized; `window`, `strides` and `dilations` have one positive entry each;
    4. the result has the sizes of the input, but along `dims`
    `(size - dilation * (window - 1) - 1) / stride + 1`, which is positive;
    5. input and result have the same element type.
  }];
}

def Quanta_AveragePoolOp : Quanta_PoolOp<"average_pool"> {
  let summary = "Mean of a quantized tensor in windows";
  let description = [{
    `acc = sum_k (q[..., o * stride + k * dilation, ...] - zp)` in i32, then
    `r = clamp(roundeven(f32(acc) * m) + zp', qmin', qmax')` with
    `m = f32(s / count / s')`, divided in f64 and rounded to f32 at the end, where
    `count` is the number of elements of the window: rule 4 of the numerics contract at the
    scale of the sums. Global pooling has a window as large as the dimensions.
    Elements from a `quanta.pad` count (`count_include_pad=1` of ONNX).

    ```mlir
    %r = quanta.average_pool %x over [2, 3] window [6, 6] strides [1, 1] dilations [1, 1]
        : tensor<?x8x6x6x!quant.uniform<u8:f32, 0.1:128>> -> tensor<?x8x1x1x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Constraints: 1. to 4. as for `quanta.max_pool`;
    5. input and result are quantized per tensor, with at most 16 bits of storage;
    6. the sums cannot leave i32: `count * max|q - zp| < 2^31`.
  }];
  let builders = [
    /// A result of the size that the window leaves.
    OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$dims,
                   "::llvm::ArrayRef<int64_t>":$window,
                   "::llvm::ArrayRef<int64_t>":$strides,
                   "::llvm::ArrayRef<int64_t>":$dilations,
                   "::mlir::Type":$elementType)>];
}

#endif // QUANTA_POOL_OPS_TD
