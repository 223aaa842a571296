// A search for a recipe that is ended by a signal leaves no files.
//
// REQUIRES: host-x86
// RUN: rm -rf %t && mkdir -p %t/temporary
// RUN: quant-opt %s --quanta-insert-observers=observer=histogram -o %t/observed.mlir
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.random.default_rng(1).random((4000, 512), 'f4')"
// RUN: quant-run %t/observed.mlir --input=%t/x.npy --statistics=%t/s.json
// RUN: %python %S/Inputs/interrupt.py %t/temporary quant-run %s --statistics=%t/s.json \
// RUN:   --input=%t/x.npy --choose-recipe=%t/recipe.yaml --max-loss=1e-9
// RUN: not ls %t/recipe.yaml

func.func @main(%x: tensor<?x512xf32>) -> tensor<?x512xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.3> : tensor<512x512xf32>
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %e = tensor.empty(%n) : tensor<?x512xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x512xf32>) -> tensor<?x512xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x512xf32>, tensor<512x512xf32>)
      outs(%f : tensor<?x512xf32>) -> tensor<?x512xf32>
  return %y : tensor<?x512xf32>
}
