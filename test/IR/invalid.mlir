// RUN: quant-opt %s --split-input-file --verify-diagnostics

// quanta.unsigned: of what has no sign.
// expected-error@+1 {{'quanta.unsigned' is for signless integers, not 'tensor<4xf32>'}}
func.func @unsigned_float(%x: tensor<4xf32> {quanta.unsigned}) {
  return
}

// -----

// expected-error@+1 {{'quanta.unsigned' is for signless integers, not 'tensor<4xui8>'}}
func.func @unsigned_result() -> (tensor<4xui8> {quanta.unsigned}) {
  %0 = tensor.empty() : tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

// One refused example for each constraint, by its number in the operation's
// documentation.

// quanta.observe: a name of Unicode.
func.func @observe_with_bytes(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.observe' op has a name that is not UTF-8}}
  %0 = quanta.observe %x, "\FF\FE" using min_max : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// quanta.observe: a name.
func.func @observe_without_name(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.observe' op needs a name, under which its statistics are kept}}
  %0 = quanta.observe %x, "" using min_max : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @observe_unknown_kind(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{custom op 'quanta.observe' expected string or keyword containing one of the following enum values for attribute 'kind'}}
  %0 = quanta.observe %x, "x" using median : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @observe_unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{custom op 'quanta.observe' invalid kind of type specified}}
  %0 = quanta.observe %x, "x" using min_max : tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @observe_integers(%x: tensor<4xi32>) -> tensor<4xi32> {
  // expected-error@+1 {{operand #0 must be ranked tensor of 32-bit float values}}
  %0 = quanta.observe %x, "x" using min_max : tensor<4xi32>
  return %0 : tensor<4xi32>
}

// -----

// quanta.observe, 3: numbers for the channels.
func.func @observe_smoothing_without_axis(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{has 'smoothing' but no dimension of channels ('axis')}}
  %0 = quanta.observe %x, "x" using min_max {smoothing = array<f32: 1.0, 2.0>} : tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

func.func @observe_smoothing_of_other_channels(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{has 3 numbers in 'smoothing' for 2 channels}}
  %0 = quanta.observe %x, "x" using histogram axis 1 {smoothing = array<f32: 1.0, 2.0, 4.0>} : tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

func.func @observe_smoothing_by_three(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{has the number 3.0}}
  %0 = quanta.observe %x, "x" using histogram axis 1 {smoothing = array<f32: 1.0, 3.0>} : tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// quanta.fake_quant, 1: the scale of rule 1.
func.func @fake_quant_subnormal_scale(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op scale 1.000000e-40 of '!quant.uniform<u8:f32, 9.9999999999999992E-41>' is not a positive, normal f32}}
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 1.0e-40> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @fake_quant_zero_point_above(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op zero point 99999 lies outside the storage range [-128, 127]}}
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32, 0.5:99999> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @fake_quant_zero_point_below_narrow_range(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op zero point -128 lies outside the storage range [-127, 127]}}
  %0 = quanta.fake_quant %x as !quant.uniform<i8<-127:127>:f32, 0.5:-128> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @fake_quant_one_bad_channel(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32:0, {0.5:3, 0.5:300}> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @fake_quant_expresses_f64(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op '!quant.uniform<u8:f64, 5.000000e-01>' does not express f32 values}}
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f64, 0.5> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @fake_quant_not_uniform(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{uniform quantized type (per tensor, per axis or sub-channel)}}
  %0 = quanta.fake_quant %x as !quant.calibrated<f32<-1.0:1.0>> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// quanta.fake_quant, 2: a scale for each index.
func.func @fake_quant_too_few_scales(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op has 2 scales for dimension 1 of size 3}}
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:1, {0.5, 0.5}> : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @fake_quant_dynamic_axis(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op has 2 scales for dimension 0 of size ?}}
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:0, {0.5, 0.5}> : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

func.func @fake_quant_axis_of_scalar(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{'quanta.fake_quant' op quantized dimension 0 of '!quant.uniform<i8:f32:0, {5.000000e-01}>' does not exist in a tensor of rank 0}}
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:0, {0.5}> : tensor<f32>
  return %0 : tensor<f32>
}

// -----

