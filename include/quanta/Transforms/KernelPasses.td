//===- KernelPasses.td - From integer to kernel ------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_KERNELPASSES_TD
#define QUANTA_TRANSFORMS_KERNELPASSES_TD

include "mlir/Pass/PassBase.td"

def CheckStage : Pass<"quanta-check-stage", "::mlir::ModuleOp"> {
  let summary = "Refuse IR of another stage";
  let options = [
    Option<"consumer", "for", "std::string", "\"this pipeline\"",
           "Name for the error message">,
    Option<"kernel", "kernel", "bool", "false",
           "Accept the kernel stage instead: nothing on tensors">];
  let description = [{
    Accepts the float and integer stages, from which kernels are generated; an
    operation of any other stage is an error that names both stages. With
    `kernel`, an operation on tensors is the error.
  }];
}

def SetTarget : Pass<"quanta-set-target", "::mlir::ModuleOp"> {
  let summary = "Fix the machine to compile for";
  let description = [{
    Sets the module's target triple, data layout, CPU, features and the
    instruction sets of its kernels, gives every public function a C interface,
    and keeps the function's type on tensors as `quanta.signature`. An unknown
    CPU or triple is an error, and so is a function with the name of one that
    compiled code calls (`malloc`), and another machine for a module that has
    kernels for one.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"native\"",
           "LLVM name of the CPU, `native`, or nothing for the least that the "
           "triple has">,
    Option<"triple", "triple", "std::string", "",
           "LLVM target triple; empty for this machine">];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::LLVM::LLVMDialect"];
}

def CheckSizes : Pass<"quanta-check-sizes", "::mlir::ModuleOp"> {
  let summary = "Check at run time the sizes that are open before";
  let description = [{
    Where sizes are open, operands of an operation may turn out not to fit each
    other, and compiled code would read what is not theirs. Ahead of each
    `linalg` operation, cast, expansion, concatenation and slice on tensors a `cf.assert`
    compares the sizes that are not known to agree: those of two arguments, for
    example, but not those of a tensor and of what is computed from it. Its
    message names the operation and the dimension.

    ```mlir
    %0 = linalg.add ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    ```
    gets before it
    ```mlir
    %n = tensor.dim %x, %c0 : tensor<?xf32>
    %m = tensor.dim %y, %c0 : tensor<?xf32>
    %fits = arith.cmpi eq, %n, %m : index
    cf.assert %fits, "dimension 0 of operand 1 of 'linalg.add' has a size that does not fit"
    ```

    Sizes that are data, of `tensor.empty` or `tensor.pad` for example, must not
    be negative, and no tensor may have 2^43 elements or more.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::tensor::TensorDialect"];
}

def CheckScalars : Pass<"quanta-check-scalars", "::mlir::ModuleOp"> {
  let summary = "Check at run time indices, divisors and steps that are data";
  let description = [{
    Ahead of `tensor.extract`, `tensor.insert` and `tensor.dim` a `cf.assert`
    compares each index with the size that it must not reach, ahead of a
    division of integers the divisor with zero (and a signed quotient with the
    one that its type lacks, that of the least integer by -1), and ahead of an
    `scf.for` its step. What follows from the program alone, by the bounds of
    loops or by the range that arithmetic leaves, is not checked again.

    ```mlir
    %0 = tensor.extract %x[%i] : tensor<?xf32>
    ```
    gets before it
    ```mlir
    %n = tensor.dim %x, %c0 : tensor<?xf32>
    %fits = arith.cmpi ult, %i, %n : index
    cf.assert %fits, "index 0 of 'tensor.extract' is out of range"
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::tensor::TensorDialect"];
}

def SeparateResults : Pass<"quanta-separate-results", "::mlir::ModuleOp"> {
  let summary = "Give each result of a function memory of its own";
  let description = [{
    Whoever calls a public function frees its results one by one. A tensor that
    is returned twice, or beside another form of itself, is copied.

    ```mlir
    return %0, %0 : tensor<4xf32>, tensor<4xf32>
    ```
    becomes
    ```mlir
    %1 = bufferization.alloc_tensor() copy(%0) : tensor<4xf32>
    return %0, %1 : tensor<4xf32>, tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def NumberMessages : Pass<"quanta-number-messages", "::mlir::ModuleOp"> {
  let summary = "Name the messages of assertions by their order";
  let description = [{
    Upstream numbers the texts of assertions (`assert_msg_17`) through all modules of
    a process. Counted from 0 in each, a program compiles to the same code whatever
    was compiled before it, and is found among cached objects.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AnnotateFunctions : Pass<"quanta-annotate-functions", "::mlir::ModuleOp"> {
  let summary = "Give LLVM functions the module's CPU and features";
  let description = [{
    The last step on the way to LLVM IR: without these attributes, `llc` and the
    optimizer would generate code for a generic machine.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ConvertLayout : Pass<"quanta-convert-layout", "::mlir::ModuleOp"> {
  let summary = "Lay images out with their channels last";
  let description = [{
    Convolutions with constant weights, and pooling, read and write tensors with
    the channels in the last dimension, next to each other in memory, as kernels
    want them; weights are transposed at compile time to window, input channels,
    output channels (HWCF). The transposes of activations move through
    elementwise work, padding and concatenation until they cancel between
    layers, into the quantization of an argument, or into a reduction's map.

    Reshapes of what the program computed, and padding with a constant, move
    behind elementwise work on one tensor, such as a quantization: there padding
    is of bytes, with the zero point, and the quantization joins what made the
    tensor.

    ```mlir
    %1 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>)
        outs(%0 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%x : tensor<1x3x8x8xf32>) outs(%e : tensor<1x8x8x3xf32>) permutation = [0, 2, 3, 1]
    %c = linalg.generic {indexing_maps = [(n, y, x, f, i, j, c) -> (n, y + i, x + j, c), (n, y, x, f, i, j, c) -> (i, j, c, f), (n, y, x, f, i, j, c) -> (n, y, x, f)], ...}
        ins(%t, %v : tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) outs(%0 : tensor<1x6x6x4xf32>) ...
    %1 = linalg.transpose ins(%c : tensor<1x6x6x4xf32>) outs(%f : tensor<1x4x6x6xf32>) permutation = [0, 3, 1, 2]
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def PackConvolutions : Pass<"quanta-pack-convolutions", "::mlir::ModuleOp"> {
  let summary = "Lay constant kernels of convolutions out for the dot product";
  let description = [{
    A channels-last 2-D convolution with constant weights, or a 1-D one, as of
    images of one row (images of one column are turned into those), becomes a `quanta.fused_conv_2d` whose weights are packed, padded and, where the
    instruction wants the other signedness of images, corrected for through the
    bias: all at compile time. Padding of the image that is zero to the
    instruction becomes `pads`, so that it is neither copied nor multiplied. The
    width of an image decides how many vectors of channels a tile has: all pixels
    of it to a single tap, unless what it is added to works on rows. A depthwise
    convolution of bytes becomes a `quanta.fused_depthwise_conv_2d` if
    the instruction set can interleave rows; it takes any padding. Weights of f16
    and bf16 stay so, and those that are stored as integers beside f32 images.
    Integer weights of 4 and 2 bits keep them (`#quanta.narrow_dot`); constants of
    fewer than 8 bits in any other convolution become bytes. Needs
    `quanta-set-target` before it.

    ```mlir
    %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x4x4x3xi8>, tensor<3x3x3x2xi8>) ...
    ```
    becomes
    ```mlir
    %0 = quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
        lhs(%x : tensor<1x4x4x3xi8>) rhs(%packed : tensor<576xi8>) init(%bias : tensor<16xi32>) ...
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"];
}

def TileOpenProducts : Pass<"quanta-tile-open-products", "::mlir::ModuleOp"> {
  let summary = "Make products of two activations static along dynamic sizes";
  let description = [{
    Kernels pack right factors whose sizes are static. In attention over a sequence
    of open length, the columns of one product and the terms of another are as many
    as the sequence is long: such a product of two activations becomes a loop over
    blocks of columns, as wide as the instruction's tile, or over 64 terms each, whose
    sums are added; and one more for those that are left, padded with zero points.
    Products of f32 that are rounded once keep their order of terms, and stay loops
    where these are open. Needs `quanta-set-target` before it.

    ```mlir
    %y = linalg.batch_matmul ins(%a, %b : tensor<12x?x?xf32>, tensor<12x?x32xf32>) outs(%zeros) -> tensor<12x?x32xf32>
    ```
    becomes
    ```mlir
    %whole = scf.for %i = %c0 to %end step %c64 iter_args(%sums = %zeros) -> tensor<12x?x32xf32> {
      %0 = tensor.extract_slice %a[0, 0, %i] [12, %m, 64] [1, 1, 1] : ...
      %1 = tensor.extract_slice %b[0, %i, 0] [12, 64, 32] [1, 1, 1] : ...
      %2 = linalg.generic ... ins(%0, %1) outs(%zeros) ... // the product
      %3 = linalg.generic ... // %2 + %sums
      scf.yield %3
    }
    %y = scf.if %isLeft -> tensor<12x?x32xf32> { ... tensor.pad ... } else { scf.yield %whole }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def PackWeights : Pass<"quanta-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Lay right factors out for the target's dot product";
  let description = [{
    A product of matrices, or a batch of them with its dimensions in any order,
    becomes a `quanta.fused_matmul`. Constant weights are packed, padded and,
    where the instruction wants the other signedness, corrected for through what
    the sums start from: all at compile time. A right factor that is known only
    at run time goes through `quanta.pack`, which does the same there. Zero points
    become corrections for each column and, if the right factor has one, sums
    over the rows of the left. Constant weights of 4 and 2 bits keep them
    (`#quanta.narrow_dot`), and those of any other contraction become bytes. They
    keep them for any number of rows: where instructions sum products of bytes, one
    of few rows is bound by reading weights, and takes half of the time; others take
    up to a sixth longer. Only on AMX, whose registers load
    bytes, products that may fill one get bytes. Weights that the product dequantizes stay integers,
    two to a byte if they have 4 bits, next to their scales
    (`#quanta.stored_fma`); as a left factor they become the right one, and the
    result is transposed. Those of f16 and bf16 stay so (`#quanta.half_fma`).
    Needs `quanta-set-target` before it.

    ```mlir
    %1 = linalg.generic ... ins(%q, %k : tensor<12x128x64xi8>, tensor<12x128x64xi8>) {
      ... // (ext(a) - 7) * (ext(b) - 130), summed
    } -> tensor<12x128x128xi32>
    ```
    becomes
    ```mlir
    %p, %i = quanta.pack #quanta.avx512_vnni source(%k : tensor<12x128x64xi8>)
        map affine_map<(b, k, n) -> (b, n, k)> ... {flip, lhs_zero_point = 7 : i32, rhs_zero_point = 2 : i32}
    %s = linalg.generic ... ins(%q : tensor<12x128x64xi8>) -> tensor<12x128xi32>
    %1 = quanta.fused_matmul #quanta.avx512_vnni lhs(%q : ...) rhs(%p : ...) init(%i : ...)
        extras(%s : tensor<12x128xi32>) ... {batch = array<i64: 0>} ...
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FuseEpilogues : Pass<"quanta-fuse-epilogues", "::mlir::ModuleOp"> {
  let summary = "Move elementwise consumers into the tile of their contraction";
  let description = [{
    An elementwise `linalg.generic` that is the only user of a
    fused contraction becomes part of its epilogue region: requantization,
    bias, activation, residual add, in any combination. Where others read the
    result too, as a residual or in f32, a user that makes smaller elements of it
    and reads nothing else becomes a second result of the same tile. In the other
    direction, what makes larger elements for the epilogue alone, as dequantization
    of a residual, is computed there from the smaller ones. A second result:

    ```mlir
    %y = quanta.fused_matmul ... outs(%f : tensor<4x3xf32>) {
    ^bb0(%acc: i32):
      %s = arith.sitofp %acc : i32 to f32
      quanta.yield %s : f32
    } -> tensor<4x3xf32>
    %q = linalg.generic {...} ins(%y : tensor<4x3xf32>) outs(%e : tensor<4x3xi8>) { ... }
    ```
    becomes
    ```mlir
    %y:2 = quanta.fused_matmul ... outs(%f, %e : tensor<4x3xf32>, tensor<4x3xi8>) {
    ^bb0(%acc: i32):
      %s = arith.sitofp %acc : i32 to f32
      ...
      quanta.yield %s, %t : f32, i8
    } -> tensor<4x3xf32>, tensor<4x3xi8>
    ```
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::tensor::TensorDialect"];
}

def DecomposeAggregates : Pass<"quanta-decompose-aggregates", "::mlir::ModuleOp"> {
  let summary = "Take linalg.softmax and its like apart";
  let description = [{
    Replaces operations of upstream's `AggregatedOpInterface`, which are no loop nests
    themselves, on tensors, by the `linalg` operations that they stand for.

    ```mlir
    %s = linalg.softmax dimension(1) ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
    becomes the largest number of each row, `exp(x - largest)`, the sum of a row and
    the quotient.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def FoldEmptyTensors : Pass<"quanta-fold-empty-tensors", "::mlir::ModuleOp"> {
  let summary = "Drop work on tensors without elements";
  let description = [{
    Operations without side effects whose results have a size of 0 become
    `tensor.empty`, and what is put together of tensors with and without elements
    is put together of the former: there are no views on buffers for the latter.
    What is padded without having elements is filled.

    ```mlir
    %0 = tensor.concat dim(0) %x, %y : (tensor<3x4xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
    ```
    becomes `%x`.
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def LowerPads : Pass<"quanta-lower-pads", "::mlir::ModuleOp"> {
  let summary = "Write the frame of padded tensors, and no more";
  let description = [{
    A `tensor.pad` with one value all around becomes an empty tensor, of which the
    frame is filled and the inside is the source: nothing is written twice, and
    bufferization can let the producer of the source write where it is needed.
    Negative widths take elements of the source away.

    ```mlir
    %0 = tensor.pad %x low[1] high[2] { ... yield %zero } : tensor<4xi8> to tensor<7xi8>
    ```
    becomes
    ```mlir
    %e = tensor.empty() : tensor<7xi8>
    // elements 0, 5 and 6 of %e are filled with %zero, by parts
    %0 = tensor.insert_slice %x into %filled[1] [4] [1] : tensor<4xi8> into tensor<7xi8>
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def NarrowTensors : Pass<"quanta-narrow-tensors", "::mlir::ModuleOp"> {
  let summary = "Keep tensors that are rounded to f16 or bf16 in 16 bits";
  let description = [{
    What an elementwise operation, or the epilogue of a fused contraction, rounds
    to f16 or bf16 and extends again is stored in that type, if all who read it are
    `linalg.generic` operations and epilogues: they extend it, which gives the same
    bits for half of the memory. A contraction reads its left factor many times,
    which stays f32.

    ```mlir
    %r = linalg.generic {...} ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%a: f32, %o: f32):
      %h = arith.truncf %a : f32 to f16
      %f = arith.extf %h : f16 to f32
      linalg.yield %f : f32
    } -> tensor<4x8xf32>
    ```
    becomes
    ```mlir
    %r = linalg.generic {...} ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf16>) {
    ^bb0(%a: f32, %o: f16):
      %h = arith.truncf %a : f32 to f16
      linalg.yield %h : f16
    } -> tensor<4x8xf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numNarrowed", "narrowed", "Tensors stored in 16 bits">];
}

def SimplifyArithmetic : Pass<"quanta-simplify-arithmetic", "::mlir::ModuleOp"> {
  let summary = "Compute the same bits by cheaper operations on scalars";
  let description = [{
    A division by a constant becomes a product with the two parts of its
    reciprocal, where the target has a fused multiply-add and that is known to
    give the same bits: ahead of a rounding to integers as quantization does it,
    with a zero point and bounds, or where the quotient cannot be too small (see
    `quanta::Reciprocal`, which names the paper). A processor starts many products
    in the time of one division.

    ```mlir
    %q = arith.divf %x, %scale : f32
    %n = math.roundeven %q : f32
    %z = arith.addf %n, %zero_point : f32
    %a = arith.maxnumf %z, %smallest : f32
    %b = arith.minnumf %a, %largest : f32
    %i = arith.fptosi %b : f32 to i32
    ```
    becomes
    ```mlir
    %l = arith.mulf %x, %low : f32
    %q = math.fma %x, %high, %l : f32
    %n = math.roundeven %q : f32
    ...
    ```

    A ReLU, a ReLU6 and other bounds are left out ahead of such a rounding whose own
    bounds give the same integers. Needs `quanta-set-target` before it.
  }];
  let dependentDialects = [
    "::quanta::QuantaDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect"];
}

def ExpandMath : Pass<"quanta-expand-math", "::mlir::ModuleOp"> {
  let summary = "Compute transcendental functions by arithmetic";
  let description = [{
    Replaces `math` functions of f32 and narrower floats, on scalars and vectors,
    by upstream's polynomial approximations, and erf by one quotient of
    polynomials. They consist of additions, products, quotients, fused products
    and comparisons, each of which IEEE 754 defines to the last bit: every stage
    and every machine gives the same results, and vector code stays vector code,
    where a library would be called for each element.

    Errors, the largest in units of the last place that millions of arguments of
    all binary exponents have shown, for normal arguments and results: exp and
    expm1 5.4 at the largest results (1.0 and 2.4 for results below 1e9), tanh
    4.4, erf 5.5, erfc 2.6, log 0.9, log1p 2.4, asin 7.1 close to 1 and -1, acos
    1.1, rsqrt 1.5. NaN and infinities come
    out as in C. A subnormal argument of log counts as the smallest normal number.
    Powers whose exponent is a small constant become products and roots: those of
    0.5, -0.5 and 0.75 are NaN at minus infinity, and keep the sign of -0, where C
    has neither.

    Other functions (sin, cos, atan, pow with a variable exponent, ...) and f64
    are left to the C library, whose bits may differ between machines.

    ```mlir
    %0 = math.rsqrt %x : vector<16xf32>
    ```
    becomes
    ```mlir
    %cst = arith.constant dense<1.000000e+00> : vector<16xf32>
    %0 = math.sqrt %x : vector<16xf32>
    %1 = arith.divf %cst, %0 : vector<16xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def VectorizeReductions : Pass<"quanta-vectorize-reductions", "::mlir::ModuleOp"> {
  let summary = "Turn reductions of rows into vector loops of one fixed order";
  let description = [{
    A `linalg.generic` on buffers that reduces its last dimension, contiguous in
    memory, becomes a loop over vectors: sums, products, minima, maxima and
    bitwise operations, of whatever its region computes from the elements.

    The order of additions is part of the meaning, since sums of floats depend on
    it: of 16 partial results, number `i` combines the elements `i`, `i + 16`, ...
    in order, starting from the neutral element; then the upper half is combined
    into the lower half until one is left, and that is combined with the output's
    initial value. The order is the same for every machine and stage, also where
    no kernels are generated: there it is what defines the result.

    ```mlir
    linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<4x64xf32>) outs(%o : memref<4xf32>) {
    ^bb0(%a: f32, %acc: f32):
      %s = arith.addf %acc, %a : f32
      linalg.yield %s : f32
    }
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %c4 step %c1 {
      %v = scf.for %j = %c0 to %c64 step %c16 iter_args(%acc = %neutral) -> (vector<16xf32>) {
        %a = vector.load %x[%i, %j] : memref<4x64xf32>, vector<16xf32>
        %s = arith.addf %acc, %a : vector<16xf32>
        scf.yield %s : vector<16xf32>
      }
      ...
      memref.store %sum, %o[%i] : memref<4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def PlanBuffers : Pass<"quanta-plan-buffers", "::mlir::ModuleOp"> {
  let summary = "Place the buffers of a function in one block of memory";
  let description = [{
    Every `memref.alloc` of a function whose `memref.dealloc` is in the same block
    gets a place in one block of memory, by lifetime: buffers that are never alive
    at once share memory. Places are multiples of 64 bytes. Buffers whose sizes
    are known only at run time share one layout for each product of open sizes, and
    that product scales it, rounded for each buffer. Those of a loop are alive in
    an iteration. What a function returns stays an allocation of its own.

    The block comes from `quanta_acquire_buffer` and goes back to
    `quanta_release_buffer`, which keep it for the next call of the same thread:
    from the second call on, nothing is allocated, unless a larger size comes.

    ```mlir
    %0 = memref.alloc() : memref<4x8xf32>
    ...
    memref.dealloc %0 : memref<4x8xf32>
    ```
    becomes
    ```mlir
    %block = call @quanta_acquire_buffer(%c128) : (index) -> memref<?xi8>
    %0 = memref.view %block[%c0][] : memref<?xi8> to memref<4x8xf32>
    ...
    call @quanta_release_buffer(%block) : (memref<?xi8>) -> ()
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect"];
}

def LowerCopies : Pass<"quanta-lower-copies", "::mlir::ModuleOp"> {
  let summary = "Turn copies between strided buffers into linalg";
  let description = [{
    A `memref.copy` that `memcpy` cannot do, into the middle of a padded tensor
    for example, becomes an elementwise `linalg.generic`, which is vectorized like
    any other. Upstream would call a library for it.

    ```mlir
    memref.copy %0, %1 : memref<2x3xf32> to memref<2x3xf32, strided<[8, 1], offset: 9>>
    ```
    becomes
    ```mlir
    linalg.generic ... ins(%0 : memref<2x3xf32>) outs(%1 : memref<2x3xf32, strided<[8, 1], offset: 9>>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def OrderGlobals : Pass<"quanta-order-globals", "::mlir::ModuleOp"> {
  let summary = "Constants in the order of their use";
  let description = [{
    Bufferization names and places constant buffers in an order that depends on
    addresses in the compiler's memory. Private constants move to the front of the
    module in the order of their first use, and are numbered in it: the same
    program then gives the same object file each time.

    ```mlir
    memref.global "private" constant @__constant_2xi32_3 : memref<2xi32> = dense<[3, 4]>
    func.func @f() -> memref<2xi32> {
      %0 = memref.get_global @__constant_2xi32_3 : memref<2xi32>
      return %0 : memref<2xi32>
    }
    ```
    becomes
    ```mlir
    memref.global "private" constant @constant : memref<2xi32> = dense<[3, 4]>
    func.func @f() -> memref<2xi32> {
      %0 = memref.get_global @constant : memref<2xi32>
      return %0 : memref<2xi32>
    }
    ```
  }];
}

#endif // QUANTA_TRANSFORMS_KERNELPASSES_TD
