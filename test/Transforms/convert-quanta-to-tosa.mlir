// RUN: rm -rf %t && split-file %s %t
// RUN: quant-opt %t/network.mlir --convert-quanta-to-tosa -o %t/quantized.mlir
// RUN: quant-opt %t/network.mlir --convert-quanta-to-tosa=types=storage --canonicalize -o %t/storage.mlir
// RUN: FileCheck %t/network.mlir < %t/quantized.mlir
// RUN: FileCheck %t/network.mlir --check-prefix=STORAGE < %t/storage.mlir
// RUN: quant-opt %t/layouts.mlir --convert-quanta-to-tosa -o %t/layouts-quantized.mlir
// RUN: quant-opt %t/layouts.mlir --convert-quanta-to-tosa=types=storage --canonicalize -o %t/layouts-storage.mlir
// RUN: FileCheck %t/layouts.mlir < %t/layouts-quantized.mlir

// Back again, the networks give the same bits.
// RUN: %python %S/../Inputs/npy.py %t/x.npy "(numpy.random.default_rng(0).standard_normal((2, 3, 8, 8)) * 2).astype('float32')" \
// RUN:   %t/a.npy "numpy.random.default_rng(1).integers(0, 256, (2, 7, 8, 3)).astype('uint8')" \
// RUN:   %t/b.npy "numpy.random.default_rng(2).integers(0, 256, (2, 3, 4)).astype('uint8')" \
// RUN:   %t/c.npy "numpy.random.default_rng(3).integers(-128, 128, (2, 4, 5)).astype('int8')" \
// RUN:   %t/d.npy "numpy.random.default_rng(4).integers(0, 256, (2, 3, 6)).astype('uint8')"
// DEFINE: %{file} =
// DEFINE: %{inputs} = --input=%t/x.npy
// DEFINE: %{outputs} = --output=%t/%{file}-0.npy --output=%t/%{file}-1.npy
// DEFINE: %{run} = quant-run %t/%{file}.mlir %{inputs} %{outputs}
// DEFINE: %{back} = quant-opt %t/%{file}.mlir --convert-tosa-to-quanta -o %t/%{file}-back.mlir
// REDEFINE: %{file} = network
// RUN: %{run}
// REDEFINE: %{file} = quantized
// RUN: %{back}
// REDEFINE: %{file} = quantized-back
// RUN: %{run} && cmp %t/network-0.npy %t/%{file}-0.npy && cmp %t/network-1.npy %t/%{file}-1.npy
// REDEFINE: %{file} = storage
// RUN: %{back}
// REDEFINE: %{file} = storage-back
// RUN: %{run} && cmp %t/network-0.npy %t/%{file}-0.npy && cmp %t/network-1.npy %t/%{file}-1.npy

// Numbers of 4 bits without a sign keep their zero point in a byte.
// RUN: %python %S/../Inputs/npy.py %t/e.npy "numpy.random.default_rng(5).integers(-128, 128, (4, 5)).astype('int8')"
// RUN: quant-run %t/narrow.mlir --input=%t/e.npy --output=%t/narrow.npy
// RUN: quant-opt %t/narrow.mlir --convert-quanta-to-tosa=types=storage --convert-tosa-to-quanta -o %t/narrow-storage.mlir
// RUN: quant-run %t/narrow-storage.mlir --input=%t/e.npy --output=%t/narrow-storage.npy && cmp %t/narrow.npy %t/narrow-storage.npy
// RUN: quant-opt %t/narrow.mlir --convert-quanta-to-tosa --convert-tosa-to-quanta -o %t/narrow-quantized.mlir
// RUN: quant-run %t/narrow-quantized.mlir --input=%t/e.npy --output=%t/narrow-quantized.npy && cmp %t/narrow.npy %t/narrow-quantized.npy

// What upstream makes of the TOSA in between is near.
// RUN: quant-opt %t/storage.mlir --pass-pipeline="builtin.module(func.func(tosa-to-linalg-named,canonicalize,tosa-layerwise-constant-fold,tosa-to-linalg,tosa-to-arith{include-apply-rescale=true},tosa-to-tensor,canonicalize),quanta-rewrite-types)" -o %t/upstream.mlir
// REDEFINE: %{file} = upstream
// RUN: %{run} && %python %S/../EndToEnd/Inputs/agree.py %t/network-0.npy %t/upstream-0.npy 40
// RUN: %python %S/../EndToEnd/Inputs/agree.py %t/network-1.npy %t/upstream-1.npy 40

