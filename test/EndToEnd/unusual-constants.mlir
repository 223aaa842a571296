// Constants that kernels are packed from, written as no importer writes them.
//
// RUN: %python %S/../Inputs/npy.py %t.x.npy "numpy.arange(32, dtype='float32').reshape(2, 16)"
// RUN: quant-run %s --entry=remainder --input=%t.x.npy --output=%t.0.npy
// RUN: quant-run %s --entry=sparse --input=%t.x.npy --output=%t.1.npy
// RUN: %python -c "import numpy as np; x = np.load('%t.x.npy').sum(1, keepdims=True); \
// RUN:   assert (np.load('%t.0.npy') == x * [1, 10, 1, 10]).all(); \
// RUN:   assert (np.load('%t.1.npy') == x + [0, 0, 0, 2]).all()"

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>
#scale = affine_map<(m, n, k) -> (n mod 2)>

// Scales that are read at a remainder.
func.func @remainder(%x: tensor<2x16xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<1> : tensor<16x4xi8>
  %scales = arith.constant dense<[1.0, 10.0]> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #scale, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w, %scales : tensor<2x16xf32>, tensor<16x4xi8>, tensor<2xf32>) outs(%init : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: i8, %s: f32, %acc: f32):
    %0 = arith.extsi %b : i8 to i32
    %1 = arith.sitofp %0 : i32 to f32
    %2 = arith.mulf %1, %s : f32
    %3 = math.fma %a, %2, %acc : f32
    linalg.yield %3 : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// A bias of which only what is not zero is written down.
func.func @sparse(%x: tensor<2x16xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<1.0> : tensor<16x4xf32>
  %bias = arith.constant sparse<[[3]], [2.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<2x4xf32>
  %init = linalg.broadcast ins(%bias : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
  %y = linalg.matmul ins(%x, %w : tensor<2x16xf32>, tensor<16x4xf32>) outs(%init : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
