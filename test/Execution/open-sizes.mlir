// An image that is smaller than its result says is told of before any of it is read.
//
// RUN: %python %S/../Inputs/npy.py %t.small.npy "numpy.ones((1, 3, 2, 8), 'f4')" %t.fits.npy "numpy.ones((1, 3, 8, 8), 'f4')"
// RUN: quant-run %s --input=%t.fits.npy --output=%t.y.npy
// RUN: not quant-run %s --input=%t.small.npy 2>&1 | FileCheck %s
// CHECK: error: the program stopped: dimension {{[23]}} of operand 0 of 'linalg.conv_2d_nchw_fchw' at {{.*}}open-sizes.mlir:15:9 has a size that does not fit

func.func @claims(%x: tensor<?x3x?x?xf32>) -> tensor<?x2x6x6xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %kernel = arith.constant dense<0.5> : tensor<2x3x3x3xf32>
  %n = tensor.dim %x, %c0 : tensor<?x3x?x?xf32>
  %e0 = tensor.empty(%n) : tensor<?x2x6x6xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x2x6x6xf32>) -> tensor<?x2x6x6xf32>
  %y0 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %kernel : tensor<?x3x?x?xf32>, tensor<2x3x3x3xf32>) outs(%f0 : tensor<?x2x6x6xf32>) -> tensor<?x2x6x6xf32>
  return %y0 : tensor<?x2x6x6xf32>
}
