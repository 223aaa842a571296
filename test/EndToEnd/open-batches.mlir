// A batch of open size goes through convolutions image by image as one of known size
// does, to the same integers, whatever its size turns out to be: none at all, too.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py \
// RUN:   %t/x.npy "numpy.random.default_rng(0).standard_normal((3, 8, 66, 66)).astype('f4')" \
// RUN:   %t/one.npy "numpy.random.default_rng(1).standard_normal((1, 8, 66, 66)).astype('f4')" \
// RUN:   %t/none.npy "numpy.zeros((0, 8, 66, 66), 'f4')"
// RUN: quant-opt %s --quanta-insert-observers -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --input=%t/x.npy --statistics=%t/s.json
// RUN: quant-run %s --check-stages --statistics=%t/s.json --input=%t/x.npy
// RUN: quant-run %s --check-stages --statistics=%t/s.json --input=%t/one.npy
// RUN: quant-run %s --check-stages --statistics=%t/s.json --input=%t/none.npy
// RUN: quant-opt %s --quanta-ptq="statistics=%t/s.json strict" -o %t/integer.mlir
// RUN: quant-run %t/integer.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: quant-run %t/integer.mlir --input=%t/x.npy --output=%t/z.npy --threads=2
// RUN: cmp %t/y.npy %t/z.npy
// RUN: sed -e 's/tensor<?x/tensor<3x/g' -e 's/empty(%%[a-z0-9_]*)/empty()/' %t/integer.mlir > %t/known.mlir
// RUN: quant-run %t/known.mlir --input=%t/x.npy --output=%t/known.npy
// RUN: cmp %t/y.npy %t/known.npy
//
// One loop, in which nothing is left to plain loops: a bias that stayed whole in front
// of it would take its convolution out of reach of kernels, and LLVM a minute.
// RUN: quant-opt %t/integer.mlir --quanta-to-kernel=cpu=cascadelake | FileCheck %s --implicit-check-not=linalg.broadcast --implicit-check-not=linalg.generic
// CHECK-LABEL: func.func @main(
// CHECK: %[[N:.*]] = memref.dim %{{.*}}, %c0
// CHECK: scf.for %{{.*}} to %[[N]] step
// CHECK-NOT: to %[[N]] step
// CHECK: llvm.x86.avx512.vpdpbusd
// CHECK-NOT: to %[[N]] step
// CHECK: return
#same = affine_map<(a, b, c, d) -> (a, b, c, d)>
func.func @main(%x: tensor<?x8x66x66xf32>) -> tensor<?x16x32x32xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8x66x66xf32>
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
  %e0 = tensor.empty(%n) : tensor<?x8x66x66xf32>
  %bias = arith.constant dense<[0.5, -0.25, 0.125, 0.0, 1.0, -0.5, 0.25, 0.75]> : tensor<8xf32>
  %b0 = linalg.broadcast ins(%bias : tensor<8xf32>) outs(%e0 : tensor<?x8x66x66xf32>) dimensions = [0, 2, 3]
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8x66x66xf32>) -> tensor<?x8x66x66xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w0 : tensor<?x8x66x66xf32>, tensor<8x8x1x1xf32>) outs(%b0 : tensor<?x8x66x66xf32>) -> tensor<?x8x66x66xf32>
  %1 = linalg.generic {indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0, %x : tensor<?x8x66x66xf32>, tensor<?x8x66x66xf32>) outs(%e0 : tensor<?x8x66x66xf32>) {
  ^bb0(%in: f32, %residual: f32, %out: f32):
    %sum = arith.addf %in, %residual : f32
    %relu = arith.maximumf %sum, %zero : f32
    linalg.yield %relu : f32
  } -> tensor<?x8x66x66xf32>
  %p = tensor.pad %1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<?x8x66x66xf32> to tensor<?x8x68x68xf32>
  %2 = linalg.depthwise_conv_2d_nchw_chw ins(%p, %w1 : tensor<?x8x68x68xf32>, tensor<8x3x3xf32>) outs(%i0 : tensor<?x8x66x66xf32>) -> tensor<?x8x66x66xf32>
  %e1 = tensor.empty(%n) : tensor<?x16x32x32xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x16x32x32xf32>) -> tensor<?x16x32x32xf32>
  %3 = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>} ins(%2, %w2 : tensor<?x8x66x66xf32>, tensor<16x8x3x3xf32>) outs(%i1 : tensor<?x16x32x32xf32>) -> tensor<?x16x32x32xf32>
  return %3 : tensor<?x16x32x32xf32>
}