// REDEFINE: %{inputs} = --input=%t/a.npy --input=%t/b.npy --input=%t/c.npy --input=%t/d.npy
// REDEFINE: %{outputs} = --output=%t/%{file}-0.npy --output=%t/%{file}-1.npy --output=%t/%{file}-2.npy --output=%t/%{file}-3.npy
// DEFINE: %{same} = cmp %t/layouts-0.npy %t/%{file}-0.npy && cmp %t/layouts-1.npy %t/%{file}-1.npy && cmp %t/layouts-2.npy %t/%{file}-2.npy && cmp %t/layouts-3.npy %t/%{file}-3.npy
// REDEFINE: %{file} = layouts
// RUN: %{run}
// REDEFINE: %{file} = layouts-quantized
// RUN: %{back}
// REDEFINE: %{file} = layouts-quantized-back
// RUN: %{run} && %{same}
// REDEFINE: %{file} = layouts-storage
// RUN: %{back}
// REDEFINE: %{file} = layouts-storage-back
// RUN: %{run} && %{same}

// RUN: %python %S/../Inputs/npy.py %t/e.npy "numpy.random.default_rng(5).integers(-20, 20, (1, 5, 5, 2)).astype('int8')"
// RUN: quant-opt %t/depthwise.mlir --convert-quanta-to-tosa -o %t/depthwise-tosa.mlir
// RUN: FileCheck %t/depthwise.mlir < %t/depthwise-tosa.mlir
// RUN: quant-opt %t/depthwise-tosa.mlir --convert-tosa-to-quanta -o %t/depthwise-back.mlir
// RUN: quant-run %t/depthwise.mlir --input=%t/e.npy --output=%t/depthwise.npy --output=%t/mean.npy
// RUN: quant-run %t/depthwise-back.mlir --input=%t/e.npy --output=%t/depthwise-back.npy --output=%t/mean-back.npy
// RUN: cmp %t/depthwise.npy %t/depthwise-back.npy && cmp %t/mean.npy %t/mean-back.npy

// RUN: quant-opt %t/scales.mlir --convert-quanta-to-tosa | FileCheck %t/scales.mlir
// RUN: quant-opt %t/scales.mlir --convert-quanta-to-tosa --convert-tosa-to-quanta -o %t/scales-back.mlir
// RUN: %python %S/../Inputs/npy.py %t/s.npy "numpy.arange(-9, 9).reshape(3, 2, 3).astype('int8')"
// RUN: quant-run %t/scales.mlir --input=%t/s.npy --output=%t/s0.npy
// RUN: quant-run %t/scales-back.mlir --input=%t/s.npy --output=%t/s1.npy && cmp %t/s0.npy %t/s1.npy

// RUN: %python %S/../Inputs/npy.py %t/g.npy "numpy.random.default_rng(6).integers(-20, 20, (2, 4, 5, 6)).astype('int8')"
// RUN: quant-opt %t/groups.mlir --convert-quanta-to-tosa -o %t/groups-tosa.mlir
// RUN: FileCheck %t/groups.mlir < %t/groups-tosa.mlir
// RUN: quant-opt %t/groups-tosa.mlir --convert-tosa-to-quanta -o %t/groups-back.mlir
// RUN: quant-run %t/groups.mlir --input=%t/g.npy --output=%t/g0.npy --output=%t/g1.npy
// RUN: quant-run %t/groups-back.mlir --input=%t/g.npy --output=%t/h0.npy --output=%t/h1.npy
// RUN: cmp %t/g0.npy %t/h0.npy && cmp %t/g1.npy %t/h1.npy

// RUN: %python %S/../Inputs/npy.py %t/t.npy "numpy.random.default_rng(7).integers(100, 140, (2, 2, 4, 5)).astype('uint8')" \
// RUN:   %t/u.npy "numpy.random.default_rng(8).integers(100, 140, (1, 3, 3, 2)).astype('uint8')"
// RUN: quant-opt %t/transposed.mlir --convert-quanta-to-tosa -o %t/transposed-tosa.mlir
// RUN: FileCheck %t/transposed.mlir < %t/transposed-tosa.mlir
// RUN: quant-opt %t/transposed-tosa.mlir --convert-tosa-to-quanta -o %t/transposed-back.mlir
// RUN: quant-run %t/transposed.mlir --input=%t/t.npy --input=%t/u.npy --output=%t/t0.npy --output=%t/t1.npy
// RUN: quant-run %t/transposed-back.mlir --input=%t/t.npy --input=%t/u.npy --output=%t/u0.npy --output=%t/u1.npy
// RUN: cmp %t/t0.npy %t/u0.npy && cmp %t/t1.npy %t/u1.npy

