# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes weights with fewer than 8 bits, or a scale for each block, in other words.

torch-mlir has neither: they become integers of 8 bits, clamped to what fewer bits hold,
with a scale for each index of one dimension, whose result is reshaped.
"""

import math
from typing import Iterator, Optional

from .onnx_graph import bodies, find_constants, fresh_names, walk


def expand_matmul_nbits(model) -> bool:
    """Makes each of ONNX Runtime's products with packed weights one of dequantized ones;
    whether there are any. Those with a feature that has no standard words stay."""
    return _rewrite(model.graph, "packed_weights", _expand_product)


def _expand_product(graph, node, constants: dict, names: Iterator[str]) -> Optional[list]:
    """`A * dequantize(B)^T + bias`, where B has a row of blocks for each column."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    if node.domain != "com.microsoft" or node.op_type != "MatMulNBits":
        return None
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    rows, depth, size = values["N"], values["K"], values["block_size"]
    bits = values.get("bits", 4)
    inputs = [*node.input, "", "", "", ""][:6]
    count = -(-depth // size)
    needed = [name for name in inputs[1:4] if name]
    if bits not in (2, 4, 8) or inputs[4] or values.get("weight_prepacked"):
        return None
    if not all(name in constants for name in needed):
        return None
    arrays = [numpy_helper.to_array(constants[name]) for name in needed]
    if arrays[1].dtype != np.float32:
        return None
    # Zero points in float may lie between integers.
    if len(arrays) == 3 and arrays[2].dtype != np.uint8:
        return None

    def unpack(packed, width: int):
        parts = packed.reshape(rows, -1)[..., None] >> np.arange(0, 8, bits, np.uint8)
        return (parts & ((1 << bits) - 1)).reshape(rows, -1)[:, :width]

    def add(array, kind: int) -> str:
        name = next(names)
        graph.initializer.append(
            helper.make_tensor(name, kind, array.shape, array.ravel().tolist())
            if kind == TensorProto.INT4
            else numpy_helper.from_array(array, name)
        )
        return name

    half = 1 << (bits - 1)
    weights = unpack(arrays[0], count * size)[:, :depth].astype(np.int16) - half
    zero_points = np.zeros((rows, count), np.int16)
    if len(arrays) == 3:
        zero_points += unpack(arrays[2], count).astype(np.int16) - half
    scales = arrays[1].reshape(rows, count)
    kind = TensorProto.INT8 if bits == 8 else TensorProto.INT4
    made = [
        add(weights.astype(np.int8), kind),
        add(scales, TensorProto.FLOAT),
        add(zero_points.astype(np.int8), kind),
    ]
    floats, turned, product = (next(names) for _ in range(3))
    result = [
        helper.make_node(
            "DequantizeLinear", made, [floats], node.name and node.name + "/weights",
            axis=1, block_size=size,
        ),
        helper.make_node("Transpose", [floats], [turned], perm=[1, 0]),
        helper.make_node("MatMul", [inputs[0], turned], [node.output[0]], node.name),
    ]  # fmt: skip
    if inputs[5]:
        result[-1].output[0] = product
        result.append(helper.make_node("Add", [product, inputs[5]], [node.output[0]]))
    return result


def expand_block_gathers(model) -> bool:
    """Makes each of ONNX Runtime's gathers from a table with blocks one from a
    dequantized table; whether there are any."""
    return _rewrite(model.graph, "packed_table", _expand_gather)


def _expand_gather(graph, node, constants: dict, names: Iterator[str]) -> Optional[list]:
    """`gather(dequantize(data), indices)`, where bytes may hold two numbers each."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    if node.domain != "com.microsoft" or node.op_type != "GatherBlockQuantized":
        return None
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    inputs = [*node.input, ""][:4]
    if not all(name in constants for name in (inputs[0], inputs[2], inputs[3]) if name):
        return None
    tensor, bits = constants[inputs[0]], values.get("bits", 4)
    is_packed = tensor.data_type == TensorProto.UINT8
    if (is_packed and bits not in (4, 8)) or _get_bits(tensor.data_type) is None:
        return None
    if numpy_helper.to_array(constants[inputs[2]]).dtype != np.float32:
        return None
    axis = values.get("quantize_axis", 1)

    def unpack(tensor, width: int):
        numbers = numpy_helper.to_array(tensor)
        if not is_packed:
            return _to_signed(tensor)
        if bits == 4:
            parts = np.stack([numbers & 15, numbers >> 4], -1)
            numbers = parts.reshape(*numbers.shape[:-1], -1)[..., :width]
        return (numbers.astype(np.int16) - (1 << (bits - 1))).astype(np.int8)

    kind = TensorProto.INT8 if is_packed and bits == 8 else TensorProto.INT4
    scales = numpy_helper.to_array(constants[inputs[2]])
    data = unpack(tensor, 2 * tensor.dims[-1])
    arrays = [data]
    if inputs[3]:
        arrays.append(unpack(constants[inputs[3]], scales.shape[-1]))
    elif not is_packed:
        arrays.append(np.full(scales.shape, _to_signed_zero(tensor), np.int8))
    else:
        arrays.append(np.zeros(scales.shape, np.int8))
    made = []
    for array in arrays:
        made.append(next(names))
        graph.initializer.append(
            helper.make_tensor(made[-1], kind, array.shape, array.ravel().tolist())
        )
    table = next(names)
    return [
        helper.make_node(
            "DequantizeLinear", [made[0], inputs[2], made[1]], [table],
            node.name and node.name + "/table", axis=axis,
            block_size=values.get("block_size", 128),
        ),
        helper.make_node(
            "Gather", [table, inputs[1]], [node.output[0]], node.name,
            axis=values.get("gather_axis", 0),
        ),
    ]  # fmt: skip


def flatten_blocks(model) -> bool:
    """Changes every dequantization of a constant with fewer than 8 bits or with blocks;
    whether there are any."""
    return _rewrite(model.graph, "blocks", _flatten)


def _rewrite(graph, base: str, rewrite) -> bool:
    """Replaces each node by what `rewrite` makes of it, if that is anything, and drops
    the weights that nothing reads any more."""
    constants = find_constants(graph)
    names = fresh_names(graph, base)
    rewritten = [(node, rewrite(graph, node, constants, names)) for node in graph.node]
    if all(made is None for _, made in rewritten):
        return False
    nodes = [new for node, made in rewritten for new in made or [node]]
    replaced = {n for node, made in rewritten if made for n in node.input}
    read = {value.name for value in graph.output}
    for node in walk(nodes):
        read.update(node.input)
        read.update(value.name for body in bodies(node) for value in body.output)
    unread = replaced - read
    kept = [weight for weight in graph.initializer if weight.name not in unread]
    is_read = lambda node: node.op_type != "Constant" or node.output[0] not in unread
    nodes = [node for node in nodes if is_read(node)]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return True


def _flatten(graph, node, constants: dict, names: Iterator[str]) -> Optional[list]:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    if node.op_type != "DequantizeLinear" or node.domain not in ("", "ai.onnx"):
        return None
    inputs = [name for name in node.input if name]
    if not all(name in constants for name in inputs):
        return None
    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    block = values.get("block_size", 0)
    bits = _get_bits(constants[inputs[0]].data_type)
    if bits is None or (bits == 8 and not block):
        return None
    weights = _to_signed(constants[inputs[0]])
    scales = numpy_helper.to_array(constants[inputs[1]])
    zero_points = (
        _to_signed(constants[inputs[2]])
        if len(inputs) > 2
        else np.zeros(scales.shape, np.int8) + _to_signed_zero(constants[inputs[0]])
    )
    if scales.dtype != np.float32 or scales.shape != zero_points.shape:
        return None
    axis = values.get("axis", 1) + (weights.ndim if values.get("axis", 1) < 0 else 0)
    reshaped = []
    if block:
        if axis >= weights.ndim or scales.ndim != weights.ndim:
            return None
        # The last block may be a part of one: blocks that divide both are as good.
        size = math.gcd(weights.shape[axis], block)
        count = weights.shape[axis] // size
        if count == 0:
            return None
        index = np.arange(count) * size // block
        scales, zero_points = (np.take(a, index, axis) for a in (scales, zero_points))
        split = [*weights.shape[:axis], count, size, *weights.shape[axis + 1 :]]
        order = [i for i in range(len(split)) if i != axis + 1] + [axis + 1]
        whole = weights.shape
        weights = weights.reshape(split).transpose(order)
        reshaped = [weights.shape, np.argsort(order), whole]
        weights = weights.reshape(-1, size)
        scales, zero_points, axis = scales.ravel(), zero_points.ravel(), 0

    if scales.size == 1 and not block:
        scales, zero_points, axis = scales.reshape(()), zero_points.reshape(()), 0
    if scales.ndim > 1 or (scales.ndim == 1 and scales.size != weights.shape[axis]):
        return None
    along = [-1 if dim == axis and scales.ndim else 1 for dim in range(weights.ndim)]
    weights, scales, zero_points = _make_positive(weights, scales, zero_points, along)

    def add(array) -> str:
        graph.initializer.append(numpy_helper.from_array(np.asarray(array), next(names)))
        return graph.initializer[-1].name

    data, result = add(weights), []
    if bits < 8:
        limit = 1 << (bits - 1)
        bounds = [add(np.int8(-limit)), add(np.int8(limit - 1))]
        result.append(helper.make_node("Clip", [data, *bounds], [next(names)]))
        data = result[-1].output[0]
    result.append(
        helper.make_node(
            "DequantizeLinear", [data, add(scales), add(zero_points)], [node.output[0]],
            node.name, axis=axis,
        )
    )  # fmt: skip
    if reshaped:
        shape, order, whole = reshaped
        first, second, result[-1].output[0] = (next(names) for _ in range(3))
        result += [
            helper.make_node("Reshape", [result[-1].output[0], add(np.array(shape))], [first]),
            helper.make_node("Transpose", [first], [second], perm=order.tolist()),
            helper.make_node("Reshape", [second, add(np.array(whole))], [node.output[0]]),
        ]
    return result


def _make_positive(weights, scales, zero_points, along: list):
    """The same products with scales above 0, which `along` reshapes to the weights':
    inverting all bits of both integers changes the sign of their difference."""
    import numpy as np

    invert = -(scales < 0).astype(np.int8)
    is_zero = scales == 0
    zero_points = np.where(is_zero, 0, zero_points ^ invert).astype(np.int8)
    weights = np.where(is_zero.reshape(along), 0, weights ^ invert.reshape(along))
    scales = np.where(is_zero, 1, abs(scales)).astype(np.float32)
    return weights.astype(np.int8), scales, zero_points


def _get_bits(data_type: int) -> Optional[int]:
    """Of a type of integers with at most 8 bits."""
    from onnx import TensorProto

    names = {"INT8": 8, "UINT8": 8, "INT4": 4, "UINT4": 4, "INT2": 2, "UINT2": 2}
    return {getattr(TensorProto, n, None): bits for n, bits in names.items()}.get(data_type)


def _to_signed(tensor):
    """The numbers of a tensor as i8, those of unsigned ones less half of their range."""
    import numpy as np
    from onnx import numpy_helper

    numbers = numpy_helper.to_array(tensor).astype(np.int16)
    return (numbers + _to_signed_zero(tensor)).astype(np.int8)


def _to_signed_zero(tensor) -> int:
    from onnx import TensorProto

    is_unsigned = TensorProto.DataType.Name(tensor.data_type).startswith("UINT")
    return -(1 << (_get_bits(tensor.data_type) - 1)) if is_unsigned else 0
