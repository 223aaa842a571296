// RUN: quant-opt %s --convert-quanta-to-qdq -o %t.qdq.mlir
// RUN: FileCheck %s < %t.qdq.mlir
// As upstream's casts, as arithmetic, and back: the same bits.
// RUN: quant-opt %t.qdq.mlir --convert-quanta-to-quant -o %t.casts.mlir
// RUN: quant-opt %t.qdq.mlir --quanta-rewrite-types -o %t.arithmetic.mlir
// RUN: quant-opt %t.qdq.mlir --convert-qdq-to-quanta -o %t.back.mlir
// RUN: quant-opt %t.casts.mlir --convert-qdq-to-quanta -o %t.from-casts.mlir
// RUN: quant-opt %t.arithmetic.mlir --convert-qdq-to-quanta -o %t.from-arithmetic.mlir
// RUN: FileCheck %s --check-prefix=BACK < %t.back.mlir
// RUN: FileCheck %s --check-prefix=BACK < %t.from-casts.mlir
// RUN: FileCheck %s --check-prefix=BACK < %t.from-arithmetic.mlir
// RUN: %python %S/../Inputs/npy.py %t.npy "(numpy.random.default_rng(0).standard_normal((2, 3, 8, 8)) * 2).astype('float32')"
// RUN: quant-run %s --entry=main --input=%t.npy --output=%t.0.npy --output=%t.1.npy
// RUN: quant-run %t.back.mlir --entry=main --input=%t.npy --output=%t.back.0.npy --output=%t.back.1.npy
// RUN: quant-run %t.from-casts.mlir --entry=main --input=%t.npy --output=%t.casts.0.npy --output=%t.casts.1.npy
// RUN: quant-run %t.from-arithmetic.mlir --entry=main --input=%t.npy --output=%t.arithmetic.0.npy --output=%t.arithmetic.1.npy
// RUN: cmp %t.0.npy %t.back.0.npy && cmp %t.1.npy %t.back.1.npy
// RUN: cmp %t.0.npy %t.casts.0.npy && cmp %t.1.npy %t.casts.1.npy
// RUN: cmp %t.0.npy %t.arithmetic.0.npy && cmp %t.1.npy %t.arithmetic.1.npy
// Rows and pixels.
// RUN: %python %S/../Inputs/npy.py %t.i.npy "numpy.array([[3, 0, 9], [4, 11, -2]])" \
// RUN:   %t.t.npy "(numpy.arange(40) * 37 % 256).astype('uint8').reshape(10, 4).view('int8')"
// RUN: quant-run %s --entry=gathers --input=%t.i.npy --input=%t.t.npy --output=%t.g.npy
// RUN: quant-run %t.back.mlir --entry=gathers --input=%t.i.npy --input=%t.t.npy --output=%t.gb.npy
// RUN: quant-run %t.from-arithmetic.mlir --entry=gathers --input=%t.i.npy --input=%t.t.npy --output=%t.ga.npy
// RUN: cmp %t.g.npy %t.gb.npy && cmp %t.g.npy %t.ga.npy
// Channels are padded with what one stored integer stands for in each; the phases
// of a transposed convolution are rounded one by one.
// RUN: %python %S/../Inputs/npy.py %t.c.npy "numpy.random.default_rng(1).standard_normal((1, 2, 3, 4)).astype('float32') * 9"
// DEFINE: %{parts} = --entry=parts --input=%t.c.npy
// RUN: quant-run %s %{parts} --output=%t.p0.npy --output=%t.p1.npy --output=%t.p2.npy
// RUN: quant-run %t.back.mlir %{parts} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy
// RUN: cmp %t.p0.npy %t.b0.npy && cmp %t.p1.npy %t.b1.npy && cmp %t.p2.npy %t.b2.npy
// RUN: quant-run %t.from-casts.mlir %{parts} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy
// RUN: cmp %t.p0.npy %t.b0.npy && cmp %t.p1.npy %t.b1.npy && cmp %t.p2.npy %t.b2.npy
// RUN: quant-run %t.from-arithmetic.mlir %{parts} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy
// RUN: cmp %t.p0.npy %t.b0.npy && cmp %t.p1.npy %t.b1.npy && cmp %t.p2.npy %t.b2.npy
// DEFINE: %{sequence} = --entry=sequence --input=%t.s.npy
// RUN: %python %S/../Inputs/npy.py %t.s.npy "numpy.random.default_rng(2).standard_normal((1, 2, 4)).astype('float32') * 9"
// RUN: quant-run %s %{sequence} --output=%t.s0.npy --output=%t.s1.npy
// RUN: quant-run %t.back.mlir %{sequence} --output=%t.b0.npy --output=%t.b1.npy
// RUN: cmp %t.s0.npy %t.b0.npy && cmp %t.s1.npy %t.b1.npy
// RUN: quant-run %t.from-arithmetic.mlir %{sequence} --output=%t.b0.npy --output=%t.b1.npy
// RUN: cmp %t.s0.npy %t.b0.npy && cmp %t.s1.npy %t.b1.npy
// DEFINE: %{groups} = --entry=groups --input=%t.x.npy --input=%t.y.npy
// RUN: %python %S/../Inputs/npy.py %t.x.npy "numpy.random.default_rng(3).standard_normal((2, 4, 5, 6)).astype('float32') * 30" \
// RUN:   %t.y.npy "numpy.random.default_rng(4).standard_normal((2, 4, 7)).astype('float32') * 30"
// RUN: quant-run %s %{groups} --output=%t.g0.npy --output=%t.g1.npy --output=%t.g2.npy --output=%t.g3.npy
// RUN: quant-run %t.back.mlir %{groups} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy --output=%t.b3.npy
// RUN: cmp %t.g0.npy %t.b0.npy && cmp %t.g1.npy %t.b1.npy && cmp %t.g2.npy %t.b2.npy && cmp %t.g3.npy %t.b3.npy
// RUN: quant-run %t.from-casts.mlir %{groups} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy --output=%t.b3.npy
// RUN: cmp %t.g0.npy %t.b0.npy && cmp %t.g1.npy %t.b1.npy && cmp %t.g2.npy %t.b2.npy && cmp %t.g3.npy %t.b3.npy
// RUN: quant-run %t.from-arithmetic.mlir %{groups} --output=%t.b0.npy --output=%t.b1.npy --output=%t.b2.npy --output=%t.b3.npy
// RUN: cmp %t.g0.npy %t.b0.npy && cmp %t.g1.npy %t.b1.npy && cmp %t.g2.npy %t.b2.npy && cmp %t.g3.npy %t.b3.npy
// DEFINE: %{single} = --entry=single_filters --input=%t.x.npy
// RUN: quant-run %s %{single} --output=%t.g0.npy
// RUN: quant-run %t.back.mlir %{single} --output=%t.b0.npy && cmp %t.g0.npy %t.b0.npy
// RUN: quant-run %t.from-casts.mlir %{single} --output=%t.b0.npy && cmp %t.g0.npy %t.b0.npy
// RUN: quant-run %t.from-arithmetic.mlir %{single} --output=%t.b0.npy && cmp %t.g0.npy %t.b0.npy
// The float network itself is near.
// RUN: quant-run %t.qdq.mlir --entry=main --input=%t.npy --output=%t.qdq.0.npy --output=%t.qdq.1.npy
// RUN: %python %S/../EndToEnd/Inputs/agree.py %t.0.npy %t.qdq.0.npy 40

