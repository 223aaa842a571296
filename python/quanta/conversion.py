# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Starts the process in which torch-mlir converts a prepared model."""

import hashlib
import importlib
import importlib.metadata
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


WORKER = Path(__file__).with_name("_torch_mlir.py")
NODES_WORKER = Path(__file__).with_name("_onnx_nodes.py")


def cache_entry(kind: str, source: str):
    """Where the environment wants this conversion to be kept: beside the objects that
    `quanta.compile` keeps, under a name that they are pruned by. None if nowhere."""
    folder = os.environ.get("QUANTA_CACHE_DIR")
    if not folder:
        return None
    key = hashlib.sha256()
    packages = ("torch-mlir", "torch" if kind == "torch" else "onnx", "numpy")
    try:
        versions = [importlib.metadata.version(package) for package in packages]
    except importlib.metadata.PackageNotFoundError:
        return None
    key.update(json.dumps([kind, sys.version, versions]).encode())
    for path in (WORKER, NODES_WORKER, source):
        key.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return Path(folder) / f"llvmcache-model-{key.hexdigest()}"


def read_entry(entry):
    """The conversion that an entry keeps, if it can be read."""
    try:
        text, failed = json.loads(entry.read_text(encoding="utf-8"))
        os.utime(entry)
        return text, [tuple(failure) for failure in failed]
    except (OSError, ValueError):
        return None


def write_entry(entry, conversion):
    """Keeps a conversion; a folder that cannot be written keeps nothing."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=entry.parent, prefix="quanta-", delete=False
        ) as file:
            json.dump(conversion, file)
        os.replace(file.name, entry)
    except OSError:
        pass


def run_worker(script: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs a file of this package in a Python of its own."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def find_failing_nodes(source: str, failed: List[Failure]) -> List[Failure]:
    """The nodes of an ONNX model that cannot be converted, each tried alone; and those
    of `failed` that could not be tried so."""
    worker = run_worker(NODES_WORKER, source)
    if worker.returncode != 0:
        return failed
    found = json.loads(worker.stdout.splitlines()[-1])
    nodes = {failure[0]: tuple(failure) for failure in found["failed"]}
    if not nodes:
        return failed
    # Of a node behind one that is not known, the types are unknown: no fault of its own.
    ignored = {"", *found["untyped"]}
    for failure in failed:
        if failure[0] not in ignored and failure[1] != "func.func":
            nodes.setdefault(failure[0], failure)
    return list(nodes.values())


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
      The MLIR text, or else every operation that cannot be converted. Where the
      environment variable `QUANTA_CACHE_DIR` names a folder, it is kept there.
    """
    with tempfile.TemporaryDirectory(prefix="quanta-") as folder:
        source, target = os.path.join(folder, "model"), os.path.join(folder, "m.mlir")
        save(source)
        entry = cache_entry(kind, source)
        if entry and (kept := read_entry(entry)):
            return kept
        worker = run_worker(WORKER, kind, source, target)
        has_crashed = worker.returncode != 0
        failed = []
        if not has_crashed:
            failed = json.loads(worker.stdout.splitlines()[-1])["failed"]
            failed = [tuple(failure) for failure in failed]
        if kind == "onnx" and (has_crashed or failed):
            failed = find_failing_nodes(source, failed)
        if failed or not has_crashed:
            text = "" if failed else Path(target).read_text(encoding="utf-8")
            conversion = text, failed
            if entry:
                write_entry(entry, conversion)
            return conversion
    # The last line of a Python traceback, or of what the crash left.
    lines = worker.stderr.strip().splitlines() or [f"exit code {worker.returncode}"]
    raise Error(f"torch-mlir cannot import '{name}': {lines[-1]}; {hint}")
