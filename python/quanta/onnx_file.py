# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads ONNX files, and finds what is broken in them before anything else stumbles."""

import os
import re

from ._quanta import Error
from .onnx_graph import bodies


def load_whole(path: str):
    """The `onnx.ModelProto` in a file with all of its weights.

    Raises:
      quanta.Error: the file or one with its weights cannot be read, or the model
        breaks what every ONNX model keeps.
    """
    import onnx
    import onnx.checker
    import onnx.external_data_helper

    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise Error(f"cannot read '{path}': {error.strerror or error}") from None
    except Exception:
        raise Error(f"'{path}' is not an ONNX model, or only part of one") from None
    if not model.graph.node:
        raise Error(f"'{path}' is not an ONNX model, or has no nodes")
    if not model.opset_import:
        raise Error(f"'{path}' does not say which operator set it uses")
    newest = onnx.defs.onnx_opset_version()
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version > newest:
            raise Error(
                f"'{path}' uses ONNX operator set {entry.version}, and the package "
                f"'onnx' that is installed knows {newest} at most"
            )
    folder = os.path.dirname(os.path.abspath(path))
    for tensor in model.graph.initializer:
        try:
            if onnx.external_data_helper.uses_external_data(tensor):
                onnx.external_data_helper.load_external_data_for_tensor(tensor, folder)
                tensor.data_location = onnx.TensorProto.DEFAULT
                del tensor.external_data[:]
            onnx.checker.check_tensor(tensor)
            if any(size < 0 for size in tensor.dims):
                raise ValueError("a size is negative")
            onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            reason = getattr(error, "strerror", None) or str(error).split("\n")[0]
            raise Error(
                f"the weight '{tensor.name}' of '{path}' cannot be read: {reason}"
            ) from None
    _check_names(model.graph, set(), path)
    return model


def check_sizes(model, path: str) -> None:
    """Whether the sizes of each node's inputs fit together, as far as they are known.

    Where the file says something else of the sizes of a result than its nodes do,
    `model` is corrected: only the nodes count when it runs.

    Raises:
      quanta.Error: they do not; names all nodes of which that can be said.
    """
    import onnx
    import onnx.shape_inference

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        copy = onnx.shape_inference.infer_shapes(copy, strict_mode=True, data_prop=True)
    except Exception as error:
        text = str(error)
    else:
        inferred = {v.name: v for v in [*copy.graph.value_info, *copy.graph.output]}
        for value in [*model.graph.value_info, *model.graph.output]:
            if value.name in inferred and _contradicts(value, inferred[value.name]):
                value.CopyFrom(inferred[value.name])
        return
    found = re.findall(
        r"\(op_type:(\S+), node name: (.*)\): \[ShapeInferenceError\] (.*)", text
    )
    if not found:
        return  # The import notices what is wrong with types and attributes.
    lines = [f"  '{name}' ({operation}): {reason}" for operation, name, reason in found]
    what = "a node" if len(lines) == 1 else "nodes"
    raise Error(
        f"'{path}' has {what} whose inputs do not fit together:\n" + "\n".join(lines)
    )


def _contradicts(one, other) -> bool:
    """Whether two descriptions of one tensor cannot both be true."""
    if not all(value.type.tensor_type.HasField("shape") for value in (one, other)):
        return False
    dims = [value.type.tensor_type.shape.dim for value in (one, other)]
    fixed = lambda dim: dim.dim_value or None  # 0 is how some tools write an open size.
    return len(dims[0]) != len(dims[1]) or any(
        None not in sizes and sizes[0] != sizes[1]
        for sizes in zip(map(fixed, dims[0]), map(fixed, dims[1]))
    )


def _check_names(graph, outside: set, path: str) -> None:
    """Whether what each node reads was computed before it."""
    known = outside | {value.name for value in [*graph.input, *graph.initializer]}
    known |= {weight.values.name for weight in graph.sparse_initializer}
    for node in graph.node:
        for name in node.input:
            if name and name not in known:
                label = node.name or node.op_type
                raise Error(
                    f"node '{label}' of '{path}' reads '{name}', which no input, weight "
                    "or node before it has given"
                )
        for body in bodies(node):
            _check_names(body, known, path)
        known.update(node.output)