// CHECK-LABEL: func @main
// CHECK: quanta.quantize
// CHECK: tensor.pad
// CHECK: linalg.broadcast
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: quanta.quantize {{.*}} to tensor<2x4x8x8x!quant.uniform<u8:f32, 4.000000e-02:7>>
// CHECK: linalg.depthwise_conv_2d_nchw_chw
// CHECK: arith.addf
// CHECK: linalg.pooling_nchw_max
// CHECK: tensor.extract
// CHECK: arith.mulf
// CHECK: tensor.concat
// CHECK: linalg.pooling_nchw_sum
// CHECK: arith.divf
// CHECK: tensor.collapse_shape {{.*}} : tensor<2x8x1x1xf32>
// CHECK: %[[Y:.*]] = linalg.matmul
// The accumulators stand for floats: they leave as they are.
// CHECK-NEXT: return %[[Y]],

// BACK: quanta.pad
// BACK: quanta.contract {{.*}} bias
// BACK: quanta.requantize {{.*}} clamp [7, 200]
// BACK: quanta.contract
// BACK: quanta.add {{.*}} clamp [-3, 127]
// BACK: quanta.max_pool
// The product with the tensor that it looks up is in the table.
// BACK: quanta.lookup
// BACK-NOT: quanta.mul
// BACK: quanta.concat
// BACK: quanta.average_pool
// BACK: quanta.matmul
// BACK-NOT: linalg
// BACK-LABEL: func @layouts
// BACK-COUNT-4: quanta.contract
// BACK-LABEL: func @product
// BACK: quanta.mul

