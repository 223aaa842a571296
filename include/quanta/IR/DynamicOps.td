//===- DynamicOps.td - Ranges computed at run time ---------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_DYNAMIC_OPS_TD
#define QUANTA_DYNAMIC_OPS_TD

class Quanta_DynamicOp<string mnemonic, list<Trait> traits = []>
    : Quanta_Op<mnemonic, [Pure] # traits>;

def Quanta_DynamicFakeQuantOp : Quanta_DynamicOp<"dynamic_fake_quant", [
    AllTypesMatch<["input", "result"]>]> {
  let summary = "Round a float tensor to a quantized range found at run time";
  let description = [{
    `(q - zp) * s` with the `q`, `s` and `zp` of `quanta.dynamic_quantize`, in
    float: what dynamic quantization is before a contraction takes its factors as
    integers.

    ```mlir
    %1 = quanta.dynamic_fake_quant %0 as !quant.uniform<u8:f32, 1.0> rows [0] : tensor<?x768xf32>
    ```

    Constraints: as for `quanta.dynamic_quantize`.
  }];
  let arguments = (ins Quanta_FloatTensor:$input,
    TypeAttrOf<Quanta_QuantizedElement>:$quantizedType,
    DenseI64ArrayAttr:$rows, UnitAttr:$symmetric, OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_FloatTensor:$result);
  let assemblyFormat = [{
    $input `as` $quantizedType `rows` $rows (`symmetric` $symmetric^)? attr-dict
    `:` type($input)
  }];
  let hasVerifier = 1;
}

def Quanta_DynamicQuantizeOp : Quanta_DynamicOp<"dynamic_quantize"> {
  let summary = "Quantize a float tensor to a range found at run time";
  let description = [{
    Each index of the dimensions `rows` has a scale of its own, `[]` is one scale
    for the whole tensor. With `lo` and `hi` the smallest and largest of zero and
    the elements of a row, both limited to half of the largest f32, NaN left out:

    * affine: `s = (hi - lo) / (qmax - qmin)`,
      `zp = clamp(roundeven(qmin - lo / s), qmin, qmax)`: ONNX's operator
      DynamicQuantizeLinear, for any storage type;
    * symmetric: `s = max(hi, -lo) / (qmax - zp)`, and `zp` is that of the type.

    A scale below the smallest normal f32 is replaced by 1. Then
    `q = clamp(roundeven(x / s) + zp, qmin, qmax)`: rule 2 of the numerics
    contract. All of it is f32 arithmetic.

    The result's type has the scale 1: its values are multiples of the scales in
    `scale`. An affine quantization has zero point 0 in its type, and the actual
    ones in `zeroPoint`; `quanta.subtract_zero_point` takes their share out of a
    contraction.

    ```mlir
    %q, %s, %z = quanta.dynamic_quantize %x rows [0]
        : tensor<?x768xf32> to tensor<?x768x!quant.uniform<u8:f32, 1.0>>, tensor<?xf32>, tensor<?xi32>
    %q, %s = quanta.dynamic_quantize %x rows [] symmetric
        : tensor<4x8xf32> to tensor<4x8x!quant.uniform<i8<-127:127>:f32, 1.0>>, tensor<f32>
    ```

    Constraints: 1. and 3. as for `quanta.fake_quant`;
    2. the type is quantized per tensor with the scale 1; without `symmetric`, its
    zero point is 0; with it, at most the middle of its range;
    4. `rows` are ascending dimensions of the input;
    5. `scale` and `zeroPoint` have the sizes of these dimensions; there is a
    `zeroPoint` unless `symmetric`.
  }];
  let arguments = (ins Quanta_FloatTensor:$input, DenseI64ArrayAttr:$rows,
    UnitAttr:$symmetric, OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result,
    Quanta_FloatTensor:$scale, Optional<RankedTensorOf<[I32]>>:$zeroPoint);
  let assemblyFormat = [{
    $input `rows` $rows (`symmetric` $symmetric^)? attr-dict `:` type($input)
    `to` type($result) `,` type($scale) (`,` type($zeroPoint)^)?
  }];
  let builders = [
    /// Results of the input's sizes and of those of `rows`.
    OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$rows,
                   "bool":$symmetric, "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

def Quanta_SubtractZeroPointOp : Quanta_DynamicOp<"subtract_zero_point", [
    AllTypesMatch<["accumulators", "result"]>]> {
  let summary = "Take a zero point known at run time out of a contraction";
  let description = [{
    `acc[m, n] - zp[m] * sum_k (w[k, n] - zp_w)` in i32, with wrap-around. A
    contraction of left factors whose type says zero point 0 and of `weights`
    becomes one of `q - zp`, as rule 5 of the numerics contract wants it. The sums
    of constant weights are taken at compile time.

    `maps` index accumulators, zero points and weights; a dimension that the
    accumulators do not have is summed over.

    ```mlir
    %1 = quanta.subtract_zero_point %acc, %z times %w maps [
          affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>, affine_map<(m, n, k) -> (k, n)>]
        : tensor<?x2x!quant.uniform<i32:f32, 0.02>>, tensor<?xi32>,
          tensor<768x2x!quant.uniform<i8<-127:127>:f32, 0.02>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every quantized tensor;
    3. the accumulators have i32 storage and zero point 0, the weights at most 8
    bits;
    4. `maps` are those of accumulators, zero points and weights, over the same
    dimensions, without symbols; each selects distinct dimensions, one for each of
    its tensor, that of the accumulators at least those of the zero points;
    5. sizes agree where maps select the same dimension.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$accumulators,
    RankedTensorOf<[I32]>:$zeroPoint, Quanta_QuantizedTensor:$weights,
    AffineMapArrayAttr:$maps);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $accumulators `,` $zeroPoint `times` $weights `maps` $maps attr-dict
    `:` type($accumulators) `,` type($zeroPoint) `,` type($weights)
  }];
  let extraClassDeclaration = [{
    llvm::SmallVector<::mlir::AffineMap> getIndexingMaps() {
      return llvm::to_vector(getMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
  }];
  let hasVerifier = 1;
}

#endif // QUANTA_DYNAMIC_OPS_TD
