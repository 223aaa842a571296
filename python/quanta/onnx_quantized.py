# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes nodes that compute with quantized tensors as float ones between casts.

ONNX's own `QLinearConv` and `QLinearMatMul`, and those that ONNX Runtime adds to them,
say with one node what the QDQ form says with several: each input is dequantized, and
the result quantized. torch-mlir takes few of them, and rounds the bias of a convolution
whose weights have several scales.
"""

from typing import Iterator, List, Optional

from ._quanta import Error
from .onnx_graph import bodies, find_constants, fresh_names

BINARY = {"QLinearAdd": "Add", "QLinearMul": "Mul"}
UNARY = {
    "QLinearAveragePool": "AveragePool",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearSigmoid": "Sigmoid",
    "QLinearSoftmax": "Softmax",
}


def rewrite_quantized(model, path: str) -> None:
    """Changes such nodes, those of branches and loops too.

    Raises:
      quanta.Error: one of them has no QDQ form; names all that have none.
    """
    refused: List[str] = []
    _rewrite(model.graph, {}, fresh_names(model.graph, "quantized"), refused)
    if refused:
        what = "an operation that is" if len(refused) == 1 else "operations that are"
        raise Error(f"'{path}' has {what} not supported:\n" + "\n".join(refused))


def _rewrite(proto, outside: dict, names: Iterator[str], refused: List[str]) -> None:
    constants = {**outside, **find_constants(proto)}
    nodes = []
    for node in proto.node:
        for body in bodies(node):
            _rewrite(body, constants, names, refused)
        try:
            nodes += _Writer(proto, node, constants, names).write() or [node]
        except Error as error:
            refused.append(f"  '{node.name}' ({node.op_type}): {error}")
    del proto.node[:]
    proto.node.extend(nodes)


class _Writer:
    """Writes one node."""

    def __init__(self, graph, node, constants: dict, names: Iterator[str]):
        from onnx import helper

        self.graph, self.node, self.constants, self.names = graph, node, constants, names
        self.inputs = list(node.input)
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.made: list = []

    def write(self) -> Optional[list]:
        """The nodes in its place; None if it stays."""
        kind, domain = self.node.op_type, self.node.domain
        if domain in ("", "ai.onnx") and kind == "QLinearConv":
            self.write_conv()
        elif kind == "QLinearMatMul" and domain in ("", "ai.onnx", "com.microsoft"):
            factors = [self.dequantize(0), self.dequantize(3, self.last_dim(3))]
            self.compute("MatMul", factors, self.inputs[6:8])
        elif domain != "com.microsoft":
            return None
        elif kind in BINARY:
            self.compute(
                BINARY[kind], [self.dequantize(0), self.dequantize(3)], self.inputs[6:8]
            )
        elif kind in UNARY:
            self.write_unary(UNARY[kind])
        elif kind == "QLinearConcat":
            parts = range(2, len(self.inputs), 3)
            self.compute(
                "Concat", [self.dequantize(part) for part in parts], self.inputs[:2],
                **self.attributes,
            )  # fmt: skip
        elif kind == "QGemm":
            self.write_gemm()
        return self.made or None

    def write_conv(self) -> None:
        inputs = [self.dequantize(0), self.dequantize(3, axis=0)]
        if len(self.inputs) > 8 and self.inputs[8]:
            inputs.append(self.dequantize_bias(8))
        self.compute("Conv", inputs, self.inputs[6:8], **self.attributes)

    def write_gemm(self) -> None:
        axis = 0 if self.attributes.get("transB") else 1
        inputs = [self.dequantize(0), self.dequantize(3, axis)]
        if len(self.inputs) > 6 and self.inputs[6]:
            if self.attributes.get("alpha", 1.0) != 1.0:
                raise Error("a bias beside an alpha that is not 1")
            inputs.append(self.dequantize_bias(6))
        self.compute("Gemm", inputs, self.inputs[7:9], **self.attributes)

    def write_unary(self, kind: str) -> None:
        if self.attributes.pop("channels_last", 0):
            raise Error("channels behind rows and columns: export the model in QDQ form")
        if self.attributes.pop("opset", 13) < 13:
            raise Error("softmax as before operator set 13: export the model in QDQ form")
        self.compute(kind, [self.dequantize(0)], self.inputs[3:5], **self.attributes)

    def last_dim(self, position: int) -> int:
        tensor = self.constants.get(self.inputs[position])
        return len(tensor.dims) - 1 if tensor is not None else 1

    def numbers(self, position: int):
        """The constant that is an input."""
        from onnx import numpy_helper

        tensor = self.constants.get(self.inputs[position])
        if tensor is None:
            raise Error(
                "a scale or a zero point that is no constant: export the model in QDQ form"
            )
        return numpy_helper.to_array(tensor)

    def constant(self, array) -> str:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(array, next(self.names)))
        self.constants[self.graph.initializer[-1].name] = self.graph.initializer[-1]
        return self.graph.initializer[-1].name

    def add(self, kind: str, inputs: list, name: str, **attributes) -> str:
        from onnx import helper

        self.made.append(
            helper.make_node(kind, inputs, [next(self.names)], name, **attributes)
        )
        return self.made[-1].output[0]

    def parameters(self, scale: int, zero_point: int) -> list:
        """Names of a scale and a zero point, scalars if they are for all elements."""
        scales, zero_points = self.numbers(scale), self.numbers(zero_point)
        if scales.size == 1 and zero_points.size == 1:
            return [self.constant(scales.reshape(())), self.constant(zero_points.reshape(()))]
        shape = max(scales.shape, zero_points.shape)
        if len(shape) > 1:
            raise Error("scales along several dimensions: export the model in QDQ form")
        scales = scales if scales.size > 1 else scales.repeat(shape[0])
        zero_points = zero_points if zero_points.size > 1 else zero_points.repeat(shape[0])
        return [self.constant(scales), self.constant(zero_points)]

    def dequantize(self, position: int, axis: Optional[int] = None) -> str:
        """The input there, whose scale and zero point come next, in float."""
        inputs = [self.inputs[position], *self.parameters(position + 1, position + 2)]
        if self.constants[inputs[1]].dims and axis is None:
            raise Error("an activation with several scales: export the model in QDQ form")
        options = {"axis": axis} if self.constants[inputs[1]].dims else {}
        return self.add(
            "DequantizeLinear", inputs, f"{self.node.name}/DequantizeLinear", **options
        )

    def dequantize_bias(self, position: int) -> str:
        """A bias is at the scale of the sums, the product of both factors'. Several
        scales are along its last dimension, which a constant may leave out."""
        import numpy as np
        from onnx import numpy_helper

        scale = (self.numbers(1).reshape(-1) * self.numbers(4).reshape(-1)).astype(np.float32)
        if scale.size == 1:
            scale = scale.reshape(())
        zero_points = np.zeros(scale.shape, np.int32)
        bias, axis = self.inputs[position], 0
        if scale.ndim and bias in self.constants:
            values = numpy_helper.to_array(self.constants[bias])
            shape = (*values.shape[:-1], scale.size)
            bias = self.constant(np.broadcast_to(values, shape).copy())
            axis = len(shape) - 1
        elif scale.ndim and self.node.op_type == "QGemm":
            raise Error("a bias that is no constant beside several scales")
        inputs = [bias, self.constant(scale), self.constant(zero_points)]
        options = {"axis": axis} if scale.ndim else {}
        return self.add(
            "DequantizeLinear", inputs, f"{self.node.name}/DequantizeLinear", **options
        )

    def compute(self, kind: str, inputs: list, result: list, **attributes) -> None:
        """The float node, with the name of the whole, and the cast of its result, of
        which `result` are scale and zero point; without them it stays in float."""
        value = self.add(kind, inputs, self.node.name, **attributes)
        if not result or not result[0]:
            self.made[-1].output[0] = self.node.output[0]
            return
        positions = [self.inputs.index(name) for name in result]
        self.add(
            "QuantizeLinear", [value, *self.parameters(*positions)],
            f"{self.node.name}/QuantizeLinear",
        )  # fmt: skip
        self.made[-1].output[0] = self.node.output[0]
