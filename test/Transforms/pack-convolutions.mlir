// RUN: quant-opt %s --quanta-set-target="triple=x86_64-linux-gnu cpu=cascadelake" --quanta-pack-convolutions --canonicalize \
// RUN:   | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: quant-opt %s --quanta-set-target="triple=aarch64-linux-gnu cpu=cortex-a76" --quanta-pack-convolutions --canonicalize \
// RUN:   | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: not quant-opt %s --quanta-pack-convolutions 2>&1 | FileCheck %s --check-prefix=NO-TARGET

// NO-TARGET: error: quanta-pack-convolutions needs quanta-set-target or quanta-to-kernel before it

// Two taps of three channels are a run of six elements, in two groups of four
// for each of the two filters, whatever the order in which the weights come.
// u8 images suit VNNI; `sdot` takes them minus 128, and the bias makes up for
// it: 128 * 21, 128 * 2.
// CHECK-LABEL: func.func @nhwc
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x4x4x3xi8>
// VNNI-DAG: %[[W:.*]] = arith.constant dense<"0x0102030401000000{{0+}}0506000000010000{{0+}}"> : tensor<128xi8>
// VNNI-DAG: %[[B:.*]] = arith.constant dense<0> : tensor<16xi32>
// VNNI: quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 2] strides [2, 1] dilations [1, 1]
// VNNI-SAME: lhs(%[[X]] : tensor<?x4x4x3xi8>) rhs(%[[W]] : tensor<128xi8>) init(%[[B]] : tensor<16xi32>)
// VNNI-NOT: flip_lhs
// NEON-DAG: %[[W:.*]] = arith.constant dense<[1, 2, 3, 4, 1, 0, 0, 0, 0, {{.*}}]> : tensor<32xi8>
// NEON-DAG: arith.constant dense<[2688, 256, 0, 0]> : tensor<4xi32>
// NEON: attributes {flip_lhs}
// CHECK: ^bb0(%[[ACC:[a-z0-9_]+]]: i32):
// CHECK-NEXT: quanta.yield %[[ACC]] : i32
func.func @nhwc(%x: tensor<?x4x4x3xi8>, %e: tensor<?x2x3x2xi32>) -> tensor<?x2x3x2xi32> {
  %w = arith.constant dense<[[[[1, 2, 3], [4, 5, 6]]], [[[1, 0, 0], [0, 0, 1]]]]> : tensor<2x1x2x3xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<?x2x3x2xi32>) -> tensor<?x2x3x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y * 2 + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (f, i, j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<?x4x4x3xi8>, tensor<2x1x2x3xi8>) outs(%init : tensor<?x2x3x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<?x2x3x2xi32>
  return %0 : tensor<?x2x3x2xi32>
}

// CHECK-LABEL: func.func @float
// CHECK: quanta.fused_conv_2d #quanta.fma<
func.func @float(%x: tensor<1x4x4x3xf32>, %e: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %w = arith.constant dense<1.5> : tensor<1x1x3x2xf32>
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x4x4x3xf32>, tensor<1x1x3x2xf32>)
      outs(%init : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %0 : tensor<1x4x4x2xf32>
}

