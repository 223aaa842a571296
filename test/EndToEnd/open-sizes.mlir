// Images and sequences whose sizes are known at run time only: the integers of
// every stage, and those of a program for fixed sizes, are the same.
//
// RUN: rm -rf %t && mkdir -p %t/data
// RUN: %python %S/../Inputs/npy.py \
// RUN:   %t/data/0.npy "numpy.random.default_rng(0).standard_normal((2, 3, 10, 13)).astype('f4')" \
// RUN:   %t/data/1.npy "numpy.random.default_rng(1).standard_normal((1, 3, 3, 40)).astype('f4')" \
// RUN:   %t/data/2.npy "numpy.random.default_rng(2).standard_normal((3, 3, 17, 2)).astype('f4')" \
// RUN:   %t/none.npy "numpy.zeros((0, 3, 5, 5), 'f4')" \
// RUN:   %t/wave.npy "numpy.random.default_rng(3).standard_normal((2, 4, 37)).astype('f4')" \
// RUN:   %t/short.npy "numpy.random.default_rng(4).standard_normal((1, 4, 3)).astype('f4')"
// RUN: quant-opt %s --quanta-insert-observers=observer=histogram -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --entry=image --samples=%t/data --statistics=%t/image.json
// RUN: quant-run %t/observed.mlir --entry=wave --input=%t/wave.npy --statistics=%t/wave.json
// RUN: quanta-merge-statistics %t/image.json %t/wave.json -o %t/s.json
//
// DEFINE: %{entry} = image
// DEFINE: %{file} = data/0
// DEFINE: %{check} = quant-run %s --entry=%{entry} --check-stages --statistics=%t/s.json --input=%t/%{file}.npy
// RUN: %{check}
// REDEFINE: %{file} = data/1
// RUN: %{check}
// REDEFINE: %{file} = data/2
// RUN: %{check}
// REDEFINE: %{file} = none
// RUN: %{check}
// REDEFINE: %{entry} = wave
// REDEFINE: %{file} = wave
// RUN: %{check}
// REDEFINE: %{file} = short
// RUN: %{check}
//
// RUN: quant-opt %s --quanta-ptq="statistics=%t/s.json strict report=%t/report.json" -o %t/integer.mlir
// RUN: FileCheck %s --check-prefix=REPORT < %t/report.json
// REPORT: "int8_mac_share": 1
// The loops are those of kernels, of floats too.
// RUN: quant-opt %t/integer.mlir --quanta-to-kernel=cpu=cascadelake | FileCheck %s --check-prefix=KERNEL
// RUN: quant-opt %s --quanta-to-kernel=cpu=cascadelake | FileCheck %s --check-prefix=FLOAT
// KERNEL-LABEL: func.func @image
// KERNEL: vpdpbusd
// KERNEL-LABEL: func.func @wave
// KERNEL: vpdpbusd
// FLOAT-LABEL: func.func @image
// FLOAT: math.fma

#pixels = affine_map<(d0) -> ((d0 - 1) floordiv 2 + 1)>

func.func @image(%x: tensor<?x3x?x?xf32>) -> tensor<?x5x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x3x?x?xf32>
  %h = tensor.dim %x, %c2 : tensor<?x3x?x?xf32>
  %w = tensor.dim %x, %c3 : tensor<?x3x?x?xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<?x3x?x?xf32> to tensor<?x3x?x?xf32>
  %kernel = arith.constant dense<[[[[0.69, 0.52, -0.16], [-0.48, 0.02, -0.19], [0.57, -0.39, -0.05]], [[0.17, 0.82, 0.01], [-0.44, 0.51, 0.24], [-0.5, 0.82, 0.97]], [[0.62, 0.8, -0.38], [0.46, 0.8, 0.37], [-0.06, -0.8, -0.13]]], [[[0.22, 0.83, 0.93], [-0.05, 0.73, -0.48], [0.61, 0.1, -0.97]], [[0.44, -0.2, 0.65], [0.34, -1.0, -0.01], [0.74, -0.51, -0.35]], [[0.74, -0.62, 0.14], [-0.52, 0.94, 0.61], [-0.1, -0.84, -0.36]]]]> : tensor<2x3x3x3xf32>
  %e0 = tensor.empty(%n, %h, %w) : tensor<?x2x?x?xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y0 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%p, %kernel : tensor<?x3x?x?xf32>, tensor<2x3x3x3xf32>) outs(%f0 : tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<abs> ins(%y0 : tensor<?x2x?x?xf32>) outs(%e0 : tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  // A single tap, with strides.
  %one = arith.constant dense<[[[[0.5]], [[-0.25]]], [[[1.0]], [[0.75]]], [[[-0.3]], [[0.2]]], [[[0.1]], [[0.9]]], [[[-1.0]], [[1.0]]]]> : tensor<5x2x1x1xf32>
  %bias = arith.constant dense<[0.5, -0.25, 0.125, 0.0, 1.0]> : tensor<5xf32>
  %h2 = affine.apply #pixels(%h)
  %w2 = affine.apply #pixels(%w)
  %e1 = tensor.empty(%n, %h2, %w2) : tensor<?x5x?x?xf32>
  %b1 = linalg.broadcast ins(%bias : tensor<5xf32>) outs(%e1 : tensor<?x5x?x?xf32>) dimensions = [0, 2, 3]
  %y1 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%r, %one : tensor<?x2x?x?xf32>, tensor<5x2x1x1xf32>) outs(%b1 : tensor<?x5x?x?xf32>) -> tensor<?x5x?x?xf32>
  return %y1 : tensor<?x5x?x?xf32>
}

// Dilated, and not.
func.func @wave(%x: tensor<?x4x?xf32>) -> tensor<?x3x?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x4x?xf32>
  %t = tensor.dim %x, %c2 : tensor<?x4x?xf32>
  %kernel = arith.constant dense<[[[0.5, -0.25, 1.0], [0.75, -0.3, 0.2], [0.1, 0.9, -1.0], [0.3, -0.6, 0.4]], [[0.2, 0.3, -0.4], [0.8, -0.1, 0.6], [-0.9, 0.5, 0.7], [1.0, 0.2, -0.2]], [[-0.5, 0.25, 0.3], [0.15, 0.6, -0.8], [0.35, 0.05, 0.65], [-0.7, 0.45, 0.55]]]> : tensor<3x4x3xf32>
  %p = tensor.pad %x low[0, 0, 2] high[0, 0, 2] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<?x4x?xf32> to tensor<?x4x?xf32>
  %e = tensor.empty(%n, %t) : tensor<?x3x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %y = linalg.conv_1d_ncw_fcw {dilations = dense<2> : tensor<1xi64>, strides = dense<1> : tensor<1xi64>} ins(%p, %kernel : tensor<?x4x?xf32>, tensor<3x4x3xf32>) outs(%f : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  return %y : tensor<?x3x?xf32>
}
