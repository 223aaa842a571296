# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The door for ONNX models: a file in, `linalg` on tensors as MLIR text out.

The conversion itself is torch-mlir's. This module prepares the model so that
the conversion succeeds: it brings the operator set up to date, fixes the sizes
the caller knows, folds what is constant, and gives every node a name that stays
with it as an MLIR location. The packages `onnx`, `torch_mlir` and, for some
models, `onnxruntime` are needed only here.
"""

import operator
import os
import re
import tempfile
from typing import Any, Mapping, Optional, Sequence, Union

from ._quanta import Error
from .conversion import convert, require
from .onnx_blocks import expand_block_gathers, expand_matmul_nbits, flatten_blocks
from .onnx_file import check_sizes, load_whole
from .onnx_graph import walk
from .onnx_quantized import rewrite_quantized
from .onnx_rewrites import rewrite_nodes
from .onnx_unsigned import rewrite_unsigned
from .onnx_words import make_words_signed
from .onnx_zero_points import add_zero_points, keep_zero_points

OPSET = 18
# From here on, casts between floats and integers take 4 and 16 bits, and blocks.
WORDS_OPSET = 21

Shapes = Mapping[str, Sequence[Optional[int]]]


def import_model(
    path: Union[str, os.PathLike], shapes: Optional[Shapes] = None, sample: Any = None
) -> str:
    """Reads an ONNX file and returns it as MLIR text.

    Args:
      path: the model.
      shapes: sizes of inputs, by name. `None` (or -1) leaves a dimension as the
        model has it; a size given for a named dimension holds wherever the
        name occurs.
      sample: arrays whose sizes the inputs have that `shapes` does not name: one,
        a tuple in the order of the inputs, or a dictionary by name.

    Returns:
      A module with one public function, called as the graph is, of `linalg`,
      `tensor`, `arith`, `math` and `scf` operations. The location of each
      operation is the name of its ONNX node.

    Raises:
      quanta.Error: the file is not an ONNX model, a shape does not fit, a
        package is missing, or the model has nodes whose inputs do not fit together
        or that cannot be converted: all of them are named.
    """
    _require("onnx")
    _require("torch_mlir")
    path = os.fspath(path)
    model = load_whole(path)
    if sample is not None:
        shapes = {**_get_sizes(model, sample, path), **(shapes or {})}
    return _lower(prepare(model, shapes, path), path)


def prepare(model, shapes: Optional[Shapes] = None, path: str = "model"):
    """The same model (an `onnx.ModelProto`) in the form that converts best."""
    import onnx

    extended = [
        _use_standard_casts(model), expand_matmul_nbits(model), expand_block_gathers(model),
    ]  # fmt: skip
    model = _to_opset(model, path, WORDS_OPSET if any(extended) else OPSET)
    if shapes:
        _fix_shapes(model, shapes, path)
    _name_nodes(model.graph)
    rewrite_quantized(model, path)
    check_sizes(model, path)
    model = _infer(model)
    if _needs_folding(model):
        model = _infer(_fold(model))
    rewrite_nodes(model, path)
    rewrite_unsigned(model, path)
    # A rewritten node may say more exactly what its sizes are.
    check_sizes(model, path)
    model = _infer(model)
    if flatten_blocks(model):
        model = _infer(model)
    add_zero_points(model)
    make_words_signed(model)
    keep_zero_points(model)
    _name_nodes(model.graph)
    # The graph's name becomes the function's, and a function in an object file
    # is called from C.
    name = re.sub(r"\W", "_", model.graph.name, flags=re.ASCII)
    model.graph.name = name if re.match(r"[A-Za-z_]", name) else f"main{name}"
    return model


def _require(package: str):
    return require(package, "reading ONNX models", "onnx")


def _use_standard_casts(model) -> bool:
    """Takes ONNX Runtime's own casts, written for operator sets whose casts have 8 bits
    only, for the standard ones, which do the same; whether there are any."""
    own = [
        node
        for node in model.graph.node
        if node.domain == "com.microsoft"
        and node.op_type in ("QuantizeLinear", "DequantizeLinear")
    ]
    for node in own:
        node.domain = ""
    return bool(own)


def _to_opset(model, path: str, opset: int):
    import onnx.version_converter

    version = max(
        (o.version for o in model.opset_import if o.domain in ("", "ai.onnx")),
        default=opset,
    )
    if version >= opset:
        return model
    try:
        return onnx.version_converter.convert_version(model, opset)
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise Error(
            f"'{path}' uses ONNX operator set {version} and cannot be "
            f"converted to {opset}: {reason}"
        ) from None


def _graph_inputs(model) -> dict:
    # Old models list their weights among the inputs.
    weights = {weight.name for weight in model.graph.initializer}
    return {i.name: i for i in model.graph.input if i.name not in weights}


def _get_sizes(model, sample: Any, path: str) -> Shapes:
    """The sizes of a sample's arrays, by the names of the inputs."""
    if not isinstance(sample, Mapping):
        arrays = sample if isinstance(sample, (tuple, list)) else (sample,)
        names = list(_graph_inputs(model))
        if len(arrays) != len(names):
            raise Error(
                f"'{path}' has {len(names)} inputs, but the sample has {len(arrays)} arrays"
            )
        sample = dict(zip(names, arrays))
    sizes = {}
    for name, array in sample.items():
        if not hasattr(array, "shape"):
            raise Error(
                f"the sample for input '{name}' of '{path}' is no array, but of type "
                f"{type(array).__name__}"
            )
        sizes[name] = list(array.shape)
    return sizes


