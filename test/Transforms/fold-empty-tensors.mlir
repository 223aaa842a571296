// RUN: quant-opt %s --quanta-fold-empty-tensors | FileCheck %s
// RUN: quant-opt %s --quanta-to-llvm -o /dev/null
// RUN: %python %S/../Inputs/npy.py %t.none.npy "numpy.zeros((0, 4), 'f4')" %t.x.npy "numpy.arange(12, dtype='f4').reshape(3, 4)"
// RUN: quant-run %s --entry=concat --input=%t.x.npy --input=%t.none.npy --output=%t.y.npy
// RUN: cmp %t.x.npy %t.y.npy
// RUN: quant-run %s --entry=fill --input=%t.none.npy --output=%t.y.npy
// RUN: %python -c "import numpy; y = numpy.load(r'%t.y.npy'); assert y.shape == (2, 4) and (y == 1.5).all()"
// RUN: quant-run %s --entry=fill_inside --input=%t.none.npy --output=%t.y.npy
// RUN: %python -c "import numpy; y = numpy.load(r'%t.y.npy'); assert y.shape == (2, 4) and (y == 1.5).all()"
// RUN: quant-run %s --entry=pad --input=%t.none.npy --output=%t.y.npy
// RUN: %python -c "import numpy; assert numpy.load(r'%t.y.npy').shape == (0, 6)"

// CHECK-LABEL: func.func @pad(
// CHECK: %[[E:.*]] = tensor.empty() : tensor<0x6xf32>
// CHECK: return %[[E]]
func.func @pad(%x: tensor<0x4xf32>) -> tensor<0x6xf32> {
  %z = arith.constant 0.0 : f32
  %0 = tensor.pad %x low[0, 1] high[0, 1] {
  ^bb0(%a: index, %b: index):
    tensor.yield %z : f32
  } : tensor<0x4xf32> to tensor<0x6xf32>
  return %0 : tensor<0x6xf32>
}

// CHECK-LABEL: func.func @fill(
// CHECK: %[[E:.*]] = tensor.empty() : tensor<2x4xf32>
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[E]] : tensor<2x4xf32>)
// CHECK-NOT: tensor.pad
func.func @fill(%x: tensor<0x4xf32>) -> tensor<2x4xf32> {
  %z = arith.constant 1.5 : f32
  %0 = tensor.pad %x low[1, 0] high[1, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %z : f32
  } : tensor<0x4xf32> to tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @concat(
// CHECK-SAME: %[[X:.*]]: tensor<3x4xf32>, %{{.*}}: tensor<0x4xf32>
// CHECK-NEXT: return %[[X]]
func.func @concat(%x: tensor<3x4xf32>, %y: tensor<0x4xf32>) -> tensor<3x4xf32> {
  %0 = tensor.concat dim(0) %x, %y : (tensor<3x4xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @several(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %{{.*}}: tensor<0x4xf32>
// CHECK: %[[ALL:.*]] = tensor.concat dim(0) %[[X]], %[[X]] : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: return %[[ALL]]
func.func @several(%x: tensor<?x4xf32>, %y: tensor<0x4xf32>) -> tensor<?x4xf32> {
  %0 = tensor.concat dim(0) %x, %y, %x : (tensor<?x4xf32>, tensor<0x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @insert(
// CHECK-SAME: %{{.*}}: tensor<0x2xf32>, %[[Y:.*]]: tensor<3x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @insert(%x: tensor<0x2xf32>, %y: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = tensor.insert_slice %x into %y[2, 0] [0, 2] [1, 1] : tensor<0x2xf32> into tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// Products of nothing, and sums of none, which are zero.
// CHECK-LABEL: func.func @products(
// CHECK: linalg.batch_matmul {{.*}} tensor<2x3x0xf32>
// CHECK-NOT: linalg.batch_matmul
func.func @products(%a: tensor<2x3x0xf32>, %b: tensor<2x0x4xf32>, %c: tensor<0x3x4xf32>, %d: tensor<0x4x5xf32>) -> (tensor<2x3x4xf32>, tensor<0x3x5xf32>) {
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x3x4xf32>
  %i0 = linalg.fill ins(%z : f32) outs(%e0 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x3x0xf32>, tensor<2x0x4xf32>) outs(%i0 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e1 = tensor.empty() : tensor<0x3x5xf32>
  %i1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<0x3x5xf32>) -> tensor<0x3x5xf32>
  %1 = linalg.batch_matmul ins(%c, %d : tensor<0x3x4xf32>, tensor<0x4x5xf32>) outs(%i1 : tensor<0x3x5xf32>) -> tensor<0x3x5xf32>
  return %0, %1 : tensor<2x3x4xf32>, tensor<0x3x5xf32>
}

// CHECK-LABEL: func.func @fill_inside(
// CHECK: %[[C:.*]] = arith.constant 1.500000e+00
// CHECK: linalg.fill ins(%[[C]] : f32)
func.func @fill_inside(%x: tensor<0x4xf32>) -> tensor<2x4xf32> {
  %0 = tensor.pad %x low[1, 0] high[1, 0] {
  ^bb0(%a: index, %b: index):
    %z = arith.constant 1.5 : f32
    tensor.yield %z : f32
  } : tensor<0x4xf32> to tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