// RUN: %python %S/../Inputs/npy.py %t/p.npy "numpy.random.default_rng(9).standard_normal((2, 3)).astype('float32') * 20" \
// RUN:   %t/q.npy "numpy.random.default_rng(10).standard_normal((3, 2)).astype('float32') * 20"
// REDEFINE: %{inputs} = --input=%t/p.npy --input=%t/q.npy
// DEFINE: %{same5} = cmp %t/channels-0.npy %t/%{file}-0.npy && cmp %t/channels-1.npy %t/%{file}-1.npy && cmp %t/channels-2.npy %t/%{file}-2.npy && cmp %t/channels-3.npy %t/%{file}-3.npy && cmp %t/channels-4.npy %t/%{file}-4.npy
// REDEFINE: %{outputs} = --output=%t/%{file}-0.npy --output=%t/%{file}-1.npy --output=%t/%{file}-2.npy --output=%t/%{file}-3.npy --output=%t/%{file}-4.npy
// RUN: quant-opt %t/channels.mlir --convert-quanta-to-tosa -o %t/channels-quantized.mlir
// RUN: quant-opt %t/channels.mlir --convert-quanta-to-tosa=types=storage -o %t/channels-storage.mlir
// RUN: FileCheck %t/channels.mlir < %t/channels-quantized.mlir
// REDEFINE: %{file} = channels
// RUN: %{run}
// REDEFINE: %{file} = channels-quantized
// RUN: %{back}
// REDEFINE: %{file} = channels-quantized-back
// RUN: %{run} && %{same5}
// REDEFINE: %{file} = channels-storage
// RUN: %{back}
// REDEFINE: %{file} = channels-storage-back
// RUN: %{run} && %{same5}

// Neighbours are the same ones, also for upstream.
// RUN: %python %S/../Inputs/npy.py %t/r.npy "numpy.random.default_rng(7).integers(-128, 128, (2, 3, 4, 5)).astype('int8')"
// RUN: quant-opt %t/resize.mlir --convert-quanta-to-tosa -o %t/resize-quantized.mlir
// RUN: FileCheck %t/resize.mlir < %t/resize-quantized.mlir
// RUN: quant-opt %t/resize.mlir --convert-quanta-to-tosa=types=storage -o %t/resize-storage.mlir
// RUN: quant-opt %t/resize-quantized.mlir --convert-tosa-to-quanta -o %t/resize-quantized-back.mlir
// RUN: quant-opt %t/resize-storage.mlir --convert-tosa-to-quanta -o %t/resize-storage-back.mlir
// RUN: quant-opt %t/resize-storage.mlir --pass-pipeline="builtin.module(func.func(tosa-to-linalg-named,canonicalize,tosa-to-linalg,tosa-to-arith,tosa-to-tensor,canonicalize),quanta-rewrite-types)" -o %t/resize-upstream.mlir
// REDEFINE: %{inputs} = --input=%t/r.npy
// REDEFINE: %{outputs} = --output=%t/%{file}-0.npy --output=%t/%{file}-1.npy --output=%t/%{file}-2.npy --output=%t/%{file}-3.npy
// REDEFINE: %{same} = cmp %t/resize-0.npy %t/%{file}-0.npy && cmp %t/resize-1.npy %t/%{file}-1.npy && cmp %t/resize-2.npy %t/%{file}-2.npy && cmp %t/resize-3.npy %t/%{file}-3.npy
// REDEFINE: %{file} = resize
// RUN: %{run}
// REDEFINE: %{file} = resize-quantized-back
// RUN: %{run} && %{same}
// REDEFINE: %{file} = resize-storage-back
// RUN: %{run} && %{same}
// REDEFINE: %{file} = resize-upstream
// RUN: %{run} && %{same}

//--- network.mlir
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

// CHECK-LABEL: func @main
// CHECK: quanta.quantize {{.*}} to tensor<2x3x8x8x!quant.uniform<i8:f32, 3.100000e-02>>
// CHECK: tosa.conv2d {{.*}} pad = array<i64: 1, 1, 1, 1>
// CHECK: tosa.rescale {{.*}} per_channel = true
// CHECK: tosa.clamp {{.*}} {max_val = 72 : i8, min_val = -121 : i8}
// CHECK: tosa.depthwise_conv2d
// CHECK: tosa.rescale
// CHECK: tosa.add
// CHECK: tosa.rescale
// CHECK: tosa.clamp
// CHECK: tosa.pad
// CHECK: tosa.max_pool2d
// CHECK: tosa.table
// CHECK: tosa.mul
// CHECK: tosa.concat
// CHECK: tosa.avg_pool2d
// The form of a fully connected layer.
// CHECK: tosa.conv2d {{.*}} : (tensor<2x1x1x8x{{.*}}, tensor<5x1x1x8x
// CHECK: quant.scast {{.*}} : tensor<2x5xi32>
// CHECK: quanta.dequantize
// CHECK-NOT: quanta
// CHECK: return

// STORAGE-LABEL: func @main
// STORAGE: quant.scast {{.*}} to tensor<2x3x8x8xi8>
// STORAGE: tosa.conv2d {{.*}} (tensor<2x8x8x3xi8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x8x8x4xi32>
// STORAGE: tosa.clamp {{.*}} tensor<2x4x8x8xi8>
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

