// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --mlir-print-op-generic | quant-opt | FileCheck %s

// Rows and pixels print as they were written.

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!channels = !quant.uniform<i8:f32:0, {0.5, 0.25}>

// CHECK-LABEL: func @embedding
func.func @embedding(%t: tensor<10x?x!u8>, %i: tensor<?x7xi64>, %j: tensor<i32>, %r: tensor<2x4x!channels>)
    -> (tensor<?x7x?x!u8>, tensor<?x!u8>, tensor<4xf32>) {
  // CHECK: quanta.embedding %{{.*}}, %{{.*}} : tensor<10x?x{{.*}}>, tensor<?x7xi64> -> tensor<?x7x?x
  %0 = quanta.embedding %t, %i : tensor<10x?x!u8>, tensor<?x7xi64> -> tensor<?x7x?x!u8>
  // CHECK: quanta.embedding %{{.*}}, %{{.*}} : tensor<10x?x{{.*}}>, tensor<i32> -> tensor<?x
  %1 = quanta.embedding %t, %j : tensor<10x?x!u8>, tensor<i32> -> tensor<?x!u8>
  // CHECK: quanta.embedding %{{.*}}, %{{.*}} : tensor<2x4x{{.*}}>, tensor<i32> -> tensor<4xf32>
  %2 = quanta.embedding %r, %j : tensor<2x4x!channels>, tensor<i32> -> tensor<4xf32>
  return %0, %1, %2 : tensor<?x7x?x!u8>, tensor<?x!u8>, tensor<4xf32>
}

// CHECK-LABEL: func @resize
func.func @resize(%x: tensor<?x8x6x6x!u8>, %y: tensor<2x5x!channels>) -> (tensor<?x8x12x9x!i8>, tensor<2x3x!channels>) {
  // CHECK: quanta.resize %{{.*}} over [2, 3] mode linear coordinates half_pixel : tensor<?x8x6x6x{{.*}}> -> tensor<?x8x12x9x
  %0 = quanta.resize %x over [2, 3] mode linear coordinates half_pixel : tensor<?x8x6x6x!u8> -> tensor<?x8x12x9x!i8>
  // CHECK: quanta.resize %{{.*}} over [1] mode nearest coordinates asymmetric rounding floor : tensor<2x5x{{.*}}> -> tensor<2x3x
  %1 = quanta.resize %y over [1] mode nearest coordinates asymmetric rounding floor : tensor<2x5x!channels> -> tensor<2x3x!channels>
  return %0, %1 : tensor<?x8x12x9x!i8>, tensor<2x3x!channels>
}
