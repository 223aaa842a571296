//===- QuantaElementwiseOps.td - Quantized elementwise -----*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_ELEMENTWISE_OPS_TD
#define QUANTA_ELEMENTWISE_OPS_TD

//===----------------------------------------------------------------------===//
// add, sub, mul
//===----------------------------------------------------------------------===//

class Quanta_BinaryOp<string mnemonic, string what, string sign>
    : Quanta_Op<mnemonic, [
          Pure, DeclareOpInterfaceMethods<StoredFunctionOpInterface>]> {
  let summary = "Elementwise " # what # " of quantized tensors";
  let description = [{
    `r = quantize(dequantize(a) }] # sign # [{ dequantize(b))`, with one f32
    operation between rules 3 and 2 of the numerics contract: what a QDQ graph
    computes, without the float tensors in memory. A dimension of size 1 is
    repeated to the size that the other operand has. `clamp` bounds the stored
    result, as in `quanta.requantize`: ReLU is `clamp [zp, qmax]`.

    ```mlir
    %r = quanta.}] # mnemonic # [{ %a, %b : tensor<?x4x!quant.uniform<u8:f32, 0.1:128>>,
          tensor<1x4x!quant.uniform<i8:f32, 0.05>> -> tensor<?x4x!quant.uniform<u8:f32, 0.2:3>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every tensor;
    3. all three are quantized per tensor, with at most 16 bits of storage;
    4. they have the same rank, and each size of the result is that of both
    operands, where an operand's static 1 may be repeated; a dynamic size of the
    result is one of an operand;
    5. `clamp` is `[lo, hi]` with `qmin <= lo <= hi <= qmax` of the result type.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$lhs, Quanta_QuantizedTensor:$rhs,
    OptionalAttr<DenseI64ArrayAttr>:$clamp, OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`clamp` $clamp^)? attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let builders = [
    /// A result of the shape to which both operands are repeated; they have the
    /// same rank.
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

def Quanta_AddOp : Quanta_BinaryOp<"add", "sum", "+">;
def Quanta_SubOp : Quanta_BinaryOp<"sub", "difference", "-">;
def Quanta_MulOp : Quanta_BinaryOp<"mul", "product", "*">;

//===----------------------------------------------------------------------===//
// lookup
//===----------------------------------------------------------------------===//

def Quanta_LookupOp : Quanta_Op<"lookup", [
    Pure, SameOperandsAndResultShape,
    DeclareOpInterfaceMethods<StoredFunctionOpInterface>]> {
  let summary = "Any unary function of a quantized tensor, by a table";
  let description = [{
    `r = table[bits(q)]`: the stored bits of each element, read as an unsigned
    number, select the stored result. A function `f` of an 8-bit tensor has the
    table `t[q] = quantize(f(dequantize(q)))`, whatever `f` is: sigmoid, tanh,
    GELU, SiLU, hard-swish, exp. `quanta-form-lookups` makes such tables, and
    `quanta-merge-lookups` one of several.

    ```mlir
    %r = quanta.lookup %x table dense<[0, 1, 1, 0]> : tensor<4xi8>
        : tensor<?x!quant.uniform<i2:f32, 0.5>> to tensor<?x!quant.uniform<u8:f32, 1.0>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for both types;
    3. `input` is quantized per tensor or per axis with at most 8 bits of storage;
    4. the table is a vector of `2^width` elements of the result's signless
    storage type;
    5. every element lies in the storage range of the result.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input, ElementsAttr:$table,
    OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input `table` $table attr-dict `:` type($input) `to` type($result)
  }];
  let builders = [
    /// A result of the input's shape.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::ElementsAttr":$table,
                   "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
}

#endif // QUANTA_ELEMENTWISE_OPS_TD
