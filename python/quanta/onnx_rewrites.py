# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes nodes whose attributes torch-mlir overlooks so that it does not.

It computes `Gemm` without a bias as if `alpha` were 1, divides at the border of an
`AveragePool` with `ceil_mode` and `count_include_pad` by the whole window, does not come
to an end of a `Pad` that wraps around, scales groups that a `GroupNormalization`
normalizes as channels, has another constant in the approximation of a `Gelu` by tanh,
and counts the indices of a `MaxPool` within each channel.
"""

from typing import Iterator, List, Optional

from ._quanta import Error
from .onnx_graph import bodies, find_constants, fresh_names
from .onnx_resize import rewrite_resize
from .onnx_transposed import rewrite_conv_transpose


def rewrite_nodes(model, path: str) -> None:
    """Changes such nodes, those of branches and loops too.

    Raises:
      quanta.Error: one of them cannot be written otherwise; names all that cannot.
    """
    refused: List[str] = []
    _rewrite(model.graph, {}, fresh_names(model.graph, "rewritten"), refused)
    if refused:
        what = "an operation that is" if len(refused) == 1 else "operations that are"
        raise Error(f"'{path}' has {what} not supported:\n" + "\n".join(refused))


class _Graph:
    """A graph with what is known of its values."""

    def __init__(self, graph, outside: dict, names: Iterator[str]):
        self.proto, self.names = graph, names
        self.constants = {**outside, **find_constants(graph)}
        self.types = {
            value.name: value.type.tensor_type
            for value in [*graph.input, *graph.value_info, *graph.output]
        }

    def add_constant(self, array) -> str:
        from onnx import numpy_helper

        self.proto.initializer.append(numpy_helper.from_array(array, next(self.names)))
        return self.proto.initializer[-1].name

    def sizes(self, name: str) -> Optional[List[Optional[int]]]:
        """The sizes of a tensor, None for those that are open; None if nothing is known."""
        if name in self.constants:
            return list(self.constants[name].dims)
        known = self.types.get(name)
        if known is None or not known.HasField("shape"):
            return None
        # 0 is how some tools write an open size.
        return [d.dim_value or None for d in known.shape.dim]

    def numbers(self, node, position: int) -> Optional[List[int]]:
        """The constant that a node reads; None if it is none."""
        from onnx import numpy_helper

        tensor = self.constants.get(node.input[position])
        return None if tensor is None else numpy_helper.to_array(tensor).tolist()


def _rewrite(proto, outside: dict, names: Iterator[str], refused: List[str]) -> None:
    graph = _Graph(proto, outside, names)
    nodes = []
    for node in proto.node:
        for body in bodies(node):
            _rewrite(body, graph.constants, names, refused)
        rewrite = _REWRITES.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        try:
            made = rewrite(graph, node) if rewrite else [node]
            # What does the node's work keeps its name: it is how people know a layer.
            for prepared in made[:-1] if made[-1].name == node.name else []:
                prepared.name = f"{node.name}/{prepared.op_type}"
            nodes += made
        except Error as error:
            refused.append(f"  '{node.name}' ({node.op_type}): {error}")
    del proto.node[:]
    proto.node.extend(nodes)


def _attributes(node) -> dict:
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _set(node, **values) -> None:
    from onnx import helper

    kept = [a for a in node.attribute if a.name not in values]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(helper.make_attribute(k, v) for k, v in values.items())


def _rewrite_gemm(graph: _Graph, node) -> list:
    """With a bias of zero, `alpha` counts."""
    import numpy as np
    from onnx import helper

    has_bias = len(node.input) > 2 and node.input[2]
    if has_bias or _attributes(node).get("alpha", 1.0) == 1.0:
        return [node]
    known = next(
        (graph.constants[n].data_type for n in node.input if n in graph.constants), None
    )
    kind = known or getattr(graph.types.get(node.input[0]), "elem_type", 0) or 1
    zero = np.zeros(1, helper.tensor_dtype_to_np_dtype(kind))
    del node.input[2:]
    node.input.append(graph.add_constant(zero))
    return [node]


def _rewrite_average_pool(graph: _Graph, node) -> list:
    """What is counted is what there is of the padded image, then without padding."""
    import numpy as np
    from onnx import helper

    attributes = _attributes(node)
    has_own_pads = attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    if not (
        attributes.get("ceil_mode") and attributes.get("count_include_pad") and has_own_pads
    ):
        return [node]
    kernel = attributes["kernel_shape"]
    rank = len(kernel)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    pads = attributes.get("pads", [0] * 2 * rank)
    sizes = graph.sizes(node.input[0]) or [None] * (rank + 2)
    # A window that would start behind the image is left out: where the last one is such,
    # sizes are as without ceil_mode, and all windows end within the padded image.
    dropped = set()
    for dim, (window, stride) in enumerate(zip(kernel, strides)):
        low, high, size = pads[dim], pads[dim + rank], sizes[dim + 2]
        extent = (window - 1) * dilations[dim] + 1
        if size is None:
            if stride + high > extent:
                raise Error(
                    "ceil_mode with count_include_pad, where it depends on an open size "
                    "whether the last window starts behind the image"
                )
            dropped.add(False)
            continue
        last = -(-(size + low + high - extent) // stride)
        if (size + low + high - extent) % stride:
            dropped.add(last * stride >= size + low)
    if dropped == {True} or not dropped:
        _set(node, ceil_mode=0)
        return [node]
    if dropped == {True, False}:
        raise Error(
            "ceil_mode with count_include_pad, where the last window starts behind the "
            "image in one dimension only"
        )
    _set(node, count_include_pad=0, pads=[0] * 2 * rank)
    if not any(pads):
        return [node]
    padded = next(graph.names)
    widths = [0, 0, *pads[:rank], 0, 0, *pads[rank:]]
    widths = graph.add_constant(np.array(widths, np.int64))
    pad = helper.make_node("Pad", [node.input[0], widths], [padded])
    node.input[0] = padded
    return [pad, node]


def _rewrite_pad(graph: _Graph, node) -> list:
    """Around the tensor stand its own ends."""
    import numpy as np
    from onnx import helper

    if _attributes(node).get("mode", b"constant") != b"wrap":
        return [node]
    sizes, pads = graph.sizes(node.input[0]), graph.numbers(node, 1)
    if sizes is None or pads is None:
        raise Error("mode 'wrap' with widths or a number of dimensions that are not known")
    axes = list(range(len(sizes)))
    if len(node.input) > 3 and node.input[3]:
        axes = graph.numbers(node, 3)
        if axes is None:
            raise Error("mode 'wrap' with axes that are not known")
    nodes, value = [], node.input[0]
    for axis, low, high in zip(axes, pads[: len(axes)], pads[len(axes) :]):
        axis %= len(sizes)
        if min(low, high) < 0 or (
            max(low, high) > 0 and (sizes[axis] is None or max(low, high) > sizes[axis])
        ):
            raise Error(
                "mode 'wrap' with a width that is negative or not known to be at most "
                "the size"
            )
        at = graph.add_constant(np.array([axis], np.int64))

        def take(start: int, end: int) -> str:
            bounds = [graph.add_constant(np.array([n], np.int64)) for n in (start, end)]
            nodes.append(
                helper.make_node("Slice", [value, *bounds, at], [next(graph.names)])
            )
            return nodes[-1].output[0]

        parts = [take(sizes[axis] - low, sizes[axis])] if low else []
        parts.append(value)
        parts += [take(0, high)] if high else []
        if len(parts) > 1:
            nodes.append(
                helper.make_node("Concat", parts, [next(graph.names)], node.name, axis=axis)
            )
            value = nodes[-1].output[0]
    if not nodes:
        return [helper.make_node("Identity", [value], node.output, node.name)]
    nodes[-1].output[0] = node.output[0]
    return nodes


def _rewrite_group_normalization(graph: _Graph, node) -> list:
    """Before operator set 21, scale and bias are one for each group; torch-mlir knows
    them one for each channel."""
    import numpy as np
    from onnx import numpy_helper

    sizes, groups = graph.sizes(node.input[0]), _attributes(node)["num_groups"]
    for position in (1, 2):
        tensor = graph.constants.get(node.input[position])
        known = graph.sizes(node.input[position])
        if not known or sizes is None or sizes[1] is None or known == [sizes[1]]:
            continue
        if tensor is None or known != [groups]:
            raise Error("a scale or a bias that is no constant, for each group")
        values = np.repeat(numpy_helper.to_array(tensor), sizes[1] // groups)
        node.input[position] = graph.add_constant(values)
    return [node]


def _rewrite_gelu(graph: _Graph, node) -> list:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)))."""
    import math

    import numpy as np
    from onnx import helper

    if _attributes(node).get("approximate", b"none") != b"tanh":
        return [node]
    known = graph.types.get(node.input[0])
    if known is None or not known.elem_type:
        raise Error("approximate 'tanh' of an input whose type is not known")
    dtype, nodes = helper.tensor_dtype_to_np_dtype(known.elem_type), []

    def compute(kind: str, *inputs) -> str:
        names = [
            value if isinstance(value, str) else graph.add_constant(np.array(value, dtype))
            for value in inputs
        ]
        nodes.append(helper.make_node(kind, names, [next(graph.names)], node.name))
        return nodes[-1].output[0]

    x = node.input[0]
    cube = compute("Mul", compute("Mul", compute("Mul", x, x), x), 0.044715)
    inner = compute("Mul", compute("Add", x, cube), math.sqrt(2 / math.pi))
    compute("Mul", compute("Mul", x, 0.5), compute("Add", compute("Tanh", inner), 1))
    nodes[-1].output[0] = node.output[0]
    return nodes


