// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-vectorize-elementwise=lanes=8 --canonicalize | FileCheck %t/model.mlir
// RUN: not quant-opt %t/model.mlir --quanta-vectorize-elementwise=lanes=0 2>&1 | FileCheck %t/model.mlir --check-prefix=LANES
// RUN: not quant-opt %t/model.mlir --quanta-vectorize-elementwise=lanes=128 2>&1 | FileCheck %t/model.mlir --check-prefix=LANES

//--- model.mlir
// LANES: error: quanta-vectorize-elementwise needs lanes between 2 and 64, got {{0|128}}
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#column = affine_map<(d0, d1) -> (d0)>

// A loop over vectors and one for the rest.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x20xf32>, %[[B:[a-z0-9_]+]]: memref<20xf32>, %[[C:[a-z0-9_]+]]: memref<?xf32>, %[[O:[a-z0-9_]+]]: memref<?x20xf32>)
func.func @rows(%x: memref<?x20xf32>, %b: memref<20xf32>, %c: memref<?xf32>, %o: memref<?x20xf32>) {
  // CHECK-NOT: linalg.generic
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK-DAG: vector.load %[[X]]{{.*}} vector<8xf32>
  // CHECK-DAG: vector.load %[[B]]{{.*}} vector<8xf32>
  // CHECK-DAG: memref.load %[[C]]
  // CHECK: arith.addf %{{.*}} : vector<8xf32>
  // CHECK: vector.store %{{.*}}, %[[O]]
  // CHECK: scf.for
  // CHECK: memref.load %[[X]]
  // CHECK: memref.store %{{.*}}, %[[O]]
  linalg.generic {indexing_maps = [#id, #row, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b, %c : memref<?x20xf32>, memref<20xf32>, memref<?xf32>) outs(%o : memref<?x20xf32>) {
  ^bb0(%a: f32, %e: f32, %f: f32, %out: f32):
    %s = arith.addf %a, %e : f32
    %t = arith.mulf %s, %f : f32
    linalg.yield %t : f32
  }
  return
}

// Buffers without gaps become one long row.
// CHECK-LABEL: func.func @collapsed(
func.func @collapsed(%x: memref<?x3x5xf32>, %o: memref<?x3x5xi8>) {
  // CHECK: memref.collapse_shape %{{.*}} {{\[}}[0, 1, 2]] : memref<?x3x5xf32> into memref<?xf32>
  // CHECK: scf.for
  // CHECK-NOT: scf.for
  // CHECK: arith.fptosi %{{.*}} : vector<8xf32> to vector<8xi32>
  // CHECK: scf.for
  linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<?x3x5xf32>) outs(%o : memref<?x3x5xi8>) {
  ^bb0(%a: f32, %out: i8):
    %i = arith.fptosi %a : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  }
  return
}

// What an output held before can be read.
// CHECK-LABEL: func.func @in_place(
func.func @in_place(%x: memref<20xf32>, %o: memref<20xf32>) {
  // CHECK: vector.load
  // CHECK: vector.load
  // CHECK: arith.addf %{{.*}} : vector<8xf32>
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%x : memref<20xf32>) outs(%o : memref<20xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %out : f32
    linalg.yield %s : f32
  }
  return
}

// Left alone: indices, reductions, scalars, elements smaller than a byte. Where
// rows with gaps or read across are shorter than a vector, scalar loops do.
// CHECK-LABEL: func.func @others
func.func @others(%g: memref<4x4xf32, strided<[8, 2]>>, %x: memref<4x4xf32>, %o: memref<4x4xf32>, %v: memref<4xf32>,
                  %s: memref<f32>, %n: memref<4x4xi4>) {
  // CHECK-COUNT-2: memref.store
  // CHECK-COUNT-4: linalg.generic
  // CHECK-NOT: vector
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g : memref<4x4xf32, strided<[8, 2]>>) outs(%o : memref<4x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = arith.negf %a : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4x4xf32>) outs(%o : memref<4x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = arith.negf %a : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4x4xf32>) outs(%o : memref<4x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i32
    %k = arith.sitofp %j : i32 to f32
    %t = arith.addf %a, %k : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id, #column], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x4xf32>) outs(%v : memref<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %t = arith.addf %a, %out : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [affine_map<() -> ()>], iterator_types = []} outs(%s : memref<f32>) {
  ^bb0(%out: f32):
    %t = arith.negf %out : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%n : memref<4x4xi4>) outs(%o : memref<4x4xf32>) {
  ^bb0(%a: i4, %out: f32):
    %t = arith.sitofp %a : i4 to f32
    linalg.yield %t : f32
  }
  return
}
