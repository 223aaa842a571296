# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which elements a `Resize` in ONNX takes, where torch-mlir does not know.

It takes the nearest element at few coordinates only, and multiplies sizes with scales
of f32 in f64: 5 by 1.4 is 6 there, where it is to be 7.
"""

from ._quanta import Error

# What torch-mlir does with the nearest element.
KNOWN = (b"half_pixel", b"asymmetric")


def rewrite_resize(graph, node) -> list:
    """Gathers along each dimension, or the node with sizes in the place of scales."""
    import numpy as np
    from onnx import helper

    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    is_nearest = attributes.get("mode", b"nearest") == b"nearest"
    place = attributes.get("coordinate_transformation_mode", b"half_pixel")
    is_known = not is_nearest or place in KNOWN
    inputs = [*node.input, "", "", ""][:4]
    sizes = graph.sizes(inputs[0])
    scales = graph.numbers(node, 2) if inputs[2] else None
    results = graph.numbers(node, 3) if inputs[3] else None
    axes = attributes.get("axes", list(range(len(sizes or []))))
    if sizes is None or None in [sizes[axis] for axis in axes] or not (scales or results):
        if is_known:
            return [node]
        raise Error(
            f"coordinates '{place.decode()}' of the nearest element, with open sizes"
        )
    if attributes.get("keep_aspect_ratio_policy", b"stretch") != b"stretch":
        return [node]
    given = [sizes[axis] for axis in axes]
    if scales:
        scales = [np.float32(scale) for scale in scales]
        results = [int(np.floor(np.float32(n) * s)) for n, s in zip(given, scales)]
        misread = [int(np.floor(n * float(s))) for n, s in zip(given, scales)]
        if is_known and misread == results:
            return [node]
    else:
        if is_known:
            return [node]
        scales = [np.float32(m) / np.float32(n) for m, n in zip(results, given)]
    if not is_nearest:
        return [_with_sizes(graph, node, inputs, given, results, scales)]
    return _gather(graph, node, attributes, axes, given, results, scales)


def _with_sizes(graph, node, inputs, given, results, scales):
    import numpy as np

    if any(np.float32(m) / np.float32(n) != s for m, n, s in zip(results, given, scales)):
        raise Error("a scale of which rounding decides what the size of the result is")
    node.input[:] = [*inputs[:2], "", graph.add_constant(np.array(results, np.int64))]
    return node


def _gather(graph, node, attributes, axes, given, results, scales) -> list:
    import numpy as np
    from onnx import helper

    made, value = [], node.input[0]
    for axis, size, result, scale in zip(axes, given, results, scales):
        index = _nearest(attributes, size, result, scale)
        if index.tolist() == list(range(size)):
            continue
        made.append(
            helper.make_node(
                "Gather", [value, graph.add_constant(index)], [next(graph.names)],
                axis=axis,
            )
        )  # fmt: skip
        value = made[-1].output[0]
    if not made:
        made.append(helper.make_node("Identity", [value], node.output))
    made[-1].name = node.name
    made[-1].output[0] = node.output[0]
    return made


def _nearest(attributes, size: int, result: int, scale):
    """The index that each element of the result has in a dimension, as ONNX Runtime
    computes it in f32."""
    import numpy as np

    place = attributes.get("coordinate_transformation_mode", b"half_pixel")
    to, one, half = np.arange(result, dtype=np.float32), np.float32(1), np.float32(0.5)
    # What has its size stays where it is, wherever its elements are.
    if scale == one:
        at = to
    elif place == b"align_corners":
        steps = np.float32(result - 1)
        at = to * np.float32(size - 1) / steps if result > 1 else to * 0
    elif place == b"asymmetric":
        at = to / scale
    elif place == b"half_pixel":
        at = (to + half) / scale - half
    elif place == b"pytorch_half_pixel":
        at = (to + half) / scale - half if result > 1 else to * 0
    else:
        raise Error(f"coordinates '{place.decode()}' of the nearest element")
    rounding = attributes.get("nearest_mode", b"round_prefer_floor")
    index = {
        b"round_prefer_floor": lambda: np.ceil(at - half),
        b"round_prefer_ceil": lambda: np.floor(at + half),
        b"floor": lambda: np.floor(at),
        b"ceil": lambda: np.ceil(at),
    }[rounding]()
    return np.clip(index, 0, size - 1).astype(np.int64)
