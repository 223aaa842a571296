# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What others make of the same ONNX file with the same calibration data."""

import contextlib
import logging
import os
import warnings
from pathlib import Path
from typing import List, Tuple

import numpy as np

Samples = List[Tuple[np.ndarray, ...]]


@contextlib.contextmanager
def quiet():
    """Neither their warnings nor their progress bars on our output."""
    logging.disable(logging.WARNING)
    with open(os.devnull, "w") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            try:
                yield
            finally:
                logging.disable(logging.NOTSET)


def export(net, example: tuple, path: Path, dynamic_shapes) -> None:
    """Writes a PyTorch module as ONNX."""
    import torch

    with quiet():
        torch.onnx.export(
            net,
            tuple(torch.from_numpy(array) for array in example),
            str(path),
            dynamo=True,
            external_data=False,
            dynamic_shapes=dynamic_shapes,
            verbose=False,
        )


class OnnxRuntime:
    """An ONNX file in ONNX Runtime, on one thread."""

    def __init__(self, path: Path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.names = [value.name for value in self._session.get_inputs()]

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        return self._session.run(None, dict(zip(self.names, arrays)))[0]


def onnx_runtime_static(path: Path, quantized: Path, calibration: Samples, **options):
    """ONNX Runtime's static int8; without options, its default settings."""
    from onnxruntime.quantization import CalibrationDataReader, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    names = OnnxRuntime(path).names

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.samples = iter(dict(zip(names, arrays)) for arrays in calibration)

        def get_next(self):
            return next(self.samples, None)

    prepared = quantized.with_suffix(".prepared.onnx")
    with quiet():
        # Its documentation asks for this step before.
        try:
            quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
        except Exception:
            prepared = path
        quantize_static(str(prepared), str(quantized), Reader(), **options)
    return OnnxRuntime(quantized)


def onnx_runtime_u8s8(path: Path, quantized: Path, calibration: Samples):
    """The settings that its documentation recommends for x86."""
    from onnxruntime.quantization import QuantType

    return onnx_runtime_static(
        path,
        quantized,
        calibration,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


class OpenVino:
    """A model in OpenVINO, on one thread, in f32 where it is not int8."""

    def __init__(self, model):
        self._model = model
        self._run = self._compile(model)

    @classmethod
    def read(cls, path: Path) -> "OpenVino":
        import openvino

        return cls(openvino.Core().read_model(str(path)))

    @staticmethod
    def _compile(model):
        import openvino

        return openvino.Core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "f32",
                "INFERENCE_NUM_THREADS": 1,
                "PERFORMANCE_HINT": "LATENCY",
            },
        )

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        return next(iter(self._run(arrays).values()))

    def fixed(self, *arrays: np.ndarray):
        """The same for arrays of these sizes only, for which it is faster."""
        model = self._model.clone()
        model.reshape(
            {
                port: list(array.shape)
                for port, array in zip(model.inputs, arrays, strict=True)
            }
        )
        return OpenVino(model)


def nncf_default(path: Path, calibration: Samples) -> OpenVino:
    """NNCF's default int8 on OpenVINO."""
    with quiet():
        import nncf
        import openvino

        quantized = nncf.quantize(
            openvino.Core().read_model(str(path)),
            nncf.Dataset(calibration, lambda sample: sample),
            subset_size=len(calibration),
        )
        return OpenVino(quantized)


def versions() -> dict:
    from importlib.metadata import version

    names = ("onnxruntime", "nncf", "openvino", "torch", "torch-mlir")
    return {name: version(name) for name in names}
