# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The README's example on a small model, with the package of folder argv[1]."""

import sys

import numpy as np
import quanta

assert quanta.__file__.startswith(sys.argv[1]), quanta.__file__

model = quanta.Module.parse(
    """
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x2xf32>
  %empty = tensor.empty(%rows) : tensor<?x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>)
                     outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
"""
)
print(model.run("quanta-insert-observers"))
samples = [np.array([[0.0, 1.0], [-1.0, 0.5]], np.float32)]
int8 = quanta.quantize(model, quanta.calibrate(model, samples))
print("share of int8:", int8.report["int8_mac_share"])
print("result:", quanta.compile(int8)(np.array([[1.0, 0.0]], np.float32)).round(1))