def _describe(value) -> str:
    dims = (d.dim_param or str(d.dim_value) for d in value.type.tensor_type.shape.dim)
    return "[" + ", ".join(dim or "?" for dim in dims) + "]"


def _fix_shapes(model, shapes: Shapes, path: str) -> None:
    inputs = _graph_inputs(model)
    named = {}
    for name, sizes in shapes.items():
        if name not in inputs:
            have = ", ".join(f"'{n}'" for n in inputs) or "none"
            raise Error(f"'{path}' has no input '{name}'; its inputs: {have}")
        dims = inputs[name].type.tensor_type.shape.dim
        if getattr(sizes, "ndim", 1) != 1:
            raise Error(
                f"the shape for input '{name}' of '{path}' is no list of sizes, but an "
                f"array of rank {sizes.ndim}: data can be given as sample=..."
            )
        wrong = Error(
            f"the shape [{', '.join(map(str, sizes))}] for input '{name}' of '{path}' does not fit "
            f"the model's {_describe(inputs[name])}"
        )
        if len(dims) != len(sizes):
            raise wrong
        for dim, size in zip(dims, sizes):
            if size is None or size == -1:
                continue
            try:
                size = operator.index(size)
            except TypeError:
                raise wrong from None
            if size < 0:
                raise wrong
            if dim.HasField("dim_value") and dim.dim_value not in (0, size):
                raise wrong
            if named.setdefault(dim.dim_param, size) != size and dim.dim_param:
                raise wrong
            dim.dim_value = size
    named.pop("", None)
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in named:
                dim.dim_value = named[dim.dim_param]
    # What was inferred for open sizes says less than what can be inferred now.
    del model.graph.value_info[:]
    for value in model.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in named:
                dim.dim_value = named[dim.dim_param]


def _infer(model):
    import onnx.shape_inference

    try:
        while True:
            model = onnx.shape_inference.infer_shapes(model, data_prop=True)
            if not _infer_alike(model.graph):
                return model
    except Exception:
        # What is missing is noticed by the import, which can name the node.
        return model


def _infer_alike(graph) -> bool:
    """Whether there are results whose types the package `onnx` does not infer, and that
    are now known: those of their first inputs."""
    known = {value.name: value for value in [*graph.input, *graph.value_info]}
    outputs = {value.name for value in graph.output}
    found = False
    for node in graph.node:
        if node.op_type != "GroupNormalization" or node.domain not in ("", "ai.onnx"):
            continue
        source, result = known.get(node.input[0]), node.output[0]
        if source is not None and result not in known and result not in outputs:
            known[result] = graph.value_info.add(name=result, type=source.type)
            found = True
    return found


def _needs_folding(model) -> bool:
    """Whether the model has something that torch-mlir takes better folded."""
    constant = {weight.name for weight in model.graph.initializer}
    fixed = {
        value.name
        for value in [*model.graph.input, *model.graph.value_info]
        if value.type.HasField("tensor_type")
        and value.type.tensor_type.HasField("shape")
        and all(d.HasField("dim_value") for d in value.type.tensor_type.shape.dim)
    }
    for node in model.graph.node:
        inputs = [name for name in node.input if name]
        if node.op_type == "Constant":
            constant.update(node.output)
        elif node.op_type in ("BatchNormalization", "If"):
            return True
        elif node.op_type == "DequantizeLinear":
            continue  # Of a constant: that is how a QDQ model stores weights.
        elif inputs and all(name in constant for name in inputs):
            return True
        elif node.op_type in ("Shape", "Size") and inputs[0] in fixed:
            return True
    return False


def _fold(model):
    """The model with its constants computed; the same where ONNX Runtime does not take
    it: what cannot be imported then is named by the import."""
    import onnx

    onnxruntime = _require("onnxruntime")
    with tempfile.TemporaryDirectory(prefix="quanta-") as folder:
        source, folded = os.path.join(folder, "m.onnx"), os.path.join(folder, "f.onnx")
        onnx.save(model, source)
        options = onnxruntime.SessionOptions()
        level = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = level.ORT_ENABLE_BASIC
        options.optimized_model_filepath = folded
        options.log_severity_level = 4
        try:
            onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
            return onnx.load(folded)
        except Exception:
            return model


def _name_nodes(graph) -> None:
    """Names every node, each differently: the names become MLIR locations."""
    taken = set()
    for node in walk(graph.node):
        base = node.name or f"{node.op_type}_{node.output[0] if node.output else ''}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        node.name = name
        taken.add(name)


def _lower(model, path: str) -> str:
    import onnx

    text, failed = convert(
        "onnx",
        lambda target: onnx.save(model, target),
        path,
        "if sizes are open, fixing them with shapes={...} may help",
    )
    if failed:
        raise Error(_explain(model, failed, path))
    return text


def _explain(model, failed: list, path: str) -> str:
    kinds = {
        node.name: (node.domain + "." if node.domain else "") + node.op_type
        for node in walk(model.graph.node)
    }
    order = list(kinds)
    failed.sort(key=lambda f: order.index(f[0]) if f[0] in kinds else len(order))
    lines = []
    for name, operation, reason, _ in failed:
        if name in kinds:
            lines.append(f"  '{name}' ({kinds[name]})")
        else:
            lines.append(f"  '{name}' ({operation})" if name else f"  {reason}")
        # The name of the operation says it all.
        if name and reason and not reason.startswith("failed to legalize operation"):
            lines[-1] += f": {reason}"
    what = "an operation that is" if len(lines) == 1 else "operations that are"
    return f"'{path}' has {what} not supported:\n" + "\n".join(lines)
