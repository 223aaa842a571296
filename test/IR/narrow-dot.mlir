// RUN: quant-opt %s --split-input-file --verify-diagnostics

// Four columns of vectors of 16, of which two share bytes: 64 / 2 * 4.
func.func @fits(%x: tensor<2x4xi8>, %w: tensor<64xi8>, %b: tensor<32xi32>, %o: tensor<2x17xi32>) -> tensor<2x17xi32> {
  %0 = quanta.fused_matmul #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = -8> lhs(%x : tensor<2x4xi8>) rhs(%w : tensor<64xi8>) init(%b : tensor<32xi32>) maps [] outs(%o : tensor<2x17xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<2x17xi32>
  return %0 : tensor<2x17xi32>
}

// -----

func.func @size(%x: tensor<2x4xi8>, %w: tensor<128xi8>, %b: tensor<32xi32>, %o: tensor<2x17xi32>) -> tensor<2x17xi32> {
  // expected-error@+1 {{rhs must be packed into 64 elements for #quanta.narrow_dot}}
  %0 = quanta.fused_matmul #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = 0> lhs(%x : tensor<2x4xi8>) rhs(%w : tensor<128xi8>) init(%b : tensor<32xi32>) maps [] outs(%o : tensor<2x17xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<2x17xi32>
  return %0 : tensor<2x17xi32>
}

// -----

// expected-error@+1 {{needs a dot product of bytes, not #quanta.fma<}}
func.func private @float() attributes {dot = #quanta.narrow_dot<dot = #quanta.fma<lanes = 4, vectors = 2, rows = 4, fused = true>, bits = 4, low = 0>}

// -----

// expected-error@+1 {{needs a dot product of bytes, not 3}}
func.func private @number() attributes {dot = #quanta.narrow_dot<dot = 3, bits = 4, low = 0>}

// -----

// expected-error@+1 {{needs a dot product of bytes, not #quanta.narrow_dot<}}
func.func private @nested() attributes {dot = #quanta.narrow_dot<dot = #quanta.narrow_dot<dot = #quanta.avx2, bits = 4, low = 0>, bits = 4, low = 0>}

// -----

// expected-error@+1 {{weights share a byte with 2 or 4 bits each, not 3}}
func.func private @bits() attributes {dot = #quanta.narrow_dot<dot = #quanta.avx2, bits = 3, low = 0>}

// -----

// expected-error@+1 {{weights from 113 on are no signed bytes}}
func.func private @low() attributes {dot = #quanta.narrow_dot<dot = #quanta.avx2, bits = 4, low = 113>}

// -----

// expected-error@+1 {{a block of 2 vectors is no multiple of the 4 that share bytes}}
func.func private @vectors() attributes {dot = #quanta.narrow_dot<dot = #quanta.avx2, bits = 2, low = 0>}

// -----

func.func @odd(%x: tensor<1x4x4x4xi8>, %w: tensor<96xi8>, %b: tensor<48xi32>, %o: tensor<1x4x4x48xi32>) -> tensor<1x4x4x48xi32> {
  // expected-error@+1 {{vectors must be a multiple of the 2 that share bytes}}
  %0 = quanta.fused_conv_2d #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = -8> kernel [1, 1] strides [1, 1] dilations [1, 1] lhs(%x : tensor<1x4x4x4xi8>) rhs(%w : tensor<96xi8>) init(%b : tensor<48xi32>) maps [] outs(%o : tensor<1x4x4x48xi32>) attributes {vectors = 3} {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<1x4x4x48xi32>
  return %0 : tensor<1x4x4x48xi32>
}

// -----

func.func @pack(%x: tensor<8x16xi8>, %p: tensor<64xi8>, %i: tensor<32xi32>) -> (tensor<64xi8>, tensor<32xi32>) {
  // expected-error@+1 {{cannot pack for #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = 0>, whose weights are constants}}
  %0, %1 = quanta.pack #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = 0> source(%x : tensor<8x16xi8>)
      map affine_map<(k, n) -> (k, n)> outs(%p, %i : tensor<64xi8>, tensor<32xi32>) -> tensor<64xi8>, tensor<32xi32>
  return %0, %1 : tensor<64xi8>, tensor<32xi32>
}
