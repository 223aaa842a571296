//===- QuantaShapeOps.td - Quantized pad and concat --------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_SHAPE_OPS_TD
#define QUANTA_SHAPE_OPS_TD

def Quanta_PadOp : Quanta_Op<"pad", [
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Pad a quantized tensor with its zero point";
  let description = [{
    Adds `low[d]` elements before and `high[d]` after dimension `d`, as
    `tensor.pad` does with floats: they stand for zero, or for the stored integer
    `value`. Max pooling pads with the smallest storage value. `name` is that of
    the observer behind a padding.

    ```mlir
    %r = quanta.pad %x low [0, 1] high [0, 2]
        : tensor<?x4x!quant.uniform<u8:f32, 0.1:128>> -> tensor<?x7x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`;
    3. `low` and `high` have one entry, not negative, for each dimension;
    4. a dimension along which the tensor is quantized is not padded, and per
    axis all zero points are equal or `value` is given;
    5. `value` lies in the storage range;
    6. the result has the padded sizes and the type of the input.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input, DenseI64ArrayAttr:$low,
    DenseI64ArrayAttr:$high, OptionalAttr<I64Attr>:$value,
    OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `low` $low `high` $high (`value` $value^)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Quanta_ConcatOp : Quanta_Op<"concat", [Pure]> {
  let summary = "Join quantized tensors along a dimension";
  let description = [{
    An operand whose type is not that of the result is requantized to it (rule 4
    of the numerics contract); others are copied untouched.

    ```mlir
    %r = quanta.concat %a, %b dim 1
        : tensor<?x4x!quant.uniform<u8:f32, 0.1:128>>, tensor<?x2x!quant.uniform<u8:f32, 0.2>>
       -> tensor<?x6x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every tensor;
    3. there is at least one operand, and all are quantized per tensor with at
    most 16 bits of storage;
    4. `dim` is a dimension of the result; all tensors have its rank;
    5. sizes agree but along `dim`, where the result has their sum.
  }];
  let arguments = (ins Variadic<Quanta_QuantizedTensor>:$inputs, I64Attr:$dim);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $inputs `dim` $dim attr-dict `:` type($inputs) `->` type($result)
  }];
  let builders = [
    /// A result of the joined size; there is at least one input.
    OpBuilder<(ins "::mlir::ValueRange":$inputs, "int64_t":$dim,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

#endif // QUANTA_SHAPE_OPS_TD
