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
