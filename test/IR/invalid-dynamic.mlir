// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One refused example for each constraint, by its number in the operation's
// documentation.

// quanta.dynamic_fake_quant, 1: the zero point of rule 1.
func.func @zero_point(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.dynamic_fake_quant' op zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0:300> rows [] symmetric : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// 2: one scale, which is 1.
func.func @scale(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{needs a type with the scale 1 for the whole tensor}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 0.5> rows [] : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @per_axis(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{needs a type with the scale 1 for the whole tensor}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32:0, {1.0, 1.0}> rows [] : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @affine_zero_point(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{computes its zero points: the type must have the zero point 0, not 128}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0:128> rows [] : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @high_zero_point(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has the zero point 255 above the middle of its range}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0:255> rows [] symmetric : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// 3: what f32 can hold.
func.func @wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{cannot round to 32 bits of storage, only to 16 at most}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<i32:f32, 1.0> rows [] symmetric : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// 4: rows.
func.func @rows(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{rows must be ascending dimensions of 'tensor<4x4xf32>'}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [1, 0] : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @row_outside(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{rows must be ascending dimensions of 'tensor<4x4xf32>'}}
  %0 = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [2] : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// 5: the sizes of scales and zero points.
!u8 = !quant.uniform<u8:f32, 1.0>
func.func @scales(%x: tensor<4x3xf32>) -> tensor<3xf32> {
  // expected-error@+1 {{scales must have the sizes of its rows}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<4x3xf32> to tensor<4x3x!u8>, tensor<3xf32>, tensor<4xi32>
  return %s : tensor<3xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 1.0>
func.func @zero_points(%x: tensor<4x3xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{zero points must have the sizes of its rows}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<4x3xf32> to tensor<4x3x!u8>, tensor<4xf32>, tensor<i32>
  return %s : tensor<4xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 1.0>
func.func @no_zero_points(%x: tensor<4x3xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{needs a result for its zero points}}
  %q, %s = quanta.dynamic_quantize %x rows [0] : tensor<4x3xf32> to tensor<4x3x!u8>, tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 1.0>
func.func @symmetric_zero_points(%x: tensor<4x3xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has no zero points, it is symmetric}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] symmetric : tensor<4x3xf32> to tensor<4x3x!u8>, tensor<4xf32>, tensor<4xi32>
  return %s : tensor<4xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 1.0>
func.func @shape(%x: tensor<4x3xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{result must have the shape of the input}}
  %q, %s, %z = quanta.dynamic_quantize %x rows [0] : tensor<4x3xf32> to tensor<3x4x!u8>, tensor<4xf32>, tensor<4xi32>
  return %s : tensor<4xf32>
}

// -----

// quanta.subtract_zero_point, 3: accumulators and weights.
!w = !quant.uniform<i8:f32, 0.5>
func.func @accumulators(%acc: tensor<4x2x!w>, %z: tensor<4xi32>, %w: tensor<8x2x!w>) -> tensor<4x2x!w> {
  // expected-error@+1 {{accumulators must have i32 storage and zero point 0}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<4x2x!w>, tensor<4xi32>, tensor<8x2x!w>
  return %0 : tensor<4x2x!w>
}

// -----

!acc = !quant.uniform<i32:f32, 0.5>
func.func @weights(%acc: tensor<4x2x!acc>, %z: tensor<4xi32>, %w: tensor<8x2x!acc>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{weights must have at most 8 bits of storage}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<4x2x!acc>, tensor<4xi32>, tensor<8x2x!acc>
  return %0 : tensor<4x2x!acc>
}

// -----

// 4: maps.
!w = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.5>
func.func @two_maps(%acc: tensor<4x2x!acc>, %z: tensor<4xi32>, %w: tensor<8x2x!w>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{needs the maps of accumulators, zero points and weights}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>]
    : tensor<4x2x!acc>, tensor<4xi32>, tensor<8x2x!w>
  return %0 : tensor<4x2x!acc>
}

// -----

!w = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.5>
func.func @compound_map(%acc: tensor<4x2x!acc>, %z: tensor<4xi32>, %w: tensor<8x2x!w>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{must select distinct dimensions, one for each of its tensor}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m + n)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<4x2x!acc>, tensor<4xi32>, tensor<8x2x!w>
  return %0 : tensor<4x2x!acc>
}

// -----

!w = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.5>
func.func @foreign_dimension(%acc: tensor<4x2x!acc>, %z: tensor<8xi32>, %w: tensor<8x2x!w>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{zero points have a dimension that the accumulators have not}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (k)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<4x2x!acc>, tensor<8xi32>, tensor<8x2x!w>
  return %0 : tensor<4x2x!acc>
}

// -----

// 5: sizes.
!w = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.5>
func.func @sizes(%acc: tensor<4x2x!acc>, %z: tensor<5xi32>, %w: tensor<8x2x!w>) -> tensor<4x2x!acc> {
  // expected-error@+1 {{has the sizes 4 and 5 along dimension 0 of its maps}}
  %0 = quanta.subtract_zero_point %acc, %z times %w maps [
      affine_map<(m, n, k) -> (m, n)>, affine_map<(m, n, k) -> (m)>, affine_map<(m, n, k) -> (k, n)>]
    : tensor<4x2x!acc>, tensor<5xi32>, tensor<8x2x!w>
  return %0 : tensor<4x2x!acc>
}
