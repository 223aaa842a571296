# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes perceptrons of many sizes, with statistics, and compares them quantized
with themselves in float:

    sizes.py FOLDER
"""

import os
import sys

import networks
import numpy
import quanta

SIZES = [(19, 23, 5), (1, 1, 1), (4, 16, 1), (3, 64, 2), (5, 65, 17), (130, 15, 48)]
FIXED = [(1, 33, 17, 3), (6, 33, 17, 3), (13, 33, 70, 3)]


def decibels(reference, other):
    assert reference.shape == other.shape and reference.dtype == other.dtype
    noise = numpy.sum((reference.astype("f8") - other) ** 2)
    signal = numpy.sum(reference.astype("f8") ** 2)
    return 10 * numpy.log10(signal / max(noise, 1e-300))


def check(folder, rows, *sizes):
    network = networks.Network()
    network.write(folder, networks.mlp(network, rows, *sizes))
    x = network.inputs[0]
    model = quanta.load(os.path.join(folder, "model.mlir"))
    statistics = quanta.calibrate(model, x)
    statistics.save(os.path.join(folder, "s.json"))
    run = quanta.compile(quanta.quantize(model, statistics))
    result = run(x)
    ratio = decibels(quanta.compile(model)(x), result)
    assert ratio >= 30, f"{folder}: signal-to-noise ratio {ratio:.2f} dB"
    if rows == 0:
        assert run(x[:0]).shape == (0, sizes[-1])
        assert run(x[:1]).tobytes() == result[:1].tobytes()


for sizes in SIZES:
    check(os.path.join(sys.argv[1], "-".join(map(str, ("any", *sizes)))), 0, *sizes)
for sizes in FIXED:
    check(os.path.join(sys.argv[1], "-".join(map(str, sizes))), *sizes)
