// RUN: quant-opt %s --quanta-expand-named-ops --verify-diagnostics
// RUN: quant-opt %s --quanta-rewrite-types --verify-diagnostics

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>

func.func @f(%x: tensor<1x4x5x5x!u8>, %w: tensor<4x3x3x3x!i8>) -> tensor<1x3x7x7x!acc> {
  // expected-error@+1 {{needs weights that are a constant}}
  %0 = quanta.conv_transpose_2d %x, %w : tensor<1x4x5x5x!u8>, tensor<4x3x3x3x!i8> -> tensor<1x3x7x7x!acc>
  return %0 : tensor<1x3x7x7x!acc>
}
