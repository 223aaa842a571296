# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Single operations, in the form that each side reads: u8 activations, i8 weights
with a scale for each channel, i32 bias, u8 out. Zero points are 0, as after a ReLU.

A layer is a dictionary: {"m", "n", "k"} for a matrix product, or {"h", "ic", "oc",
"kernel", "stride", "pad", "g"} for a convolution of a square image, NHWC.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT_SCALE = 0.5


def is_conv(layer: dict) -> bool:
    return "kernel" in layer


def out_size(layer: dict) -> int:
    return (layer["h"] + 2 * layer["pad"] - layer["kernel"]) // layer["stride"] + 1


def macs(layer: dict) -> int:
    """Multiply-accumulates, without those that meet the padding."""
    if not is_conv(layer):
        return layer["m"] * layer["n"] * layer["k"]
    taps = sum(
        0 <= position * layer["stride"] + tap - layer["pad"] < layer["h"]
        for position in range(out_size(layer))
        for tap in range(layer["kernel"])
    )
    return taps * taps * layer["ic"] // layer["g"] * layer["oc"]


def weight_shape(layer: dict) -> tuple:
    """As in ONNX: [out, in, ky, kx], or [k, n]."""
    if not is_conv(layer):
        return (layer["k"], layer["n"])
    kernel = layer["kernel"]
    return (layer["oc"], layer["ic"] // layer["g"], kernel, kernel)


def traffic(layer: dict) -> int:
    """Bytes that have to be read at least once: weights and activations."""
    weights = int(np.prod(weight_shape(layer)))
    if is_conv(layer):
        return weights + layer["h"] ** 2 * layer["ic"]
    return weights + layer["m"] * layer["k"]


class Parameters:
    """Random weights, and scales that keep results inside of u8."""

    def __init__(self, layer: dict, input_scale: float):
        random = np.random.default_rng(3)
        shape = weight_shape(layer)
        channels = layer["oc"] if is_conv(layer) else layer["n"]
        self.weights = random.integers(-127, 128, shape, dtype=np.int8)
        self.scales = (0.001 * random.integers(8, 17, channels)).round(6)
        self.bias = random.integers(-1000, 1000, channels, dtype=np.int32)
        self.input_scale = input_scale
        depth = self.weights.size // channels
        spread = np.sqrt(depth) * 73 * 147 * input_scale * 0.012
        self.output_scale = float(np.round(spread * 3 / 255, 6))
        if self.output_scale == 0:
            self.output_scale = 0.001


def chain(layers: list) -> list:
    parameters, scale = [], INPUT_SCALE
    for layer in layers:
        parameters.append(Parameters(layer, scale))
        scale = parameters[-1].output_scale
    return parameters


# MLIR, at the quantized stage -----------------------------------------------


def bytes_of(array: np.ndarray) -> str:
    return f'dense<"0x{np.ascontiguousarray(array).tobytes().hex().upper()}">'


def number(value: float) -> str:
    return f"{value:.12f}"


def per_axis(storage: str, axis: int, scales) -> str:
    text = ", ".join(number(s) for s in scales)
    return f"!quant.uniform<{storage}:f32:{axis}, {{{text}}}>"


def mlir(layers: list) -> str:
    """A function from u8 to u8 through all layers."""
    aliases, body = [], []
    value, input_type = "%x", None
    for index, (layer, p) in enumerate(zip(layers, chain(layers))):
        conv, depthwise = is_conv(layer), False
        if conv:
            depthwise = layer["g"] > 1
            size, padded = layer["h"], layer["h"] + 2 * layer["pad"]
            weights = p.weights.transpose(2, 3, 1, 0)  # ky, kx, in, out
            if depthwise:
                weights = weights[:, :, 0, :]
            before = f"1x{size}x{size}x{layer['ic']}"
            source = f"1x{padded}x{padded}x{layer['ic']}"
            target = f"1x{out_size(layer)}x{out_size(layer)}x{layer['oc']}"
        else:
            weights = p.weights
            before = source = f"{layer['m']}x{layer['k']}"
            target = f"{layer['m']}x{layer['n']}"
        shape = "x".join(map(str, weights.shape))
        axis, channel = weights.ndim - 1, target.count("x")
        products = p.scales * p.input_scale
        i, n = index, len(p.bias)
        aliases += [
            f"!x{i} = !quant.uniform<u8:f32, {number(p.input_scale)}>",
            f"!y{i} = !quant.uniform<u8:f32, {number(p.output_scale)}>",
            f"!w{i} = {per_axis('i8<-127:127>', axis, p.scales)}",
            f"!b{i} = {per_axis('i32', 0, products)}",
            f"!acc{i} = {per_axis('i32', channel, products)}",
        ]
        input_type = input_type or f"tensor<{before}xi8>"
        if conv and layer["pad"]:
            pad = layer["pad"]
            edge = f"[0, {pad}, {pad}, 0]"
            body += [
                f"  %zero{i} = arith.constant 0 : i8",
                f"  %padded{i} = tensor.pad {value} low{edge} high{edge} {{",
                "  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):",
                f"    tensor.yield %zero{i} : i8",
                f"  }} : tensor<{before}xi8> to tensor<{source}xi8>",
            ]
            value = f"%padded{i}"
        body += [
            f"  %qx{i} = quant.scast {value} : tensor<{source}xi8> to tensor<{source}x!x{i}>",
            f"  %w{i} = arith.constant {bytes_of(weights)} : tensor<{shape}xi8>",
            f"  %b{i} = arith.constant {bytes_of(p.bias)} : tensor<{n}xi32>",
            f"  %qw{i} = quant.scast %w{i} : tensor<{shape}xi8> to tensor<{shape}x!w{i}>",
            f"  %qb{i} = quant.scast %b{i} : tensor<{n}xi32> to tensor<{n}x!b{i}>",
        ]
        types = (
            f"tensor<{source}x!x{i}>, tensor<{shape}x!w{i}>, tensor<{n}x!b{i}> "
            f"-> tensor<{target}x!acc{i}>"
        )
        if not conv:
            body.append(f"  %acc{i} = quanta.matmul %qx{i}, %qw{i} bias %qb{i} : {types}")
        else:
            s = layer["stride"]
            position = f"n, y * {s} + ky, x * {s} + kx"
            dims = "n, y, x, f, ky, kx" + ("" if depthwise else ", c")
            lhs = f"({position}, {'f' if depthwise else 'c'})"
            rhs = "(ky, kx, f)" if depthwise else "(ky, kx, c, f)"
            maps = ", ".join(
                f"affine_map<({dims}) -> {results}>" for results in (lhs, rhs, "(n, y, x, f)")
            )
            body.append(
                f"  %acc{i} = quanta.contract %qx{i}, %qw{i} bias %qb{i} maps [{maps}] : {types}"
            )
        body += [
            f"  %q{i} = quanta.requantize %acc{i} : tensor<{target}x!acc{i}> to tensor<{target}x!y{i}>",
            f"  %r{i} = quant.scast %q{i} : tensor<{target}x!y{i}> to tensor<{target}xi8>",
        ]
        value = f"%r{i}"
    result = f"tensor<{target}xi8>"
    return "\n".join(
        aliases
        + [f"func.func @main(%x: {input_type}) -> {result} {{"]
        + body
        + [f"  return {value} : {result}", "}", ""]
    )


# ONNX ------------------------------------------------------------------------


def onnx_model(layers: list, quantized: bool, channels_last: bool) -> onnx.ModelProto:
    """The same as an ONNX model: QDQ form with u8 in and out, or floats.

    ONNX has NCHW only. With `channels_last`, transposes stand at both ends, which
    a runtime that prefers NHWC removes; without, data comes and goes as NCHW.
    """
    nodes, weights = [], []

    def constant(name, array):
        weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    first, last = layers[0], layers[-1]
    conv = is_conv(first)
    if not conv:
        shapes = [[first["m"], first["k"]], [last["m"], last["n"]]]
    else:
        sizes = (first["h"], first["ic"]), (out_size(last), last["oc"])
        shapes = [
            [1, s, s, c] if channels_last else [1, c, s, s] for s, c in sizes
        ]
    value = "input"
    if conv and channels_last:
        value = node("Transpose", [value], "nchw", perm=[0, 3, 1, 2])
    zero = constant("zero", np.uint8(0))
    for i, (layer, p) in enumerate(zip(layers, chain(layers))):
        channel = 0 if is_conv(layer) else 1
        if quantized:
            n = len(p.scales)
            scale = constant(f"x_scale{i}", np.float32(p.input_scale))
            x = node("DequantizeLinear", [value, scale, zero], f"x{i}")
            w = node(
                "DequantizeLinear",
                [
                    constant(f"w{i}", p.weights),
                    constant(f"w_scale{i}", p.scales.astype(np.float32)),
                    constant(f"w_zero{i}", np.zeros(n, np.int8)),
                ],
                f"wf{i}",
                axis=channel,
            )
            b = node(
                "DequantizeLinear",
                [
                    constant(f"b{i}", p.bias),
                    constant(f"b_scale{i}", (p.scales * p.input_scale).astype(np.float32)),
                    constant(f"b_zero{i}", np.zeros(n, np.int32)),
                ],
                f"bf{i}",
                axis=0,
            )
        else:
            x = value
            spread = np.float32(1 / np.sqrt(p.weights.size / len(p.scales)) / 128)
            w = constant(f"w{i}", p.weights.astype(np.float32) * spread)
            b = constant(f"b{i}", p.bias.astype(np.float32) * np.float32(1e-4))
        if is_conv(layer):
            kernel = layer["kernel"]
            y = node(
                "Conv",
                [x, w, b],
                f"y{i}",
                kernel_shape=[kernel, kernel],
                strides=[layer["stride"]] * 2,
                pads=[layer["pad"]] * 4,
                group=layer["g"],
            )
        else:
            y = node("Gemm", [x, w, b], f"y{i}")
        y = node("Relu", [y], f"relu{i}")
        if quantized:
            scale = constant(f"y_scale{i}", np.float32(p.output_scale))
            y = node("QuantizeLinear", [y, scale, zero], f"q{i}")
        value = y
    if conv and channels_last:
        value = node("Transpose", [value], "nhwc", perm=[0, 2, 3, 1])
    nodes[-1].output[0] = "output"
    element = TensorProto.UINT8 if quantized else TensorProto.FLOAT
    if not quantized:
        weights = [w for w in weights if w.name != "zero"]
    graph = helper.make_graph(
        nodes,
        "operation",
        [helper.make_tensor_value_info("input", element, shapes[0])],
        [helper.make_tensor_value_info("output", element, shapes[1])],
        weights,
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )


def linear_onnx(m: int, n: int, k: int) -> onnx.ModelProto:
    """A float layer for dynamic quantization: MatMul and bias."""
    random = np.random.default_rng(3)
    weight = random.standard_normal((k, n), dtype=np.float32) / np.float32(np.sqrt(k))
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["input", "weight"], ["product"], name="product"),
            helper.make_node("Add", ["product", "bias"], ["output"], name="sum"),
        ],
        "linear",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [m, k])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [m, n])],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.zeros(n, np.float32), "bias"),
        ],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
