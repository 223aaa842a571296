//===- QuantaGatherOps.td - Quantized rows and pixels ------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_GATHER_OPS_TD
#define QUANTA_GATHER_OPS_TD

def Quanta_EmbeddingOp : Quanta_Op<"embedding", [Pure, Quanta_InferTypes]> {
  let summary = "Rows of a quantized table, by their indices";
  let description = [{
    `r[i..., d] = table[indices[i...], d]`: stored integers pass untouched
    (`torch.nn.Embedding`; ONNX operator Gather along axis 0), or become the floats
    that they stand for by rule 3 of the numerics contract. Then every row of the
    table may have a scale and a zero point of its own. An index outside of the
    table reads its nearest row, as in StableHLO's `gather`: memory outside of
    the table is never read.

    ```mlir
    %r = quanta.embedding %table, %indices
        : tensor<1000x64x!quant.uniform<i8:f32, 0.02>>, tensor<?x7xi64>
       -> tensor<?x7x64x!quant.uniform<i8:f32, 0.02>>
    %f = quanta.embedding %rows, %indices
        : tensor<2x64x!quant.uniform<i8:f32:0, {0.02, 0.04}>>, tensor<?x7xi64> -> tensor<?x7x64xf32>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for table and result;
    3. the table is a matrix with at least one row, and its number is static;
    4. the result has the sizes of `indices`, then the number of columns;
    5. a quantized result has the element type of the table, which is then
    quantized per tensor; of an f32 result, the table is quantized per tensor or
    along its rows.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$table,
    RankedTensorOf<[I32, I64]>:$indices);
  let results = (outs RankedTensorOf<[Quanta_QuantizedElement, F32]>:$result);
  let assemblyFormat = [{
    $table `,` $indices attr-dict
    `:` type($table) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Quanta_ResizeMode : I32EnumAttr<"ResizeMode", "how pixels are resampled", [
    I32EnumAttrCase<"Nearest", 0, "nearest">,
    I32EnumAttrCase<"Linear", 1, "linear">]> {
  let cppNamespace = "::quanta";
}

def Quanta_ResizeCoordinates : I32EnumAttr<"ResizeCoordinates",
    "where results lie in the input", [
    I32EnumAttrCase<"HalfPixel", 0, "half_pixel">,
    I32EnumAttrCase<"AlignCorners", 1, "align_corners">,
    I32EnumAttrCase<"Asymmetric", 2, "asymmetric">]> {
  let cppNamespace = "::quanta";
}

def Quanta_ResizeRounding : I32EnumAttr<"ResizeRounding",
    "which pixel is the nearest", [
    I32EnumAttrCase<"RoundPreferFloor", 0, "round_prefer_floor">,
    I32EnumAttrCase<"RoundPreferCeil", 1, "round_prefer_ceil">,
    I32EnumAttrCase<"Floor", 2, "floor">,
    I32EnumAttrCase<"Ceil", 3, "ceil">]> {
  let cppNamespace = "::quanta";
}

def Quanta_ResizeOp : Quanta_Op<"resize", [Pure]> {
  let summary = "Resample a quantized tensor to another size";
  let description = [{
    ONNX operator Resize (opset 19) from the size of the input to that of the
    result along the dimensions `dims`. Result `o` of `out` lies at `x` in an input
    of `in` elements:

    | `coordinates`   | `x`                                        |
    |-----------------|--------------------------------------------|
    | `half_pixel`    | `(o + 1/2) * in / out - 1/2`               |
    | `align_corners` | `o * (in - 1) / (out - 1)`, 0 if `out` is 1 |
    | `asymmetric`    | `o * in / out`                             |

    and is moved to the nearest place in `[0, in - 1]`. Places are exact fractions,
    evaluated at compile time, where ONNX Runtime rounds them to f32.

    * `nearest` copies the stored integer at `x`, rounded as `rounding` says: to
      the nearest, where ties go down (`round_prefer_floor`, the default) or up
      (`round_prefer_ceil`), or always down (`floor`, what `asymmetric` needs for
      PyTorch's `nearest`) or up (`ceil`).
    * `linear` weighs the two neighbours along each dimension (bilinear along two).
      With `D` the least common denominator of all `x` of a dimension, the weights
      `D * (1 - frac(x))` and `D * frac(x)` are integers, and
      `acc = sum weight * (q - zp)` over the neighbours is exact in i32; then
      `r = clamp(roundeven(f32(acc) * m) + zp', qmin', qmax')` with
      `m = f32(s / prod(D) / s')`, divided in f64 and rounded to f32 at the end:
      rule 4 of the numerics contract at the scale of the sums.

    ```mlir
    %r = quanta.resize %x over [2, 3] mode linear coordinates half_pixel
        : tensor<?x8x6x6x!quant.uniform<u8:f32, 0.1:128>> -> tensor<?x8x12x12x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for input and result;
    3. `dims` are distinct dimensions, of a static size from 1 to 2^24 in both;
    4. all other sizes are the same;
    5. `nearest` keeps the element type, and the tensor is not quantized along
    `dims`;
    6. `linear` takes tensors that are quantized per tensor with at most 16 bits
    of storage, has no `rounding`, and resamples at most four dimensions;
    7. its sums cannot leave i32: `prod(D) * max|q - zp| < 2^31`.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input, DenseI64ArrayAttr:$dims,
    Quanta_ResizeMode:$mode, Quanta_ResizeCoordinates:$coordinates,
    OptionalAttr<Quanta_ResizeRounding>:$rounding);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `over` $dims `mode` $mode `coordinates` $coordinates
    (`rounding` $rounding^)? attr-dict `:` type($input) `->` type($result)
  }];
  let builders = [
    /// A result of these sizes along `dims`; `rounding` may be null.
    OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$dims,
                   "::llvm::ArrayRef<int64_t>":$sizes,
                   "::quanta::ResizeMode":$mode,
                   "::quanta::ResizeCoordinates":$coordinates,
                   "::quanta::ResizeRoundingAttr":$rounding,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

#endif // QUANTA_GATHER_OPS_TD
