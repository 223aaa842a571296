# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes quantized tensors of unsigned words as such of signed ones.

torch-mlir has no type for the former. Integers and zero points that are both less by
half of the range stand for the same numbers.
"""

from .onnx_graph import find_constants
from .onnx_zero_points import to_signed

# What takes integers as they come.
MOVES = {"Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split",
         "Squeeze", "Transpose", "Unsqueeze"}  # fmt: skip
CASTS = {"QuantizeLinear", "DequantizeLinear"}


def make_words_signed(model) -> None:
    """Changes every unsigned word of the model, if nothing but quantization and moves
    reads or writes them."""
    from onnx import TensorProto

    graph = model.graph
    for value in [*graph.input, *graph.output]:
        if value.type.tensor_type.elem_type == TensorProto.UINT16:
            return
    constants = find_constants(graph)
    words = {n for n, t in constants.items() if t.data_type == TensorProto.UINT16}
    for node in graph.node:
        # What a quantization makes has the type of its zero point.
        if node.op_type == "QuantizeLinear" and len(node.input) > 2 and node.input[2] in words:
            words.add(node.output[0])
        elif node.op_type in MOVES and words & {*node.input}:
            words.update(node.output)
    for node in graph.node:
        others = {*node.input, *node.output} & words
        if others and node.op_type not in MOVES | CASTS | {"Constant"}:
            return
    for name in words & set(constants):
        _make_signed(constants[name])
    for value in graph.value_info:
        if value.name in words:
            value.type.tensor_type.elem_type = TensorProto.INT16
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "output_dtype" and attribute.i == TensorProto.UINT16:
                attribute.i = TensorProto.INT16


def _make_signed(tensor) -> None:
    from onnx import numpy_helper

    signed = to_signed(numpy_helper.to_array(tensor))
    tensor.CopyFrom(numpy_helper.from_array(signed, tensor.name))
