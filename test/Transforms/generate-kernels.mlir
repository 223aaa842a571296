// RUN: split-file %s %t
// RUN: quant-opt %t/vnni.mlir --quanta-generate-kernels --canonicalize --cse | FileCheck %t/vnni.mlir
// RUN: quant-opt %t/others.mlir --quanta-generate-kernels --canonicalize --cse | FileCheck %t/others.mlir
// RUN: quant-opt %t/pack.mlir --quanta-generate-kernels --canonicalize --cse | FileCheck %t/pack.mlir
// RUN: not quant-opt %t/tensor.mlir --quanta-generate-kernels 2>&1 | FileCheck %t/tensor.mlir
// RUN: not quant-opt %t/batch.mlir --quanta-generate-kernels 2>&1 | FileCheck %t/batch.mlir

//--- vnni.mlir
// Tiles of accumulators, the largest first; what is left of K is not read past
// its end, what is left of N is masked.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x10xi8>, %[[W:[a-z0-9_]+]]: memref<{{.*}}>, %[[B:[a-z0-9_]+]]: memref<32xi32>, %[[S:[a-z0-9_]+]]: memref<20xf32>, %[[O:[a-z0-9_]+]]: memref<?x20xf32>)
// CHECK-NOT: quanta.fused_matmul
// CHECK: scf.for
// CHECK: vector.load %[[B]]
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xi32>, vector<16xi32>
// CHECK: vector.load %[[W]]{{.*}} vector<64xi8>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: scf.yield
// CHECK: arith.sitofp %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: vector.store %{{.*}}, %[[O]]
// CHECK: vector.constant_mask [4] : vector<16xi1>
// CHECK: vector.maskedload %[[S]]
// CHECK: vector.maskedstore %[[O]]
// The last tile has one row.
// CHECK: scf.for
// CHECK-NOT: memref.alloc
func.func @main(%x: memref<?x10xi8>, %w: memref<384xi8>, %b: memref<32xi32>, %s: memref<20xf32>, %o: memref<?x20xf32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<?x10xi8>) rhs(%w : memref<384xi8>) init(%b : memref<32xi32>)
      extras(%s : memref<20xf32>) maps [affine_map<(m, n) -> (n)>] outs(%o : memref<?x20xf32>) {
  ^bb0(%acc: i32, %scale: f32):
    %f = arith.sitofp %acc : i32 to f32
    %y = arith.mulf %f, %scale : f32
    quanta.yield %y : f32
  }
  return
}

