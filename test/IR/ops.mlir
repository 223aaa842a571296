// RUN: quant-opt %s | FileCheck %s
// RUN: quant-opt %s --mlir-print-op-generic | quant-opt | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

// Every operation prints as it was written, in both forms and in bytecode.

// CHECK-LABEL: func @observe
func.func @observe(%x: tensor<?x4xf32>, %scalar: tensor<f32>) -> (tensor<?x4xf32>, tensor<f32>) {
  // CHECK: quanta.observe %{{.*}}, "main/matmul_0/lhs" using min_max : tensor<?x4xf32>
  %0 = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<?x4xf32>
  // CHECK: quanta.observe %{{.*}}, "scalar" using min_max : tensor<f32>
  %1 = quanta.observe %scalar, "scalar" using min_max : tensor<f32>
  return %0, %1 : tensor<?x4xf32>, tensor<f32>
}

// CHECK-LABEL: func @fake_quant
func.func @fake_quant(%x: tensor<?x2xf32>, %scalar: tensor<f32>) -> (tensor<?x2xf32>, tensor<f32>) {
  // CHECK: quanta.fake_quant %{{.*}} as !quant.uniform<u8:f32, 1.000000e-01:128> {name = "x"} : tensor<?x2xf32>
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.1:128> {name = "x"} : tensor<?x2xf32>
  // CHECK: quanta.fake_quant %{{.*}} as !quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01}> : tensor<?x2xf32>
  %1 = quanta.fake_quant %0 as !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}> : tensor<?x2xf32>
  // CHECK: quanta.fake_quant %{{.*}} as !quant.uniform<i4:f32, 1.000000e+00> : tensor<f32>
  %2 = quanta.fake_quant %scalar as !quant.uniform<i4:f32, 1.0> : tensor<f32>
  return %1, %2 : tensor<?x2xf32>, tensor<f32>
}

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25:-3>
!channels = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>

