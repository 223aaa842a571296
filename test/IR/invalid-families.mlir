// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One refused example for each constraint, by its number in the operation's
// documentation.

// quanta.add, 1: the zero point of rule 1.
func.func @add_zero_point(%a: tensor<4x!quant.uniform<u8:f32, 0.5:300>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:300>> {
  // expected-error@+1 {{zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.add %a, %a : tensor<4x!quant.uniform<u8:f32, 0.5:300>>, tensor<4x!quant.uniform<u8:f32, 0.5:300>> -> tensor<4x!quant.uniform<u8:f32, 0.5:300>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:300>>
}

// -----

// quanta.add, 3: per tensor.
func.func @add_per_axis(%a: tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{takes tensors that are quantized per tensor with at most 16 bits of storage}}
  %0 = quanta.add %a, %a : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>, tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.sub, 3: at most 16 bits.
func.func @sub_wide(%a: tensor<4x!quant.uniform<i32:f32, 0.25>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{takes tensors that are quantized per tensor with at most 16 bits of storage}}
  %0 = quanta.sub %a, %a : tensor<4x!quant.uniform<i32:f32, 0.25>>, tensor<4x!quant.uniform<i32:f32, 0.25>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.mul, 4: ranks.
func.func @mul_ranks(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>, %b: tensor<1x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<1x4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{has tensors of ranks 1 and 2 -> 2}}
  %0 = quanta.mul %a, %b : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<1x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<1x4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<1x4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.mul, 4: sizes.
func.func @mul_sizes(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>, %b: tensor<2x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{dimension 0 has sizes 4 and 2 -> 4}}
  %0 = quanta.mul %a, %b : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<2x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.add, 4: a result that no operand has.
func.func @add_expands(%a: tensor<1x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{dimension 0 has sizes 1 and 1 -> 4}}
  %0 = quanta.add %a, %a : tensor<1x!quant.uniform<u8:f32, 0.5:3>>, tensor<1x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.add, 5.
func.func @add_clamp(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{clamp must be [lo, hi] with 0 <= lo <= hi <= 255}}
  %0 = quanta.add %a, %a clamp [-1, 5] : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.lookup, 1.
func.func @lookup_zero_point(%a: tensor<4x!quant.uniform<u8:f32, 0.5:300>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:300>> {
  // expected-error@+1 {{zero point 300 lies outside the storage range [0, 255]}}
  %0 = quanta.lookup %a table dense<0> : tensor<256xi8> : tensor<4x!quant.uniform<u8:f32, 0.5:300>> to tensor<4x!quant.uniform<u8:f32, 0.5:300>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:300>>
}

// -----

// quanta.lookup, 3.
func.func @lookup_wide(%a: tensor<4x!quant.uniform<i32:f32, 0.25>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{looks up at most 8 bits of storage, not 32}}
  %0 = quanta.lookup %a table dense<0> : tensor<4xi8> : tensor<4x!quant.uniform<i32:f32, 0.25>> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.lookup, 4: the size of the table.
func.func @lookup_size(%a: tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{needs a table of type 'tensor<4xi8>', got 'tensor<3xi8>'}}
  %0 = quanta.lookup %a table dense<0> : tensor<3xi8> : tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.lookup, 4: its element type.
func.func @lookup_type(%a: tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{needs a table of type 'tensor<4xi8>', got 'tensor<4xi32>'}}
  %0 = quanta.lookup %a table dense<0> : tensor<4xi32> : tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>> to tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.lookup, 5.
func.func @lookup_range(%a: tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>>) -> tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>> {
  // expected-error@+1 {{table entry 3 is -2, outside of [-1, 1]}}
  %0 = quanta.lookup %a table dense<[0, 1, -1, -2]> : tensor<4xi2> : tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>> to tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<i2<-1:1>:f32, 0.5>>
}

// -----

// quanta.pad, 3.
func.func @pad_entries(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{needs 'low' and 'high' with one entry, not negative, for each dimension}}
  %0 = quanta.pad %a low [1, 2] high [0] : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.pad, 3.
func.func @pad_negative(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<3x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{needs 'low' and 'high' with one entry, not negative, for each dimension}}
  %0 = quanta.pad %a low [-1] high [0] : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<3x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<3x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.pad, 4: the quantized dimension.
func.func @pad_axis(%a: tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) -> tensor<4x3x!quant.uniform<i8:f32:1, {0.5, 0.25}>> {
  // expected-error@+1 {{has 2 scales for dimension 1 of size 3}}
  %0 = quanta.pad %a low [0, 1] high [0, 0] : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<4x3x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  return %0 : tensor<4x3x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
}

// -----

// quanta.pad, 4: zero points.
func.func @pad_zero_points(%a: tensor<4x2x!quant.uniform<u8:f32:1, {0.5:1, 0.25:2}>>) -> tensor<5x2x!quant.uniform<u8:f32:1, {0.5:1, 0.25:2}>> {
  // expected-error@+1 {{needs a value, because the zero points differ}}
  %0 = quanta.pad %a low [1, 0] high [0, 0] : tensor<4x2x!quant.uniform<u8:f32:1, {0.5:1, 0.25:2}>> -> tensor<5x2x!quant.uniform<u8:f32:1, {0.5:1, 0.25:2}>>
  return %0 : tensor<5x2x!quant.uniform<u8:f32:1, {0.5:1, 0.25:2}>>
}

// -----

// quanta.pad, 5.
func.func @pad_value(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<5x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{value 256 lies outside of [0, 255]}}
  %0 = quanta.pad %a low [1] high [0] value 256 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<5x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<5x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.pad, 6.
func.func @pad_result(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<6x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+2 {{inferred type(s) 'tensor<5x!quant.uniform<u8:f32, 5.000000e-01:3>>' are incompatible}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = quanta.pad %a low [1] high [0] : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<6x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<6x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.concat, 3: at least one.
func.func @concat_nothing() -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{joins at least one tensor}}
  %0 = "quanta.concat"() {dim = 0 : i64} : () -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.concat, 3: per tensor.
func.func @concat_per_axis(%a: tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) -> tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> {
  // expected-error@+1 {{takes tensors that are quantized per tensor with at most 16 bits of storage}}
  %0 = quanta.concat %a dim 0 : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  return %0 : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
}

// -----

// quanta.concat, 4: the dimension.
func.func @concat_dimension(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{dimension 1 does not exist in a tensor of rank 1}}
  %0 = quanta.concat %a dim 1 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.concat, 4: ranks.
func.func @concat_ranks(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{joins tensors of rank 1 to one of rank 2}}
  %0 = quanta.concat %a dim 0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x1x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x1x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.concat, 5: sizes.
func.func @concat_sizes(%a: tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x3x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{dimension 1 of 'tensor<4x2x!quant.uniform<u8:f32, 5.000000e-01:3>>' does not fit}}
  %0 = quanta.concat %a dim 0 : tensor<4x2x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x3x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x3x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.concat, 5: the sum.
func.func @concat_sum(%a: tensor<4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<9x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{joins 8 indices along dimension 0 to 9}}
  %0 = quanta.concat %a, %a dim 0 : tensor<4x!quant.uniform<u8:f32, 0.5:3>>, tensor<4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<9x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<9x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.max_pool, 3: entries.
func.func @max_pool_entries(%a: tensor<4x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{needs one positive entry of window, strides and dilations for each of its dimensions}}
  %0 = quanta.max_pool %a over [1] window [2] strides [0] dilations [1] : tensor<4x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.max_pool, 3: dimensions.
func.func @max_pool_dimension(%a: tensor<4x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{dimension 1 is not a dimension of its own of}}
  %0 = quanta.max_pool %a over [1, 1] window [2, 2] strides [2, 2] dilations [1, 1] : tensor<4x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x2x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.max_pool, 3: the quantized dimension.
func.func @max_pool_axis(%a: tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) -> tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> {
  // expected-error@+1 {{has windows along dimension 1, along which the tensor is quantized}}
  %0 = quanta.max_pool %a over [1] window [1] strides [1] dilations [1] : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
  return %0 : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>
}

// -----

// quanta.max_pool, 4: a window that does not fit.
func.func @max_pool_window(%a: tensor<4x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x1x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{has a window larger than dimension 1}}
  %0 = quanta.max_pool %a over [1] window [3] strides [1] dilations [2] : tensor<4x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x1x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x1x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.max_pool, 4: sizes.
func.func @max_pool_sizes(%a: tensor<4x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x3x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{result has type 'tensor<4x3x!quant.uniform<u8:f32, 5.000000e-01:3>>', expected 'tensor<4x2x!quant.uniform<u8:f32, 5.000000e-01:3>>'}}
  %0 = quanta.max_pool %a over [1] window [2] strides [2] dilations [1] : tensor<4x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x3x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<4x3x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.max_pool, 5.
func.func @max_pool_types(%a: tensor<4x4x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<4x2x!quant.uniform<i8:f32, 0.25:-3>> {
  // expected-error@+1 {{input and result must have the same element type}}
  %0 = quanta.max_pool %a over [1] window [2] strides [2] dilations [1] : tensor<4x4x!quant.uniform<u8:f32, 0.5:3>> -> tensor<4x2x!quant.uniform<i8:f32, 0.25:-3>>
  return %0 : tensor<4x2x!quant.uniform<i8:f32, 0.25:-3>>
}

// -----

// quanta.average_pool, 5.
func.func @average_pool_axis(%a: tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>>) -> tensor<2x2x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{takes tensors that are quantized per tensor with at most 16 bits of storage}}
  %0 = quanta.average_pool %a over [0] window [2] strides [2] dilations [1] : tensor<4x2x!quant.uniform<i8:f32:1, {0.5, 0.25}>> -> tensor<2x2x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<2x2x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.average_pool, 6.
func.func @average_pool_sums(%a: tensor<9000000x!quant.uniform<u8:f32, 0.5:3>>) -> tensor<1x!quant.uniform<u8:f32, 0.5:3>> {
  // expected-error@+1 {{sums of its windows do not fit i32}}
  %0 = quanta.average_pool %a over [0] window [9000000] strides [1] dilations [1] : tensor<9000000x!quant.uniform<u8:f32, 0.5:3>> -> tensor<1x!quant.uniform<u8:f32, 0.5:3>>
  return %0 : tensor<1x!quant.uniform<u8:f32, 0.5:3>>
}

// -----

// quanta.fake_quant_grad, 1.
func.func @grad_zero_point(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{zero point 300 lies outside the storage range [0, 255]}}
  %0, %1, %2 = quanta.fake_quant_grad %x, %x as !quant.uniform<u8:f32, 0.5:300> : tensor<4x2xf32> -> tensor<f32>, tensor<f32>
  return %0 : tensor<4x2xf32>
}

// -----

// quanta.fake_quant_grad, 2.
func.func @grad_channels(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{has 2 scales for dimension 0 of size 4}}
  %0, %1, %2 = quanta.fake_quant_grad %x, %x as !quant.uniform<i8:f32:0, {0.5, 0.25}> : tensor<4x2xf32> -> tensor<2xf32>, tensor<2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// quanta.fake_quant_grad, 3.
func.func @grad_wide(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{cannot round to 32 bits of storage, only to 16 at most}}
  %0, %1, %2 = quanta.fake_quant_grad %x, %x as !quant.uniform<i32:f32, 0.5> : tensor<4x2xf32> -> tensor<f32>, tensor<f32>
  return %0 : tensor<4x2xf32>
}

// -----

// quanta.fake_quant_grad, 4.
func.func @grad_results(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{gradients of scale and zero point have type 'tensor<2xf32>', not 'tensor<f32>'}}
  %0, %1, %2 = quanta.fake_quant_grad %x, %x as !quant.uniform<i8:f32:1, {0.5, 0.25}> : tensor<4x2xf32> -> tensor<f32>, tensor<f32>
  return %0 : tensor<4x2xf32>
}

// -----

!rows = !quant.uniform<u8:f32:0, {0.5, 0.25}>

// quanta.pad 3, before 4 is looked at
func.func @f(%x: tensor<2x3x!rows>) {
  // expected-error@+1 {{needs 'low' and 'high' with one entry, not negative, for each dimension}}
  %0 = quanta.pad %x low [] high [] : tensor<2x3x!rows> -> tensor<2x3x!rows>
  return
}
