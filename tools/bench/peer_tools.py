# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prepares models for the peers with the peers' own tools, and looks at what they
really run. Reads one JSON object from each line of the standard input:

  {"do": "quantize", "peer", "input", "output", "transformer"}
  {"do": "quantize_dynamic", "peer", "input", "output"}
  {"do": "inspect", "peer", "file"} -> {"int8", "float"}: contractions in each
  {"do": "versions"}

Runs in the peers' environment.
"""

import collections
import contextlib
import importlib.metadata
import json
import logging
import os
import sys
import tempfile

import numpy as np
import onnx

CALIBRATION_SAMPLES = 4
FLOATS = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"}
INTEGERS = {
    "ConvInteger",
    "DynamicQuantizeMatMul",
    "MatMulInteger",
    "MatMulIntegerToFloat",
    "QGemm",
    "QLinearConv",
    "QLinearMatMul",
}


def samples(path):
    from networks import sample

    model = onnx.load(path)
    name = model.graph.input[0].name
    return [{name: sample(model, seed)} for seed in range(CALIBRATION_SAMPLES)]


def quantize(request):
    source, target = request["input"], request["output"]
    if request["peer"] == "onnxruntime":
        from onnxruntime import quantization as q

        class Reader(q.CalibrationDataReader):
            def __init__(self):
                self.data = iter(samples(source))

            def get_next(self):
                return next(self.data, None)

        with tempfile.TemporaryDirectory() as folder:
            prepared = os.path.join(folder, "prepared.onnx")
            q.quant_pre_process(source, prepared, skip_symbolic_shape=True)
            q.quantize_static(
                prepared,
                target,
                Reader(),
                quant_format=q.QuantFormat.QDQ,
                activation_type=q.QuantType.QUInt8,
                weight_type=q.QuantType.QInt8,
                per_channel=True,
            )
        return {}
    import nncf
    import openvino as ov

    model = ov.Core().read_model(source)
    kind = nncf.ModelType.TRANSFORMER if request.get("transformer") else None
    data = nncf.Dataset(samples(source))
    ov.save_model(
        nncf.quantize(model, data, subset_size=CALIBRATION_SAMPLES, model_type=kind),
        target,
        compress_to_fp16=False,
    )
    return {}


def quantize_dynamic(request):
    source, target = request["input"], request["output"]
    if request["peer"] == "onnxruntime":
        from onnxruntime import quantization as q

        q.quantize_dynamic(source, target, weight_type=q.QuantType.QInt8, per_channel=True)
        return {}
    import nncf
    import openvino as ov

    model = nncf.compress_weights(
        ov.Core().read_model(source), mode=nncf.CompressWeightsMode.INT8_SYM
    )
    ov.save_model(model, target, compress_to_fp16=False)
    return {}


def inspect(request):
    count = collections.Counter()
    if request["peer"] == "onnxruntime":
        import onnxruntime

        with tempfile.TemporaryDirectory() as folder:
            options = onnxruntime.SessionOptions()
            options.optimized_model_filepath = os.path.join(folder, "optimized.onnx")
            options.log_severity_level = 4
            onnxruntime.InferenceSession(
                request["file"], options, providers=["CPUExecutionProvider"]
            )
            model = onnx.load(options.optimized_model_filepath)
        for node in model.graph.node:
            count["int8"] += node.op_type in INTEGERS
            count["float"] += node.op_type in FLOATS
        return {"int8": count["int8"], "float": count["float"]}
    import openvino as ov

    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = ov.compile_model(request["file"], "CPU", config)
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        if info["layerType"].value.endswith(("Convolution", "FullyConnected", "MatMul")):
            integer = info["runtimePrecision"] in ("u8", "i8")
            count["int8" if integer else "float"] += 1
    return {"int8": count["int8"], "float": count["float"]}


def versions(request):
    found = {}
    for package in ("onnxruntime", "openvino", "nncf", "torch", "iree-base-compiler"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


REQUESTS = {
    "quantize": quantize,
    "quantize_dynamic": quantize_dynamic,
    "inspect": inspect,
    "versions": versions,
}


def main():
    # Libraries print; the answers are all that the caller wants to read.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = REQUESTS[request["do"]](request)
        except Exception as error:  # Whatever a peer raises is a result.
            answer = {"error": f"{type(error).__name__}: {error}".split("\n")[0][:300]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
