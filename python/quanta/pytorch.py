# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The door for PyTorch modules: `torch.export`, then torch-mlir.

The packages `torch` and `torch_mlir` are needed only here.
"""

import warnings
from collections.abc import Mapping
from typing import Any, Optional

from ._quanta import Error
from .conversion import convert, require
from .module import Module


# Why torch-mlir cannot convert an operation, and what says the same, by its beginning.
REASONS = {
    "aten.embedding_bag": "how many rows a bag has is known only when it runs; for bags of "
    "one size, nn.Embedding and a mean or a maximum over a dimension say the same",
}


def from_torch(
    module: Any,
    example_inputs: Any = (),
    dynamic_shapes: Optional[Any] = None,
    name: Optional[str] = None,
) -> Module:
    """Brings a PyTorch module in.

        image = torch.zeros(2, 1, 28, 28)
        batch = torch.export.Dim("batch")
        model = quanta.from_torch(net, (image,), dynamic_shapes=({0: batch},))

    The module is traced in evaluation mode, whatever mode it is in: batch norm
    uses its running statistics, dropout does nothing. (An exported program is taken as
    it is.) The model returns what `forward` returns; an argument that `forward`
    changes in place stays as it is, and a buffer that it changes is an error.

    Args:
      module: a `torch.nn.Module`, or a `torch.export.ExportedProgram`, which needs
        no inputs.
      example_inputs: what `module` is called with: a tensor, a tuple of the
        positional arguments, or a dictionary of arguments by name. Their sizes
        become those of the model; their values do not matter.
      dynamic_shapes: sizes to leave open, as `torch.export.export` takes them.
        Examples for a size that is left open should not have it 0 or 1.
      name: what the model is called; by default as its class.

    Returns:
      The module at the float stage with one function, `main`. The location of
      each operation is the path of the submodule that it comes from
      (`encoder.layer.0.query`) and its line in the source.

    Raises:
      Error: the module cannot be exported, or has operations that cannot be
        converted: all of them are named; or a package is missing
        (`pip install quanta[torch]`).
    """
    torch = require("torch", "reading PyTorch modules", "torch")
    require("torch_mlir", "reading PyTorch modules", "torch")
    if isinstance(module, torch.export.ExportedProgram):
        program = module
        label = name or "program"
    elif isinstance(module, torch.nn.Module):
        label = name or type(module).__name__
        program = _export(torch, module, example_inputs, dynamic_shapes, label)
    else:
        raise Error(f"expected a torch.nn.Module, not {type(module).__name__}")
    text, failed = convert(
        "torch",
        lambda path: _save(torch, program, path),
        label,
        "if sizes are open, fixing them may help",
    )
    if failed:
        raise Error(_explain(failed, label))
    return Module.parse(text, label)


def _export(torch, module, example_inputs, dynamic_shapes, label: str):
    arguments, keywords = (), {}
    if isinstance(example_inputs, Mapping):
        keywords = dict(example_inputs)
    elif isinstance(example_inputs, (tuple, list)):
        arguments = tuple(example_inputs)
    else:
        arguments = (example_inputs,)
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(
                module, arguments, keywords, dynamic_shapes=dynamic_shapes
            )
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = "\n  ".join(lines[:12]) or type(error).__name__
        raise Error(f"torch.export cannot trace '{label}': {reason}") from error
    finally:
        for part in training:
            part.training = True


def _save(torch, program, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The format is chosen by what the name ends in.
        with open(path, "wb") as file:
            torch.export.save(program, file)


def _explain(failed: list, label: str) -> str:
    lines = []
    for name, operation, reason, place in failed:
        line = f"  '{name}'" if name else f"  {reason}"
        known = (why for kind, why in REASONS.items() if operation.startswith(kind))
        reason = next(known, reason)
        if place:
            line += f" at {place}"
        if name and not reason.startswith("failed to legalize operation 'torch."):
            line += f": {reason}"
        lines.append(line)
    what = "an operation that is" if len(lines) == 1 else "operations that are"
    return f"'{label}' has {what} not supported:\n" + "\n".join(lines)
