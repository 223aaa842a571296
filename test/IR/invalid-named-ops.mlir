// RUN: quant-opt %s --split-input-file --verify-diagnostics

// The numbers are those of the constraints in the operations' documentation.

!u8 = !quant.uniform<u8:f32, 0.5:3>
!bad = !quant.uniform<u8:f32, 0.5:999>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 1
func.func @f(%a: tensor<2x3x4x!bad>, %b: tensor<2x4x5x!i8>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!bad>, tensor<2x4x5x!i8> -> tensor<2x3x5x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%a: tensor<3x4x!u8>, %b: tensor<4x5x!i8>) {
  // expected-error@+1 {{multiplies tensors of one rank, at least 3, not 2 and 2 -> 2}}
  %0 = quanta.batch_matmul %a, %b : tensor<3x4x!u8>, tensor<4x5x!i8> -> tensor<3x5x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%a: tensor<2x3x4x!u8>, %b: tensor<1x4x5x!i8>) {
  // expected-error@+1 {{do not agree}}
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!u8>, tensor<1x4x5x!i8> -> tensor<2x3x5x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<i8:f32:0, {0.25, 0.5}>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%a: tensor<2x3x4x!u8>, %b: tensor<2x4x5x!rows>) {
  // expected-error@+1 {{rhs must be quantized per tensor or along dimension 2, not 0}}
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!u8>, tensor<2x4x5x!rows> -> tensor<2x3x5x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.25>

// 6
func.func @f(%a: tensor<2x3x4x!u8>, %b: tensor<2x4x5x!i8>) {
  // expected-error@+1 {{result has scale}}
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!u8>, tensor<2x4x5x!i8> -> tensor<2x3x5x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x3x!i8>) {
  // expected-error@+1 {{takes tensors of rank 4, not 3 and 4 -> 4}}
  %0 = quanta.conv_2d %x, %w : tensor<1x4x9x!u8>, tensor<6x4x3x3x!i8> -> tensor<1x6x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%x: tensor<1x?x9x9x!u8>, %w: tensor<6x4x3x3x!i8>) {
  // expected-error@+1 {{needs static channels and filters}}
  %0 = quanta.conv_2d %x, %w : tensor<1x?x9x9x!u8>, tensor<6x4x3x3x!i8> -> tensor<1x6x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x9x9x!u8>, %w: tensor<6x4x3x3x!i8>) {
  // expected-error@+1 {{needs 2 positive strides and dilations}}
  %0 = quanta.conv_2d %x, %w strides [1, 0] : tensor<1x4x9x9x!u8>, tensor<6x4x3x3x!i8> -> tensor<1x6x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x!i8>) {
  // expected-error@+1 {{needs 2 pads that are not negative}}
  %0 = quanta.conv_1d %x, %w pads [1] : tensor<1x4x9x!u8>, tensor<6x4x3x!i8> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x1x3x!i8>) {
  // expected-error@+1 {{cannot part 4 channels and 6 filters into 4 groups}}
  %0 = quanta.conv_1d %x, %w groups 4 : tensor<1x4x9x!u8>, tensor<6x1x3x!i8> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x!i8>) {
  // expected-error@+1 {{weights have 4 channels, but 4 in 2 groups need 2}}
  %0 = quanta.conv_1d %x, %w groups 2 : tensor<1x4x9x!u8>, tensor<6x4x3x!i8> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 6
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x!i8>) {
  // expected-error@+1 {{has a kernel larger than the padded dimension 2}}
  %0 = quanta.conv_1d %x, %w dilations [5] pads [0, 1] : tensor<1x4x9x!u8>, tensor<6x4x3x!i8> -> tensor<1x6x1x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 6
func.func @f(%x: tensor<1x9x4x!u8>, %w: tensor<6x4x3x!i8>) {
  // expected-error@+1 {{result has type 'tensor<1x6x7x}}
  %0 = quanta.conv_1d %x, %w channels_last : tensor<1x9x4x!u8>, tensor<6x4x3x!i8> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!channels = !quant.uniform<i8:f32:1, {0.25, 0.5, 0.25, 0.5}>
!acc = !quant.uniform<i32:f32, 0.125>

// 7
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x!channels>) {
  // expected-error@+1 {{rhs must be quantized per tensor or along dimension 0, not 1}}
  %0 = quanta.conv_1d %x, %w : tensor<1x4x9x!u8>, tensor<6x4x3x!channels> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 8
func.func @f(%x: tensor<1x4x9x!u8>, %w: tensor<6x4x3x!i8>, %b: tensor<4x!acc>) {
  // expected-error@+1 {{bias must be a vector with one element for each channel}}
  %0 = quanta.conv_1d %x, %w bias %b : tensor<1x4x9x!u8>, tensor<6x4x3x!i8>, tensor<4x!acc> -> tensor<1x6x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!bad = !quant.uniform<u8:f32, 0.5:999>

// 1
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.softmax %x dimension 1 : tensor<2x4x!u8> -> tensor<2x4x!bad>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!outside = !quant.uniform<u8:f32:2, {0.5, 0.25}>

// 2
func.func @f(%x: tensor<2x4x!outside>) {
  // expected-error@+1 {{dimension 2}}
  %0 = quanta.softmax %x dimension 1 : tensor<2x4x!outside> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{has no dimension 2 in a tensor of rank 2}}
  %0 = quanta.softmax %x dimension 2 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{has no dimension -1 in a tensor of rank 2}}
  %0 = quanta.softmax %x dimension -1 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{requires the same shape for all operands and results}}
  %0 = quanta.softmax %x dimension 1 : tensor<2x4x!u8> -> tensor<2x3x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!bad = !quant.uniform<u8:f32, 0.5:999>

// 1
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x4x!u8> -> tensor<2x4x!bad>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!outside = !quant.uniform<u8:f32:2, {0.5, 0.25}>

// 2
func.func @f(%x: tensor<2x4x!outside>) {
  // expected-error@+1 {{dimension 2}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x4x!outside> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<u8:f32:0, {0.5, 0.25}>

// 3
func.func @f(%x: tensor<2x4x!rows>) {
  // expected-error@+1 {{takes tensors that are quantized per tensor with at most 16 bits of storage}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x4x!rows> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{failed to verify that all of {input, result} have same shape}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x4x!u8> -> tensor<2x5x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 5
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{has no dimension 2 in a tensor of rank 2}}
  %0 = quanta.layer_norm %x axis 2 epsilon 1.0e-5 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 5
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{has no dimension -1 in a tensor of rank 2}}
  %0 = quanta.layer_norm %x axis -1 epsilon 1.0e-5 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 5
func.func @f(%x: tensor<2x?x!u8>) {
  // expected-error@+1 {{normalizes from 1 to 16777216 elements of static size}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x?x!u8> -> tensor<2x?x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 5
func.func @f(%x: tensor<2x0x!u8>) {
  // expected-error@+1 {{normalizes from 1 to 16777216 elements of static size}}
  %0 = quanta.layer_norm %x axis 1 epsilon 1.0e-5 : tensor<2x0x!u8> -> tensor<2x0x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 5
func.func @f(%x: tensor<5000x5000x!u8>) {
  // expected-error@+1 {{normalizes from 1 to 16777216 elements of static size}}
  %0 = quanta.layer_norm %x axis 0 epsilon 1.0e-5 : tensor<5000x5000x!u8> -> tensor<5000x5000x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 6
func.func @f(%x: tensor<2x4x!u8>, %w: tensor<2xf32>) {
  // expected-error@+1 {{weight has type 'tensor<2xf32>', expected 'tensor<4xf32>'}}
  %0 = quanta.layer_norm %x weight %w axis 1 epsilon 1.0e-5 : tensor<2x4x!u8> weight tensor<2xf32> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 6
func.func @f(%x: tensor<2x4x!u8>, %w: tensor<2xf32>) {
  // expected-error@+1 {{bias has type 'tensor<2xf32>', expected 'tensor<4xf32>'}}
  %0 = quanta.layer_norm %x bias %w axis 1 epsilon 1.0e-5 : tensor<2x4x!u8> bias tensor<2xf32> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 7
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{epsilon must be finite and not negative}}
  %0 = quanta.layer_norm %x axis 1 epsilon -1.0 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 7
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{epsilon must be finite and not negative}}
  %0 = quanta.layer_norm %x axis 1 epsilon 0x7FC00000 : tensor<2x4x!u8> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
!bad = !quant.uniform<u8:f32, 0.5:999>

// 1
func.func @f(%x: tensor<1x4x5x5x!bad>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!bad>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
!outside = !quant.uniform<u8:f32:4, {0.5, 0.25}>

// 2
func.func @f(%x: tensor<1x4x5x5x!outside>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{dimension 4}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!outside>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%x: tensor<1x4x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{takes tensors of rank 4, not 3 and 4 -> 4}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%x: tensor<1x4x?x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{needs static sizes of all but the batch}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x?x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{needs 2 positive strides and dilations}}
  %0 = quanta.conv_transpose_2d %x, %w strides [1, 0] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{needs 2 positive strides and dilations}}
  %0 = quanta.conv_transpose_2d %x, %w dilations [1] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{needs 4 pads that are not negative}}
  %0 = quanta.conv_transpose_2d %x, %w pads [1, 1, 1, -1] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{needs 2 entries of output_padding that are not negative}}
  %0 = quanta.conv_transpose_2d %x, %w output_padding [1] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{cannot part 4 channels into 3 groups}}
  %0 = quanta.conv_transpose_2d %x, %w groups 3 : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<5x3x3x3x!i8>) {
  // expected-error@+1 {{weights have 5 channels, but the input 4}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!u8>, tensor<5x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 6
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{has no result along dimension 2}}
  %0 = quanta.conv_transpose_2d %x, %w pads [4, 0, 3, 0] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 6
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{result has type 'tensor<1x3x7x7x}}
  %0 = quanta.conv_transpose_2d %x, %w pads [1, 0, 0, 0] : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
!filters = !quant.uniform<i8:f32:1, {0.25, 0.5, 0.25}>

// 7
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!filters>) {
  // expected-error@+1 {{weights of several groups must be quantized per tensor}}
  %0 = quanta.conv_transpose_2d %x, %w groups 2 : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!filters> -> tensor<1x6x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
!filters = !quant.uniform<i8:f32:0, {0.25, 0.5, 0.25, 0.25}>

// 7
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!filters>) {
  // expected-error@+1 {{rhs must be quantized per tensor or along dimension 1, not 0}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!filters> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 8
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>, %b: tensor<4x!acc>) {
  // expected-error@+1 {{bias must be a vector with one element for each channel}}
  %0 = quanta.conv_transpose_2d %x, %w bias %b : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8>, tensor<4x!acc> -> tensor<1x3x7x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
!wrong = !quant.uniform<i32:f32, 0.5>

// 8
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) {
  // expected-error@+1 {{result has scale}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!wrong>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 3
func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x!i8>) {
  // expected-error@+1 {{takes tensors of rank 3, not 4 and 3 -> 3}}
  %0 = quanta.conv_transpose_1d %x, %w : tensor<1x4x5x5x!u8>, tensor<4x3x3x!i8> -> tensor<1x3x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x!u8>, %w: tensor<4x3x3x!i8>) {
  // expected-error@+1 {{needs 1 positive strides and dilations}}
  %0 = quanta.conv_transpose_1d %x, %w strides [1, 1] : tensor<1x4x5x!u8>, tensor<4x3x3x!i8> -> tensor<1x3x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 4
func.func @f(%x: tensor<1x4x5x!u8>, %w: tensor<4x3x3x!i8>) {
  // expected-error@+1 {{needs 2 pads that are not negative}}
  %0 = quanta.conv_transpose_1d %x, %w pads [1] : tensor<1x4x5x!u8>, tensor<4x3x3x!i8> -> tensor<1x3x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 5
func.func @f(%x: tensor<1x4x5x!u8>, %w: tensor<5x3x3x!i8>) {
  // expected-error@+1 {{weights have 5 channels, but the input 4}}
  %0 = quanta.conv_transpose_1d %x, %w : tensor<1x4x5x!u8>, tensor<5x3x3x!i8> -> tensor<1x3x7x!acc>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

// 6
func.func @f(%x: tensor<1x4x5x!u8>, %w: tensor<4x3x3x!i8>) {
  // expected-error@+1 {{result has type 'tensor<1x3x6x}}
  %0 = quanta.conv_transpose_1d %x, %w : tensor<1x4x5x!u8>, tensor<4x3x3x!i8> -> tensor<1x3x6x!acc>
  return
}
