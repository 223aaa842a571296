# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes residual blocks whose two branches are convolutions, each with one behind
it, and inputs for them:

    residual_blocks.py FOLDER

FOLDER receives NAME.mlir, the float function `main`, and NAME.npy for each.
"""

import os
import sys

import numpy

random = numpy.random.default_rng(11)

# Images, rows, columns, channels, those between, filters; kernel of the branch with
# one convolution, its stride, and whether that branch comes last.
BLOCKS = {
    "pixels": (1, 32, 33, 20, 16, 68, 1, 1, False),
    "strided": (2, 33, 31, 12, 9, 131, 1, 2, False),
    "last": (1, 40, 40, 16, 8, 180, 1, 2, True),
    "taps": (1, 34, 30, 8, 16, 70, 3, 1, False),
}


def weights(*shape):
    values = random.normal(0, 1 / numpy.sqrt(numpy.prod(shape[:-1])), shape).astype("f4")
    return f'dense<"0x{values.tobytes().hex().upper()}"> : tensor<{"x".join(map(str, shape))}xf32>'


def block(images, rows, columns, channels, between, filters, kernel, stride, last):
    rest = (kernel - 1) // 2
    height, width = ((size - 1) // stride + 1 for size in (rows, columns))
    padded = f"tensor<{images}x{rows + 2 * rest}x{columns + 2 * rest}x{channels}xf32>"
    x, y = (f"tensor<{images}x{size}xf32>" for size in (f"{rows}x{columns}x{channels}", f"{height}x{width}x{filters}"))
    inner = f"tensor<{images}x{height}x{width}x{between}xf32>"

    def conv(name, source, source_type, size, stride, inputs, outputs, type):
        return f"""
  %{name}_weights = arith.constant {weights(size, size, inputs, outputs)}
  %{name}_empty = tensor.empty() : {type}
  %{name}_zeros = linalg.fill ins(%zero : f32) outs(%{name}_empty : {type}) -> {type}
  %{name} = linalg.conv_2d_nhwc_hwcf {{strides = dense<{stride}> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}}
      ins(%{source}, %{name}_weights : {source_type}, tensor<{size}x{size}x{inputs}x{outputs}xf32>)
      outs(%{name}_zeros : {type}) -> {type}"""

    long = conv("a", "x", x, 1, stride, channels, between, inner) + conv("b", "a", inner, 1, 1, between, filters, y)
    short = f"""
  %padded = tensor.pad %x low[0, {rest}, {rest}, 0] high[0, {rest}, {rest}, 0] {{
  ^bb0(%n: index, %h: index, %w: index, %c: index):
    tensor.yield %zero : f32
  }} : {x} to {padded}""" + conv("c", "padded", padded, kernel, stride, channels, filters, y)
    result = f"tensor<{images}x{height}x{width}x3xf32>"
    return f"""func.func @main(%x: {x}) -> {result} {{
  %zero = arith.constant 0.0 : f32{long + short if last else short + long}
  %empty = tensor.empty() : {y}
  %sum = linalg.add ins(%b, %c : {y}, {y}) outs(%empty : {y}) -> {y}
  %relu = linalg.max ins(%sum, %c_zeros : {y}, {y}) outs(%empty : {y}) -> {y}
{conv("d", "relu", y, 1, 1, filters, 3, result)}
  return %d : {result}
}}
"""


for name, sizes in BLOCKS.items():
    path = os.path.join(sys.argv[1], name)
    with open(path + ".mlir", "w") as file:
        file.write(block(*sizes))
    numpy.save(path + ".npy", random.normal(0, 1, sizes[:4]).astype("f4"))
