# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes zero points so that torch-mlir reads the numbers that they are.

It wants those that ONNX lets a node leave out, and takes unsigned ones of a
`DequantizeLinear` with several for signed ones: 128 for -128.
"""

from typing import Iterator

from .onnx_graph import bodies, find_constants, fresh_names


def add_zero_points(model) -> None:
    """Gives each node that leaves out its zero point the one that ONNX says it has: 0, of
    the type of the integers, for each scale. Where the scale is no constant or the type
    is not known, the node stays as it is."""
    _add(model.graph, {}, {}, fresh_names(model.graph, "zero_points"))


def _add(graph, outside: dict, types: dict, names: Iterator[str]) -> None:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    constants = {**outside, **find_constants(graph)}
    types = {**types, **{name: tensor.data_type for name, tensor in constants.items()}}
    for value in [*graph.input, *graph.value_info]:
        types.setdefault(value.name, value.type.tensor_type.elem_type)
    for node in graph.node:
        for body in bodies(node):
            _add(body, constants, types, names)
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        is_missing = len(node.input) < 3 or not node.input[2]
        if node.op_type == "DequantizeLinear":
            kind = types.get(node.input[0])
        elif not is_missing:
            kind = types.get(node.input[2])
        else:
            chosen = [a.i for a in node.attribute if a.name == "output_dtype" and a.i]
            kind = chosen[0] if chosen else TensorProto.UINT8
        if node.op_type == "QuantizeLinear" and kind:
            types[node.output[0]] = kind
        scale = constants.get(node.input[1])
        if not is_missing or not kind or scale is None:
            continue
        zeros = np.zeros(list(scale.dims), helper.tensor_dtype_to_np_dtype(kind))
        graph.initializer.append(numpy_helper.from_array(zeros, next(names)))
        del node.input[2:]
        node.input.append(graph.initializer[-1].name)


def keep_zero_points(model) -> None:
    """Gives each node whose zero points would be misread others for the same result.

    Constants and their zero points become signed ones, both less by half the range;
    integers from elsewhere become i32, whose zero points are signed anyway.
    """
    _keep(model.graph, {}, fresh_names(model.graph, "zero_points"))


def _keep(graph, outside: dict, names: Iterator[str]) -> None:
    constants = {**outside, **find_constants(graph)}
    nodes = []
    for node in graph.node:
        for body in bodies(node):
            _keep(body, constants, names)
        if _is_misread(node, constants):
            nodes += _correct(graph, node, constants, names)
        nodes.append(node)
    if len(nodes) != len(graph.node):
        del graph.node[:]
        graph.node.extend(nodes)


def _is_misread(node, constants: dict) -> bool:
    from onnx import TensorProto, numpy_helper

    if node.op_type != "DequantizeLinear" or len(node.input) < 3:
        return False
    zero_points = constants.get(node.input[2])
    if zero_points is None:
        return False
    half = {TensorProto.UINT8: 1 << 7, TensorProto.UINT16: 1 << 15}.get(
        zero_points.data_type
    )
    if half is None or not zero_points.dims:
        return False
    numbers = numpy_helper.to_array(zero_points)
    return numbers.size > 1 and bool((numbers >= half).any())


def to_signed(array):
    """Unsigned numbers less half of their range."""
    bits = 8 * array.itemsize
    # Inverting the first bit is the subtraction.
    return (array ^ array.dtype.type(1 << (bits - 1))).view(f"i{array.itemsize}")


def _correct(graph, node, constants: dict, names: Iterator[str]) -> list:
    """Changes the inputs of `node`; returns the nodes that it needs before it."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    def add_constant(array) -> str:
        graph.initializer.append(numpy_helper.from_array(array, next(names)))
        return graph.initializer[-1].name

    data, _, zero_points = node.input[:3]
    numbers = numpy_helper.to_array(constants[zero_points])
    if data in constants:
        node.input[0] = add_constant(to_signed(numpy_helper.to_array(constants[data])))
        node.input[2] = add_constant(to_signed(numbers))
        return []
    node.input[0] = next(names)
    node.input[2] = add_constant(numbers.astype(np.int32))
    for value in [*graph.input, *graph.value_info]:
        if value.name == data:
            wide = graph.value_info.add()
            wide.CopyFrom(value)
            wide.name = node.input[0]
            wide.type.tensor_type.elem_type = TensorProto.INT32
            break
    return [
        helper.make_node("Cast", [data], [node.input[0]], node.name, to=TensorProto.INT32)
    ]
