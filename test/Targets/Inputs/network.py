# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small calibrated network and an input for it.

    network.py FOLDER ROWS  ->  FOLDER/network.mlir  FOLDER/x.npy

The sizes are odd on purpose: every kernel meets its remainders. `fill` of
network.c makes the same input.
"""

import sys
from pathlib import Path

import numpy as np

INPUTS, HIDDEN, OUTPUTS = 67, 45, 10
folder, rows = Path(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(1)


def constant(name, values):
    text = ", ".join(
        str([float(v) for v in row]) if values.ndim == 2 else f"{row:.9e}" for row in values
    )
    shape = "x".join(map(str, values.shape))
    return f"  {name} = arith.constant dense<[{text}]> : tensor<{shape}xf32>\n"


def layer(name, x, inputs, outputs, zero_point, scale):
    """x * w + bias, with both factors fake-quantized."""
    weights = random.normal(0, 0.3, (inputs, outputs)).astype(np.float32).round(3)
    bias = random.normal(0, 1, outputs).astype(np.float32)
    scales = ", ".join(f"{s:.9e}" for s in np.abs(weights).max(axis=0) / 127)
    types = (f"tensor<?x{inputs}xf32>", f"tensor<{inputs}x{outputs}xf32>", f"tensor<?x{outputs}xf32>")
    return (
        constant(f"%{name}_w", weights)
        + constant(f"%{name}_b", bias)
        + f"""  %{name}_x = quanta.fake_quant {x} as !quant.uniform<u8:f32, {scale}:{zero_point}> : {types[0]}
  %{name}_q = quanta.fake_quant %{name}_w as !quant.uniform<i8<-127:127>:f32:1, {{{scales}}}> : {types[1]}
  %{name}_empty = tensor.empty(%rows) : {types[2]}
  %{name}_init = linalg.fill ins(%zero : f32) outs(%{name}_empty : {types[2]}) -> {types[2]}
  %{name}_product = linalg.matmul ins(%{name}_x, %{name}_q : {types[0]}, {types[1]})
    outs(%{name}_init : {types[2]}) -> {types[2]}
  %{name} = linalg.generic {{indexing_maps = [#matrix, #row, #matrix], iterator_types = ["parallel", "parallel"]}}
    ins(%{name}_product, %{name}_b : {types[2]}, tensor<{outputs}xf32>) outs(%{name}_empty : {types[2]}) {{
  ^bb0(%a: f32, %b: f32, %c: f32):
    %sum = arith.addf %a, %b : f32
    %relu = arith.maximumf %sum, %zero : f32
    linalg.yield %{'relu' if name == 'hidden' else 'sum'} : f32
  }} -> {types[2]}
"""
    )


(folder / "network.mlir").write_text(
    f"""#matrix = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
func.func @network(%x: tensor<?x{INPUTS}xf32>) -> tensor<?x{OUTPUTS}xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x{INPUTS}xf32>
{layer('hidden', '%x', INPUTS, HIDDEN, 100, 0.0625)}{layer('out', '%hidden', HIDDEN, OUTPUTS, 0, 0.05)}  return %out : tensor<?x{OUTPUTS}xf32>
}}
"""
)
index = np.arange(rows * INPUTS)
x = ((index * 37 + 11) % 263 - 100).astype(np.float32) * np.float32(0.0625)
np.save(folder / "x.npy", x.reshape(rows, INPUTS))
