// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-fold-constants --canonicalize | FileCheck %t/model.mlir
// RUN: quant-opt %t/zeros.mlir --quanta-fold-constants | FileCheck %t/zeros.mlir
// RUN: not quant-opt %t/missing.mlir --quanta-fold-constants 2>&1 | FileCheck %t/missing.mlir
// RUN: not quant-opt %t/size.mlir --quanta-fold-constants 2>&1 | FileCheck %t/size.mlir

//--- model.mlir
// A transposed blob, as a frontend writes a linear layer, becomes a constant.
// CHECK-LABEL: func.func @transposed
func.func @transposed() -> tensor<3x2xf32> {
  %w = arith.constant dense_resource<weight> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<3x2xf32>
  // CHECK: %[[T:.*]] = arith.constant dense<{{\[}}[1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
  // CHECK-NOT: linalg.transpose
  // CHECK: return %[[T]]
  %t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  return %t : tensor<3x2xf32>
}

// Weights that a transposed convolution reads backwards.
// CHECK-LABEL: func.func @flipped
func.func @flipped() -> tensor<2x3xf32> {
  %w = arith.constant dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]> : tensor<3x2xf32>
  %c2 = arith.constant 2 : index
  %e = tensor.empty() : tensor<2x3xf32>
  // CHECK: %[[T:.*]] = arith.constant dense<{{\[}}[4.000000e+00, 2.000000e+00, 0.000000e+00], [5.000000e+00, 3.000000e+00, 1.000000e+00]]> : tensor<2x3xf32>
  // CHECK-NOT: linalg.generic
  // CHECK: return %[[T]]
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<2x3xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %r = arith.subi %c2, %j : index
    %v = tensor.extract %w[%r, %i] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<2x3xf32>
  return %t : tensor<2x3xf32>
}

// What would read outside of the constant stays, to be told when it runs.
// CHECK-LABEL: func.func @outside
// CHECK: linalg.generic
func.func @outside() -> tensor<4xf32> {
  %w = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<4xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %v = tensor.extract %w[%i] : tensor<2xf32>
    linalg.yield %v : f32
  } -> tensor<4xf32>
  return %t : tensor<4xf32>
}

// What depends on data stays.
// CHECK-LABEL: func.func @data
func.func @data(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %empty = tensor.empty() : tensor<3x2xf32>
  // CHECK: linalg.transpose
  %t = linalg.transpose ins(%x : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  return %t : tensor<3x2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      weight: "0x040000000000803F0000004000004040000080400000A0400000C040"
    }
  }
#-}

//--- missing.mlir
func.func @main() -> tensor<2x3xf32> {
  // CHECK: missing.mlir:[[@LINE+1]]:{{.*}} error: 'arith.constant' op refers to a resource that is missing or does not have the size of its type
  %w = arith.constant dense_resource<weight> : tensor<2x3xf32>
  return %w : tensor<2x3xf32>
}

//--- size.mlir
func.func @main() -> tensor<2x3xf32> {
  // CHECK: error: 'arith.constant' op refers to a resource that is missing or does not have the size of its type
  %w = arith.constant dense_resource<weight> : tensor<2x3xf32>
  return %w : tensor<2x3xf32>
}

{-#
  dialect_resources: {
    builtin: {
      weight: "0x040000000000803F00000040"
    }
  }
#-}

//--- zeros.mlir
// The first step of a recurrent layer multiplies a state of zeros.
// CHECK-LABEL: func.func @state(
// CHECK-SAME: %[[INIT:.*]]: tensor<4x2xf32>
// CHECK-NOT: linalg.matmul
// CHECK: return %[[INIT]]
func.func @state(%init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, -4.0], [0.5, 3.4e+38]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x3xf32>
  %h = linalg.fill ins(%zero : f32) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  %0 = linalg.matmul ins(%h, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// Zero times an infinity or NaN is NaN, which data and constants may hold.
// CHECK-LABEL: func.func @data(
// CHECK: linalg.matmul
// CHECK-LABEL: func.func @infinity(
// CHECK: linalg.matmul
// CHECK-LABEL: func.func @integers(
// CHECK-NOT: linalg.matmul
// CHECK: return
func.func @data(%x: tensor<4x3xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<0.0> : tensor<3x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
func.func @infinity(%init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %h = arith.constant dense<0.0> : tensor<4x3xf32>
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 0x7F800000], [0.5, 1.0]]> : tensor<3x2xf32>
  %0 = linalg.matmul ins(%h, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
func.func @integers(%x: tensor<4x3xi8>, %init: tensor<4x2xi32>) -> tensor<4x2xi32> {
  %w = arith.constant dense<0> : tensor<3x2xi8>
  %0 = linalg.matmul ins(%x, %w : tensor<4x3xi8>, tensor<3x2xi8>) outs(%init : tensor<4x2xi32>) -> tensor<4x2xi32>
  return %0 : tensor<4x2xi32>
}