// CHECK-LABEL: func @quantize
func.func @quantize(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // CHECK: quanta.quantize %{{.*}} {name = "point"} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
  %0 = quanta.quantize %x {name = "point"} : tensor<?x2xf32> to tensor<?x2x!u8>
  // CHECK: quanta.requantize %{{.*}} clamp [-3, 100] {name = "other"} : tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>> to tensor<?x2x!quant.uniform<i8:f32, 2.500000e-01:-3>>
  %1 = quanta.requantize %0 clamp [-3, 100] {name = "other"} : tensor<?x2x!u8> to tensor<?x2x!i8>
  // CHECK: quanta.requantize %{{[a-z0-9]+}} : tensor<?x2x!quant.uniform<i8:f32, 2.500000e-01:-3>> to tensor<?x2x!quant.uniform<i8<-127:127>:f32:1, {{.*}}>>
  %2 = quanta.requantize %1 : tensor<?x2x!i8> to tensor<?x2x!channels>
  // CHECK: quanta.dequantize %{{.*}} : tensor<?x2x!quant.uniform<i8<-127:127>:f32:1, {{.*}}>> to tensor<?x2xf32>
  %3 = quanta.dequantize %2 : tensor<?x2x!channels> to tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

!acc = !quant.uniform<i32:f32:1, {0.25, 0.125}>
!bias = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!plain = !quant.uniform<i32:f32, 0.125>

// CHECK-LABEL: func @matmul
func.func @matmul(%x: tensor<?x4x!u8>, %w: tensor<4x2x!channels>, %b: tensor<2x!bias>, %y: tensor<4x2x!i8>)
    -> (tensor<?x2x!acc>, tensor<?x2x!acc>, tensor<?x2x!plain>) {
  // CHECK: quanta.matmul %[[X:.*]], %[[W:.*]] bias %[[B:.*]] : {{.*}} -> tensor<?x2x!quant.uniform<i32:f32:1, {2.500000e-01,1.250000e-01}>>
  %0 = quanta.matmul %x, %w bias %b : tensor<?x4x!u8>, tensor<4x2x!channels>, tensor<2x!bias> -> tensor<?x2x!acc>
  // CHECK: quanta.matmul %[[X]], %[[W]] : {{.*}} -> tensor<?x2x!quant.uniform<i32:f32:1, {2.500000e-01,1.250000e-01}>>
  %1 = quanta.matmul %x, %w : tensor<?x4x!u8>, tensor<4x2x!channels> -> tensor<?x2x!acc>
  // Two activations: both affine.
  // CHECK: quanta.matmul %[[X]], %{{.*}} : {{.*}} -> tensor<?x2x!quant.uniform<i32:f32, 1.250000e-01>>
  %2 = quanta.matmul %x, %y : tensor<?x4x!u8>, tensor<4x2x!i8> -> tensor<?x2x!plain>
  return %0, %1, %2 : tensor<?x2x!acc>, tensor<?x2x!acc>, tensor<?x2x!plain>
}

// CHECK-LABEL: func @contract
func.func @contract(%x: tensor<?x2x9x!u8>, %w: tensor<4x2x3x!i8>, %b: tensor<4x!plain>) -> tensor<?x4x4x!plain> {
  // CHECK: quanta.contract %[[X:.*]], %[[W:.*]] bias %{{.*}} maps [#{{.*}}, #{{.*}}, #{{.*}}] channel 1 : {{.*}} -> tensor<?x4x4x!quant.uniform<i32:f32, 1.250000e-01>>
  %0 = quanta.contract %x, %w bias %b maps [affine_map<(n, f, x, c, k) -> (n, c, x * 2 + k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>] channel 1
      : tensor<?x2x9x!u8>, tensor<4x2x3x!i8>, tensor<4x!plain> -> tensor<?x4x4x!plain>
  // CHECK: quanta.contract %[[X]], %[[W]] maps [#{{.*}}, #{{.*}}, #{{.*}}] : {{.*}} -> tensor<?x4x4x!quant.uniform<i32:f32, 1.250000e-01>>
  %1 = quanta.contract %x, %w maps [affine_map<(n, f, x, c, k) -> (n, c, x * 2 + k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>]
      : tensor<?x2x9x!u8>, tensor<4x2x3x!i8> -> tensor<?x4x4x!plain>
  return %0 : tensor<?x4x4x!plain>
}

// CHECK-LABEL: func @fused_matmul
func.func @fused_matmul(%x: tensor<?x5xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %s: tensor<3xf32>,
                        %k: f32, %o: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // CHECK: quanta.fused_matmul #quanta.avx512_vnni lhs(%{{.*}} : tensor<?x5xi8>) rhs(%{{.*}} : tensor<128xi8>)
  // CHECK-SAME: init(%{{.*}} : tensor<16xi32>) extras(%{{.*}}, %{{.*}} : tensor<3xf32>, f32)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x3xf32>) attributes {flip_lhs} {
  // CHECK: ^bb0(%{{.*}}: i32, %{{.*}}: f32, %{{.*}}: f32):
  // CHECK: quanta.yield %{{.*}} : f32
  // CHECK: } -> tensor<?x3xf32>
  %0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<?x5xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) extras(%s, %k : tensor<3xf32>, f32)
      maps [affine_map<(m, n) -> (n)>, affine_map<(m, n) -> ()>]
      outs(%o : tensor<?x3xf32>) attributes {flip_lhs} {
  ^bb0(%acc: i32, %scale: f32, %factor: f32):
    %f = arith.sitofp %acc : i32 to f32
    %g = arith.mulf %f, %scale : f32
    %h = arith.mulf %g, %factor : f32
    quanta.yield %h : f32
  } -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// CHECK-LABEL: func @fused_matmul_on_buffers
func.func @fused_matmul_on_buffers(%x: memref<4x8xf32>, %w: memref<128xf32>, %b: memref<16xf32>, %o: memref<4x3xf32>) {
  // CHECK: quanta.fused_matmul #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> lhs(%{{.*}} : memref<4x8xf32>)
  // CHECK-NOT: ->
  // CHECK: return
  quanta.fused_matmul #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> lhs(%x : memref<4x8xf32>)
      rhs(%w : memref<128xf32>) init(%b : memref<16xf32>) maps [] outs(%o : memref<4x3xf32>) {
  ^bb0(%acc: f32):
    quanta.yield %acc : f32
  }
  return
}

// CHECK-LABEL: func @pack
func.func @pack(%y: tensor<?x8x4xi8>, %x: tensor<3x?x4xi8>, %p: tensor<?x64xi8>, %i: tensor<?x16xi32>, %o: tensor<?x3x8xi32>) -> tensor<?x3x8xi32> {
  // CHECK: %[[P:.*]]:2 = quanta.pack #quanta.avx512_vnni source(%{{.*}} : tensor<?x8x4xi8>) map #{{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x64xi8>, tensor<?x16xi32>) attributes {flip, rhs_zero_point = -5 : i32} -> tensor<?x64xi8>, tensor<?x16xi32>
  %0:2 = quanta.pack #quanta.avx512_vnni source(%y : tensor<?x8x4xi8>) map affine_map<(b, k, n) -> (b, n, k)>
      outs(%p, %i : tensor<?x64xi8>, tensor<?x16xi32>) attributes {flip, rhs_zero_point = -5 : i32} -> tensor<?x64xi8>, tensor<?x16xi32>
  // CHECK: quanta.fused_matmul {{.*}} rhs(%[[P]]#0 : tensor<?x64xi8>) init(%[[P]]#1 : tensor<?x16xi32>) {{.*}} attributes {batch = array<i64: 0>, lhs_map = #{{.*}}} {
  %1 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<3x?x4xi8>) rhs(%0#0 : tensor<?x64xi8>) init(%0#1 : tensor<?x16xi32>)
      maps [] outs(%o : tensor<?x3x8xi32>) attributes {batch = array<i64: 0>, lhs_map = affine_map<(b, m, k) -> (m, b, k)>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  } -> tensor<?x3x8xi32>
  return %1 : tensor<?x3x8xi32>
}

// The instruction sets.
// CHECK-LABEL: func private @attributes
// CHECK-SAME: [#quanta.avx512_vnni, #quanta.avx_vnni, #quanta.avx512, #quanta.avx2, #quanta.neon_dot, #quanta.portable, #quanta.fma<lanes = 4, vectors = 2, rows = 4, fused = false>]
func.func private @attributes() attributes {test.dots = [#quanta.avx512_vnni, #quanta.avx_vnni, #quanta.avx512, #quanta.avx2, #quanta.neon_dot,
  #quanta.portable, #quanta.fma<lanes = 4, vectors = 2, rows = 4, fused = false>]}
