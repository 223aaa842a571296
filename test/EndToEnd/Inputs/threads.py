# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that are large enough for several threads; with the path of quant-run,
runs each on one, two and three, which must agree in every bit."""

import subprocess
import sys
from pathlib import Path

import numpy as np

X, W, S = "!quant.uniform<u8:f32, 0.5:3>", "!quant.uniform<i8:f32, 0.25>", "!quant.uniform<i32:f32, 0.125>"
Q = "!quant.uniform<u8:f32, 160.0:121>"
IMAGE = ("affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>, affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>, "
         "affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>")
DEPTHWISE = ("affine_map<(n, y, x, c, i, j) -> (n, y + i, x + j, c)>, affine_map<(n, y, x, c, i, j) -> (i, j, c)>, "
             "affine_map<(n, y, x, c, i, j) -> (n, y, x, c)>")
# Name, activation, weights, result, what makes it.
LAYERS = [
    ("matmul", (401, 512), (512, 200), (401, 200), "quanta.matmul %x, %w"),
    ("rows", ("?", 256), (256, 200), ("?", 200), "quanta.matmul %x, %w"),
    ("convolution", (1, 47, 47, 64), (3, 3, 64, 72), (1, 45, 45, 72), f"quanta.contract %x, %w maps [{IMAGE}]"),
    ("depthwise", (1, 59, 59, 96), (3, 3, 96), (1, 57, 57, 96), f"quanta.contract %x, %w maps [{DEPTHWISE}]"),
]
# Work on elements, and sums of rows.
FLOATS = """func.func @floats(%x: tensor<1200x400xf32>) -> tensor<1200xf32> {
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<1200xf32>
  %init = linalg.fill ins(%zero : f32) outs(%f : tensor<1200xf32>) -> tensor<1200xf32>
  %y = math.exp %x : tensor<1200x400xf32>
  %s = linalg.reduce {arith.addf} ins(%y : tensor<1200x400xf32>) outs(%init : tensor<1200xf32>) dimensions = [1]
  return %s : tensor<1200xf32>
}
"""


def shape(sizes) -> str:
    return "x".join(map(str, sizes))


def write(folder: Path):
    random = np.random.default_rng(1)
    text, inputs = "", {"floats": random.standard_normal((1200, 400), dtype=np.float32)}
    for name, x, w, result, contraction in LAYERS:
        weights = random.integers(-127, 128, w, dtype=np.int8)
        text += f"""func.func @{name}(%x: tensor<{shape(x)}x{X}>) -> tensor<{shape(result)}x{Q}> {{
  %w0 = arith.constant dense<"0x{weights.tobytes().hex().upper()}"> : tensor<{shape(w)}xi8>
  %w = quant.scast %w0 : tensor<{shape(w)}xi8> to tensor<{shape(w)}x{W}>
  %s = {contraction} : tensor<{shape(x)}x{X}>, tensor<{shape(w)}x{W}> -> tensor<{shape(result)}x{S}>
  %q = quanta.requantize %s : tensor<{shape(result)}x{S}> to tensor<{shape(result)}x{Q}>
  return %q : tensor<{shape(result)}x{Q}>
}}
"""
        sizes = [311 if size == "?" else size for size in x]
        inputs[name] = random.integers(0, 256, sizes, dtype=np.uint8)
    (folder / "model.mlir").write_text(text + FLOATS)
    np.savez(folder / "inputs.npz", **inputs)


def compare(folder: Path, quant_run: str):
    for name in np.load(folder / "inputs.npz").files:
        results = set()
        for threads in (1, 2, 3):
            file = folder / f"{name}-{threads}.npy"
            subprocess.run([quant_run, folder / "model.mlir", f"--entry={name}", f"--threads={threads}",
                            f"--input={folder}/inputs.npz:{name}", f"--output={file}"],
                           check=True, stdout=subprocess.DEVNULL)
            results.add(file.read_bytes())
        assert len(results) == 1, f"{name} differs"
        assert np.unique(np.load(file)).size > 1, name


folder = Path(sys.argv[1])
if sys.argv[2:]:
    compare(folder, sys.argv[2])
else:
    write(folder)