!u8 = !quant.uniform<u8:f32, 0.031:128>
!i8 = !quant.uniform<i8:f32, 0.027:-3>
!h = !quant.uniform<u8:f32, 0.04:7>
!w = !quant.uniform<i8<-127:127>:f32:0, {0.001, 0.002, 0.0005, 0.003}>
!acc = !quant.uniform<i32:f32:1, {3.1e-5, 6.2e-5, 1.55e-5, 9.3e-5}>
!b = !quant.uniform<i32:f32:0, {3.1e-5, 6.2e-5, 1.55e-5, 9.3e-5}>
!dw = !quant.uniform<i8<-127:127>:f32, 0.0005>
!dacc = !quant.uniform<i32:f32, 0.00002>
!lw = !quant.uniform<i8<-127:127>:f32, 0.015>
!lacc = !quant.uniform<i32:f32, 4.05e-4>

func.func @main(%x: tensor<2x3x8x8xf32>) -> (tensor<2x5xf32>, tensor<2x4x4x4x!i8>) {
  %q = quanta.quantize %x : tensor<2x3x8x8xf32> to tensor<2x3x8x8x!u8>
  %w0 = arith.constant dense<"0x20FDF16B0EC7018875340F04C3D871FDB07094D53397AAD861FFC911CE58BF37C90F9DC9560676B0B4890242691CBA66D3B600A90E5A5C8224088F385E23825696A43AC560816BDD0ACB52DA7000E60FA4DA986C9C2798D542136FEB13B1DDFCC7FFCD09A7456D31B0F87814"> : tensor<4x3x3x3xi8>
  %w = quant.scast %w0 : tensor<4x3x3x3xi8> to tensor<4x3x3x3x!w>
  %b0 = arith.constant dense<[100, -2000, 12345, 0]> : tensor<4xi32>
  %b = quant.scast %b0 : tensor<4xi32> to tensor<4x!b>
  %a = quanta.conv_2d %q, %w bias %b pads [1, 1, 1, 1] : tensor<2x3x8x8x!u8>, tensor<4x3x3x3x!w>, tensor<4x!b> -> tensor<2x4x8x8x!acc>
  %r = quanta.requantize %a clamp [7, 200] : tensor<2x4x8x8x!acc> to tensor<2x4x8x8x!h>
  %d0 = arith.constant dense<[[[[1, -2, 3], [-4, 50, -6], [7, -8, 9]]], [[[11, 22, 33], [44, 55, -66], [-77, -88, 99]]], [[[0, 0, 1], [0, 100, 0], [0, 0, 0]]], [[[-1, -2, -3], [-4, 127, -6], [-7, -8, -9]]]]> : tensor<4x1x3x3xi8>
  %d = quant.scast %d0 : tensor<4x1x3x3xi8> to tensor<4x1x3x3x!dw>
  %e = quanta.conv_2d %r, %d pads [1, 1, 1, 1] groups 4 : tensor<2x4x8x8x!h>, tensor<4x1x3x3x!dw> -> tensor<2x4x8x8x!dacc>
  %f = quanta.requantize %e : tensor<2x4x8x8x!dacc> to tensor<2x4x8x8x!i8>
  %g = quanta.add %f, %r clamp [-3, 127] : tensor<2x4x8x8x!i8>, tensor<2x4x8x8x!h> -> tensor<2x4x8x8x!i8>
  %p = quanta.pad %g low [0, 0, 1, 1] high [0, 0, 0, 0] value -128 : tensor<2x4x8x8x!i8> -> tensor<2x4x9x9x!i8>
  %m = quanta.max_pool %p over [2, 3] window [3, 3] strides [2, 2] dilations [1, 1] : tensor<2x4x9x9x!i8> -> tensor<2x4x4x4x!i8>
  %t = quanta.lookup %m table dense<"0x000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"> : tensor<256xi8> : tensor<2x4x4x4x!i8> to tensor<2x4x4x4x!h>
  %s = quanta.mul %t, %m : tensor<2x4x4x4x!h>, tensor<2x4x4x4x!i8> -> tensor<2x4x4x4x!h>
  %c = quanta.concat %s, %m dim 1 : tensor<2x4x4x4x!h>, tensor<2x4x4x4x!i8> -> tensor<2x8x4x4x!i8>
  %v = quanta.average_pool %c over [2, 3] window [4, 4] strides [1, 1] dilations [1, 1] : tensor<2x8x4x4x!i8> -> tensor<2x8x1x1x!i8>
  %k = tensor.collapse_shape %v [[0], [1, 2, 3]] : tensor<2x8x1x1x!i8> into tensor<2x8x!i8>
  %l0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758194A1B3C1D2E1F2021122304F5E6D7C8"> : tensor<8x5xi8>
  %l = quant.scast %l0 : tensor<8x5xi8> to tensor<8x5x!lw>
  %y = quanta.matmul %k, %l : tensor<2x8x!i8>, tensor<8x5x!lw> -> tensor<2x5x!lacc>
  %z = quanta.dequantize %y : tensor<2x5x!lacc> to tensor<2x5xf32>
  return %z, %m : tensor<2x5xf32>, tensor<2x4x4x4x!i8>
}

