# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which elements a `Resize` in ONNX takes, and how much of each, where torch-mlir does
not know.

It takes the nearest element at few coordinates only, knows neither axes nor other
dimensions than those of images, and multiplies sizes with scales of f32 in f64: 5 by
1.4 is 6 there, where it is to be 7.
"""

from typing import List, NamedTuple, Optional

from ._quanta import Error

# What torch-mlir does, by mode.
KNOWN = {
    b"nearest": (b"half_pixel", b"asymmetric"),
    b"linear": (b"half_pixel", b"asymmetric", b"align_corners", b"pytorch_half_pixel"),
    b"cubic": (b"half_pixel", b"asymmetric", b"align_corners", b"pytorch_half_pixel"),
}
COEFFICIENT = -0.75


class _Dim(NamedTuple):
    """A dimension that is resized."""

    axis: int
    size: int
    result: int
    scale: "numpy.float32"
    # Where the part begins and ends that is cropped.
    start: float
    end: float


class _Resize:
    def __init__(self, graph, node):
        import numpy as np
        from onnx import helper

        self.graph, self.node = graph, node
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.mode = self.attributes.get("mode", b"nearest")
        self.place = self.attributes.get("coordinate_transformation_mode", b"half_pixel")
        inputs = [*node.input, "", "", ""][:4]
        self.sizes: Optional[List[Optional[int]]] = graph.sizes(inputs[0])
        self.roi = graph.numbers(node, 1) if inputs[1] else None
        self.scales = graph.numbers(node, 2) if inputs[2] else None
        self.results = graph.numbers(node, 3) if inputs[3] else None
        rank = len(self.sizes or [])
        axes = self.attributes.get("axes")
        self.axes = list(range(rank)) if axes is None else [a % rank for a in axes if rank]
        if self.scales and rank:
            # What has the scale 1 stays as it is.
            count = len(self.axes)
            kept = [i for i in range(count) if np.float32(self.scales[i]) != 1]
            self.axes = [self.axes[i] for i in kept]
            self.scales = [self.scales[i] for i in kept]
            self.roi = self.roi and [self.roi[i + j] for j in (0, count) for i in kept]

    @property
    def policy(self) -> bytes:
        return self.attributes.get("keep_aspect_ratio_policy", b"stretch")

    def is_known(self) -> bool:
        """Whether torch-mlir knows the coordinates and the dimensions."""
        outer = {axis for axis in self.axes if axis < 2}
        if self.results:
            results = dict(zip(self.axes, self.results))
            outer = {i for i in outer if self.sizes[i] not in (None, results[i])}
        return (
            self.place in KNOWN.get(self.mode, ())
            and self.policy == b"stretch"
            and (self.mode == b"nearest" or len(self.sizes or [1] * 4) == 4)
            and not outer
            and not self.attributes.get("exclude_outside", 0)
            and self.attributes.get("cubic_coeff_a", COEFFICIENT) == COEFFICIENT
        )

    def without_axes(self):
        """The node with a scale for each dimension."""
        import numpy as np

        if "axes" in self.attributes:
            if not self.scales:
                raise Error("axes, where sizes are open or scales no constants")
            scales = np.ones(len(self.sizes), np.float32)
            scales[self.axes] = self.scales
            self.node.input[:] = [self.node.input[0], "", self.graph.add_constant(scales)]
            kept = [a for a in self.node.attribute if a.name != "axes"]
            del self.node.attribute[:]
            self.node.attribute.extend(kept)
        return self.node

    def dims(self) -> List[_Dim]:
        """Of sizes that are known."""
        import numpy as np

        given = [np.float32(self.sizes[axis]) for axis in self.axes]
        if self.scales is not None:
            scales = [np.float32(scale) for scale in self.scales]
            results = [int(np.floor(n * s)) for n, s in zip(given, scales)]
        else:
            results = self.results
            scales = [np.float32(m) / n for m, n in zip(results, given)]
            if self.policy != b"stretch":
                scale = (min if self.policy == b"not_larger" else max)(scales)
                scales = [scale] * len(scales)
                results = [int(np.floor(n * scale + np.float32(0.5))) for n in given]
        roi = self.roi or [0.0] * len(self.axes) + [1.0] * len(self.axes)
        bounds = zip(roi[: len(self.axes)], roi[len(self.axes) :])
        return [
            _Dim(axis, int(size), result, scale, *bound)
            for axis, size, result, scale, bound in zip(
                self.axes, given, results, scales, bounds
            )
        ]


def rewrite_resize(graph, node) -> list:
    """Gathers along each dimension, or the node with sizes in the place of scales."""
    import numpy as np

    resize = _Resize(graph, node)
    is_known = resize.is_known()
    if resize.attributes.get("antialias", 0):
        raise Error("antialias")
    is_open = resize.sizes is None or None in [resize.sizes[axis] for axis in resize.axes]
    if is_open or resize.scales is resize.results:
        if is_known:
            return [resize.without_axes()]
        raise Error(_describe(resize) + ", with open sizes")
    dims = resize.dims()
    is_known = is_known and "axes" not in resize.attributes
    if resize.scales is not None:
        misread = [int(np.floor(dim.size * float(dim.scale))) for dim in dims]
        if is_known and misread == [dim.result for dim in dims]:
            return [node]
    elif is_known:
        return [node]
    if is_known and resize.mode != b"nearest":
        return [_with_sizes(graph, node, dims)]
    if resize.place == b"tf_crop_and_resize" and resize.roi is None:
        raise Error("a part to crop that is no constant")
    return _resample(resize, dims)


def _describe(resize: _Resize) -> str:
    mode = resize.mode.decode()
    if resize.place not in KNOWN.get(resize.mode, ()):
        return f"coordinates '{resize.place.decode()}' of mode '{mode}'"
    return f"mode '{mode}' of these dimensions"


def _with_sizes(graph, node, dims: List[_Dim]):
    import numpy as np

    if any(np.float32(d.result) / np.float32(d.size) != d.scale for d in dims):
        raise Error("a scale of which rounding decides what the size of the result is")
    results = np.array(graph.sizes(node.input[0]), np.int64)
    for dim in dims:
        results[dim.axis] = dim.result
    node.input[:] = [*node.input[:2], "", graph.add_constant(results)]
    return node


def _resample(resize: _Resize, dims: List[_Dim]) -> list:
    """Along each dimension, the sum of elements times their shares."""
    import numpy as np
    from onnx import helper

    graph, node = resize.graph, resize.node
    kind = _kind(resize)
    made, value, outside = [], node.input[0], []

    def add(op: str, *inputs: str, **options) -> str:
        made.append(helper.make_node(op, inputs, [next(graph.names)], **options))
        return made[-1].output[0]

    def along(dim: _Dim, array) -> str:
        inner = len(resize.sizes) - 1 - dim.axis
        return graph.add_constant(array.reshape([-1] + [1] * inner))

    for dim in dims:
        at = _coordinates(resize.place, dim)
        if resize.place == b"tf_crop_and_resize":
            beyond = (at < 0) | (at > dim.size - 1)
            outside += [along(dim, beyond)] if beyond.any() else []
        taps = _TAPS[resize.mode](resize.attributes, at, dim)
        source, terms = value, []
        for index, share in taps:
            is_whole = index.tolist() == list(range(dim.size))
            term = source if is_whole else add(
                "Gather", source, graph.add_constant(index.astype(np.int64)), axis=dim.axis
            )  # fmt: skip
            if share is not None:
                term = add("Mul", term, along(dim, share.astype(kind)))
            terms.append(term)
        value = terms[0]
        for term in terms[1:]:
            value = add("Add", value, term)
    for mask in outside:
        number = np.array(resize.attributes.get("extrapolation_value", 0.0), kind)
        value = add("Where", mask, graph.add_constant(number), value)
    if not made:
        add("Identity", value)
    made[-1].name = node.name
    made[-1].output[0] = node.output[0]
    return made


def _kind(resize: _Resize):
    """NumPy's type of the elements."""
    import numpy as np
    from onnx import helper

    known = getattr(resize.graph.types.get(resize.node.input[0]), "elem_type", 0)
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(known) if known else np.float32)
    if kind.kind != "f" and resize.mode != b"nearest":
        raise Error(f"mode '{resize.mode.decode()}' of elements of type {kind}")
    return kind


