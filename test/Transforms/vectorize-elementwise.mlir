// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-vectorize-elementwise=lanes=8 --canonicalize | FileCheck %t/model.mlir
// RUN: %python %S/../Inputs/npy.py %t/i.npy "numpy.random.default_rng(0).standard_normal((2, 3, 4, 37)).astype('f4')" %t/s.npy "numpy.array([2, 3, 5], 'f4')" %t/m.npy "numpy.random.default_rng(1).standard_normal((4, 37)).astype('f4')"
// RUN: quant-run %t/images.mlir --input=%t/i.npy --input=%t/s.npy --input=%t/m.npy --output=%t/y.npy --output=%t/z.npy
// RUN: %python -c "import numpy; l = lambda n: numpy.load(r'%t/' + n + '.npy'); y = (l('i').transpose(0, 2, 3, 1) * l('s') + l('m')[:, :, None]); numpy.testing.assert_array_equal(l('y'), y); numpy.testing.assert_array_equal(l('z'), l('i')[:, [0, 1]].transpose(0, 2, 3, 1).astype('i1'))"
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

// Images with their few channels apart become images with them side by side: vectors of
// pixels, interleaved.
// CHECK-LABEL: func.func @interleaved(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<1x3x16x16xf32>, %[[O:[a-z0-9_]+]]: memref<1x16x16x3xi8, strided<[1200, 60, 3, 1], offset: 63>>)
func.func @interleaved(%x: memref<1x3x16x16xf32>, %o: memref<1x16x16x3xi8, strided<[1200, 60, 3, 1], offset: 63>>) {
  // CHECK: scf.for %[[H:.*]] = %c0 to %c16 step %c1
  // CHECK: scf.for %[[W:.*]] = %c0 to %c16 step %c8
  // CHECK: vector.load %[[X]][{{.*}}, %c0, %[[H]], %[[W]]] {{.*}} vector<8xf32>
  // CHECK: vector.load %[[X]][{{.*}}, %c1, %[[H]], %[[W]]] {{.*}} vector<8xf32>
  // CHECK: vector.load %[[X]][{{.*}}, %c2, %[[H]], %[[W]]] {{.*}} vector<8xf32>
  // CHECK: vector.shuffle {{.*}} [0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5, 13, 21, 6, 14, 22, 7, 15, 23]
  // CHECK: vector.store %{{.*}}, %{{.*}} : memref<1x16x48xi8, strided<[1200, 60, 1], offset: 63>>, vector<24xi8>
  linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, c, h, w)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : memref<1x3x16x16xf32>) outs(%o : memref<1x16x16x3xi8, strided<[1200, 60, 3, 1], offset: 63>>) {
  ^bb0(%a: f32, %out: i8):
    %i = arith.fptosi %a : f32 to i8
    linalg.yield %i : i8
  }
  return
}

// Not where pixels have other bytes between them.
// CHECK-LABEL: func.func @apart(
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @apart(%x: memref<1x3x16x16xf32>, %o: memref<1x16x16x3xf32, strided<[1024, 64, 4, 1]>>) {
  linalg.generic {indexing_maps = [affine_map<(n, h, w, c) -> (n, c, h, w)>, affine_map<(n, h, w, c) -> (n, h, w, c)>],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : memref<1x3x16x16xf32>) outs(%o : memref<1x16x16x3xf32, strided<[1024, 64, 4, 1]>>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  }
  return
}

//--- images.mlir
#same = affine_map<(n, h, w, c) -> (n, h, w, c)>
#apart = affine_map<(n, h, w, c) -> (n, c, h, w)>
func.func @main(%x: tensor<2x3x4x37xf32>, %s: tensor<3xf32>, %m: tensor<4x37xf32>)
    -> (tensor<2x4x37x3xf32>, tensor<2x4x37x2xi8>) {
  %e = tensor.empty() : tensor<2x4x37x3xf32>
  %y = linalg.generic {indexing_maps = [#apart, affine_map<(n, h, w, c) -> (c)>, affine_map<(n, h, w, c) -> (h, w)>, #same],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %s, %m : tensor<2x3x4x37xf32>, tensor<3xf32>, tensor<4x37xf32>) outs(%e : tensor<2x4x37x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %0, %c : f32
    linalg.yield %1 : f32
  } -> tensor<2x4x37x3xf32>
  %two = tensor.extract_slice %x[0, 0, 0, 0] [2, 2, 4, 37] [1, 1, 1, 1] : tensor<2x3x4x37xf32> to tensor<2x2x4x37xf32>
  %e8 = tensor.empty() : tensor<2x4x37x2xi8>
  %z = linalg.generic {indexing_maps = [#apart, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%two : tensor<2x2x4x37xf32>) outs(%e8 : tensor<2x4x37x2xi8>) {
  ^bb0(%a: f32, %out: i8):
    %i = arith.fptosi %a : f32 to i8
    linalg.yield %i : i8
  } -> tensor<2x4x37x2xi8>
  return %y, %z : tensor<2x4x37x3xf32>, tensor<2x4x37x2xi8>
}
