# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quanta: a quantizing compiler for neural networks, built on MLIR.

    import quanta

    model = quanta.load("model.onnx")
    statistics = quanta.calibrate(model, "samples.npz")
    small = quanta.quantize(model, statistics)
    print(small.report["int8_mac_share"], small.report["left_in_float"])
    run = quanta.compile(small)
    logits = run(images)

What the compiler refuses raises `quanta.Error` with its diagnostic; arguments of
a wrong Python type raise `TypeError` or `ValueError`.
"""

from ._quanta import Error, Executable
from .analysis import Analysis, analyze
from .calibration import calibrate
from .module import Module, compile, load, quantize
from .pytorch import from_torch
from .statistics import Statistics

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Error",
    "Executable",
    "Module",
    "Statistics",
    "analyze",
    "calibrate",
    "compile",
    "from_torch",
    "load",
    "quantize",
]
