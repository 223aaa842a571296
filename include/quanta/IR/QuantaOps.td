//===- QuantaOps.td - Operations of the quanta dialect -----*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_OPS_TD
#define QUANTA_OPS_TD

include "quanta/IR/FusedOpInterface.td"
include "quanta/IR/QuantaDialect.td"
include "quanta/Interfaces/QuantizableOpInterface.td"
include "quanta/Targets/DotAttrInterface.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// The types of results follow from operands and attributes. A given type may
/// know more or fewer sizes than an inferred one; elements are the verifier's
/// business, which allows scales to be off a little.
def Quanta_InferTypes : InferTypeOpAdaptorBase<[{
  static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                      ::mlir::TypeRange actual) {
    return succeeded(::mlir::verifyCompatibleShapes(inferred, actual));
  }
}]>;

class Quanta_Op<string mnemonic, list<Trait> traits = []>
    : Op<Quanta_Dialect, mnemonic, traits>;

def Quanta_QuantizedElement
    : Type<CPred<"::llvm::isa<::mlir::quant::UniformQuantizedType, "
                 "::mlir::quant::UniformQuantizedPerAxisType>($_self)">,
           "uniform quantized type (per tensor or per axis)">;
def Quanta_FloatTensor : RankedTensorOf<[F32]>;
def Quanta_QuantizedTensor : RankedTensorOf<[Quanta_QuantizedElement]>;
def Quanta_WeightElement
    : Type<CPred<"::llvm::isa<::mlir::quant::UniformQuantizedType, "
                 "::mlir::quant::UniformQuantizedPerAxisType, "
                 "::mlir::quant::UniformQuantizedSubChannelType>($_self)">,
           "uniform quantized type (per tensor, per axis or sub-channel)">;
def Quanta_WeightTensor : RankedTensorOf<[Quanta_WeightElement]>;
def Quanta_RoundedElement
    : Type<Or<[Quanta_WeightElement.predicate, F16.predicate, BF16.predicate]>,
           Quanta_WeightElement.summary # ", f16 or bf16">;
def Quanta_StoredTensor : RankedTensorOf<[Quanta_WeightElement, F16, BF16]>;

def Quanta_ObserverKind : I32EnumAttr<"ObserverKind", "kind of an observer", [
    I32EnumAttrCase<"MinMax", 0, "min_max">,
    I32EnumAttrCase<"MovingAverageMinMax", 1, "moving_average_min_max">,
    I32EnumAttrCase<"PerChannelMinMax", 2, "per_channel_min_max">,
    I32EnumAttrCase<"MovingAveragePerChannelMinMax", 3,
                    "moving_average_per_channel_min_max">,
    I32EnumAttrCase<"Histogram", 4, "histogram">,
    I32EnumAttrCase<"Fixed", 5, "fixed">]> {
  let cppNamespace = "::quanta";
}

//===----------------------------------------------------------------------===//
// Calibration and simulation
//===----------------------------------------------------------------------===//

