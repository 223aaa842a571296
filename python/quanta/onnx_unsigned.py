# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes operations on unsigned integers that torch-mlir takes for signed ones in
another form for the same result, where there is one."""

from typing import Iterator, List, Optional

from ._quanta import Error
from .onnx_graph import bodies, find_constants, fresh_names

# What does not depend on the sign, and what torch-mlir knows it of.
RIGHT = {
    "Add", "ArgMax", "ArgMin", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr",
    "BitwiseXor", "Cast", "CastLike", "CenterCropPad", "Compress", "Concat", "Constant",
    "ConstantOfShape", "CumSum", "DepthToSpace", "DequantizeLinear", "Dropout", "Equal",
    "Expand", "EyeLike", "Flatten", "Gather", "GatherElements", "GatherND", "Greater",
    "GreaterOrEqual", "Identity", "If", "Less", "LessOrEqual", "Loop", "Max", "Min", "Mul",
    "NonZero", "OneHot", "Pad", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "ReduceMax",
    "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Scan", "Shape", "Sign", "Size",
    "Slice", "SpaceToDepth", "Split", "Squeeze", "Sub", "Sum", "Tile", "Transpose", "Trilu",
    "Unsqueeze", "Where",
}  # fmt: skip
# What gives a result of the type of its first input.
ALIKE = {
    "Add", "Clip", "Concat", "Expand", "Flatten", "Gather", "Identity", "Max", "MaxPool", "Min",
    "Mul", "Pad", "ReduceMax", "ReduceMin", "Relu", "Reshape", "Slice", "Split", "Squeeze",
    "Sub", "Tile", "Transpose", "Unsqueeze",
}  # fmt: skip
# Which of an operation's inputs are no data of its type.
INDICES = {"Resize": (1, 2, 3), "ScatterElements": (1,), "ScatterND": (1,), "TopK": (1,)}


def rewrite_unsigned(model, path: str) -> None:
    """Changes such nodes, those of branches and loops too.

    Raises:
      quanta.Error: one of them cannot be written otherwise; names all that cannot.
    """
    refused: List[str] = []
    _rewrite(model.graph, {}, {}, fresh_names(model.graph, "unsigned"), refused)
    if refused:
        what = "an operation that is" if len(refused) == 1 else "operations that are"
        raise Error(f"'{path}' has {what} not supported:\n" + "\n".join(refused))


def _rewrite(graph, outside: dict, weights: dict, names: Iterator[str], refused: list) -> None:
    weights = {**weights, **find_constants(graph)}
    types = {**outside, **{name: weight.data_type for name, weight in weights.items()}}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        if kind := value.type.tensor_type.elem_type:
            types[value.name] = kind
    writer, nodes = _Writer(graph, types, names), []
    for node in graph.node:
        writer.note_types(node)
        for body in bodies(node):
            _rewrite(body, types, weights, names, refused)
        try:
            nodes += writer.write(node)
        except Error as error:
            refused.append(f"  '{node.name}' ({node.op_type}): {error}")
    del graph.node[:]
    graph.node.extend(nodes)


class _Writer:
    """Writes the nodes of one graph."""

    def __init__(self, graph, types: dict, names: Iterator[str]):
        from onnx import TensorProto

        self.graph, self.types, self.names = graph, types, names
        # Signed types with room for every number of the unsigned ones.
        self.wider = {TensorProto.UINT8: TensorProto.INT32, TensorProto.UINT16: TensorProto.INT32}
        self.unsigned = {*self.wider, TensorProto.UINT32, TensorProto.UINT64}

    def note_types(self, node) -> None:
        """Types that follow from the node where the model does not say them."""
        kind: Optional[int] = None
        if node.op_type in ALIKE:
            kind = self.types.get(node.input[0])
        elif node.op_type == "Cast":
            kind = next((a.i for a in node.attribute if a.name == "to"), None)
        elif node.op_type == "QuantizeLinear" and len(node.input) > 2:
            kind = self.types.get(node.input[2])
        if kind:
            self.types.setdefault(node.output[0], kind)

    def write(self, node) -> list:
        """The nodes in its place."""
        skipped = INDICES.get(node.op_type, ())
        data = [
            position
            for position, name in enumerate(node.input)
            if position not in skipped and self.types.get(name) in self.unsigned
        ]
        if not data or node.domain not in ("", "ai.onnx") or node.op_type in RIGHT:
            return [node]
        if node.op_type == "Resize" and self.is_nearest(node):
            return [node]
        if node.op_type == "Clip":
            return self.write_clip(node)
        if node.op_type in ("Abs", "PRelu", "Relu"):
            # No number is less than 0.
            node.op_type = "Identity"
            del node.input[1:], node.attribute[:]
            return [node]
        if node.op_type == "ReduceL1":
            node.op_type = "ReduceSum"
            return [node]
        if node.op_type in ("ConvInteger", "MatMulInteger"):
            return self.write_zero_points(node)
        return self.widen(node, data)

    def is_nearest(self, node) -> bool:
        return all(a.s == b"nearest" for a in node.attribute if a.name == "mode")

    def write_clip(self, node) -> list:
        """As the operations that it is made of, of which torch-mlir knows the sign."""
        from onnx import helper

        nodes, value = [], node.input[0]
        for kind, bound in zip(("Max", "Min"), node.input[1:]):
            if bound:
                nodes.append(
                    helper.make_node(kind, [value, bound], [next(self.names)], node.name)
                )
                value = nodes[-1].output[0]
        if not nodes:
            nodes.append(helper.make_node("Identity", [value], [""], node.name))
        nodes[-1].output[0] = node.output[0]
        return nodes

    def write_zero_points(self, node) -> list:
        """With zero points, the integers that they belong to have their type."""
        import numpy as np
        from onnx import helper, numpy_helper

        node.input.extend([""] * (4 - len(node.input)))
        for position in (0, 1):
            kind = self.types.get(node.input[position])
            if kind and not node.input[position + 2]:
                zero = np.zeros((), helper.tensor_dtype_to_np_dtype(kind))
                weight = numpy_helper.from_array(zero, next(self.names))
                self.graph.initializer.append(weight)
                node.input[position + 2] = weight.name
        while not node.input[-1]:
            del node.input[-1]
        return [node]

    def widen(self, node, data: list) -> list:
        """Computes with signed numbers of a wider type."""
        from onnx import helper

        kinds = {self.types[node.input[position]] for position in data}
        kinds |= {self.types.get(name) for name in node.output} & self.unsigned
        if not kinds <= set(self.wider):
            raise Error("torch-mlir takes its unsigned integers for signed ones")
        # The node keeps its name: it is how people know a layer.
        nodes, after, cast = [], [], f"{node.name}/Cast"
        for position in data:
            name = next(self.names)
            wide = self.wider[self.types[node.input[position]]]
            nodes.append(
                helper.make_node("Cast", [node.input[position]], [name], cast, to=wide)
            )
            node.input[position] = name
        for position, name in enumerate(node.output):
            kind = self.types.get(name)
            # By what the operation is, its first result has the type of its data.
            if not kind and name and position == 0:
                raise Error("the type of its result is not known")
            if kind not in self.unsigned:
                continue
            wide = next(self.names)
            after.append(helper.make_node("Cast", [wide], [name], cast, to=kind))
            node.output[position] = wide
        return [*nodes, node, *after]