//--- layouts.mlir
!u8 = !quant.uniform<u8:f32, 0.031:128>
!n8 = !quant.uniform<u8<3:250>:f32, 0.04:7>
!i8 = !quant.uniform<i8:f32, 0.027:-3>
!w = !quant.uniform<i8<-127:127>:f32, 0.015>
!w4 = !quant.uniform<i4:f32:0, {0.1, 0.2}>
!acc = !quant.uniform<i32:f32, 4.65e-4>
!acc4 = !quant.uniform<i32:f32:3, {0.0031, 0.0062}>
!bb = !quant.uniform<i32:f32, 8.37e-4>

// Images in NHWC with a dynamic batch and windows that end before the image does,
// products of activations with a bias, sequences, u8 at the edges, weights of 4
// bits, a narrower range.
// CHECK-LABEL: func @layouts
// CHECK-DAG: dense<{{.*}}> : tensor<2x3x3x3xi8>}> : () -> tensor<2x3x3x3x!quant.uniform<i8<-8:7>:f32:0, {1.000000e-01,2.000000e-01}>>
// CHECK-DAG: tosa.rescale {{.*}}input_unsigned = true, output_unsigned = false
// CHECK-DAG: tosa.conv2d {{.*}} pad = array<i64: 0, 0, 1, 0>, stride = array<i64: 2, 2>
// CHECK-DAG: tosa.clamp {{.*}} {max_val = 122 : i8, min_val = -125 : i8}
// CHECK-DAG: tosa.slice
// CHECK-DAG: tosa.matmul
// CHECK-DAG: tosa.add {{.*}} : (tensor<2x3x5xi32>, tensor<1x1x5xi32>) -> tensor<2x3x5xi32>
// CHECK-DAG: tosa.sub
// CHECK-DAG: tosa.rescale {{.*}}input_unsigned = false, output_unsigned = true
func.func @layouts(%x: tensor<?x7x8x3x!u8>, %a: tensor<2x3x4x!u8>, %b: tensor<2x4x5x!i8>, %s: tensor<2x3x6x!u8>) -> (tensor<?x3x3x2x!n8>, tensor<2x5x3x!u8>, tensor<2x2x2x!i8>, tensor<2x1x3x!i8>) {
  %c4 = arith.constant dense<[[[[-1, -4, 3], [7, -6, -8], [7, 0, -1]], [[-2, 7, 7], [4, -4, -1], [-4, 4, -8]], [[-6, -3, -7], [1, -8, 0], [7, 4, 5]]], [[[4, 6, -4], [3, -5, -7], [-4, 7, -2]], [[0, 5, 1], [5, 4, 3], [5, -1, 2]], [[-8, 0, -3], [2, -5, -2], [0, 1, -5]]]]> : tensor<2x3x3x3xi4>
  %w4 = quant.scast %c4 : tensor<2x3x3x3xi4> to tensor<2x3x3x3x!w4>
  %0 = quanta.conv_2d %x, %w4 strides [2, 2] pads [0, 1, 0, 0] channels_last : tensor<?x7x8x3x!u8>, tensor<2x3x3x3x!w4> -> tensor<?x3x4x2x!acc4>
  %1 = quanta.requantize %0 : tensor<?x3x4x2x!acc4> to tensor<?x3x4x2x!n8>
  %2 = tensor.extract_slice %1[0, 0, 1, 0] [2, 3, 3, 2] [1, 1, 1, 1] : tensor<?x3x4x2x!n8> to tensor<2x3x3x2x!n8>
  %3 = tensor.cast %2 : tensor<2x3x3x2x!n8> to tensor<?x3x3x2x!n8>
  %cb = arith.constant dense<[100, -200, 300, 0, 7]> : tensor<5xi32>
  %bias = quant.scast %cb : tensor<5xi32> to tensor<5x!bb>
  %4 = quanta.batch_matmul %a, %b bias %bias : tensor<2x3x4x!u8>, tensor<2x4x5x!i8>, tensor<5x!bb> -> tensor<2x3x5x!bb>
  %5 = quanta.requantize %4 clamp [100, 255] : tensor<2x3x5x!bb> to tensor<2x3x5x!u8>
  %6 = quant.scast %5 : tensor<2x3x5x!u8> to tensor<2x3x5xi8>
  %e = tensor.empty() : tensor<2x5x3xi8>
  %7 = linalg.transpose ins(%6 : tensor<2x3x5xi8>) outs(%e : tensor<2x5x3xi8>) permutation = [0, 2, 1]
  %8 = quant.scast %7 : tensor<2x5x3xi8> to tensor<2x5x3x!u8>
  %cv = arith.constant dense<[[[1, -2, 3], [40, 5, 6], [-70, 8, 9]], [[10, 20, -30], [4, 127, 6], [7, -88, 9]]]> : tensor<2x3x3xi8>
  %v = quant.scast %cv : tensor<2x3x3xi8> to tensor<2x3x3x!w>
  %9 = quanta.conv_1d %s, %v strides [3] : tensor<2x3x6x!u8>, tensor<2x3x3x!w> -> tensor<2x2x2x!acc>
  %10 = quanta.requantize %9 : tensor<2x2x2x!acc> to tensor<2x2x2x!i8>
  %11 = tensor.extract_slice %a[0, 1, 0] [2, 1, 3] [1, 1, 1] : tensor<2x3x4x!u8> to tensor<2x1x3x!u8>
  %12 = tensor.extract_slice %b[0, 1, 0] [2, 1, 1] [1, 1, 1] : tensor<2x4x5x!i8> to tensor<2x1x1x!i8>
  %13 = quanta.sub %11, %12 : tensor<2x1x3x!u8>, tensor<2x1x1x!i8> -> tensor<2x1x3x!i8>
  return %3, %8, %10, %13 : tensor<?x3x3x2x!n8>, tensor<2x5x3x!u8>, tensor<2x2x2x!i8>, tensor<2x1x3x!i8>
}

