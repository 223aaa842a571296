# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Two layers and their figures in NumPy, with 16-bit factors and f32 sums.

    half.py write MODEL.mlir X.npy
    half.py check fp16|bf16 X.npy Y.npy
"""

import sys

import numpy as np

rng = np.random.default_rng(3)
w1, b1, w2 = (rng.normal(size=s).astype("f4") for s in [(48, 20), (20,), (20, 7)])


def text(array):
    return f'dense<"0x{array.tobytes().hex()}"> : tensor<{"x".join(map(str, array.shape))}xf32>'


model = f"""func.func @main(%x: tensor<5x48xf32>) -> tensor<5x7xf32> {{
  %w1 = arith.constant {text(w1)}
  %b1 = arith.constant {text(b1)}
  %w2 = arith.constant {text(w2)}
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5x20xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<5x20xf32>) -> tensor<5x20xf32>
  %h = linalg.matmul ins(%x, %w1 : tensor<5x48xf32>, tensor<48x20xf32>) outs(%i : tensor<5x20xf32>) -> tensor<5x20xf32>
  %s = linalg.generic {{indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}} ins(%h, %b1 : tensor<5x20xf32>, tensor<20xf32>) outs(%e : tensor<5x20xf32>) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  }} -> tensor<5x20xf32>
  %r = linalg.generic {{indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>],
      iterator_types = ["parallel", "parallel"]}} ins(%s : tensor<5x20xf32>) outs(%e : tensor<5x20xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %t = arith.maximumf %a, %z : f32
    linalg.yield %t : f32
  }} -> tensor<5x20xf32>
  %f = tensor.empty() : tensor<5x7xf32>
  %j = linalg.fill ins(%z : f32) outs(%f : tensor<5x7xf32>) -> tensor<5x7xf32>
  %y = linalg.matmul ins(%r, %w2 : tensor<5x20xf32>, tensor<20x7xf32>) outs(%j : tensor<5x7xf32>) -> tensor<5x7xf32>
  return %y : tensor<5x7xf32>
}}
"""


def to_bf16(x):
    """Half of the bits cut off, after half of the last one's unit is added; at the
    middle, one less where that one is even."""
    bits = np.asarray(x, "f4").view("u4")
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype("u4").view("f4")


def product(x, w, bias, rounded):
    """Sums in f32, of which NumPy rounds products and sums one after the other:
    products of 16-bit factors are exact, so that this is a fused multiply-add."""
    x, w = rounded(x), rounded(w)
    sums = np.zeros((len(x), w.shape[1]), "f4") + bias
    for k in range(x.shape[1]):
        sums = x[:, k : k + 1] * w[k] + sums
    return rounded(sums)


if sys.argv[1] == "write":
    with open(sys.argv[2], "w") as file:
        file.write(model)
    np.save(sys.argv[3], rng.normal(size=(5, 48)).astype("f4"))
else:
    rounded = {"fp16": lambda v: v.astype("f2").astype("f4"), "bf16": to_bf16}[sys.argv[2]]
    x, y = (np.load(path) for path in sys.argv[3:])
    hidden = np.maximum(product(x, w1, b1, rounded), 0)
    expected = product(hidden, w2, np.float32(0), rounded)
    assert (expected.view("u4") == y.view("u4")).all(), (expected, y)
    print("same bits")
