// A batch that is too large for a cache goes through convolutions image by image, with
// a residual, a depthwise layer and a stride: the integers of every stage stay the same,
// those of several threads too.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py %t/x.npy "numpy.random.default_rng(0).standard_normal((5, 8, 66, 66)).astype('f4')"
// RUN: quant-opt %s --quanta-insert-observers -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --input=%t/x.npy --statistics=%t/s.json
// RUN: quant-run %s --check-stages --statistics=%t/s.json --input=%t/x.npy
// RUN: quant-opt %s --quanta-ptq="statistics=%t/s.json strict" -o %t/integer.mlir
// RUN: quant-opt %t/integer.mlir --quanta-to-kernel=cpu=x86-64 | FileCheck %s
// RUN: quant-run %t/integer.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: quant-run %t/integer.mlir --input=%t/x.npy --output=%t/z.npy --threads=2
// RUN: cmp %t/y.npy %t/z.npy
// RUN: quant-run %s --input=%t/x.npy --output=%t/float.npy
// RUN: %python -c "import numpy; y, f = numpy.load(r'%t/y.npy'), numpy.load(r'%t/float.npy'); assert abs(y - f).max() < 0.05 * abs(f).max(), abs(y - f).max()"

// CHECK-LABEL: func.func @main(
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c5
#same = affine_map<(a, b, c, d) -> (a, b, c, d)>
func.func @main(%x: tensor<5x8x66x66xf32>) -> tensor<5x16x32x32xf32> {
  %zero = arith.constant 0.0 : f32
  %w0 = arith.constant dense<[
    [[[-0.5]], [[-0.3125]], [[-0.125]], [[0.0625]], [[0.25]], [[0.4375]], [[-0.4375]], [[-0.25]]],
    [[[-0.0625]], [[0.125]], [[0.3125]], [[0.5]], [[-0.375]], [[-0.1875]], [[0.0]], [[0.1875]]],
    [[[0.375]], [[-0.5]], [[-0.3125]], [[-0.125]], [[0.0625]], [[0.25]], [[0.4375]], [[-0.4375]]],
    [[[-0.25]], [[-0.0625]], [[0.125]], [[0.3125]], [[0.5]], [[-0.375]], [[-0.1875]], [[0.0]]],
    [[[0.1875]], [[0.375]], [[-0.5]], [[-0.3125]], [[-0.125]], [[0.0625]], [[0.25]], [[0.4375]]],
    [[[-0.4375]], [[-0.25]], [[-0.0625]], [[0.125]], [[0.3125]], [[0.5]], [[-0.375]], [[-0.1875]]],
    [[[0.0]], [[0.1875]], [[0.375]], [[-0.5]], [[-0.3125]], [[-0.125]], [[0.0625]], [[0.25]]],
    [[[0.4375]], [[-0.4375]], [[-0.25]], [[-0.0625]], [[0.125]], [[0.3125]], [[0.5]], [[-0.375]]]]> : tensor<8x8x1x1xf32>
  %w1 = arith.constant dense<0.0625> : tensor<8x3x3xf32>
  %w2 = arith.constant dense<0.03125> : tensor<16x8x3x3xf32>
  %e0 = tensor.empty() : tensor<5x8x66x66xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<5x8x66x66xf32>) -> tensor<5x8x66x66xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w0 : tensor<5x8x66x66xf32>, tensor<8x8x1x1xf32>) outs(%i0 : tensor<5x8x66x66xf32>) -> tensor<5x8x66x66xf32>
  %1 = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0, %x : tensor<5x8x66x66xf32>, tensor<5x8x66x66xf32>) outs(%e0 : tensor<5x8x66x66xf32>) {
  ^bb0(%in: f32, %residual: f32, %out: f32):
    %sum = arith.addf %in, %residual : f32
    %relu = arith.maximumf %sum, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<5x8x66x66xf32>
  %p = tensor.pad %1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<5x8x66x66xf32> to tensor<5x8x68x68xf32>
  %2 = linalg.depthwise_conv_2d_nchw_chw ins(%p, %w1 : tensor<5x8x68x68xf32>, tensor<8x3x3xf32>) outs(%i0 : tensor<5x8x66x66xf32>) -> tensor<5x8x66x66xf32>
  %e1 = tensor.empty() : tensor<5x16x32x32xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x16x32x32xf32>) -> tensor<5x16x32x32xf32>
  %3 = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>} ins(%2, %w2 : tensor<5x8x66x66xf32>, tensor<16x8x3x3xf32>) outs(%i1 : tensor<5x16x32x32xf32>) -> tensor<5x16x32x32xf32>
  return %3 : tensor<5x16x32x32xf32>
}
