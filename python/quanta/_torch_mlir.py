# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs in a process of its own: turns a prepared model into `linalg` text.

    _torch_mlir.py onnx|torch MODEL TEXT

torch-mlir carries another version of MLIR than this package, and two versions
in one process share symbols that must not be shared. What goes wrong is told as
JSON on the standard output: {"failed": [[name, operation, reason, place], ...]},
with the file and line of a PyTorch operation as its place.
"""

import itertools
import json
import math
import operator
import os
import re
import sys

# This file's folder has an `onnx.py` of its own, which is not the one meant.
sys.path.pop(0)

TO_LINALG = "torch-backend-to-linalg-on-tensors-backend-pipeline"
ONNX_PASSES = f"builtin.module(torch-onnx-to-torch-backend-pipeline,{TO_LINALG})"
TORCH_PASSES = (
    "builtin.module(func.func(torch-match-quantized-custom-ops),"
    f"torchdynamo-export-to-torch-backend-pipeline{{extra-library=}},{TO_LINALG})"
)
# Turns some of the contractions of a QDQ model into integer ones, and leaves the
# others: ours finds all of them in the same form, with their parameters.
LEFT_OUT = "func.func(torch-fuse-quantized-ops),"
# What torch-mlir lowers only to dialects of its own, which nobody else can read.
OWN_DIALECTS = ("tm_tensor.", "torch.", "torch_c.")
# How it reads where its random numbers are.
SEED = "ml_program.global_load"
# What torch-mlir takes apart better than PyTorch, whose views it misreads where
# sizes are open, and whose layer norm computes in f64.
KEPT_WHOLE = ("linear", "matmul", "native_layer_norm")


def gelu(x, approximate="none"):
    """GELU's approximation by tanh (Hendrycks and Gimpel, arXiv 1606.08415), in which
    torch-mlir has another constant than PyTorch; the function itself stays whole."""
    if approximate == "none":
        return NotImplemented
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1 + inner.tanh())


def conv_transpose2d(
    x, weight, bias=None, stride=(1, 1), padding=(0, 0), output_padding=(0, 0), groups=1,
    dilation=(1, 1),
):  # fmt: skip
    """A transposed convolution whose groups have one channel each, which torch-mlir
    does not take: a convolution of the image with zeros between its pixels, with the
    kernel turned around; others stay whole."""
    from torch.nn import functional

    if groups == 1 or groups != weight.shape[0]:
        return NotImplemented
    stride, padding, output_padding, dilation = (
        list(values) * (2 if len(values) == 1 else 1)
        for values in (stride, padding, output_padding, dilation)
    )
    batch, channels, height, width = x.shape
    apart = functional.pad(
        x.reshape(batch, channels, height, 1, width, 1),
        (0, stride[1] - 1, 0, 0, 0, stride[0] - 1),
    ).reshape(batch, channels, height * stride[0], width * stride[1])
    around = []
    for dim in (1, 0):
        low = dilation[dim] * (weight.shape[2 + dim] - 1) - padding[dim]
        # Behind the last pixel there are no zeros of the image's.
        around += [low, low + output_padding[dim] - (stride[dim] - 1)]
    kernel = weight.flip(2, 3).reshape(-1, 1, *weight.shape[2:])
    image = functional.pad(apart, around)
    return functional.conv2d(image, kernel, bias, dilation=dilation, groups=groups)



def location_name(location) -> str:
    """The first name in a location, which is that of an ONNX node."""
    match = re.search(r'"((?:[^"\\]|\\.)*)"', str(location))
    return re.sub(r"\\(.)", r"\1", match[1]) if match else ""


def place(location) -> str:
    """The file and line in a location."""
    match = re.search(r'"([^"]*)":(\d+):\d+', str(location))
    return f"{match[1]}:{match[2]}" if match else ""


def operations(block):
    for operation in block.operations:
        yield operation.operation
        for region in operation.operation.regions:
            for inner in region.blocks:
                yield from operations(inner)


def cut_out(module, nodes) -> int:
    """Replaces the model's nodes with these names and places by new arguments of their
    function."""
    cut = 0
    for function in module.regions[0].blocks[0].operations:
        if not function.operation.regions[0].blocks:
            continue
        entry = function.operation.regions[0].blocks[0]
        for operation in list(operations(entry)):
            if not operation.name.startswith(("torch.operator", "torch.aten.")):
                continue
            location = operation.location
            if (location_name(location), place(location)) not in nodes:
                continue
            for result in operation.results:
                argument = entry.add_argument(result.type, location)
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


def diagnosed(diagnostic):
    """What failed by a diagnostic: [name, operation, reason, place]."""
    operation, reason = reason_of(diagnostic.message)
    location = diagnostic.location
    return [location_name(location), operation, reason, place(location)]


def outside(operation):
    """What failed by an operation that is in the result and that nobody can lower."""
    location, kind = operation.location, operation.name
    reason = f"torch-mlir has no linalg for it, only its own '{kind}'"
    if kind == SEED:
        reason = "it draws random numbers, and a compiled program keeps no state for them"
    return [location_name(location), kind.partition(".")[2], reason, place(location)]


def functions(module):
    return [operation.operation for operation in module.regions[0].blocks[0].operations
            if operation.operation.name == "func.func"]


def signs_of(module):
    """Which arguments and results of each function are unsigned, which `linalg` no
    longer tells."""
    types = [function.attributes["function_type"].value for function in functions(module)]
    return [[[bool(re.search(r"\bui\d+>", str(kind))) for kind in kinds]
             for kinds in (type.inputs, type.results)] for type in types]


def mark_unsigned(module, signs):
    from torch_mlir.ir import ArrayAttr, DictAttr, UnitAttr

    for function, known in zip(functions(module), signs):
        with function.context:
            marks = [{}, {"quanta.unsigned": UnitAttr.get()}]
            for key, flags in zip(("arg_attrs", "res_attrs"), known):
                if any(flags):
                    function.attributes[key] = ArrayAttr.get(
                        [DictAttr.get(marks[flag]) for flag in flags])


def lower(source, passes):
    """Lowers a copy of the module; returns the text and what it failed to lower."""
    from torch_mlir.ir import MLIRError
    from torch_mlir.passmanager import PassManager

    module = source.clone()
    signs = signs_of(module)
    passes = str(PassManager.parse(passes, context=source.context))
    passes = passes.replace(LEFT_OUT, "")
    try:
        PassManager.parse(passes, context=source.context).run(module)
    except MLIRError as error:
        return None, [diagnosed(diagnostic) for diagnostic in error.error_diagnostics]
    failed = [outside(operation) for operation in operations(module.regions[0].blocks[0])
              if operation.name.startswith((*OWN_DIALECTS, SEED))]
    mark_unsigned(module, signs)
    return module.get_asm(enable_debug_info=True), failed


def reason_of(message: str):
    """Splits a diagnostic into the operation it is about and its first words."""
    match = (
        re.search(r'name = "onnx\.([^"]*)"', message)
        or re.search(r'torch\.operator "torch\.([^"]*)"', message)
        or re.search(r"operation '(?:torch\.)?([^']*)'", message)
    )
    return (match[1] if match else ""), message.split("\n")[0].split(": %")[0][:200]


def import_onnx(model):
    """The `onnx.ModelProto` in the `torch` dialect."""
    from torch_mlir.dialects import torch as torch_dialect
    from torch_mlir.extras import onnx_importer
    from torch_mlir.ir import Context

    context = Context()
    torch_dialect.register_dialect(context)
    info = onnx_importer.ModelInfo(model)
    module = info.create_module(context=context).operation
    onnx_importer.NodeImporter.define_function(info.main_graph, module).import_all()
    return module


def node_name(node) -> str:
    """Which module of the network a node of its graph belongs to: `encoder.0.fc`;
    followed by the operation, unless the module is a layer of PyTorch's own."""
    stack = [entry for entry in (node.meta.get("nn_module_stack") or {}).values()
             if not str(entry[0]).startswith("_empty_nn_module_stack")]
    path, kind = stack[-1] if stack else ("", "")
    path = re.sub(r"^L\['self'\]\.?", "", str(path))
    kind = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__name__}"
    if path and kind.startswith("torch.nn.modules.") and "container" not in kind:
        return path
    target = getattr(node.target, "__name__", str(node.target)).split(".")[0]
    return f"{path}/{target}" if path else target


