// RUN: quant-opt %s --quanta-to-kernel="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: quant-opt %s --quanta-to-kernel="triple=x86_64-linux-gnu cpu=haswell" | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: quant-opt %s --quanta-to-kernel="triple=aarch64-linux-gnu cpu=cortex-a76" | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: quant-opt %s --quanta-to-kernel="triple=x86_64-linux-gnu cpu=x86-64" | FileCheck %s --check-prefixes=CHECK,PORTABLE

#id = affine_map<(n, c, y, x) -> (n, c, y, x)>

// Two convolutions of a network with channels first, the second one on padded
// bytes: both become dot products with their tails in the tile, and the
// accumulators have no buffer.
// CHECK-LABEL: func.func @main
// CHECK-NOT: memref.alloc{{.*}}xi32>
// VNNI-COUNT-2: llvm.x86.avx512.vpdpbusd.512
// AVX2-COUNT-2: llvm.x86.avx2.pmadd.wd
// NEON-COUNT-2: llvm.aarch64.neon.sdot
// PORTABLE: arith.muli {{.*}} vector<4xi32>
// CHECK-NOT: linalg.conv
// CHECK: return
func.func @main(%x: tensor<1x3x8x8xi8>) -> tensor<1x5x6x6xi8> {
  %w1 = arith.constant dense<2> : tensor<4x3x3x3xi8>
  %w2 = arith.constant dense<3> : tensor<5x4x3x3xi8>
  %zero = arith.constant 0 : i32
  %pad = arith.constant 7 : i8
  %e1 = tensor.empty() : tensor<1x4x6x6xi32>
  %i1 = linalg.fill ins(%zero : i32) outs(%e1 : tensor<1x4x6x6xi32>) -> tensor<1x4x6x6xi32>
  %s1 = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>)
      outs(%i1 : tensor<1x4x6x6xi32>) -> tensor<1x4x6x6xi32>
  %e2 = tensor.empty() : tensor<1x4x6x6xi8>
  %q1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s1 : tensor<1x4x6x6xi32>) outs(%e2 : tensor<1x4x6x6xi8>) {
  ^bb0(%a: i32, %o: i8):
    %1 = arith.maxsi %a, %zero : i32
    %2 = arith.trunci %1 : i32 to i8
    linalg.yield %2 : i8
  } -> tensor<1x4x6x6xi8>
  %p = tensor.pad %q1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %pad : i8
  } : tensor<1x4x6x6xi8> to tensor<1x4x8x8xi8>
  %e3 = tensor.empty() : tensor<1x5x6x6xi32>
  %i2 = linalg.fill ins(%zero : i32) outs(%e3 : tensor<1x5x6x6xi32>) -> tensor<1x5x6x6xi32>
  %s2 = linalg.conv_2d_nchw_fchw ins(%p, %w2 : tensor<1x4x8x8xi8>, tensor<5x4x3x3xi8>)
      outs(%i2 : tensor<1x5x6x6xi32>) -> tensor<1x5x6x6xi32>
  %e4 = tensor.empty() : tensor<1x5x6x6xi8>
  %q2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s2 : tensor<1x5x6x6xi32>) outs(%e4 : tensor<1x5x6x6xi8>) {
  ^bb0(%a: i32, %o: i8):
    %1 = arith.maxsi %a, %zero : i32
    %2 = arith.trunci %1 : i32 to i8
    linalg.yield %2 : i8
  } -> tensor<1x5x6x6xi8>
  return %q2 : tensor<1x5x6x6xi8>
}
