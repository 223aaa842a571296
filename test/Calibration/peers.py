# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: rm -rf %t && mkdir %t && %python %s %t
"""The same data through the calibrators of ONNX Runtime and PyTorch."""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import numpy as np

import quanta

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from tools import read_activation, read_observers, write_model

random = np.random.default_rng(3)
COLUMNS, BATCHES, ROWS = 64, 10, 50
SHAPE = (BATCHES * ROWS, COLUMNS)
DATA = {
    "normal": random.standard_normal(SHAPE),
    "relu": np.maximum(random.standard_normal(SHAPE), 0),
    "laplace": random.laplace(size=SHAPE),
    "outliers": np.where(random.random(SHAPE) < 1e-4, 40, random.standard_normal(SHAPE)),
    "skewed": random.gamma(1.5, size=SHAPE) - 0.3,
}
# What a convolution and a ReLU make of an image: each channel has the value of
# its background in most places.
DATA["background"] = np.where(
    random.random(SHAPE) < 0.7,
    np.maximum(random.standard_normal(COLUMNS), 0) + 0.5,
    np.maximum(random.standard_normal(SHAPE) * 2, 0))
# A zero point that is a tie, and values that stay away from zero.
DATA["even"] = random.uniform(-3, 3, SHAPE)
DATA["even"][0, :2] = -3, 3
DATA["far"] = random.uniform(5, 6, SHAPE)
DATA = {name: data.astype(np.float32) for name, data in DATA.items()}


class Tools:
    """Observes data and chooses by it, in this process: there is a lot to compare."""

    def __init__(self, folder):
        self.folder = Path(folder)
        write_model(self.folder / "model.mlir", ROWS, COLUMNS, inputs=1)
        self.model = quanta.load(self.folder / "model.mlir")
        self.observed = {}

    def insert(self, observer):
        if observer not in self.observed:
            pipeline = f"quanta-insert-observers{{observer={observer}}}"
            self.observed[observer] = self.model.run(pipeline)
        return self.observed[observer]

    def observe(self, data, observer):
        """The statistics file, and what it says of the data."""
        path = self.folder / "s.json"
        quanta.calibrate(self.insert(observer), np.split(data, BATCHES)).save(path)
        return path, read_observers(path, 1)[0]

    def choose(self, statistics, observer="histogram", **recipe):
        """(scale, zero point) of the activation under a recipe."""
        path = self.folder / "recipe.yaml"
        path.write_text(json.dumps({"format": "quanta-recipe", "version": 1, **recipe}))
        pipeline = f"quanta-apply-calibration{{statistics='{statistics}' recipe='{path}'}}"
        return read_activation(str(self.insert(observer).run(pipeline)))


tools = Tools(sys.argv[1])


def quantized(data, scale, zero_point):
    q = np.clip(np.rint(data / np.float32(scale)) + zero_point, 0, 255)
    return (q - zero_point) * np.float32(scale)


def mse(data, parameters):
    return float(np.mean((quantized(data, *parameters) - data.astype(np.float64)) ** 2))


def to_range(scale, zero_point):
    return -zero_point * scale, (255 - zero_point) * scale


def close(ours, theirs, tolerance, what):
    assert abs(ours - theirs) <= tolerance, (what, ours, theirs, tolerance)


def onnxruntime_range(method, data, **options):
    from onnxruntime.quantization.calibrate import HistogramCollector

    collector = HistogramCollector(
        method=method, symmetric=False, num_bins=options.get("num_bins", 2048), num_quantized_bins=128, scenario="same",
        percentile=options.get("percentile"))
    with contextlib.redirect_stdout(io.StringIO()):
        for batch in np.split(data, BATCHES):
            collector.collect({"x": batch})
        low, high = collector.compute_collection_result()["x"][:2]
    return float(low), float(high)


