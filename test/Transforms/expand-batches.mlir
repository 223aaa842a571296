// RUN: split-file %s %t
// RUN: quant-opt %t/buffers.mlir --quanta-expand-batches --canonicalize | FileCheck %t/buffers.mlir
// RUN: not quant-opt %t/tensor.mlir --quanta-expand-batches 2>&1 | FileCheck %t/tensor.mlir

//--- buffers.mlir
// Each batch has a right factor of its own.
// CHECK-LABEL: func.func @batches(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<2x3x4xi8>, %[[W:[a-z0-9_]+]]: memref<2x64xi8>, %[[B:[a-z0-9_]+]]: memref<2x16xi32>, %[[E:[a-z0-9_]+]]: memref<2x3xi32>, %[[O:[a-z0-9_]+]]: memref<2x3x8xi32>)
// CHECK: scf.for %[[I:.*]] = %c0 to %c2 step %c1
// CHECK-DAG: %[[INIT:.*]] = memref.subview %[[B]][%[[I]], 0] [1, 16] [1, 1]
// CHECK-DAG: %[[EXTRA:.*]] = memref.subview %[[E]][%[[I]], 0] [1, 3] [1, 1]
// CHECK-DAG: %[[LHS:.*]] = memref.subview %[[X]][%[[I]], 0, 0] [1, 3, 4] [1, 1, 1]
// CHECK-DAG: %[[RHS:.*]] = memref.subview %[[W]][%[[I]], 0] [1, 64] [1, 1]
// CHECK-DAG: %[[OUT:.*]] = memref.subview %[[O]][%[[I]], 0, 0] [1, 3, 8] [1, 1, 1]
// CHECK: quanta.fused_matmul #quanta.avx512_vnni lhs(%[[LHS]] : memref<3x4xi8, {{.*}}>) rhs(%[[RHS]] :
// CHECK-SAME: init(%[[INIT]] : {{.*}} extras(%[[EXTRA]] : {{.*}} maps [#[[ROWS:.*]]] outs(%[[OUT]] :
// CHECK-NOT: batch
// CHECK: return
func.func @batches(%x: memref<2x3x4xi8>, %w: memref<2x64xi8>, %b: memref<2x16xi32>, %e: memref<2x3xi32>, %o: memref<2x3x8xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x64xi8>)
      init(%b : memref<2x16xi32>) extras(%e : memref<2x3xi32>) maps [affine_map<(b, m, n) -> (b, m)>]
      outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>} {
  ^bb0(%acc: i32, %row: i32):
    %0 = arith.addi %acc, %row : i32
    quanta.yield %0 : i32
  }
  return
}

// Rows of two dimensions behind each other are rows of one.
// CHECK-LABEL: func.func @collapsed(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x3x4xi8>
// CHECK-NOT: scf.for
// CHECK: %[[LHS:.*]] = memref.collapse_shape %[[X]] {{\[}}[0, 1], [2]] : memref<?x3x4xi8> into memref<?x4xi8>
// CHECK: quanta.fused_matmul {{.*}} lhs(%[[LHS]] :
// CHECK: return
func.func @collapsed(%x: memref<?x3x4xi8>, %w: memref<64xi8>, %b: memref<16xi32>, %s: memref<8xf32>, %o: memref<?x3x8xf32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<?x3x4xi8>) rhs(%w : memref<64xi8>)
      init(%b : memref<16xi32>) extras(%s : memref<8xf32>) maps [affine_map<(b, m, n) -> (n)>]
      outs(%o : memref<?x3x8xf32>) {
  ^bb0(%acc: i32, %scale: f32):
    %0 = arith.sitofp %acc : i32 to f32
    %1 = arith.mulf %0, %scale : f32
    quanta.yield %1 : f32
  }
  return
}

// The heads of attention, where they lie: rows of lhs in another order.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<5x2x4xi8>
// CHECK: scf.for %[[I:.*]] = %c0 to %c2 step %c1
// CHECK: memref.subview %[[X]][0, %[[I]], 0] [5, 1, 4] [1, 1, 1] : memref<5x2x4xi8> to memref<5x4xi8, strided<[8, 1], offset: ?>>
// CHECK: return
func.func @heads(%x: memref<5x2x4xi8>, %w: memref<2x64xi8>, %b: memref<16xi32>, %o: memref<2x5x8xi32>) {
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<5x2x4xi8>) rhs(%w : memref<2x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x5x8xi32>)
      attributes {batch = array<i64: 0>, lhs_map = affine_map<(b, m, k) -> (m, b, k)>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// CHECK-LABEL: func.func @pack(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: memref<?x8x4xi8>
// CHECK: scf.for %[[I:.*]] = %c0 to %{{.*}} step %c1
// CHECK: %[[SOURCE:.*]] = memref.subview %[[W]][%[[I]], 0, 0] [1, 8, 4] [1, 1, 1]
// CHECK: quanta.pack #quanta.avx512_vnni source(%[[SOURCE]] : {{.*}}) map #{{.*}} outs({{.*}}) attributes {flip, lhs_zero_point = 7 : i32}
func.func @pack(%w: memref<?x8x4xi8>, %p: memref<?x64xi8>, %i: memref<?x16xi32>) {
  quanta.pack #quanta.avx512_vnni source(%w : memref<?x8x4xi8>) map affine_map<(b, k, n) -> (b, n, k)>
      outs(%p, %i : memref<?x64xi8>, memref<?x16xi32>) attributes {flip, lhs_zero_point = 7 : i32}
  return
}

//--- tensor.mlir
// CHECK: tensor.mlir:[[@LINE+1]]:{{.*}} error: 'func.func' op works on tensors, but quanta-expand-batches takes the kernel stage: bufferize it first
func.func @main(%w: tensor<8x4xi8>, %p: tensor<64xi8>, %i: tensor<16xi32>) -> tensor<64xi8> {
  %0:2 = quanta.pack #quanta.avx512_vnni source(%w : tensor<8x4xi8>) map affine_map<(k, n) -> (n, k)>
      outs(%p, %i : tensor<64xi8>, tensor<16xi32>) -> tensor<64xi8>, tensor<16xi32>
  return %0#0 : tensor<64xi8>
}
