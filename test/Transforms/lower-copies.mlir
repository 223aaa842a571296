// RUN: split-file %s %t
// RUN: quant-opt %t/copies.mlir --quanta-lower-copies | FileCheck %t/copies.mlir
// A padded tensor needs such a copy, and nothing to link with.
// RUN: %python -c "import numpy; numpy.save(r'%t/x.npy', numpy.arange(6, dtype='f4').reshape(2, 3))"
// RUN: quant-run %t/pad.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: %python -c "import numpy; print(numpy.load(r'%t/y.npy').astype(int).tolist())" | FileCheck %t/pad.mlir

//--- copies.mlir
// CHECK-LABEL: func.func @strided(
// CHECK-SAME: %[[A:.*]]: memref<2x3xf32>, %[[B:.*]]: memref<2x3xf32, strided<[8, 1], offset: 9>>
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[A]] : memref<2x3xf32>) outs(%[[B]] : memref<2x3xf32, strided<[8, 1], offset: 9>>)
// CHECK: linalg.yield %in : f32
func.func @strided(%a: memref<2x3xf32>, %b: memref<2x3xf32, strided<[8, 1], offset: 9>>) {
  memref.copy %a, %b : memref<2x3xf32> to memref<2x3xf32, strided<[8, 1], offset: 9>>
  return
}
// CHECK-LABEL: func.func @contiguous(
// CHECK: memref.copy
// CHECK: memref.copy
func.func @contiguous(%a: memref<?x3xf32>, %b: memref<?x3xf32>, %c: memref<2x3xf32, strided<[3, 1], offset: ?>>, %d: memref<2x3xf32>) {
  memref.copy %a, %b : memref<?x3xf32> to memref<?x3xf32>
  memref.copy %c, %d : memref<2x3xf32, strided<[3, 1], offset: ?>> to memref<2x3xf32>
  return
}

//--- pad.mlir
// CHECK: {{\[\[}}9, 9, 9, 9, 9], [9, 0, 1, 2, 9], [9, 3, 4, 5, 9]]
func.func @main(%x: tensor<2x3xf32>) -> tensor<3x5xf32> {
  %c = arith.constant 9.0 : f32
  %0 = tensor.pad %x low[1, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %c : f32
  } : tensor<2x3xf32> to tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}
