# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a `ConvTranspose` of ONNX so that torch-mlir takes it.

It takes neither padding that differs between both ends of a dimension, nor an
`output_shape` or `auto_pad` that say how much there is, nor groups of one channel.
"""

from typing import List, Tuple

from ._quanta import Error


def rewrite_conv_transpose(graph, node) -> list:
    """A convolution of the image with zeros between its pixels, with the kernel turned
    around, if each group is a channel; else the node with the padding that both ends
    have, and what is left of its result behind the rest. Where sizes or weights are not
    known, the node stays."""
    from onnx import helper

    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    weights, sizes = graph.constants.get(node.input[1]), graph.sizes(node.input[0])
    kernel = graph.sizes(node.input[1])
    if sizes is None or kernel is None or None in kernel[2:]:
        return [node]
    rank = len(sizes) - 2
    low, high, behind = _get_padding(attributes, sizes[2:], kernel[2:])
    if (
        weights is not None
        and None not in sizes[2:]
        and attributes.get("group", 1) == weights.dims[0]
        and weights.dims[0] > 1
    ):
        return _write_depthwise(graph, node, attributes, sizes, low, high, behind)
    is_plain = attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    if low == high and is_plain and "output_shape" not in attributes:
        return [node]
    return _write_sliced(graph, node, rank, low, high, behind)


def _get_padding(attributes: dict, sizes: list, kernel: list) -> Tuple[List, List, List]:
    """How much of the result is left out at both ends of each dimension, and how much
    follows it."""
    rank = len(sizes)
    ones, zeros = [1] * rank, [0] * rank
    strides, dilations = attributes.get("strides", ones), attributes.get("dilations", ones)
    behind = list(attributes.get("output_padding", zeros))
    pads = list(attributes.get("pads", 2 * zeros))
    mode = attributes.get("auto_pad", b"NOTSET")
    shape = attributes.get("output_shape")
    if shape is None and mode not in (b"SAME_UPPER", b"SAME_LOWER"):
        pads = pads if mode == b"NOTSET" else 2 * zeros
        return pads[:rank], pads[rank:], behind
    if None in sizes:
        raise Error("an output_shape or auto_pad with sizes that are open")
    shape = list(shape or (size * stride for size, stride in zip(sizes, strides)))[-rank:]
    low, high = [], []
    for dim in range(rank):
        whole = (sizes[dim] - 1) * strides[dim] + (kernel[dim] - 1) * dilations[dim] + 1
        padding = max(whole + behind[dim] - shape[dim], 0)
        half = padding // 2
        low.append(half if mode == b"SAME_UPPER" else padding - half)
        high.append(padding - low[dim])
        behind[dim] = shape[dim] - whole + padding
    return low, high, behind


def _write_sliced(graph, node, rank: int, low: list, high: list, behind: list) -> list:
    import numpy as np
    from onnx import helper

    # What follows the result makes up for what is left out there.
    both, starts, ends, rest = [], [], [], []
    for before, after, more in zip(low, high, behind):
        after, more = max(after - more, 0), max(more - after, 0)
        both.append(min(before, after))
        starts.append(before - both[-1])
        ends.append(both[-1] - after or np.iinfo(np.int64).max)
        rest.append(more)
    dropped = ("auto_pad", "output_shape", "output_padding", "pads")
    kept = [a for a in node.attribute if a.name not in dropped]
    del node.attribute[:]
    node.attribute.extend(kept)
    for name, values in (("pads", both + both), ("output_padding", rest)):
        node.attribute.append(helper.make_attribute(name, values))
    if not any(starts) and min(ends) > 0:
        return [node]
    bounds = [
        graph.add_constant(np.array(numbers, np.int64))
        for numbers in (starts, ends, range(2, 2 + rank))
    ]
    whole = next(graph.names)
    slice_ = helper.make_node("Slice", [whole, *bounds], node.output, f"{node.name}/Slice")
    node.output[0] = whole
    return [node, slice_]


def _write_depthwise(
    graph, node, attributes: dict, sizes: list, before: list, after: list, behind: list
) -> list:
    import numpy as np
    from onnx import helper, numpy_helper

    weights = graph.constants[node.input[1]]
    rank = len(sizes) - 2
    dims = range(rank)
    ones = [1] * rank
    strides, dilations = attributes.get("strides", ones), attributes.get("dilations", ones)
    nodes = []

    def add(kind: str, value: str, *numbers) -> str:
        inputs = [value, *(graph.add_constant(np.array(n, np.int64)) for n in numbers)]
        nodes.append(helper.make_node(kind, inputs, [next(graph.names)]))
        return nodes[-1].output[0]

    value = node.input[0]
    if max(strides) > 1:
        value = add("Unsqueeze", value, [3 + 2 * dim for dim in dims])
        apart = [0, 0, *(width for dim in dims for width in (0, strides[dim] - 1))]
        value = add("Pad", value, [0] * len(apart) + apart)
        value = add(
            "Reshape", value, [0, 0, *(sizes[2 + dim] * strides[dim] for dim in dims)]
        )
    kernel = numpy_helper.to_array(weights)
    reach = [dilations[dim] * (kernel.shape[2 + dim] - 1) for dim in dims]
    low = [reach[dim] - before[dim] for dim in dims]
    # Behind the last pixel there are no zeros of the image's.
    high = [
        reach[dim] - after[dim] + behind[dim] - (strides[dim] - 1) for dim in dims
    ]
    if min(low + high) < 0:
        value = add("Pad", value, [0, 0, *low, 0, 0, *high])
        low = high = [0] * rank
    turned = np.flip(kernel, tuple(2 + dim for dim in dims)).reshape(
        -1, 1, *kernel.shape[2:]
    )
    inputs = [value, graph.add_constant(np.ascontiguousarray(turned)), *node.input[2:]]
    nodes.append(
        helper.make_node(
            "Conv", inputs, node.output, node.name, group=weights.dims[0],
            dilations=dilations, pads=low + high, kernel_shape=list(kernel.shape[2:]),
        )
    )  # fmt: skip
    return nodes
