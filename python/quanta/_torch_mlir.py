# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs in a process of its own: turns a prepared ONNX file into `linalg` text.

torch-mlir carries another version of MLIR than this package, and two versions
in one process share symbols that must not be shared. What goes wrong is told as
JSON on the standard output: {"failed": [[name, operation, reason], ...]}.
"""

import json
import re
import sys

# This file's folder has an `onnx.py` of its own, which is not the one meant.
sys.path.pop(0)

PASSES = (
    "builtin.module(torch-onnx-to-torch-backend-pipeline,"
    "torch-backend-to-linalg-on-tensors-backend-pipeline)"
)


def location_name(location) -> str:
    """The first name in a location, which is that of an ONNX node."""
    match = re.search(r'"((?:[^"\\]|\\.)*)"', str(location))
    return re.sub(r"\\(.)", r"\1", match[1]) if match else ""


def operations(block):
    for operation in block.operations:
        yield operation.operation
        for region in operation.operation.regions:
            for inner in region.blocks:
                yield from operations(inner)


def cut_out(module, names) -> int:
    """Replaces the ONNX nodes with these names by new arguments of their function."""
    cut = 0
    for function in module.regions[0].blocks[0].operations:
        if not function.operation.regions[0].blocks:
            continue
        entry = function.operation.regions[0].blocks[0]
        for operation in list(operations(entry)):
            if operation.name != "torch.operator":
                continue
            if location_name(operation.location) not in names:
                continue
            for result in operation.results:
                argument = entry.add_argument(result.type, operation.location)
                result.replace_all_uses_with(argument)
            operation.erase()
            cut += 1
        retype(function, entry)
    return cut


def retype(function, entry):
    from torch_mlir.ir import FunctionType, TypeAttr

    attributes = function.operation.attributes
    old = attributes["function_type"].value
    inputs = [argument.type for argument in entry.arguments]
    with function.operation.context:
        attributes["function_type"] = TypeAttr.get(
            FunctionType.get(inputs, list(old.results))
        )


def lower(source):
    """Lowers a copy of the module; returns the text, or the diagnostics."""
    from torch_mlir.ir import MLIRError
    from torch_mlir.passmanager import PassManager

    module = source.clone()
    try:
        PassManager.parse(PASSES, context=source.context).run(module)
    except MLIRError as error:
        return None, error.error_diagnostics
    return module.get_asm(enable_debug_info=True), []


def reason_of(message: str):
    """Splits a diagnostic into the operation it is about and its first words."""
    match = re.search(r'name = "onnx\.([^"]*)"', message) or re.search(
        r"operation '(?:torch\.)?([^']*)'", message
    )
    return (match[1] if match else ""), message.split("\n")[0].split(": %")[0][:200]


def main(model_path: str, text_path: str) -> dict:
    import onnx
    from torch_mlir.dialects import torch as torch_dialect
    from torch_mlir.extras import onnx_importer
    from torch_mlir.ir import Context

    context = Context()
    torch_dialect.register_dialect(context)
    info = onnx_importer.ModelInfo(onnx.load(model_path))
    module = info.create_module(context=context).operation
    try:
        onnx_importer.NodeImporter.define_function(info.main_graph, module).import_all()
    except onnx_importer.OnnxImportError as error:
        return {"failed": [["", "", str(error).split("\n")[0]]]}

    # A conversion stops at the first node that it cannot do. Cutting that one
    # out and trying again finds the next, so that the user sees all at once.
    failed = {}
    while len(failed) < 200:
        text, diagnostics = lower(module)
        if text is not None:
            break
        names = set()
        for diagnostic in diagnostics:
            name = location_name(diagnostic.location)
            operation, reason = reason_of(diagnostic.message)
            if name not in failed:
                failed[name] = [name, operation, reason]
                names.add(name)
        if not names or not cut_out(module, names):
            break
    if failed:
        return {"failed": list(failed.values())}
    with open(text_path, "w", encoding="utf-8") as file:
        file.write(text)
    return {"failed": []}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