// What comes with other shapes: a product of batches, a convolution in NHWC, whose
// filters move behind the taps, and a sequence.
// CHECK-LABEL: func @layouts
// CHECK: linalg.batch_matmul
// CHECK: linalg.transpose {{.*}} permutation = [0, 2, 3, 1]
// CHECK: linalg.conv_2d_nhwc_fhwc
// CHECK: linalg.conv_1d_ncw_fcw
// CHECK: linalg.contract
func.func @layouts(%a: tensor<2x3x4x!i8>, %b: tensor<2x4x5x!i8>, %x: tensor<?x6x6x3x!i8>, %w: tensor<2x3x3x3x!lw>, %s: tensor<2x3x6x!i8>, %v: tensor<2x3x3x!lw>, %c: tensor<2x2x3x4x!i8>, %d: tensor<2x2x4x5x!i8>) -> (tensor<2x3x5xf32>, tensor<?x4x4x2x!i8>, tensor<2x2x2xf32>, tensor<2x2x3x5xf32>) {
  %0 = quanta.batch_matmul %a, %b : tensor<2x3x4x!i8>, tensor<2x4x5x!i8> -> tensor<2x3x5x!quant.uniform<i32:f32, 7.29e-4>>
  %1 = quanta.dequantize %0 : tensor<2x3x5x!quant.uniform<i32:f32, 7.29e-4>> to tensor<2x3x5xf32>
  %2 = quanta.conv_2d %x, %w channels_last : tensor<?x6x6x3x!i8>, tensor<2x3x3x3x!lw> -> tensor<?x4x4x2x!lacc>
  %3 = quanta.requantize %2 : tensor<?x4x4x2x!lacc> to tensor<?x4x4x2x!i8>
  %4 = quanta.conv_1d %s, %v strides [3] : tensor<2x3x6x!i8>, tensor<2x3x3x!lw> -> tensor<2x2x2x!lacc>
  %5 = quanta.dequantize %4 : tensor<2x2x2x!lacc> to tensor<2x2x2xf32>
  %6 = quanta.batch_matmul %c, %d : tensor<2x2x3x4x!i8>, tensor<2x2x4x5x!i8> -> tensor<2x2x3x5x!quant.uniform<i32:f32, 7.29e-4>>
  %7 = quanta.dequantize %6 : tensor<2x2x3x5x!quant.uniform<i32:f32, 7.29e-4>> to tensor<2x2x3x5xf32>
  return %1, %3, %5, %7 : tensor<2x3x5xf32>, tensor<?x4x4x2x!i8>, tensor<2x2x2xf32>, tensor<2x2x3x5xf32>
}

// CHECK-LABEL: func @product
// CHECK: arith.mulf
func.func @product(%a: tensor<2x4x!i8>, %b: tensor<2x4x!h>) -> tensor<2x4x!h> {
  %0 = quanta.mul %a, %b : tensor<2x4x!i8>, tensor<2x4x!h> -> tensor<2x4x!h>
  return %0 : tensor<2x4x!h>
}

