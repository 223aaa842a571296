// RUN: quant-opt %s --convert-qdq-to-quanta --split-input-file --verify-diagnostics

#vector = affine_map<(d0) -> (d0)>

func.func @zero(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = arith.constant 0.0 : f32
  %zp = arith.constant 3.0 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  // expected-error@+1 {{is the arithmetic of a quantization with parameters that no quantized tensor can have: scale 0.00E+00 is not a positive, normal f32}}
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %low : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<4xi8>
  return %q : tensor<4xi8>
}

// -----

#vector = affine_map<(d0) -> (d0)>

func.func @subnormal(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = arith.constant 1.0e-39 : f32
  %zp = arith.constant 3.0 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  // expected-error@+1 {{scale 1.00E-39 is not a positive, normal f32}}
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %low : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<4xi8>
  return %q : tensor<4xi8>
}

// -----

#vector = affine_map<(d0) -> (d0)>

func.func @negative(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = arith.constant -0.5 : f32
  %zp = arith.constant 3.0 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  // expected-error@+1 {{scale -5.00E-01 is not a positive, normal f32}}
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %low : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<4xi8>
  return %q : tensor<4xi8>
}

// -----

#vector = affine_map<(d0) -> (d0)>

func.func @zero_point(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = arith.constant 0.5 : f32
  %zp = arith.constant 300.0 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  // expected-error@+1 {{zero point 300 lies outside the storage range [0, 255]}}
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %low : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<4xi8>
  return %q : tensor<4xi8>
}

// -----

#vector = affine_map<(d0) -> (d0)>

func.func @fraction(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = arith.constant 0.5 : f32
  %zp = arith.constant 0.5 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  // expected-error@+1 {{is the arithmetic of a quantization with parameters that no quantized tensor can have: a zero point is no integer}}
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %low : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<4xi8>
  return %q : tensor<4xi8>
}

// -----

#vector = affine_map<(d0) -> (d0)>
#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

func.func @axes(%x: tensor<2x2xi8>) -> tensor<2x2xf32> {
  %s = arith.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %zp = arith.constant dense<[1, 2]> : tensor<2xi8>
  %e = tensor.empty() : tensor<2x2xf32>
  // expected-error@+1 {{is the arithmetic of a dequantization with parameters that no quantized tensor can have: its scales lie along another dimension than its zero points}}
  %d = linalg.generic {indexing_maps = [#map, #row, #column, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s, %zp : tensor<2x2xi8>, tensor<2xf32>, tensor<2xi8>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%in: i8, %scale: f32, %zero_point: i8, %out: f32):
    %0 = arith.extsi %zero_point : i8 to i16
    %1 = arith.extsi %in : i8 to i16
    %2 = arith.subi %1, %0 : i16
    %3 = arith.sitofp %2 : i16 to f32
    %4 = arith.mulf %3, %scale : f32
    linalg.yield %4 : f32
  } -> tensor<2x2xf32>
  return %d : tensor<2x2xf32>
}

// -----

#vector = affine_map<(d0) -> (d0)>

// Quantized as u8 with one scale, dequantized with another.
func.func @halves(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = quanta.quantize %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5>>
  %s = quant.scast %q : tensor<4x!quant.uniform<u8:f32, 0.5>> to tensor<4xi8>
  // expected-error@+1 {{dequantizes as '!quant.uniform<u8:f32, 2.500000e-01>' the integers that were quantized as '!quant.uniform<u8:f32, 5.000000e-01>': the two halves of a pair need the same parameters}}
  %t = quant.scast %s : tensor<4xi8> to tensor<4x!quant.uniform<u8:f32, 0.25>>
  %d = quanta.dequantize %t : tensor<4x!quant.uniform<u8:f32, 0.25>> to tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

func.func @observed(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{belongs to the observed stage, but convert-qdq-to-quanta takes the float and quantized stages}}
  %0 = quanta.observe %x, "x" using min_max : tensor<4xf32>
  return %0 : tensor<4xf32>
}
