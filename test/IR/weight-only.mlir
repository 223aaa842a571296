// RUN: quant-opt %s --split-input-file --verify-diagnostics | quant-opt --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @blocks
// CHECK: quanta.weight_only_contract %{{.*}}, %{{.*}} init %{{.*}} maps [#{{.*}}, #{{.*}}, #{{.*}}] : tensor<?x4xf32>, tensor<4x2x!quant.uniform<i4<-7:7>:f32:{0:2, 1:1}, {{.*}}>> -> tensor<?x2xf32>
func.func @blocks(%x: tensor<?x4xf32>, %w: tensor<4x2x!quant.uniform<i4<-7:7>:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = quanta.weight_only_contract %x, %w init %i maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<?x4xf32>, tensor<4x2x!quant.uniform<i4<-7:7>:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @fake
// CHECK: quanta.fake_quant %{{.*}} as !quant.uniform<i4:f32:{0:2, 1:1}, {{.*}}> : tensor<4x2xf32>
func.func @fake(%w: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %0 = quanta.fake_quant %w as !quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125:3, 0.5}}> : tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @half
// CHECK: quanta.weight_only_contract %{{.*}}, %{{.*}} init %{{.*}} : tensor<?x4xf32>, tensor<4x2xbf16> -> tensor<?x2xf32>
// CHECK: quanta.fake_quant %{{.*}} as f16 : tensor<?x2xf32>
func.func @half(%x: tensor<?x4xf32>, %w: tensor<4x2xbf16>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = quanta.weight_only_contract %x, %w init %i maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<?x4xf32>, tensor<4x2xbf16> -> tensor<?x2xf32>
  %1 = quanta.fake_quant %0 as f16 : tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// -----

// One refused example for each constraint, by its number.

// 1: rule 1.
func.func @scale(%x: tensor<?x4xf32>, %w: tensor<4x2x!quant.uniform<i8:f32, 1.0e-40>>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{is not a positive, normal f32}}
  %0 = quanta.weight_only_contract %x, %w init %i maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<?x4xf32>, tensor<4x2x!quant.uniform<i8:f32, 1.0e-40>> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @width(%x: tensor<?x4xf32>, %w: tensor<4x2x!quant.uniform<i16:f32, 1.0>>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{weights must have at most 8 bits of storage}}
  %0 = quanta.weight_only_contract %x, %w init %i maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<?x4xf32>, tensor<4x2x!quant.uniform<i16:f32, 1.0>> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @blocks(%w: tensor<6x2xf32>) -> tensor<6x2xf32> {
  // expected-error@+1 {{has 2 blocks of 2 elements along dimension 0 of size 6}}
  %0 = quanta.fake_quant %w as !quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}> : tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @rank(%w: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has scales for blocks of a tensor of rank 2}}
  %0 = quanta.fake_quant %w as !quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Activations have no blocks.
func.func @activation(%x: tensor<4x2xf32>) -> tensor<4x2x!quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>> {
  // expected-error@+1 {{must be ranked tensor of uniform quantized type (per tensor or per axis) values}}
  %0 = quanta.quantize %x : tensor<4x2xf32> to tensor<4x2x!quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>>
  return %0 : tensor<4x2x!quant.uniform<i4:f32:{0:2, 1:1}, {{0.5, 0.25}, {0.125, 0.5}}>>
}

// -----

// 2: maps.
func.func @maps(%x: tensor<?x4xf32>, %w: tensor<5x2x!quant.uniform<i8:f32, 1.0>>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{dimension 2 of the maps has sizes 4 and 5}}
  %0 = quanta.weight_only_contract %x, %w init %i maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    : tensor<?x4xf32>, tensor<5x2x!quant.uniform<i8:f32, 1.0>> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

// The packed form: blocks divide what is summed over, and bytes are counted.
func.func @divide(%x: tensor<2x12xf32>, %w: tensor<256xi8>, %b: tensor<16xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{sums over 12 elements, which blocks of 8 do not divide}}
  %0 = quanta.fused_matmul #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 4, is_signed = true, block = 8, zero_points = false> lhs(%x : tensor<2x12xf32>) rhs(%w : tensor<256xi8>) init(%b : tensor<16xf32>) maps [] outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32):
    quanta.yield %a : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @bytes(%x: tensor<2x16xf32>, %w: tensor<256xi8>, %b: tensor<16xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{rhs must be packed into 288 elements}}
  %0 = quanta.fused_matmul #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 4, is_signed = true, block = 8, zero_points = true> lhs(%x : tensor<2x16xf32>) rhs(%w : tensor<256xi8>) init(%b : tensor<16xf32>) maps [] outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32):
    quanta.yield %a : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @bits(%x: tensor<2x16xf32>, %w: tensor<256xi8>, %b: tensor<16xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{weights are stored in 4 or 8 bits, not 3}}
  %0 = quanta.fused_matmul #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 3, is_signed = true, block = 8, zero_points = true> lhs(%x : tensor<2x16xf32>) rhs(%w : tensor<256xi8>) init(%b : tensor<16xf32>) maps [] outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32):
    quanta.yield %a : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @type(%x: tensor<2x16xf32>, %w: tensor<256xf32>, %b: tensor<16xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{weights are stored as f16 or bf16, not 'f32'}}
  %0 = quanta.fused_matmul #quanta.half_fma<lanes = 16, vectors = 4, rows = 6, type = f32> lhs(%x : tensor<2x16xf32>) rhs(%w : tensor<256xf32>) init(%b : tensor<16xf32>) maps [] outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32):
    quanta.yield %a : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @packed(%x: tensor<2x16xf32>, %w: tensor<256xbf16>, %b: tensor<16xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{lhs and rhs must hold the factors of #quanta.half_fma<lanes = 16, vectors = 4, rows = 6, type = f16>}}
  %0 = quanta.fused_matmul #quanta.half_fma<lanes = 16, vectors = 4, rows = 6, type = f16> lhs(%x : tensor<2x16xf32>) rhs(%w : tensor<256xbf16>) init(%b : tensor<16xf32>) maps [] outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32):
    quanta.yield %a : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