// CHECK-LABEL: func @gathers
// CHECK: %[[T:.*]] = quanta.dequantize %{{.*}} : tensor<10x4x
// CHECK: tensor.extract %[[T]]
// CHECK: %[[P:.*]] = quanta.dequantize %{{.*}} : tensor<2x3x4x
// CHECK: tensor.extract %[[P]]
func.func @gathers(%i: tensor<2x3xi64>, %t: tensor<10x4x!i8>) -> tensor<2x6x4x!i8> {
  %0 = quanta.embedding %t, %i : tensor<10x4x!i8>, tensor<2x3xi64> -> tensor<2x3x4x!i8>
  %1 = quanta.resize %0 over [1] mode nearest coordinates half_pixel : tensor<2x3x4x!i8> -> tensor<2x6x4x!i8>
  return %1 : tensor<2x6x4x!i8>
}

!rows = !quant.uniform<i8:f32:0, {0.5, 0.25}>

// CHECK-LABEL: func @rows
// CHECK: %[[R:.*]] = quanta.dequantize %{{.*}} : tensor<2x4x
// CHECK: tensor.extract %[[R]]
// CHECK-NOT: quanta.quantize
func.func @rows(%i: tensor<2x3xi64>, %r: tensor<2x4x!rows>) -> tensor<2x3x4xf32> {
  %0 = quanta.embedding %r, %i : tensor<2x4x!rows>, tensor<2x3xi64> -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

!channels = !quant.uniform<u8:f32:1, {0.5:11, 0.25:6}>
!phase = !quant.uniform<i8:f32:1, {0.5, 0.25, 1.0}>
!phases = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.5}>
!pb = !quant.uniform<i32:f32:0, {0.25, 0.125, 0.5}>

// CHECK-LABEL: func @parts
// CHECK: %[[TABLE:.*]] = arith.constant dense<[-4.500000e+00, -1.000000e+00]>
// CHECK: %[[PADDING:.*]] = linalg.broadcast ins(%[[TABLE]] : {{.*}} dimensions = [0, 2, 3]
// CHECK: tensor.insert_slice %{{.*}} into %[[PADDING]][0, 0, 0, 0]
// CHECK-COUNT-6: linalg.conv_2d_nchw_fchw
// CHECK: tensor.insert_slice {{.*}} [1, 1, 2, 3] : tensor<1x3x{{.*}}xf32> into tensor<1x3x
func.func @parts(%x: tensor<1x2x3x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x3x7x12xf32>, tensor<1x3x7x12x!phase>) {
  %q = quanta.quantize %x : tensor<1x2x3x4xf32> to tensor<1x2x3x4x!channels>
  %p = quanta.pad %q low [0, 0, 0, 0] high [0, 0, 1, 0] value 2 : tensor<1x2x3x4x!channels> -> tensor<1x2x4x4x!channels>
  %0 = quanta.dequantize %p : tensor<1x2x4x4x!channels> to tensor<1x2x4x4xf32>
  %u = quanta.quantize %x : tensor<1x2x3x4xf32> to tensor<1x2x3x4x!quant.uniform<u8:f32, 0.5:30>>
  %w0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758194A1B3C1D2E1F2021122334"> : tensor<2x3x3x2xi8>
  %w = quant.scast %w0 : tensor<2x3x3x2xi8> to tensor<2x3x3x2x!phase>
  %b0 = arith.constant dense<[100, -200, 7]> : tensor<3xi32>
  %b = quant.scast %b0 : tensor<3xi32> to tensor<3x!pb>
  %c = quanta.conv_transpose_2d %u, %w bias %b strides [2, 3] output_padding [0, 1] : tensor<1x2x3x4x!quant.uniform<u8:f32, 0.5:30>>, tensor<2x3x3x2x!phase>, tensor<3x!pb> -> tensor<1x3x7x12x!phases>
  %1 = quanta.dequantize %c : tensor<1x3x7x12x!phases> to tensor<1x3x7x12xf32>
  %2 = quanta.requantize %c : tensor<1x3x7x12x!phases> to tensor<1x3x7x12x!phase>
  return %0, %1, %2 : tensor<1x2x4x4xf32>, tensor<1x3x7x12xf32>, tensor<1x3x7x12x!phase>
}