//--- resize.mlir
!q = !quant.uniform<i8:f32, 0.5:3>

// CHECK-LABEL: func @resize
// CHECK: tosa.transpose
// CHECK-DAG: tosa.const_shape {{ *}}{values = dense<[4, 2, 4, 2]> : tensor<4xindex>}
// CHECK-DAG: tosa.const_shape {{ *}}{values = dense<-1> : tensor<2xindex>}
// CHECK-DAG: tosa.const_shape {{ *}}{values = dense<1> : tensor<2xindex>}
// CHECK: tosa.resize {{.*}} {mode = NEAREST_NEIGHBOR}
func.func @resize(%x: tensor<2x3x4x5x!q>) -> (tensor<2x3x8x10x!q>, tensor<2x9x8x5x!q>, tensor<2x5x3x5x!q>, tensor<2x3x7x9x!q>) {
  %0 = quanta.resize %x over [2, 3] mode nearest coordinates half_pixel : tensor<2x3x4x5x!q> -> tensor<2x3x8x10x!q>
  %1 = quanta.resize %x over [1, 2] mode nearest coordinates asymmetric rounding floor : tensor<2x3x4x5x!q> -> tensor<2x9x8x5x!q>
  %2 = quanta.resize %x over [1, 2] mode nearest coordinates align_corners rounding ceil : tensor<2x3x4x5x!q> -> tensor<2x5x3x5x!q>
  %3 = quanta.resize %x over [2, 3] mode nearest coordinates align_corners rounding round_prefer_floor : tensor<2x3x4x5x!q> -> tensor<2x3x7x9x!q>
  return %0, %1, %2, %3 : tensor<2x3x8x10x!q>, tensor<2x9x8x5x!q>, tensor<2x5x3x5x!q>, tensor<2x3x7x9x!q>
}

//--- depthwise.mlir
!q = !quant.uniform<i8:f32, 0.5>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25, 0.125, 1.0}>
!mean = !quant.uniform<u8:f32, 0.037:100>
!acc = !quant.uniform<i32:f32:3, {0.25, 0.125, 0.0625, 0.5}>

// Two filters for each channel: no type has their scales, the factors do.
// CHECK-LABEL: func @dw
// CHECK: tosa.depthwise_conv2d {{.*}}, tensor<3x3x2x2xi8>, tensor<4xi32>
// CHECK: tosa.rescale {{.*}} per_channel = true
// A mean in another type is a sum and a factor.
// CHECK: tosa.depthwise_conv2d {{.*}}, tensor<2x2x2x1xi8>, tensor<2xi32>
// CHECK: tosa.rescale
func.func @dw(%x: tensor<1x5x5x2x!q>) -> (tensor<1x3x3x4x!q>, tensor<1x2x2x2x!mean>) {
  %c = arith.constant dense<[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[-1, 2, 3], [4, -5, 6], [7, 8, -9]]], [[[1, 20, 3], [40, 5, 6], [70, 8, 9]]], [[[1, 2, 31], [4, 51, 6], [71, 8, 9]]]]> : tensor<4x1x3x3xi8>
  %w = quant.scast %c : tensor<4x1x3x3xi8> to tensor<4x1x3x3x!w>
  %0 = quanta.conv_2d %x, %w groups 2 channels_last : tensor<1x5x5x2x!q>, tensor<4x1x3x3x!w> -> tensor<1x3x3x4x!acc>
  %1 = quanta.requantize %0 : tensor<1x3x3x4x!acc> to tensor<1x3x3x4x!q>
  %2 = quanta.average_pool %x over [1, 2] window [2, 2] strides [2, 2] dilations [1, 1] : tensor<1x5x5x2x!q> -> tensor<1x2x2x2x!mean>
  return %1, %2 : tensor<1x3x3x4x!q>, tensor<1x2x2x2x!mean>
}

