# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: rm -rf %t && mkdir %t
# RUN: env QUANTA_OPT=quant-opt QUANTA_RUN=quant-run QUANTA_MERGE=quanta-merge-statistics %python %s %t
"""Histograms count what NumPy counts, and merge to the same bits over any split."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from tools import Tools, reference

random = np.random.default_rng(7)
normal = random.standard_normal((60, 16))
DATA = {
    "normal": normal,
    "positive": np.maximum(normal, 0),
    "growing": normal * np.exp2(np.arange(60))[:, None],
    "shrinking": normal * np.exp2(-np.arange(60.0))[:, None],
    "far from zero": normal * 1e-3 + 1e4,
    "moving": normal + np.arange(60)[:, None],
    "constant": np.full((60, 16), -0.375),
    "zero": np.zeros((60, 16)),
    "subnormal": normal * 2.0**-140,
    "huge": normal * 2.0**125,
    "edges": np.exp2(random.integers(-20, 20, (60, 16))) * random.choice([-1, 1], (60, 16)),
    "spoiled": np.where(random.random((60, 16)) < 0.1, random.choice([np.nan, np.inf, -np.inf], (60, 16)), normal),
    "nothing finite": np.full((60, 16), np.nan),
}

DATA = {name: data.astype(np.float32) for name, data in DATA.items()}
tools = Tools(sys.argv[1], columns=16, rows=2, inputs=len(DATA))
_, wholes = tools.observe_all(DATA.values(), "histogram")
for (name, data), whole in zip(DATA.items(), wholes):
    if np.isfinite(data).any():
        assert whole["histogram"] == reference(data), name
        assert len(whole["histogram"]["counts"]) <= 2048, name
    else:
        assert "histogram" not in whole and "min" not in whole, name
    assert whole["batches"] == 30, name
    assert whole["nans"] == np.isnan(data).sum(), name
files = [
    tools.observe_all(parts, "histogram", f"{index}.json")[0]
    for index, parts in enumerate(zip(*(np.split(data, 3) for data in DATA.values())))
]
for order in (files, files[::-1]):
    for name, merged, whole in zip(DATA, tools.merge_all(*order), wholes):
        assert merged == whole, name

# Batches of any size, for a program that takes them.
tools = Tools(sys.argv[1], columns=16)
data = DATA["growing"]
_, whole = tools.observe(data, "histogram")
files = [tools.observe(part, "histogram", f"{len(part)}.json")[0] for part in np.split(data, [1, 8, 20])]
merged = tools.merge(*files)
assert merged.pop("batches") == 4 and whole.pop("batches") == 1
assert merged == whole

for kind in ("min_max", "per_channel_min_max"):
    _, whole = tools.observe(data, kind)
    files = [tools.observe(part, kind, f"{len(part)}.json")[0] for part in np.split(data, [1, 8, 20])]
    assert tools.merge(*files) == {**whole, "batches": 4}, kind
for kind in ("moving_average_min_max", "moving_average_per_channel_min_max"):
    path, _ = tools.observe(data, kind)
    try:
        tools.merge(path, path)
    except RuntimeError as error:
        assert "moving averages depend on the order of batches and cannot be merged" in str(error), error
    else:
        raise AssertionError(kind)