def source_line(node):
    """File and line of the network's source that a node comes from, if known."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
    for file, line in reversed(frames):
        # Code that PyTorch has generated has a name in angle brackets.
        if f"{os.sep}torch{os.sep}" not in file and not file.startswith("<"):
            return file, int(line)
    return None


def source_location(node, context):
    """The same as a location."""
    from torch_mlir.ir import Location

    if line := source_line(node):
        return Location.file(*line, 0, context=context)
    return Location.unknown(context=context)


def higher_order(program):
    """The operations that the importer refuses because they take functions, such as
    `torch.cond`: [name, operation, reason, place]."""
    import torch

    failed = []
    for node in program.graph.nodes:
        if not isinstance(node.target, torch._ops.HigherOrderOperator):
            continue
        line = source_line(node)
        failed.append([node_name(node), node.target.name(), "it takes functions",
                       f"{line[0]}:{line[1]}" if line else ""])
    return failed


def keep_results(program):
    """Leaves a program the results that its users know. What it makes of its arguments
    comes back in front of them; of its buffers, it is refused."""
    import torch

    kinds = torch.export.graph_signature.OutputKind
    signature = program.graph_signature
    changed = [spec.target for spec in signature.output_specs
               if spec.kind in (kinds.BUFFER_MUTATION, kinds.PARAMETER_MUTATION)]
    if changed:
        reason = "forward changes it, and a compiled program keeps nothing between calls"
        raise NotImported([[name, "", reason, ""] for name in changed])
    kept = [spec.kind != kinds.USER_INPUT_MUTATION for spec in signature.output_specs]
    if all(kept):
        return
    output = next(node for node in program.graph.nodes if node.op == "output")
    output.args = (tuple(itertools.compress(output.args[0], kept)),)
    signature.output_specs = list(itertools.compress(signature.output_specs, kept))


def restore_views(program):
    """Turns those strided views into plain ones that only give a tensor other sizes, as
    group norm's are: torch-mlir takes strided ones of fixed sizes only."""
    import torch

    for node in program.graph.nodes:
        if node.target is not torch.ops.aten.as_strided.default:
            continue
        source, result = node.args[0].meta["val"], node.meta["val"]
        if (
            not node.kwargs
            and len(node.args) == 3
            and source.is_contiguous()
            and result.is_contiguous()
            and source.storage_offset() == 0
            and source.numel() == result.numel()
        ):
            node.target, node.args = torch.ops.aten.view.default, node.args[:2]


