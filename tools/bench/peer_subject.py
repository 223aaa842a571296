# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures PyTorch or IREE; answers the same requests as `quanta-bench`, in the
peers' environment: peer_subject.py torch|iree [--threads=N].
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np


class Torch:
    """`quantized::` operators on weights packed ahead; eager mode for floats."""

    def __init__(self, threads):
        import torch

        self.torch = torch
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        torch.manual_seed(0)
        self.engine = "x86" if "x86" in torch.backends.quantized.supported_engines else ""
        if self.engine:
            torch.backends.quantized.engine = self.engine

    def load(self, request):
        torch = self.torch
        if request["op"] == "dynamic":
            m, n, k = (request[key] for key in "mnk")
            x = torch.rand(m, k)
            weight = torch.quantize_per_channel(
                torch.randn(n, k), torch.full((n,), 0.02), torch.zeros(n, dtype=torch.long), 0, torch.qint8
            )
            packed = torch.ops.quantized.linear_prepack(weight, torch.zeros(n))
            return lambda: torch.ops.quantized.linear_dynamic(x, packed, True)
        if request["op"] not in ("matmul", "convs"):
            raise ValueError("reads no ONNX files")
        steps = [
            self.integer(layer) if request["int8"] else self.float(layer)
            for layer in request["layers"]
        ]
        first = request["layers"][0]
        shape = (first["m"], first["k"]) if "m" in first else (1, first["ic"], first["h"], first["h"])
        x = torch.rand(shape)
        if len(shape) == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        if request["int8"]:
            x = torch.quantize_per_tensor(x, 1 / 255, 0, torch.quint8)

        def run():
            value = x
            for step in steps:
                value = step(value)

        return run

    def parameters(self, layer):
        torch = self.torch
        if "m" in layer:
            return torch.randn(layer["n"], layer["k"]), torch.zeros(layer["n"])
        kernel = layer["kernel"]
        shape = (layer["oc"], layer["ic"] // layer["g"], kernel, kernel)
        return torch.randn(shape), torch.zeros(layer["oc"])

    def integer(self, layer):
        torch = self.torch
        weight, bias = self.parameters(layer)
        n = len(bias)
        weight = torch.quantize_per_channel(
            weight, torch.full((n,), 0.02), torch.zeros(n, dtype=torch.long), 0, torch.qint8
        )
        if "m" in layer:
            packed = torch.ops.quantized.linear_prepack(weight, bias)
            return lambda x: torch.ops.quantized.linear_relu(x, packed, 0.5, 0)
        packed = torch.ops.quantized.conv2d_prepack(
            weight, bias, [layer["stride"]] * 2, [layer["pad"]] * 2, [1, 1], layer["g"]
        )
        return lambda x: torch.ops.quantized.conv2d_relu(x, packed, 0.5, 0)

    def float(self, layer):
        torch = self.torch
        weight, bias = self.parameters(layer)
        if "m" in layer:
            return lambda x: torch.nn.functional.linear(x, weight, bias).relu_()
        weight = weight.contiguous(memory_format=torch.channels_last)
        stride, pad, groups = layer["stride"], layer["pad"], layer["g"]
        convolve = torch.nn.functional.conv2d
        return lambda x: convolve(x, weight, bias, stride, pad, 1, groups).relu_()

    def measure(self, run, seconds):
        start = time.perf_counter()
        run()
        first = time.perf_counter() - start
        calls = max(1, int(50e-6 / max(first, 1e-7)))
        times, start = [], time.perf_counter()
        while True:
            begin = time.perf_counter()
            for _ in range(calls):
                run()
            end = time.perf_counter()
            times.append((end - begin) * 1e6 / calls)
            if end - start + first >= seconds:
                return times


class Iree:
    """The same integer program as ours, in stock MLIR, by IREE's own benchmark."""

    def __init__(self, threads):
        import iree.compiler
        import iree.runtime

        self.compiler = iree.compiler
        self.tool = os.path.join(os.path.dirname(iree.runtime.__file__), "..", "_runtime_libs", "iree-benchmark-module")
        if not os.path.exists(self.tool):
            self.tool = os.path.join(os.path.dirname(sys.executable), "iree-benchmark-module")
        self.folder = tempfile.TemporaryDirectory()

    def load(self, request):
        path = os.path.join(self.folder.name, "module.vmfb")
        self.compiler.tools.compile_file(
            request["file"],
            output_file=path,
            target_backends=["llvm-cpu"],
            extra_args=["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"],
        )
        command = [self.tool, f"--module={path}", "--device=local-sync", f"--function={request['entry']}"]
        for spec in request["inputs"]:
            shape = "x".join(map(str, spec["shape"]))
            command.append(f"--input={shape}x{'f32=0.5' if spec['type'] == 'f32' else 'i8=3'}")
        return command + ["--benchmark_format=json"]

    def measure(self, command, seconds):
        done = subprocess.run(
            command + [f"--benchmark_min_time={max(seconds, 0.01)}s"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            reasons = [line for line in done.stderr.splitlines() if line.strip()]
            raise RuntimeError(reasons[0] if reasons else f"status {done.returncode}")
        result = json.loads(done.stdout)["benchmarks"][0]
        unit = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}[result["time_unit"]]
        return [result["real_time"] * unit]


def main():
    threads = int(sys.argv[2].partition("=")[2]) if len(sys.argv) > 2 else 1
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = failure = loaded = None
    try:
        peer = {"torch": Torch, "iree": Iree}[sys.argv[1]](threads)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if failure:
                raise RuntimeError(failure)
            if request["do"] == "load":
                loaded, start = None, time.perf_counter()
                loaded = peer.load(request)
                if callable(loaded):
                    loaded()
                answer = {"us": (time.perf_counter() - start) * 1e6, "note": ""}
            elif request["do"] == "measure":
                answer = {"us": peer.measure(loaded, request["seconds"])}
            else:
                loaded, answer = None, {}
        except Exception as error:  # Whatever a peer raises is a result.
            answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0][:200]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
