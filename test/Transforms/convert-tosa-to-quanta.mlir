// RUN: rm -rf %t && split-file %s %t
// RUN: quant-opt %t/types.mlir --convert-tosa-to-quanta | FileCheck %t/types.mlir
// RUN: quant-opt %t/plain.mlir --convert-tosa-to-quanta -o %t/quanta.mlir
// RUN: FileCheck %t/plain.mlir < %t/quanta.mlir
// Upstream's own way is near: rounding differs.
// RUN: %python %S/../Inputs/npy.py %t/x.npy "numpy.random.default_rng(0).integers(-128, 128, (2, 6, 6, 3)).astype('int8').view('uint8')"
// RUN: quant-run %t/quanta.mlir --input=%t/x.npy --output=%t/0.npy --output=%t/1.npy --output=%t/2.npy
// RUN: quant-opt %t/plain.mlir --pass-pipeline="builtin.module(func.func(tosa-to-linalg-named,canonicalize,tosa-layerwise-constant-fold,tosa-to-linalg,tosa-to-arith{include-apply-rescale=true},tosa-to-tensor,canonicalize))" -o %t/upstream.mlir
// RUN: quant-run %t/upstream.mlir --input=%t/x.npy --output=%t/u0.npy --output=%t/u1.npy --output=%t/u2.npy
// RUN: %python %S/../EndToEnd/Inputs/agree.py %t/u0.npy %t/0.npy 35
// RUN: %python %S/../EndToEnd/Inputs/agree.py %t/u1.npy %t/1.npy 35
// RUN: %python %S/../EndToEnd/Inputs/agree.py %t/u2.npy %t/2.npy 35
// To TOSA again, and back: the same bits.
// RUN: quant-opt %t/quanta.mlir --convert-quanta-to-tosa=types=storage --convert-tosa-to-quanta -o %t/again.mlir
// RUN: quant-run %t/again.mlir --input=%t/x.npy --output=%t/a0.npy --output=%t/a1.npy --output=%t/a2.npy
// RUN: cmp %t/0.npy %t/a0.npy && cmp %t/1.npy %t/a1.npy && cmp %t/2.npy %t/a2.npy

// Bytes without signs are such to callers, which the types do not tell.
// RUN: quant-opt %t/bytes.mlir --convert-tosa-to-quanta -o %t/bytes-quanta.mlir
// RUN: FileCheck %t/bytes.mlir < %t/bytes-quanta.mlir
// RUN: quant-run %t/bytes-quanta.mlir --input=%t/x.npy --output=%t/bytes.npy
// RUN: %python -c "import numpy; x, y = (numpy.load(f'%t/{n}.npy') for n in ('x', 'bytes')); assert y.dtype == 'uint8' and (x == y).all()"
// RUN: %python -c "import numpy; numpy.save(r'%t/signed.npy', numpy.load(r'%t/x.npy').view('int8'))"
// RUN: not quant-run %t/bytes-quanta.mlir --input=%t/signed.npy 2>&1 | FileCheck %s --check-prefix=SIGNED
// SIGNED: error: argument 0 of 'bytes' ({{.*}}): expected elements of type u8 (tensor<2x6x6x3xui8>), got 2x6x6x3xi8