// CHECK-LABEL: func @sequence
// CHECK-COUNT-2: linalg.conv_2d_nchw_fchw
// CHECK: quanta.quantize %{{.*}} : tensor<1x3x1x{{.*}}xf32> to
// BACK-LABEL: func @sequence
// BACK-COUNT-2: quanta.contract
func.func @sequence(%x: tensor<1x2x4xf32>) -> (tensor<1x3x9xf32>, tensor<1x3x9x!quant.uniform<u8:f32, 0.5:30>>) {
  %u = quanta.quantize %x : tensor<1x2x4xf32> to tensor<1x2x4x!quant.uniform<u8:f32, 0.5:30>>
  %w0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182"> : tensor<2x3x3xi8>
  %w = quant.scast %w0 : tensor<2x3x3xi8> to tensor<2x3x3x!phase>
  %c = quanta.conv_transpose_1d %u, %w strides [2] : tensor<1x2x4x!quant.uniform<u8:f32, 0.5:30>>, tensor<2x3x3x!phase> -> tensor<1x3x9x!phases>
  %1 = quanta.dequantize %c : tensor<1x3x9x!phases> to tensor<1x3x9xf32>
  %2 = quanta.requantize %c clamp [10, 200] : tensor<1x3x9x!phases> to tensor<1x3x9x!quant.uniform<u8:f32, 0.5:30>>
  return %1, %2 : tensor<1x3x9xf32>, tensor<1x3x9x!quant.uniform<u8:f32, 0.5:30>>
}

!x = !quant.uniform<u8:f32, 0.5:120>
!y = !quant.uniform<i8:f32, 8.0:3>
!g = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25, 0.125, 0.0625, 1.0, 0.75}>
!gacc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.0625, 0.03125, 0.5, 0.375}>
!gb = !quant.uniform<i32:f32:0, {0.25, 0.125, 0.0625, 0.03125, 0.5, 0.375}>
!tw = !quant.uniform<i8<-127:127>:f32, 0.5>
!tacc = !quant.uniform<i32:f32, 0.25>
!gm = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25, 0.125, 0.0625, 1.0, 0.75, 0.5, 0.25}>
!gmacc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.0625, 0.03125, 0.5, 0.375, 0.25, 0.125}>

