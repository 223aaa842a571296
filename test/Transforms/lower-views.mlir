// RUN: split-file %s %t
// RUN: quant-opt %t/views.mlir --quanta-lower-views | FileCheck %t/views.mlir
// RUN: %python -c "import numpy; numpy.save(r'%t/x.npy', numpy.arange(24, dtype='f4').reshape(2, 3, 4))"
// RUN: quant-run %t/model.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t/x.npy'); assert (numpy.load(r'%t/y.npy') == x + 1).all()"

//--- views.mlir
// CHECK-LABEL: func.func @batch(
// CHECK-SAME: %[[X:.*]]: memref<?x8xf32>, %[[B:.*]]: index, %[[T:.*]]: index
// CHECK: %[[BASE:[a-z_0-9]*]], %{{.*}} = memref.extract_strided_metadata %[[X]]
// CHECK: %[[S:.*]] = arith.muli %[[T]], %c8 : index
// CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[B]], %[[T]], 8], strides: [%[[S]], 8, 1]
func.func @batch(%x: memref<?x8xf32>, %b: index, %t: index) -> memref<?x?x8xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %t, 8] : memref<?x8xf32> into memref<?x?x8xf32>
  return %0 : memref<?x?x8xf32>
}
// CHECK-LABEL: func.func @one(
// CHECK-NOT: memref.expand_shape
// CHECK: arith.divsi %{{.*}}, %c2
// CHECK: %[[N:.*]] = arith.select
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[N]], 2, 8], strides: [16, 8, 1]
func.func @one(%x: memref<?x8xf32>, %b: index) -> memref<?x2x8xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, 2, 8] : memref<?x8xf32> into memref<?x2x8xf32>
  return %0 : memref<?x2x8xf32>
}
// CHECK-LABEL: func.func @slice(
// CHECK-SAME: %{{.*}}: memref<4x8xf32>, %[[I:.*]]: index
// CHECK: %[[ROW:.*]] = arith.muli %[[I]], %c16
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [%[[ROW]]], sizes: [2, 4], strides: [8, 1]
func.func @slice(%x: memref<4x8xf32>, %i: index) -> memref<2x4xf32, strided<[8, 1], offset: ?>> {
  %row = affine.apply affine_map<(d0) -> (d0 * 2)>(%i)
  %0 = memref.subview %x[%row, 0] [2, 4] [1, 1] : memref<4x8xf32> to memref<2x4xf32, strided<[8, 1], offset: ?>>
  return %0 : memref<2x4xf32, strided<[8, 1], offset: ?>>
}

//--- model.mlir
func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %b = tensor.dim %x, %c0 : tensor<?x?x4xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x4xf32>
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %n = tensor.dim %flat, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%flat : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %one : f32
    linalg.yield %r : f32
  } -> tensor<?x4xf32>
  %0 = tensor.expand_shape %sum [[0, 1], [2]] output_shape [%b, %t, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}
