// RUN: quant-opt %s --quanta-expand-named-ops | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!filters = !quant.uniform<i8:f32:0, {0.25, 0.5, 0.25, 0.5}>
!acc = !quant.uniform<i32:f32, 0.125>

// CHECK-DAG: #[[$LHS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$RHS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG: #[[$PRODUCT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 * 2 + d5, d3 + d6 * 3)>
// CHECK-DAG: #[[$GROUPS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d2 + d5, d3 + d6, (d1 floordiv 3) * 2 + d4)>
// CHECK-DAG: #[[$DEPTHWISE:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2 + d3)>

// CHECK-LABEL: func @products
func.func @products(%a: tensor<2x3x4x!u8>, %b: tensor<2x4x5x!i8>) -> tensor<2x3x5x!acc> {
  // CHECK: quanta.contract %{{.*}}, %{{.*}} maps [#[[$LHS]], #[[$RHS]], #[[$PRODUCT]]] channel 2 :
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!u8>, tensor<2x4x5x!i8> -> tensor<2x3x5x!acc>
  return %0 : tensor<2x3x5x!acc>
}

// Padding holds zeros.
// CHECK-LABEL: func @images
func.func @images(%x: tensor<?x2x9x9x!u8>, %w: tensor<4x2x3x3x!i8>, %b: tensor<4x!acc>) -> tensor<?x4x4x5x!acc> {
  // CHECK: %[[X:.*]] = quanta.pad %{{.*}} low [0, 0, 0, 2] high [0, 0, 0, 0] : tensor<?x2x9x9x{{.*}} -> tensor<?x2x9x11x
  // CHECK: quanta.contract %[[X]], %{{.*}} bias %{{.*}} maps [#[[$IMAGE]], {{.*}}] channel 1 :
  %0 = quanta.conv_2d %x, %w bias %b strides [2, 1] dilations [1, 3] pads [0, 2, 0, 0] : tensor<?x2x9x9x!u8>, tensor<4x2x3x3x!i8>, tensor<4x!acc> -> tensor<?x4x4x5x!acc>
  return %0 : tensor<?x4x4x5x!acc>
}

// CHECK-LABEL: func @groups
func.func @groups(%x: tensor<?x5x5x4x!u8>, %w: tensor<6x2x3x3x!i8>) -> tensor<?x3x3x6x!acc> {
  // CHECK-NOT: quanta.pad
  // CHECK: quanta.contract %{{.*}}, %{{.*}} maps [#[[$GROUPS]], {{.*}}] channel 3 :
  %0 = quanta.conv_2d %x, %w groups 2 channels_last : tensor<?x5x5x4x!u8>, tensor<6x2x3x3x!i8> -> tensor<?x3x3x6x!acc>
  return %0 : tensor<?x3x3x6x!acc>
}

// Weights of depthwise layers lose the dimension that has nothing to sum over.
// CHECK-LABEL: func @depthwise
func.func @depthwise(%x: tensor<1x4x9x!u8>) -> tensor<1x4x7x!quant.uniform<i32:f32:1, {0.125, 0.25, 0.125, 0.25}>> {
  // CHECK: %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<4x3xi8>
  // CHECK: %[[Q:.*]] = quant.scast %[[W]] : tensor<4x3xi8> to tensor<4x3x!quant.uniform<i8:f32:0,
  // CHECK: quanta.contract %{{.*}}, %[[Q]] maps [#[[$DEPTHWISE]], {{.*}}] channel 1 :
  %c = arith.constant dense<[[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]], [[10, 11, 12]]]> : tensor<4x1x3xi8>
  %w = quant.scast %c : tensor<4x1x3xi8> to tensor<4x1x3x!filters>
  %0 = quanta.conv_1d %x, %w groups 4 : tensor<1x4x9x!u8>, tensor<4x1x3x!filters> -> tensor<1x4x7x!quant.uniform<i32:f32:1, {0.125, 0.25, 0.125, 0.25}>>
  return %0 : tensor<1x4x7x!quant.uniform<i32:f32:1, {0.125, 0.25, 0.125, 0.25}>>
}

// CHECK-LABEL: func @softmax
func.func @softmax(%x: tensor<?x4x!u8>) -> tensor<?x4x!i8> {
  // CHECK: %[[X:.*]] = quanta.dequantize %{{.*}} : tensor<?x4x{{.*}}> to tensor<?x4xf32>
  // CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x4xf32>)
  // CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MAX]] :
  // CHECK: math.exp
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[EXP]] :
  // CHECK: %[[QUOTIENT:.*]] = linalg.generic {{.*}} ins(%[[EXP]], %[[SUM]] :
  // CHECK: quanta.quantize %[[QUOTIENT]] : tensor<?x4xf32> to tensor<?x4x
  %0 = quanta.softmax %x dimension 1 : tensor<?x4x!u8> -> tensor<?x4x!i8>
  return %0 : tensor<?x4x!i8>
}

