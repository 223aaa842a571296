// RUN: quant-opt %s | FileCheck %s
// RUN: quant-opt %s --mlir-print-op-generic | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

!u8 = !quant.uniform<u8:f32, 1.0>
!u8s = !quant.uniform<u8:f32, 1.0:128>
!i8 = !quant.uniform<i8<-127:127>:f32, 1.0>
!w = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>
!acc = !quant.uniform<i32:f32:1, {0.5, 0.25}>

// CHECK-LABEL: func @fake_quant
func.func @fake_quant(%x: tensor<2x?x8xf32>) -> tensor<2x?x8xf32> {
  // CHECK: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00> rows [0, 1] {name = "x"} : tensor<2x?x8xf32>
  %0 = quanta.dynamic_fake_quant %x as !u8 rows [0, 1] {name = "x"} : tensor<2x?x8xf32>
  // CHECK: quanta.dynamic_fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e+00:128> rows [] symmetric : tensor<2x?x8xf32>
  %1 = quanta.dynamic_fake_quant %0 as !u8s rows [] symmetric : tensor<2x?x8xf32>
  return %1 : tensor<2x?x8xf32>
}

// CHECK-LABEL: func @quantize
func.func @quantize(%x: tensor<?x8xf32>) -> (tensor<?x8x!u8>, tensor<?xf32>, tensor<?xi32>) {
  // CHECK: quanta.dynamic_quantize %{{.*}} rows [0] : tensor<?x8xf32> to tensor<?x8x!quant.uniform<u8:f32, 1.000000e+00>>, tensor<?xf32>, tensor<?xi32>
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<?x8xf32> to tensor<?x8x!u8>, tensor<?xf32>, tensor<?xi32>
  // CHECK: quanta.dynamic_quantize %{{.*}} rows [] symmetric : tensor<?x8xf32> to tensor<?x8x!quant.uniform<i8<-127:127>:f32, 1.000000e+00>>, tensor<f32>
  %p, %t = quanta.dynamic_quantize %x rows [] symmetric : tensor<?x8xf32> to tensor<?x8x!i8>, tensor<f32>
  return %q, %s, %z : tensor<?x8x!u8>, tensor<?xf32>, tensor<?xi32>
}

// CHECK-LABEL: func @subtract
func.func @subtract(%acc: tensor<?x2x!acc>, %z: tensor<?xi32>, %w: tensor<8x2x!w>) -> tensor<?x2x!acc> {
  // CHECK: quanta.subtract_zero_point %{{.*}}, %{{.*}} times %{{.*}} maps [#{{.*}}, #{{.*}}, #{{.*}}] : tensor<?x2x
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<?x2x!acc>, tensor<?xi32>, tensor<8x2x!w>
  return %0 : tensor<?x2x!acc>
}
