// RUN: quant-opt %s --quanta-raise-qdq | FileCheck %s
// RUN: quant-opt %s --quanta-raise-qdq --quanta-sink-dequantize --quanta-fuse --quanta-quantize --canonicalize | FileCheck %s --check-prefix=QUANTIZED

#map = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#vector = affine_map<(d0) -> (d0)>

// What torch-mlir makes of a QDQ linear layer: the input is quantized per tensor,
// the weights are stored per channel, the bias as i32.
// CHECK-LABEL: func @linear
// CHECK-SAME: %[[X:.*]]: tensor<?x3xf32>
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{.*}}> : tensor<3x2xi8>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<[2.500000e-01, -2.500000e-01]> : tensor<2xf32>
// CHECK-DAG: %[[QW:.*]] = quant.scast %[[W]] : tensor<3x2xi8> to tensor<3x2x!quant.uniform<i8:f32:1, {2.500000e-01,5.000000e-01}>>
// CHECK-DAG: quanta.dequantize %[[QW]]
// CHECK: %[[Q:.*]] = quanta.quantize %[[X]] : tensor<?x3xf32> to tensor<?x3x!quant.uniform<u8:f32, 5.000000e-01:3>>
// CHECK: quanta.dequantize %[[Q]]
// CHECK: linalg.matmul