// Eight rows are two tiles of four. Meanwhile weights of the next block come into
// the cache, a part with each tile.
// CHECK-LABEL: func.func @eight_rows(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: memref<4096xi8>
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[LAST:.*]] = arith.constant 3584 : index
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK: scf.for
// CHECK: scf.for {{.*}} to %[[C8]] step %[[C4]]
// CHECK: arith.minui %{{.*}}, %[[C3]] : index
// CHECK: %[[AHEAD:.*]] = arith.minui %{{.*}}, %[[LAST]] : index
// CHECK: scf.for %[[GROUP:.*]] = {{.*}} iter_args
// CHECK: %[[LINE:.*]] = arith.muli %[[GROUP]], %{{.*}} : index
// CHECK: %[[AT:.*]] = arith.addi %[[AHEAD]], %[[LINE]] : index
// CHECK: memref.prefetch %[[W]][%[[AT]]], read, locality<2>, data
// CHECK-COUNT-16: llvm.x86.avx512.vpdpbusd.512
// CHECK-NOT: llvm.x86.avx512.vpdpbusd.512
// CHECK: return
func.func @eight_rows(%x: memref<8x32xi8>, %w: memref<4096xi8>, %b: memref<128xi32>, %o: memref<8x128xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<8x32xi8>) rhs(%w : memref<4096xi8>) init(%b : memref<128xi32>)
      maps [] outs(%o : memref<8x128xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// Rows of 64 KiB: twelve are more than a cache is to hold, six are not.
// CHECK-LABEL: func.func @runs(
// CHECK-DAG: %[[C12:.*]] = arith.constant 12 : index
// CHECK-DAG: %[[C6:.*]] = arith.constant 6 : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[C12]] step %[[C6]]
// CHECK: llvm.x86.avx512.vpdpbusd.512
// CHECK: return
func.func @runs(%x: memref<12x65536xi8>, %w: memref<8388608xi8>, %b: memref<128xi32>, %o: memref<12x128xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<12x65536xi8>) rhs(%w : memref<8388608xi8>) init(%b : memref<128xi32>)
      maps [] outs(%o : memref<12x128xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// Seven outputs of a row are a tile of four and one of three; the image is read
// in place, pixel after pixel, along its rows of three times four elements.
// CHECK-LABEL: func.func @convolution(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x9x9x4xi8>
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<?x9x36xi8>
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>
// CHECK: vector.load %[[ROWS]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: vector.maskedstore
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @convolution(%x: memref<?x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<?x7x7x3xi32>) {
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<?x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<?x7x7x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// The kernel's rows are those in the image; the first tap skips the first
// output, the last tap the last one, each in a loop of its own on fewer sums.
// CHECK-LABEL: func.func @padded_convolution(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<1x5x5x8xi8>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: scf.for %[[Y:.*]] = %[[C0]]
// CHECK: %[[FROM:.*]] = arith.maxsi %{{.*}}, %[[C0]] : index
// CHECK: %[[TO:.*]] = arith.minsi %{{.*}}, %[[C3]] : index
// CHECK: scf.for %{{.*}} = %[[FROM]] to %[[TO]] {{.*}} -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>)
// CHECK: scf.for {{.*}} -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>)
// CHECK-COUNT-4: llvm.x86.avx512.vpdpbusd.512
// CHECK: scf.for {{.*}} -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>)
// CHECK-COUNT-5: llvm.x86.avx512.vpdpbusd.512
// CHECK: scf.for {{.*}} -> (vector<16xi32>, vector<16xi32>, vector<16xi32>, vector<16xi32>)
// CHECK-COUNT-4: llvm.x86.avx512.vpdpbusd.512
// CHECK-NOT: llvm.x86.avx512.vpdpbusd.512
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @padded_convolution(%x: memref<1x5x5x8xi8>, %w: memref<1152xi8>, %b: memref<16xi32>, %o: memref<1x5x5x3xi32>) {
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : memref<1x5x5x8xi8>) rhs(%w : memref<1152xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x5x5x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// A single tap takes the 49 pixels of an image as one row: nine tiles of six or
// five, here and in what the epilogue adds.
// CHECK-LABEL: func.func @one_tap(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x7x7x8xi8>
// CHECK-SAME: %[[R:[a-z0-9_]+]]: memref<?x7x7x16xi32>, %[[O:[a-z0-9_]+]]: memref<?x7x7x16xi32>)
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[C5:.*]] = arith.constant 5 : index
// CHECK-DAG: memref.collapse_shape %[[O]] {{\[}}[0], [1, 2], [3]] : {{.*}} into memref<?x49x16xi32>
// CHECK-DAG: %[[RESIDUAL:.*]] = memref.collapse_shape %[[R]] {{.*}} into memref<?x49x16xi32>
// CHECK-DAG: %[[ROW:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<?x392xi8>
// CHECK: scf.for
// CHECK: scf.for {{.*}} to %[[C4]]
// CHECK: vector.load %[[ROW]]
// CHECK: vector.load %[[RESIDUAL]]
// CHECK: scf.for {{.*}} to %[[C5]]
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @one_tap(%x: memref<?x7x7x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %r: memref<?x7x7x16xi32>, %o: memref<?x7x7x16xi32>) {
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<?x7x7x8xi8>) rhs(%w : memref<128xi8>) init(%b : memref<16xi32>)
      extras(%r : memref<?x7x7x16xi32>) maps [affine_map<(n, y, x, f) -> (n, y, x, f)>]
      outs(%o : memref<?x7x7x16xi32>) {
  ^bb0(%acc: i32, %e: i32):
    %0 = arith.addi %acc, %e : i32
    quanta.yield %0 : i32
  }
  return
}

// Three rows of 64 channels are interleaved once for all outputs of a tile that
// read them: a tile of three outputs reads five columns, of which the first and
// the last do not exist; the rest of the kernel's group is zero. The sums of the
// first and the last row of the image have code of their own.
// CHECK-LABEL: func.func @depthwise(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<1x5x3x64xi8>, %[[W:[a-z0-9_]+]]: memref<768xi8>
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<1x5x192xi8>
// CHECK: vector.load %[[ROWS]]{{.*}} vector<64xi8>
// CHECK: vector.shuffle %{{.*}} [0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 16, 80,
// CHECK: vector.shuffle %{{.*}} [0, 32, 1, 33, 2, 34, 3, 35, 8, 40,
// CHECK: vector.load %[[W]]
// CHECK: llvm.x86.avx512.vpdpbusd.512
// CHECK: scf.for
// CHECK: llvm.x86.avx512.vpdpbusd.512
// CHECK-NOT: scf.for
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @depthwise(%x: memref<1x5x3x64xi8>, %w: memref<768xi8>, %b: memref<64xi32>, %o: memref<1x5x3x64xi32>) {
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : memref<1x5x3x64xi8>) rhs(%w : memref<768xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x5x3x64xi32>) attributes {padding = 7 : i8} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// Two pixels of 32 channels fill a vector. At the edge of the image the one that
// exists is loaded and moves to its place.
// CHECK-LABEL: func.func @depthwise_pairs(
// CHECK: %[[MASK:.*]] = vector.constant_mask [32] : vector<64xi1>
// CHECK: %[[ONE:.*]] = vector.maskedload %{{.*}}, %[[MASK]]
// CHECK: vector.shuffle %[[ONE]], %{{.*}} [64, 65, {{.*}}, 95, 0, 1,
func.func @depthwise_pairs(%x: memref<1x1x4x32xi8>, %w: memref<768xi8>, %b: memref<64xi32>, %o: memref<1x1x4x32xi32>) {
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [1, 3] strides [1, 1] dilations [1, 1] pads [0, 1, 0, 1]
      lhs(%x : memref<1x1x4x32xi8>) rhs(%w : memref<768xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x1x4x32xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// Pooling works on as many channels as fill a register, then on fewer.
// CHECK-LABEL: func.func @max_pooling
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x8x8x83xi8>
// CHECK-NOT: linalg.
// CHECK: vector.load %{{.*}} : memref<?x4x4x83xi8>, vector<64xi8>
// CHECK: vector.load %[[X]]{{.*}} vector<64xi8>
// CHECK: arith.maxui %{{.*}} : vector<64xi8>
// CHECK: vector<16xi8>
// CHECK: arith.maxui %{{.*}} : i8
func.func @max_pooling(%x: memref<?x8x8x83xi8>, %window: memref<2x2xi8>, %o: memref<?x4x4x83xi8>) {
  linalg.pooling_nhwc_max_unsigned {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%x, %window : memref<?x8x8x83xi8>, memref<2x2xi8>) outs(%o : memref<?x4x4x83xi8>)
  return
}

// What the output has just been filled with is where the sums start; a fill that
// somebody else reads stays.
// CHECK-LABEL: func.func @filled_pooling
func.func @filled_pooling(%x: memref<1x8x8x64xi8>) -> (memref<1x4x4x64xi8>, memref<1x4x4x64xi8>, memref<1x4x4x64xi8>) {
  // CHECK-NOT: linalg.fill
  // CHECK: scf.for %{{.*}} iter_args(%{{.*}} = %cst{{.*}}) -> (vector<64xi8>)
  // CHECK: vector.store %{{.*}} : memref<1x4x4x64xi8>, vector<64xi8>
  // CHECK: linalg.fill
  // CHECK: memref.copy
  // CHECK: vector.load %{{.*}} : memref<1x4x4x64xi8>, vector<64xi8>
  %c = arith.constant 7 : i8
  %r = memref.alloc() : memref<1x4x4x64xi8>
  %p = memref.alloc() : memref<1x4x4x64xi8>
  %o = memref.alloc() : memref<1x4x4x64xi8>
  linalg.fill ins(%c : i8) outs(%o : memref<1x4x4x64xi8>)
  %w = memref.alloc() : memref<2x2xi8>
  linalg.pooling_nhwc_max_unsigned {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}
      ins(%x, %w : memref<1x8x8x64xi8>, memref<2x2xi8>) outs(%o : memref<1x4x4x64xi8>)
  linalg.fill ins(%c : i8) outs(%p : memref<1x4x4x64xi8>)
  memref.copy %p, %r : memref<1x4x4x64xi8> to memref<1x4x4x64xi8>
  linalg.pooling_nhwc_max_unsigned {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}
      ins(%x, %w : memref<1x8x8x64xi8>, memref<2x2xi8>) outs(%p : memref<1x4x4x64xi8>)
  return %o, %p, %r : memref<1x4x4x64xi8>, memref<1x4x4x64xi8>, memref<1x4x4x64xi8>
}

// So do windows whose elements already fill a register with the fewest: here of
// a depthwise convolution with weights in f16.
// CHECK-LABEL: func.func @half_depthwise
// CHECK-NOT: linalg.
// CHECK: vector.load %{{.*}} : memref<2x18xf16>, vector<16xf16>
// CHECK: math.fma %{{.*}} : vector<16xf32>
// CHECK: math.fma %{{.*}} : f32
func.func @half_depthwise(%x: memref<1x8x18xf32>, %w: memref<2x18xf16>, %o: memref<1x7x18xf32>) {
  linalg.generic {indexing_maps = [affine_map<(n, x, c, k) -> (n, x + k, c)>, affine_map<(n, x, c, k) -> (k, c)>,
                                   affine_map<(n, x, c, k) -> (n, x, c)>],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<1x8x18xf32>, memref<2x18xf16>) outs(%o : memref<1x7x18xf32>) {
  ^bb0(%a: f32, %b: f16, %acc: f32):
    %0 = arith.extf %b : f16 to f32
    %1 = math.fma %a, %0, %acc : f32
    linalg.yield %1 : f32
  }
  return
}

// A static single row needs no tile of several.
// CHECK-LABEL: func.func @one_row
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: vector.maskedstore
// CHECK-NOT: vector.maskedstore
func.func @one_row(%x: memref<1x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x3xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// Columns of a buffer that are not next to each other are copied once.
// CHECK-LABEL: func.func @strided(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<4x4xi8, strided<[1, 4]>>
// CHECK: %[[COPY:.*]] = memref.alloc() : memref<4x4xi8>
// CHECK: memref.copy %[[X]], %[[COPY]]
// CHECK: memref.dealloc %[[COPY]]
func.func @strided(%x: memref<4x4xi8, strided<[1, 4]>>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x4xi8, strided<[1, 4]>>) rhs(%w : memref<64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// The end of a requantization is a few instructions for 64 bytes: rounded as it
// is converted, saturated as it is packed, in order again by one shuffle. Only
// the bound that is narrower than u8 is left to do.
// CHECK-LABEL: func.func @requantize(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<1x4xi8>, %{{.*}}, %{{.*}}, %[[O:[a-z0-9_]+]]: memref<1x84xi8>)
// CHECK-DAG: %[[LOW:.*]] = arith.constant dense<7> : vector<64xi8>
// CHECK-COUNT-4: llvm.x86.avx512.vpdpbusd.512
// CHECK: arith.mulf
// CHECK-NOT: {{math.roundeven|arith.cmpf}}
// CHECK: llvm.x86.avx512.mask.cvtps2dq.512
// CHECK: llvm.x86.avx512.packssdw.512
// CHECK: llvm.intr.sadd.sat
// CHECK: llvm.x86.avx512.packuswb.512
// CHECK: arith.maxui %{{.*}}, %[[LOW]] : vector<64xi8>
// CHECK: vector.shuffle %{{.*}} [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]
// CHECK: vector.store %{{.*}}, %[[O]]{{.*}} vector<64xi8>
// What is left of the columns is masked as a whole.
// CHECK: vector.constant_mask [20] : vector<64xi1>
// CHECK: vector.maskedstore %[[O]]
// CHECK-NOT: vector.maskedstore
// CHECK: return
func.func @requantize(%x: memref<1x4xi8>, %w: memref<384xi8>, %b: memref<96xi32>, %o: memref<1x84xi8>) {
  %m = arith.constant 0.01 : f32
  %zp = arith.constant 7.0 : f32
  %high = arith.constant 255.0 : f32
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<384xi8>) init(%b : memref<96xi32>)
      maps [] outs(%o : memref<1x84xi8>) {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %zp : f32
    %4 = arith.maxnumf %3, %zp : f32
    %5 = arith.minnumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    quanta.yield %7 : i8
  }
  return
}

// Products that may be anything are limited before they are converted.
// CHECK-LABEL: func.func @any_multiplier(
// CHECK-DAG: %[[HIGH:.*]] = arith.constant dense<2.480000e+02> : vector<16xf32>
// CHECK: arith.cmpf olt, %[[HIGH]], %{{.*}} : vector<16xf32>
// CHECK: llvm.x86.avx512.mask.cvtps2dq.512
func.func @any_multiplier(%x: memref<1x4xi8>, %w: memref<256xi8>, %b: memref<64xi32>, %s: memref<64xf32>, %o: memref<1x64xi8>) {
  %zp = arith.constant 7.0 : f32
  %high = arith.constant 255.0 : f32
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<256xi8>) init(%b : memref<64xi32>)
      extras(%s : memref<64xf32>) maps [affine_map<(m, n) -> (n)>] outs(%o : memref<1x64xi8>) {
  ^bb0(%acc: i32, %m: f32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %zp : f32
    %4 = arith.maxnumf %3, %zp : f32
    %5 = arith.minnumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    quanta.yield %7 : i8
  }
  return
}

// An upper bound below that of u8 is one operation on bytes.
// CHECK-LABEL: func.func @narrow(
// CHECK-DAG: %[[HIGH:.*]] = arith.constant dense<100> : vector<64xi8>
// CHECK-NOT: arith.cmpf
// CHECK: llvm.x86.avx512.packuswb.512
// CHECK: arith.minui %{{.*}}, %[[HIGH]] : vector<64xi8>
func.func @narrow(%x: memref<1x4xi8>, %w: memref<256xi8>, %b: memref<64xi32>, %o: memref<1x64xi8>) {
  %m = arith.constant 0.01 : f32
  %zp = arith.constant 0.0 : f32
  %high = arith.constant 100.0 : f32
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<256xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x64xi8>) {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %zp : f32
    %4 = arith.maxnumf %3, %zp : f32
    %5 = arith.minnumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    quanta.yield %7 : i8
  }
  return
}

// Sums below 2^23 are floats as they are when they start from its bits.
// CHECK-LABEL: func.func @small_sums(
// CHECK-DAG: %[[START:.*]] = arith.constant dense<1258291200> : vector<16xi32>
// CHECK-DAG: %[[BACK:.*]] = arith.constant dense<-83886.0781> : vector<16xf32>
// CHECK: arith.addi %{{.*}}, %[[START]] : vector<16xi32>
// CHECK-NOT: arith.sitofp
// CHECK: %[[BITS:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// CHECK: math.fma %[[BITS]], %{{.*}} : vector<16xf32>
// CHECK-LABEL: func.func @large_sums(
// CHECK-NOT: math.fma
// CHECK: arith.sitofp
memref.global "private" constant @ones : memref<256xi8> = dense<1>
memref.global "private" constant @five : memref<64xi32> = dense<5>
memref.global "private" constant @large : memref<64xi32> = dense<8388000>
func.func @small_sums(%x: memref<1x4xi8>, %o: memref<1x64xi8>) {
  %w = memref.get_global @ones : memref<256xi8>
  %b = memref.get_global @five : memref<64xi32>
  %m = arith.constant 0.01 : f32
  %zp = arith.constant 7.0 : f32
  %high = arith.constant 255.0 : f32
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<256xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x64xi8>) {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %zp : f32
    %4 = arith.maxnumf %3, %zp : f32
    %5 = arith.minnumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    quanta.yield %7 : i8
  }
  return
}
func.func @large_sums(%x: memref<1x4xi8>, %o: memref<1x64xi8>) {
  %w = memref.get_global @ones : memref<256xi8>
  %b = memref.get_global @large : memref<64xi32>
  %m = arith.constant 0.01 : f32
  %zp = arith.constant 7.0 : f32
  %high = arith.constant 255.0 : f32
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<1x4xi8>) rhs(%w : memref<256xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x64xi8>) {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = math.roundeven %1 : f32
    %3 = arith.addf %2, %zp : f32
    %4 = arith.maxnumf %3, %zp : f32
    %5 = arith.minnumf %4, %high : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    quanta.yield %7 : i8
  }
  return
}

// Three channels of three taps are nine bytes; the group that ends behind them is
// read as a whole where the image goes on.
// CHECK-LABEL: func.func @whole_groups(
// CHECK-COUNT-3: vector.load %{{.*}} : memref<1x9x27xi8>, vector<4xi8>
// CHECK-NOT: memref.load
// CHECK-LABEL: func.func @broken_group(
// CHECK: memref.load {{.*}} : memref<1x9x27xi8>
func.func @whole_groups(%x: memref<1x9x9x3xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x7x1x3xi32>) {
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x3xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x7x1x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
func.func @broken_group(%x: memref<1x9x9x3xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x7x7x3xi32>) {
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x3xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x7x7x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// The floats of one branch of a residual block, which the other one adds, are
// computed tile by tile where they are read; not if something else reads them or
// writes what they are computed from.
// CHECK-LABEL: func.func @branches(
// CHECK-NOT: memref.alloc() : memref<1x32x32x64xf32>
// CHECK: scf.for
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<2x6x64xf32>
// CHECK-LABEL: func.func @two_readers(
// CHECK: memref.alloc() : memref<1x32x32x64xf32>
// CHECK-NOT: memref.alloca
// CHECK-LABEL: func.func @overwritten(
// CHECK: memref.alloc() : memref<1x32x32x64xf32>
// CHECK-NOT: memref.alloca
// CHECK-LABEL: func.func @overwritten_by_second(
// CHECK: memref.alloc() : memref<1x32x32x64xf32>
// CHECK-NOT: memref.alloca
// CHECK: return
func.func private @use(memref<1x32x32x64xi8>)

func.func @branches(%x: memref<1x32x32x4xi8>, %w: memref<256xi8>, %b: memref<64xi32>, %s: memref<64xf32>, %f: memref<1x32x32x64xf32>) {
  %y = memref.alloc() : memref<1x32x32x64xi8>
  %a = memref.alloc() : memref<1x32x32x64xf32>
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%s : memref<64xf32>) maps [affine_map<(n, h, w, c) -> (c)>] outs(%a : memref<1x32x32x64xf32>) {
  ^bb0(%acc: i32, %scale: f32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    quanta.yield %1 : f32
  }
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%a : memref<1x32x32x64xf32>) maps [affine_map<(n, h, w, c) -> (n, h, w, c)>] outs(%y : memref<1x32x32x64xi8>) {
  ^bb0(%acc: i32, %branch: f32):
    %0 = arith.fptosi %branch : f32 to i32
    %1 = arith.addi %0, %acc : i32
    %2 = arith.trunci %1 : i32 to i8
    quanta.yield %2 : i8
  }
  memref.dealloc %a : memref<1x32x32x64xf32>
  call @use(%y) : (memref<1x32x32x64xi8>) -> ()
  return
}

func.func @two_readers(%x: memref<1x32x32x4xi8>, %w: memref<256xi8>, %b: memref<64xi32>, %s: memref<64xf32>, %f: memref<1x32x32x64xf32>) {
  %y = memref.alloc() : memref<1x32x32x64xi8>
  %a = memref.alloc() : memref<1x32x32x64xf32>
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%s : memref<64xf32>) maps [affine_map<(n, h, w, c) -> (c)>] outs(%a : memref<1x32x32x64xf32>) {
  ^bb0(%acc: i32, %scale: f32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    quanta.yield %1 : f32
  }
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%a : memref<1x32x32x64xf32>) maps [affine_map<(n, h, w, c) -> (n, h, w, c)>] outs(%y : memref<1x32x32x64xi8>) {
  ^bb0(%acc: i32, %branch: f32):
    %0 = arith.fptosi %branch : f32 to i32
    %1 = arith.addi %0, %acc : i32
    %2 = arith.trunci %1 : i32 to i8
    quanta.yield %2 : i8
  }
  memref.copy %a, %f : memref<1x32x32x64xf32> to memref<1x32x32x64xf32>
  memref.dealloc %a : memref<1x32x32x64xf32>
  call @use(%y) : (memref<1x32x32x64xi8>) -> ()
  return
}

func.func @overwritten(%x: memref<1x32x32x4xi8>, %w: memref<256xi8>, %b: memref<64xi32>, %s: memref<64xf32>, %f: memref<1x32x32x64xf32>) {
  %y = memref.alloc() : memref<1x32x32x64xi8>
  %v = memref.reinterpret_cast %y to offset: [0], sizes: [1, 32, 32, 4], strides: [4096, 128, 4, 1] : memref<1x32x32x64xi8> to memref<1x32x32x4xi8>
  %a = memref.alloc() : memref<1x32x32x64xf32>
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%v : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%s : memref<64xf32>) maps [affine_map<(n, h, w, c) -> (c)>] outs(%a : memref<1x32x32x64xf32>) {
  ^bb0(%acc: i32, %scale: f32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    quanta.yield %1 : f32
  }
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%a : memref<1x32x32x64xf32>) maps [affine_map<(n, h, w, c) -> (n, h, w, c)>] outs(%y : memref<1x32x32x64xi8>) {
  ^bb0(%acc: i32, %branch: f32):
    %0 = arith.fptosi %branch : f32 to i32
    %1 = arith.addi %0, %acc : i32
    %2 = arith.trunci %1 : i32 to i8
    quanta.yield %2 : i8
  }
  memref.dealloc %a : memref<1x32x32x64xf32>
  call @use(%y) : (memref<1x32x32x64xi8>) -> ()
  return
}

func.func @overwritten_by_second(%x: memref<1x32x32x4xi8>, %w: memref<256xi8>, %v: memref<4096xi8>, %b: memref<64xi32>) {
  %y = memref.alloc() : memref<1x32x32x64xi8>
  %z = memref.alloc() : memref<1x32x32x64xf32>
  %a = memref.alloc() : memref<1x32x32x64xf32>
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%y : memref<1x32x32x64xi8>) rhs(%v : memref<4096xi8>)
      init(%b : memref<64xi32>) maps [] outs(%a : memref<1x32x32x64xf32>) {
  ^bb0(%acc: i32):
    %0 = arith.sitofp %acc : i32 to f32
    quanta.yield %0 : f32
  }
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : memref<1x32x32x4xi8>) rhs(%w : memref<256xi8>)
      init(%b : memref<64xi32>) extras(%a : memref<1x32x32x64xf32>) maps [affine_map<(n, h, w, c) -> (n, h, w, c)>]
      outs(%z, %y : memref<1x32x32x64xf32>, memref<1x32x32x64xi8>) {
  ^bb0(%acc: i32, %branch: f32):
    %0 = arith.fptosi %branch : f32 to i32
    %1 = arith.addi %0, %acc : i32
    %2 = arith.trunci %1 : i32 to i8
    quanta.yield %branch, %2 : f32, i8
  }
  memref.dealloc %a : memref<1x32x32x64xf32>
  memref.dealloc %z : memref<1x32x32x64xf32>
  call @use(%y) : (memref<1x32x32x64xi8>) -> ()
  return
}