def _coordinates(place: bytes, dim: _Dim):
    """Where each element of the result lies in a dimension, as ONNX Runtime computes it:
    in f32, most of it."""
    import numpy as np

    f32 = np.float32
    to, half = np.arange(dim.result, dtype=np.float32), f32(0.5)
    size, result, last = f32(dim.size), f32(dim.result), f32(dim.size - 1)
    # What has its size stays where it is, wherever its elements are.
    if dim.scale == 1:
        return to
    if place == b"tf_crop_and_resize":
        start, end = f32(dim.start), f32(dim.end)
        if dim.result == 1:
            return to + half * (start + end) * last
        return start * last + to * (end - start) * last / f32(dim.result - 1)
    if place == b"align_corners":
        return to * last / f32(dim.result - 1) if dim.result > 1 else to * 0
    if place == b"asymmetric":
        return to / dim.scale
    if place == b"half_pixel":
        return (to + half) / dim.scale - half
    if place == b"pytorch_half_pixel":
        return (to + half) / dim.scale - half if dim.result > 1 else to * 0
    if place == b"tf_half_pixel_for_nn":
        return (to + half) / dim.scale
    if place == b"half_pixel_symmetric":
        # The sum is one of f64.
        offset = dim.size / 2 * (1 - float(result / (dim.scale * size)))
        at = offset + (to + half).astype(np.float64) / float(dim.scale) - 0.5
        return at.astype(np.float32)
    raise Error(f"coordinates '{place.decode()}'")


