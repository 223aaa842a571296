//===- LoopPasses.td - Loops of the kernel stage -----------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_LOOPPASSES_TD
#define QUANTA_TRANSFORMS_LOOPPASSES_TD

include "mlir/Pass/PassBase.td"

def SplitBatches : Pass<"quanta-split-batches", "::mlir::ModuleOp"> {
  let summary = "Take the images of a batch through convolutions one by one";
  let description = [{
    The results of all layers for a whole batch are larger than a cache, and each
    layer would read what the one before it has written from memory. Operations on
    tensors whose dimension 0 is a batch, convolutions and what is between and
    around them, become one loop over it, in which each is as it would be for one
    image. Dimension 0 is a batch where every iteration of the operation computes
    an index of its results from the same index of what it reads. Its size may be
    open if that of images is known: what reads or makes the same tensors then
    shares a loop, whose sizes no longer are.

    Left alone are operations with weights that one image uses less than
    `min-positions` times, as products of matrices do: a batch is what their
    weights are read for. So are batches whose tensors, those of the operation
    with the largest ones, have less than `min-bytes`; open ones are taken for
    8 images.

    ```mlir
    %1 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<8x58x58x64xf32>, tensor<3x3x64x64xf32>) outs(%0 : tensor<8x56x56x64xf32>) -> tensor<8x56x56x64xf32>
    ```
    becomes
    ```mlir
    %1 = scf.for %i = %c0 to %c8 step %c1 iter_args(%all = %e) -> (tensor<8x56x56x64xf32>) {
      %image = tensor.extract_slice %x[%i, 0, 0, 0] [1, 58, 58, 64] [1, 1, 1, 1] : tensor<8x58x58x64xf32> to tensor<1x58x58x64xf32>
      %2 = linalg.conv_2d_nhwc_hwcf ins(%image, %w : tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>) outs(...) -> tensor<1x56x56x64xf32>
      %3 = tensor.insert_slice %2 into %all[%i, 0, 0, 0] [1, 56, 56, 64] [1, 1, 1, 1] : tensor<1x56x56x64xf32> into tensor<8x56x56x64xf32>
      scf.yield %3 : tensor<8x56x56x64xf32>
    }
    ```
  }];
  let options = [
    Option<"minBytes", "min-bytes", "int64_t", "1048576",
           "Bytes of the tensors of a batch that a cache holds: in the "
           "second-level caches of servers, 1 or 2 MiB">,
    Option<"minPositions", "min-positions", "int64_t", "32",
           "How often one image uses a weight at least">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def FoldUnitDims : Pass<"quanta-fold-unit-dims", "::mlir::ModuleOp"> {
  let summary = "Drop dimensions of size 1 around reductions of rows";
  let description = [{
    Networks keep the dimension that a softmax or a layer norm has reduced, and
    put others in front of it, as tensors like `1x128x1xf32`. Reductions
    (`linalg.generic` on tensors) and the elementwise operations that are
    connected with them, through reshapes too, lose their dimensions of size 1,
    so that elementwise operations in between become one with
    those that read them, and all share the rows that `quanta-fuse-rows` loops
    over. Nothing changes around convolutions and pools.

    ```mlir
    %1 = linalg.generic ... ins(%0 : tensor<1x8xf32>) outs(%e : tensor<1x1xf32>) { arith.addf }
    ```
    becomes
    ```mlir
    %1 = linalg.generic ... ins(%row : tensor<8xf32>) outs(%f : tensor<f32>) { arith.addf }
    ```
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def FuseRows : Pass<"quanta-fuse-rows", "::mlir::ModuleOp"> {
  let summary = "One loop over the rows of softmax, layer norm and the like";
  let description = [{
    A reduction of the last dimensions of a tensor (`linalg.generic` on tensors),
    all operations that read or write rows of the same tensors, and those whose
    results only these read, become one loop over rows: what stands between them
    is one row, in the nearest cache, instead of whole tensors. Softmax and layer
    norm, quantized or in float, ranges of rows found at run time, and sums of
    rows are made in one such loop each. No bit changes.

    ```mlir
    %max = linalg.generic ... ins(%x : tensor<8x64xf32>) outs(%low : tensor<8xf32>) { arith.maximumf }
    %y = linalg.generic ... ins(%x, %max : ...) outs(%empty : tensor<8x64xf32>) { arith.subf }
    ```
    becomes
    ```mlir
    %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%all = %empty) -> (tensor<8x64xf32>) {
      %row = tensor.extract_slice %x[%i, 0] [1, 64] [1, 1] : tensor<8x64xf32> to tensor<64xf32>
      %max = linalg.generic ... ins(%row : tensor<64xf32>) outs(... : tensor<f32>) { arith.maximumf }
      %z = linalg.generic ... ins(%row, %max : ...) outs(... : tensor<64xf32>) { arith.subf }
      %next = tensor.insert_slice %z into %all[%i, 0] [1, 64] [1, 1] : ...
      scf.yield %next : tensor<8x64xf32>
    }
    ```

    Rows have a static size of 16 elements or more, and take `max-bytes` at most
    with all that is computed for one of them.
  }];
  let options = [
    Option<"maxBytes", "max-bytes", "int64_t", /*default=*/"32768",
           "Bytes that are computed for one row at most">];
  let statistics = [
    Statistic<"numLoops", "loops", "Number of loops over rows">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandBatches : Pass<"quanta-expand-batches", "::mlir::ModuleOp"> {
  let summary = "Loop over the batches of fused operations";
  let description = [{
    A `quanta.fused_matmul` on buffers with several dimensions of rows becomes
    loops around one with a single such dimension; where all rows lie behind each
    other and share one right factor, they become one dimension without a loop.
    `quanta.pack` loops over its batches.

    ```mlir
    quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x64xi8>) ...
        outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>} { ... }
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %c2 step %c1 {
      %0 = memref.subview %x[%i, 0, 0] [1, 3, 4] [1, 1, 1] : ...
      ...
      quanta.fused_matmul #quanta.avx512_vnni lhs(%0 : memref<3x4xi8, ...>) ...
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"];
}

def GenerateKernels : Pass<"quanta-generate-kernels", "::mlir::ModuleOp"> {
  let summary = "Generate the loops and dot products of fused operations";
  let description = [{
    Lowers `quanta.fused_matmul`, `quanta.fused_conv_2d`,
    `quanta.fused_depthwise_conv_2d` and `quanta.pack` on buffers, their batches
    expanded, to `scf` loops over tiles whose accumulators are vectors in
    registers, the target's dot instruction, and the epilogue on vectors. Every
    size is handled without reading or writing out of bounds. The rows of a
    product go by in runs that stay in a core's level-2 cache, and weights of the
    next block of columns are fetched while the present one is in use. Where a
    target has registers of matrices, all rows that fill one are theirs, the pixels
    of convolutions too, and sums go through memory on the stack to the epilogue.
    Images with pads or strides are copied first. A convolution to large f32
    results that only another one's epilogue reads, as in residual blocks, is
    computed tile by tile where they are read. Other reductions whose channels
    lie next to each other, pooling among them, become
    loops on vectors of channels, which sum in the order of scalar loops. They
    start from what their output has just been filled with, without the fill.
  }];
  let dependentDialects = [
    "::mlir::amx::AMXDialect", "::mlir::arith::ArithDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def ExpandAmx : Pass<"quanta-expand-amx", "::mlir::ModuleOp"> {
  let summary = "Replace matrices in registers by loops over memory";
  let description = [{
    For processors without AMX, and to compare what it computes: a tile of
    `R x C` elements becomes a vector of `R * C` elements in row-major order;
    operations on tiles become loops that give the same bits. Slow.

    ```mlir
    %0 = amx.tile_load %x[%i, %j] : memref<?x?xi8> into !amx.tile<16x64xi8>
    ```
    becomes
    ```mlir
    %buffer = memref.alloca() : memref<1024xi8>
    scf.for %row = %c0 to %c16 step %c1 {
      %at = arith.addi %i, %row : index
      %elements = vector.load %x[%at, %j] : memref<?x?xi8>, vector<64xi8>
      %to = arith.muli %row, %c64 : index
      vector.store %elements, %buffer[%to] : memref<1024xi8>, vector<64xi8>
    }
    %0 = vector.load %buffer[%c0] : memref<1024xi8>, vector<1024xi8>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ParallelizeLoops : Pass<"quanta-parallelize-loops", "::mlir::ModuleOp"> {
  let summary = "Share the work of loops among threads";
  let description = [{
    Kernels and loops over elements state which of their loops write different
    elements in each iteration: `quanta.parallel`. Of each nest of loops, the
    outermost ones that keep all threads busy, and have enough to do to pay for
    starting them, are divided among a team of `threads` threads of OpenMP, in
    parts of the same size: of the images that pass from loop to loop, a thread
    finds its part in its own cache. Each
    element is computed as before, so the results have the same bits whatever
    the number of threads. Where the number of iterations is known only when the
    program runs, the program decides. Loops that allocate, call or assert stay
    on one thread. The statements are removed.

    ```mlir
    scf.for %i = %c0 to %c512 step %c1 {
      ...
    } {quanta.parallel}
    ```
    becomes, with two threads,
    ```mlir
    %n = arith.constant 2 : i32
    omp.parallel num_threads(%n : i32) {
      omp.wsloop schedule(static) {
        omp.loop_nest (%i) : index = (%c0) to (%c512) step (%c1) {
          ...
          omp.yield
        }
      }
      omp.terminator
    }
    ```
  }];
  let options = [
    Option<"threads", "threads", "int64_t", "1", "Threads of a team">,
    Option<"minWork", "min-work", "int64_t", "32768",
           "Operations on vectors and memory below which a loop is not shared">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::omp::OpenMPDialect"];
}

def VectorizeLookups : Pass<"quanta-vectorize-lookups", "::mlir::ModuleOp"> {
  let summary = "Look bytes up many at a time";
  let description = [{
    A `linalg.generic` on buffers that gives for each byte its entry in a constant
    table of 256 bytes becomes a loop over vectors, where the target
    (`quanta.integer_dot`) has an instruction that looks up whole vectors
    (`vpermi2b`, `tbl`), and a loop over bytes for the rest.

    ```mlir
    linalg.generic {...} ins(%x : memref<200xi8>) outs(%o : memref<200xi8>) {
    ^bb0(%q: i8, %out: i8):
      %i = arith.index_castui %q : i8 to index
      %entry = memref.load %table[%i] : memref<256xi8>
      linalg.yield %entry : i8
    }
    ```
    becomes on AVX-512 VBMI
    ```mlir
    %t0 = vector.load %table[%c0] : memref<256xi8>, vector<64xi8>
    ... // %t1, %t2, %t3
    scf.for %i = %c0 to %c192 step %c64 {
      %q = vector.load %x[%i] : memref<200xi8>, vector<64xi8>
      %low = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%t0, %q, %t1)
      %high = llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%t2, %q, %t3)
      %is_high = arith.cmpi slt, %q, %zero : vector<64xi8>
      %entries = arith.select %is_high, %high, %low
      vector.store %entries, %o[%i] : memref<200xi8>, vector<64xi8>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def VectorizeElementwise : Pass<"quanta-vectorize-elementwise", "::mlir::ModuleOp"> {
  let summary = "Turn elementwise linalg on buffers into vector loops";
  let description = [{
    An elementwise `linalg.generic` whose innermost dimension is contiguous
    becomes a loop over vectors and a scalar loop for the rest. Where the innermost
    dimension of the result has 2 to 4 elements, and inputs are contiguous along the
    one outside it (images whose channels become the last dimension), vectors of
    pixels of all channels are interleaved:

    ```mlir
    linalg.generic {indexing_maps = [(n, h, w, c) -> (n, c, h, w), (n, h, w, c) -> (n, h, w, c)], ...}
      ins(%x : memref<1x3x224x224xf32>) outs(%y : memref<1x224x224x3xi8>)
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "Elements of one vector">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def LowerLoops : Pass<"quanta-lower-loops", "::mlir::ModuleOp"> {
  let summary = "Loops for what is left of linalg on buffers";
  let description = [{
    What upstream's `convert-linalg-to-loops` makes, without simplifying what is
    around it, which takes most of the time of that pass: operations without a
    kernel of their own are few. What indices are made of, `affine.apply`, is left
    to `quanta-lower-views`.

    ```mlir
    linalg.fill ins(%c : f32) outs(%0 : memref<4xf32>)
    ```
    becomes
    ```mlir
    scf.for %i = %c0 to %c4 step %c1 {
      %j = affine.apply affine_map<(i) -> (i)>(%i)
      memref.store %c, %0[%j] : memref<4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def LowerMath : Pass<"quanta-lower-math", "::mlir::ModuleOp"> {
  let summary = "Express `math` operations by those of LLVM and calls of libm";
  let description = [{
    Applies upstream's `convert-math-to-llvm`, then `convert-math-to-libm` to what
    LLVM has no operation for, both to the operations of `math` alone instead of
    looking through the whole program.

    ```mlir
    %1 = math.cbrt %0 : f32
    ```
    becomes
    ```mlir
    %1 = call @cbrtf(%0) : (f32) -> f32
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect"];
}

def LowerViews : Pass<"quanta-lower-views", "::mlir::ModuleOp"> {
  let summary = "Express views of buffers by offsets and strides";
  let description = [{
    Applies upstream's patterns of `expand-strided-metadata` and `lower-affine`:
    slices and reshapes of buffers become `memref.reinterpret_cast`, and `affine`
    operations arithmetic and loops.

    Those patterns derive the one open size of a group of an expanded shape from
    the source. Where there are more, batch and sequence length for example, the
    sizes are those that the operation is given:

    ```mlir
    %1 = memref.expand_shape %0 [[0, 1], [2]] output_shape [%b, %t, 8] : memref<?x8xf32> into memref<?x?x8xf32>
    ```
    becomes
    ```mlir
    %s = arith.muli %t, %c8 : index
    %1 = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %t, 8], strides: [%s, 8, 1] : memref<f32> to memref<?x?x8xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LoadWholeBytes : Pass<"quanta-load-whole-bytes", "::mlir::ModuleOp"> {
  let summary = "Read integers of less than 8 bits as bytes, and cut them";
  let description = [{
    Works on the LLVM dialect. An integer of two to seven bits lies in a byte of its own,
    which callers fill with its value: of a negative one, the upper bits are set.
    LLVM takes them for zeros in a load of so few bits.

    ```mlir
    %0 = llvm.load %p : !llvm.ptr -> i4
    ```
    becomes
    ```mlir
    %b = llvm.load %p : !llvm.ptr -> i8
    %0 = llvm.trunc %b : i8 to i4
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowerVectors : Pass<"quanta-lower-vectors", "::mlir::ModuleOp"> {
  let summary = "Express operations on vectors by those that LLVM has";
  let description = [{
    Applies upstream's patterns for contractions, transposes, slices, masks,
    transfers, shape casts and others that have no counterpart in LLVM IR, and
    those for arithmetic that has none (rounding divisions, float minima and
    maxima, conversions of bf16). What is left converts operation by operation.

    ```mlir
    %mask = vector.constant_mask [3] : vector<16xi1>
    ```
    becomes
    ```mlir
    %mask = arith.constant dense<[true, true, true, false, ...]> : vector<16xi1>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // QUANTA_TRANSFORMS_LOOPPASSES_TD
