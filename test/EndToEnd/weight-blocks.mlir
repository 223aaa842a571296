// Weights with a scale for each block go to the other forms and come back.
//
// RUN: quant-opt %s --convert-quanta-to-qdq -o %t.qdq.mlir
// RUN: FileCheck %s --check-prefix=QDQ < %t.qdq.mlir
// RUN: quant-opt %t.qdq.mlir --convert-quanta-to-quant -o %t.casts.mlir
// RUN: FileCheck %s --check-prefix=CASTS < %t.casts.mlir
// RUN: quant-opt %t.qdq.mlir --quanta-rewrite-types --canonicalize -o %t.arithmetic.mlir
// RUN: FileCheck %s --check-prefix=ARITHMETIC < %t.arithmetic.mlir
// RUN: quant-opt %t.qdq.mlir --convert-qdq-to-quanta | FileCheck %s --check-prefix=BACK
// RUN: quant-opt %t.casts.mlir --convert-qdq-to-quanta | FileCheck %s --check-prefix=BACK
// RUN: quant-opt %t.arithmetic.mlir --convert-qdq-to-quanta -o %t.back.mlir
// RUN: FileCheck %s --check-prefix=BACK < %t.back.mlir
//
// RUN: %python %S/../Inputs/npy.py %t.x.npy "numpy.random.default_rng(0).standard_normal((3, 8)).astype('float32')"
// RUN: quant-run %s --input=%t.x.npy --output=%t.y.npy
// RUN: quant-run %t.back.mlir --input=%t.x.npy --output=%t.z.npy
// RUN: cmp %t.y.npy %t.z.npy
// The float product of the QDQ form sums in another order.
// RUN: quant-run %t.qdq.mlir --input=%t.x.npy --output=%t.q.npy
// RUN: %python -c "import numpy as np; \
// RUN:   q = np.array([[1, 2], [3, -4], [5, 6], [7, -7], [-1, 2], [3, 4], [0, 1], [2, 3]]); \
// RUN:   s = np.repeat([[.5, .25], [.125, .5]], 4, 0); z = np.repeat([[0, 1], [-1, 0]], 4, 0); \
// RUN:   y = np.load('%t.x.npy') @ ((q - z) * s); \
// RUN:   assert all(abs(np.load(f) - y).max() < 1e-5 for f in ('%t.y.npy', '%t.q.npy'))"

!blocks = !quant.uniform<i4:f32:{0:4, 1:1}, {{0.5, 0.25:1}, {0.125:-1, 0.5}}>

// QDQ: %[[W:.*]] = quanta.dequantize %{{.*}} : tensor<8x2x!quant.uniform<i4:f32:{0:4, 1:1}
// QDQ: linalg.matmul ins(%{{.*}}, %[[W]]
// CASTS: quant.dcast %{{.*}} : tensor<8x2x!quant.uniform<i4:f32:{0:4, 1:1}
// ARITHMETIC: affine_map<(d0, d1) -> (d0 floordiv 4, d1)>
// ARITHMETIC-NOT: !quant
// ARITHMETIC: linalg.matmul
// BACK: quanta.weight_only_contract {{.*}} tensor<8x2x!quant.uniform<i4:f32:{0:4, 1:1}, {{\{\{}}5.000000e-01, 2.500000e-01:1}, {1.250000e-01:-1, 5.000000e-01}}>>
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %c = arith.constant dense<[[1, 2], [3, -4], [5, 6], [7, -7], [-1, 2], [3, 4], [0, 1], [2, 3]]> : tensor<8x2xi4>
  %w = quant.scast %c : tensor<8x2xi4> to tensor<8x2x!blocks>
  %d = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%d) : tensor<?x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = quanta.weight_only_contract %x, %w init %init maps [
      affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<?x8xf32>, tensor<8x2x!blocks> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