// quanta.fake_quant, 3: storage that f32 holds.
func.func @fake_quant_wide(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.fake_quant' op cannot round to 32 bits of storage, only to 16 at most}}
  %0 = quanta.fake_quant %x as !quant.uniform<i32:f32, 0.5> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// quanta.quantize, 1.
func.func @quantize_zero_point(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u8:f32, 0.5:-1>> {
  // expected-error@+1 {{'quanta.quantize' op zero point -1 lies outside the storage range [0, 255]}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5:-1>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:-1>>
}

// -----

// quanta.quantize, 2.
func.func @quantize_axis(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u8:f32:1, {0.5}>> {
  // expected-error@+1 {{'quanta.quantize' op quantized dimension 1 of '!quant.uniform<u8:f32:1, {5.000000e-01}>' does not exist in a tensor of rank 1}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32:1, {0.5}>>
  return %0 : tensor<4x!quant.uniform<u8:f32:1, {0.5}>>
}

// -----

// quanta.quantize, 3.
func.func @quantize_wide(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i32:f32, 0.5>> {
  // expected-error@+1 {{'quanta.quantize' op cannot round to 32 bits of storage, only to 16 at most}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<i32:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<i32:f32, 0.5>>
}

// -----

func.func @quantize_shape(%x: tensor<4xf32>) -> tensor<5x!quant.uniform<u8:f32, 0.5>> {
  // expected-error@+1 {{'quanta.quantize' op requires the same shape for all operands and results}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<5x!quant.uniform<u8:f32, 0.5>>
  return %0 : tensor<5x!quant.uniform<u8:f32, 0.5>>
}

// -----

func.func @quantize_f64(%x: tensor<4xf64>) -> tensor<4x!quant.uniform<u8:f32, 0.5>> {
  // expected-error@+1 {{operand #0 must be ranked tensor of 32-bit float values}}
  %0 = quanta.quantize %x : tensor<4xf64> to tensor<4x!quant.uniform<u8:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5>>
}

// -----

func.func @quantize_to_blocks(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u8:f32:{0:2}, {0.5, 0.25}>> {
  // expected-error@+1 {{result #0 must be ranked tensor of uniform quantized type (per tensor or per axis)}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32:{0:2}, {0.5, 0.25}>>
  return %0 : tensor<4x!quant.uniform<u8:f32:{0:2}, {0.5, 0.25}>>
}

// -----

// quanta.dequantize, 1.
func.func @dequantize_zero_point(%x: tensor<4x!quant.uniform<u8:f32, 0.5:256>>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.dequantize' op zero point 256 lies outside the storage range [0, 255]}}
  %0 = quanta.dequantize %x : tensor<4x!quant.uniform<u8:f32, 0.5:256>> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @odd_width(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i5:f32, 0.5>> {
  // expected-error@+1 {{'quanta.quantize' op storage of '!quant.uniform<i5:f32, 5.000000e-01>' has 5 bits, but 2, 4, 8, 16 or 32 are supported}}
  %0 = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<i5:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<i5:f32, 0.5>>
}

// -----

func.func @accumulator_zero_point(%x: tensor<4x!quant.uniform<i32:f32, 0.5:3>>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.dequantize' op '!quant.uniform<i32:f32, 5.000000e-01:3>' has a zero point, but storage of 32 bits, that of accumulators, has none}}
  %0 = quanta.dequantize %x : tensor<4x!quant.uniform<i32:f32, 0.5:3>> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @dequantize_unsigned_i32(%x: tensor<4x!quant.uniform<u32:f32, 0.5>>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.dequantize' op storage of '!quant.uniform<u32:f32, 5.000000e-01>' does not fit i32}}
  %0 = quanta.dequantize %x : tensor<4x!quant.uniform<u32:f32, 0.5>> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// quanta.dequantize, 2.
func.func @dequantize_scales(%x: tensor<4x!quant.uniform<u8:f32:0, {0.5, 0.5}>>) -> tensor<4xf32> {
  // expected-error@+1 {{'quanta.dequantize' op has 2 scales for dimension 0 of size 4}}
  %0 = quanta.dequantize %x : tensor<4x!quant.uniform<u8:f32:0, {0.5, 0.5}>> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// quanta.requantize, 1: for both types.
func.func @requantize_zero_point(%x: tensor<4x!quant.uniform<u8:f32, 0.5:256>>) -> tensor<4x!quant.uniform<u8:f32, 0.5>> {
  // expected-error@+1 {{'quanta.requantize' op zero point 256 lies outside the storage range [0, 255]}}
  %0 = quanta.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5:256>> to tensor<4x!quant.uniform<u8:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5>>
}

// -----

func.func @requantize_result_scale(%x: tensor<4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32, 1.0e-41>> {
  // expected-error@+1 {{'quanta.requantize' op scale 1.000000e-41 of '!quant.uniform<u8:f32, 1.000000e-41>' is not a positive, normal f32}}
  %0 = quanta.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5>> to tensor<4x!quant.uniform<u8:f32, 1.0e-41>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 1.0e-41>>
}

// -----

// quanta.requantize, 2.
func.func @requantize_scales(%x: tensor<4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32:0, {0.5}>> {
  // expected-error@+1 {{'quanta.requantize' op has 1 scales for dimension 0 of size 4}}
  %0 = quanta.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5>> to tensor<4x!quant.uniform<u8:f32:0, {0.5}>>
  return %0 : tensor<4x!quant.uniform<u8:f32:0, {0.5}>>
}

// -----

// quanta.requantize, 3.
func.func @requantize_wide(%x: tensor<4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x!quant.uniform<i32:f32, 0.5>> {
  // expected-error@+1 {{'quanta.requantize' op cannot round to 32 bits of storage, only to 16 at most}}
  %0 = quanta.requantize %x : tensor<4x!quant.uniform<u8:f32, 0.5>> to tensor<4x!quant.uniform<i32:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<i32:f32, 0.5>>
}

// -----

// quanta.requantize, 4: the clamp.
!u8 = !quant.uniform<u8:f32, 0.5:3>
func.func @requantize_clamp_reversed(%x: tensor<4x!u8>) -> tensor<4x!u8> {
  // expected-error@+1 {{'quanta.requantize' op clamp must be [lo, hi] with 0 <= lo <= hi <= 255}}
  %0 = quanta.requantize %x clamp [4, 3] : tensor<4x!u8> to tensor<4x!u8>
  return %0 : tensor<4x!u8>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
func.func @requantize_clamp_below(%x: tensor<4x!u8>) -> tensor<4x!u8> {
  // expected-error@+1 {{clamp must be [lo, hi]}}
  %0 = quanta.requantize %x clamp [-1, 3] : tensor<4x!u8> to tensor<4x!u8>
  return %0 : tensor<4x!u8>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
func.func @requantize_clamp_above(%x: tensor<4x!u8>) -> tensor<4x!u8> {
  // expected-error@+1 {{clamp must be [lo, hi]}}
  %0 = quanta.requantize %x clamp [3, 256] : tensor<4x!u8> to tensor<4x!u8>
  return %0 : tensor<4x!u8>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
func.func @requantize_clamp_size(%x: tensor<4x!u8>) -> tensor<4x!u8> {
  // expected-error@+1 {{clamp must be [lo, hi]}}
  %0 = quanta.requantize %x clamp [3] : tensor<4x!u8> to tensor<4x!u8>
  return %0 : tensor<4x!u8>
}

// -----

// quanta.requantize, 5.
!rows = !quant.uniform<i8:f32:0, {0.5, 0.25}>
!columns = !quant.uniform<i8:f32:1, {0.5, 0.25}>
func.func @requantize_axes(%x: tensor<2x2x!rows>) -> tensor<2x2x!columns> {
  // expected-error@+1 {{'quanta.requantize' op moves between types that are quantized along different dimensions, 0 and 1}}
  %0 = quanta.requantize %x : tensor<2x2x!rows> to tensor<2x2x!columns>
  return %0 : tensor<2x2x!columns>
}

// -----

// quanta.matmul, 1.
!u8 = !quant.uniform<u8:f32, 0.5:300>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_zero_point(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.matmul, 2.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32:1, {0.5, 0.5}>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_scales(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op has 2 scales for dimension 1 of size 3}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.matmul, 3: shapes.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_rank(%x: tensor<4x!u8>, %w: tensor<4x3x!i8>) -> tensor<3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op multiplies matrices, but got ranks 1 and 2 -> 1}}
  %0 = quanta.matmul %x, %w : tensor<4x!u8>, tensor<4x3x!i8> -> tensor<3x!acc>
  return %0 : tensor<3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_depth(%x: tensor<2x5x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op lhs has 5 columns but rhs has 4 rows}}
  %0 = quanta.matmul %x, %w : tensor<2x5x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_result_shape(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x4x!acc> {
  // expected-error@+1 {{'quanta.matmul' op result shape does not match its factors}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x4x!acc>
  return %0 : tensor<2x4x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_bias_size(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>, %b: tensor<2x!acc>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op bias must be a vector with one element for each channel of the result}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x4x!u8>, tensor<4x3x!i8>, tensor<2x!acc> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_bias_rank(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>, %b: tensor<2x3x!acc>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op bias must be a vector}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x4x!u8>, tensor<4x3x!i8>, tensor<2x3x!acc> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.matmul, 4: the factors.
!x = !quant.uniform<u8:f32:1, {0.5, 0.5, 0.5, 0.5}>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_lhs_per_axis(%x: tensor<2x4x!x>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op lhs must be quantized per tensor}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!x>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<i8:f32:0, {0.5, 0.5}>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_rhs_axis(%x: tensor<2x2x!u8>, %w: tensor<2x3x!rows>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op rhs must be quantized per tensor or along dimension 1, not 0}}
  %0 = quanta.matmul %x, %w : tensor<2x2x!u8>, tensor<2x3x!rows> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!x = !quant.uniform<i16:f32, 0.5>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @matmul_wide_factor(%x: tensor<2x4x!x>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op factors must have at most 8 bits of storage}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!x>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.matmul, 5: storage of the accumulators.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i16:f32, 0.25>
func.func @matmul_narrow_result(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op result must have i32 storage and zero point 0}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
!bias = !quant.uniform<i32:f32, 0.25:1>
func.func @matmul_bias_zero_point(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>, %b: tensor<3x!bias>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.matmul' op '!quant.uniform<i32:f32, 2.500000e-01:1>' has a zero point, but storage of 32 bits, that of accumulators, has none}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x4x!u8>, tensor<4x3x!i8>, tensor<3x!bias> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32:0, {0.25, 0.25}>
func.func @matmul_result_axis(%x: tensor<2x4x!u8>, %w: tensor<4x2x!i8>) -> tensor<2x2x!acc> {
  // expected-error@+1 {{'quanta.matmul' op result must be quantized along dimension 1, not 0}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x2x!i8> -> tensor<2x2x!acc>
  return %0 : tensor<2x2x!acc>
}

// -----

// quanta.matmul, 6: scales of the accumulators.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32:1, {0.5, 0.25}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.25}>
func.func @matmul_result_scale(%x: tensor<2x4x!u8>, %w: tensor<4x2x!i8>) -> tensor<2x2x!acc> {
  // expected-error@+1 {{'quanta.matmul' op result has scale 2.500000e-01 in channel 1, but its factors give 1.250000e-01}}
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x2x!i8> -> tensor<2x2x!acc>
  return %0 : tensor<2x2x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
!bias = !quant.uniform<i32:f32, 0.5>
func.func @matmul_bias_scale(%x: tensor<2x4x!u8>, %w: tensor<4x2x!i8>, %b: tensor<2x!bias>) -> tensor<2x2x!acc> {
  // expected-error@+1 {{'quanta.matmul' op bias has scale 5.000000e-01 in channel 0, but its factors give 2.500000e-01}}
  %0 = quanta.matmul %x, %w bias %b : tensor<2x4x!u8>, tensor<4x2x!i8>, tensor<2x!bias> -> tensor<2x2x!acc>
  return %0 : tensor<2x2x!acc>
}

// -----

// quanta.contract, 1.
!u8 = !quant.uniform<u8:f32, 0.5:300>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_zero_point(%x: tensor<5x2x4x!u8>, %w: tensor<5x4x3x!i8>) -> tensor<5x2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.contract %x, %w maps [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, k, n)>,
                                    affine_map<(b, m, n, k) -> (b, m, n)>]
      : tensor<5x2x4x!u8>, tensor<5x4x3x!i8> -> tensor<5x2x3x!acc>
  return %0 : tensor<5x2x3x!acc>
}

// -----

// quanta.contract, 2.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32:1, {0.5, 0.5}>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_scales(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op has 2 scales for dimension 1 of size 3}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.contract, 3: the maps.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_two_maps(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op needs maps of lhs, rhs and result, got 2}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_symbols(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op maps must have the same dimensions and no symbols}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k)[s] -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_map_rank(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op map affine_map<(d0, d1, d2) -> (d2)> does not have one result for each dimension of}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_result_map(%x: tensor<2x4x!u8>, %w: tensor<4x2x!i8>) -> tensor<2x2x!acc> {
  // expected-error@+1 {{'quanta.contract' op the result's map affine_map<(d0, d1, d2) -> (d0, d0)> does not select distinct dimensions}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, m)>]
      : tensor<2x4x!u8>, tensor<4x2x!i8> -> tensor<2x2x!acc>
  return %0 : tensor<2x2x!acc>
}

// -----

// quanta.contract, 4: sizes and bounds.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_sizes(%x: tensor<2x4x!u8>, %w: tensor<5x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op dimension 2 of the maps has sizes 4 and 5}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<5x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_unknown_size(%x: tensor<2x9x!u8>, %w: tensor<3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op dimension 2 of the maps has no size: no map selects it alone}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, n + k)>, affine_map<(m, n, k) -> (n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x9x!u8>, tensor<3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_out_of_bounds(%x: tensor<1x2x8x!u8>, %w: tensor<4x2x3x!i8>) -> tensor<1x4x4x!acc> {
  // expected-error@+1 {{'quanta.contract' op reads index 8 of dimension 2 of}}
  %0 = quanta.contract %x, %w maps [affine_map<(n, f, x, c, k) -> (n, c, x * 2 + k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>]
      : tensor<1x2x8x!u8>, tensor<4x2x3x!i8> -> tensor<1x4x4x!acc>
  return %0 : tensor<1x4x4x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_negative_index(%x: tensor<1x2x8x!u8>, %w: tensor<4x2x3x!i8>) -> tensor<1x4x4x!acc> {
  // expected-error@+1 {{'quanta.contract' op reads index -2 of dimension 2 of}}
  %0 = quanta.contract %x, %w maps [affine_map<(n, f, x, c, k) -> (n, c, x - k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>]
      : tensor<1x2x8x!u8>, tensor<4x2x3x!i8> -> tensor<1x4x4x!acc>
  return %0 : tensor<1x4x4x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_dynamic_result(%x: tensor<1x2x9x!u8>, %w: tensor<4x2x3x!i8>) -> tensor<1x4x?x!acc> {
  // expected-error@+1 {{'quanta.contract' op dynamic size of dimension 2 of the result is neither a size of a factor nor what a window has room for in one}}
  %0 = quanta.contract %x, %w maps [affine_map<(n, f, x, c, k) -> (n, c, x floordiv 2 + k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>]
      : tensor<1x2x9x!u8>, tensor<4x2x3x!i8> -> tensor<1x4x?x!acc>
  return %0 : tensor<1x4x?x!acc>
}

// -----

// quanta.contract, 5: the factors.
!x = !quant.uniform<u8:f32:0, {0.5, 0.5}>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_lhs_per_axis(%x: tensor<2x4x!x>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op lhs must be quantized per tensor}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!x>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!rows = !quant.uniform<i8:f32:0, {0.5, 0.5, 0.5, 0.5}>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_rhs_axis(%x: tensor<2x4x!u8>, %w: tensor<4x3x!rows>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op rhs must be quantized per tensor or along dimension 1, not 0}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!rows> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!x = !quant.uniform<i16:f32, 0.5>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_wide_factor(%x: tensor<2x4x!x>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op factors must have at most 8 bits of storage}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!x>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.contract, 6: the accumulators.
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25:7>
func.func @contract_result_zero_point(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op '!quant.uniform<i32:f32, 2.500000e-01:7>' has a zero point, but storage of 32 bits, that of accumulators, has none}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.5>
func.func @contract_result_scale(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op result has scale 5.000000e-01 in channel 0, but its factors give 2.500000e-01}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_bias_size(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>, %b: tensor<2x!acc>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op bias must be a vector with one element for each channel of the result}}
  %0 = quanta.contract %x, %w bias %b maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                            affine_map<(m, n, k) -> (m, n)>]
      : tensor<2x4x!u8>, tensor<4x3x!i8>, tensor<2x!acc> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
func.func @contract_channel(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  // expected-error@+1 {{'quanta.contract' op channel 2 is not a dimension of the result}}
  %0 = quanta.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                    affine_map<(m, n, k) -> (m, n)>] channel 2
      : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

// -----

// quanta.fused_matmul, 1: shapes.
func.func @fused_rank(%x: memref<8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<1x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op needs lhs MxK and outs MxN, with as many rows each, and rhs and init of one dimension behind those of batch}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<1x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_rows(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<5x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op lhs has 4 rows but outs has 5}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<5x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_dynamic_depth(%x: memref<4x?xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op needs static K and N}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x?xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// quanta.fused_matmul, 2: element types.
func.func @fused_float_factors(%x: memref<4x8xf32>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op lhs and rhs must hold the factors of #quanta.avx512_vnni}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xf32>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_float_init(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xf32>, %o: memref<4x3xf32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op init must hold the accumulators of #quanta.avx512_vnni}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xf32>) maps [] outs(%o : memref<4x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// -----

func.func @fused_flip_of_floats(%x: memref<4x8xf32>, %w: memref<128xf32>, %b: memref<16xf32>, %o: memref<4x3xf32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op flip_lhs inverts bits of integers only}}
  quanta.fused_matmul #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> lhs(%x : memref<4x8xf32>)
      rhs(%w : memref<128xf32>) init(%b : memref<16xf32>) maps [] outs(%o : memref<4x3xf32>) attributes {flip_lhs} {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// -----

func.func @fused_no_lanes(%x: memref<4x8xf32>, %w: memref<128xf32>, %b: memref<16xf32>, %o: memref<4x3xf32>) {
  // expected-error@+1 {{lanes, vectors and rows must lie between 1 and 64, got 0, 4 and 6}}
  quanta.fused_matmul #quanta.fma<lanes = 0, vectors = 4, rows = 6, fused = true> lhs(%x : memref<4x8xf32>)
      rhs(%w : memref<128xf32>) init(%b : memref<16xf32>) maps [] outs(%o : memref<4x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// -----

// quanta.fused_matmul, 3: packed sizes.
func.func @fused_unpacked(%x: memref<4x8xi8>, %w: memref<24xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op rhs must be packed into 128 elements for #quanta.avx512_vnni}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<24xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_short_init(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<3xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op init must be padded to 16 elements}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<3xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// quanta.fused_matmul, 4: extras.
func.func @fused_missing_map(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %e: memref<3xi32>,
                             %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op needs one map for each extra}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) extras(%e : memref<3xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32, %extra: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_extra_map(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %e: memref<3xi32>,
                           %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op map affine_map<(d0, d1) -> (d0 + d1)> must select dimensions of the result}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) extras(%e : memref<3xi32>) maps [affine_map<(m, n) -> (m + n)>]
      outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32, %extra: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_extra_size(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %e: memref<2xi32>,
                            %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op 'memref<2xi32>' has the size 2 where outs has 3}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) extras(%e : memref<2xi32>) maps [affine_map<(m, n) -> (n)>]
      outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32, %extra: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// quanta.fused_matmul, 5: the epilogue.
func.func @fused_epilogue_argument(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xf32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op epilogue must take the accumulator and one element of each extra}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// -----

func.func @fused_extra_argument(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %e: memref<3xf32>,
                                %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op epilogue argument 1 must be 'f32'}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) extras(%e : memref<3xf32>) maps [affine_map<(m, n) -> (n)>]
      outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32, %extra: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @fused_two_sizes(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi8>, %p: memref<4x2xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op outs must have the same sizes, got 'memref<4x3xi8>' and 'memref<4x2xi32>'}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o, %p : memref<4x3xi8>, memref<4x2xi32>) {
  ^bb0(%acc: i32):
    %t = arith.trunci %acc : i32 to i8
    quanta.yield %t, %acc : i8, i32
  }
  return
}

// -----

func.func @fused_three_outs(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op needs between 1 and 2 outs, got 3}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o, %o, %o : memref<4x3xi32>, memref<4x3xi32>, memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc, %acc, %acc : i32, i32, i32
  }
  return
}

// -----

func.func @fused_two_yields(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op epilogue must yield one 'i32' for each output}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc, %acc : i32, i32
  }
  return
}

// -----

func.func @fused_yield(%x: memref<4x8xi8>, %w: memref<128xi8>, %b: memref<16xi32>, %o: memref<4x3xi8>) {
  // expected-error@+1 {{'quanta.fused_matmul' op epilogue must yield one 'i8'}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<4x8xi8>) rhs(%w : memref<128xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<4x3xi8>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}