def _rewrite_max_pool(graph: _Graph, node) -> list:
    """Indices count from the first element of the tensor."""
    import numpy as np
    from onnx import helper

    if len(node.output) < 2 or not node.output[1]:
        return [node]
    if _attributes(node).get("storage_order"):
        raise Error("indices that count columns first")
    sizes = graph.sizes(node.input[0])
    if sizes is None or None in sizes:
        raise Error("indices, with sizes that are open")
    planes, pixels = sizes[0] * sizes[1], int(np.prod(sizes[2:]))
    starts = np.arange(planes, dtype=np.int64) * pixels
    starts = graph.add_constant(starts.reshape(*sizes[:2], *[1] * (len(sizes) - 2)))
    within, result = next(graph.names), node.output[1]
    node.output[1] = within
    add = helper.make_node("Add", [within, starts], [result], f"{node.name}/Add")
    return [node, add]


_REWRITES = {
    "AveragePool": _rewrite_average_pool,
    "ConvTranspose": rewrite_conv_transpose,
    "Gelu": _rewrite_gelu,
    "Gemm": _rewrite_gemm,
    "GroupNormalization": _rewrite_group_normalization,
    "MaxPool": _rewrite_max_pool,
    "Pad": _rewrite_pad,
    "Resize": rewrite_resize,
}
