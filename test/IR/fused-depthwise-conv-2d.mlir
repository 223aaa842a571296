// RUN: quant-opt %s --split-input-file --verify-diagnostics | quant-opt --split-input-file | FileCheck %s

// 96 channels are two blocks of 64 that overlap; each has three columns of one
// group of rows: 2 * 3 * 4 * 64 weights.
// CHECK-LABEL: func.func @padded
func.func @padded(%x: tensor<?x9x9x96xi8>, %w: tensor<1536xi8>, %b: tensor<128xi32>, %s: tensor<96xf32>,
                  %o: tensor<?x9x9x96xf32>) -> tensor<?x9x9x96xf32> {
  // CHECK: quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
  // CHECK-SAME: lhs(%{{.*}} : tensor<?x9x9x96xi8>) rhs(%{{.*}} : tensor<1536xi8>) init(%{{.*}} : tensor<128xi32>)
  // CHECK-SAME: extras(%{{.*}} : tensor<96xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x9x9x96xf32>) attributes {flip_lhs, padding = -128 : i8} {
  // CHECK: } -> tensor<?x9x9x96xf32>
  %0 = quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : tensor<?x9x9x96xi8>) rhs(%w : tensor<1536xi8>) init(%b : tensor<128xi32>)
      extras(%s : tensor<96xf32>) maps [affine_map<(n, y, x, c) -> (c)>]
      outs(%o : tensor<?x9x9x96xf32>) attributes {flip_lhs, padding = -128 : i8} {
  ^bb0(%acc: i32, %scale: f32):
    %f = arith.sitofp %acc : i32 to f32
    %g = arith.mulf %f, %scale : f32
    quanta.yield %g : f32
  } -> tensor<?x9x9x96xf32>
  return %0 : tensor<?x9x9x96xf32>
}

// Five rows of the kernel are two groups; three channels fill one block.
// CHECK-LABEL: func.func @five_rows
func.func @five_rows(%x: memref<1x9x9x3xi8>, %w: memref<1024xi8>, %b: memref<64xi32>, %o: memref<1x5x8x3xi32>) {
  // CHECK: kernel [5, 2]
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [5, 2] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x3xi8>) rhs(%w : memref<1024xi8>) init(%b : memref<64xi32>) maps [] outs(%o : memref<1x5x8x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 1: shapes.
func.func @rank(%x: memref<9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{needs lhs NxHxWxC, packed rhs and init of rank 1, and outs NxHxWxF}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @images(%x: memref<2x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{lhs has 2 images but outs has 1}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<2x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @dynamic(%x: memref<1x?x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{needs static sizes but for the number of images}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x?x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @channels(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x95xi32>) {
  // expected-error@+1 {{lhs has 96 channels but outs has 95}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x95xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 2: windows.
func.func @no_stride(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{kernel, strides and dilations must be pairs of positive numbers}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [0, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @negative_pad(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{pads must be four numbers that are not negative}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [0, 0, 0, -1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @outside(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x8x96xi32>) {
  // expected-error@+1 {{reads up to index 9 of an image of size 9}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x8x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 3: the instruction.
func.func @no_interleaving(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{#quanta.avx512 has no instructions to interleave rows}}
  quanta.fused_depthwise_conv_2d #quanta.avx512 kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @float_image(%x: memref<1x9x9x96xf32>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{lhs and rhs must hold the factors of #quanta.avx512_vnni}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xf32>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 4: packing.
func.func @unpacked(%x: memref<1x9x9x96xi8>, %w: memref<864xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{rhs must be packed into 1536 elements for #quanta.avx512_vnni}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<864xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @short_init(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<96xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{init must be packed into 128 elements for #quanta.avx512_vnni}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<96xi32>) maps [] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 5: extras.
func.func @extra(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %s: memref<4xi32>, %o: memref<1x7x7x96xi32>) {
  // expected-error@+1 {{'memref<4xi32>' has the size 4 where outs has 96}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) extras(%s : memref<4xi32>) maps [affine_map<(n, y, x, c) -> (c)>] outs(%o : memref<1x7x7x96xi32>) {
  ^bb0(%acc: i32, %e: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 6: the region.
func.func @epilogue(%x: memref<1x9x9x96xi8>, %w: memref<1536xi8>, %b: memref<128xi32>, %o: memref<1x7x7x96xi8>) {
  // expected-error@+1 {{epilogue must yield one 'i8'}}
  quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x96xi8>) rhs(%w : memref<1536xi8>) init(%b : memref<128xi32>) maps [] outs(%o : memref<1x7x7x96xi8>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
