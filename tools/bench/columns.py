# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The columns of the table: which process measures what for each peer."""

import os
import re
from pathlib import Path

import operations
import processes
from programs import Failure, Programs


class Columns:
    """Starts the processes; `python` is that of the peers' environment, or None."""

    def __init__(self, build: Path, programs: Programs, python):
        self.build, self.programs, self.python = build, programs, python
        available = sorted(os.sched_getaffinity(0))
        self.cores = {threads: available[-threads:] for threads in (1, 2)}
        self.running = {}
        if python:
            find = processes.find_library
            self.onnxruntime = find(build, "onnxruntime/capi/libonnxruntime.so*")
            self.openvino = find(build, "openvino/libs/libopenvino_c.so*")

    def process(self, kind: str, subject: str, threads: int) -> processes.Process:
        """The process for one column; `kind` tells apart those of one library."""
        key = (kind, subject, threads)
        if key not in self.running:
            if subject in ("torch", "iree"):
                script = str(processes.HERE / "peer_subject.py")
                command = [str(self.python), script, subject, f"--threads={threads}"]
            else:
                command = [str(self.build / "bin" / "quanta-bench"), subject]
            cores = self.cores[threads]
            self.running[key] = processes.Process(command, cores, threads)
        return self.running[key]

    def close(self):
        for process in self.running.values():
            process.stop()

    def of(self, work) -> dict:
        """{column: (process, load request) or the reason why there is none}"""
        if not self.python or work.group == "compile":
            return {}
        columns = {}
        for name, prepare in (
            ("oneDNN", self.onednn),
            ("ONNX Runtime", self.onnx_runtime),
            ("OpenVINO", self.open_vino),
            ("PyTorch", self.pytorch),
        ):
            for kind in ("int8", "float"):
                try:
                    if work.group == "overhead" and kind == "int8":
                        raise Failure("there is nothing to quantize")
                    columns[f"{name} {kind}"] = prepare(work, kind)
                except (Failure, RuntimeError, OSError) as error:
                    columns[f"{name} {kind}"] = str(error)
        try:
            columns["IREE int8"] = self.iree(work)
        except Exception as error:  # Our own passes may refuse the program.
            columns["IREE int8"] = str(error).splitlines()[0][:200]
        return columns

    def onednn(self, work, kind: str):
        request = {"int8": kind == "int8"}
        if work.network == "mlp":
            request.update(op="mlp", m=work.batch)
        elif work.network:
            raise Failure("has no graphs")
        elif work.group == "dynamic" and kind == "int8":
            raise Failure("has no primitive that finds ranges at run time")
        elif operations.is_conv(work.layers[0]):
            request.update(op="convs", layers=work.layers)
        else:
            request.update(op="matmul", **work.layers[0])
        return self.process(f"onednn {kind}", "onednn", work.threads), request

    def onnx_runtime(self, work, kind: str):
        if not self.onnxruntime:
            raise Failure("cannot be installed")
        path, tensors = self.programs.for_peer(work, kind, "onnxruntime")
        request = {"file": str(path), "library": self.onnxruntime, "threads": work.threads}
        process = self.process(f"onnxruntime {kind}", "onnxruntime", work.threads)
        return process, {**request, **tensors}

    def open_vino(self, work, kind: str):
        if not self.openvino:
            raise Failure("cannot be installed")
        path, tensors = self.programs.for_peer(work, kind, "openvino")
        request = {"file": str(path), "library": self.openvino, "threads": work.threads}
        if work.layers and operations.is_conv(work.layers[0]):
            # Its own account of the convolutions, without its layout changes.
            request["node"] = "Convolution"
        process = self.process(f"openvino {kind}", "openvino", work.threads)
        return process, {**request, **tensors}

    def pytorch(self, work, kind: str):
        if work.network:
            raise Failure("reads no ONNX files")
        request = {"int8": kind == "int8", "layers": work.layers}
        if work.group == "dynamic" and kind == "int8":
            request.update(op="dynamic", **work.layers[0])
        else:
            conv = operations.is_conv(work.layers[0])
            request["op"] = "convs" if conv else "matmul"
        return self.process(f"torch {kind}", "torch", work.threads), request

    def iree(self, work):
        if work.threads > 1:
            raise Failure("measured on one thread only")
        if work.network and work.batch > 1:
            raise Failure("takes seconds: whole networks are measured at batch 1")
        import quanta

        # Lowered without kernels it is plain linalg, which IREE reads.
        module = quanta.load(self.programs.ours(work))
        if module.stage == "quantized":
            module = module.run("quanta-rewrite-types,canonicalize,cse")
        path = self.programs.path(work.name, "-iree.mlir")
        text = without_attributes(str(module))
        path.write_text(text)
        layer = work.layers[0] if work.layers else {}
        if work.network:
            value = self.programs.network(work)[1].graph.input[0]
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        elif operations.is_conv(layer):
            shape = [1, layer["h"], layer["h"], layer["ic"]]
        else:
            shape = [layer["m"], layer["k"]]
        element = "f32" if work.network or work.group == "dynamic" else "u8"
        tensor = {"type": element, "shape": shape}
        entry = re.search(r"func\.func @(\w+)", text)[1]
        request = {"file": str(path), "entry": entry, "inputs": [tensor]}
        return self.process("iree", "iree", 1), request


def without_attributes(text: str) -> str:
    """Stock MLIR does not know the attributes that record signatures."""
    text = re.sub(r" attributes \{.*?\} \{$", " {", text, flags=re.MULTILINE)
    return re.sub(r"^module (@\w+ )?attributes \{.*\} \{$", "module {", text, flags=re.MULTILINE)
