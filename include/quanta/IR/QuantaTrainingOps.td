//===- QuantaTrainingOps.td - Gradients --------------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRAINING_OPS_TD
#define QUANTA_TRAINING_OPS_TD

def Quanta_FakeQuantGradOp : Quanta_Op<"fake_quant_grad", [
    Pure, AllTypesMatch<["input", "gradient", "inputGradient"]>]> {
  let summary = "Gradient of quanta.fake_quant";
  let description = [{
    Given the input `x` of a `quanta.fake_quant` and the gradient `g` of its
    result, returns the gradients of `x`, of the scale and of the zero point.
    With `t = x / s`, `r = roundeven(t)` and `v = r + zp`, for each element:

    | where             | of x | of the scale     | of the zero point |
    |-------------------|------|------------------|-------------------|
    | qmin <= v <= qmax | g    | g * (r - t)      | 0                 |
    | v < qmin, NaN     | 0    | g * (qmin - zp)  | -(g * s)          |
    | v > qmax          | 0    | g * (qmax - zp)  | -(g * s)          |

    The first column is the straight-through estimator; the second that of LSQ
    (Esser et al., arXiv 1902.08153, equation 3, before its factor
    `1 / sqrt(n * qmax)`); all three are those of PyTorch's
    `_fake_quantize_learnable_per_tensor_affine` and `_per_channel_affine` (of
    which the former takes a negative zero point for one more than it is). The
    last two are summed in f32, in row-major order: to one number, or to one for
    each channel of a per-axis type.

    ```mlir
    %dx, %ds, %dz = quanta.fake_quant_grad %x, %g as !quant.uniform<u8:f32, 0.1:128>
        : tensor<4xf32> -> tensor<f32>, tensor<f32>
    ```

    Constraints: 1. to 3. as for `quanta.fake_quant`;
    4. the gradients of scale and zero point are scalars, or vectors of one
    element for each scale of a per-axis type.
  }];
  let arguments = (ins Quanta_FloatTensor:$input, Quanta_FloatTensor:$gradient,
    TypeAttrOf<Quanta_QuantizedElement>:$quantizedType);
  let results = (outs Quanta_FloatTensor:$inputGradient,
    Quanta_FloatTensor:$scaleGradient, Quanta_FloatTensor:$zeroPointGradient);
  let assemblyFormat = [{
    $input `,` $gradient `as` $quantizedType attr-dict
    `:` type($input) `->` type($scaleGradient) `,` type($zeroPointGradient)
  }];
  let hasVerifier = 1;
}

#endif // QUANTA_TRAINING_OPS_TD
