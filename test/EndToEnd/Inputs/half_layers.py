# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that are no contractions, in 16 bits, and their figures in NumPy.

    half_layers.py write FOLDER
    half_layers.py round fp16|bf16 X.npy ROUNDED.npy
    half_layers.py check fp16|bf16 FOLDER
"""

import sys

import numpy as np

rng = np.random.default_rng(5)


def to_bf16(x):
    bits = np.asarray(x, "f4").view("u4")
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype("u4").view("f4")


def to_f16(x):
    with np.errstate(over="ignore"):
        return x.astype("f2").astype("f4")


ROUNDINGS = {"fp16": to_f16, "bf16": to_bf16}


def load(name):
    return np.load(f"{sys.argv[3]}/{name}.npy")


def same(name, expected):
    actual = load(name)
    assert actual.shape == expected.shape, (name, actual.shape, expected.shape)
    differing = actual.view("u4") != expected.astype("f4").view("u4")
    assert not differing.any(), (name, actual[differing][:3], expected[differing][:3])


def products(q, k, rounded):
    """`q` times the transpose of `k`: sums in f32, one after the other, of products
    that are exact."""
    q, k = rounded(q), rounded(k)
    sums = np.zeros((q.shape[0], q.shape[1], k.shape[1]), "f4")
    for i in range(q.shape[2]):
        sums = q[:, :, i, None] * k[:, None, :, i] + sums
    return rounded(sums)


if sys.argv[1] == "write":
    for name, shape in (("x", (3, 40)), ("y", (3, 40)), ("image", (1, 2, 6, 8)), ("q", (2, 5, 8)), ("k", (2, 7, 8)), ("steps", (4, 3, 40))):
        np.save(f"{sys.argv[2]}/{name}.npy", (3 * rng.normal(size=shape)).astype("f4"))
elif sys.argv[1] == "round":
    np.save(sys.argv[4], ROUNDINGS[sys.argv[2]](np.load(sys.argv[3])))
else:
    rounded = ROUNDINGS[sys.argv[2]]
    f4 = np.float32
    x, y, image = rounded(load("x")), rounded(load("y")), rounded(load("image"))
    # Each operation rounds once; a layer of several steps between them does not.
    c = rounded(np.array([0.1, 0.2, 0.3, 1.7] * 10, "f4"))
    s = rounded(x + y)
    t = rounded(np.sqrt(np.abs(s) * f4(0.7) + f4(1e-5)) / f4(3))
    same("elementwise", np.maximum(rounded(t * c), f4(0)))
    same("max", image.reshape(1, 2, 3, 2, 4, 2).max((3, 5)))
    windows = image.reshape(1, 2, 3, 2, 4, 2)
    sums = np.zeros((1, 2, 3, 4), "f4")
    for i in range(2):
        for j in range(2):
            sums = sums + windows[:, :, :, i, :, j]
    same("average", rounded(sums / f4(4)))
    for name in ("softmax", "norm"):
        # The float program on rounded numbers, rounded at its end alone.
        same(name, rounded(load(name + "_float")))
    h, w = np.zeros((3, 40), "f4"), np.full((40, 40), 0.1, "f4")
    for step in rounded(load("steps")):
        product = products(h[None], w[None], rounded)[0]
        h = rounded(product + step)
        h = rounded(h / (np.abs(h) + f4(1)))
    same("loop", h)
    same("attention", products(load("q"), load("k"), rounded))
    print("same bits")