//--- scales.mlir
!ch = !quant.uniform<i8:f32:1, {0.5, 0.25}>

// Several scales stay where the dimension that they lie along does.
// CHECK-LABEL: func @scales
// CHECK: tosa.slice {{.*}} -> tensor<2x2x2x!quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01}>>
// CHECK: tosa.reshape {{.*}} -> tensor<2x2x1x2x!quant.uniform<i8:f32:1, {5.000000e-01,2.500000e-01}>>
// CHECK: quanta.dequantize
func.func @scales(%x: tensor<3x2x3x!ch>) -> tensor<2x2x1x2xf32> {
  %0 = tensor.extract_slice %x[1, 0, 1] [2, 2, 2] [1, 1, 1] : tensor<3x2x3x!ch> to tensor<2x2x2x!ch>
  %1 = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [2, 2, 1, 2] : tensor<2x2x2x!ch> into tensor<2x2x1x2x!ch>
  %2 = quanta.dequantize %1 : tensor<2x2x1x2x!ch> to tensor<2x2x1x2xf32>
  return %2 : tensor<2x2x1x2xf32>
}

//--- groups.mlir
!q = !quant.uniform<i8:f32, 0.5:2>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25, 0.125, 1.0, 0.3, 0.7}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.0625, 0.5, 0.15, 0.35}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125, 0.0625, 0.5, 0.15, 0.35}>
!w1 = !quant.uniform<i8:f32, 0.5>
!acc1 = !quant.uniform<i32:f32, 0.25>

// With the groups in one dimension with the channels, and in one of their own.
// CHECK-LABEL: func @groups
// CHECK: tosa.conv2d {{.*}} pad = array<i64: 1, 1, 1, 0>
// CHECK: tosa.conv2d {{.*}} tensor<3x3x3x2x!quant.uniform<i8:f32:0, {1.000000e+00,3.000000e-01,0.69999999999999996}>>
// CHECK: tosa.concat {{.*}} -> tensor<2x3x3x6xi32>
// CHECK-COUNT-2: tosa.conv2d
// CHECK: tosa.concat {{.*}} -> tensor<2x5x5x2xi32>
func.func @groups(%x: tensor<2x4x5x6x!q>) -> (tensor<2x6x3x3x!q>, tensor<2x2x6x5x!q>) {
  %c = arith.constant dense<"0xF8F9F902FC00FFFDF809FC04030702080507FFF8F7020501030407FC08FCFEFEF7FC01FCFB0707020708FC0504070209020205FC030507FE06FF0607070205050209080506FE01FCFF06000007080707090400FD060702F901F7FDFAF809F8FF09FEFA07FBFFFEFDF804F8F8"> : tensor<6x2x3x3xi8>
  %w = quant.scast %c : tensor<6x2x3x3xi8> to tensor<6x2x3x3x!w>
  %cb = arith.constant dense<[1, -20, 300, 4, 5, 6]> : tensor<6xi32>
  %b = quant.scast %cb : tensor<6xi32> to tensor<6x!b>
  %0 = quanta.conv_2d %x, %w bias %b strides [2, 2] pads [1, 1, 1, 1] groups 2 : tensor<2x4x5x6x!q>, tensor<6x2x3x3x!w>, tensor<6x!b> -> tensor<2x6x3x3x!acc>
  %1 = quanta.requantize %0 : tensor<2x6x3x3x!acc> to tensor<2x6x3x3x!q>
  %y = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, 5, 6] : tensor<2x4x5x6x!q> into tensor<2x2x2x5x6x!q>
  %d = arith.constant dense<"0x0202FCFEF7F9FAF9"> : tensor<2x1x2x1x2xi8>
  %v = quant.scast %d : tensor<2x1x2x1x2xi8> to tensor<2x1x2x1x2x!w1>
  %2 = quanta.contract %y, %v maps [affine_map<(n, g, f, y, x, c, i, j) -> (n, g, c, y + i, x + j)>, affine_map<(n, g, f, y, x, c, i, j) -> (g, f, c, i, j)>, affine_map<(n, g, f, y, x, c, i, j) -> (n, g, f, y, x)>] channel 2 : tensor<2x2x2x5x6x!q>, tensor<2x1x2x1x2x!w1> -> tensor<2x2x1x5x5x!acc1>
  %3 = quanta.requantize %2 : tensor<2x2x1x5x5x!acc1> to tensor<2x2x1x5x5x!q>
  %4 = tensor.collapse_shape %3 [[0], [1, 2], [3], [4]] : tensor<2x2x1x5x5x!q> into tensor<2x2x5x5x!q>
  %5 = quanta.pad %4 low [0, 0, 1, 0] high [0, 0, 0, 0] : tensor<2x2x5x5x!q> -> tensor<2x2x6x5x!q>
  return %1, %5 : tensor<2x6x3x3x!q>, tensor<2x2x6x5x!q>
}

