//===- FusedConvolutionOps.td - Convolution kernels --------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_FUSED_CONVOLUTION_OPS_TD
#define QUANTA_FUSED_CONVOLUTION_OPS_TD

def Quanta_FusedConv2DOp : Quanta_Op<"fused_conv_2d", [
    AttrSizedOperandSegments, SingleBlockImplicitTerminator<"::quanta::YieldOp">, DestinationStyleOpInterface,
    FusedOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Convolution on packed weights with an epilogue in the tile";
  let description = [{
    The last form of a 2-D convolution before loops, channels last:
    `acc[n, y, x, f] = init[f] + sum lhs[n, y * sy + i * dy, x * sx + j * dx, c]
    * w[i, j, c, f]` over the taps `(i, j)` of `kernel` and the channels `c`,
    followed by the scalar `epilogue` region as in `quanta.fused_matmul`.
    The image holds its padding, or `pads` says how many zeros, after the flip,
    surround it above, to its left, below and to its right: such taps add nothing
    and are skipped.

    With dilation 1 along x, the taps and channels of one kernel row lie next to
    each other in memory and form one run of `kernel_width * C` elements;
    otherwise every tap is a run of `C` elements. `rhs` is packed for `dot` as
    the right factor of `quanta.fused_matmul` is, where K goes over the runs in
    order, each padded with zeros as K is there; `vectors` is the number of
    vectors in one block of columns, if it is not that of `dot`. `init` and
    `flip_lhs` mean what they mean there. With `#quanta.stored_fma`, a run is one
    or several whole blocks of weights.

    ```mlir
    %r = quanta.fused_conv_2d #quanta.avx512_vnni
        kernel [3, 3] strides [1, 1] dilations [1, 1]
        lhs(%x : tensor<?x16x16x64xi8>) rhs(%w : tensor<36864xi8>)
        init(%b : tensor<64xi32>) maps [] outs(%o : tensor<?x14x14x64xi32>) {
    ^bb0(%acc: i32):
      quanta.yield %acc : i32
    } -> tensor<?x14x14x64xi32>
    ```

    Constraints:
    1. `lhs` is NxHxWxC, `outs` NxHxWxF with static C and F, and static H and W
    where there are pads, `rhs` and `init` are static vectors;
    2. `kernel`, `strides` and `dilations` are pairs of positive numbers, and
    every tap of every result lies inside of the image and its pads, which must
    hold of sizes that are known at run time too;
    3. `lhs` and `rhs` hold 8-bit integers and `init` i32, or all hold f32, `rhs` f16 or bf16 with `#quanta.half_fma`, as
    `dot` takes them;
    4. `rhs` and `init` have the sizes into which `dot` packs the runs and F;
    5. there is one map for each extra, which selects dimensions of the result
    or zeros, of the sizes that the extra has;
    6. the epilogue takes the accumulator and one element of each extra, and
    yields one element of each of `outs`, of which there are one or two of the
    same sizes;
    7. `pads` are four numbers that are not negative, zero for f32, and zero to
    the left and right unless C is a multiple of the group of `dot`;
    8. `vectors` is positive and not above that of `dot`, and with
    `#quanta.narrow_dot` a multiple of the vectors that share bytes.
  }];
  let arguments = (ins Quanta_KernelShaped:$lhs, Quanta_KernelShaped:$rhs,
    Quanta_KernelShaped:$init, Variadic<AnyType>:$extras,
    Variadic<Quanta_KernelShaped>:$outputs, DotAttrInterface:$dot,
    DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$pads,
    OptionalAttr<I64Attr>:$vectors, AffineMapArrayAttr:$extra_maps,
    UnitAttr:$flip_lhs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $dot `kernel` $kernel `strides` $strides `dilations` $dilations
    (`pads` $pads^)? `lhs` `(` $lhs `:` type($lhs) `)` `rhs` `(` $rhs `:` type($rhs) `)`
    `init` `(` $init `:` type($init) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `maps` $extra_maps
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict-with-keyword
    $epilogue (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    /// The first of them: all have the same sizes.
    ::mlir::Value getOutput() { return getOutputs().front(); }
    int64_t getMaxOutputs() { return 2; }
    /// Whether rows or columns are known at run time only.
    bool hasOpenSizes();
    /// How the taps of one output lie in memory.
    ::quanta::ConvolutionRuns getRuns();
    /// Above, left, below, right.
    std::array<int64_t, 4> getPadsOrZeros();
    ::quanta::DotShape getTileShape();
  }];
  let hasVerifier = 1;
}