//--- others.mlir
// Two registers of 16 rows at once, in a loop; the last two end with the last row,
// and read a copy of the last elements along K, behind which memory may end. Sums
// reach the epilogue through the stack, of each row once.
// CHECK-LABEL: func.func @amx
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<90x70xi8>, %[[W:[a-z0-9_]+]]: memref<2048xi8>, %[[B:[a-z0-9_]+]]: memref<16xi32>
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to %c64 step %c32
// CHECK: %[[SUMS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<32x16xi32>
// CHECK-COUNT-2: amx.tile_load %[[X]][%{{.*}}, %{{.*}}] : memref<90x70xi8> into !amx.tile<16x64xi8>
// CHECK: amx.tile_load %[[W]][%{{.*}}], %{{.*}} : memref<2048xi8> into !amx.tile<16x64xi8>
// CHECK-COUNT-2: amx.tile_load %[[B]][%{{.*}}], %{{.*}} : memref<16xi32> into !amx.tile<16x16xi32>
// CHECK-COUNT-2: amx.tile_muli %{{.*}} zext, %{{.*}}, %{{.*}} :
// CHECK-COUNT-2: amx.tile_load %[[X]]
// CHECK: amx.tile_load %[[W]]
// CHECK-COUNT-2: amx.tile_muli
// CHECK-COUNT-2: amx.tile_store %[[SUMS]]
// CHECK: scf.for
// CHECK-COUNT-4: vector.load %[[SUMS]]
// CHECK: %[[LAST:.*]] = memref.alloca() {alignment = 64 : i64} : memref<32x16xi32>
// CHECK: %[[TAIL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<32x64xi8>
// CHECK-COUNT-2: vector.maskedload %[[X]]
// CHECK-COUNT-2: amx.tile_load %[[X]]
// CHECK-COUNT-2: amx.tile_load %[[TAIL]]
// CHECK-COUNT-2: amx.tile_store %[[LAST]]
// CHECK: scf.for %{{.*}} = %c22 to %c32
// CHECK-NOT: vpdpbusd
// CHECK-LABEL: func.func @amx_dynamic
// CHECK: amx.tile_load
// CHECK: llvm.x86.avx512.vpdpbusd.512
// CHECK-LABEL: func.func @amx_signed
// CHECK-NOT: amx.
func.func @amx(%x: memref<90x70xi8>, %w: memref<2048xi8>, %b: memref<16xi32>, %o: memref<90x16xi32>) {
  quanta.fused_matmul #quanta.amx lhs(%x : memref<90x70xi8>) rhs(%w : memref<2048xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<90x16xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
func.func @amx_dynamic(%x: memref<?x64xi8>, %w: memref<1024xi8>, %b: memref<16xi32>, %o: memref<?x16xi32>) {
  quanta.fused_matmul #quanta.amx lhs(%x : memref<?x64xi8>) rhs(%w : memref<1024xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<?x16xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
func.func @amx_signed(%x: memref<32x64xi8>, %w: memref<1024xi8>, %b: memref<16xi32>, %o: memref<32x16xi32>) {
  quanta.fused_matmul #quanta.amx lhs(%x : memref<32x64xi8>) rhs(%w : memref<1024xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<32x16xi32>) attributes {flip_lhs} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// A convolution with pads: rows of the image with them, behind each other, are
// rows of a product of matrices. Sums between the rows of the output have no
// epilogue.
// CHECK-LABEL: func.func @amx_convolution
// CHECK: %[[COPY:.*]] = memref.alloc() : memref<19712xi8>
// CHECK: vector.store %{{.*}}, %[[COPY]]
// CHECK: %[[ROWS:.*]] = memref.expand_shape %[[COPY]]
// CHECK: amx.tile_load %[[ROWS]]
// CHECK: amx.tile_muli
// CHECK: scf.for %{{.*}} iter_args(%[[Y:.*]] = %{{.*}}, %[[IN_ROW:.*]] = %{{.*}}) -> (index, index)
// CHECK: arith.cmpi ult, %[[IN_ROW]]
// CHECK-NEXT: scf.if
// CHECK: memref.dealloc %[[COPY]]
// A single tap reads the image where it is.
// CHECK-LABEL: func.func @amx_pixels
// CHECK-NOT: memref.alloc() : memref<1x32x32x64xf32>
// CHECK: memref.collapse_shape %{{.*}} {{\[\[}}0, 1, 2], [3]]
// CHECK: amx.tile_muli
// CHECK-NOT: vpdpbusd
func.func @amx_convolution(%x: memref<1x16x16x64xi8>, %w: memref<9216xi8>, %b: memref<16xi32>, %o: memref<1x16x16x16xi32>) {
  quanta.fused_conv_2d #quanta.amx kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : memref<1x16x16x64xi8>) rhs(%w : memref<9216xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x16x16x16xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
func.func @amx_pixels(%x: memref<1x5x5x64xi8>, %w: memref<1024xi8>, %b: memref<16xi32>, %o: memref<1x5x5x16xi32>) {
  quanta.fused_conv_2d #quanta.amx kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x5x5x64xi8>) rhs(%w : memref<1024xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x5x5x16xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @avx512
// CHECK: llvm.x86.avx512.pmaddw.d.512
func.func @avx512(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.avx512 lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @avx_vnni
// CHECK: llvm.x86.avx512.vpdpbusd.256
func.func @avx_vnni(%x: memref<4x8xi8>, %w: memref<64xi8>, %b: memref<8xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.avx_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<64xi8>) init(%b : memref<8xi32>)
      maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @avx2
// CHECK-NOT: vpmaddubsw
// CHECK: llvm.x86.avx2.pmadd.wd
func.func @avx2(%x: memref<4x8xi8>, %w: memref<64xi8>, %b: memref<8xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.avx2 lhs(%x : memref<4x8xi8>) rhs(%w : memref<64xi8>) init(%b : memref<8xi32>)
      maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @neon
// CHECK: arith.xori
// CHECK: {{arm_neon.intr.sdot|llvm.aarch64.neon.sdot}}
func.func @neon(%x: memref<4x8xi8>, %w: memref<32xi8>, %b: memref<4xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.neon_dot lhs(%x : memref<4x8xi8>) rhs(%w : memref<32xi8>) init(%b : memref<4xi32>)
      maps [] outs(%o : memref<4x3xi32>) attributes {flip_lhs} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @portable
// CHECK: arith.muli %{{.*}} : vector<4xi32>
func.func @portable(%x: memref<4x8xi8>, %w: memref<32xi8>, %b: memref<4xi32>, %o: memref<4x3xi32>) {
  quanta.fused_matmul #quanta.portable lhs(%x : memref<4x8xi8>) rhs(%w : memref<32xi8>) init(%b : memref<4xi32>)
      maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @float
// CHECK: math.fma %{{.*}} : vector<16xf32>
func.func @float(%x: memref<4x8xf32>, %w: memref<128xf32>, %b: memref<16xf32>, %o: memref<4x3xf32>) {
  quanta.fused_matmul #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> lhs(%x : memref<4x8xf32>)
      rhs(%w : memref<128xf32>) init(%b : memref<16xf32>) maps [] outs(%o : memref<4x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

//--- pack.mlir
// Columns next to each other: four rows are interleaved; the last two have no
// partners but zeros, which the flip turns into zeros again. The sums of columns
// are dot products with ones.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: memref<6x16xi8>, %[[P:[a-z0-9_]+]]: memref<128xi8>, %[[I:[a-z0-9_]+]]: memref<16xi32>)
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<1> : vector<64xi8>
// CHECK-DAG: %[[TOP:.*]] = arith.constant dense<-128> : vector<64xi8>
// CHECK-COUNT-4: vector.load %[[W]]
// CHECK: vector.interleave
// CHECK: %[[WORDS:.*]] = vector.interleave {{.*}} -> vector<64xi8>
// CHECK: arith.xori %[[WORDS]], %[[TOP]]
// CHECK: vector.store %{{.*}}, %[[P]]
// CHECK: scf.for
// CHECK: vector.load %[[P]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %[[ONES]],
// CHECK: vector.store %{{.*}}, %[[I]]
func.func @rows(%w: memref<6x16xi8>, %p: memref<128xi8>, %i: memref<16xi32>) {
  quanta.pack #quanta.avx512_vnni source(%w : memref<6x16xi8>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<128xi8>, memref<16xi32>) attributes {flip, lhs_zero_point = 7 : i32, rhs_zero_point = 2 : i32}
  return
}

// Elements along K next to each other: a square of words is transposed.
// CHECK-LABEL: func.func @columns(
// CHECK-COUNT-16: vector.load %{{.*}} : memref<16x64xi8>, vector<64xi8>
// CHECK: vector.shuffle %{{.*}} : vector<16xi32>, vector<16xi32>
// CHECK: vector.store
// CHECK: return
func.func @columns(%w: memref<16x64xi8>, %p: memref<1024xi8>, %i: memref<16xi32>) {
  quanta.pack #quanta.avx512_vnni source(%w : memref<16x64xi8>) map affine_map<(k, n) -> (n, k)>
      outs(%p, %i : memref<1024xi8>, memref<16xi32>)
  return
}

//--- batch.mlir
func.func @main(%w: memref<2x8x4xi8>, %p: memref<2x64xi8>, %i: memref<2x16xi32>) {
  // CHECK: batch.mlir:[[@LINE+1]]:{{.*}} error: 'quanta.pack' op needs quanta-expand-batches before kernels are generated
  quanta.pack #quanta.avx512_vnni source(%w : memref<2x8x4xi8>) map affine_map<(b, k, n) -> (b, n, k)>
      outs(%p, %i : memref<2x64xi8>, memref<2x16xi32>)
  return
}

//--- tensor.mlir
// CHECK: tensor.mlir:[[@LINE+1]]:{{.*}} error: 'func.func' op works on tensors, but quanta-generate-kernels takes the kernel stage: bufferize it first
func.func @main(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %o: tensor<4x3xi32>) -> tensor<4x3xi32> {
  %0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  } -> tensor<4x3xi32>
  return %0 : tensor<4x3xi32>
}
