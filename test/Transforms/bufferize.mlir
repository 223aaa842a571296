// RUN: quant-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// On buffers, the fused product writes to its output and reads all the rest.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x8xi8>, %[[W:[a-z0-9_]+]]: memref<128xi8>, %[[B:[a-z0-9_]+]]: memref<16xi32>,
// CHECK-SAME: %[[S:[a-z0-9_]+]]: memref<3xi32>, %[[K:[a-z0-9_]+]]: i32, %[[N:[a-z0-9_]+]]: index) -> memref<?x3xi32>
func.func @main(%x: tensor<?x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %s: tensor<3xi32>, %k: i32, %n: index)
    -> tensor<?x3xi32> {
  // CHECK: %[[O:.*]] = memref.alloc(%[[N]]) {{.*}}: memref<?x3xi32>
  // CHECK-NOT: memref.copy
  // CHECK: quanta.fused_matmul #quanta.avx512_vnni lhs(%[[X]] : memref<?x8xi8>) rhs(%[[W]] : memref<128xi8>) init(%[[B]] : memref<16xi32>)
  // CHECK-SAME: extras(%[[S]], %[[K]] : memref<3xi32>, i32)
  // CHECK-SAME: outs(%[[O]] : memref<?x3xi32>)
  // CHECK: quanta.yield
  // CHECK-NEXT: }
  // CHECK: return %[[O]]
  %o = tensor.empty(%n) : tensor<?x3xi32>
  %0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<?x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) extras(%s, %k : tensor<3xi32>, i32)
      maps [affine_map<(m, n) -> (n)>, affine_map<(m, n) -> ()>] outs(%o : tensor<?x3xi32>) {
  ^bb0(%a: i32, %e: i32, %f: i32):
    %c = arith.addi %a, %e : i32
    %d = arith.addi %c, %f : i32
    quanta.yield %d : i32
  } -> tensor<?x3xi32>
  return %0 : tensor<?x3xi32>
}

// What the output held before is not copied, but what others read later is not
// overwritten either.
// CHECK-LABEL: func.func @shared_output(
// CHECK-SAME: %{{.*}}: memref<4x8xi8>, %{{.*}}: memref<128xi8>, %{{.*}}: memref<16xi32>, %[[O:[a-z0-9_]+]]: memref<4x3xi32>)
func.func @shared_output(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>,
                         %o: tensor<4x3xi32> {bufferization.writable = false}) -> tensor<4x3xi32> {
  // CHECK: %[[NEW:.*]] = memref.alloc()
  // CHECK-NOT: memref.copy
  // CHECK: quanta.fused_matmul {{.*}} outs(%[[NEW]] : memref<4x3xi32>)
  %0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  return %0 : tensor<4x3xi32>
}
