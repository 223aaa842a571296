//===- QuantaDialect.td - The quanta dialect ---------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_DIALECT_TD
#define QUANTA_DIALECT_TD

include "mlir/IR/OpBase.td"

def Quanta_Dialect : Dialect {
  let name = "quanta";
  let cppNamespace = "::quanta";
  let summary = "Observers, fake-quant and quantized operations";
  let description = [{
    The dialect carries a float network through calibration, fusion and type
    rewriting down to integer arithmetic. Tensors use the upstream types
    `!quant.uniform<...>`; the operations are Quanta's own, because upstream's
    casts fold away and their lowering truncates.

    # Stages

    | stage       | what it holds                                                     |
    |-------------|-------------------------------------------------------------------|
    | `float`     | `linalg`, `tensor`, `arith`, `math`, `scf` on float tensors       |
    | `observed`  | float + `quanta.observe`                                          |
    | `simulated` | float + `quanta.fake_quant`                                       |
    | `quantized` | `quanta.quantize`, `.matmul`, `.requantize`, ... on quantized tensors |
    | `integer`   | `linalg` on integer storage                                       |
    | `kernel`    | `scf`, `vector`, `memref` and the target's dot instruction        |
    | `llvm`      | the LLVM dialect                                                  |

    From `quantized` down, neighbouring stages agree to the last bit, up to the
    order in which contractions that stay in float are summed.

    # Storage types

    | storage              | where                                                    |
    |----------------------|----------------------------------------------------------|
    | i8, u8, i4, u4, i2, u2 | everywhere: activations, weights, tables               |
    | i16, u16             | quantize, dequantize, requantize, add, sub, mul, pad, concat, pooling, resize, embedding, softmax, layer norm |
    | i32, zero point 0    | accumulators and biases                                  |
    | f16, bf16            | weights, and both factors of a product of activations, as values |

    Verifiers refuse anything else by name: factors of contractions have at most 8
    bits, so that products of two fit the dot-product instructions. An activation of
    16 bits is multiplied byte by byte (`quanta-split-activations`): the results for
    the upper and the lower bytes are dequantized and added, in this order, in f32.

    # Constants and moves

    Upstream's `quant.scast` reads storage as a quantized tensor and back; no bit
    changes. Constant weights and biases are written with it (a bias is an i32 at
    the product of the scales, rule 5):

    ```mlir
    %i = arith.constant dense<[[1, -2], [3, 4], [-5, 6]]> : tensor<3x2xi8>
    %w = quant.scast %i : tensor<3x2xi8> to tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.25>>
    %j = arith.constant dense<[100, -200]> : tensor<2xi32>
    %b = quant.scast %j : tensor<2xi32> to tensor<2x!quant.uniform<i32:f32, 0.125>>
    %y = quanta.matmul %x, %w bias %b : tensor<?x3x!quant.uniform<u8:f32, 0.5:128>>, tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.25>>, tensor<2x!quant.uniform<i32:f32, 0.125>> -> tensor<?x2x!quant.uniform<i32:f32, 0.125>>
    ```

    Operations that only move elements take quantized tensors as they are:
    `linalg.transpose` and `linalg.broadcast`, `tensor.extract_slice`,
    `insert_slice`, `collapse_shape`, `expand_shape`, `reshape`, `concat` and
    `cast`, and what `scf` yields. A transpose that moves the dimension of a type
    per axis stands between two `quant.scast`, on storage. Rows are gathered by
    `quanta.embedding`.

    # Numerics contract

    All values below are per element; `s` is the scale of the tensor, or of the
    element's channel, as an f32; `zp` the zero point; `[qmin, qmax]` the storage
    range of the type (`!quant.uniform<i8<-127:127>...>` narrows it). The scalar
    reference implementation is `quanta/Numerics/Reference.h`.

    1. A scale is the type's scale rounded to f32 (nearest even). It must be
       positive, finite and not subnormal. A zero point lies in
       `[qmin, qmax]`. The verifiers refuse anything else.
    2. *Quantize* (profile `onnx`, ONNX operator QuantizeLinear):
       `q = clamp(roundeven(x / s) + zp, qmin, qmax)`. The division is an IEEE
       f32 division; the sum and the clamp are done in f32; the conversion to an
       integer comes last and is therefore always exact. `+inf` gives `qmax`,
       `-inf` and NaN give `qmin`.
    3. *Dequantize* (ONNX operator DequantizeLinear): `x = f32(q - zp) * s`. The
       difference is taken in i32, the conversion rounds to nearest even.
    4. *Requantize*: `q' = clamp(roundeven(f32(q - zp) * m) + zp', qmin', qmax')`
       with the f32 multiplier `m = s / s'` of the scales that the types state, in
       f64 (those of sums are products of two), divided in f64 and rounded once; in
       place of what no f32 holds comes the largest, so that zero stays zero.
       An optional clamp `[lo, hi]` narrows `[qmin', qmax']`: this is how an
       activation such as ReLU (`lo = zp'`) costs nothing.
    5. *Contractions* multiply the differences `q - zp` and sum them in i32, with
       wrap-around (`quanta-rewrite-types` refuses what may do so, or has it checked
       at run time, unless it is told to take it). A bias is an i32 at scale
       `s_lhs * s_rhs` and zero point 0, `b = roundeven(b_f32 / (s_lhs * s_rhs))` in
       f64; a bias that does not fit, or that this changes by more than a thousandth
       of its largest element, stays in float, behind the dequantization.
    6. *Fake quantization* is quantize followed by dequantize, in f32.
    7. *Dynamic quantization* finds scale and zero point of each row at run time
       (`quanta.dynamic_quantize` has the formulas) and quantizes by rule 2. A
       contraction of such a factor sums `(q - zp) * w` in i32 as in rule 5; the
       result is `f32(acc) * s_w`, times the scales of the left rows, times those
       of the right ones, and then the bias is added, all in f32, in this order.
    8. No operation is reassociated or contracted (no fused multiply-add) in
       these formulas, so that every machine gives the same bits: of a float
       result that is NaN, only that it is one.
    9. *Weight-only contractions* (`quanta.weight_only_contract`) dequantize each
       weight by rule 3 and sum `acc = fma(x, w, acc)` in f32, beginning with the
       initial value (a constant bias that is added to zeros is the initial
       value), over k = 0, 1, 2, ... in this order, whatever the machine. Of
       a convolution, the window comes first and the channels last: k counts rows
       of the kernel, columns, channels.
       Here `fma` is IEEE 754's fusedMultiplyAdd, which rounds product and sum
       once; where a processor has no such instruction, the C library's `fmaf`
       does the same.
    10. *Rounding to f16 and bf16* takes the nearest value of the type, of two
       the even one (IEEE 754 convertFormat): what is too large becomes an
       infinity. NaN is 0x7FC0 in bf16; in f16 it keeps its sign and the upper
       bits of its mantissa, of which the first is set. A contraction of the scheme `fp16` or `bf16`
       rounds its two factors and sums them in f32 by rule 9, with `w` the
       rounded right factor. The result, or its sum with a constant bias where
       nothing else reads it, is rounded again. The initial value stays f32. Any other
       layer of these schemes (elementwise work, a reduction, pooling, a
       normalization as a whole) rounds the tensors that it reads, constant ones
       of rank 1 and more too, computes in f32 as it does without, and rounds its
       results once. What only chooses among rounded numbers, such as a maximum,
       needs no rounding of its result. Where a processor has no conversion of
       f16, compiled code calls `__truncsfhf2` and `__extendhfsf2` of the
       compiler's runtime library (libgcc from version 12 on, compiler-rt).
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::quant::QuantDialect",
    "::mlir::tensor::TensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // QUANTA_DIALECT_TD
