// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --mlir-print-op-generic | quant-opt | FileCheck %s

// Elementwise operations, shapes and pooling print as they were written.

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25:-3>
!i2 = !quant.uniform<i2:f32, 0.5>
!channels = !quant.uniform<i8:f32:1, {0.5, 0.25}>

// CHECK-LABEL: func @binary
func.func @binary(%a: tensor<?x4x!u8>, %b: tensor<1x4x!i8>) -> tensor<?x4x!u8> {
  // CHECK: quanta.add %{{.*}}, %{{.*}} clamp [3, 255] {name = "sum"} : tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:3>>, tensor<1x4x!quant.uniform<i8:f32, 2.500000e-01:-3>> -> tensor<?x4x!quant.uniform<u8:f32, 5.000000e-01:3>>
  %0 = quanta.add %a, %b clamp [3, 255] {name = "sum"} : tensor<?x4x!u8>, tensor<1x4x!i8> -> tensor<?x4x!u8>
  // CHECK: quanta.sub %{{.*}}, %{{[a-z0-9]+}} :
  %1 = quanta.sub %b, %0 : tensor<1x4x!i8>, tensor<?x4x!u8> -> tensor<?x4x!u8>
  // CHECK: quanta.mul %{{.*}}, %{{[a-z0-9]+}} :
  %2 = quanta.mul %1, %0 : tensor<?x4x!u8>, tensor<?x4x!u8> -> tensor<?x4x!u8>
  return %2 : tensor<?x4x!u8>
}

// CHECK-LABEL: func @lookup
func.func @lookup(%a: tensor<?x!i2>) -> tensor<?x!u8> {
  // CHECK: quanta.lookup %{{.*}} table dense<[0, 1, 2, -1]> : tensor<4xi8> : tensor<?x!quant.uniform<i2:f32, 5.000000e-01>> to tensor<?x!quant.uniform<u8:f32, 5.000000e-01:3>>
  %0 = quanta.lookup %a table dense<[0, 1, 2, -1]> : tensor<4xi8> : tensor<?x!i2> to tensor<?x!u8>
  return %0 : tensor<?x!u8>
}

// CHECK-LABEL: func @shapes
func.func @shapes(%a: tensor<?x2x!channels>, %b: tensor<?x2x!u8>, %c: tensor<?x3x!i8>) -> (tensor<?x2x!channels>, tensor<?x5x!u8>) {
  // CHECK: quanta.pad %{{.*}} low [1, 0] high [2, 0] value -7 : tensor<?x2x
  %0 = quanta.pad %a low [1, 0] high [2, 0] value -7 : tensor<?x2x!channels> -> tensor<?x2x!channels>
  // CHECK: quanta.concat %{{.*}}, %{{.*}} dim 1 : tensor<?x2x{{.*}}>, tensor<?x3x{{.*}}> -> tensor<?x5x
  %1 = quanta.concat %b, %c dim 1 : tensor<?x2x!u8>, tensor<?x3x!i8> -> tensor<?x5x!u8>
  return %0, %1 : tensor<?x2x!channels>, tensor<?x5x!u8>
}

// CHECK-LABEL: func @pool
func.func @pool(%a: tensor<?x2x6x6x!channels>, %b: tensor<?x7x2x!u8>) -> (tensor<?x2x3x2x!channels>, tensor<?x3x2x!i8>) {
  // CHECK: quanta.max_pool %{{.*}} over [2, 3] window [2, 3] strides [2, 1] dilations [1, 2] : tensor<?x2x6x6x{{.*}}> -> tensor<?x2x3x2x
  %0 = quanta.max_pool %a over [2, 3] window [2, 3] strides [2, 1] dilations [1, 2] : tensor<?x2x6x6x!channels> -> tensor<?x2x3x2x!channels>
  // CHECK: quanta.average_pool %{{.*}} over [1] window [3] strides [2] dilations [1] : tensor<?x7x2x{{.*}}> -> tensor<?x3x2x
  %1 = quanta.average_pool %b over [1] window [3] strides [2] dilations [1] : tensor<?x7x2x!u8> -> tensor<?x3x2x!i8>
  return %0, %1 : tensor<?x2x3x2x!channels>, tensor<?x3x2x!i8>
}

// CHECK-LABEL: func @gradient
func.func @gradient(%x: tensor<?x2xf32>, %g: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<2xf32>, tensor<f32>) {
  // CHECK: quanta.fake_quant_grad %{{.*}}, %{{.*}} as !quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01}> : tensor<?x2xf32> -> tensor<2xf32>, tensor<2xf32>
  %0, %1, %2 = quanta.fake_quant_grad %x, %g as !channels : tensor<?x2xf32> -> tensor<2xf32>, tensor<2xf32>
  // CHECK: quanta.fake_quant_grad %{{.*}}, %{{.*}} as !quant.uniform<u8:f32, 5.000000e-01:3> : tensor<?x2xf32> -> tensor<f32>, tensor<f32>
  %3, %4, %5 = quanta.fake_quant_grad %0, %g as !u8 : tensor<?x2xf32> -> tensor<f32>, tensor<f32>
  return %3, %1, %4 : tensor<?x2xf32>, tensor<2xf32>, tensor<f32>
}
