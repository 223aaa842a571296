# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime on the same file: the float and int8 that a user would have."""

import logging
import os

import numpy as np

INPUT = "image"


def quantize_onnx(path: str, int8_path: str, calibration: np.ndarray) -> None:
    """Static int8 in QDQ form: u8 activations, i8 weights per channel."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.samples = iter([{INPUT: calibration}])

        def get_next(self):
            return next(self.samples, None)

    # It recommends a preparation that changes nothing for this network.
    logging.disable(logging.WARNING)
    quantize_static(
        path,
        int8_path,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    logging.disable(logging.NOTSET)


class Session:
    """One thread, all optimizations, buffers bound before the measurement."""

    def __init__(self, path: str):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        )
        self._ort = onnxruntime
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self.bytes = os.path.getsize(path)

    def run(self, images: np.ndarray) -> np.ndarray:
        return self._session.run(None, {INPUT: images})[0]

    def bound(self, images: np.ndarray):
        """A function of no arguments that runs the network once."""
        value = self._ort.OrtValue
        output = self._session.get_outputs()[0]
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(INPUT, value.ortvalue_from_numpy(images))
        binding.bind_ortvalue_output(
            output.name,
            value.ortvalue_from_numpy(np.zeros((len(images), 10), np.float32)),
        )
        run = self._session.run_with_iobinding
        return lambda: run(binding)


def version() -> str:
    import onnxruntime

    return onnxruntime.__version__
