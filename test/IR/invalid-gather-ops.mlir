// RUN: quant-opt %s --split-input-file --verify-diagnostics

// The numbers are those of the constraints in the operations' documentation.

!u8 = !quant.uniform<u8:f32, 0.5:3>
!bad = !quant.uniform<u8:f32, 0.5:999>

// 1
func.func @f(%t: tensor<4x3x!bad>, %i: tensor<2xi64>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.embedding %t, %i : tensor<4x3x!bad>, tensor<2xi64> -> tensor<2x3x!bad>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!outside = !quant.uniform<u8:f32:4, {0.5, 0.25}>

// 2
func.func @f(%t: tensor<4x3x!outside>, %i: tensor<2xi64>) {
  // expected-error@+1 {{dimension 4}}
  %0 = quanta.embedding %t, %i : tensor<4x3x!outside>, tensor<2xi64> -> tensor<2x3x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%t: tensor<4x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{needs a matrix with a static number of rows}}
  %0 = quanta.embedding %t, %i : tensor<4x!u8>, tensor<2xi64> -> tensor<2x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%t: tensor<?x3x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{needs a matrix with a static number of rows}}
  %0 = quanta.embedding %t, %i : tensor<?x3x!u8>, tensor<2xi64> -> tensor<2x3x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%t: tensor<0x3x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{needs a matrix with a static number of rows}}
  %0 = quanta.embedding %t, %i : tensor<0x3x!u8>, tensor<2xi64> -> tensor<2x3x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%t: tensor<4x3x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected 'tensor<2x3x}}
  %0 = quanta.embedding %t, %i : tensor<4x3x!u8>, tensor<2xi64> -> tensor<2x4x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%t: tensor<4x3x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected 'tensor<2x3x}}
  %0 = quanta.embedding %t, %i : tensor<4x3x!u8>, tensor<2xi64> -> tensor<2x3x1x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>

// 5
func.func @f(%t: tensor<4x3x!u8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{must have the same element type}}
  %0 = quanta.embedding %t, %i : tensor<4x3x!u8>, tensor<2xi64> -> tensor<2x3x!i8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<u8:f32:0, {0.5, 0.25}>

// 5
func.func @f(%t: tensor<2x3x!rows>, %i: tensor<2xi64>) {
  // expected-error@+1 {{must have the same element type, quantized per tensor}}
  %0 = quanta.embedding %t, %i : tensor<2x3x!rows>, tensor<2xi64> -> tensor<2x3x!rows>
  return
}

// -----

!columns = !quant.uniform<u8:f32:1, {0.5, 0.25}>

// 5
func.func @f(%t: tensor<3x2x!columns>, %i: tensor<2xi64>) {
  // expected-error@+1 {{needs a table that is quantized per tensor or along its rows, not along dimension 1}}
  %0 = quanta.embedding %t, %i : tensor<3x2x!columns>, tensor<2xi64> -> tensor<2x2xf32>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!bad = !quant.uniform<u8:f32, 0.5:999>

// 1
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{zero point 999}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x6x!bad>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!outside = !quant.uniform<u8:f32:4, {0.5, 0.25}>

// 2
func.func @f(%x: tensor<2x4x!outside>) {
  // expected-error@+1 {{dimension 4}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!outside> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{needs distinct dimensions of a tensor of rank 2}}
  %0 = quanta.resize %x over [1, 1] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{needs distinct dimensions of a tensor of rank 2}}
  %0 = quanta.resize %x over [2] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x?x!u8>) {
  // expected-error@+1 {{resamples dimensions of a static size from 1 to 16777216, not dimension 1}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x?x!u8> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 3
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{resamples dimensions of a static size from 1 to 16777216, not dimension 1}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x0x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{result has rank 3, but its input 2}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x6x1x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 4
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{dimension 0 of}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!u8> -> tensor<3x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>

// 5
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{input and result must have the same element type}}
  %0 = quanta.resize %x over [1] mode nearest coordinates half_pixel : tensor<2x4x!u8> -> tensor<2x6x!i8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<u8:f32:0, {0.5, 0.25}>

// 5
func.func @f(%x: tensor<2x4x!rows>) {
  // expected-error@+1 {{resamples dimension 0, along which the tensor is quantized}}
  %0 = quanta.resize %x over [0] mode nearest coordinates half_pixel : tensor<2x4x!rows> -> tensor<2x4x!rows>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<u8:f32:0, {0.5, 0.25}>

// 6
func.func @f(%x: tensor<2x4x!rows>) {
  // expected-error@+1 {{quantized per tensor with at most 16 bits}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel : tensor<2x4x!rows> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 6
func.func @f(%x: tensor<2x4x!u8>) {
  // expected-error@+1 {{rounds no places in mode linear}}
  %0 = quanta.resize %x over [1] mode linear coordinates half_pixel rounding floor : tensor<2x4x!u8> -> tensor<2x6x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 6
func.func @f(%x: tensor<2x2x2x2x2x!u8>) {
  // expected-error@+1 {{resamples at most 4 dimensions, not 5}}
  %0 = quanta.resize %x over [0, 1, 2, 3, 4] mode linear coordinates half_pixel : tensor<2x2x2x2x2x!u8> -> tensor<3x3x3x3x3x!u8>
  return
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// 7
func.func @f(%x: tensor<4999x4999x!u8>) {
  // expected-error@+1 {{its weighted sums do not fit i32}}
  %0 = quanta.resize %x over [0, 1] mode linear coordinates half_pixel : tensor<4999x4999x!u8> -> tensor<5003x5003x!u8>
  return
}