def Quanta_ObserveOp : Quanta_Op<"observe", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Learn the range of a tensor's values while the program runs";
  let description = [{
    Returns its input and, when executed, updates the observer `name`. The
    state has a fixed size, whatever the amount of data; NaN and infinities are
    counted and do not widen the range. The kinds carry the names of PyTorch's
    observers (`torch.ao.quantization`):

    * `min_max`: `MinMaxObserver`;
    * `moving_average_min_max`: `MovingAverageMinMaxObserver`, which averages
      the ranges of the batches: `m += 0.01 * (m_batch - m)`. Here a batch without
      finite values changes nothing, and the average is taken in f64, in PyTorch
      in f32;
    * `per_channel_min_max` and `moving_average_per_channel_min_max`: the same
      for each index of dimension `axis`;
    * `histogram`: counts in at most 2,048 bins as wide as a power of two, so
      that histograms merge exactly, see `quanta/Calibration/Histogram.h`; with
      an `axis`, also the range of each of its indices, and how many of its
      magnitudes are in each octave. In PyTorch's `HistogramObserver`, which
      interpolates, the order of batches matters;
    * `fixed`: records nothing; the range is in the recipe.

    With `smoothing`, the input is a tensor whose indices of `axis` were divided
    by these numbers; what is recorded are the values before that.

    ```mlir
    %1 = quanta.observe %0, "main/matmul_0/lhs" using min_max : tensor<?x784xf32>
    %2 = quanta.observe %1, "channels" using per_channel_min_max axis 1 : tensor<?x784xf32>
    ```

    Constraints:
    1. the name is not empty;
    2. per-channel kinds have an `axis`, a dimension of the tensor with a static
    size; `histogram` may have one, other kinds only for `smoothing`;
    3. `smoothing` has one number for each index of `axis`, each a power of two.
  }];
  let arguments = (ins Quanta_FloatTensor:$input, StrAttr:$name,
    DefaultValuedAttr<Quanta_ObserverKind, "::quanta::ObserverKind::MinMax">:$kind,
    OptionalAttr<I64Attr>:$axis, OptionalAttr<DenseF32ArrayAttr>:$smoothing);
  let extraClassDeclaration = [{
    /// The dimension of which each index has statistics of its own.
    std::optional<int64_t> getChannelDim();
  }];
  let results = (outs Quanta_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $name `using` $kind (`axis` $axis^)? attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Quanta_FakeQuantOp : Quanta_Op<"fake_quant", [
    Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "Round a float tensor to the values that another type has";
  let description = [{
    `dequantize(quantize(x))` in float, see the numerics contract; also the form
    in which a model is trained. As f16 or bf16, the nearest value of that type:
    rule 10. It never folds away.

    ```mlir
    %1 = quanta.fake_quant %0 as !quant.uniform<u8:f32, 0.1:128> : tensor<4xf32>
    %2 = quanta.fake_quant %0 as f16 : tensor<4xf32>
    ```

    Constraints:
    1. the quantized type obeys rule 1 of the numerics contract;
    2. a per-axis type has one scale for each index of its dimension; a
    sub-channel type, which weights may have, one for each block;
    3. it has at most 16 bits of storage: f32 holds every value exactly.
  }];
  let arguments = (ins Quanta_FloatTensor:$input,
    TypeAttrOf<Quanta_RoundedElement>:$quantizedType,
    OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_FloatTensor:$result);
  let assemblyFormat = [{
    $input `as` $quantizedType attr-dict `:` type($input)
  }];
  let extraClassDeclaration = [{
    /// f16 or bf16; null for a quantized type.
    ::mlir::FloatType getFloatType() {
      return ::llvm::dyn_cast<::mlir::FloatType>(getQuantizedType());
    }
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Quantized tensors
//===----------------------------------------------------------------------===//

class Quanta_ConvertOp<string mnemonic, Type from, Type to,
                       list<Trait> traits = []>
    : Quanta_Op<mnemonic, [Pure, SameOperandsAndResultShape] # traits> {
  let arguments = (ins from:$input, OptionalAttr<StrAttr>:$name);
  let results = (outs to:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Quanta_QuantizeOp : Quanta_ConvertOp<"quantize", Quanta_FloatTensor,
                                         Quanta_QuantizedTensor> {
  let summary = "Quantize a float tensor";
  let description = [{
    `clamp(roundeven(x / s) + zp, qmin, qmax)`: rule 2 of the numerics contract.

    ```mlir
    %1 = quanta.quantize %0 : tensor<?x4xf32> to tensor<?x4x!quant.uniform<u8:f32, 0.1:128>>
    ```

    Of a dequantized tensor of the same type it folds to that tensor, unless it has
    a name, where that gives the same integers: if the type has the whole range of
    its storage and f32 holds all of its values.

    Constraints: 1. to 3. as for `quanta.fake_quant`.
  }];
  let hasFolder = 1;
  let builders = [
    /// A result of the input's shape.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Type":$elementType)>];
}

def Quanta_DequantizeOp : Quanta_ConvertOp<"dequantize", Quanta_WeightTensor,
                                           Quanta_FloatTensor,
                                           [Quanta_InferTypes]> {
  let summary = "Turn a quantized tensor into the floats that it stands for";
  let description = [{
    `f32(q - zp) * s`: rule 3 of the numerics contract.

    ```mlir
    %1 = quanta.dequantize %0 : tensor<?x4x!quant.uniform<u8:f32, 0.1:128>> to tensor<?x4xf32>
    ```

    A sub-channel type, with a scale for each block, is one of weights: what is
    dequantized from it takes part in contractions with floats.

    Constraints: 1. and 2. as for `quanta.fake_quant`.
  }];
}

def Quanta_RequantizeOp : Quanta_Op<"requantize", [
    Pure, SameOperandsAndResultShape,
    DeclareOpInterfaceMethods<StoredFunctionOpInterface>]> {
  let summary = "Move a quantized tensor to another quantized type";
  let description = [{
    `clamp(roundeven(f32(q - zp) * m) + zp', lo, hi)`: rule 4 of the numerics
    contract. It turns the i32 accumulators of a contraction into 8-bit
    activations; `clamp` carries an activation function such as ReLU.

    ```mlir
    %1 = quanta.requantize %0 clamp [3, 255]
        : tensor<?x4x!quant.uniform<i32:f32, 0.001>> to tensor<?x4x!quant.uniform<u8:f32, 0.1:3>>
    ```

    Without a name and a clamp, from a type with the whole range of its storage to
    itself, it folds away.

    Constraints: 1. and 2. as for `quanta.fake_quant`, for both types, and 3. for
    the result;
    4. `clamp` is `[lo, hi]` with `qmin <= lo <= hi <= qmax` of the result type;
    5. if both types are per axis, they are so along the same dimension.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$input,
    OptionalAttr<DenseI64ArrayAttr>:$clamp, OptionalAttr<StrAttr>:$name);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input (`clamp` $clamp^)? attr-dict `:` type($input) `to` type($result)
  }];
  let builders = [
    /// A result of the input's shape.
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Type":$elementType)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Quanta_MatmulOp : Quanta_Op<"matmul", [
    Pure, Quanta_InferTypes,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Quantized matrix product with i32 accumulators";
  let description = [{
    `acc[m, n] = sum_k (lhs[m, k] - zp_lhs) * (rhs[k, n] - zp_rhs) + bias[n]` in
    i32: rule 5 of the numerics contract. Bias, requantization and activation
    stay separate operations; they are fused into the tile when the kernel is
    generated.

    Shapes: `lhs` MxK, `rhs` KxN, `bias` N, result MxN.

    ```mlir
    %acc = quanta.matmul %x, %w bias %b
        : tensor<?x784x!quant.uniform<u8:f32, 0.1:128>>,
          tensor<784x2x!quant.uniform<i8<-127:127>:f32:1, {0.02, 0.04}>>,
          tensor<2x!quant.uniform<i32:f32:0, {0.002, 0.004}>>
       -> tensor<?x2x!quant.uniform<i32:f32:1, {0.002, 0.004}>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every operand;
    3. all tensors are matrices (the bias a vector) whose sizes agree;
    4. `lhs` is quantized per tensor and `rhs` per tensor or along dimension 1,
       both with at most 8 bits of storage;
    5. result and bias have i32 storage and zero point 0;
    6. their scales are the products `s_lhs * s_rhs` (relative tolerance 1e-6).
  }];
  let arguments = (ins Quanta_QuantizedTensor:$lhs, Quanta_QuantizedTensor:$rhs,
    Optional<Quanta_QuantizedTensor>:$bias);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? attr-dict
    `:` type($lhs) `,` type($rhs) (`,` type($bias)^)? `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Indexing maps over (m, n, k).
    llvm::SmallVector<::mlir::AffineMap> getIndexingMaps();
    int32_t getChannelDim() { return 1; }
  }];
  let hasVerifier = 1;
}

def Quanta_ContractOp : Quanta_Op<"contract", [
    Pure, InferTypeOpAdaptorWithIsCompatible,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Quantized contraction with i32 accumulators: any convolution, any matrix product";
  let description = [{
    `acc[result] = sum (lhs[...] - zp_lhs) * (rhs[...] - zp_rhs) + bias[channel]`
    in i32, over the iteration space that `maps` span, as in `linalg.generic`: a
    dimension of the result's map is parallel, any other is summed over. One
    operation covers batched and transposed matrix products and convolutions in
    every layout, with strides, dilation and groups; padding is a `tensor.pad`
    before the quantization, where zero becomes the zero point.

    A builder that is given no type of the result makes it as large as reads
    within bounds allow: `(9 - 2 - 1) / 2 + 1` along a dimension read at `x * 2 +
    k` of 9 elements by a kernel of 3.

    ```mlir
    // 1-D convolution, NCW, stride 2, kernel 3
    %acc = quanta.contract %x, %w bias %b maps [
          affine_map<(n, f, x, c, k) -> (n, c, x * 2 + k)>,
          affine_map<(n, f, x, c, k) -> (f, c, k)>,
          affine_map<(n, f, x, c, k) -> (n, f, x)>]
        : tensor<?x2x9x!quant.uniform<u8:f32, 0.1:128>>,
          tensor<4x2x3x!quant.uniform<i8<-127:127>:f32, 0.02>>,
          tensor<4x!quant.uniform<i32:f32, 0.002>>
       -> tensor<?x4x4x!quant.uniform<i32:f32, 0.002>>
    ```

    Constraints: 1. and 2. as for `quanta.fake_quant`, for every operand;
    3. `maps` are those of lhs, rhs and result, over the same dimensions, without
    symbols, one result for each dimension of their tensor; the result's map
    selects distinct dimensions;
    4. sizes agree wherever maps select the same dimension alone, and a factor is
    never read out of bounds; a dynamic size of the result is a size of a factor,
    or as many positions as a window has room for in a factor that is read at
    `position * stride + tap * dilation`;
    5. `lhs` is quantized per tensor; `rhs` per tensor or along a dimension that
    the result has too: its channels; both with at most 8 bits of storage;
    6. result and bias have i32 storage and zero point 0, and scales
    `s_lhs * s_rhs` along the channels (relative tolerance 1e-6); the bias is a
    vector of one element for each channel. `channel` names the dimension of the
    result that holds the channels; without it, it is the one along which `rhs`
    is quantized, or the last.
  }];
  let arguments = (ins Quanta_QuantizedTensor:$lhs, Quanta_QuantizedTensor:$rhs,
    Optional<Quanta_QuantizedTensor>:$bias, AffineMapArrayAttr:$maps,
    OptionalAttr<I32Attr>:$channel);
  let results = (outs Quanta_QuantizedTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`bias` $bias^)? `maps` $maps (`channel` $channel^)? attr-dict
    `:` type($lhs) `,` type($rhs) (`,` type($bias)^)? `->` type($result)
  }];
  let extraClassDeclaration = [{
    llvm::SmallVector<::mlir::AffineMap> getIndexingMaps() {
      return llvm::to_vector(getMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
    /// Dimension of the result along which a bias and per-axis scales lie.
    int32_t getChannelDim();
  }];
  let hasVerifier = 1;
}

include "quanta/IR/QuantaElementwiseOps.td"
include "quanta/IR/QuantaGatherOps.td"
include "quanta/IR/QuantaNamedOps.td"
include "quanta/IR/QuantaPoolOps.td"
include "quanta/IR/QuantaShapeOps.td"
include "quanta/IR/QuantaTrainingOps.td"

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Quanta_KernelShaped
    : AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef]>;

def Quanta_PackOp : Quanta_Op<"pack", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Lay a right factor out for the dot product while the program runs";
  let description = [{
    What `quanta-pack-weights` does to constants at compile time: for each batch
    `b`, `source` seen through `map` as KxN is written to `packed` in the layout of
    `quanta.fused_matmul`, and `init` receives what the zero points of both
    factors contribute to the columns:
    `init[b, n] = -lhs_zero_point * sum_k (p[b, k, n] - rhs_zero_point)`, modulo
    2^32 and zero for f32, where `p` is the source with the top bit of each
    element inverted if `flip` is set. Behind the last column of the last vector
    both hold anything; behind the last element along K `packed` holds zeros.

    ```mlir
    // The keys of 12 attention heads, u8 with zero point 130, as KxN = 64x128.
    %p, %i = quanta.pack #quanta.avx512_vnni source(%keys : tensor<12x128x64xi8>)
        map affine_map<(b, k, n) -> (b, n, k)> outs(%p0, %i0 : tensor<12x8192xi8>, tensor<12x128xi32>)
        attributes {flip, lhs_zero_point = 7 : i32, rhs_zero_point = 2 : i32}
      -> tensor<12x8192xi8>, tensor<12x128xi32>
    ```

    Constraints:
    1. `map` is a permutation of the batch dimensions, then K, then N, whose
    results are the dimensions of `source`; K and N are static;
    2. `source` and `packed` hold 8-bit integers and `init` i32, or all hold f32,
    as `dot` takes them; f32 has neither `flip` nor zero points;
    3. `packed` and `init` have the batch dimensions and, behind them, the sizes
    into which `dot` packs K and N.
  }];
  let arguments = (ins Quanta_KernelShaped:$source, Quanta_KernelShaped:$packed,
    Quanta_KernelShaped:$init, DotAttrInterface:$dot, AffineMapAttr:$map,
    UnitAttr:$flip, DefaultValuedAttr<I32Attr, "0">:$lhs_zero_point,
    DefaultValuedAttr<I32Attr, "0">:$rhs_zero_point);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $dot `source` `(` $source `:` type($source) `)` `map` $map
    `outs` `(` $packed `,` $init `:` type($packed) `,` type($init) `)`
    attr-dict-with-keyword (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(*this, 1, 2);
    }
    /// Batch dimensions: those before K and N.
    int64_t getBatchRank() { return getMap().getNumDims() - 2; }
    /// Size of dimension `dim` of `map`.
    int64_t getLoopSize(unsigned dim);
  }];
  let hasVerifier = 1;
}

def Quanta_FusedMatmulOp : Quanta_Op<"fused_matmul", [
    AttrSizedOperandSegments, SingleBlockImplicitTerminator<"::quanta::YieldOp">, DestinationStyleOpInterface,
    FusedOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<MacOpInterface>]> {
  let summary = "Matrix product on packed weights with an epilogue in the tile";
  let description = [{
    The last form before loops: `acc[m, n] = init[n] + sum_k lhs[m, k] * rhs[k, n]`
    followed, while the accumulators are still in registers, by the scalar
    `epilogue` region, which receives the accumulator and one element of each
    `extra` and yields the element that is stored. Any chain of elementwise
    operations can live in the region, so there is no operation for each
    combination. Where a result is read as it is and also in another form, bytes
    beside f32 for instance, the region yields both, and `outs` are two.

    `rhs` is packed for `dot`: blocks of `nr` columns one after the other, each
    `[ceil(K / kg)][nr][kg]` with the `kg` consecutive values along K that one
    lane of the instruction consumes next to each other. The last block is as
    wide as it must be, in whole vectors; what does not exist is zero. With
    `#quanta.narrow_dot`, several vectors share the bytes of one, and columns are
    padded to as many; with `#quanta.amx`, K is padded to whole tiles. `init` is
    padded as columns are. With `flip_lhs` the top bit of each `lhs` element is
    inverted before the product, which turns u8 into i8 shifted by 128 and back;
    `init` carries the correction.

    All dimensions of the result but the last are rows, and there may be several.
    Those listed in `batch` have a right factor each: they lead the sizes of
    `rhs`, and may those of `init`. `lhs_map` says where in `lhs` a row and an
    element along K lie: without it, in the order of the result's rows, K last.

    ```mlir
    %r = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<?x784xi8>)
        rhs(%w : tensor<200704xi8>) init(%b : tensor<256xi32>)
        extras(%s : tensor<256xf32>) maps [affine_map<(m, n) -> (n)>]
        outs(%o : tensor<?x256xi8>) {
    ^bb0(%acc: i32, %e: f32):
      ...
      quanta.yield %q : i8
    } -> tensor<?x256xi8>
    ```

    Constraints:
    1. `outs` has rows and N columns, `lhs` the same rows and K, with static K
    and N; `lhs_map` is a permutation of them that leaves K last; `batch` lists
    rows in ascending order, all but at least one; `rhs` and `init` have the
    sizes of `batch` and one more, `init` also without them;
    2. `lhs` and `rhs` hold 8-bit integers and `init` i32, or all hold f32, as
    `dot` takes them; with `#quanta.stored_fma`, `rhs` holds bytes, with
    `#quanta.half_fma` f16 or bf16, and the others f32;
    3. `rhs` and `init` have the sizes into which `dot` packs K and N;
    4. there is one map for each extra, which selects dimensions of the result
    or zeros, of the sizes that the extra has;
    5. the epilogue takes the accumulator and one element of each extra, and
    yields one element of each of `outs`, of which there are one or two of the
    same sizes.
  }];
  let arguments = (ins Quanta_KernelShaped:$lhs, Quanta_KernelShaped:$rhs,
    Quanta_KernelShaped:$init, Variadic<AnyType>:$extras,
    Variadic<Quanta_KernelShaped>:$outputs, DotAttrInterface:$dot,
    AffineMapArrayAttr:$extra_maps, UnitAttr:$flip_lhs,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$batch,
    OptionalAttr<AffineMapAttr>:$lhs_map);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $dot `lhs` `(` $lhs `:` type($lhs) `)` `rhs` `(` $rhs `:` type($rhs) `)`
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
    /// `lhs_map`, or the identity that stands for it.
    ::mlir::AffineMap getLhsMapOrIdentity();
  }];
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$results,
    "::mlir::Value":$lhs, "::mlir::Value":$rhs, "::mlir::Value":$init,
    "::mlir::ValueRange":$extras, "::mlir::ValueRange":$outputs,
    "::quanta::DotAttrInterface":$dot, "::mlir::ArrayAttr":$extraMaps,
    "bool":$flipLhs), [{
      build($_builder, $_state, results, lhs, rhs, init, extras, outputs, dot,
            extraMaps, flipLhs, ::llvm::ArrayRef<int64_t>(), ::mlir::AffineMapAttr());
    }]>];
  let hasVerifier = 1;
}

def Quanta_YieldOp : Quanta_Op<"yield", [
    Pure, Terminator, ParentOneOf<["::quanta::FusedConv2DOp",
      "::quanta::FusedDepthwiseConv2DOp", "::quanta::FusedMatmulOp"]>]> {
  let summary = "End of an epilogue region";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

include "quanta/IR/DynamicOps.td"

include "quanta/IR/WeightOnlyOps.td"

include "quanta/IR/FusedConvolutionOps.td"

#endif // QUANTA_OPS_TD