//--- transposed.mlir
!q = !quant.uniform<u8:f32, 0.5:120>
!w = !quant.uniform<i8:f32:1, {0.5, 0.25, 0.125}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.0625}>
!b = !quant.uniform<i32:f32:0, {0.25, 0.125, 0.0625}>
!w1 = !quant.uniform<i8:f32, 0.5>
!acc1 = !quant.uniform<i32:f32, 0.25>

// CHECK-LABEL: func @transposed
// CHECK: tosa.transpose_conv2d {{.*}} out_pad = array<i64: -1, 0, -1, 0>, stride = array<i64: 2, 2>} : (tensor<2x4x5x2x{{.*}}, tensor<3x3x3x2x
// CHECK: tosa.transpose_conv2d {{.*}} out_pad = array<i64: 0, 0, 0, 0>
func.func @transposed(%x: tensor<2x2x4x5x!q>, %y: tensor<1x3x3x2x!q>) -> (tensor<2x3x8x10x!q>, tensor<1x7x6x1x!q>) {
  %c = arith.constant dense<"0xFE00FA0306FBF9F9F7030800F8FE070802FFFCFAFFFDF7FFFFFDFC000002F9010307FEFCFE06FFF90800F700090007FD0404000405FC"> : tensor<2x3x3x3xi8>
  %w = quant.scast %c : tensor<2x3x3x3xi8> to tensor<2x3x3x3x!w>
  %cb = arith.constant dense<[1, -20, 300]> : tensor<3xi32>
  %b = quant.scast %cb : tensor<3xi32> to tensor<3x!b>
  %0 = quanta.conv_transpose_2d %x, %w bias %b strides [2, 2] pads [1, 1, 1, 1] output_padding [1, 1] : tensor<2x2x4x5x!q>, tensor<2x3x3x3x!w>, tensor<3x!b> -> tensor<2x3x8x10x!acc>
  %1 = quanta.requantize %0 : tensor<2x3x8x10x!acc> to tensor<2x3x8x10x!q>
  %d = arith.constant dense<"0xFE00FFF8F9F805FF07080601"> : tensor<2x1x3x2xi8>
  %v = quant.scast %d : tensor<2x1x3x2xi8> to tensor<2x1x3x2x!w1>
  %2 = quanta.conv_transpose_2d %y, %v strides [2, 2] channels_last : tensor<1x3x3x2x!q>, tensor<2x1x3x2x!w1> -> tensor<1x7x6x1x!acc1>
  %3 = quanta.requantize %2 : tensor<1x7x6x1x!acc1> to tensor<1x7x6x1x!q>
  return %1, %3 : tensor<2x3x8x10x!q>, tensor<1x7x6x1x!q>
}

//--- narrow.mlir
!q = !quant.uniform<i8:f32, 0.0625:5>
!w = !quant.uniform<u4:f32, 0.03125:3>
!acc = !quant.uniform<i32:f32, 0.001953125>
!r = !quant.uniform<i8:f32, 0.0625:-3>
func.func @narrow(%x: tensor<4x5xi8>) -> tensor<4x3xi8> {
  %c = arith.constant dense<[[0, 15, 3], [7, -2, 1], [4, 2, -1], [-8, 5, 6], [3, 3, 0]]> : tensor<5x3xi4>
  %w = quant.scast %c : tensor<5x3xi4> to tensor<5x3x!w>
  %q = quant.scast %x : tensor<4x5xi8> to tensor<4x5x!q>
  %a = quanta.matmul %q, %w : tensor<4x5x!q>, tensor<5x3x!w> -> tensor<4x3x!acc>
  %r = quanta.requantize %a : tensor<4x3x!acc> to tensor<4x3x!r>
  %o = quant.scast %r : tensor<4x3x!r> to tensor<4x3xi8>
  return %o : tensor<4x3xi8>
}

//--- channels.mlir
!x = !quant.uniform<i8:f32, 0.5:1>
!w = !quant.uniform<i8:f32, 0.25>
!c = !quant.uniform<i8:f32:1, {0.5, 0.25}>
!z = !quant.uniform<i8:f32:1, {0.5:3, 0.25:-4}>
!acc = !quant.uniform<i32:f32, 0.125>
!accc = !quant.uniform<i32:f32:1, {0.25, 0.125}>
!y = !quant.uniform<u8:f32:1, {0.7:130, 0.9:130}>

