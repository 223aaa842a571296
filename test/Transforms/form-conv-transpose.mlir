// RUN: quant-opt %s --quanta-form-conv-transpose | FileCheck %s
// RUN: quant-opt %s --quanta-rewrite-types --canonicalize | FileCheck %s --check-prefix=INTEGER
// RUN: quant-opt %s --quanta-rewrite-types=reference --canonicalize | FileCheck %s --check-prefix=REFERENCE
// The reference multiplies the zeros: the same bits.
// RUN: %python %S/../Inputs/npy.py %t.s.npy "numpy.random.default_rng(0).standard_normal((1, 2, 4)).astype('float32') * 9" \
// RUN:   %t.i.npy "numpy.random.default_rng(1).standard_normal((3, 2, 3, 4)).astype('float32') * 9" \
// RUN:   %t.q.npy "(numpy.arange(24) * 37 % 256).astype('uint8').reshape(1, 2, 3, 4)"
// RUN: quant-run %s --entry=sequence --input=%t.s.npy --check-stages
// RUN: quant-run %s --entry=image --input=%t.i.npy --check-stages
// RUN: quant-run %s --entry=stored --input=%t.q.npy --check-stages

!u8 = !quant.uniform<u8:f32, 0.5:30>
!i8 = !quant.uniform<i8:f32:0, {0.5, 0.25, 1.0}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.5}>
!ac1 = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.5}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125, 0.5}>

// CHECK-LABEL: func @sequence(
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4xf32>
// CHECK-DAG: %[[C:.*]] = arith.constant dense<{{\[\[\[}}3, 2, 1], [9, 8, 7], [15, 14, 13]], {{\[\[}}6, 5, 4], [12, 11, 10], [18, 17, 16]]]> : tensor<2x3x3xi8>
// CHECK-DAG: %[[W:.*]] = quant.scast %[[C]] : tensor<2x3x3xi8> to tensor<2x3x3x!quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01,1.000000e+00}>>
// CHECK-DAG: %[[Q:.*]] = quanta.quantize %[[X]] : tensor<1x2x4xf32> to tensor<1x2x4x
// CHECK: quanta.conv_transpose_1d %[[Q]], %[[W]] strides [2] dilations [1] pads [1, 1] output_padding [0]
// CHECK-NOT: quanta.contract
// INTEGER-LABEL: func @sequence(
// INTEGER-NOT: tensor<1x2x9
// INTEGER: return
// REFERENCE-LABEL: func @sequence(
// REFERENCE: tensor.insert_slice {{.*}} into tensor<1x2x9
func.func @sequence(%x: tensor<1x2x4xf32>) -> tensor<1x3x7xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x9xf32>) -> tensor<1x2x9xf32>
  %s = tensor.insert_slice %x into %f[0, 0, 1] [1, 2, 4] [1, 1, 2] : tensor<1x2x4xf32> into tensor<1x2x9xf32>
  %q = quanta.quantize %s : tensor<1x2x9xf32> to tensor<1x2x9x!u8>
  %w0 = arith.constant dense<[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]], [[13, 14, 15], [16, 17, 18]]]> : tensor<3x2x3xi8>
  %w = quant.scast %w0 : tensor<3x2x3xi8> to tensor<3x2x3x!i8>
  %a = quanta.contract %q, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<1x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<1x3x7x!ac1>
  %y = quanta.dequantize %a : tensor<1x3x7x!ac1> to tensor<1x3x7xf32>
  return %y : tensor<1x3x7xf32>
}

