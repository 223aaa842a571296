// RUN: quant-opt %s --convert-qdq-to-quanta --split-input-file --verify-diagnostics | FileCheck %s

#vector = affine_map<(d0) -> (d0)>
#row = affine_map<(d0, d1) -> (0, d1)>
#map = affine_map<(d0, d1) -> (d0, d1)>
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25>
!r = !quant.uniform<u8:f32, 1.0>

// CHECK-LABEL: func @add
// CHECK-SAME: %[[A:.*]]: tensor<4x2x!{{.*}}>, %[[B:.*]]: tensor<1x2x
// CHECK-NEXT: %[[R:.*]] = quanta.sub %[[A]], %[[B]] clamp [0, 6]
// CHECK-NEXT: return %[[R]]
func.func @add(%a: tensor<4x2x!u8>, %b: tensor<1x2x!i8>) -> tensor<4x2x!r> {
  %0 = quant.dcast %a : tensor<4x2x!u8> to tensor<4x2xf32>
  %1 = quant.dcast %b : tensor<1x2x!i8> to tensor<1x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %2 = linalg.generic {indexing_maps = [#row, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%1, %0 : tensor<1x2xf32>, tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%y: f32, %x: f32, %out: f32):
    %s = arith.subf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  %low = arith.constant 0.0 : f32
  %high = arith.constant 6.0 : f32
  %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%2 : tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%x: f32, %out: f32):
    %m = arith.maximumf %x, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<4x2xf32>
  %4 = quant.qcast %3 : tensor<4x2xf32> to tensor<4x2x!r>
  return %4 : tensor<4x2x!r>
}

// A product of a quantized and a float tensor stays what it is.
// CHECK-LABEL: func @mixed
// CHECK: arith.addf
func.func @mixed(%a: tensor<4x!u8>, %b: tensor<4xf32>) -> tensor<4x!r> {
  %0 = quanta.dequantize %a : tensor<4x!u8> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [#vector, #vector, #vector], iterator_types = ["parallel"]}
      ins(%0, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %2 = quanta.quantize %1 : tensor<4xf32> to tensor<4x!r>
  return %2 : tensor<4x!r>
}

// What is quantized may be computed from nothing.
// CHECK-LABEL: func @indices
// CHECK: linalg.index
func.func @indices() -> tensor<4x!r> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [#vector], iterator_types = ["parallel"]} outs(%e : tensor<4xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    linalg.yield %f : f32
  } -> tensor<4xf32>
  %1 = quanta.quantize %0 : tensor<4xf32> to tensor<4x!r>
  return %1 : tensor<4x!r>
}

// -----

// A program without pairs is left alone.
// CHECK-LABEL: func @float
// CHECK-NEXT: linalg.matmul
func.func @float(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%a : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func @weight
func.func @weight(%a: tensor<4x4x!quant.uniform<i8:f32, 0.5>>, %b: tensor<4x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = quanta.dequantize %a : tensor<4x4x!quant.uniform<i8:f32, 0.5>> to tensor<4x4xf32>
  // expected-warning@+1 {{stays in float: its right factor comes from an argument and not directly from a quantize-dequantize pair}}
  %1 = linalg.matmul ins(%0, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func @axis
func.func @axis(%a: tensor<4x2x!quant.uniform<i8:f32, 0.5>>, %b: tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25}>>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = quanta.dequantize %a : tensor<4x2x!quant.uniform<i8:f32, 0.5>> to tensor<4x2xf32>
  %1 = quanta.dequantize %b : tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25}>> to tensor<2x4xf32>
  // expected-warning@+1 {{stays in float: a factor is quantized along a dimension that is not its output channels}}
  %2 = linalg.matmul ins(%0, %1 : tensor<4x2xf32>, tensor<2x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func @wide
func.func @wide(%a: tensor<4x4x!quant.uniform<i32:f32, 0.5>>, %b: tensor<4x4x!quant.uniform<i8:f32, 0.5>>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = quanta.dequantize %a : tensor<4x4x!quant.uniform<i32:f32, 0.5>> to tensor<4x4xf32>
  %1 = quanta.dequantize %b : tensor<4x4x!quant.uniform<i8:f32, 0.5>> to tensor<4x4xf32>
  // expected-warning@+1 {{stays in float: a factor has more than 8 bits}}
  %2 = linalg.matmul ins(%0, %1 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

// Factors of 16 bits are multiplied byte by byte.
// CHECK-LABEL: func @two_bytes
// CHECK-COUNT-2: quanta.matmul
func.func @two_bytes(%a: tensor<4x4x!quant.uniform<i16:f32, 0.5>>, %b: tensor<4x4x!quant.uniform<i8:f32, 0.5>>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = quanta.dequantize %a : tensor<4x4x!quant.uniform<i16:f32, 0.5>> to tensor<4x4xf32>
  %1 = quanta.dequantize %b : tensor<4x4x!quant.uniform<i8:f32, 0.5>> to tensor<4x4xf32>
  %2 = linalg.matmul ins(%0, %1 : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}
