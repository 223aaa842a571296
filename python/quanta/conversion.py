# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Starts the process in which torch-mlir converts a prepared model."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, List, Tuple

from ._quanta import Error

# What an operation is called, its kind, why it cannot be converted, and where it is.
Failure = Tuple[str, str, str, str]


def require(package: str, purpose: str, extra: str):
    """Imports a package that only some of the doors need."""
    if importlib.util.find_spec(package) is None:
        raise Error(
            f"{purpose} needs the package '{package}': pip install quanta[{extra}]"
        )
    return importlib.import_module(package)


def convert(
    kind: str, save: Callable[[str], None], name: str, hint: str
) -> Tuple[str, List[Failure]]:
    """Converts a model to `linalg` on tensors.

    Args:
      kind: "onnx" or "torch".
      save: writes the prepared model to the path that it is given.
      name: what messages call the model.
      hint: what may help, for a conversion that crashes.

    Returns:
      The MLIR text, or else every operation that cannot be converted.
    """
    with tempfile.TemporaryDirectory(prefix="quanta-") as folder:
        source, target = os.path.join(folder, "model"), os.path.join(folder, "m.mlir")
        save(source)
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        worker = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("_torch_mlir.py"))]
            + [kind, source, target],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if worker.returncode == 0:
            failed = json.loads(worker.stdout.splitlines()[-1])["failed"]
            text = "" if failed else Path(target).read_text(encoding="utf-8")
            return text, [tuple(failure) for failure in failed]
    # The last line of a Python traceback, or of what the crash left.
    lines = worker.stderr.strip().splitlines() or [f"exit code {worker.returncode}"]
    raise Error(f"torch-mlir cannot import '{name}': {lines[-1]}; {hint}")
