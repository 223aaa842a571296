// RUN: quant-opt %s --quanta-form-operations --split-input-file | FileCheck %s
// RUN: quant-opt %s --quanta-ptq --split-input-file | FileCheck %s --check-prefix=PTQ

!u8 = !quant.uniform<u8:f32, 0.5:3>
!r = !quant.uniform<u8:f32, 1.0>

// CHECK-LABEL: func @concat
// CHECK-NEXT: %[[C:.*]] = quanta.concat %arg0, %arg0
// CHECK-NEXT: return %[[C]]
func.func @concat(%q: tensor<4x!u8>) -> tensor<8x!r> {
  %0 = quanta.dequantize %q : tensor<4x!u8> to tensor<4xf32>
  %1 = tensor.concat dim(0) %0, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %2 = quanta.quantize %1 : tensor<8xf32> to tensor<8x!r>
  return %2 : tensor<8x!r>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!r = !quant.uniform<u8:f32, 1.0>

// CHECK-LABEL: func @average
// CHECK: quanta.average_pool %arg0 over [2, 3] window [5, 6]
// Sums are of integers in the pipeline too.
// PTQ-LABEL: func @average
// PTQ-NOT: arith.addf
// PTQ: arith.addi
func.func @average(%q: tensor<1x8x5x6x!u8>) -> tensor<1x8x1x1x!r> {
  %zero = arith.constant 0.0 : f32
  %count = arith.constant 30.0 : f32
  %0 = quanta.dequantize %q : tensor<1x8x5x6x!u8> to tensor<1x8x5x6xf32>
  %e = tensor.empty() : tensor<1x8x1x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  %w = tensor.empty() : tensor<5x6xf32>
  %1 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%0, %w : tensor<1x8x5x6xf32>, tensor<5x6xf32>) outs(%f : tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%1 : tensor<1x8x1x1xf32>) outs(%e : tensor<1x8x1x1xf32>) {
  ^bb0(%x: f32, %o: f32):
    %d = arith.divf %x, %count : f32
    linalg.yield %d : f32
  } -> tensor<1x8x1x1xf32>
  %3 = quanta.quantize %2 : tensor<1x8x1x1xf32> to tensor<1x8x1x1x!r>
  return %3 : tensor<1x8x1x1x!r>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// What is not quantized again stays in float.
// CHECK-LABEL: func @open
// CHECK: tensor.concat
func.func @open(%q: tensor<4x!u8>) -> tensor<8xf32> {
  %0 = quanta.dequantize %q : tensor<4x!u8> to tensor<4xf32>
  %1 = tensor.concat dim(0) %0, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!channels = !quant.uniform<i8:f32:0, {0.5, 0.25, 1.0, 2.0}>

// CHECK-LABEL: func @groups
// CHECK: %[[X:.*]] = quant.scast %{{.*}} : tensor<?x4x4x5xi8> to
// CHECK: %[[C:.*]] = quanta.conv_2d %[[X]], %arg1 strides [1, 2] dilations [1, 1] groups 2
// CHECK: quanta.dequantize %[[C]]
func.func @groups(%x: tensor<?x2x2x4x5x!u8>, %w: tensor<4x2x3x3x!channels>, %init: tensor<?x2x2x2x2xf32>) -> tensor<?x4x2x2xf32> {
  %0 = quanta.dequantize %x : tensor<?x2x2x4x5x!u8> to tensor<?x2x2x4x5xf32>
  %1 = quanta.dequantize %w : tensor<4x2x3x3x!channels> to tensor<4x2x3x3xf32>
  %2 = tensor.expand_shape %1 [[0, 1], [2], [3], [4]] output_shape [2, 2, 2, 3, 3] : tensor<4x2x3x3xf32> into tensor<2x2x2x3x3xf32>
  %3 = linalg.conv_2d_ngchw_gfchw {dilations = dense<1> : vector<2xi64>, strides = dense<[1, 2]> : vector<2xi64>}
      ins(%0, %2 : tensor<?x2x2x4x5xf32>, tensor<2x2x2x3x3xf32>) outs(%init : tensor<?x2x2x2x2xf32>) -> tensor<?x2x2x2x2xf32>
  %4 = tensor.collapse_shape %3 [[0], [1, 2], [3], [4]] : tensor<?x2x2x2x2xf32> into tensor<?x4x2x2xf32>
  return %4 : tensor<?x4x2x2xf32>
}

// -----

!i16 = !quant.uniform<i16:f32, 0.5:3>
!channels = !quant.uniform<i8:f32:0, {0.5, 0.25, 1.0, 2.0}>

// Words are two bytes, of which the sums of the lower ones start from the bias.
// CHECK-LABEL: func @groups_of_words
// CHECK: %[[U:.*]] = quanta.conv_2d %{{.*}}, %arg1 strides [1, 1] dilations [1, 1] groups 2 {quanta.upper_byte}
// CHECK: quanta.dequantize %[[U]]
// CHECK: quanta.conv_2d %{{.*}}, %arg1 bias %{{.*}} groups 2 :
// CHECK: arith.addf
// CHECK-NOT: linalg.conv
func.func @groups_of_words(%x: tensor<?x2x2x4x5x!i16>, %w: tensor<4x2x3x3x!channels>, %e: tensor<?x4x2x3xf32>, %n: index) -> tensor<?x4x2x3xf32> {
  %b = arith.constant dense<[1.0, 2.0, -1.0, 0.0]> : tensor<4xf32>
  %0 = quanta.dequantize %x : tensor<?x2x2x4x5x!i16> to tensor<?x2x2x4x5xf32>
  %1 = quanta.dequantize %w : tensor<4x2x3x3x!channels> to tensor<4x2x3x3xf32>
  %2 = tensor.expand_shape %1 [[0, 1], [2], [3], [4]] output_shape [2, 2, 2, 3, 3] : tensor<4x2x3x3xf32> into tensor<2x2x2x3x3xf32>
  %3 = linalg.broadcast ins(%b : tensor<4xf32>) outs(%e : tensor<?x4x2x3xf32>) dimensions = [0, 2, 3]
  %4 = tensor.expand_shape %3 [[0], [1, 2], [3], [4]] output_shape [%n, 2, 2, 2, 3] : tensor<?x4x2x3xf32> into tensor<?x2x2x2x3xf32>
  %5 = linalg.conv_2d_ngchw_gfchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%0, %2 : tensor<?x2x2x4x5xf32>, tensor<2x2x2x3x3xf32>) outs(%4 : tensor<?x2x2x2x3xf32>) -> tensor<?x2x2x2x3xf32>
  %6 = tensor.collapse_shape %5 [[0], [1, 2], [3], [4]] : tensor<?x2x2x2x3xf32> into tensor<?x4x2x3xf32>
  return %6 : tensor<?x4x2x3xf32>
}

// -----

!narrow = !quant.uniform<i8<-127:127>:f32, 0.5>

// Storage may hold -128, which rounding brings into the range.
// CHECK-LABEL: func @narrow_pair
// CHECK: quanta.quantize
// CHECK: return
func.func @narrow_pair(%q: tensor<2x!narrow>) -> tensor<2x!narrow> {
  %d = quanta.dequantize %q : tensor<2x!narrow> to tensor<2xf32>
  %r = quanta.quantize %d : tensor<2xf32> to tensor<2x!narrow>
  return %r : tensor<2x!narrow>
}
