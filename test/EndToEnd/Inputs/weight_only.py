# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a product of floats and 4-bit weights in blocks of 32 with NumPy.

    weight_only.py X.npy Y.npy

The weights are those of `single.mlir` in weight-only.test.
"""

import sys

import numpy

x, y = (numpy.load(path) for path in sys.argv[1:])
k, n, block = 64, 3, 32


def fma(a, b, c):
    """Fused multiply-add in f32: the sum in f64 is rounded to odd, which the last
    rounding cannot go wrong with."""
    product, c = a.astype("f8") * b.astype("f8"), c.astype("f8")
    total = product + c
    part = total - product
    error = (product - (total - part)) + (c - part)
    bits = total.view("i8").copy()
    inexact = (error != 0) & (bits & 1 == 0)
    bits[inexact] += numpy.where((error > 0) == (total > 0), 1, -1)[inexact]
    return bits.view("f8").astype("f4")


w = ((numpy.arange(k * n) * 37 % 101 - 40) / numpy.float32(64)).astype("f4")
parts = w.reshape(k // block, block, n)
low = numpy.minimum(parts.min(1, keepdims=True), 0).astype("f8")
high = numpy.maximum(parts.max(1, keepdims=True), 0).astype("f8")
scale = ((high - low) / 15).astype("f4")
zero = numpy.clip(-8 - numpy.rint(low / scale.astype("f8")), -8, 7).astype("f4")
q = numpy.clip(numpy.rint(parts / scale) + zero, -8, 7)
weights = ((q - zero) * scale).astype("f4").reshape(k, n)

sums = numpy.zeros((len(x), n), "f4")
for i in range(k):
    sums = fma(x[:, i : i + 1] + 0 * sums, weights[i] + 0 * sums, sums)
assert (sums.view("i4") == y.view("i4")).all(), (sums, y)
print("same bits")