// Weights that are not known, and channels that come first.
// CHECK-LABEL: func.func @others
// CHECK-NOT: quanta.fused_conv_2d
func.func @others(%x: tensor<1x4x4x3xf32>, %w: tensor<1x1x3x2xf32>, %init: tensor<1x4x4x2xf32>,
                  %y: tensor<1x3x4x4xf32>, %init2: tensor<1x2x4x4xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x2x4x4xf32>) {
  %v = arith.constant dense<1.5> : tensor<2x3x1x1xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x4x4x3xf32>, tensor<1x1x3x2xf32>)
      outs(%init : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = linalg.conv_2d_nchw_fchw ins(%y, %v : tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>)
      outs(%init2 : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %0, %1 : tensor<1x4x4x2xf32>, tensor<1x2x4x4xf32>
}

// Zeros around an image are skipped where the instruction multiplies them as
// zeros: those of u8 by VNNI, -128 of i8 by VNNI after the shift to u8.
// CHECK-LABEL: func.func @unsigned_padding
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<1x4x4x4xi8>
// VNNI-NOT: tensor.pad
// VNNI: quanta.fused_conv_2d {{.*}} pads [1, 1, 1, 2] lhs(%[[X]] : tensor<1x4x4x4xi8>)
// NEON: tensor.pad
// NEON: quanta.fused_conv_2d {{.*}} dilations [1, 1] lhs(
func.func @unsigned_padding(%x: tensor<1x4x4x4xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x4x2xi8>
  %value = arith.constant 0 : i8
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 2, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : tensor<1x4x4x4xi8> to tensor<1x6x7x4xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%p, %w : tensor<1x6x7x4xi8>, tensor<3x3x4x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// CHECK-LABEL: func.func @signed_padding
// VNNI-NOT: tensor.pad
// VNNI: quanta.fused_conv_2d {{.*}} pads [1, 1, 1, 2] lhs(%{{.*}} : tensor<1x4x4x4xi8>)
func.func @signed_padding(%x: tensor<1x4x4x4xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x4x2xi8>
  %value = arith.constant -128 : i8
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 2, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : tensor<1x4x4x4xi8> to tensor<1x6x7x4xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%p, %w : tensor<1x6x7x4xi8>, tensor<3x3x4x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extsi %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// Factors may stand in either order.
// CHECK-LABEL: func.func @weights_first
// CHECK: quanta.fused_conv_2d
func.func @weights_first(%x: tensor<1x6x7x4xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x4x2xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<1x6x7x4xi8>, tensor<3x3x4x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %2, %1 : i32
    %4 = arith.addi %3, %acc : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// A zero point is none of the kernel's.
// CHECK-LABEL: func.func @zero_point
// CHECK-NOT: quanta.fused_conv_2d
// CHECK: linalg.generic
func.func @zero_point(%x: tensor<1x6x7x4xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x4x2xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<1x6x7x4xi8>, tensor<3x3x4x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %c3 = arith.constant 3 : i32
    %1 = arith.extui %a : i8 to i32
    %z = arith.subi %1, %c3 : i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %z, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// Another value is not zero to anyone.
// CHECK-LABEL: func.func @other_padding
// CHECK: %[[P:.*]] = tensor.pad
// CHECK: quanta.fused_conv_2d {{.*}} dilations [1, 1] lhs(%[[P]] :
func.func @other_padding(%x: tensor<1x4x4x4xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x4x2xi8>
  %value = arith.constant 3 : i8
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 2, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : tensor<1x4x4x4xi8> to tensor<1x6x7x4xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%p, %w : tensor<1x6x7x4xi8>, tensor<3x3x4x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// For rows of seven outputs, tiles of 7 x 3 vectors beat ones of 4 x 4 and 3 x 4.
// CHECK-LABEL: func.func @seven
// VNNI: quanta.fused_conv_2d {{.*}} attributes {flip_lhs, vectors = 3 : i64}
func.func @seven(%x: tensor<1x7x7x8xi8>, %e: tensor<1x7x7x96xi32>) -> tensor<1x7x7x96xi32> {
  %w = arith.constant dense<1> : tensor<1x1x8x96xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x7x7x96xi32>) -> tensor<1x7x7x96xi32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x7x7x8xi8>, tensor<1x1x8x96xi8>)
      outs(%init : tensor<1x7x7x96xi32>) -> tensor<1x7x7x96xi32>
  return %0 : tensor<1x7x7x96xi32>
}

// Rows of a kernel's column side by side, a zero for the fourth; the 16 lanes of
// each vector of sums are in the order in which bytes are interleaved, and the 32
// channels are there twice. Any padding stays out of memory.
// CHECK-LABEL: func.func @depthwise
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<1x4x4x32xi8>
// VNNI-DAG: arith.constant dense<"0x{{((01020300){64}(04050600){64})}}"> : tensor<512xi8>
// VNNI-DAG: %[[B:.*]] = arith.constant dense<0> : tensor<64xi32>
// VNNI-NOT: tensor.pad
// VNNI: quanta.fused_depthwise_conv_2d #quanta.avx512_vnni kernel [3, 2] strides [1, 1] dilations [1, 1] pads [1, 1, 1, 0]
// VNNI-SAME: lhs(%[[X]] : tensor<1x4x4x32xi8>) {{.*}} init(%[[B]] : tensor<64xi32>)
// VNNI-SAME: attributes {padding = 3 : i8}
// NEON: quanta.fused_depthwise_conv_2d #quanta.neon_dot {{.*}} attributes {flip_lhs, padding = 3 : i8}
func.func @depthwise(%x: tensor<1x4x4x32xi8>, %e: tensor<1x4x4x32xi32>) -> tensor<1x4x4x32xi32> {
  %w = arith.constant dense<[[[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]], [[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]], [[3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3], [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6]]]> : tensor<3x2x32xi8>
  %value = arith.constant 3 : i8
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 0, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : tensor<1x4x4x32xi8> to tensor<1x6x5x32xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x4x32xi32>) -> tensor<1x4x4x32xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j) -> (n, y + i, x + j, f)>,
        affine_map<(n, y, x, f, i, j) -> (i, j, f)>,
        affine_map<(n, y, x, f, i, j) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%p, %w : tensor<1x6x5x32xi8>, tensor<3x2x32xi8>) outs(%init : tensor<1x4x4x32xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x4x32xi32>
  return %0 : tensor<1x4x4x32xi32>
}

// Three channels are no whole group: only what is above and below can be skipped.
// CHECK-LABEL: func.func @three_channels
// VNNI: %[[P:.*]] = tensor.pad %{{.*}} low[0, 0, 1, 0] high[0, 0, 2, 0]
// VNNI: quanta.fused_conv_2d {{.*}} pads [1, 0, 1, 0] lhs(%[[P]] : tensor<1x4x7x3xi8>)
func.func @three_channels(%x: tensor<1x4x4x3xi8>, %e: tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32> {
  %w = arith.constant dense<1> : tensor<3x3x3x2xi8>
  %value = arith.constant 0 : i8
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 2, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %value : i8
  } : tensor<1x4x4x3xi8> to tensor<1x6x7x3xi8>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x5x2xi32>) -> tensor<1x4x5x2xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%p, %w : tensor<1x6x7x3xi8>, tensor<3x3x3x2xi8>) outs(%init : tensor<1x4x5x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i8 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x5x2xi32>
  return %0 : tensor<1x4x5x2xi32>
}

// Two vectors of weights of four bits share bytes: the first filter's have the
// low half of the first byte, above -8, and the seventeenth's the high one: 0xF9,
// 0x87, 0x8E, 0x85.
// CHECK-LABEL: func.func @four_bits
// VNNI-DAG: %[[W:.*]] = arith.constant dense<[-7, -121, -114, -123{{(, -120)+}}]> : tensor<64xi8>
// VNNI: quanta.fused_conv_2d #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = -8> kernel [1, 1]
// VNNI-SAME: rhs(%[[W]] : tensor<64xi8>) init(%{{.*}} : tensor<32xi32>)
// NEON: quanta.fused_conv_2d #quanta.narrow_dot<dot = #quanta.neon_dot, bits = 4, low = -8>
func.func @four_bits(%x: tensor<1x4x4x4xi8>, %e: tensor<1x4x4x17xi32>) -> tensor<1x4x4x17xi32> {
  %w = arith.constant dense<[[[[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
                               [-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                               [6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                               [-3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]]]> : tensor<1x1x4x17xi4>
  %zero = arith.constant 0 : i32
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x4x4x17xi32>) -> tensor<1x4x4x17xi32>
  %0 = linalg.generic {indexing_maps = [
        affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,
        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<1x4x4x4xi8>, tensor<1x1x4x17xi4>) outs(%init : tensor<1x4x4x17xi32>) {
  ^bb0(%a: i8, %v: i4, %acc: i32):
    %1 = arith.extui %a : i8 to i32
    %2 = arith.extsi %v : i4 to i32
    %3 = arith.muli %1, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<1x4x4x17xi32>
  return %0 : tensor<1x4x4x17xi32>
}

// An image of one column becomes one of one row, and so does what comes behind it,
// so that it can join the tile.
// CHECK-LABEL: func.func @column
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x9x1x8xi8>
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0], [1, 2], [3]] : tensor<?x9x1x8xi8> into tensor<?x9x8xi8>
// CHECK: %[[ROW:.*]] = tensor.expand_shape %[[FLAT]] {{\[\[}}0], [1, 2], [3]] {{.*}} into tensor<?x1x9x8xi8>
// VNNI: %[[Y:.*]] = quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 3] strides [1, 2] dilations [1, 1] pads [0, 1, 0, 1]
// VNNI-SAME: lhs(%[[ROW]] : tensor<?x1x9x8xi8>)
// VNNI: linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : tensor<?x1x5x2xi32>, tensor<2xf32>)
// CHECK: %[[BACK:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2], [3]] : tensor<?x1x5x2xf32> into tensor<?x5x2xf32>
// CHECK: tensor.expand_shape %[[BACK]] {{.*}} into tensor<?x5x1x2xf32>
func.func @column(%x: tensor<?x9x1x8xi8>, %s: tensor<2xf32>, %e: tensor<?x5x1x2xi32>, %f: tensor<?x5x1x2xf32>) -> tensor<?x5x1x2xf32> {
  %w = arith.constant dense<3> : tensor<3x1x8x2xi8>
  %c0 = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %i = linalg.fill ins(%zero : i32) outs(%e : tensor<?x5x1x2xi32>) -> tensor<?x5x1x2xi32>
  %p = tensor.pad %x low[0, 1, 0, 0] high[0, 1, 0, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %c0 : i8
  } : tensor<?x9x1x8xi8> to tensor<?x11x1x8xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(n, y, x, f, i, j, c) -> (n, y * 2 + i, x + j, c)>,
                                        affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,
                                        affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%p, %w : tensor<?x11x1x8xi8>, tensor<3x1x8x2xi8>) outs(%i : tensor<?x5x1x2xi32>) {
  ^bb0(%a: i8, %b: i8, %acc: i32):
    %0 = arith.extui %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %acc, %2 : i32
    linalg.yield %3 : i32
  } -> tensor<?x5x1x2xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(n, y, x, f) -> (n, y, x, f)>, affine_map<(n, y, x, f) -> (f)>, affine_map<(n, y, x, f) -> (n, y, x, f)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%y, %s : tensor<?x5x1x2xi32>, tensor<2xf32>) outs(%f : tensor<?x5x1x2xf32>) {
  ^bb0(%a: i32, %b: f32, %o: f32):
    %0 = arith.sitofp %a : i32 to f32
    %1 = arith.mulf %0, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x5x1x2xf32>
  return %r : tensor<?x5x1x2xf32>
}

// A sequence is an image of one row, with its padding; what comes behind the
// convolution works on the row too, so that it can join the tile.
// CHECK-LABEL: func.func @sequence
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x9x8xi8>
// CHECK: %[[ROW:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2], [3]] {{.*}} into tensor<?x1x9x8xi8>
// VNNI: %[[Y:.*]] = quanta.fused_conv_2d #quanta.avx512_vnni kernel [1, 3] strides [1, 2] dilations [1, 1] pads [0, 1, 0, 1]
// VNNI-SAME: lhs(%[[ROW]] : tensor<?x1x9x8xi8>)
// VNNI: linalg.generic {{.*}} ins(%[[Y]], %{{.*}} : tensor<?x1x5x2xi32>, tensor<2xf32>)
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2], [3]] : tensor<?x1x5x2xf32> into tensor<?x5x2xf32>
func.func @sequence(%x: tensor<?x9x8xi8>, %s: tensor<2xf32>, %e: tensor<?x5x2xi32>, %f: tensor<?x5x2xf32>) -> tensor<?x5x2xf32> {
  %w = arith.constant dense<3> : tensor<3x8x2xi8>
  %c0 = arith.constant 0 : i8
  %zero = arith.constant 0 : i32
  %i = linalg.fill ins(%zero : i32) outs(%e : tensor<?x5x2xi32>) -> tensor<?x5x2xi32>
  %p = tensor.pad %x low[0, 1, 0] high[0, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %c0 : i8
  } : tensor<?x9x8xi8> to tensor<?x11x8xi8>
  %y = linalg.generic {indexing_maps = [affine_map<(n, x, f, k, c) -> (n, x * 2 + k, c)>, affine_map<(n, x, f, k, c) -> (k, c, f)>,
                                        affine_map<(n, x, f, k, c) -> (n, x, f)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%p, %w : tensor<?x11x8xi8>, tensor<3x8x2xi8>) outs(%i : tensor<?x5x2xi32>) {
  ^bb0(%a: i8, %b: i8, %acc: i32):
    %0 = arith.extui %a : i8 to i32
    %1 = arith.extsi %b : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %acc, %2 : i32
    linalg.yield %3 : i32
  } -> tensor<?x5x2xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(n, x, f) -> (n, x, f)>, affine_map<(n, x, f) -> (f)>, affine_map<(n, x, f) -> (n, x, f)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y, %s : tensor<?x5x2xi32>, tensor<2xf32>) outs(%f : tensor<?x5x2xf32>) {
  ^bb0(%a: i32, %b: f32, %o: f32):
    %0 = arith.sitofp %a : i32 to f32
    %1 = arith.mulf %0, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x5x2xf32>
  return %r : tensor<?x5x2xf32>
}

// What reads a column with its dimensions in another order reads the column.
// CHECK-LABEL: func.func @moved_column(
// CHECK: quanta.fused_conv_2d
// CHECK: tensor.expand_shape
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<5x3x1x3xi32>) outs(%{{.*}} : tensor<1x3x5x3xf32>)
func.func @moved_column(%x: tensor<5x5x1x3xi8>) -> tensor<1x3x5x3xf32> {
  %w = arith.constant dense<1> : tensor<3x1x3x3xi8>
  %z = arith.constant 0 : i32
  %e = tensor.empty() : tensor<5x3x1x3xi32>
  %i = linalg.fill ins(%z : i32) outs(%e : tensor<5x3x1x3xi32>) -> tensor<5x3x1x3xi32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<5x5x1x3xi8>, tensor<3x1x3x3xi8>) outs(%i : tensor<5x3x1x3xi32>) -> tensor<5x3x1x3xi32>
  %f = tensor.empty() : tensor<1x3x5x3xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (c, b, a, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0 : tensor<5x3x1x3xi32>) outs(%f : tensor<1x3x5x3xf32>) {
  ^bb0(%a: i32, %out: f32):
    %2 = arith.sitofp %a : i32 to f32
    linalg.yield %2 : f32
  } -> tensor<1x3x5x3xf32>
  return %1 : tensor<1x3x5x3xf32>
}

