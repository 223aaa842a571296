// RUN: quant-opt %s --quanta-lower-loops | FileCheck %s

// CHECK-LABEL: func.func @fill(
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %c4
// CHECK-NEXT: scf.for %[[J:.*]] = %{{.*}} to %c8
// CHECK: memref.load
// CHECK-NEXT: %[[ROW:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK-NEXT: %[[COLUMN:.*]] = affine.apply #{{.*}}(%[[J]])
// CHECK-NEXT: memref.store %arg1, %arg0[%[[ROW]], %[[COLUMN]]]
func.func @fill(%x: memref<4x8xf32>, %c: f32) {
  linalg.fill ins(%c : f32) outs(%x : memref<4x8xf32>)
  return
}

// A window: the index is arithmetic on those of two loops.
// CHECK-LABEL: func.func @window(
// CHECK-COUNT-2: scf.for
// CHECK-NEXT: %[[AT:.*]] = affine.apply #{{.*}}(%{{.*}}, %{{.*}})
// CHECK-NEXT: memref.load %arg0[%[[AT]]]
// CHECK: arith.addf
// CHECK-NOT: linalg
func.func @window(%x: memref<9xf32>, %w: memref<3xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i * 2 + j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]} ins(%x, %w : memref<9xf32>, memref<3xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %c: f32, %b: f32):
    %sum = arith.addf %a, %b : f32
    linalg.yield %sum : f32
  }
  return
}

// Nothing else changes.
// CHECK-LABEL: func.func @others(
// CHECK-NEXT: memref.dim
// CHECK-NEXT: arith.addi
// CHECK-NEXT: return
func.func @others(%x: memref<4xf32>, %c0: index) -> index {
  %d = memref.dim %x, %c0 : memref<4xf32>
  %0 = arith.addi %d, %c0 : index
  return %0 : index
}
