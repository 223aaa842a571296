// RUN: quant-opt %s | quant-opt | FileCheck %s
// RUN: quant-opt %s --mlir-print-op-generic | quant-opt | FileCheck %s

// Layers print as they were written.

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!i4 = !quant.uniform<i4:f32:0, {0.5, 0.25, 0.5, 0.25}>
!acc = !quant.uniform<i32:f32, 0.125>

// CHECK-LABEL: func @products
func.func @products(%a: tensor<2x?x3x4x!u8>, %b: tensor<2x?x4x5x!i8>, %c: tensor<5x!acc>) -> (tensor<2x?x3x5x!acc>, tensor<2x?x3x5x!acc>) {
  // CHECK: quanta.batch_matmul %{{.*}}, %{{.*}} : tensor<2x?x3x4x{{.*}}>, tensor<2x?x4x5x{{.*}}> -> tensor<2x?x3x5x
  %0 = quanta.batch_matmul %a, %b : tensor<2x?x3x4x!u8>, tensor<2x?x4x5x!i8> -> tensor<2x?x3x5x!acc>
  // CHECK: quanta.batch_matmul %{{.*}}, %{{.*}} bias %{{[a-z0-9]+}} :
  %1 = quanta.batch_matmul %a, %b bias %c : tensor<2x?x3x4x!u8>, tensor<2x?x4x5x!i8>, tensor<5x!acc> -> tensor<2x?x3x5x!acc>
  return %0, %1 : tensor<2x?x3x5x!acc>, tensor<2x?x3x5x!acc>
}

// CHECK-LABEL: func @sequences
func.func @sequences(%x: tensor<?x4x9x!u8>, %w: tensor<4x4x3x!i4>) -> tensor<?x4x?x!quant.uniform<i32:f32:1, {0.25, 0.125, 0.25, 0.125}>> {
  // CHECK: quanta.conv_1d %{{.*}}, %{{.*}} strides [2] pads [1, 0] : tensor<?x4x9x
  %0 = quanta.conv_1d %x, %w strides [2] pads [1, 0] : tensor<?x4x9x!u8>, tensor<4x4x3x!i4> -> tensor<?x4x?x!quant.uniform<i32:f32:1, {0.25, 0.125, 0.25, 0.125}>>
  return %0 : tensor<?x4x?x!quant.uniform<i32:f32:1, {0.25, 0.125, 0.25, 0.125}>>
}

// CHECK-LABEL: func @images
func.func @images(%x: tensor<?x9x?x4x!u8>, %w: tensor<6x2x3x3x!i8>, %b: tensor<6x!acc>) -> tensor<?x3x?x6x!acc> {
  // CHECK: quanta.conv_2d %{{.*}}, %{{.*}} bias %{{.*}} strides [2, 1] dilations [2, 1] pads [0, 1, 1, 1] groups 2 channels_last : tensor<?x9x?x4x
  %0 = quanta.conv_2d %x, %w bias %b strides [2, 1] dilations [2, 1] pads [0, 1, 1, 1] groups 2 channels_last : tensor<?x9x?x4x!u8>, tensor<6x2x3x3x!i8>, tensor<6x!acc> -> tensor<?x3x?x6x!acc>
  return %0 : tensor<?x3x?x6x!acc>
}

// CHECK-LABEL: func @softmax
func.func @softmax(%x: tensor<?x4x!u8>) -> tensor<?x4x!quant.uniform<u8:f32, 0.00390625>> {
  // CHECK: quanta.softmax %{{.*}} dimension 1 : tensor<?x4x{{.*}}> -> tensor<?x4x
  %0 = quanta.softmax %x dimension 1 : tensor<?x4x!u8> -> tensor<?x4x!quant.uniform<u8:f32, 0.00390625>>
  return %0 : tensor<?x4x!quant.uniform<u8:f32, 0.00390625>>
}

// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x3x4x!u8>, %w: tensor<4xf32>, %b: tensor<3x4xf32>) -> (tensor<?x3x4x!i8>, tensor<?x3x4x!i8>, tensor<?x3x4x!i8>) {
  // CHECK: quanta.layer_norm %{{.*}} axis 2 epsilon 9.99999974E-6 : tensor<?x3x4x{{.*}}> -> tensor<?x3x4x
  %0 = quanta.layer_norm %x axis 2 epsilon 1.0e-5 : tensor<?x3x4x!u8> -> tensor<?x3x4x!i8>
  // CHECK: quanta.layer_norm %{{.*}} weight %{{.*}} axis 2 epsilon {{.*}} : tensor<?x3x4x{{.*}}> weight tensor<4xf32> -> tensor<?x3x4x
  %1 = quanta.layer_norm %x weight %w axis 2 epsilon 1.0e-5 : tensor<?x3x4x!u8> weight tensor<4xf32> -> tensor<?x3x4x!i8>
  // CHECK: quanta.layer_norm %{{.*}} weight %{{.*}} bias %{{.*}} axis 1 epsilon 0.{{.*}} : tensor<?x3x4x{{.*}}> weight tensor<3x4xf32> bias tensor<3x4xf32> -> tensor<?x3x4x
  %2 = quanta.layer_norm %x weight %b bias %b axis 1 epsilon 0.0 : tensor<?x3x4x!u8> weight tensor<3x4xf32> bias tensor<3x4xf32> -> tensor<?x3x4x!i8>
  return %0, %1, %2 : tensor<?x3x4x!i8>, tensor<?x3x4x!i8>, tensor<?x3x4x!i8>
}

// CHECK-LABEL: func @transposed_sequence
func.func @transposed_sequence(%x: tensor<?x4x5x!u8>, %w: tensor<4x3x3x!i8>, %b: tensor<6x!acc>) -> tensor<?x6x12x!acc> {
  // CHECK: quanta.conv_transpose_1d %{{.*}}, %{{.*}} bias %{{.*}} strides [2] dilations [2] pads [1, 0] output_padding [0] groups 2 : tensor<?x4x5x
  %0 = quanta.conv_transpose_1d %x, %w bias %b strides [2] dilations [2] pads [1, 0] output_padding [0] groups 2 : tensor<?x4x5x!u8>, tensor<4x3x3x!i8>, tensor<6x!acc> -> tensor<?x6x12x!acc>
  return %0 : tensor<?x6x12x!acc>
}

// CHECK-LABEL: func @transposed
func.func @transposed(%x: tensor<?x5x3x4x!u8>, %w: tensor<4x3x3x2x!i8>, %b: tensor<6x!acc>) -> (tensor<?x11x7x6x!acc>, tensor<?x7x4x3x!acc>) {
  // CHECK: quanta.conv_transpose_2d %{{.*}}, %{{.*}} bias %{{.*}} strides [2, 3] dilations [2, 1] pads [1, 0, 1, 2] output_padding [0, 1] groups 2 channels_last : tensor<?x5x3x4x
  %0 = quanta.conv_transpose_2d %x, %w bias %b strides [2, 3] dilations [2, 1] pads [1, 0, 1, 2] output_padding [0, 1] groups 2 channels_last : tensor<?x5x3x4x!u8>, tensor<4x3x3x2x!i8>, tensor<6x!acc> -> tensor<?x11x7x6x!acc>
  // CHECK: quanta.conv_transpose_2d %{{[a-z0-9]+}}, %{{[a-z0-9]+}} channels_last : tensor<?x5x3x4x
  %1 = quanta.conv_transpose_2d %x, %w channels_last : tensor<?x5x3x4x!u8>, tensor<4x3x3x2x!i8> -> tensor<?x7x4x3x!acc>
  return %0, %1 : tensor<?x11x7x6x!acc>, tensor<?x7x4x3x!acc>
}