// What a convolution that leaves out pixels is added to has tiles of rows, as they
// are computed together: 28 pixels do not need the blocks that 784 do.
// CHECK-LABEL: func.func @long_rows
// VNNI: quanta.fused_conv_2d {{.*}} vectors = 3 : i64
// CHECK-LABEL: func.func @short_rows
// VNNI: quanta.fused_conv_2d
// VNNI-NOT: vectors
// VNNI: quanta.fused_conv_2d {{.*}} strides [2, 2]
// VNNI-NOT: vectors
// CHECK: return
func.func @long_rows(%x: tensor<1x28x28x4xi8>) -> tensor<1x28x28x512xi32> {
  %w = arith.constant dense<1> : tensor<1x1x4x512xi8>
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x28x28x512xi32>
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x28x28x512xi32>) -> tensor<1x28x28x512xi32>
  %0 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x28x28x4xi8>, tensor<1x1x4x512xi8>) outs(%init : tensor<1x28x28x512xi32>) -> tensor<1x28x28x512xi32>
  return %0 : tensor<1x28x28x512xi32>
}
func.func @short_rows(%x: tensor<1x28x28x4xi8>, %y: tensor<1x56x56x4xi8>, %f: tensor<1x28x28x512xf32>) -> tensor<1x28x28x512xf32> {
  %w = arith.constant dense<1> : tensor<1x1x4x512xi8>
  %v = arith.constant dense<2> : tensor<1x1x4x512xi8>
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<1x28x28x512xi32>
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<1x28x28x512xi32>) -> tensor<1x28x28x512xi32>
  %0 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<1x28x28x4xi8>, tensor<1x1x4x512xi8>) outs(%init : tensor<1x28x28x512xi32>) -> tensor<1x28x28x512xi32>
  %1 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>}
      ins(%y, %v : tensor<1x56x56x4xi8>, tensor<1x1x4x512xi8>) outs(%init : tensor<1x28x28x512xi32>) -> tensor<1x28x28x512xi32>
  %2 = linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0, %1 : tensor<1x28x28x512xi32>, tensor<1x28x28x512xi32>) outs(%f : tensor<1x28x28x512xf32>) {
  ^bb0(%a: i32, %b: i32, %o: f32):
    %3 = arith.sitofp %a : i32 to f32
    %4 = arith.sitofp %b : i32 to f32
    %5 = arith.addf %3, %4 : f32
    linalg.yield %5 : f32
  } -> tensor<1x28x28x512xf32>
  return %2 : tensor<1x28x28x512xf32>
}