def _nearest(attributes: dict, at, dim: _Dim) -> list:
    import numpy as np

    half = np.float32(0.5)
    rounding = attributes.get("nearest_mode", b"round_prefer_floor")
    index = {
        b"round_prefer_floor": lambda: np.ceil(at - half),
        b"round_prefer_ceil": lambda: np.floor(at + half),
        b"floor": lambda: np.floor(at),
        b"ceil": lambda: np.ceil(at),
    }[rounding]()
    return [(np.clip(index, 0, dim.size - 1), None)]


def _linear(_, at, dim: _Dim) -> list:
    import numpy as np

    if dim.scale == 1:
        return [(at, None)]
    at = np.clip(at, np.float32(0), np.float32(dim.size - 1))
    low = np.floor(at)
    high = np.minimum(low + 1, dim.size - 1)
    share = at - low
    return [(low, 1 - share), (high, share)]


def _cubic(attributes: dict, at, dim: _Dim) -> list:
    import numpy as np

    if dim.scale == 1:
        return [(at, None)]
    a = np.float32(attributes.get("cubic_coeff_a", COEFFICIENT))
    low = np.floor(at)
    s = at - low
    near = lambda d: ((a + 2) * d - (a + 3)) * d * d + 1
    far = lambda d: ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    shares = np.array([far(s + 1), near(s), near(1 - s), far(2 - s)])
    places = np.array([low + offset for offset in range(-1, 3)])
    if attributes.get("exclude_outside", 0):
        shares[(places < 0) | (places >= dim.size)] = 0
        shares /= shares.sum(axis=0)
    return list(zip(np.clip(places, 0, dim.size - 1), shares))


_TAPS = {b"nearest": _nearest, b"linear": _linear, b"cubic": _cubic}
