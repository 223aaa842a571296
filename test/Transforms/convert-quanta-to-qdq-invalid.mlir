// RUN: quant-opt %s --convert-quanta-to-qdq --split-input-file --verify-diagnostics

// What QDQ form cannot say.

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @accumulators(%x: tensor<2x3x!q>, %w: tensor<3x4x!q>) -> tensor<2x4x!acc> {
  // expected-error@+1 {{'quanta.matmul' op has i32 accumulators that are read by 'func.return', but QDQ form has floats in their place}}
  %0 = quanta.matmul %x, %w : tensor<2x3x!q>, tensor<3x4x!q> -> tensor<2x4x!acc>
  return %0 : tensor<2x4x!acc>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @bias(%x: tensor<2x3x!q>, %w: tensor<3x4x!q>, %b: tensor<4x!acc>) -> tensor<2x4xf32> {
  // expected-error@+1 {{has a bias that is not constant}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x3x!q>, tensor<3x4x!q>, tensor<4x!acc> -> tensor<2x4x!acc>
  %1 = quanta.dequantize %0 : tensor<2x4x!acc> to tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @large_bias(%x: tensor<2x3x!q>, %w: tensor<3x2x!q>) -> tensor<2x2xf32> {
  %c = arith.constant dense<[1, 33554433]> : tensor<2xi32>
  %b = quant.scast %c : tensor<2xi32> to tensor<2x!acc>
  // expected-error@+1 {{has the bias 33554433 in channel 1, which f32 rounds: QDQ form would change it}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x3x!q>, tensor<3x2x!q>, tensor<2x!acc> -> tensor<2x2x!acc>
  %1 = quanta.dequantize %0 : tensor<2x2x!acc> to tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @groups(%x: tensor<1x5x5x4x!q>, %w: tensor<6x2x3x3x!q>) -> tensor<1x3x3x6xf32> {
  // expected-error@+1 {{at indices for which linalg has no named operation}}
  %0 = quanta.conv_2d %x, %w groups 2 channels_last : tensor<1x5x5x4x!q>, tensor<6x2x3x3x!q> -> tensor<1x3x3x6x!quant.uniform<i32:f32, 0.25>>
  %1 = quanta.dequantize %0 : tensor<1x3x3x6x!quant.uniform<i32:f32, 0.25>> to tensor<1x3x3x6xf32>
  return %1 : tensor<1x3x3x6xf32>
}

// -----

!acc = !quant.uniform<i32:f32, 0.25>
!channels = !quant.uniform<u8:f32:0, {0.5, 0.25}>

func.func @clamp(%a: tensor<2x!acc>) -> tensor<2x!channels> {
  // expected-error@+1 {{clamps a result with several scales}}
  %0 = quanta.requantize %a clamp [3, 255] : tensor<2x!acc> to tensor<2x!channels>
  return %0 : tensor<2x!channels>
}

// -----

!channels = !quant.uniform<i2:f32:0, {0.5, 0.25}>
!q = !quant.uniform<i8:f32, 0.5>

func.func @table(%a: tensor<2x!channels>) -> tensor<2x!q> {
  // expected-error@+1 {{has one table for several scales}}
  %0 = quanta.lookup %a table dense<[0, 1, 1, 0]> : tensor<4xi8> : tensor<2x!channels> to tensor<2x!q>
  return %0 : tensor<2x!q>
}

// -----

func.func @dynamic(%x: tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<u8:f32, 1.0>> {
  // expected-error@+1 {{'quanta.dynamic_quantize' op has no counterpart in QDQ form}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<2x3xf32> to tensor<2x3x!quant.uniform<u8:f32, 1.0>>, tensor<2xf32>, tensor<2xi32>
  return %q : tensor<2x3x!quant.uniform<u8:f32, 1.0>>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @linear(%x: tensor<1x2x2x1x!q>) -> tensor<1x4x4x1x!q> {
  // expected-error@+1 {{'quanta.resize' op weighs exact integers, which floats in QDQ form would round}}
  %0 = quanta.resize %x over [1, 2] mode linear coordinates half_pixel : tensor<1x2x2x1x!q> -> tensor<1x4x4x1x!q>
  return %0 : tensor<1x4x4x1x!q>
}

// -----

func.func @any(%t: tensor<4x1x!quant.any<i8:f32>>) -> tensor<4x!quant.any<i8:f32>> {
  // expected-error@+1 {{works on a quantized type that is not uniform}}
  %0 = tensor.collapse_shape %t [[0, 1]] : tensor<4x1x!quant.any<i8:f32>> into tensor<4x!quant.any<i8:f32>>
  return %0 : tensor<4x!quant.any<i8:f32>>
}

// -----

// The product of 0.1 and 0.05 as f32 numbers is another one.
func.func @scales(%x: tensor<2x3x!quant.uniform<u8:f32, 0.1:128>>, %w: tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.05>>) -> tensor<2x2xf32> {
  // expected-error@+1 {{'quanta.matmul' op has accumulators of the scale 5.0000000000000010e-03 in channel 0, which QDQ form, with scales of f32, makes 5.0000001490116}}
  %a = quanta.matmul %x, %w : tensor<2x3x!quant.uniform<u8:f32, 0.1:128>>, tensor<3x2x!quant.uniform<i8<-127:127>:f32, 0.05>> -> tensor<2x2x!quant.uniform<i32:f32, 0.005000000000000001>>
  %y = quanta.dequantize %a : tensor<2x2x!quant.uniform<i32:f32, 0.005000000000000001>> to tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @half_weights(%x: tensor<2x2xf32>, %w: tensor<2x3xf16>, %b: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{has weights in 'f16', which QDQ form has no counterpart for}}
  %y = quanta.weight_only_contract %x, %w init %b maps [#mk, #kn, #mn] : tensor<2x2xf32>, tensor<2x3xf16> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @weights_with_sums(%x: tensor<2x2xf32>, %w: tensor<2x3x!quant.uniform<i4:f32, 0.3>>, %b: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{starts its sums from a tensor that is no repeated row}}
  %y = quanta.weight_only_contract %x, %w init %b maps [#mk, #kn, #mn] : tensor<2x2xf32>, tensor<2x3x!quant.uniform<i4:f32, 0.3>> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.1:128>
!i8 = !quant.uniform<i8<-127:127>:f32, 0.02>
!sums = !quant.uniform<i32:f32, 0.0020000000850988373>
!channels = !quant.uniform<u8:f32:1, {0.12179345637559891, 0.7628429532051086}>

func.func @several_from_one(%x: tensor<2x4x!u8>, %w: tensor<4x2x!i8>) -> tensor<2x2x!channels> {
  // expected-error@+1 {{has accumulators of the scale 2.0000000850988373e-03 in channel 1}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x2x!i8> -> tensor<2x2x!sums>
  %1 = quanta.requantize %0 : tensor<2x2x!sums> to tensor<2x2x!channels>
  return %1 : tensor<2x2x!channels>
}
