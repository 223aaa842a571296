// RUN: quant-opt %s --quanta-decompose-aggregates | FileCheck %s
// RUN: %python -c "import numpy; numpy.save(r'%t.x.npy', numpy.array([[0, 1, 2], [80, -80, 80]], 'f4'))"
// RUN: quant-run %s --input=%t.x.npy --output=%t.y.npy
// RUN: %python -c "import numpy; e = numpy.exp([[-2, -1, 0], [0, -160, 0]]); numpy.testing.assert_allclose(numpy.load(r'%t.y.npy'), e / e.sum(1, keepdims=True), rtol=1e-6, atol=1e-30)"

// CHECK-LABEL: func.func @softmax(
// CHECK-NOT: linalg.softmax
// CHECK: arith.maxnumf
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
func.func @softmax(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%rows) : tensor<?x3xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
