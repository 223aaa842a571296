# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data for and checks of quanta.fake_quant_grad.

    gradients.py write FOLDER
    gradients.py check FOLDER

The results of the functions `tensor` and `channels` are tensor-0.npy and so on.
"""

import importlib.util
import sys

import numpy as np

f32 = np.float32
PARAMETERS = {
    "tensor": (f32([0.1]), f32([100]), 0, 255),
    "channels": (f32([0.1, 0.25, 0.01]), f32([-3, 0, 5]), -127, 127),
}


def write(folder):
    random = np.random.default_rng(3)
    x = random.normal(0, 12, (400, 3)).astype(f32)
    # Halfway cases, bounds, and what is far outside.
    x[:8] = f32([[0.05], [-10], [15.55], [1e9], [-1e9], [np.inf], [-np.inf], [0]])
    np.save(folder + "/x.npy", x)
    np.save(folder + "/g.npy", random.normal(0, 1, x.shape).astype(f32))


def expect(x, g, scale, zero_point, low, high):
    """Gradients of x, and of scale and zero point for each element."""
    quotient = x / scale
    rounded = np.rint(quotient)
    value = rounded + zero_point
    below, above = ~(value >= low), value > high
    outside = below | above
    dx = np.where(outside, f32(0), g)
    with np.errstate(invalid="ignore"):
        inside = rounded - quotient
    ds = g * np.where(below, low - zero_point, np.where(above, high - zero_point, inside))
    dz = np.where(outside, -(g * scale), f32(0))
    return dx, ds, dz


def check(folder):
    # In one process: PyTorch takes long to start.
    for kind in PARAMETERS:
        check_kind(folder, kind)


def check_kind(folder, kind):
    x, g = np.load(folder + "/x.npy"), np.load(folder + "/g.npy")
    scale, zero_point, low, high = PARAMETERS[kind]
    dx, ds, dz = (np.load(f"{folder}/{kind}-{i}.npy") for i in range(3))
    wanted, *terms = expect(x, g, scale, zero_point, f32(low), f32(high))
    assert (dx.view("u4") == wanted.astype(f32).view("u4")).all()
    axis = 0 if kind == "channels" else None
    worst = 0
    for got, term in zip((ds, dz), terms):
        term = term.astype(np.float64)
        # A sum of n terms in f32 is off by less than n * 2^-24 of their sizes.
        bound = np.abs(term).sum(axis=axis) * 2.0**-24 * x.size
        error = np.abs(got - term.sum(axis=axis))
        assert got.dtype == f32 and (error <= bound).all(), (got, error, bound)
        worst = max(worst, float((error / np.abs(term).sum(axis=axis)).max()))
    print(f"{kind}, NumPy: same bits of x, scale and zero point within {worst:.1e}")
    if importlib.util.find_spec("torch"):
        compare_with_torch(x, g, kind, (dx, ds, dz))


def compare_with_torch(x, g, kind, results):
    import torch

    scale, zero_point, low, high = PARAMETERS[kind]
    finite = np.isfinite(x).all(axis=1)
    assert finite.sum() == len(x) - 2
    x = np.where(np.isfinite(x), x, np.sign(x) * f32(1e9))
    # PyTorch multiplies by the reciprocal and rounds after adding the zero point, so
    # that ties go another way: they are moved to the side that ours go to.
    steps = x / scale
    away = np.rint(steps) - steps
    tie = np.abs(np.abs(away) - 0.5) < 1e-4
    assert tie.any()
    x = np.where(tie, x + np.sign(away) * scale * f32(2e-4), x).astype(f32)
    x = torch.tensor(x, requires_grad=True)
    s, z = (torch.tensor(p, requires_grad=True) for p in (scale, zero_point))
    if kind == "channels":
        y = torch._fake_quantize_learnable_per_channel_affine(x, s, z, 1, low, high, 1.0)
    else:
        y = torch._fake_quantize_learnable_per_tensor_affine(x, s, z, low, high, 1.0)
    y.backward(torch.tensor(g))
    for got, tensor in zip(results, (x, s, z)):
        wanted = tensor.grad.numpy().reshape(got.shape)
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-3), (got, wanted)
    print(f"{kind}, PyTorch: the same")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](*sys.argv[2:])
