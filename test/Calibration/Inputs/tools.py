"""Observes data and quantizes by it with the tools that lit put on the PATH."""

import json
import os
import re
import subprocess
import sys

import numpy as np

# y = x w: the observer "f/matmul_0/lhs" sees x.
MODEL = """
func.func @f(%x: tensor<{rows}x{columns}xf32>) -> tensor<{rows}x2xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<{columns}x2xf32>
  {dim}
  %e = tensor.empty({size}) : tensor<{rows}x2xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<{rows}x2xf32>) -> tensor<{rows}x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<{rows}x{columns}xf32>, tensor<{columns}x2xf32>)
      outs(%i : tensor<{rows}x2xf32>) -> tensor<{rows}x2xf32>
  return %y : tensor<{rows}x2xf32>
}}
"""
NAME = "f/matmul_0/lhs"


class Tools:
    def __init__(self, folder, columns, rows="?"):
        self.folder = folder
        self.inserted = set()
        dim = size = ""
        if rows == "?":
            dim = f"%d = tensor.dim %x, %c0 : tensor<?x{columns}xf32>"
            size = "%d"
        self.model = self.path("model.mlir")
        with open(self.model, "w") as file:
            file.write(MODEL.format(rows=rows, columns=columns, dim=dim, size=size))

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

    def observe(self, data, observer, output="s.json"):
        """One run over the data; returns the statistics file and what is in it."""
        np.save(self.path("x.npy"), data)
        statistics = self.path(output)
        self.run("RUN", self.insert(observer), "--input=" + self.path("x.npy"),
                 "--statistics=" + statistics, "--output=" + self.path("y.npy"))
        with open(statistics) as file:
            return statistics, json.load(file)["observers"][NAME]

    def merge(self, *files):
        merged = self.path("merged.json")
        self.run("MERGE", *files, "-o", merged)
        with open(merged) as file:
            return json.load(file)["observers"][NAME]

    def choose(self, statistics, observer="histogram", **recipe):
        """(scale, zero point) of the activation under a recipe."""
        path = self.path("recipe.yaml")
        with open(path, "w") as file:
            json.dump({"format": "quanta-recipe", "version": 1, **recipe}, file)
        text = self.run("OPT", self.insert(observer),
                        f"--quanta-apply-calibration=statistics={statistics} recipe={path}")
        found = re.search(
            r"quanta.fake_quant %\w+ as !quant.uniform<[ui]8:f32, ([^:>]+)(?::(-?\d+))?>", text)
        return float(found[1]), int(found[2] or 0)


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
