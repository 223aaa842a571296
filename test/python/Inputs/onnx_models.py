# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small ONNX models, and what tests of the door for them share."""

import importlib.util
import os
import tempfile
import unittest

import numpy as np

import quanta

MISSING = [
    package
    for package in ("onnx", "torch_mlir")
    if importlib.util.find_spec(package) is None
]
HAS_RUNTIME = importlib.util.find_spec("onnxruntime") is not None

if not MISSING:
    import onnx
    import onnx.reference
    from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)
START = RANDOM.bit_generator.state


def weight(name, *shape):
    values = RANDOM.standard_normal(shape).astype(np.float32) * np.float32(0.2)
    return numpy_helper.from_array(values, name)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def make(nodes, inputs, outputs, weights=(), name="main", opset=18, **options):
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    domains = {node.domain for node in nodes} - {""}
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **options)


def linear(op, source, scale, zero, result, **options):
    """A node of quantization or dequantization."""
    return helper.make_node(op, [source, scale, zero], [result], **options)


def perceptron(**options):
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"], name="/first", transB=1),
        helper.make_node("Relu", ["h"], ["r"], name="/relu"),
        helper.make_node("Gemm", ["r", "w1", "b1"], ["y"], name="/second", transB=1),
    ]
    weights = [weight("w0", 24, 16), weight("b0", 24)]
    weights += [weight("w1", 5, 24), weight("b1", 5)]
    return make(
        nodes, [value("x", ["n", 16])], [value("y", ["n", 5])], weights, **options
    )


def run_by_node(path, feeds):
    """What ONNX Runtime makes of each node alone, as ONNX defines it: kernels that it
    makes of several round elsewhere, and saturate where the processor has no exact
    product of bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options).run(None, feeds)


class OnnxTestCase(unittest.TestCase):
    def setUp(self):
        # What a test sees does not depend on those before it.
        RANDOM.bit_generator.state = START
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def save(self, model, name="model.onnx"):
        path = os.path.join(self.folder, name)
        onnx.save(model, path)
        return path

    def compare(self, model, x, **options):
        path = self.save(model)
        module = quanta.load(path, **options)
        feeds = {model.graph.input[0].name: x}
        if HAS_RUNTIME:
            expected = run_by_node(path, feeds)[0]
        else:
            evaluator = onnx.reference.ReferenceEvaluator(model)
            expected = evaluator.run(None, feeds)[0]
        np.testing.assert_allclose(quanta.compile(module)(x), expected, atol=1e-4)
        return module
