// RUN: quant-opt %s --split-input-file --verify-diagnostics | quant-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @strided
func.func @strided(%x: tensor<?x9x9x5xi8>, %w: tensor<768xi8>, %b: tensor<16xi32>, %s: tensor<3xf32>,
                   %o: tensor<?x4x4x3xf32>) -> tensor<?x4x4x3xf32> {
  // CHECK: quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [2, 2] dilations [1, 1]
  // CHECK-SAME: lhs(%{{.*}} : tensor<?x9x9x5xi8>) rhs(%{{.*}} : tensor<768xi8>) init(%{{.*}} : tensor<16xi32>)
  // CHECK-SAME: extras(%{{.*}} : tensor<3xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x4x4x3xf32>) attributes {flip_lhs} {
  // CHECK: } -> tensor<?x4x4x3xf32>
  %0 = quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [2, 2] dilations [1, 1]
      lhs(%x : tensor<?x9x9x5xi8>) rhs(%w : tensor<768xi8>) init(%b : tensor<16xi32>)
      extras(%s : tensor<3xf32>) maps [affine_map<(n, y, x, f) -> (f)>]
      outs(%o : tensor<?x4x4x3xf32>) attributes {flip_lhs} {
  ^bb0(%acc: i32, %scale: f32):
    %f = arith.sitofp %acc : i32 to f32
    %g = arith.mulf %f, %scale : f32
    quanta.yield %g : f32
  } -> tensor<?x4x4x3xf32>
  return %0 : tensor<?x4x4x3xf32>
}

// Three taps of a dilated row do not lie next to each other: nine runs of eight
// elements instead of three of fifteen.
// CHECK-LABEL: func.func @dilated
func.func @dilated(%x: memref<1x9x9x5xi8>, %w: memref<1152xi8>, %b: memref<16xi32>, %o: memref<1x5x5x3xi32>) {
  // CHECK: dilations [2, 2]
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [2, 2]
      lhs(%x : memref<1x9x9x5xi8>) rhs(%w : memref<1152xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x5x5x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// The first and the last output of a row and of a column read what does not
// exist, and blocks are two vectors wide.
// CHECK-LABEL: func.func @padded
func.func @padded(%x: memref<1x9x9x4xi8>, %w: memref<2304xi8>, %b: memref<64xi32>, %o: memref<1x9x10x50xi32>) {
  // CHECK: dilations [1, 1] pads [1, 1, 1, 2] lhs(
  // CHECK: attributes {vectors = 2 : i64}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 2]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<2304xi8>) init(%b : memref<64xi32>)
      maps [] outs(%o : memref<1x9x10x50xi32>) attributes {vectors = 2 : i64} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 1: shapes.
func.func @rank(%x: memref<9x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{needs lhs NxHxWxC, packed rhs and init of rank 1, and outs NxHxWxF}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @images(%x: memref<2x9x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{lhs has 2 images but outs has 1}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<2x9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @dynamic(%x: memref<1x9x9x?xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{needs static sizes but for the number of images, rows and columns}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x?xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @open_pads(%x: memref<1x?x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x?x9x3xi32>) {
  // expected-error@+1 {{pads need static sizes of rows and columns}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1] pads [1, 0, 0, 0]
      lhs(%x : memref<1x?x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x?x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 2: windows.
func.func @no_stride(%x: memref<1x9x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{kernel, strides and dilations must be pairs of positive numbers}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [0, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @outside(%x: memref<1x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x7x8x3xi32>) {
  // expected-error@+1 {{reads up to index 9 of an image of size 9}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x7x8x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 3: element types.
func.func @float_image(%x: memref<1x9x9x4xf32>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{lhs and rhs must hold the factors of #quanta.avx512_vnni}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xf32>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 4: packing.
func.func @unpacked(%x: memref<1x9x9x4xi8>, %w: memref<12xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{rhs must be packed into 64 elements for #quanta.avx512_vnni}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<12xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @short_init(%x: memref<1x9x9x4xi8>, %w: memref<64xi8>, %b: memref<3xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{init must be padded to 16 elements}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<3xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 5: extras.
func.func @extra(%x: memref<1x9x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %s: memref<4xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{'memref<4xi32>' has the size 4 where outs has 3}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      extras(%s : memref<4xi32>) maps [affine_map<(n, y, x, f) -> (f)>] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32, %e: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 6: the region.
func.func @epilogue(%x: memref<1x9x9x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi8>) {
  // expected-error@+1 {{epilogue must yield one 'i8'}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 1] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<64xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi8>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 2, with pads.
func.func @outside_padding(%x: memref<1x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x7x9x3xi32>) {
  // expected-error@+1 {{reads up to index 10 of an image of size 10}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [0, 1, 0, 0]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x7x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 7: pads.
func.func @three_pads(%x: memref<1x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{pads must be four numbers that are not negative}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @negative_pad(%x: memref<1x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{pads must be four numbers that are not negative}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, -1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @float_pads(%x: memref<1x9x9x4xf32>, %w: memref<576xf32>, %b: memref<16xf32>, %o: memref<1x9x9x3xf32>) {
  // expected-error@+1 {{pads are for integers only}}
  quanta.fused_conv_2d #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : memref<1x9x9x4xf32>) rhs(%w : memref<576xf32>) init(%b : memref<16xf32>)
      maps [] outs(%o : memref<1x9x9x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// -----

func.func @broken_group(%x: memref<1x9x9x5xi8>, %w: memref<768xi8>, %b: memref<16xi32>, %o: memref<1x9x9x3xi32>) {
  // expected-error@+1 {{pads to the left and right need whole groups of 4 channels}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 1]
      lhs(%x : memref<1x9x9x5xi8>) rhs(%w : memref<768xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x9x9x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// 8: blocks.
func.func @wide_block(%x: memref<1x9x9x4xi8>, %w: memref<576xi8>, %b: memref<16xi32>, %o: memref<1x7x7x3xi32>) {
  // expected-error@+1 {{vectors must be between 1 and 4}}
  quanta.fused_conv_2d #quanta.avx512_vnni kernel [3, 3] strides [1, 1] dilations [1, 1]
      lhs(%x : memref<1x9x9x4xi8>) rhs(%w : memref<576xi8>) init(%b : memref<16xi32>)
      maps [] outs(%o : memref<1x7x7x3xi32>) attributes {vectors = 5 : i64} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
