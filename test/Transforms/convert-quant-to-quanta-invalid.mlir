// RUN: quant-opt %s --convert-quant-to-quanta --split-input-file --verify-diagnostics

// What upstream allows and the numerics contract does not.

func.func @half(%x: tensor<4xf16>) -> tensor<4x!quant.uniform<u8:f16, 0.5>> {
  // expected-error@+1 {{'quant.qcast' op has no counterpart in quanta: it casts 'tensor<4xf16>' and}}
  %q = quant.qcast %x : tensor<4xf16> to tensor<4x!quant.uniform<u8:f16, 0.5>>
  return %q : tensor<4x!quant.uniform<u8:f16, 0.5>>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<*x!quant.uniform<u8:f32, 0.5>> {
  // expected-error@+1 {{has no counterpart in quanta}}
  %q = quant.qcast %x : tensor<*xf32> to tensor<*x!quant.uniform<u8:f32, 0.5>>
  return %q : tensor<*x!quant.uniform<u8:f32, 0.5>>
}

// -----

func.func @zero_point(%q: tensor<4x!quant.uniform<u8:f32, 0.5:300>>) -> tensor<4xf32> {
  // expected-error@+1 {{'quant.dcast' op zero point 300 lies outside the storage range [0, 255]}}
  %x = quant.dcast %q : tensor<4x!quant.uniform<u8:f32, 0.5:300>> to tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

func.func @wide(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i32:f32, 0.5>> {
  // expected-error@+1 {{it rounds to more than 16 bits of storage}}
  %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<i32:f32, 0.5>>
  return %q : tensor<4x!quant.uniform<i32:f32, 0.5>>
}
