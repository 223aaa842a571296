// RUN: quant-opt %s --quanta-separate-results | FileCheck %s

// CHECK-LABEL: func.func @twice(
// CHECK: %[[R:.*]] = math.tanh
// CHECK: %[[C:.*]] = bufferization.alloc_tensor() copy(%[[R]])
// CHECK: return %[[R]], %[[C]]
func.func @twice(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %r = math.tanh %x : tensor<4x4xf32>
  return %r, %r : tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @form(
// CHECK: %[[R:.*]] = math.tanh
// CHECK: %[[S:.*]] = tensor.collapse_shape %[[R]]
// CHECK: %[[C:.*]] = bufferization.alloc_tensor() copy(%[[S]])
// CHECK: return %[[R]], %[[C]]
func.func @form(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<16xf32>) {
  %r = math.tanh %x : tensor<4x4xf32>
  %s = tensor.collapse_shape %r [[0, 1]] : tensor<4x4xf32> into tensor<16xf32>
  return %r, %s : tensor<4x4xf32>, tensor<16xf32>
}

// One of two tensors, in two ways.
// CHECK-LABEL: func.func @choice(
// CHECK: %[[S:.*]] = arith.select
// CHECK: %[[I:.*]] = scf.if
// CHECK-DAG: %[[C:.*]] = bufferization.alloc_tensor() copy(%[[S]])
// CHECK-DAG: %[[D:.*]] = bufferization.alloc_tensor() copy(%[[I]])
// CHECK: return %{{.*}}, %[[C]], %[[D]]
func.func @choice(%x: tensor<4xf32>, %c: i1) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %r = math.tanh %x : tensor<4xf32>
  %e = math.exp %x : tensor<4xf32>
  %s = arith.select %c, %r, %e : tensor<4xf32>
  %i = scf.if %c -> tensor<4xf32> {
    scf.yield %e : tensor<4xf32>
  } else {
    scf.yield %r : tensor<4xf32>
  }
  return %r, %s, %i : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Results of their own stay, and so do those that nobody else can free.
// CHECK-LABEL: func.func @own(
// CHECK-NOT: alloc_tensor
func.func @own(%x: tensor<4xf32>, %n: i32) -> (tensor<4xf32>, tensor<4xf32>, i32, i32) {
  %r = math.tanh %x : tensor<4xf32>
  %e = math.exp %r : tensor<4xf32>
  return %r, %e, %n, %n : tensor<4xf32>, tensor<4xf32>, i32, i32
}

// CHECK-LABEL: func.func private @inside(
// CHECK-NOT: alloc_tensor
func.func private @inside(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %r = math.tanh %x : tensor<4xf32>
  return %r, %r : tensor<4xf32>, tensor<4xf32>
}
