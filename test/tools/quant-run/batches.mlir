// A program for a fixed number of rows runs over more of them batch by batch.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.arange(12, dtype='f4').reshape(6, 2)" \
// RUN:   %t/b.npy "numpy.array([10, 20], 'f4')" \
// RUN:   %t/five.npy "numpy.zeros((5, 2), 'f4')"
// RUN: quant-run %s --entry=f --input=%t/x.npy --input=%t/b.npy --output=%t/y.npy
// RUN: %python %S/../../Inputs/npy.py %t/y.npy | FileCheck %s
// CHECK: float32 [6, 2] {{\[\[}}10.0, 21.0], [12.0, 23.0], [14.0, 25.0], [16.0, 27.0], [18.0, 29.0], [20.0, 31.0]]

// RUN: not quant-run %s --entry=f --input=%t/five.npy --input=%t/b.npy 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: error: argument 0 of 'f' ({{.*}}five.npy) has 5 rows, and the program takes 3 at a time (tensor<3x2xf32>): give it a multiple of 3, or compile it with a leading size of '?'
// RUN: not quant-run %s --entry=sum --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=SCALAR
// SCALAR: error: result 0 has no leading dimension along which batches could be put together
// RUN: %python %S/../../Inputs/npy.py %t/wide.npy "numpy.array([1, 1, 200000, 200000])"
// RUN: not quant-run %s --entry=fill --input=%t/wide.npy 2>&1 | FileCheck %s --check-prefix=WIDE
// WIDE: error: result 0 has other sizes in each batch, and cannot be one tensor

// Three rows of a factor are no batch of three samples: the result has two of them.
// RUN: %python %S/../../Inputs/npy.py %t/a.npy "numpy.ones((2, 3), 'f4')"
// RUN: not quant-run %s --entry=product --input=%t/a.npy --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=FACTOR
// FACTOR: error: argument 1 of 'product' ({{.*}}x.npy): expected size 3 in dimension 0 (tensor<3x2xf32>), got 6x2xf32

// Observers see every batch.
// RUN: quant-opt %s --quanta-insert-observers=observer=min_max -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --entry=f --input=%t/x.npy --input=%t/b.npy --statistics=%t/s.json --output=%t/z.npy
// RUN: cmp %t/y.npy %t/z.npy
// RUN: FileCheck %s --check-prefix=STATISTICS --input-file=%t/s.json
// STATISTICS: "data": "{{.*}}x.npy, {{.*}}b.npy"
// STATISTICS: "f/result_0": {
// STATISTICS: "elements": 12
// STATISTICS: "min": 10
// STATISTICS: "max": 31
// STATISTICS: "batches": 2

#elementwise = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

func.func @f(%x: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<3x2xf32> {
  %e = tensor.empty() : tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [#elementwise, #column, #elementwise], iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<3x2xf32>, tensor<2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

func.func @product(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

func.func @sum(%x: tensor<3x2xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %y = tensor.extract %x[%c0, %c0] : tensor<3x2xf32>
  return %y : f32
}

func.func @fill(%x: tensor<2xi64>) -> tensor<2x?xi64> {
  %c0 = arith.constant 0 : index
  %first = tensor.extract %x[%c0] : tensor<2xi64>
  %size = arith.index_cast %first : i64 to index
  %e = tensor.empty(%size) : tensor<2x?xi64>
  %y = linalg.fill ins(%first : i64) outs(%e : tensor<2x?xi64>) -> tensor<2x?xi64>
  return %y : tensor<2x?xi64>
}
