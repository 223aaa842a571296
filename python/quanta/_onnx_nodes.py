# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs in a process of its own: says which nodes of an ONNX model cannot be converted.

    _onnx_nodes.py MODEL

Each node is converted alone, in a process that it may crash: what else is wrong with
the model, or stands between, hides nothing. The result is told as JSON on the standard
output: {"failed": [[name, operation, reason, ""], ...], "untyped": [name, ...]}, where
nothing can be said of the untyped ones, whose inputs or outputs have no known type.
"""

import hashlib
import json
import os
import sys

import _torch_mlir
import onnx
from onnx import helper


def types_of(graph) -> dict:
    """The type of each value that has one, without that of weights."""
    values = [*graph.input, *graph.value_info, *graph.output]
    return {
        value.name: value.type
        for value in values
        if not value.type.HasField("tensor_type")
        or value.type.tensor_type.HasField("elem_type")
    }


def alone(model, node, types: dict, weights: dict):
    """A model of one node; None if a value of it has no known type."""
    names = [name for name in dict.fromkeys([*node.input, *node.output]) if name]
    if not node.output or not all(name in types or name in weights for name in names):
        return None
    # Networks repeat their layers: like nodes get like names.
    renamed = {name: f"v{index}" for index, name in enumerate(names)}
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = "node"
    copy.input[:] = [renamed.get(name, "") for name in node.input]
    copy.output[:] = [renamed.get(name, "") for name in node.output]
    initializers = []
    for name in names:
        if name in weights:
            initializers.append(onnx.TensorProto())
            initializers[-1].CopyFrom(weights[name])
            initializers[-1].name = renamed[name]
    describe = lambda name: helper.make_value_info(renamed[name], types[name])
    graph = helper.make_graph(
        [copy],
        "main",
        [describe(n) for n in names if n not in weights and n not in node.output],
        [describe(n) for n in names if n in node.output],
        initializers,
    )
    return helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def convert(model) -> list:
    """What fails, as `_torch_mlir.lower` tells it."""
    try:
        module = _torch_mlir.import_onnx(model)
    except Exception as error:
        return [["", "", str(error).split("\n")[0], ""]]
    return _torch_mlir.lower(module, _torch_mlir.ONNX_PASSES)[1]


def convert_apart(model) -> str:
    """Why a model of one node cannot be converted; empty if it can be."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as file:
            failed = convert(model)
            file.write(json.dumps([failure[2] for failure in failed]))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) or not text:
        return "torch-mlir crashes on it"
    reasons = json.loads(text)
    return reasons[0] or "unknown reason" if reasons else ""


def main(path: str) -> dict:
    model = onnx.load(path)
    types = types_of(model.graph)
    weights = {weight.name: weight for weight in model.graph.initializer}
    known, failed, untyped = {}, [], []
    for node in model.graph.node:
        # What the body of a loop reads from outside is no input of it.
        if any(attribute.HasField("g") for attribute in node.attribute):
            continue
        single = alone(model, node, types, weights)
        if single is None:
            if onnx.defs.has(node.op_type, domain=node.domain):
                untyped.append(node.name)
            else:
                failed.append([node.name, node.op_type, "", ""])
            continue
        key = hashlib.sha256(single.SerializeToString(deterministic=True)).digest()
        if key not in known:
            known[key] = convert_apart(single)
        if known[key]:
            failed.append([node.name, node.op_type, known[key], ""])
    return {"failed": failed, "untyped": untyped}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