// Products of activations with a bias, which is added to what tosa.matmul makes;
// a factor, results, padding and tables with a scale for each channel.
// CHECK-LABEL: func @channels
// CHECK: tosa.add {{.*}} : (tensor<1x2x2xi32>, tensor<1x1x2xi32>) -> tensor<1x2x2xi32>
// CHECK: tosa.rescale {{.*}}per_channel = true{{.*}} -> tensor<2x2x!quant.uniform<i8:f32:1
// CHECK: tosa.matmul {{.*}} : (tensor<1x2x3xi8>, tensor<1x3x2xi8>,
// CHECK: tosa.pad
// CHECK: tosa.table
func.func @channels(%p: tensor<2x3xf32>, %q: tensor<3x2xf32>) -> (tensor<2x2x!y>, tensor<2x2xf32>, tensor<4x2xf32>, tensor<3x2x!x>, tensor<2x2x!x>) {
  %a = quanta.quantize %p : tensor<2x3xf32> to tensor<2x3x!x>
  %b = quanta.quantize %q : tensor<3x2xf32> to tensor<3x2x!w>
  %c = quanta.quantize %q : tensor<3x2xf32> to tensor<3x2x!c>
  %z = quanta.quantize %q : tensor<3x2xf32> to tensor<3x2x!z>
  %b0 = arith.constant dense<[100, -200]> : tensor<2xi32>
  %bias = quant.scast %b0 : tensor<2xi32> to tensor<2x!acc>
  %0 = quanta.matmul %a, %b bias %bias : tensor<2x3x!x>, tensor<3x2x!w>, tensor<2x!acc> -> tensor<2x2x!acc>
  %1 = quanta.requantize %0 : tensor<2x2x!acc> to tensor<2x2x!y>
  %2 = quanta.matmul %a, %c : tensor<2x3x!x>, tensor<3x2x!c> -> tensor<2x2x!accc>
  %3 = quanta.dequantize %2 : tensor<2x2x!accc> to tensor<2x2xf32>
  %4 = quanta.pad %z low [0, 0] high [1, 0] value 2 : tensor<3x2x!z> -> tensor<4x2x!z>
  %5 = quanta.dequantize %4 : tensor<4x2x!z> to tensor<4x2xf32>
  %6 = quanta.lookup %z table dense<[-117, -80, -43, -6, 31, 68, 105, -114, -77, -40, -3, 34, 71, 108, -111, -74, -37, 0, 37, 74, 111, -108, -71, -34, 3, 40, 77, 114, -105, -68, -31, 6, 43, 80, 117, -102, -65, -28, 9, 46, 83, 120, -99, -62, -25, 12, 49, 86, 123, -96, -59, -22, 15, 52, 89, 126, -93, -56, -19, 18, 55, 92, -127, -90, -53, -16, 21, 58, 95, -124, -87, -50, -13, 24, 61, 98, -121, -84, -47, -10, 27, 64, 101, -118, -81, -44, -7, 30, 67, 104, -115, -78, -41, -4, 33, 70, 107, -112, -75, -38, -1, 36, 73, 110, -109, -72, -35, 2, 39, 76, 113, -106, -69, -32, 5, 42, 79, 116, -103, -66, -29, 8, 45, 82, 119, -100, -63, -26, 11, 48, 85, 122, -97, -60, -23, 14, 51, 88, 125, -94, -57, -20, 17, 54, 91, -128, -91, -54, -17, 20, 57, 94, -125, -88, -51, -14, 23, 60, 97, -122, -85, -48, -11, 26, 63, 100, -119, -82, -45, -8, 29, 66, 103, -116, -79, -42, -5, 32, 69, 106, -113, -76, -39, -2, 35, 72, 109, -110, -73, -36, 1, 38, 75, 112, -107, -70, -33, 4, 41, 78, 115, -104, -67, -30, 7, 44, 81, 118, -101, -64, -27, 10, 47, 84, 121, -98, -61, -24, 13, 50, 87, 124, -95, -58, -21, 16, 53, 90, 127, -92, -55, -18, 19, 56, 93, -126, -89, -52, -15, 22, 59, 96, -123, -86, -49, -12, 25, 62, 99, -120, -83, -46, -9, 28, 65, 102]> : tensor<256xi8> : tensor<3x2x!z> to tensor<3x2x!x>
  %7 = quanta.requantize %2 : tensor<2x2x!accc> to tensor<2x2x!x>
  return %1, %3, %5, %6, %7 : tensor<2x2x!y>, tensor<2x2xf32>, tensor<4x2xf32>, tensor<3x2x!x>, tensor<2x2x!x>
}
