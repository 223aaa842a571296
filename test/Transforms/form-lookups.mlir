// RUN: quant-opt %s --quanta-form-lookups --split-input-file | FileCheck %s

!i2 = !quant.uniform<i2:f32, 1.0>
!u8 = !quant.uniform<u8:f32, 0.5:3>
#map = affine_map<(d0) -> (d0)>

// Stored 0, 1, -2, -1: the bits of an i2 in order. x^2 + tanh(0) at scale 0.5,
// and a comparison with a select.
// CHECK-LABEL: func @square
// CHECK: quanta.lookup %{{.*}} table dense<[3, 5, 11, 3]> : tensor<4xi8> {name = "point"}
func.func @square(%q: tensor<?x!i2>) -> tensor<?x!u8> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %minus = arith.constant -1.0 : f32
  %d = quanta.dequantize %q : tensor<?x!i2> to tensor<?xf32>
  %n = tensor.dim %d, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %f = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%d : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %t = math.tanh %zero : f32
    %0 = arith.mulf %in, %in : f32
    %1 = arith.addf %0, %t : f32
    %2 = arith.cmpf oeq, %in, %minus : f32
    %3 = arith.select %2, %zero, %1 : f32
    linalg.yield %3 : f32
  } -> tensor<?xf32>
  %r = quanta.quantize %f {name = "point"} : tensor<?xf32> to tensor<?x!u8>
  return %r : tensor<?x!u8>
}

// -----

!i2 = !quant.uniform<i2:f32, 1.0>
!u8 = !quant.uniform<u8:f32, 0.5:3>
#map = affine_map<(d0) -> (d0)>

// A power and a constant that is rounded: 0, 1, -8, -1 by f32(0.1), at scale 0.5.
// CHECK-LABEL: func @power
// CHECK: quanta.lookup %{{.*}} table dense<[3, 3, 1, 3]> : tensor<4xi8>
func.func @power(%q: tensor<4x!i2>) -> tensor<4x!u8> {
  %three = arith.constant 3 : i64
  %tenth = arith.constant 0.1 : f64
  %d = quanta.dequantize %q : tensor<4x!i2> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%d : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.fpowi %in, %three : f32, i64
    %1 = arith.truncf %tenth : f64 to f32
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4xf32>
  %r = quanta.quantize %f : tensor<4xf32> to tensor<4x!u8>
  return %r : tensor<4x!u8>
}

// -----

!i2 = !quant.uniform<i2:f32, 1.0>
!u8 = !quant.uniform<u8:f32, 0.5:3>
#map = affine_map<(d0) -> (d0)>

// A function of two tensors has no table.
// CHECK-LABEL: func @binary
// CHECK-NOT: quanta.lookup
func.func @binary(%q: tensor<4x!i2>, %y: tensor<4xf32>) -> tensor<4x!u8> {
  %d = quanta.dequantize %q : tensor<4x!i2> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%d, %y : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %in2: f32, %out: f32):
    %0 = arith.mulf %in, %in2 : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %r = quanta.quantize %f : tensor<4xf32> to tensor<4x!u8>
  return %r : tensor<4x!u8>
}

// -----

!i2 = !quant.uniform<i2:f32, 1.0>
!u8 = !quant.uniform<u8:f32, 0.5:3>
#map = affine_map<(d0) -> (d0)>

// Nor has one that depends on the index.
// CHECK-LABEL: func @index
// CHECK-NOT: quanta.lookup
func.func @index(%q: tensor<4x!i2>) -> tensor<4x!u8> {
  %d = quanta.dequantize %q : tensor<4x!i2> to tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%d : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i32
    %k = arith.sitofp %j : i32 to f32
    %0 = arith.mulf %in, %k : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %r = quanta.quantize %f : tensor<4xf32> to tensor<4x!u8>
  return %r : tensor<4x!u8>
}
