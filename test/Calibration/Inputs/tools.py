# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Observes data and quantizes by it with the tools that lit put on the PATH."""

import json
import os
import re
import subprocess

import numpy as np

MATMUL = """
  %i{n} = linalg.fill ins(%zero : f32) outs(%e : tensor<{rows}x2xf32>) -> tensor<{rows}x2xf32>
  %y{n} = linalg.matmul ins(%x{n}, %w : tensor<{rows}x{columns}xf32>, tensor<{columns}x2xf32>)
      outs(%i{n} : tensor<{rows}x2xf32>) -> tensor<{rows}x2xf32>"""


def write_model(path, rows, columns, inputs):
    """Each result is an input times weights: "f/matmul_0/lhs" sees the first input."""
    lines = []
    if rows == "?":
        lines.append(f"%d = tensor.dim %x0, %c0 : tensor<?x{columns}xf32>")
    size = "%d" if rows == "?" else ""
    lines.append(f"%e = tensor.empty({size}) : tensor<{rows}x2xf32>")
    lines += [MATMUL.format(n=n, rows=rows, columns=columns) for n in range(inputs)]
    arguments = ", ".join(f"%x{n}: tensor<{rows}x{columns}xf32>" for n in range(inputs))
    results = ", ".join(f"tensor<{rows}x2xf32>" for _ in range(inputs))
    values = ", ".join(f"%y{n}" for n in range(inputs))
    with open(path, "w") as file:
        file.write(f"""func.func @f({arguments}) -> ({results}) {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<{columns}x2xf32>
""" + "\n".join(lines) + f"\n  return {values} : {results}\n}}\n")


def read_observers(path, count):
    """What the statistics file says of each input."""
    with open(path) as file:
        observers = json.load(file)["observers"]
    return [observers[f"f/matmul_{n}/lhs"] for n in range(count)]


def read_activation(text):
    """(scale, zero point) of the only activation of a simulated program."""
    found = re.search(
        r"quanta.fake_quant %\w+ as !quant.uniform<[ui]8:f32, ([^:>]+)(?::(-?\d+))?>", text)
    return float(found[1]), int(found[2] or 0)


class Tools:
    def __init__(self, folder, columns, rows="?", inputs=1):
        self.folder = folder
        self.inserted = set()
        self.inputs = inputs
        self.model = self.path("model.mlir")
        write_model(self.model, rows, columns, inputs)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, tool, *arguments):
        tool = os.environ["QUANTA_" + tool]
        process = subprocess.run([tool, *arguments], capture_output=True, text=True)
        if process.returncode:
            raise RuntimeError(process.stderr)
        return process.stdout

    def insert(self, observer):
        observed = self.path(observer + ".mlir")
        if observer in self.inserted:
            return observed
        self.inserted.add(observer)
        self.run("OPT", self.model, f"--quanta-insert-observers=observer={observer}", "-o", observed)
        return observed

    def observe_all(self, arrays, observer, output="s.json"):
        """One run over the data of each input; returns the statistics file and what
        it says of each."""
        files = []
        for n, data in enumerate(arrays):
            np.save(self.path(f"x{n}.npy"), data)
            files += [f"--input={self.path(f'x{n}.npy')}", f"--output={self.path(f'y{n}.npy')}"]
        statistics = self.path(output)
        self.run("RUN", self.insert(observer), *files, "--statistics=" + statistics)
        return statistics, read_observers(statistics, self.inputs)

    def observe(self, data, observer, output="s.json"):
        """The same for a model of one input."""
        statistics, seen = self.observe_all([data], observer, output)
        return statistics, seen[0]

    def merge_all(self, *files):
        merged = self.path("merged.json")
        self.run("MERGE", *files, "-o", merged)
        return read_observers(merged, self.inputs)

    def merge(self, *files):
        return self.merge_all(*files)[0]

    def choose(self, statistics, observer="histogram", **recipe):
        """(scale, zero point) of the activation under a recipe."""
        path = self.path("recipe.yaml")
        with open(path, "w") as file:
            json.dump({"format": "quanta-recipe", "version": 1, **recipe}, file)
        text = self.run("OPT", self.insert(observer),
                        f"--quanta-apply-calibration=statistics={statistics} recipe={path}")
        return read_activation(text)


def reference(data):
    """The histogram of `Histogram.h`, written down once more."""
    data = data[np.isfinite(data)].astype(np.float64).ravel()
    low, high = data.min(), data.max()
    width = 2.0**-150
    while max(abs(low), abs(high)) >= width * 2**24 or (
        np.floor(high / width) - np.floor(low / width) >= 2048
    ):
        width *= 2
    bins = np.floor(data / width).astype(np.int64)
    counts = np.bincount(bins - bins.min())
    return {"width": width, "first": int(bins.min()), "counts": counts.tolist()}