// Dilated, with a bias, padding that the result leaves out below, more of it on the right, and a batch of open
// size.
// CHECK-LABEL: func @image(
// CHECK: quanta.conv_transpose_2d %{{.*}}, %{{.*}} bias %{{.*}} strides [2, 3] dilations [2, 1] pads [1, 0, 1, 0] output_padding [0, 2]
// CHECK-NOT: quanta.contract
// INTEGER-LABEL: func @image(
// INTEGER-COUNT-6: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]
func.func @image(%x: tensor<?x2x3x4xf32>) -> tensor<?x3x5x13xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x2x3x4xf32>
  %e = tensor.empty(%n) : tensor<?x2x7x14xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x7x14xf32>) -> tensor<?x2x7x14xf32>
  %s = tensor.insert_slice %x into %f[0, 0, 1, 1] [%n, 2, 3, 4] [1, 1, 2, 3] : tensor<?x2x3x4xf32> into tensor<?x2x7x14xf32>
  %q = quanta.quantize %s : tensor<?x2x7x14xf32> to tensor<?x2x7x14x!u8>
  %w0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758"> : tensor<3x2x2x2xi8>
  %w = quant.scast %w0 : tensor<3x2x2x2xi8> to tensor<3x2x2x2x!i8>
  %b0 = arith.constant dense<[100, -200, 7]> : tensor<3xi32>
  %b = quant.scast %b0 : tensor<3xi32> to tensor<3x!b>
  %a = quanta.contract %q, %w bias %b maps [affine_map<(n, f, y, x, c, i, j) -> (n, c, y + i * 2, x + j)>, affine_map<(n, f, y, x, c, i, j) -> (f, c, i, j)>, affine_map<(n, f, y, x, c, i, j) -> (n, f, y, x)>] channel 1 : tensor<?x2x7x14x!u8>, tensor<3x2x2x2x!i8>, tensor<3x!b> -> tensor<?x3x5x13x!acc>
  %y = quanta.dequantize %a : tensor<?x3x5x13x!acc> to tensor<?x3x5x13xf32>
  return %y : tensor<?x3x5x13xf32>
}

// What was quantized before it was stretched.
// CHECK-LABEL: func @stored(
// CHECK: quant.scast %arg0 : tensor<1x2x3x4xi8> to
// CHECK: quanta.conv_transpose_2d %{{.*}}, %{{.*}} strides [2, 2] dilations [1, 1] pads [0, 0, 0, 0] output_padding [0, 0]
func.func @stored(%x: tensor<1x2x3x4xi8>) -> tensor<1x3x6x8xf32> {
  %zp = arith.constant 30 : i8
  %e = tensor.empty() : tensor<1x2x7x9xi8>
  %f = linalg.fill ins(%zp : i8) outs(%e : tensor<1x2x7x9xi8>) -> tensor<1x2x7x9xi8>
  %s = tensor.insert_slice %x into %f[0, 0, 1, 1] [1, 2, 3, 4] [1, 1, 2, 2] : tensor<1x2x3x4xi8> into tensor<1x2x7x9xi8>
  %q = quant.scast %s : tensor<1x2x7x9xi8> to tensor<1x2x7x9x!u8>
  %w0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758"> : tensor<3x2x2x2xi8>
  %w = quant.scast %w0 : tensor<3x2x2x2xi8> to tensor<3x2x2x2x!i8>
  %a = quanta.contract %q, %w maps [affine_map<(n, f, y, x, c, i, j) -> (n, c, y + i, x + j)>, affine_map<(n, f, y, x, c, i, j) -> (f, c, i, j)>, affine_map<(n, f, y, x, c, i, j) -> (n, f, y, x)>] channel 1 : tensor<1x2x7x9x!u8>, tensor<3x2x2x2x!i8> -> tensor<1x3x6x8x!acc>
  %y = quanta.dequantize %a : tensor<1x3x6x8x!acc> to tensor<1x3x6x8xf32>
  return %y : tensor<1x3x6x8xf32>
}

