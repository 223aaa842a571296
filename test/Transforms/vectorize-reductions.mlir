// RUN: quant-opt %s --quanta-vectorize-reductions --canonicalize | FileCheck %s

#ij = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i, j) -> (i)>
#keep = affine_map<(i, j) -> (i, 0)>

// Whole vectors; then halves of halves; then what the output held.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %[[X:.*]]: memref<4x64xf32>, %[[O:.*]]: memref<4xf32>)
func.func @sum(%x: memref<4x64xf32>, %o: memref<4xf32>) {
  // CHECK: %[[NEUTRAL:.*]] = arith.constant dense<{{-?}}0.000000e+00> : vector<16xf32>
  // CHECK: scf.for %[[I:.*]] =
  // CHECK: %[[V:.*]] = scf.for %[[J:.*]] = {{.*}} iter_args(%[[ACC:.*]] = %[[NEUTRAL]])
  // CHECK: %[[A:.*]] = vector.load %[[X]][%[[I]], %[[J]]]
  // CHECK: arith.addf %[[ACC]], %[[A]] : vector<16xf32>
  // CHECK-NOT: vector.maskedload
  // CHECK: %[[BEFORE:.*]] = memref.load %[[O]][%[[I]]]
  // CHECK: %[[LOW:.*]] = vector.shuffle %[[V]], %[[V]] [0, 1, 2, 3, 4, 5, 6, 7]
  // CHECK: %[[HIGH:.*]] = vector.shuffle %[[V]], %[[V]] [8, 9, 10, 11, 12, 13, 14, 15]
  // CHECK: arith.addf %[[LOW]], %[[HIGH]] : vector<8xf32>
  // CHECK: arith.addf %{{.*}} : vector<4xf32>
  // CHECK: arith.addf %{{.*}} : vector<2xf32>
  // CHECK: arith.addf %{{.*}} : vector<1xf32>
  // CHECK: arith.addf %[[BEFORE]], %{{.*}} : f32
  // CHECK: memref.store
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x64xf32>) outs(%o : memref<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  }
  return
}

// The rest of a row is masked; values are computed on the way.
// CHECK-LABEL: func.func @squares(
func.func @squares(%x: memref<?x?xf32>, %mean: memref<?x1xf32>, %o: memref<?x1xf32>) {
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: arith.subf %{{.*}} : vector<16xf32>
  // CHECK: arith.mulf %{{.*}} : vector<16xf32>
  // CHECK: arith.addf %{{.*}} : vector<16xf32>
  // CHECK: scf.if
  // CHECK: vector.create_mask
  // CHECK: vector.maskedload
  // CHECK: arith.select
  linalg.generic {indexing_maps = [#ij, #keep, #keep], iterator_types = ["parallel", "reduction"]}
      ins(%x, %mean : memref<?x?xf32>, memref<?x1xf32>) outs(%o : memref<?x1xf32>) {
  ^bb0(%a: f32, %m: f32, %acc: f32):
    %d = arith.subf %a, %m : f32
    %q = arith.mulf %d, %d : f32
    %s = arith.addf %q, %acc : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func @named(
func.func @named(%x: memref<4x32xf32>, %o: memref<4xf32>) {
  // CHECK-NOT: linalg
  // CHECK: arith.maximumf %{{.*}} : vector<16xf32>
  linalg.reduce { arith.maximumf } ins(%x : memref<4x32xf32>) outs(%o : memref<4xf32>) dimensions = [1]
  return
}

// Left alone: no neutral element, a value that depends on the sum, columns,
// gaps between elements.
// CHECK-LABEL: func.func @others(
func.func @others(%x: memref<4x32xf32>, %g: memref<4x32xf32, strided<[64, 2]>>, %o: memref<4xf32>, %c: memref<32xf32>) {
  // CHECK-COUNT-4: linalg.generic
  // CHECK-NOT: vector
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x32xf32>) outs(%o : memref<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.subf %acc, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x32xf32>) outs(%o : memref<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %p = arith.mulf %acc, %a : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#ij, affine_map<(i, j) -> (j)>], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<4x32xf32>) outs(%c : memref<32xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%g : memref<4x32xf32, strided<[64, 2]>>) outs(%o : memref<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  }
  return
}

// Of integers, in any order.
// CHECK-LABEL: func.func @integers(
// CHECK: scf.for
// CHECK-NOT: vector.shuffle
// CHECK: vector.reduction <add>, %{{.*}} : vector<16xi32> into i32
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @integers(%x: memref<4x64xi8>, %o: memref<4xi32>) {
  linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x64xi8>) outs(%o : memref<4xi32>) {
  ^bb0(%in: i8, %out: i32):
    %0 = arith.extui %in : i8 to i32
    %1 = arith.addi %out, %0 : i32
    linalg.yield %1 : i32
  }
  return
}