// What is normalized becomes one dimension: its sums have one order.
// CHECK-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<?x3x4x!u8>, %w: tensor<3x4xf32>) -> tensor<?x3x4x!i8> {
  // CHECK: %[[ROWS:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<?x3x4x{{.*}}> into tensor<?x12x
  // CHECK: %[[X:.*]] = quanta.dequantize %[[ROWS]]
  // CHECK: %[[W:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1]] : tensor<3x4xf32> into tensor<12xf32>
  // CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x12xf32>)
  // CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?xf32>)
  // CHECK: %[[SQUARES:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MEAN]] :
  // CHECK: %[[FACTOR:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]] :
  // CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MEAN]], %[[FACTOR]], %[[W]] :
  // CHECK: %[[Q:.*]] = quanta.quantize %[[Y]] : tensor<?x12xf32> to tensor<?x12x
  // CHECK: tensor.expand_shape %[[Q]] {{\[\[}}0], [1, 2]]
  %0 = quanta.layer_norm %x weight %w axis 1 epsilon 1.0e-5 : tensor<?x3x4x!u8> weight tensor<3x4xf32> -> tensor<?x3x4x!i8>
  return %0 : tensor<?x3x4x!i8>
}

// Results at even and odd columns read other taps, in reverse: both convolve the
// input as it is.
// CHECK-LABEL: func @transposed
func.func @transposed(%x: tensor<?x1x1x3x!u8>) -> tensor<?x1x1x7x!acc> {
  // CHECK: %{{.*}} = arith.constant dense<{{\[\[\[\[}}3, 1]]]]> : tensor<1x1x1x2xi8>
  // CHECK: %[[PADDED:.*]] = quanta.pad %{{.*}} low [0, 0, 0, 1] high [0, 0, 0, 1]
  // CHECK: %[[FIRST:.*]] = quanta.contract %[[PADDED]], {{.*}} -> tensor<?x1x1x4x
  // CHECK: tensor.insert_slice %[[FIRST]] into %{{.*}}[0, 0, 0, 0] [%{{.*}}, 1, 1, 4] [1, 1, 1, 2]
  // CHECK: %{{.*}} = arith.constant dense<2> : tensor<1x1x1x1xi8>
  // CHECK: %[[SECOND:.*]] = quanta.contract %{{.*}} -> tensor<?x1x1x3x
  // CHECK: tensor.insert_slice %[[SECOND]] into %{{.*}}[0, 0, 0, 1] [%{{.*}}, 1, 1, 3] [1, 1, 1, 2]
  %c = arith.constant dense<[[[[1, 2, 3]]]]> : tensor<1x1x1x3xi8>
  %w = quant.scast %c : tensor<1x1x1x3xi8> to tensor<1x1x1x3x!i8>
  %0 = quanta.conv_transpose_2d %x, %w strides [1, 2] : tensor<?x1x1x3x!u8>, tensor<1x1x1x3x!i8> -> tensor<?x1x1x7x!acc>
  return %0 : tensor<?x1x1x7x!acc>
}

// A sequence is an image of one row; scales of channels that come last move behind
// the row.
// CHECK-LABEL: func @transposed_sequence
// CHECK-SAME: %[[X:.*]]: tensor<?x3x1x
// CHECK-DAG: %[[ROW:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2], [3]] {{.*}} into tensor<?x1x3x1x
// CHECK-DAG: arith.constant dense<{{.*}}> : tensor<2x1x1x2xi8>
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2], [3]] : tensor<?x1x7x2xi32> into tensor<?x7x2xi32>
// CHECK: quant.scast %[[FLAT]] : tensor<?x7x2xi32> to tensor<?x7x2x!quant.uniform<i32:f32:2, {
func.func @transposed_sequence(%x: tensor<?x3x1x!u8>) -> tensor<?x7x2x!quant.uniform<i32:f32:2, {0.125, 0.25}>> {
  %c = arith.constant dense<[[[1, 2, 3], [4, 5, 6]]]> : tensor<1x2x3xi8>
  %w = quant.scast %c : tensor<1x2x3xi8> to tensor<1x2x3x!quant.uniform<i8:f32:1, {0.25, 0.5}>>
  %0 = quanta.conv_transpose_1d %x, %w strides [2] channels_last : tensor<?x3x1x!u8>, tensor<1x2x3x!quant.uniform<i8:f32:1, {0.25, 0.5}>> -> tensor<?x7x2x!quant.uniform<i32:f32:2, {0.125, 0.25}>>
  return %0 : tensor<?x7x2x!quant.uniform<i32:f32:2, {0.125, 0.25}>>
}

// Weights that are known at run time: filters come first and taps backwards.
// CHECK-LABEL: func @transposed_at_run_time
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4x{{.*}}, %[[W:.*]]: tensor<2x3x3x3x
// CHECK: %[[I:.*]] = quant.scast %[[W]] : {{.*}} to tensor<2x3x3x3xi8>
// CHECK: %[[G:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<3x2x3x3xi8>)
// CHECK: tensor.extract %[[I]]
// CHECK: quant.scast %[[G]] : tensor<3x2x3x3xi8> to
// CHECK: quanta.contract
func.func @transposed_at_run_time(%x: tensor<1x2x4x4x!u8>, %w: tensor<2x3x3x3x!i8>) -> tensor<1x3x6x6x!acc> {
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x2x4x4x!u8>, tensor<2x3x3x3x!i8> -> tensor<1x3x6x6x!acc>
  return %0 : tensor<1x3x6x6x!acc>
}
