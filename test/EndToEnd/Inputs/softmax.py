# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""softmax.py FOLDER writes a quantized softmax for each shape and dimension;
with the path of quant-run, every stage must give the same bits, those of the
formula in f64 (where that is too close to a tie, either neighbour)."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np

# Sizes and the dimension of the sums.
CASES = [((256, 3), 0), ((16, 16), 1), ((5, 37), 1), ((3, 7, 19), 1), ((2, 3, 65), 2), ((9, 1), 1)]
SCALE, ZERO_POINT = 0.0625, 131
FILES = ("quantized", "reference", "integer", "plain", "kernel", "llvm")


def name(sizes, dimension) -> str:
    return "f_" + "_".join(map(str, (*sizes, dimension)))


def write(folder: Path):
    random = np.random.default_rng(1)
    text, inputs = "", {}
    x_type, r_type = f"!quant.uniform<u8:f32, {SCALE}:{ZERO_POINT}>", "!quant.uniform<i8:f32, 0.00390625:-128>"
    for sizes, dimension in CASES:
        # The first size is only known when it runs.
        shape = "x".join(["?", *map(str, sizes[1:])])
        x, r = f"tensor<{shape}x{x_type}>", f"tensor<{shape}x{r_type}>"
        text += f"""func.func @{name(sizes, dimension)}(%x: {x}) -> {r} {{
  %r = quanta.softmax %x dimension {dimension} : {x} -> {r}
  return %r : {r}
}}
"""
        # Each byte about as often as the others.
        values = random.permutation(np.resize(random.permutation(256), math.prod(sizes)))
        inputs[name(sizes, dimension)] = values.astype(np.uint8).reshape(sizes)
    (folder / "quantized.mlir").write_text(text)
    np.savez(folder / "inputs.npz", **inputs)


def run(folder: Path, quant_run: str, file: str, entry: str):
    output = folder / f"{file}.npy"
    subprocess.run([quant_run, folder / f"{file}.mlir", f"--entry={entry}",
                    f"--input={folder}/inputs.npz:{entry}", f"--output={output}"],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(output)


def compare(folder: Path, quant_run: str):
    inputs = np.load(folder / "inputs.npz")
    for sizes, dimension in CASES:
        entry = name(sizes, dimension)
        x = (inputs[entry].astype(np.float64) - ZERO_POINT) * SCALE
        e = np.exp(x - x.max(dimension, keepdims=True))
        exact = e / e.sum(dimension, keepdims=True) * 256 - 128
        results = [run(folder, quant_run, file, entry) for file in FILES]
        for file, result in zip(FILES, results):
            assert result.dtype == np.int8 and result.shape == sizes, (file, entry)
            assert np.array_equal(result, results[0]), (file, entry)
        distance = np.abs(results[0] - np.clip(exact, -128, 127))
        assert distance.max() <= 0.5 + 1e-3, (entry, distance.max())
        assert sizes[dimension] == 1 or np.unique(results[0]).size > 1, entry


folder = Path(sys.argv[1])
if sys.argv[2:]:
    compare(folder, sys.argv[2])
else:
    write(folder)