# What takes integers as they come, and what torch-mlir knows their sign of.
MOVES = {
    "_to_copy", "_unsafe_view", "alias", "clone", "copy", "detach", "expand",
    "flip", "lift_fresh_copy", "permute", "repeat", "reshape", "select", "slice", "split",
    "split_with_sizes", "squeeze", "t", "transpose", "unbind", "unfold", "unsqueeze", "view",
}  # fmt: skip


def widen_unsigned(program):
    """Has operations on unsigned integers, which torch-mlir takes for signed ones, compute
    with signed ones of a type that has room for each."""
    import torch

    wider = {torch.uint8: torch.int32, torch.uint16: torch.int32, torch.uint32: torch.int64}
    graph = program.graph
    cast = torch.ops.aten._to_copy.default

    def kind(value):
        found = value.meta.get("val") if isinstance(value, torch.fx.Node) else value
        return found.dtype if isinstance(found, torch.Tensor) else None

    def convert(value, dtype, of):
        node = graph.call_function(cast, (value,), {"dtype": dtype})
        node.meta = {key: of.meta[key] for key in ("nn_module_stack", "stack_trace")
                     if key in of.meta}
        node.meta["val"] = value.meta["val"].to(dtype)
        return node

    def restore(node, dtype):
        """Gives the users of a result the type that they know."""
        if kind(node) in (None, dtype):
            return
        users = list(node.users)
        with graph.inserting_after(node):
            narrow = convert(node, dtype, node)
        for user in users:
            user.replace_input_with(node, narrow)

    failed = []
    for node in list(graph.nodes):
        # An assertion has no value.
        if not isinstance(node.target, torch._ops.OpOverload) or "val" not in node.meta:
            continue
        inputs = [value for value in node.all_input_nodes if kind(value) in wider]
        large = any(kind(value) == torch.uint64 for value in node.all_input_nodes)
        if not inputs and not large:
            continue
        kinds = {kind(value) for value in node.all_input_nodes} - {None}
        if node.target.__name__.split(".")[0] in MOVES or (
            node.target.__name__.startswith("cat.") and len(kinds) == 1
        ):
            continue
        line = source_line(node)
        failure = [node_name(node), node.target.__name__, "",
                   f"{line[0]}:{line[1]}" if line else ""]
        if large:
            failed.append([*failure[:2], "unsigned integers of 64 bits", failure[3]])
            continue
        # PyTorch wraps numbers that its operand's type does not have.
        overload = node.target.__name__
        takes_numbers = "Scalar" in overload or overload.startswith("clamp")
        numbers = [n for n in node.args[1:] if type(n) is int] if takes_numbers else []
        if len(kinds) == 1 and any(
            not 0 <= n <= torch.iinfo(kind(inputs[0])).max for n in numbers
        ):
            failed.append([*failure[:2], "a number that its unsigned integers do not have",
                           failure[3]])
            continue
        with graph.inserting_before(node):
            wide = {value: convert(value, wider[kind(value)], node) for value in inputs}
        arguments = torch.fx.map_arg(
            (node.args, node.kwargs), lambda value: wide.get(value, value)
        )
        concrete = torch.fx.map_arg(arguments, lambda value: value.meta["val"])
        known = node.meta["val"]
        try:
            with next(iter(wide.values())).meta["val"].fake_mode:
                value = node.target(*concrete[0], **concrete[1])
        except Exception as error:
            reason = str(error).split("\n")[0]
            failed.append([*failure[:2], f"its unsigned integers: {reason}", failure[3]])
            continue
        node.args, node.kwargs = arguments
        node.meta["val"] = value
        # Where the importer would look first.
        node.meta.pop("tensor_meta", None)
        if isinstance(value, torch.Tensor):
            restore(node, known.dtype)
            continue
        for user in list(node.users):
            if user.target is operator.getitem:
                user.meta["val"] = value[user.args[1]]
                user.meta.pop("tensor_meta", None)
                restore(user, known[user.args[1]].dtype)
    if failed:
        raise NotImported(failed)
    graph.lint()
    program.graph_module.recompile()


