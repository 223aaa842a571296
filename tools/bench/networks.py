# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole networks with random weights, as ONNX files.

Shapes are those of the published architectures: ResNet-50 (He et al., CVPR 2016,
with the stride in the 3x3 convolution), MobileNetV2 (Sandler et al., CVPR 2018)
and one encoder layer of BERT-base (Devlin et al., NAACL 2019). Batch norm is
folded into the convolutions, as every tool for inference does. Speed depends on
shapes only; weights are scaled so that activations neither vanish nor overflow.
"""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18


class Graph:
    """Builds a graph one node at a time; values are known by their names."""

    def __init__(self, name: str, shape, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.name, self.shape = name, list(shape)
        self.nodes, self.weights = [], []

    def constant(self, array: np.ndarray) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=name, **attributes)
        )
        return name

    def normal(self, shape, deviation: float) -> str:
        values = self.random.standard_normal(shape, dtype=np.float32)
        return self.constant(values * np.float32(deviation))

    def conv(self, x, channels, out, kernel=1, stride=1, groups=1, gain=2.0) -> str:
        taps = channels // groups * kernel * kernel
        return self.node(
            "Conv",
            x,
            self.normal((out, channels // groups, kernel, kernel), math.sqrt(gain / taps)),
            self.normal((out,), 0.1),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
            group=groups,
        )

    def linear(self, x, inputs, outputs) -> str:
        product = self.node(
            "MatMul", x, self.normal((inputs, outputs), 1 / math.sqrt(inputs))
        )
        return self.node("Add", product, self.normal((outputs,), 0.1))

    def gemm(self, x, inputs, outputs) -> str:
        weight = self.normal((outputs, inputs), math.sqrt(2 / inputs))
        return self.node("Gemm", x, weight, self.normal((outputs,), 0.1), transB=1)

    def model(self, output: str, shape) -> onnx.ModelProto:
        self.nodes[-1].output[0] = "output"
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, list(shape))],
            self.weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10
        )
        onnx.checker.check_model(model)
        return model


def mlp(batch: int) -> onnx.ModelProto:
    """784-256-ReLU-10."""
    g = Graph("mlp", (batch, 784))
    hidden = g.node("Relu", g.gemm("input", 784, 256))
    return g.model(g.gemm(hidden, 256, 10), (batch, 10))


def resnet50(batch: int) -> onnx.ModelProto:
    g = Graph("resnet50", (batch, 3, 224, 224))
    x = g.node("Relu", g.conv("input", 3, 64, kernel=7, stride=2))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = g.node("Relu", g.conv(x, channels, width))
            y = g.node("Relu", g.conv(y, width, width, kernel=3, stride=stride))
            y = g.conv(y, width, 4 * width, gain=0.5)
            if not block:
                x = g.conv(x, channels, 4 * width, stride=stride, gain=1.0)
            x = g.node("Relu", g.node("Add", y, x))
            channels = 4 * width
    x = g.node("Flatten", g.node("GlobalAveragePool", x))
    return g.model(g.gemm(x, 2048, 1000), (batch, 1000))


def mobilenet_v2(batch: int) -> onnx.ModelProto:
    g = Graph("mobilenet_v2", (batch, 3, 224, 224))
    low, high = g.constant(np.float32(0)), g.constant(np.float32(6))

    def relu6(x):
        return g.node("Clip", x, low, high)

    x, channels = relu6(g.conv("input", 3, 32, kernel=3, stride=2)), 32
    for expand, out, blocks, first_stride in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for block in range(blocks):
            stride, inner = (first_stride if not block else 1), expand * channels
            y = relu6(g.conv(x, channels, inner)) if expand > 1 else x
            y = relu6(
                g.conv(y, inner, inner, kernel=3, stride=stride, groups=inner)
            )
            y = g.conv(y, inner, out, gain=1.0)
            x = g.node("Add", x, y) if stride == 1 and channels == out else y
            channels = out
    x = relu6(g.conv(x, 320, 1280))
    x = g.node("Flatten", g.node("GlobalAveragePool", x))
    return g.model(g.gemm(x, 1280, 1000), (batch, 1000))


def bert_layer(batch: int, length: int = 128) -> onnx.ModelProto:
    """Self-attention with 12 heads of 64, and a feed-forward part of 3072."""
    width, heads, inner = 768, 12, 3072
    g = Graph("bert_layer", (batch, length, width))
    split = g.constant(np.array([batch, length, heads, width // heads], np.int64))
    merged = g.constant(np.array([batch, length, width], np.int64))
    ones = g.constant(np.ones(width, np.float32))
    zeros = g.constant(np.zeros(width, np.float32))

    def norm(x):
        return g.node("LayerNormalization", x, ones, zeros, axis=-1, epsilon=1e-12)

    def head(permutation):
        x = g.node("Reshape", g.linear("input", width, width), split)
        return g.node("Transpose", x, perm=permutation)

    query, key = head([0, 2, 1, 3]), head([0, 2, 3, 1])
    value = head([0, 2, 1, 3])
    scores = g.node("MatMul", query, key)
    root = g.constant(np.float32(math.sqrt(width // heads)))
    weights = g.node("Softmax", g.node("Div", scores, root), axis=-1)
    mixed = g.node("Transpose", g.node("MatMul", weights, value), perm=[0, 2, 1, 3])
    mixed = g.linear(g.node("Reshape", mixed, merged), width, width)
    x = norm(g.node("Add", mixed, "input"))
    y = g.linear(x, width, inner)
    error = g.node("Erf", g.node("Div", y, g.constant(np.float32(math.sqrt(2)))))
    error = g.node("Add", error, g.constant(np.float32(1)))
    y = g.node("Mul", g.node("Mul", y, error), g.constant(np.float32(0.5)))
    y = g.node("Add", g.linear(y, inner, width), x)
    return g.model(norm(y), (batch, length, width))


def identity(batch: int) -> onnx.ModelProto:
    """Nothing at all: what calling a network costs."""
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [batch, 16])
        for name in ("input", "output")
    ]
    node = helper.make_node("Identity", ["input"], ["output"])
    graph = helper.make_graph([node], "identity", ends[:1], ends[1:])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )


NETWORKS = {
    "identity": identity,
    "mlp": mlp,
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "bert_layer": bert_layer,
}


def sample(model: onnx.ModelProto, seed: int) -> np.ndarray:
    """Random data for the model's input."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    random = np.random.default_rng(seed)
    return random.standard_normal([d.dim_value for d in dims], dtype=np.float32)


def macs(model: onnx.ModelProto) -> int:
    """Multiply-accumulates of all contractions, without those that meet padding."""
    inferred = onnx.shape_inference.infer_shapes(model)
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in [*inferred.graph.value_info, *inferred.graph.output, *inferred.graph.input]
    }
    shapes.update({w.name: list(w.dims) for w in model.graph.initializer})
    total = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            stride, pad = attributes["strides"][0], attributes["pads"][0]
            (batch, _, size, _), (out, depth, kernel, _) = (
                shapes[name] for name in node.input[:2]
            )
            taps = sum(
                0 <= position * stride + tap - pad < size
                for position in range(shapes[node.output[0]][2])
                for tap in range(kernel)
            )
            total += batch * taps * taps * depth * out
        elif node.op_type in ("MatMul", "Gemm"):
            total += int(np.prod(shapes[node.output[0]])) * shapes[node.input[0]][-1]
    return total