// Groups of channels, with scales for the filters of all of them or one, several
// filters for each channel, and of a sequence.
// CHECK-LABEL: func @groups
// CHECK: tensor.expand_shape {{.*}} {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<?x2x2x7x?xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} tensor<2x3x2x3x3xf32>
// CHECK: tensor.collapse_shape {{.*}} into tensor<?x6x3x?xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} tensor<2x3x2x3x3xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} tensor<4x2x1x3x3xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} tensor<2x3x2x3x1xf32>
// BACK-LABEL: func @groups
// BACK: quanta.conv_2d {{.*}} bias {{.*}} groups 2
// BACK: quanta.requantize {{.*}} clamp [3, 127]
// BACK: quanta.conv_2d {{.*}} groups 2
// BACK: quanta.requantize
// BACK: quanta.conv_2d {{.*}} groups 4
// BACK: quanta.conv_1d {{.*}} bias {{.*}} groups 2
// BACK: quanta.requantize
func.func @groups(%x: tensor<?x4x5x?xf32>, %s: tensor<2x4x7xf32>) -> (tensor<?x6x3x?x!y>, tensor<?x6x3x?x!y>, tensor<?x8x3x?xf32>, tensor<2x6x3x!y>) {
  %q = quanta.quantize %x : tensor<?x4x5x?xf32> to tensor<?x4x5x?x!x>
  %w0 = arith.constant dense<"0x2C4E864FF80421C97A8EC7E212E9A28C818DA67FB12740BCC8EFC479AE654C589EE521FE2A2D2A90750E67C6DD61B091E02EA05ED7BA0B65625FCF85473545818A01D6F06EB407D3CC4EA8D19FA7C83314F3AC4C4CBD90D2A64C0502CB0277BD4484D16E5F965758F4DE7A73"> : tensor<6x2x3x3xi8>
  %w = quant.scast %w0 : tensor<6x2x3x3xi8> to tensor<6x2x3x3x!g>
  %b0 = arith.constant dense<[100, -200, 7, 4000, 0, -1]> : tensor<6xi32>
  %b = quant.scast %b0 : tensor<6xi32> to tensor<6x!gb>
  %0 = quanta.conv_2d %q, %w bias %b strides [2, 1] dilations [1, 2] pads [1, 1, 1, 0] groups 2 : tensor<?x4x5x?x!x>, tensor<6x2x3x3x!g>, tensor<6x!gb> -> tensor<?x6x3x?x!gacc>
  %1 = quanta.requantize %0 clamp [3, 127] : tensor<?x6x3x?x!gacc> to tensor<?x6x3x?x!y>
  %t = quant.scast %w0 : tensor<6x2x3x3xi8> to tensor<6x2x3x3x!tw>
  %2 = quanta.conv_2d %q, %t groups 2 : tensor<?x4x5x?x!x>, tensor<6x2x3x3x!tw> -> tensor<?x6x3x?x!tacc>
  %3 = quanta.requantize %2 : tensor<?x6x3x?x!tacc> to tensor<?x6x3x?x!y>
  %m0 = arith.constant dense<"0x57236FE1D54C8BB2B2E4A94C58E288369C1DAC702D7D1E39E04F9DA7DC36FC5971E7ED0E25FB1A753CD1EDE7A7814AECDA22106F1D6C14D4D37D16B0545283A931E8D793B15B5554"> : tensor<8x1x3x3xi8>
  %m = quant.scast %m0 : tensor<8x1x3x3xi8> to tensor<8x1x3x3x!gm>
  %4 = quanta.conv_2d %q, %m groups 4 : tensor<?x4x5x?x!x>, tensor<8x1x3x3x!gm> -> tensor<?x8x3x?x!gmacc>
  %5 = quanta.dequantize %4 : tensor<?x8x3x?x!gmacc> to tensor<?x8x3x?xf32>
  %p = quanta.quantize %s : tensor<2x4x7xf32> to tensor<2x4x7x!x>
  %v0 = arith.constant dense<"0x2DE6B66FC50E2DBED13EB32C712F25F777B9DB24279CAA31208A15C3FF7F81004E32D17B"> : tensor<6x2x3xi8>
  %v = quant.scast %v0 : tensor<6x2x3xi8> to tensor<6x2x3x!g>
  %6 = quanta.conv_1d %p, %v bias %b strides [2] groups 2 : tensor<2x4x7x!x>, tensor<6x2x3x!g>, tensor<6x!gb> -> tensor<2x6x3x!gacc>
  %7 = quanta.requantize %6 : tensor<2x6x3x!gacc> to tensor<2x6x3x!y>
  return %1, %3, %5, %7 : tensor<?x6x3x?x!y>, tensor<?x6x3x?x!y>, tensor<?x8x3x?xf32>, tensor<2x6x3x!y>
}

!single = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>
!sums = !quant.uniform<i32:f32:1, {0.25, 0.125}>
// One filter in each group: scales of filters are those of groups.
// CHECK-LABEL: func @single_filters
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} tensor<2x1x2x3x3xf32>
// BACK-LABEL: func @single_filters
// BACK-NOT: linalg.conv
// BACK: quanta.conv_2d {{.*}} groups 2
// BACK: quanta.requantize
func.func @single_filters(%x: tensor<?x4x5x?xf32>) -> tensor<?x2x3x?x!y> {
  %q = quanta.quantize %x : tensor<?x4x5x?xf32> to tensor<?x4x5x?x!x>
  %w0 = arith.constant dense<"0x2C4E864FF80421C97A8EC7E212E9A28C818DA67FB12740BCC8EFC479AE654C589EE521FE"> : tensor<2x2x3x3xi8>
  %w = quant.scast %w0 : tensor<2x2x3x3xi8> to tensor<2x2x3x3x!single>
  %0 = quanta.conv_2d %q, %w groups 2 : tensor<?x4x5x?x!x>, tensor<2x2x3x3x!single> -> tensor<?x2x3x?x!sums>
  %1 = quanta.requantize %0 : tensor<?x2x3x?x!sums> to tensor<?x2x3x?x!y>
  return %1 : tensor<?x2x3x?x!y>
}