def Quanta_FusedDepthwiseConv2DOp : Quanta_Op<"fused_depthwise_conv_2d", [
    SingleBlockImplicitTerminator<"::quanta::YieldOp">, DestinationStyleOpInterface,
    FusedOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Depthwise convolution on packed weights with an epilogue";
  let description = [{
    The last form of a 2-D depthwise convolution of bytes before loops, channels
    last: `acc[n, y, x, c] = init[c] + sum lhs[n, y * sy + i * dy, x * sx + j *
    dx, c] * w[i, j, c]` over the taps `(i, j)` of `kernel`, followed by the
    scalar `epilogue` region as in `quanta.fused_matmul`. `pads` says how many
    elements `padding` surround the image above, to its left, below and to its
    right; no memory holds them.

    A dot product takes `kg` rows of one column of the kernel, whose bytes it
    finds interleaved. Channels come in blocks of the bytes of a vector, the last
    block as far back as it must be to be whole; one block of more than all
    channels repeats them. `rhs` holds for each block, column of the kernel, `kg`
    of its rows and `kg` vectors of sums, one after the other, `kg` weights for
    each lane, in the order in which rows are interleaved, and zeros for rows that
    do not exist. `init` holds for each block its sums in that order. With
    `flip_lhs` the top bit of each `lhs` byte, and of `padding`, is inverted.

    ```mlir
    %r = quanta.fused_depthwise_conv_2d #quanta.avx512_vnni
        kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
        lhs(%x : tensor<?x14x14x96xi8>) rhs(%w : tensor<1536xi8>)
        init(%b : tensor<128xi32>) maps [] outs(%o : tensor<?x14x14x96xi32>) {
    ^bb0(%acc: i32):
      quanta.yield %acc : i32
    } -> tensor<?x14x14x96xi32>
    ```

    Constraints:
    1. `lhs` is NxHxWxC, `outs` NxHxWxC with static sizes but for N, `rhs` and
    `init` are static vectors;
    2. `kernel`, `strides` and `dilations` are pairs of positive numbers, `pads`
    are four numbers that are not negative, and every tap of every result lies
    inside of the image and its pads;
    3. `dot` can interleave, `lhs` and `rhs` hold 8-bit integers and `init` i32;
    4. `rhs` and `init` have the sizes into which C and the taps are packed;
    5. there is one map for each extra, which selects dimensions of the result
    or zeros, of the sizes that the extra has;
    6. the epilogue takes the accumulator and one element of each extra, and
    yields one element of `outs`.
  }];
  let arguments = (ins Quanta_KernelShaped:$lhs, Quanta_KernelShaped:$rhs,
    Quanta_KernelShaped:$init, Variadic<AnyType>:$extras,
    Quanta_KernelShaped:$output, DotAttrInterface:$dot,
    DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$pads,
    DefaultValuedAttr<I8Attr, "0">:$padding, AffineMapArrayAttr:$extra_maps,
    UnitAttr:$flip_lhs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $dot `kernel` $kernel `strides` $strides `dilations` $dilations
    (`pads` $pads^)? `lhs` `(` $lhs `:` type($lhs) `)`
    `rhs` `(` $rhs `:` type($rhs) `)` `init` `(` $init `:` type($init) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `maps` $extra_maps
    `outs` `(` $output `:` type($output) `)` attr-dict-with-keyword
    $epilogue (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
    /// How channels and taps are packed.
    ::quanta::DepthwiseBlocks getBlocks();
    int64_t getPackedColumns() { return getBlocks().size; }
    /// Above, left, below, right.
    std::array<int64_t, 4> getPadsOrZeros();
  }];
  let hasVerifier = 1;
}

#endif // QUANTA_FUSED_CONVOLUTION_OPS_TD