// QUANTIZED-LABEL: func @linear
// QUANTIZED-DAG: dense<[2, -1]> : tensor<2xi32>
// QUANTIZED: %[[ACC:.*]] = quanta.matmul %{{.*}}, %{{.*}} bias
// QUANTIZED-SAME: -> tensor<?x2x!quant.uniform<i32:f32:1, {1.250000e-01,2.500000e-01}>>
// QUANTIZED: quanta.requantize %[[ACC]] {{.*}} to tensor<?x2x!quant.uniform<i8:f32, 1.000000e+00:-5>>
func.func @linear(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %s = arith.constant 0.5 : f32
  %zp = arith.constant 3.0 : f32
  %high = arith.constant 255.0 : f32
  %zp64 = arith.constant 3 : i64
  %one = arith.constant 1.0 : f32
  %zpr = arith.constant -5.0 : f32
  %lowr = arith.constant -128.0 : f32
  %highr = arith.constant 127.0 : f32
  %zpr64 = arith.constant -5 : i64
  %w = arith.constant dense<[[1, 2], [-3, 4], [5, -6]]> : tensor<3x2xi8>
  %ws = arith.constant dense<[0.25, 0.5]> : tensor<2xf32>
  %wz = arith.constant dense<0> : tensor<2xi8>
  %b = arith.constant dense<[2, -1]> : tensor<2xi32>
  %bs = arith.constant dense<[0.125, 0.25]> : tensor<2xf32>
  %bz = arith.constant dense<0> : tensor<2xi32>
  %e0 = tensor.empty() : tensor<2xf32>
  %bias = linalg.generic {indexing_maps = [#vector, #vector, #vector, #vector], iterator_types = ["parallel"]}
      ins(%b, %bs, %bz : tensor<2xi32>, tensor<2xf32>, tensor<2xi32>) outs(%e0 : tensor<2xf32>) {
  ^bb0(%in: i32, %scale: f32, %zero_point: i32, %out: f32):
    %0 = arith.extsi %zero_point : i32 to i64
    %1 = arith.extsi %in : i32 to i64
    %2 = arith.subi %1, %0 : i64
    %3 = arith.sitofp %2 : i64 to f32
    %4 = arith.mulf %3, %scale : f32
    linalg.yield %4 : f32
  } -> tensor<2xf32>
  %e1 = tensor.empty() : tensor<3x2xf32>
  %weights = linalg.generic {indexing_maps = [#map, #column, #column, #map], iterator_types = ["parallel", "parallel"]}
      ins(%w, %ws, %wz : tensor<3x2xi8>, tensor<2xf32>, tensor<2xi8>) outs(%e1 : tensor<3x2xf32>) {
  ^bb0(%in: i8, %scale: f32, %zero_point: i8, %out: f32):
    %0 = arith.extsi %zero_point : i8 to i16
    %1 = arith.extsi %in : i8 to i16
    %2 = arith.subi %1, %0 : i16
    %3 = arith.sitofp %2 : i16 to f32
    %4 = arith.mulf %3, %scale : f32
    linalg.yield %4 : f32
  } -> tensor<3x2xf32>
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e2 = tensor.empty(%n) : tensor<?x3xi8>
  %q = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x3xf32>) outs(%e2 : tensor<?x3xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zp : f32
    %3 = arith.maximumf %2, %zero : f32
    %4 = arith.minimumf %3, %high : f32
    %5 = arith.fptoui %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<?x3xi8>
  %e3 = tensor.empty(%n) : tensor<?x3xf32>
  %d = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<?x3xi8>) outs(%e3 : tensor<?x3xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.extui %in : i8 to i64
    %1 = arith.subi %0, %zp64 : i64
    %2 = arith.sitofp %1 : i64 to f32
    %3 = arith.mulf %2, %s : f32
    linalg.yield %3 : f32
  } -> tensor<?x3xf32>
  %e4 = tensor.empty(%n) : tensor<?x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e4 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %m = linalg.matmul ins(%d, %weights : tensor<?x3xf32>, tensor<3x2xf32>) outs(%f : tensor<?x2xf32>) -> tensor<?x2xf32>
  %a = linalg.generic {indexing_maps = [#map, #column, #map], iterator_types = ["parallel", "parallel"]}
      ins(%m, %bias : tensor<?x2xf32>, tensor<2xf32>) outs(%e4 : tensor<?x2xf32>) {
  ^bb0(%in: f32, %in_b: f32, %out: f32):
    %0 = arith.addf %in, %in_b : f32
    linalg.yield %0 : f32
  } -> tensor<?x2xf32>
  %e5 = tensor.empty(%n) : tensor<?x2xi8>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<?x2xf32>) outs(%e5 : tensor<?x2xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %one : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.addf %1, %zpr : f32
    %3 = arith.maximumf %2, %lowr : f32
    %4 = arith.minimumf %3, %highr : f32
    %5 = arith.fptosi %4 : f32 to i8
    linalg.yield %5 : i8
  } -> tensor<?x2xi8>
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%r : tensor<?x2xi8>) outs(%e4 : tensor<?x2xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.extsi %in : i8 to i64
    %1 = arith.subi %0, %zpr64 : i64
    %2 = arith.sitofp %1 : i64 to f32
    %3 = arith.mulf %2, %one : f32
    linalg.yield %3 : f32
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Integers that leave the program stay integers.
// CHECK-LABEL: func @narrow
// CHECK: %[[Q:.*]] = quanta.quantize %{{.*}} : tensor<4xf32> to tensor<4x!quant.uniform<u8<0:15>:f32, 5.000000e-01>>
// CHECK: %[[S:.*]] = quant.scast %[[Q]] : {{.*}} to tensor<4xi8>
// The narrower range is that of the same values.
// CHECK: %[[D:.*]] = quanta.dequantize %[[Q]]
// CHECK: return %[[S]], %[[D]]
func.func @narrow(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %s = arith.constant 0.5 : f32
  %high = arith.constant 15.0 : f32
  %e = tensor.empty() : tensor<4xi8>
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.roundeven %0 : f32
    %2 = arith.minimumf %1, %high : f32
    %3 = arith.maximumf %2, %zero : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<4xi8>
  %f = tensor.empty() : tensor<4xf32>
  %d = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%q : tensor<4xi8>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.uitofp %in : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %q, %d : tensor<4xi8>, tensor<4xf32>
}

// Near misses stay: another rounding, a zero scale, a sum that wraps.
// CHECK-LABEL: func @other
// CHECK-NOT: quanta
// CHECK: return
func.func @other(%x: tensor<4xf32>, %i: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %s = arith.constant 0.5 : f32
  %high = arith.constant 255.0 : f32
  %zp = arith.constant 3 : i8
  %e = tensor.empty() : tensor<4xi8>
  %q = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %0 = arith.divf %in, %s : f32
    %1 = math.round %0 : f32
    %2 = arith.maximumf %1, %zero : f32
    %3 = arith.minimumf %2, %high : f32
    %4 = arith.fptoui %3 : f32 to i8
    linalg.yield %4 : i8
  } -> tensor<4xi8>
  %f = tensor.empty() : tensor<4xf32>
  %d = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%i : tensor<4xi8>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %w = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%i : tensor<4xi8>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.subi %in, %zp : i8
    %1 = arith.sitofp %0 : i8 to f32
    %2 = arith.mulf %1, %s : f32
    linalg.yield %2 : f32
  } -> tensor<4xf32>
  return %q, %d, %w : tensor<4xi8>, tensor<4xf32>, tensor<4xf32>
}

#group = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
#cube = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// A scale for each group of rows and each column, as a broadcast gives them.
// CHECK-LABEL: func @blocks
// CHECK: %[[Q:.*]] = quant.scast %{{.*}} : tensor<2x2x2xi8> to tensor<2x2x2x!quant.uniform<i8:f32:{0:1, 2:1}, {{\{\{}}{5.000000e-01:3, 2.500000e-01}}, {{\{\{}}1.250000e-01, 2.000000e+00:-4}}}>>
// CHECK: quanta.dequantize %[[Q]]
func.func @blocks(%q: tensor<2x2x2xi8>) -> tensor<2x2x2xf32> {
  %s = arith.constant dense<[[[0.5, 0.25]], [[0.125, 2.0]]]> : tensor<2x1x2xf32>
  %z = arith.constant dense<[[[3, 0]], [[0, -4]]]> : tensor<2x1x2xi8>
  %e = tensor.empty() : tensor<2x2x2xf32>
  %d = linalg.generic {indexing_maps = [#cube, #group, #group, #cube], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q, %s, %z : tensor<2x2x2xi8>, tensor<2x1x2xf32>, tensor<2x1x2xi8>) outs(%e : tensor<2x2x2xf32>) {
  ^bb0(%in: i8, %scale: f32, %zp: i8, %out: f32):
    %0 = arith.extsi %in : i8 to i32
    %1 = arith.extsi %zp : i8 to i32
    %2 = arith.subi %0, %1 : i32
    %3 = arith.sitofp %2 : i32 to f32
    %4 = arith.mulf %3, %scale : f32
    linalg.yield %4 : f32
  } -> tensor<2x2x2xf32>
  return %d : tensor<2x2x2xf32>
}

// The sign of the stored integers is lost: negative ones become large.
// CHECK-LABEL: func @mixed_signs
// CHECK-NOT: quanta
// CHECK: return
func.func @mixed_signs(%q: tensor<4xi8>) -> tensor<4xf32> {
  %s = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<4xf32>
  %d = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%q : tensor<4xi8>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.extsi %in : i8 to i32
    %1 = arith.uitofp %0 : i32 to f32
    %2 = arith.mulf %1, %s : f32
    linalg.yield %2 : f32
  } -> tensor<4xf32>
  return %d : tensor<4xf32>
}

// A constant that is clamped to what 4 bits hold is stored in 4 bits.
// CHECK-LABEL: func @clamped
// One with a number that they do not hold stays.
// CHECK-COUNT-2: arith.minsi
// CHECK: %[[W:.*]] = arith.constant dense<[7, -8, 0, 3]> : tensor<4xi4>
// CHECK: %[[Q:.*]] = quant.scast %[[W]] : tensor<4xi4> to tensor<4x!quant.uniform<i4:f32, 5.000000e-01>>
// CHECK: %[[D:.*]] = quanta.dequantize %[[Q]]
// CHECK: %[[E:.*]] = quanta.dequantize %{{.*}} : tensor<4x!quant.uniform<i8:f32, 5.000000e-01>>
// CHECK: return %[[D]], %[[E]]
func.func @clamped() -> (tensor<4xf32>, tensor<4xf32>) {
  %s = arith.constant 0.5 : f32
  %low = arith.constant -8 : i8
  %high = arith.constant 7 : i8
  %w0 = arith.constant dense<[7, -8, 0, 3]> : tensor<4xi8>
  %w1 = arith.constant dense<[8, -8, 0, 3]> : tensor<4xi8>
  %e = tensor.empty() : tensor<4xi8>
  %f = tensor.empty() : tensor<4xf32>
  %c0 = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%w0 : tensor<4xi8>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: i8, %out: i8):
    %0 = arith.maxsi %in, %low : i8
    %1 = arith.minsi %0, %high : i8
    linalg.yield %1 : i8
  } -> tensor<4xi8>
  %c1 = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%w1 : tensor<4xi8>) outs(%e : tensor<4xi8>) {
  ^bb0(%in: i8, %out: i8):
    %0 = arith.maxsi %in, %low : i8
    %1 = arith.minsi %0, %high : i8
    linalg.yield %1 : i8
  } -> tensor<4xi8>
  %d0 = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%c0 : tensor<4xi8>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %d1 = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]}
      ins(%c1 : tensor<4xi8>) outs(%f : tensor<4xf32>) {
  ^bb0(%in: i8, %out: f32):
    %0 = arith.sitofp %in : i8 to f32
    %1 = arith.mulf %0, %s : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %d0, %d1 : tensor<4xf32>, tensor<4xf32>
}
