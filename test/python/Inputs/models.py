# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small models as MLIR text, with what NumPy says they compute."""

import numpy as np


def constant(array: np.ndarray) -> str:
    array = np.ascontiguousarray(array, "<f4")
    shape = "x".join(map(str, array.shape))
    return f'dense<"0x{array.tobytes().hex().upper()}"> : tensor<{shape}xf32>'


class Perceptron:
    """x[?, inputs] -> relu(x w0 + b0) w1 + b1, or with a fixed batch."""

    def __init__(self, inputs=32, hidden=48, outputs=10, batch="?", seed=0):
        random = np.random.default_rng(seed)
        self.sizes = [inputs, hidden, outputs]
        self.batch = batch
        self.weights = [
            random.standard_normal(shape).astype(np.float32) / np.float32(shape[0] ** 0.5)
            for shape in zip(self.sizes, self.sizes[1:])
        ]
        self.biases = [
            random.standard_normal(size).astype(np.float32) for size in self.sizes[1:]
        ]
        self.random = random

    def data(self, count: int) -> np.ndarray:
        return self.random.random((count, self.sizes[0]), dtype=np.float32) - np.float32(
            0.25
        )

    def reference(self, x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(x.astype(np.float64) @ self.weights[0] + self.biases[0], 0)
        return hidden @ self.weights[1] + self.biases[1]

    def text(self) -> str:
        b, (i, h, o) = self.batch, self.sizes
        rows = "%rows" if b == "?" else ""

        def layer(index, value, inputs, outputs):
            out = f"tensor<{b}x{outputs}xf32>"
            relu = index == 0
            return f"""
    %w{index} = arith.constant {constant(self.weights[index])}
    %b{index} = arith.constant {constant(self.biases[index])}
    %e{index} = tensor.empty({rows}) : {out}
    %f{index} = linalg.fill ins(%zero : f32) outs(%e{index} : {out}) -> {out}
    %m{index} = linalg.matmul ins({value}, %w{index} : tensor<{b}x{inputs}xf32>, tensor<{inputs}x{outputs}xf32>) outs(%f{index} : {out}) -> {out}
    %r{index} = linalg.generic {{
        indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]}}
        ins(%m{index}, %b{index} : {out}, tensor<{outputs}xf32>) outs(%e{index} : {out}) {{
    ^bb0(%v: f32, %c: f32, %ignored: f32):
      %sum = arith.addf %v, %c : f32
      {"%cut = arith.maximumf %sum, %zero : f32" if relu else ""}
      linalg.yield {"%cut" if relu else "%sum"} : f32
    }} -> {out}"""

        dim = f"%rows = tensor.dim %x, %c0 : tensor<{b}x{i}xf32>" if rows else ""
        return f"""
func.func @main(%x: tensor<{b}x{i}xf32> loc("x")) -> tensor<{b}x{o}xf32> {{
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    {dim}{layer(0, "%x", i, h)}{layer(1, "%r0", h, o)}
    return %r1 : tensor<{b}x{o}xf32>
}}"""


# Two inputs, two results.
SUM_AND_DIFFERENCE = """
func.func @both(%a: tensor<?x3xf32> loc("a"), %b: tensor<?x3xf32> loc("b"))
    -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %s = linalg.add ins(%a, %b : tensor<?x3xf32>, tensor<?x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  %d = linalg.sub ins(%a, %b : tensor<?x3xf32>, tensor<?x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %s, %d : tensor<?x3xf32>, tensor<?x3xf32>
}
"""


def elementwise(operation: str, kind: str) -> str:
    """f(x[?, 4]) = x `operation` x for elements of an MLIR type."""
    t = f"tensor<?x4x{kind}>"
    return f"""
func.func @f(%x: {t}) -> {t} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : {t}
  %e = tensor.empty(%n) : {t}
  %r = linalg.generic {{
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}}
      ins(%x : {t}) outs(%e : {t}) {{
  ^bb0(%v: {kind}, %ignored: {kind}):
    %y = {operation} %v, %v : {kind}
    linalg.yield %y : {kind}
  }} -> {t}
  return %r : {t}
}}"""
