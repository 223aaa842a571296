// RUN: quant-opt %s --quanta-split-activations --cse | FileCheck %s
// RUN: quant-opt %s --quanta-quantize --cse | FileCheck %s --check-prefix=QUANTIZED

// 300 is 1 * 256 + 44.
// CHECK-LABEL: func.func @weights
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x2xf32>, %[[INIT:[a-z0-9]+]]: tensor<?x2xf32>
// CHECK: %[[Q:.*]] = quanta.quantize %[[X]] {name = "x"} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u16:f32, 5.000000e-01:300>>
// CHECK: %[[S:.*]] = quant.scast %[[Q]] : {{.*}} to tensor<?x2xi16>
// CHECK: %[[HIGH:.*]] = linalg.generic {{.*}} ins(%[[S]] : tensor<?x2xi16>)
// CHECK: %[[EIGHT:.*]] = arith.constant 8 : i16
// CHECK: %[[SHIFTED:.*]] = arith.shrui %{{.*}}, %[[EIGHT]] : i16
// CHECK: arith.trunci %[[SHIFTED]] : i16 to i8
// CHECK: %[[U:.*]] = quant.scast %[[HIGH]] : tensor<?x2xi8> to tensor<?x2x!quant.uniform<u8:f32, 1.280000e+02:1>>
// CHECK: %[[UPPER:.*]] = quanta.dequantize %[[U]]
// CHECK: %[[LOW:.*]] = linalg.generic {{.*}} ins(%[[S]] : tensor<?x2xi16>)
// CHECK-NEXT: ^bb0(%[[E:.*]]: i16, %{{.*}}: i8):
// CHECK-NEXT: arith.trunci %[[E]] : i16 to i8
// CHECK: %[[L:.*]] = quant.scast %[[LOW]] : tensor<?x2xi8> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:44>>
// CHECK: %[[LOWER:.*]] = quanta.dequantize %[[L]]
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: %[[FIRST:.*]] = linalg.matmul {quanta.upper_byte} ins(%[[UPPER]], %[[W:.*]] : {{.*}}) outs(%[[ZEROS]]
// CHECK: %[[SECOND:.*]] = linalg.matmul ins(%[[LOWER]], %[[W]] : {{.*}}) outs(%[[INIT]]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[FIRST]], %[[SECOND]] :
// CHECK: arith.addf
// CHECK: return %[[SUM]]
// QUANTIZED-LABEL: func.func @weights
// QUANTIZED: quanta.matmul {{.*}} {quanta.upper_byte}
// QUANTIZED: quanta.matmul
// QUANTIZED-NOT: linalg.matmul
func.func @weights(%x: tensor<?x2xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[127.0, -63.5], [2.0, 2.0]]> : tensor<2x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u16:f32, 0.5:300> {name = "x"} : tensor<?x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32:1, {1.0, 0.5}> : tensor<2x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The upper byte has the sign, and -3 is -1 * 256 + 253.
// CHECK-LABEL: func.func @signed
// CHECK-DAG: !quant.uniform<i8:f32, 2.560000e+02:-1>
// CHECK-DAG: !quant.uniform<u8:f32, 1.000000e+00:253>
// CHECK-COUNT-2: linalg.matmul
// QUANTIZED-LABEL: func.func @signed
// QUANTIZED-COUNT-2: quanta.matmul
// QUANTIZED-NOT: linalg.matmul
func.func @signed(%q: tensor<4x2x!quant.uniform<i16:f32, 1.0:-3>>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[127.0, -63.5], [2.0, 2.0]]> : tensor<2x2xf32>
  %x = quanta.dequantize %q : tensor<4x2x!quant.uniform<i16:f32, 1.0:-3>> to tensor<4x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32:1, {1.0, 0.5}> : tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %qw : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// Two activations of 16 bits make four products, and each is taken apart once.
// CHECK-LABEL: func.func @both
// CHECK-COUNT-2: arith.shrui
// CHECK-COUNT-2: linalg.batch_matmul
// CHECK: arith.addf
// CHECK-COUNT-2: linalg.batch_matmul
// CHECK-COUNT-2: arith.addf
// QUANTIZED-LABEL: func.func @both
// QUANTIZED-COUNT-2: quanta.quantize
// QUANTIZED-COUNT-4: quanta.contract
// QUANTIZED-NOT: linalg.batch_matmul
func.func @both(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %init: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
  %qa = quanta.fake_quant %a as !quant.uniform<u16:f32, 0.5:300> : tensor<2x3x4xf32>
  %qb = quanta.fake_quant %b as !quant.uniform<i16:f32, 0.25> : tensor<2x4x5xf32>
  %y = linalg.batch_matmul ins(%qa, %qb : tensor<2x3x4xf32>, tensor<2x4x5xf32>) outs(%init : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// Float weights need no bytes.
// CHECK-LABEL: func.func @float_weights
// CHECK: quanta.fake_quant
// CHECK-NOT: arith.shrui
// CHECK: linalg.matmul
// QUANTIZED-LABEL: func.func @float_weights
// QUANTIZED: linalg.matmul
func.func @float_weights(%x: tensor<4x2xf32>, %w: tensor<2x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %qx = quanta.fake_quant %x as !quant.uniform<u16:f32, 0.5:300> : tensor<4x2xf32>
  %y = linalg.matmul ins(%qx, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// Both bytes of a weight have a sign: 200 is 1 * 256 - 56.
// CHECK-LABEL: func.func @wide_weights
// CHECK: %[[HIGH:.*]] = arith.constant dense<{{\[\[}}1, 0], [1, 127]]> : tensor<2x2xi8>
// CHECK: %[[U:.*]] = quant.scast %[[HIGH]] : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8:f32:1, {2.560000e+02,1.280000e+02}>>
// CHECK: %[[UPPER:.*]] = quanta.dequantize %[[U]]
// CHECK: %[[LOW:.*]] = arith.constant dense<{{\[\[}}44, -7], [-56, 127]]> : tensor<2x2xi8>
// CHECK: %[[L:.*]] = quant.scast %[[LOW]] : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8:f32:1, {1.000000e+00,5.000000e-01}>>
// CHECK: %[[LOWER:.*]] = quanta.dequantize %[[L]]
// CHECK: linalg.matmul {quanta.upper_byte} ins(%{{.*}}, %[[UPPER]] :
// CHECK: linalg.matmul ins(%{{.*}}, %[[LOWER]] :
// CHECK: arith.addf
// QUANTIZED-LABEL: func.func @wide_weights
// QUANTIZED: quanta.matmul {{.*}} {quanta.upper_byte}
// QUANTIZED: quanta.matmul
// QUANTIZED-NOT: linalg.matmul
func.func @wide_weights(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[300.0, -3.5], [200.0, 16319.5]]> : tensor<2x2xf32>
  %qx = quanta.dynamic_fake_quant %x as !quant.uniform<u8:f32, 1.0> rows [0] : tensor<4x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i16<-32639:32639>:f32:1, {1.0, 0.5}> : tensor<2x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @all_wide
// CHECK-COUNT-4: linalg.matmul
// QUANTIZED-LABEL: func.func @all_wide
// QUANTIZED-COUNT-4: quanta.matmul
// QUANTIZED-NOT: linalg.matmul
func.func @all_wide(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[300.0, -3.5], [200.0, 16319.5]]> : tensor<2x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u16:f32, 0.5:300> : tensor<4x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i16<-32639:32639>:f32, 1.0> : tensor<2x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
