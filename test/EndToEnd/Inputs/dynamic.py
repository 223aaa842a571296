# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares dynamic quantization with NumPy and ONNX Runtime, bit for bit.

    dynamic.py write X.npy
    dynamic.py check X.npy Q.npy S.npy Z.npy P.npy T.npy

`check` takes the affine u8 result with scales and zero points, and the symmetric
i8 result with its scales, of the rows of X.
"""

import sys

import numpy
import onnx
import onnxruntime
from onnx import helper

mode, *paths = sys.argv[1:]
limit = numpy.finfo("f4").max / numpy.float32(2)
tiny = numpy.finfo("f4").tiny

if mode == "write":
    random = numpy.random.default_rng(5)
    x = random.normal(0, 1, (40, 33)).astype("f4")
    x *= (10.0 ** random.integers(-20, 20, (40, 1))).astype("f4")
    x[1] = numpy.abs(x[1])
    x[2] = -numpy.abs(x[2])
    x[3] = 0
    x[4] = 2.5
    x[5] = 1e-44
    x[6, 3] = numpy.nan
    x[7, 3] = numpy.inf
    x[8, 3:5] = numpy.inf, -numpy.inf
    x[9] = numpy.nan
    x[10, 2:4] = numpy.finfo("f4").max, -numpy.finfo("f4").max
    x[11] = numpy.arange(33) - 16.5
    numpy.save(paths[0], x)
    sys.exit()

x, q, s, z, p, t = (numpy.load(path) for path in paths)


def quantize(row, scale, zero_point, low, high):
    with numpy.errstate(all="ignore"):
        rounded = numpy.rint(row / scale) + numpy.float32(zero_point)
    return numpy.fmin(numpy.fmax(rounded, numpy.float32(low)), numpy.float32(high)).astype("i4")


graph = helper.make_graph(
    [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])], "g",
    [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None])],
    [helper.make_tensor_value_info("q", onnx.TensorProto.UINT8, [None]),
     helper.make_tensor_value_info("s", onnx.TensorProto.FLOAT, []),
     helper.make_tensor_value_info("z", onnx.TensorProto.UINT8, [])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString())

compared = 0
for index, row in enumerate(x):
    low = numpy.float32(numpy.fmax(numpy.fmin.reduce(row, initial=0), -limit))
    high = numpy.float32(numpy.fmin(numpy.fmax.reduce(row, initial=0), limit))
    scale = (high - low) / numpy.float32(255)
    scale = numpy.float32(1) if scale < tiny else scale
    zero_point = quantize(-low / scale, numpy.float32(1), 0, 0, 255)
    assert s[index] == scale and z[index] == zero_point, (index, s[index], scale, z[index], zero_point)
    assert (q[index].astype("i4") == quantize(row, scale, zero_point, 0, 255)).all(), index
    scale = numpy.fmax(high, -low) / numpy.float32(127)
    scale = numpy.float32(1) if scale < tiny else scale
    assert t[index] == scale, (index, t[index], scale)
    assert (p[index].astype("i4") == quantize(row, scale, 0, -127, 127)).all(), index
    # ONNX leaves open what becomes of NaN, infinities and ranges that overflow.
    if numpy.isfinite(row).all() and high - low < limit and high - low > 1e-30:
        theirs = session.run(None, {"x": row})
        assert s[index] == theirs[1] and z[index] == theirs[2], index
        assert (q[index] == theirs[0]).all(), index
        compared += 1
assert compared > 30
print("same bits")
