// RUN: quant-opt %s --split-input-file --verify-diagnostics

// quanta.fused_matmul, 1: batches and the map of lhs.
func.func @batch_outside(%x: memref<2x3x4xi8>, %w: memref<2x64xi8>, %b: memref<16xi32>, %o: memref<2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op batch must list some of the 2 row dimensions in ascending order, not all}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 2>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @batch_all(%x: memref<2x3x4xi8>, %w: memref<2x3x64xi8>, %b: memref<16xi32>, %o: memref<2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op batch must list some of the 2 row dimensions in ascending order, not all}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x3x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0, 1>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @batch_order(%x: memref<2x2x3x4xi8>, %w: memref<2x2x64xi8>, %b: memref<16xi32>, %o: memref<2x2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op batch must list some of the 3 row dimensions in ascending order, not all}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x2x3x4xi8>) rhs(%w : memref<2x2x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x2x3x8xi32>) attributes {batch = array<i64: 1, 0>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @batch_sizes(%x: memref<2x3x4xi8>, %w: memref<3x64xi8>, %b: memref<16xi32>, %o: memref<2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op rhs and init must have the sizes of batch, 2, not 3}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<3x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @lhs_map_k(%x: memref<2x4x3xi8>, %w: memref<2x64xi8>, %b: memref<16xi32>, %o: memref<2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op lhs_map must permute the rows and leave K last}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x4x3xi8>) rhs(%w : memref<2x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>, lhs_map = affine_map<(b, m, k) -> (b, k, m)>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

func.func @lhs_map_sizes(%x: memref<2x3x4xi8>, %w: memref<2x64xi8>, %b: memref<16xi32>, %o: memref<2x3x8xi32>) {
  // expected-error@+1 {{'quanta.fused_matmul' op lhs has 3 rows but outs has 2}}
  quanta.fused_matmul #quanta.avx512_vnni lhs(%x : memref<2x3x4xi8>) rhs(%w : memref<2x64xi8>)
      init(%b : memref<16xi32>) maps [] outs(%o : memref<2x3x8xi32>) attributes {batch = array<i64: 0>, lhs_map = affine_map<(b, m, k) -> (m, b, k)>} {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  }
  return
}

// -----

// quanta.pack, 1: the map.
func.func @pack_map(%w: memref<4x8xi8>, %p: memref<64xi8>, %i: memref<16xi32>) {
  // expected-error@+1 {{'quanta.pack' op map must permute the batch dimensions, K and N into the dimensions of 'memref<4x8xi8>'}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<4x8xi8>) map affine_map<(k, n) -> (k, k)>
      outs(%p, %i : memref<64xi8>, memref<16xi32>)
  return
}

// -----

func.func @pack_dynamic(%w: memref<4x?xi8>, %p: memref<64xi8>, %i: memref<16xi32>) {
  // expected-error@+1 {{'quanta.pack' op needs static K and N}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<4x?xi8>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<64xi8>, memref<16xi32>)
  return
}

// -----

// quanta.pack, 2: element types.
func.func @pack_elements(%w: memref<4x8xf32>, %p: memref<64xi8>, %i: memref<16xi32>) {
  // expected-error@+1 {{'quanta.pack' op source and packed must hold the factors of #quanta.avx512_vnni}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<4x8xf32>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<64xi8>, memref<16xi32>)
  return
}

// -----

func.func @pack_init(%w: memref<4x8xi8>, %p: memref<64xi8>, %i: memref<16xf32>) {
  // expected-error@+1 {{'quanta.pack' op init must hold the accumulators of #quanta.avx512_vnni}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<4x8xi8>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<64xi8>, memref<16xf32>)
  return
}

// -----

func.func @pack_float(%w: memref<4x8xf32>, %p: memref<64xf32>, %i: memref<16xf32>) {
  // expected-error@+1 {{'quanta.pack' op flip and zero points are for integers only}}
  quanta.pack #quanta.fma<lanes = 16, vectors = 4, rows = 6, fused = true> source(%w : memref<4x8xf32>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<64xf32>, memref<16xf32>) attributes {flip}
  return
}

// -----

// quanta.pack, 3: sizes.
func.func @pack_packed(%w: memref<4x8xi8>, %p: memref<32xi8>, %i: memref<16xi32>) {
  // expected-error@+1 {{'quanta.pack' op packed must have the batch dimensions and 64 elements for #quanta.avx512_vnni}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<4x8xi8>) map affine_map<(k, n) -> (k, n)>
      outs(%p, %i : memref<32xi8>, memref<16xi32>)
  return
}

// -----

func.func @pack_init_size(%w: memref<2x4x8xi8>, %p: memref<2x64xi8>, %i: memref<3x16xi32>) {
  // expected-error@+1 {{'quanta.pack' op init must have the batch dimensions and 16 elements for #quanta.avx512_vnni}}
  quanta.pack #quanta.avx512_vnni source(%w : memref<2x4x8xi8>) map affine_map<(b, k, n) -> (b, k, n)>
      outs(%p, %i : memref<2x64xi8>, memref<3x16xi32>)
  return
}

// -----

// Weights that are stored as integers are constants.
func.func @stored(%x: tensor<8x16xf32>, %p: tensor<192xf32>, %i: tensor<16xf32>) -> (tensor<192xf32>, tensor<16xf32>) {
  // expected-error@+1 {{cannot pack for #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 8, is_signed = true, block = 8, zero_points = false>, whose weights are constants}}
  %0, %1 = quanta.pack #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 8, is_signed = true, block = 8, zero_points = false> source(%x : tensor<8x16xf32>)
      map affine_map<(k, n) -> (k, n)> outs(%p, %i : tensor<192xf32>, tensor<16xf32>) -> tensor<192xf32>, tensor<16xf32>
  return %0, %1 : tensor<192xf32>, tensor<16xf32>
}