// Something else between the pixels, more padding than the kernel reaches, no
// stretch at all.
// CHECK-LABEL: func @others(
// CHECK-NOT: quanta.conv_transpose
// CHECK: return
func.func @others(%x: tensor<1x2x4xf32>) -> (tensor<1x3x7xf32>, tensor<1x3x7xf32>, tensor<1x3x7xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<1x2x9xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x9xf32>) -> tensor<1x2x9xf32>
  %f1 = linalg.fill ins(%one : f32) outs(%e : tensor<1x2x9xf32>) -> tensor<1x2x9xf32>
  %w0 = arith.constant dense<[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]], [[13, 14, 15], [16, 17, 18]]]> : tensor<3x2x3xi8>
  %w = quant.scast %w0 : tensor<3x2x3xi8> to tensor<3x2x3x!i8>
  %s0 = tensor.insert_slice %x into %f1[0, 0, 1] [1, 2, 4] [1, 1, 2] : tensor<1x2x4xf32> into tensor<1x2x9xf32>
  %q0 = quanta.quantize %s0 : tensor<1x2x9xf32> to tensor<1x2x9x!u8>
  %a0 = quanta.contract %q0, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<1x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<1x3x7x!ac1>
  %y0 = quanta.dequantize %a0 : tensor<1x3x7x!ac1> to tensor<1x3x7xf32>
  %t1 = tensor.extract_slice %x[0, 0, 0] [1, 2, 3] [1, 1, 1] : tensor<1x2x4xf32> to tensor<1x2x3xf32>
  %s1 = tensor.insert_slice %t1 into %f0[0, 0, 3] [1, 2, 3] [1, 1, 2] : tensor<1x2x3xf32> into tensor<1x2x9xf32>
  %q1 = quanta.quantize %s1 : tensor<1x2x9xf32> to tensor<1x2x9x!u8>
  %a1 = quanta.contract %q1, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<1x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<1x3x7x!ac1>
  %y1 = quanta.dequantize %a1 : tensor<1x3x7x!ac1> to tensor<1x3x7xf32>
  %s2 = tensor.insert_slice %x into %f0[0, 0, 2] [1, 2, 4] [1, 1, 1] : tensor<1x2x4xf32> into tensor<1x2x9xf32>
  %q2 = quanta.quantize %s2 : tensor<1x2x9xf32> to tensor<1x2x9x!u8>
  %a2 = quanta.contract %q2, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<1x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<1x3x7x!ac1>
  %y2 = quanta.dequantize %a2 : tensor<1x3x7x!ac1> to tensor<1x3x7xf32>
  return %y0, %y1, %y2 : tensor<1x3x7xf32>, tensor<1x3x7xf32>, tensor<1x3x7xf32>
}

// One image, or one channel, of those that there are.
// CHECK-LABEL: func @parts(
// CHECK-NOT: quanta.conv_transpose
// CHECK: return
func.func @parts(%x: tensor<1x2x4xf32>, %y: tensor<?x1x4xf32>, %m: index, %n: index) -> (tensor<?x3x7x!ac1>, tensor<2x3x7x!ac1>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty(%n) : tensor<?x2x9xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x2x9xf32>) -> tensor<?x2x9xf32>
  %s0 = tensor.insert_slice %x into %f0[0, 0, 1] [1, 2, 4] [1, 1, 2] : tensor<1x2x4xf32> into tensor<?x2x9xf32>
  %q0 = quanta.quantize %s0 : tensor<?x2x9xf32> to tensor<?x2x9x!u8>
  %w0 = arith.constant dense<[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]], [[13, 14, 15], [16, 17, 18]]]> : tensor<3x2x3xi8>
  %w = quant.scast %w0 : tensor<3x2x3xi8> to tensor<3x2x3x!i8>
  %a0 = quanta.contract %q0, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<?x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<?x3x7x!ac1>
  %e1 = tensor.empty() : tensor<2x2x9xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x2x9xf32>) -> tensor<2x2x9xf32>
  %s1 = tensor.insert_slice %y into %f1[0, 0, 1] [%m, 1, 4] [1, 1, 2] : tensor<?x1x4xf32> into tensor<2x2x9xf32>
  %q1 = quanta.quantize %s1 : tensor<2x2x9xf32> to tensor<2x2x9x!u8>
  %a1 = quanta.contract %q1, %w maps [affine_map<(n, f, x, c, i) -> (n, c, x + i)>, affine_map<(n, f, x, c, i) -> (f, c, i)>, affine_map<(n, f, x, c, i) -> (n, f, x)>] channel 1 : tensor<2x2x9x!u8>, tensor<3x2x3x!i8> -> tensor<2x3x7x!ac1>
  return %a0, %a1 : tensor<?x3x7x!ac1>, tensor<2x3x7x!ac1>
}
