// RUN: quant-opt %s --convert-quanta-to-tosa --split-input-file --verify-diagnostics
// RUN: not quant-opt %s --convert-quanta-to-tosa=types=plain --split-input-file 2>&1 | FileCheck %s
// CHECK: types is 'quantized' or 'storage', not 'plain'

// What TOSA cannot say.

func.func @width(%x: tensor<2x!quant.uniform<i16:f32, 0.5>>) -> tensor<2xf32> {
  // expected-error@+1 {{'quanta.dequantize' op works on '!quant.uniform<i16:f32, 5.000000e-01>', but TOSA computes on i8 and u8, and on i32 between them}}
  %0 = quanta.dequantize %x : tensor<2x!quant.uniform<i16:f32, 0.5>> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @softmax(%x: tensor<2x3x!q>) -> tensor<2x3x!q> {
  // expected-error@+1 {{'quanta.softmax' op has no counterpart in TOSA; quanta-expand-named-ops makes float operations of it, which stay}}
  %0 = quanta.softmax %x dimension 1 : tensor<2x3x!q> -> tensor<2x3x!q>
  return %0 : tensor<2x3x!q>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @resize(%x: tensor<1x2x2x1x!q>) -> tensor<1x4x4x1x!q> {
  // expected-error@+1 {{'quanta.resize' op interpolates: only mode nearest becomes a tosa.resize}}
  %0 = quanta.resize %x over [1, 2] mode linear coordinates half_pixel : tensor<1x2x2x1x!q> -> tensor<1x4x4x1x!q>
  return %0 : tensor<1x4x4x1x!q>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @resize_rows(%x: tensor<1x2x2x!q>) -> tensor<1x2x4x!q> {
  // expected-error@+1 {{'quanta.resize' op resizes other dimensions than two of four, which TOSA has no operation for}}
  %0 = quanta.resize %x over [2] mode nearest coordinates half_pixel : tensor<1x2x2x!q> -> tensor<1x2x4x!q>
  return %0 : tensor<1x2x4x!q>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @resize_far(%x: tensor<1x34x2x1x!q>) -> tensor<1x2x2x1x!q> {
  // expected-error@+1 {{'quanta.resize' op resizes 34 to 2 elements, in steps that tosa.resize does not allow}}
  %0 = quanta.resize %x over [1, 2] mode nearest coordinates half_pixel : tensor<1x34x2x1x!q> -> tensor<1x2x2x1x!q>
  return %0 : tensor<1x2x2x1x!q>
}

// -----

func.func @dynamic(%x: tensor<2x3xf32>) -> tensor<2x3x!quant.uniform<u8:f32, 1.0>> {
  // expected-error@+1 {{'quanta.dynamic_quantize' op has no counterpart in TOSA}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<2x3xf32> to tensor<2x3x!quant.uniform<u8:f32, 1.0>>, tensor<2xf32>, tensor<2xi32>
  return %q : tensor<2x3x!quant.uniform<u8:f32, 1.0>>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @volume(%x: tensor<1x1x5x5x5x!q>, %w: tensor<1x1x3x3x3x!q>) -> tensor<1x1x3x3x3x!acc> {
  // expected-error@+1 {{has no counterpart in TOSA: its groups or spatial dimensions are not those of tosa.conv2d or tosa.depthwise_conv2d}}
  %0 = quanta.contract %x, %w maps [
      affine_map<(n, f, z, y, x, c, i, j, k) -> (n, c, z + i, y + j, x + k)>,
      affine_map<(n, f, z, y, x, c, i, j, k) -> (f, c, i, j, k)>,
      affine_map<(n, f, z, y, x, c, i, j, k) -> (n, f, z, y, x)>] channel 1
    : tensor<1x1x5x5x5x!q>, tensor<1x1x3x3x3x!q> -> tensor<1x1x3x3x3x!acc>
  return %0 : tensor<1x1x3x3x3x!acc>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @reversed(%x: tensor<4x3x!q>, %w: tensor<3x2x!q>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{has no counterpart in TOSA: it reads its factors at other indices than matrix products and convolutions do}}
  %0 = quanta.contract %x, %w maps [
      affine_map<(m, n, k) -> (m, 2 - k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<4x3x!q>, tensor<3x2x!q> -> tensor<4x2x!acc>
  return %0 : tensor<4x2x!acc>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @sizes(%x: tensor<?x4x?x5x!q>, %w: tensor<6x4x3x3x!q>) -> tensor<?x6x?x3x!acc> {
  // expected-error@+1 {{has no counterpart in TOSA: a spatial size is dynamic}}
  %0 = quanta.conv_2d %x, %w : tensor<?x4x?x5x!q>, tensor<6x4x3x3x!q> -> tensor<?x6x?x3x!acc>
  return %0 : tensor<?x6x?x3x!acc>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:1, {0.5:1, 0.25:2}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125}>

func.func @zero_points(%x: tensor<3x4x!q>, %w: tensor<4x2x!w>) -> tensor<3x2x!acc> {
  // expected-error@+1 {{has weights with several zero points, but operations of TOSA have one}}
  %0 = quanta.matmul %x, %w : tensor<3x4x!q>, tensor<4x2x!w> -> tensor<3x2x!acc>
  return %0 : tensor<3x2x!acc>
}

// -----

func.func @factor(%x: tensor<2x!quant.uniform<i8:f32, 1.0e-20>>) -> tensor<2x!quant.uniform<i8:f32, 1.0>> {
  // expected-error@+1 {{multiplies by 1.000000e-20, which is not between 2^-32 and 2^29 as in tosa.rescale}}
  %0 = quanta.requantize %x : tensor<2x!quant.uniform<i8:f32, 1.0e-20>> to tensor<2x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<2x!quant.uniform<i8:f32, 1.0>>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @holes(%x: tensor<1x5x5x1x!q>) -> tensor<1x3x3x1x!q> {
  // expected-error@+1 {{has windows with holes, which pooling in TOSA does not have}}
  %0 = quanta.max_pool %x over [1, 2] window [2, 2] strides [1, 1] dilations [2, 2] : tensor<1x5x5x1x!q> -> tensor<1x3x3x1x!q>
  return %0 : tensor<1x3x3x1x!q>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @sequence(%x: tensor<1x5x1x!q>) -> tensor<1x4x1x!q> {
  // expected-error@+1 {{pools other dimensions than two of four}}
  %0 = quanta.max_pool %x over [1] window [2] strides [1] dilations [1] : tensor<1x5x1x!q> -> tensor<1x4x1x!q>
  return %0 : tensor<1x4x1x!q>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @slice(%x: tensor<8x!q>) -> tensor<4x!q> {
  // expected-error@+1 {{has no counterpart in TOSA: its sizes, offsets or strides are not those of a tosa.slice or tosa.reshape}}
  %0 = tensor.extract_slice %x[0] [4] [2] : tensor<8x!q> to tensor<4x!q>
  return %0 : tensor<4x!q>
}

// -----

!q = !quant.uniform<i2:f32, 0.5>

func.func @table() -> tensor<2x!quant.uniform<i8:f32, 1.0>> {
  %c = arith.constant dense<[1, -1]> : tensor<2xi2>
  %a = quant.scast %c : tensor<2xi2> to tensor<2x!q>
  // expected-error@+1 {{has a table of fewer than 256 entries}}
  %0 = quanta.lookup %a table dense<[0, 1, 1, 0]> : tensor<4xi8> : tensor<2x!q> to tensor<2x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<2x!quant.uniform<i8:f32, 1.0>>
}

// -----

func.func @any(%t: tensor<4x1x!quant.any<i8:f32>>) -> tensor<4x!quant.any<i8:f32>> {
  // expected-error@+1 {{works on '!quant.any<i8:f32>', but TOSA computes on i8 and u8}}
  %0 = tensor.collapse_shape %t [[0, 1]] : tensor<4x1x!quant.any<i8:f32>> into tensor<4x!quant.any<i8:f32>>
  return %0 : tensor<4x!quant.any<i8:f32>>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @transposed(%x: tensor<1x2x4x5x!q>) -> tensor<1x2x5x6x!quant.uniform<i32:f32, 0.25>> {
  %c = arith.constant dense<1> : tensor<2x1x2x2xi8>
  %w = quant.scast %c : tensor<2x1x2x2xi8> to tensor<2x1x2x2x!q>
  // expected-error@+1 {{has groups or dilations, which tosa.transpose_conv2d does not have}}
  %0 = quanta.conv_transpose_2d %x, %w groups 2 : tensor<1x2x4x5x!q>, tensor<2x1x2x2x!q> -> tensor<1x2x5x6x!quant.uniform<i32:f32, 0.25>>
  return %0 : tensor<1x2x5x6x!quant.uniform<i32:f32, 0.25>>
}

// -----

!q = !quant.uniform<i8:f32, 0.5>

func.func @rest(%x: tensor<7x6x5x?x!q>) -> tensor<7x3x4x?x!q> {
  // expected-error@+1 {{'quanta.average_pool' op has windows that end before its input of dynamic size does}}
  %0 = quanta.average_pool %x over [1, 2] window [1, 2] strides [2, 1] dilations [1, 1] : tensor<7x6x5x?x!q> -> tensor<7x3x4x?x!q>
  return %0 : tensor<7x3x4x?x!q>
}