def against_onnxruntime():
    for name, data in DATA.items():
        statistics, seen = tools.observe(data, "histogram")
        # MinMaxCalibrater takes the smallest and largest value, and so do we.
        assert (seen["min"], seen["max"]) == (data.min(), data.max()), name
        # One bin of either histogram, and the rounding of zero to the grid.
        width = seen["histogram"]["width"] + 2 * abs(data).max() / 2048
        # None that cuts off a whole number of values: there, rounding decides.
        for percentile in (99.01, 99.91, 99.99):
            scale, zero = tools.choose(statistics, range_selection="percentile", percentile=percentile)
            low, high = onnxruntime_range("percentile", data, percentile=percentile)
            ours = to_range(scale, zero)
            for end in (0, 1):
                theirs = (min(low, 0), max(high, 0))[end]
                close(ours[end], theirs, width + scale / 2, (name, percentile))
        # The divergence is flat around its minimum, and the grids differ: what
        # counts is the error that the range leaves.
        scale, zero = tools.choose(statistics, range_selection="entropy")
        # Its time grows with the square of its bins, of which its `EntropyCalibrater`
        # has 128. Where few values repeat, it loses most of the range with more.
        bins = 128 if name == "background" else 512
        low, high = onnxruntime_range("entropy", data, num_bins=bins)
        low, high = min(low, 0), max(high, 0)
        theirs = ((high - low) / 255, np.rint(-low * 255 / (high - low)))
        print("entropy", name, to_range(scale, zero), (low, high), mse(data, (scale, zero)) / mse(data, theirs))
        # That few bins tell no range from another: theirs is the whole one then, and
        # clipping rare values costs less information than error.
        limit = 2 if name == "background" else 1.25
        assert mse(data, (scale, zero)) <= limit * mse(data, theirs), name


def against_torch():
    try:
        import torch
        from torch.ao.quantization import observer as torch_observers
    except ImportError:
        print("skipped the comparison with PyTorch: it is not installed")
        return

    def parameters(observer, data):
        for batch in np.split(data, BATCHES):
            observer(torch.from_numpy(batch))
        scale, zero = observer.calculate_qparams()
        return float(scale), int(zero)

    U8 = dict(dtype=torch.quint8, qscheme=torch.per_tensor_affine)
    for name, data in DATA.items():
        statistics, _ = tools.observe(data, "min_max")
        ours = tools.choose(statistics, "min_max")
        theirs = parameters(torch_observers.MinMaxObserver(**U8), data)
        close(ours[0], theirs[0], 1e-6 * theirs[0], name)
        assert ours[1] == theirs[1], (name, ours, theirs)

        for storage, dtype in (("u8", torch.quint8), ("i8", torch.qint8)):
            ours = tools.choose(statistics, "min_max", symmetry="symmetric", activation=storage)
            observer = torch_observers.MinMaxObserver(dtype=dtype, qscheme=torch.per_tensor_symmetric)
            theirs = parameters(observer, data)
            close(ours[0], theirs[0], 1e-6 * theirs[0], (name, storage))
            assert ours[1] == theirs[1], (name, storage, ours, theirs)

        # PyTorch averages in f32.
        statistics, seen = tools.observe(data, "moving_average_min_max")
        observer = torch_observers.MovingAverageMinMaxObserver(averaging_constant=0.01, **U8)
        theirs = parameters(observer, data)
        close(seen["min"], float(observer.min_val), 1e-5 * abs(seen["max"]), name)
        close(seen["max"], float(observer.max_val), 1e-5 * abs(seen["max"]), name)
        ours = tools.choose(statistics, "moving_average_min_max")
        close(ours[0], theirs[0], 1e-5 * theirs[0], name)

        for kind, observer in (
            ("per_channel_min_max", torch_observers.PerChannelMinMaxObserver(ch_axis=1)),
            ("moving_average_per_channel_min_max",
             torch_observers.MovingAveragePerChannelMinMaxObserver(averaging_constant=0.01, ch_axis=1)),
        ):
            _, seen = tools.observe(data, kind)
            for batch in np.split(data, BATCHES):
                observer(torch.from_numpy(batch))
            tolerance = dict(rtol=1e-5, atol=1e-5) if "average" in kind else dict(rtol=0, atol=0)
            np.testing.assert_allclose(seen["channels"]["min"], observer.min_val.numpy(), **tolerance)
            np.testing.assert_allclose(seen["channels"]["max"], observer.max_val.numpy(), **tolerance)

        # Another search for the same minimum: never worse by more than 1%.
        statistics, _ = tools.observe(data, "histogram")
        ours = tools.choose(statistics, range_selection="mse")
        theirs = parameters(torch_observers.HistogramObserver(**U8), data)
        print("mse", name, to_range(*ours), to_range(*theirs), mse(data, ours) / mse(data, theirs))
        assert mse(data, ours) <= 1.01 * mse(data, theirs), (name, ours, theirs)
        full = tools.choose(statistics, range_selection="max")
        assert mse(data, ours) <= mse(data, full), name


against_onnxruntime()
against_torch()
