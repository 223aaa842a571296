# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutions of several kinds and their figures in NumPy, with float activations
and 8-bit weights.

    weight_only_layers.py write MODEL.mlir INPUTS.npz
    weight_only_layers.py check INPUTS.npz RESULT.npy...

Activations are powers of two: products are exact, so that a product and a sum that
NumPy rounds one after the other are a fused multiply-add.
"""

import itertools
import sys

import numpy as np

# Operation, sizes of input, weights and result, strides, dilations. Those of the
# weights are groups, filters, channels and kernel in the order of `einsum`.
layers = {
    "a": ("conv_2d_nchw_fchw", (2, 8, 9, 7), (21, 8, 3, 3), (2, 21, 4, 3), (2, 1), (1, 2)),
    "b": ("conv_2d_nhwc_hwcf", (1, 5, 6, 3), (2, 3, 3, 35), (1, 4, 4, 35), (1, 1), (1, 1)),
    "c": ("conv_1d_ncw_fcw", (2, 16, 12), (19, 16, 3), (2, 19, 8), (1,), (2,)),
    "d": ("depthwise_conv_2d_nchw_chw", (1, 19, 5, 6), (19, 3, 3), (1, 19, 3, 4), (1, 1), (1, 1)),
    "e": ("conv_2d_ngchw_gfchw", (1, 2, 8, 5, 5), (2, 17, 8, 3, 3), (1, 2, 17, 3, 3), (1, 1), (1, 1)),
    "f": ("conv_3d_ncdhw_fcdhw", (1, 8, 3, 4, 5), (17, 8, 2, 2, 2), (1, 17, 2, 3, 4), (1, 1, 1), (1, 1, 1)),
}
rng = np.random.default_rng(3)
weights = {name: rng.normal(size=layer[2]).astype("f4") for name, layer in layers.items()}


def type_of(shape):
    return f'tensor<{"x".join(map(str, shape))}xf32>'


def write(path, inputs):
    lines, arguments, results, types = [], [], [], []
    for name, (op, x, w, y, strides, dilations) in layers.items():
        n = len(strides)
        arguments.append(f"%x{name}: {type_of(x)}")
        results.append(f"%y{name}")
        types.append(type_of(y))
        lines += [
            f'  %w{name} = arith.constant dense<"0x{weights[name].tobytes().hex()}"> : {type_of(w)}',
            f"  %e{name} = tensor.empty() : {type_of(y)}",
            f"  %i{name} = linalg.fill ins(%z : f32) outs(%e{name} : {type_of(y)}) -> {type_of(y)}",
            f"  %y{name} = linalg.{op} {{strides = dense<{list(strides)}> : tensor<{n}xi64>, "
            f"dilations = dense<{list(dilations)}> : tensor<{n}xi64>}} ins(%x{name}, %w{name} : "
            f"{type_of(x)}, {type_of(w)}) outs(%i{name} : {type_of(y)}) -> {type_of(y)}",
        ]
        inputs[name] = np.ldexp(rng.choice([-1, 1], x), rng.integers(-3, 3, x)).astype("f4")
    with open(path, "w") as file:
        print(f'func.func @main({", ".join(arguments)}) -> ({", ".join(types)}) {{', file=file)
        print("  %z = arith.constant 0.0 : f32", *lines, sep="\n", file=file)
        print(f'  return {", ".join(results)} : {", ".join(types)}\n}}', file=file)


def round_weights(w, channels):
    """8 bits, symmetric, with a scale for each index of the dimensions `channels`."""
    others = tuple(dim for dim in range(w.ndim) if dim not in channels)
    scale = (np.abs(w).max(others, keepdims=True).astype("f8") / 127).astype("f4")
    return np.rint(w / scale) * scale


def convolve(name, x):
    """Rows of the kernel first, channels last; all as N, groups, channels, window and
    groups, filters, channels, kernel."""
    op, _, _, _, strides, dilations = layers[name]
    w = weights[name]
    if op == "conv_2d_nhwc_hwcf":
        x, w = x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)
    w = round_weights(w, (0, 1) if "ngchw" in op else (0,))
    if "depthwise" in op:
        x, w = x[:, :, None], w[:, None, None]
    elif "ngchw" not in op:
        x, w = x[:, None], w[None]
    kernel, n = w.shape[3:], len(strides)
    sizes = [
        (size - (k - 1) * d - 1) // s + 1 for size, k, s, d in zip(x.shape[3:], kernel, strides, dilations)
    ]
    sums = np.zeros((x.shape[0], *w.shape[:2], *sizes), "f4")
    for tap in itertools.product(*map(range, kernel)):
        window = tuple(
            slice(t * d, t * d + (size - 1) * s + 1, s) for t, d, s, size in zip(tap, dilations, strides, sizes)
        )
        for channel in range(x.shape[2]):
            taken = x[(slice(None), slice(None), channel, *window)][:, :, None]
            factor = w[(slice(None), slice(None), channel, *tap)]
            sums = taken * factor.reshape(1, *factor.shape, *[1] * n) + sums
    if "ngchw" in op:
        return sums
    sums = sums[:, :, 0] if "depthwise" in op else sums[:, 0]
    return sums.transpose(0, 2, 3, 1) if op == "conv_2d_nhwc_hwcf" else sums


if sys.argv[1] == "write":
    arrays = {}
    write(sys.argv[2], arrays)
    np.savez(sys.argv[3], **arrays)
else:
    arrays = np.load(sys.argv[2])
    for name, path in zip(layers, sys.argv[3:], strict=True):
        expected, y = convolve(name, arrays[name]), np.load(path)
        assert expected.shape == y.shape, (name, expected.shape, y.shape)
        assert (expected.view("u4") == y.view("u4")).all(), (name, expected, y)
    print("same bits")
