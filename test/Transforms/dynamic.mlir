// RUN: split-file %s %t
// RUN: quant-opt %t/observed.mlir --quanta-apply-calibration=recipe=%t/affine.yaml | FileCheck %t/observed.mlir
// RUN: quant-opt %t/observed.mlir --quanta-apply-calibration=recipe=%t/tensor.yaml | FileCheck %t/observed.mlir --check-prefix=TENSOR
// RUN: quant-opt %t/simulated.mlir --quanta-quantize --cse --canonicalize | FileCheck %t/simulated.mlir
// RUN: quant-opt %t/simulated.mlir --quanta-quantize --quanta-rewrite-types --cse --canonicalize | FileCheck %t/simulated.mlir --check-prefix=INTEGER
// RUN: quant-opt %t/simulated.mlir --quanta-quantize --quanta-rewrite-types --quanta-to-kernel | FileCheck %t/simulated.mlir --check-prefix=KERNEL

//--- affine.yaml
format: quanta-recipe
version: 1
scheme: dynamic

//--- tensor.yaml
format: quanta-recipe
version: 1
scheme: dynamic
granularity: per_tensor
symmetry: symmetric

//--- observed.mlir
module attributes {quanta.fingerprint = "f"} {
  // The right one of two activations is symmetric: no sums of the left one are
  // needed. Each index that the result has gets a range.
  // CHECK-LABEL: func.func @attention
  // CHECK: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00> rows [0, 1] {name = "q"}
  // CHECK: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00:128> rows [0, 2] symmetric {name = "k"}
  // TENSOR-LABEL: func.func @attention
  // TENSOR: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00:128> rows [] symmetric {name = "q"}
  // TENSOR: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00:128> rows [] symmetric {name = "k"}
  func.func @attention(%q: tensor<3x4x8xf32>, %k: tensor<3x8x5xf32>, %init: tensor<3x4x5xf32>) -> tensor<3x4x5xf32> {
    %oq = quanta.observe %q, "q" using min_max : tensor<3x4x8xf32>
    %ok = quanta.observe %k, "k" using min_max : tensor<3x8x5xf32>
    %0 = linalg.batch_matmul ins(%oq, %ok : tensor<3x4x8xf32>, tensor<3x8x5xf32>) outs(%init : tensor<3x4x5xf32>) -> tensor<3x4x5xf32>
    return %0 : tensor<3x4x5xf32>
  }
}

//--- simulated.mlir
// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x4xf32>
// INTEGER-LABEL: func.func @linear
// KERNEL-LABEL: func.func @linear
func.func @linear(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // CHECK-DAG: %[[BIAS:.*]] = arith.constant dense<[1.000000e+00, -1.000000e+00]> : tensor<2xf32>
  // CHECK: %[[Q:.*]], %[[S:.*]], %[[Z:.*]] = quanta.dynamic_quantize %[[X]] rows [0] {name = "x"}
  // CHECK: %[[A:.*]] = quanta.matmul %[[Q]], %[[W:[0-9]+]] :
  // CHECK: %[[B:.*]] = quanta.subtract_zero_point %[[A]], %[[Z]] times %[[W]]
  // CHECK: %[[D:.*]] = quanta.dequantize %[[B]]
  // CHECK: linalg.generic {{.*}} ins(%[[D]], %[[S]], %[[BIAS]] : tensor<?x2xf32>, tensor<?xf32>, tensor<2xf32>)
  // CHECK: ^bb0(%[[IN:[a-z0-9_]+]]: f32, %[[SCALE:[a-z0-9_]+]]: f32, %[[ADD:[a-z0-9_]+]]: f32,
  // CHECK: %[[M:.*]] = arith.mulf %[[IN]], %[[SCALE]]
  // CHECK: arith.addf %[[M]], %[[ADD]]
  // Sums of weights are taken at compile time: 1 - 2 + 3 - 4 and 8.
  // INTEGER-DAG: %[[SUMS:.*]] = arith.constant dense<[-2, 8]> : tensor<2xi32>
  // INTEGER: iterator_types = ["parallel", "reduction"]
  // INTEGER: arith.minnumf
  // INTEGER: arith.maxnumf
  // INTEGER: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[SUMS]] : tensor<?x2xi32>, tensor<?xi32>, tensor<2xi32>)
  // One pass over the accumulators: all that follows them is in the kernel.
  // KERNEL-NOT: xi32>) outs
  %c0 = arith.constant 0 : index
  %w = arith.constant dense<[[1.0, 2.0], [-2.0, 2.0], [3.0, 2.0], [-4.0, 2.0]]> : tensor<4x2xf32>
  %b = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%n) : tensor<?x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<?x2xf32>) dimensions = [0]
  %qx = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [0] {name = "x"} : tensor<?x4xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 1.0> : tensor<4x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<?x4xf32>, tensor<4x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A range for each index that is summed over cannot leave the sum.
// CHECK-LABEL: func.func @along_sum
func.func @along_sum(%x: tensor<2x4xf32>, %w: tensor<4x2xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: quanta.dynamic_quantize %{{.*}} rows [1]
  // CHECK: quanta.dequantize
  // CHECK: linalg.matmul {quanta.float_reason = "a factor has several scales along a dimension that is summed over"}
  %qx = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [1] : tensor<2x4xf32>
  %qw = quanta.dynamic_fake_quant %w as !quant.uniform<i8<-127:127>:f32, 1.0> rows [1] symmetric : tensor<4x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<2x4xf32>, tensor<4x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @affine_right
func.func @affine_right(%x: tensor<2x4xf32>, %w: tensor<4x2xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: linalg.matmul {quanta.float_reason = "its right factor has zero points that are known only at run time"}
  %qx = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [0] : tensor<2x4xf32>
  %qw = quanta.dynamic_fake_quant %w as !quant.uniform<u8:f32, 1.0> rows [1] : tensor<4x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<2x4xf32>, tensor<4x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
