// RUN: quant-opt %s --quanta-quantize --split-input-file --verify-diagnostics | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.5>
!i8 = !quant.uniform<i8<-127:127>:f32, 1.0>

// 70000 * 255 * 127 leaves i32: the product stays in float, on the same values.
// CHECK-LABEL: func @too_long
// CHECK: linalg.matmul {quanta.float_reason = "its sums of 70000 products reach [0, 2266950000], which does not fit i32 accumulators"}
// CHECK-NOT: quanta.matmul
func.func @too_long(%x: tensor<2x70000xf32>) -> tensor<2x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<127.0> : tensor<70000x1xf32>
  %q = quanta.fake_quant %x as !u8 : tensor<2x70000xf32>
  %v = quanta.fake_quant %w as !i8 : tensor<70000x1xf32>
  %e = tensor.empty() : tensor<2x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x1xf32>) -> tensor<2x1xf32>
  // expected-remark@+1 {{stays in float: its sums of 70000 products reach [0, 2266950000], which does not fit i32 accumulators}}
  %y = linalg.matmul ins(%q, %v : tensor<2x70000xf32>, tensor<70000x1xf32>) outs(%f : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5>
!i8 = !quant.uniform<i8<-127:127>:f32, 1.0>

// The same length, with weights that are small.
// CHECK-LABEL: func @small_weights
// CHECK: quanta.matmul
func.func @small_weights(%x: tensor<2x70000xf32>) -> tensor<2x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<120.0> : tensor<70000x1xf32>
  %q = quanta.fake_quant %x as !u8 : tensor<2x70000xf32>
  %v = quanta.fake_quant %w as !i8 : tensor<70000x1xf32>
  %e = tensor.empty() : tensor<2x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = linalg.matmul ins(%q, %v : tensor<2x70000xf32>, tensor<70000x1xf32>) outs(%f : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:128>
!i8 = !quant.uniform<i8:f32, 1.0>

// Without constant weights the types decide, here with [-128, 127] on both sides.
// CHECK-LABEL: func @activations
// CHECK: linalg.matmul {quanta.float_reason = "its sums of 131072 products reach [-2130706432, 2147483648], which does not fit i32 accumulators"}
func.func @activations(%x: tensor<1x131072xf32>, %z: tensor<131072x1xf32>) -> tensor<1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %q = quanta.fake_quant %x as !u8 : tensor<1x131072xf32>
  %v = quanta.fake_quant %z as !i8 : tensor<131072x1xf32>
  %e = tensor.empty() : tensor<1x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1xf32>) -> tensor<1x1xf32>
  // expected-remark@+1 {{stays in float: its sums of 131072 products reach [-2130706432, 2147483648]}}
  %y = linalg.matmul ins(%q, %v : tensor<1x131072xf32>, tensor<131072x1xf32>) outs(%f : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5>
!i8 = !quant.uniform<i8:f32, 1.0>

// CHECK-LABEL: func @unknown_length
// CHECK: quanta.matmul
func.func @unknown_length(%x: tensor<1x?xf32>, %z: tensor<?x1xf32>) -> tensor<1x1xf32> {
  %zero = arith.constant 0.0 : f32
  %q = quanta.fake_quant %x as !u8 : tensor<1x?xf32>
  %v = quanta.fake_quant %z as !i8 : tensor<?x1xf32>
  %e = tensor.empty() : tensor<1x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1xf32>) -> tensor<1x1xf32>
  // 2147483647 / (255 * 128)
  // expected-remark@+1 {{sums an unknown number of products; its i32 accumulators hold 65793 of them}}
  %y = linalg.matmul ins(%q, %v : tensor<1x?xf32>, tensor<?x1xf32>) outs(%f : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}
