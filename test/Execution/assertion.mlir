// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import numpy; numpy.save(r'%t/good.npy', numpy.array([2, 0])); numpy.save(r'%t/bad.npy', numpy.array([1, 3]))"
// RUN: quant-run %s --input=%t/good.npy --output=%t/y.npy
// RUN: %python -c "import numpy; assert (numpy.load(r'%t/y.npy') == [30, 10]).all()"
// RUN: not quant-run %s --input=%t/bad.npy --output=%t/none.npy 2>&1 | FileCheck %s
// RUN: not cat %t/none.npy
// RUN: %python %S/Inputs/assertion.py %s

// An index that is out of range ends the call with an error, and not the process.
// CHECK: error: the program stopped: index must be smaller than dim size
func.func @main(%indices: tensor<2xi64>) -> tensor<2xi32> {
  %table = arith.constant dense<[10, 20, 30]> : tensor<3xi32>
  %c3 = arith.constant 3 : i64
  %e = tensor.empty() : tensor<2xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%indices : tensor<2xi64>) outs(%e : tensor<2xi32>) {
  ^bb0(%i: i64, %o: i32):
    %in = arith.cmpi slt, %i, %c3 : i64
    cf.assert %in, "index must be smaller than dim size"
    %index = arith.index_cast %i : i64 to index
    %v = tensor.extract %table[%index] : tensor<3xi32>
    linalg.yield %v : i32
  } -> tensor<2xi32>
  return %0 : tensor<2xi32>
}
