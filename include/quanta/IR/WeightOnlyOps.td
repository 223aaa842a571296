//===- WeightOnlyOps.td - Float activations, stored weights -*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_WEIGHT_ONLY_OPS_TD
#define QUANTA_WEIGHT_ONLY_OPS_TD

def Quanta_WeightOnlyContractOp : Quanta_Op<"weight_only_contract", [
    Pure, AllTypesMatch<["init", "result"]>,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Contraction of a float tensor with weights that are stored in fewer bits";
  let description = [{
    `acc[result] = init[result]`, and then, for each element that is summed over,
    `acc[result] = fma(lhs[...], f32(w[...] - zp) * s, acc[result])` in f32: rule
    9 of the numerics contract. `maps` span the iteration space, as in
    `linalg.generic`; what is summed over comes in the order of the dimensions of
    the maps, the last one innermost, from the first index to the last. Weights
    are dequantized where they are multiplied: no float copy of them is made.
    Weights of type f16 or bf16 are `f32(w[...])`, which is exact; a contraction
    whose activations are rounded to the same type is one of the schemes `fp16`
    and `bf16` (rule 10), and its right factor may be an activation too.

    The weights' type may have a scale for each block (a sub-channel type of
    upstream's `quant` dialect): `{0:32, 1:1}` of a KxN matrix is one for 32
    consecutive elements along K of each column. Upstream prints zero points of
    unsigned storage as signed numbers.

    ```mlir
    %y = quanta.weight_only_contract %x, %w init %b maps [
          affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<?x64xf32>,
          tensor<64x2x!quant.uniform<i4<-7:7>:f32:{0:32, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>>
       -> tensor<?x2xf32>
    %z = quanta.weight_only_contract %x, %h init %b maps [
          affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<?x64xf32>, tensor<64x2xf16> -> tensor<?x2xf32>
    ```

    Constraints:
    1. the weights' type, if it is quantized, obeys rule 1 of the numerics contract, has at most 8 bits
    of storage, and as many scales as its tensor has channels or blocks;
    2. `maps` are those of lhs, weights and result, as for `quanta.contract`.
  }];
  let arguments = (ins Quanta_FloatTensor:$lhs, Quanta_StoredTensor:$weights,
    Quanta_FloatTensor:$init, AffineMapArrayAttr:$maps);
  let results = (outs Quanta_FloatTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $weights `init` $init `maps` $maps attr-dict
    `:` type($lhs) `,` type($weights) `->` type($result)
  }];
  let extraClassDeclaration = [{
    llvm::SmallVector<::mlir::AffineMap> getIndexingMaps() {
      return llvm::to_vector(getMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
  }];
  let hasVerifier = 1;
}

#endif // QUANTA_WEIGHT_ONLY_OPS_TD
