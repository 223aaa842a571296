# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers whose result is wanted in f32 and quantized; with the path of
quant-run, runs them with kernels and as plain loops, which must agree in every
bit."""

import subprocess
import sys
from pathlib import Path

import numpy as np

MATMULS = [(m, n, k) for m in (1, 7, 13) for n in (3, 40, 81) for k in (9,)]
# Image, channels, filters, kernel.
CONVS = [(5, 4, 19, 3), (6, 8, 64, 1), (4, 12, 70, 1), (9, 4, 128, 3), (1, 4, 5, 1)]
X, W, Q = "!quant.uniform<u8:f32, 0.5:3>", "!quant.uniform<i8:f32, 0.25>", "!quant.uniform<u8:f32, 40.0:121>"
S = "!quant.uniform<i32:f32, 0.125>"


def dense(array) -> str:
    return f'dense<"0x{array.tobytes().hex().upper()}">'


def layer(name: str, x: str, w, w_shape: str, contraction: str, result: str) -> str:
    return f"""func.func @{name}(%x: tensor<{x}x{X}>) -> (tensor<{result}xf32>, tensor<{result}x{Q}>) {{
  %w0 = arith.constant {dense(w)} : tensor<{w_shape}xi8>
  %w = quant.scast %w0 : tensor<{w_shape}xi8> to tensor<{w_shape}x{W}>
  %s = {contraction} : tensor<{x}x{X}>, tensor<{w_shape}x{W}> -> tensor<{result}x{S}>
  %f = quanta.dequantize %s : tensor<{result}x{S}> to tensor<{result}xf32>
  %q = quanta.quantize %f : tensor<{result}xf32> to tensor<{result}x{Q}>
  return %f, %q : tensor<{result}xf32>, tensor<{result}x{Q}>
}}
"""


def write(folder: Path):
    random = np.random.default_rng(1)
    text, inputs = "", {}

    def add(name, x_shape, w_shape, contraction, result):
        nonlocal text
        w = random.integers(-127, 128, w_shape, dtype=np.int8)
        shape = lambda sizes: "x".join(map(str, sizes))
        text += layer(name, shape(x_shape), w, shape(w_shape), contraction, shape(result))
        inputs[name] = random.integers(0, 256, x_shape, dtype=np.uint8)

    for m, n, k in MATMULS:
        add(f"m_{m}_{n}_{k}", (m, k), (k, n), "quanta.matmul %x, %w", (m, n))
    for size, c, f, kernel in CONVS:
        out = size - kernel + 1
        add(f"c_{size}_{c}_{f}_{kernel}", (2, size, size, c), (kernel, kernel, c, f),
            "quanta.contract %x, %w maps [affine_map<(n, y, x, f, i, j, c) -> (n, y + i, x + j, c)>,"
            " affine_map<(n, y, x, f, i, j, c) -> (i, j, c, f)>,"
            " affine_map<(n, y, x, f, i, j, c) -> (n, y, x, f)>]", (2, out, out, f))
    (folder / "model.mlir").write_text(text)
    np.savez(folder / "inputs.npz", **inputs)


def compare(folder: Path, quant_run: str):
    for name in np.load(folder / "inputs.npz").files:
        results = []
        for program in ("integer", "plain"):
            files = [folder / f"{program}-{i}.npy" for i in (0, 1)]
            subprocess.run([quant_run, folder / f"{program}.mlir", f"--entry={name}",
                            f"--input={folder}/inputs.npz:{name}",
                            *(f"--output={file}" for file in files)],
                           check=True, stdout=subprocess.DEVNULL)
            results.append([file.read_bytes() for file in files])
        assert results[0] == results[1], f"{name} differs"
        floats, bytes_ = (np.load(folder / f"plain-{i}.npy") for i in (0, 1))
        assert np.unique(floats).size > 1 and np.unique(bytes_).size > 1, name


folder = Path(sys.argv[1])
if sys.argv[2:]:
    compare(folder, sys.argv[2])
else:
    write(folder)
