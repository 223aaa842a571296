// RUN: quant-opt %s --quanta-narrow-tensors | FileCheck %s

#row = affine_map<(m, n) -> (m, n)>
#one = affine_map<(m, n) -> (m)>

// A reduction and an elementwise operation read what is rounded: all extend it.
// CHECK-LABEL: func.func @readers
// CHECK: %[[R:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x8xbf16>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %{{.*}}: bf16):
// CHECK-NEXT: %[[H:.*]] = arith.truncf %[[A]] : f32 to bf16
// CHECK: linalg.yield %[[H]] : bf16
// CHECK: linalg.generic {{.*}} ins(%[[R]] : tensor<?x8xbf16>) outs(%{{.*}} : tensor<?xf32>)
// CHECK-NEXT: ^bb0(%[[B:.*]]: bf16, %[[O:.*]]: f32):
// CHECK-NEXT: %[[F:.*]] = arith.extf %[[B]] : bf16 to f32
// CHECK-NEXT: arith.addf %[[F]], %[[O]] : f32
// CHECK: linalg.generic {{.*}} ins(%[[R]], %{{.*}} : tensor<?x8xbf16>, tensor<?xf32>)
func.func @readers(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>, %v: tensor<?xf32>) -> tensor<?x8xf32> {
  %r = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %h = arith.truncf %a : f32 to bf16
    %f = arith.extf %h : bf16 to f32
    linalg.yield %f : f32
  } -> tensor<?x8xf32>
  %s = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%r : tensor<?x8xf32>) outs(%v : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.addf %a, %o : f32
    linalg.yield %t : f32
  } -> tensor<?xf32>
  %d = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%r, %s : tensor<?x8xf32>, tensor<?xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.divf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// An epilogue rounds, and one reads it; the left factor of a product does not.
// CHECK-LABEL: func.func @epilogues
// CHECK: %[[R:.*]] = quanta.fused_matmul {{.*}} outs(%{{.*}} : tensor<4x16xf16>)
// CHECK: quanta.yield %{{.*}} : f16
// CHECK: quanta.fused_matmul {{.*}} extras(%[[R]] : tensor<4x16xf16>) maps {{.*}} outs(%{{.*}} : tensor<4x16xf32>)
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %[[B:.*]]: f16):
// CHECK-NEXT: %[[F:.*]] = arith.extf %[[B]] : f16 to f32
// CHECK-NEXT: %[[T:.*]] = arith.addf %[[S]], %[[F]] : f32
func.func @epilogues(%x: tensor<4x3xf32>, %w: tensor<48xf16>, %i: tensor<16xf32>, %e: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %r = quanta.fused_matmul #quanta.half_fma<lanes = 16, vectors = 1, rows = 6, type = f16> lhs(%x : tensor<4x3xf32>) rhs(%w : tensor<48xf16>) init(%i : tensor<16xf32>) maps [] outs(%e : tensor<4x16xf32>) {
  ^bb0(%acc: f32):
    %h = arith.truncf %acc : f32 to f16
    %f = arith.extf %h : f16 to f32
    quanta.yield %f : f32
  } -> tensor<4x16xf32>
  %s = quanta.fused_matmul #quanta.half_fma<lanes = 16, vectors = 1, rows = 6, type = f16> lhs(%x : tensor<4x3xf32>) rhs(%w : tensor<48xf16>) init(%i : tensor<16xf32>) extras(%r : tensor<4x16xf32>) maps [#row] outs(%e : tensor<4x16xf32>) {
  ^bb0(%acc: f32, %b: f32):
    %t = arith.addf %acc, %b : f32
    %h = arith.truncf %t : f32 to f16
    %f = arith.extf %h : f16 to f32
    quanta.yield %f : f32
  } -> tensor<4x16xf32>
  return %s : tensor<4x16xf32>
}