class NotImported(Exception):
    """Carries what failed, before there is a module to lower."""


def import_torch(path: str):
    """The exported program in the `torch` dialect, its weights as resources."""
    import torch
    from torch_mlir.dialects import torch as torch_dialect
    from torch_mlir.extras import fx_importer
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table
    from torch_mlir.ir import Context, Location, UnitAttr

    with open(path, "rb") as file:
        program = torch.export.load(file)
    table = get_decomposition_table()
    for kept in KEPT_WHOLE:
        table.pop(getattr(torch.ops.aten, kept).default, None)
    table[torch.ops.aten.gelu.default] = gelu
    table[torch.ops.aten.conv_transpose2d.input] = conv_transpose2d
    program = program.run_decompositions(table)
    restore_views(program)
    keep_results(program)
    widen_unsigned(program)
    context = Context()
    torch_dialect.register_dialect(context)
    importer = fx_importer.FxImporter(context=context)
    # The importer knows files and lines; people know the modules of a network.
    fx_importer.ContextCache.get_node_location = lambda cache, node: Location.name(
        node_name(node), childLoc=source_location(node, context), context=context
    )
    try:
        function = importer.import_frozen_program(program, func_name="main")
    except Exception as error:
        if failed := higher_order(program):
            raise NotImported(failed) from error
        raise
    names = [spec.arg.name for spec in program.graph_signature.input_specs
             if spec.kind == torch.export.graph_signature.InputKind.USER_INPUT]
    # A size that torch.export leaves open never broadcasts: there is no 1 to check for.
    function.attributes["torch.assume_strict_symbolic_shapes"] = UnitAttr.get(context)
    entry = function.regions[0].blocks[0]
    for argument, name in zip(entry.arguments, names):
        argument.set_location(Location.name(name, context=context))
    return importer.module.operation


def main(kind: str, model_path: str, text_path: str) -> dict:
    try:
        if kind == "onnx":
            import onnx

            module, passes = import_onnx(onnx.load(model_path)), ONNX_PASSES
        else:
            module, passes = import_torch(model_path), TORCH_PASSES
    except NotImported as error:
        return {"failed": error.args[0]}
    except Exception as error:
        return {"failed": [["", "", str(error).split("\n")[0], ""]]}

    # A conversion stops at the first node that it cannot do. Cutting that one
    # out and trying again finds the next, so that the user sees all at once.
    failed = {}
    while len(failed) < 200:
        text, found = lower(module, passes)
        # Two nodes may have one name: that of the module they belong to.
        new = {(failure[0], failure[3]) for failure in found} - set(failed)
        for failure in found:
            failed.setdefault((failure[0], failure[3]), failure)
        if text is not None or not new or not cut_out(module, new):
            break
    if failed:
        return {"failed": list(failed.values())}
    with open(text_path, "w", encoding="utf-8") as file:
        file.write(text)
    return {"failed": []}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