//--- bytes.mlir
// CHECK: func.func @bytes(%{{.*}}: tensor<2x6x6x3xi8> {quanta.unsigned}) -> (tensor<2x6x6x3xi8> {quanta.unsigned})
func.func @bytes(%raw: tensor<2x6x6x3xi8>) -> tensor<2x6x6x3xi8> {
  %m = "tosa.const"() {values = dense<[1073741824]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s = "tosa.const"() {values = dense<[30]> : tensor<1xi8>} : () -> tensor<1xi8>
  %u = "tosa.const"() {values = dense<-128> : tensor<1xi8>} : () -> tensor<1xi8>
  %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %x = tosa.rescale %raw, %m, %s, %u, %z {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = true, output_unsigned = false} : (tensor<2x6x6x3xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x6x6x3xi8>
  %y = tosa.rescale %x, %m, %s, %z, %u {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = true} : (tensor<2x6x6x3xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x6x6x3xi8>
  return %y : tensor<2x6x6x3xi8>
}
//--- plain.mlir
// A network on plain i8, whose zero points and factors are operands.
// CHECK-LABEL: func @plain
// CHECK-SAME: tensor<2x6x6x3xi8> {quanta.unsigned}
// CHECK: quanta.requantize {{.*}} : tensor<2x6x6x3x!quant.uniform<u8:f32, 1.000000e+00:128>> to tensor<2x6x6x3x!quant.uniform<i8:f32, 1.000000e+00>>
// CHECK: quanta.conv_2d {{.*}} bias {{.*}} pads [1, 1, 1, 1] groups 1 channels_last
// CHECK: quanta.requantize {{.*}} clamp [-7, 127] : tensor<2x6x6x4x!quant.uniform<i32:f32:3,
// CHECK: quanta.conv_2d {{.*}} strides [2, 2] dilations [1, 1] pads [1, 0, 0, 1] groups 4 channels_last : {{.*}}, tensor<8x1x3x3x
// CHECK: quanta.requantize
// CHECK: quanta.pad {{.*}} value -128
// CHECK: quanta.max_pool
// CHECK: quanta.concat
// CHECK: quanta.add
// CHECK: quanta.lookup
// CHECK: quanta.mul
// CHECK: quanta.average_pool
// CHECK: tensor.collapse_shape
// CHECK: linalg.transpose
// CHECK: quanta.pad {{.*}} value 5
// CHECK: quanta.batch_matmul {{.*}} bias
// CHECK: quanta.requantize
// CHECK: tensor.extract_slice
// CHECK-NOT: tosa
// CHECK: return
func.func @plain(%raw: tensor<2x6x6x3xi8>) -> (tensor<1x2x4xi8>, tensor<2x3x3x8xi8>, tensor<2x1x1x8xi8>) {
  %m1 = "tosa.const"() {values = dense<[1073741824]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s1 = "tosa.const"() {values = dense<[30]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi1 = "tosa.const"() {values = dense<-128> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo1 = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %x = tosa.rescale %raw, %m1, %s1, %zi1, %zo1 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = true, output_unsigned = false} : (tensor<2x6x6x3xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x6x6x3xi8>
  %w0 = "tosa.const"() {values = dense<"0x20C23EDC4C3172583E276D088858F84772C0278E67A99DE0F95FC0E20C9B13C0843CB8E9C8AF6B5F45E4A9444D93A41F1FF2A1A281796082B647B8767CAB60ABCBD177B30B612E21B5AF717831B3787865E3CD86DDEBAB70A6C491D5CE521B1781192E36D791D0DB52CFFC33"> : tensor<4x3x3x3xi8>} : () -> tensor<4x3x3x3xi8>
  %b0 = "tosa.const"() {values = dense<[100, -2000, 3000, 7]> : tensor<4xi32>} : () -> tensor<4xi32>
  %zx = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zw = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %a0 = tosa.conv2d %x, %w0, %b0, %zx, %zw {acc_type = i32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<2x6x6x3xi8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x6x6x4xi32>
  %m2 = "tosa.const"() {values = dense<[1518500250, 1234567890, 2000000011, 1073741999]> : tensor<4xi32>} : () -> tensor<4xi32>
  %s2 = "tosa.const"() {values = dense<[39, 39, 40, 38]> : tensor<4xi8>} : () -> tensor<4xi8>
  %zi2 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zo2 = "tosa.const"() {values = dense<-7> : tensor<1xi8>} : () -> tensor<1xi8>
  %r0 = tosa.rescale %a0, %m2, %s2, %zi2, %zo2 {scale32 = true, rounding_mode = DOUBLE_ROUND, per_channel = true, input_unsigned = false, output_unsigned = false} : (tensor<2x6x6x4xi32>, tensor<4xi32>, tensor<4xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x6x6x4xi8>
  %c0 = tosa.clamp %r0 {min_val = -7 : i8, max_val = 127 : i8} : (tensor<2x6x6x4xi8>) -> tensor<2x6x6x4xi8>
  %w1 = "tosa.const"() {values = dense<"0xD1B0FCF935AE8FC27A71867440DC59E8850D4AECDEE1155883F48C36AF207575B39F42BF6E5272F7D904DB6507C147F79C1740484DDF5DCC8AEF737B98B6D8041DDD6CA6D8C76D34"> : tensor<3x3x4x2xi8>} : () -> tensor<3x3x4x2xi8>
  %b1 = "tosa.const"() {values = dense<[5]> : tensor<1xi32>} : () -> tensor<1xi32>
  %z7 = "tosa.const"() {values = dense<-7> : tensor<1xi8>} : () -> tensor<1xi8>
  %a1 = tosa.depthwise_conv2d %c0, %w1, %b1, %z7, %zw {acc_type = i32, pad = array<i64: 1, 0, 0, 1>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>} : (tensor<2x6x6x4xi8>, tensor<3x3x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x3x3x8xi32>
  %m3 = "tosa.const"() {values = dense<[1700000003]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s3 = "tosa.const"() {values = dense<[39]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi3 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zo3 = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %r1 = tosa.rescale %a1, %m3, %s3, %zi3, %zo3 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x3x3x8xi8>
  %p0 = tosa.max_pool2d %c0 {kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (tensor<2x6x6x4xi8>) -> tensor<2x3x3x4xi8>
  %cc = tosa.concat %p0, %p0 {axis = 3 : i32} : (tensor<2x3x3x4xi8>, tensor<2x3x3x4xi8>) -> tensor<2x3x3x8xi8>
  %m4 = "tosa.const"() {values = dense<[1073741824]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s4 = "tosa.const"() {values = dense<[11]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi4 = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo4 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %l = tosa.rescale %r1, %m4, %s4, %zi4, %zo4 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<2x3x3x8xi32>
  %m5 = "tosa.const"() {values = dense<[1500000000]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s5 = "tosa.const"() {values = dense<[12]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi5 = "tosa.const"() {values = dense<-7> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo5 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %h = tosa.rescale %cc, %m5, %s5, %zi5, %zo5 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<2x3x3x8xi32>
  %sum = tosa.add %l, %h : (tensor<2x3x3x8xi32>, tensor<2x3x3x8xi32>) -> tensor<2x3x3x8xi32>
  %m6 = "tosa.const"() {values = dense<[1288490189]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s6 = "tosa.const"() {values = dense<[50]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi6 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zo6 = "tosa.const"() {values = dense<-3> : tensor<1xi8>} : () -> tensor<1xi8>
  %y = tosa.rescale %sum, %m6, %s6, %zi6, %zo6 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x3x3x8xi8>
  %tab = "tosa.const"() {values = dense<"0x0C98D030D2CFAE4D9521A73931D0FCAA398D957D1A096DE889BD3E19D954C1F527ECA68F7B6B24894EFFD657B6A27C3C1174A222664AEA9CACF0E0A79059ECCCA5F56D1F5BAC7A06F576FD313BD2FBC7CBF9E867A69DE1537E0976AE2170005FD7AF97FEC604490D5F01DD914A4C47DC32172A8943CFDE10352CC856FDC4467C3138CC7573D827AE155B83FA0D47C1D42CC7F7CA5201262D4DDCDAC725D93D7155E9DA6D58AD5F5E31F47ADE75D605A5087BABB357DD705BFBC93295392C3BEBAC1E487015052B70ECCE200E475E24C6397F88B3A917F12027AFB94330AF22388B7DF97BBAAB8E65A39DD278AFFCB20D8AEBF8DAE22A1D9318B5BD3868E081DA"> : tensor<256xi8>} : () -> tensor<256xi8>
  %t = tosa.table %y, %tab : (tensor<2x3x3x8xi8>, tensor<256xi8>) -> tensor<2x3x3x8xi8>
  %m7 = "tosa.const"() {values = dense<[1073741824]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s7 = "tosa.const"() {values = dense<[30]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi7 = "tosa.const"() {values = dense<1> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo7 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %t32 = tosa.rescale %t, %m7, %s7, %zi7, %zo7 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<2x3x3x8xi32>
  %m8 = "tosa.const"() {values = dense<[1073741824]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s8 = "tosa.const"() {values = dense<[30]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi8 = "tosa.const"() {values = dense<-3> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo8 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %y32 = tosa.rescale %y, %m8, %s8, %zi8, %zo8 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<2x3x3x8xi32>
  %prod = tosa.mul %t32, %y32, %zw : (tensor<2x3x3x8xi32>, tensor<2x3x3x8xi32>, tensor<1xi8>) -> tensor<2x3x3x8xi32>
  %m9 = "tosa.const"() {values = dense<[1288490189]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s9 = "tosa.const"() {values = dense<[35]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi9 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zo9 = "tosa.const"() {values = dense<2> : tensor<1xi8>} : () -> tensor<1xi8>
  %u = tosa.rescale %prod, %m9, %s9, %zi9, %zo9 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<2x3x3x8xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x3x3x8xi8>
  %z2 = "tosa.const"() {values = dense<2> : tensor<1xi8>} : () -> tensor<1xi8>
  %v = tosa.avg_pool2d %u, %z2, %z2 {kernel = array<i64: 3, 3>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, acc_type = i32} : (tensor<2x3x3x8xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x1x1x8xi8>
  %sh = tosa.const_shape {values = dense<[1, 2, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %f = tosa.reshape %v, %sh : (tensor<2x1x1x8xi8>, !tosa.shape<3>) -> tensor<1x2x8xi8>
  %tr = tosa.transpose %f {perms = array<i32: 0, 2, 1>} : (tensor<1x2x8xi8>) -> tensor<1x8x2xi8>
  %pads = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 3]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %pc = "tosa.const"() {values = dense<5> : tensor<1xi8>} : () -> tensor<1xi8>
  %pd = tosa.pad %tr, %pads, %pc : (tensor<1x8x2xi8>, !tosa.shape<6>, tensor<1xi8>) -> tensor<1x8x5xi8>
  %mm = tosa.matmul %f, %pd, %z2, %z2 : (tensor<1x2x8xi8>, tensor<1x8x5xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x5xi32>
  %bias = "tosa.const"() {values = dense<[[[10, -20, 30, 0, 5]]]> : tensor<1x1x5xi32>} : () -> tensor<1x1x5xi32>
  %mb = tosa.add %mm, %bias : (tensor<1x2x5xi32>, tensor<1x1x5xi32>) -> tensor<1x2x5xi32>
  %m10 = "tosa.const"() {values = dense<[1800000000]> : tensor<1xi32>} : () -> tensor<1xi32>
  %s10 = "tosa.const"() {values = dense<[35]> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi10 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zo10 = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %z = tosa.rescale %mb, %m10, %s10, %zi10, %zo10 {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<1x2x5xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x2x5xi8>
  %st = tosa.const_shape {values = dense<[0, 0, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %sz = tosa.const_shape {values = dense<[1, 2, 4]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %o = tosa.slice %z, %st, %sz : (tensor<1x2x5xi8>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<1x2x4xi8>
  return %o, %y, %v : tensor<1x2x4xi8>, tensor<2x3x3x8xi8>, tensor<2x1x1x8xi8>
}

//--- types.mlir
// Where types have scales, they are what counts.
// CHECK-LABEL: func @typed
// CHECK-SAME: %[[X:.*]]: tensor<1x4x4x1x!quant.uniform<i8:f32, 5.000000e-01:3>>
// CHECK: %[[A:.*]] = quanta.conv_2d %[[X]], {{.*}} -> tensor<1x4x4x2x!quant.uniform<i32:f32:3, {0.05000000074505806,0.10000000149011612}>>
// CHECK-NEXT: %[[Y:.*]] = quanta.requantize %[[A]] {{.*}} to tensor<1x4x4x2x!quant.uniform<i8<-100:127>:f32, 2.500000e-01>>
// CHECK-NEXT: return %[[Y]]
!x = !quant.uniform<i8:f32, 0.5:3>
!w = !quant.uniform<i8<-127:127>:f32:0, {0.1, 0.2}>
!y = !quant.uniform<i8<-100:127>:f32, 0.25>
func.func @typed(%x: tensor<1x4x4x1x!x>) -> tensor<1x4x4x2x!y> {
  %w = "tosa.const"() {values = dense<[[[[5]]], [[[-7]]]]> : tensor<2x1x1x1xi8>} : () -> tensor<2x1x1x1x!w>
  %b = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %z3 = "tosa.const"() {values = dense<3> : tensor<1xi8>} : () -> tensor<1xi8>
  %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %z32 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %m = "tosa.const"() {values = dense<1717986918> : tensor<2xi32>} : () -> tensor<2xi32>
  %s = "tosa.const"() {values = dense<[33, 32]> : tensor<2xi8>} : () -> tensor<2xi8>
  %0 = tosa.conv2d %x, %w, %b, %z3, %z {acc_type = i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x1x!x>, tensor<2x1x1x1x!w>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %m, %s, %z32, %z {scale32 = true, rounding_mode = DOUBLE_ROUND, per_channel = true, input_unsigned = false, output_unsigned = false} : (tensor<1x4x4x2xi32>, tensor<2xi32>, tensor<2xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2x!y>
  %2 = tosa.clamp %1 {min_val = -100 : i8, max_val = 127 : i8} : (tensor<1x4x4x2x!y>) -> tensor<1x4x4x2x!y>
  return %2 : tensor<1x4x4x2x!y>
}

// Float operations are for others.
// CHECK-LABEL: func @float
// CHECK: tosa.add
func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tosa.add %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A table of 3 - x - 5 for 0, 1, 2 to 127 and -128 to -1; -129 is -128.
// CHECK-LABEL: func @negate
// CHECK: quanta.lookup %{{.*}} table dense<"0xFEFDFCFBFAF9F8F7F6F5F4F3F2F1F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0DFDEDDDCDBDAD9D8D7D6D5D4D3D2D1D0CFCECDCCCBCAC9C8C7C6C5C4C3C2C1C0BFBEBDBCBBBAB9B8B7B6B5B4B3B2B1B0AFAEADACABAAA9A8A7A6A5A4A3A2A1A09F9E9D9C9B9A999897969594939291908F8E8D8C8B8A89888786858483828180807E7D7C7B7A797877767574737271706F6E6D6C6B6A696867666564636261605F5E5D5C5B5A595857565554535251504F4E4D4C4B4A494847464544434241403F3E3D3C3B3A393837363534333231302F2E2D2C2B2A292827262524232221201F1E1D1C1B1A191817161514131211100F0E0D0C0B0A09080706050403020100FF"> : tensor<256xi8>
func.func @negate(%x: tensor<4xi8>) -> tensor<4xi8> {
  %zi = "tosa.const"() {values = dense<3> : tensor<1xi8>} : () -> tensor<1xi8>
  %zo = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.negate %x, %zi, %zo : (tensor<4xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// A clamp wider than the range of the type that it is merged into.
// CHECK-LABEL: func @narrow
// CHECK: quanta.requantize {{.*}} clamp [-100, 100] : {{.*}} to tensor<4x!quant.uniform<i8<-100:127>:f32, 2.500000e-01>>
func.func @narrow(%x: tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8<-100:127>:f32, 0.25>> {
  %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %m = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %s = "tosa.const"() {values = dense<29> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %x, %m, %s, %z, %z {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<4x!quant.uniform<i8:f32, 0.5>>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<4x!quant.uniform<i8<-100:127>:f32, 0.25>>
  %1 = tosa.clamp %0 {min_val = -128 : i8, max_val = 100 : i8} : (tensor<4x!quant.uniform<i8<-100:127>:f32, 0.25>>) -> tensor<4x!quant.uniform<i8<-100:127>:f32, 0.25>>
  return %1 : tensor<4x!quant.uniform<i8<-100:127>:f32, 0.25>>
}
