# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""ONNX models that are quantized already."""

import os
import unittest

import numpy as np

import quanta
from Inputs.onnx_models import (
    HAS_RUNTIME, MISSING, RANDOM, OnnxTestCase, linear, make, run_by_node, value, weight,
)  # fmt: skip

if not MISSING:
    import onnx
    from onnx import TensorProto, helper, numpy_helper


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class ImportQdq(OnnxTestCase):
    def quantize(self, path):
        """The model with its own parameters: none of it stays in float."""
        model = quanta.load(path)
        with self.assertRaisesRegex(quanta.Error, "itself how .* a recipe would change nothing"):
            quanta.quantize(model, recipe={"scheme": "dynamic"})
        quantized = quanta.quantize(model)
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        return quantized

    def check(self, nodes, inputs, outputs, arrays, x, **options):
        """Compares with the nodes one by one, bit for bit."""
        weights = [numpy_helper.from_array(np.asarray(a), n) for n, a in arrays.items()]
        path = self.save(make(nodes, inputs, outputs, weights, **options))
        np.testing.assert_array_equal(
            quanta.compile(self.quantize(path))(x), run_by_node(path, {"x": x})[0]
        )

    def test_zero_points_that_are_left_out(self):
        """They are 0, of the type of the integers."""
        x = np.array([[-3, 0.3, 1, 200]], np.float32)
        w = np.array([[1, -2], [3, -4], [100, -100], [0, 1]], np.int8)
        scales = np.array([0.5, 0.25], np.float32)
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "s"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "s"], ["a"]),
            helper.make_node("DequantizeLinear", ["w", "t"], ["b"], axis=1),
            helper.make_node("MatMul", ["a", "b"], ["y"]),
        ]
        weights = [weight("s"), weight("t", 2), weight("w", 4, 2)]
        for tensor, array in zip(weights, (np.float32(0.5), scales, w)):
            tensor.CopyFrom(numpy_helper.from_array(np.asarray(array), tensor.name))
        model = make(nodes, [value("x", [1, 4])], [value("y", [1, 2])], weights)
        a = np.clip(np.rint(x / 0.5), 0, 255) * np.float32(0.5)
        run = quanta.compile(quanta.load(self.save(model)))
        np.testing.assert_array_equal(run(x), a @ (w * scales))

    def test_bytes_without_signs(self):
        """Arguments and results are of the types that the model says."""
        nodes = [
            linear("DequantizeLinear", "x", "s", "z", "a"),
            helper.make_node("MatMul", ["a", "w"], ["b"]),
            linear("QuantizeLinear", "b", "s", "z", "y"),
        ]
        tensors = [("s", np.float32(0.1)), ("z", np.uint8(130)), ("w", RANDOM.random((4, 3), np.float32))]
        byte = [helper.make_tensor_value_info(n, TensorProto.UINT8, ["n", k]) for n, k in (("x", 4), ("y", 3))]
        path = self.save(make(nodes, byte[:1], byte[1:], [numpy_helper.from_array(np.asarray(a), n) for n, a in tensors]))
        x = RANDOM.integers(0, 256, (5, 4), np.uint8)
        (expected,) = run_by_node(path, {"x": x})
        module = quanta.load(path)
        for program in (module, module.run("quanta-raise-qdq"), quanta.quantize(module)):
            run = quanta.compile(program)
            self.assertEqual([run.inputs[0][0], run.outputs[0][0]], ["uint8", "uint8"])
            y = run(x)
            self.assertEqual(y.dtype, np.uint8)
            np.testing.assert_array_equal(y, expected)
        with self.assertRaisesRegex(quanta.Error, r"expected elements of type u8 .*, got 5x4xi8"):
            run(x.view(np.int8))

    def test_large_zero_points_of_channels(self):
        dequantize = helper.make_node("DequantizeLinear", ["w", "s", "z"], ["y"], axis=1)
        numbers = [[1, 200, 3], [120, 5, 65535]]
        for dtype, points in (
            (np.uint8, [128, 200, 7]), (np.uint16, [32768, 200, 40000]),
        ):
            array = np.array(numbers).astype(dtype)
            parameters = [
                numpy_helper.from_array(np.array([0.5, 0.25, 2], np.float32), "s"),
                numpy_helper.from_array(np.array(points, dtype), "z"),
            ]
            data = numpy_helper.from_array(array, "w")
            expected = (array - np.array(points, np.int64)) * [0.5, 0.25, 2]
            constant = make(
                [dequantize], [], [value("y", [2, 3])], [data, *parameters], opset=21
            )
            np.testing.assert_array_equal(
                quanta.compile(quanta.load(self.save(constant)))(), expected
            )
            source = helper.make_tensor_value_info("w", data.data_type, [2, 3])
            model = make(
                [dequantize], [source], [value("y", [2, 3])], parameters, opset=21
            )
            np.testing.assert_array_equal(
                quanta.compile(quanta.load(self.save(model)))(array), expected
            )

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_quantized_convolution(self):
        nodes = [
            linear("QuantizeLinear", "x", "sx", "zx", "qx"),
            linear("DequantizeLinear", "qx", "sx", "zx", "dx"),
            linear("DequantizeLinear", "qw", "sw", "zw", "dw"),
            linear("DequantizeLinear", "qb", "sb", "zb", "db"),
            helper.make_node("Conv", ["dx", "dw", "db"], ["c"], pads=[1, 1, 1, 1]),
            linear("QuantizeLinear", "c", "sy", "zy", "qy"),
            linear("DequantizeLinear", "qy", "sy", "zy", "y"),
        ]

        def constant(name, array, dtype):
            return numpy_helper.from_array(np.array(array, dtype), name)

        weights = [
            constant("sx", 0.02, np.float32), constant("zx", -5, np.int8),
            constant("sw", 0.01, np.float32), constant("zw", 0, np.int8),
            constant("sb", 0.02 * 0.01, np.float32), constant("zb", 0, np.int32),
            constant("sy", 0.0471, np.float32), constant("zy", 9, np.int8),
            constant("qw", RANDOM.integers(-127, 128, (4, 3, 3, 3)), np.int8),
            constant("qb", RANDOM.integers(-9000, 9000, 4), np.int32),
        ]
        model = make(
            nodes, [value("x", [1, 3, 6, 6])], [value("y", [1, 4, 6, 6])], weights
        )
        x = RANDOM.standard_normal((1, 3, 6, 6)).astype(np.float32)
        module = self.compare(model, x)
        self.assertIn("linalg.conv_2d_nchw_fchw ", str(module))
        small = self.quantize(self.save(model))
        np.testing.assert_array_equal(
            quanta.compile(small)(x), run_by_node(self.save(model), {"x": x})[0]
        )

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_words(self):
        nodes = [
            linear("QuantizeLinear", "x", "sx", "zx", "qx"),
            helper.make_node("Transpose", ["qx"], ["tx"], perm=[1, 0]),
            linear("DequantizeLinear", "tx", "sx", "zx", "dx"),
            linear("DequantizeLinear", "qw", "sw", "zw", "dw"),
            helper.make_node("MatMul", ["dx", "dw"], ["m"]),
            linear("QuantizeLinear", "m", "sy", "zy", "qy"),
            linear("DequantizeLinear", "qy", "sy", "zy", "y"),
        ]
        weights = [
            numpy_helper.from_array(array, name)
            for name, array in {
                "sx": np.float32(1e-4), "zx": np.uint16(31000),
                "sw": np.float32(0.01), "zw": np.int8(0),
                "sy": np.float32(2e-4), "zy": np.uint16(33333),
                "qw": RANDOM.integers(-127, 128, (6, 5)).astype(np.int8),
            }.items()
        ]  # fmt: skip
        x = RANDOM.standard_normal((6, 3)).astype(np.float32)

        model = make(
            nodes, [value("x", [6, 3])], [value("y", [3, 5])], weights, opset=21
        )
        path = self.save(model)
        # ONNX Runtime's optimizer makes of this a product that is 29 steps off.
        expected = run_by_node(path, {"x": x})[0]
        steps = (quanta.compile(self.quantize(path))(x) - expected) / 2e-4
        self.assertLess(np.abs(steps).max(), 1.01)
        # Words that are more than quantized numbers stay what they are.
        count = helper.make_node("Cast", ["qy"], ["y"], to=TensorProto.INT32)
        model = make(
            [*nodes[:-1], count],
            [value("x", [6, 3])],
            [helper.make_tensor_value_info("y", TensorProto.INT32, [3, 5])],
            weights,
            opset=21,
        )
        with self.assertRaisesRegex(quanta.Error, "QuantizeLinear"):
            quanta.load(self.save(model))

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_network_that_onnxruntime_quantized(self):
        from onnxruntime.quantization import CalibrationDataReader, quantize_static

        nodes = [
            helper.make_node("Conv", ["x", "w0", "b0"], ["c"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["r"]),
            helper.make_node("Conv", ["r", "w1", "b1"], ["d"], pads=[1, 1, 1, 1], group=8),
            helper.make_node("Add", ["d", "r"], ["a"]),
            helper.make_node("MaxPool", ["a"], ["m"], kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Sigmoid", ["m"], ["s"]),
            helper.make_node("Mul", ["s", "m"], ["p"]),
            helper.make_node(
                "AveragePool", ["p"], ["q"], kernel_shape=[2, 2], strides=[2, 2]
            ),
            helper.make_node("Concat", ["q", "q"], ["t"], axis=1),
            helper.make_node("GlobalAveragePool", ["t"], ["g"]),
            helper.make_node("Flatten", ["g"], ["f"]),
            helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], transB=1),
        ]
        weights = [weight("w0", 8, 3, 3, 3), weight("w1", 8, 1, 3, 3)]
        weights += [weight("w2", 10, 16), weight("b0", 8), weight("b1", 8)]
        weights.append(weight("b2", 10))
        model = make(
            nodes,
            [value("x", [2, 3, 16, 16])],
            [value("p", [2, 8, 8, 8]), value("y", [2, 10])],
            weights,
        )
        batches = RANDOM.standard_normal((9, 2, 3, 16, 16)).astype(np.float32)

        class Reader(CalibrationDataReader):
            def __init__(self):
                self.batches = iter(batches[1:])

            def get_next(self):
                batch = next(self.batches, None)
                return None if batch is None else {"x": batch}

        path = os.path.join(self.folder, "quantized.onnx")
        with self.assertLogs():  # It advises preparations.
            quantize_static(self.save(model), path, Reader(), per_channel=True)
        module = quanta.load(path).run("convert-qdq-to-quanta")
        text = str(module)
        for kept in ("linalg.", "arith.addf", "math."):
            self.assertNotIn(kept, text)
        exact, result = quanta.compile(module)(batches[0])
        # Node by node as ONNX defines them: the same bits, up to the averages, which
        # theirs takes of rounded numbers, so that halves may fall on either side.
        by_node = run_by_node(path, {"x": batches[0]})
        np.testing.assert_array_equal(exact, by_node[0])
        step = {
            t.name: onnx.numpy_helper.to_array(t)
            for t in onnx.load(path).graph.initializer
        }["y_scale"]
        self.assertLess(np.abs(result - by_node[1]).max(), 1.01 * step)

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_quantized_function_in_pieces_is_one_table(self):
        def linear(op, source, scale, result):
            return helper.make_node(op, [source, scale, "z"], [result])

        def pair(source, scale):
            return [
                linear("QuantizeLinear", source, scale, f"q_{source}"),
                linear("DequantizeLinear", f"q_{source}", scale, f"d_{source}"),
            ]

        nodes = [
            *pair("x", "sx"),
            helper.make_node("Sigmoid", ["d_x"], ["s"]),
            *pair("s", "ss"),
            helper.make_node("Mul", ["d_x", "d_s"], ["y"]),
            *pair("y", "sy"),
        ]
        weights = [
            numpy_helper.from_array(np.array(array, dtype), name)
            for name, array, dtype in (
                ("sx", 0.05, np.float32), ("ss", 1 / 255, np.float32),
                ("sy", 0.03, np.float32), ("z", 100, np.uint8),
            )
        ]
        model = make(
            nodes, [value("x", [2, 150])], [value("d_y", [2, 150])], weights
        )
        # Every stored value, and some more.
        x = (np.arange(300, dtype=np.float32) - 120).reshape(2, 150) * np.float32(0.05)
        path = self.save(model)
        module = quanta.load(path).run("convert-qdq-to-quanta")
        text = str(module)
        self.assertEqual(text.count("quanta.lookup"), 1)
        self.assertNotIn("quanta.mul", text)
        # As ONNX defines the nodes, one by one.
        expected = run_by_node(path, {"x": x})[0]
        np.testing.assert_array_equal(quanta.compile(module)(x), expected)

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_batches_of_sequences(self):
        """All rows of a batch of several dimensions meet one matrix."""
        for batch in ([2, 3], ["a", "b"]):
            self.check(
                [
                    linear("QuantizeLinear", "x", "sx", "zx", "qx"),
                    linear("DequantizeLinear", "qx", "sx", "zx", "dx"),
                    linear("DequantizeLinear", "qw", "sw", "zw", "dw"),
                    helper.make_node("MatMul", ["dx", "dw"], ["m"]),
                    linear("QuantizeLinear", "m", "sy", "zy", "qy"),
                    linear("DequantizeLinear", "qy", "sy", "zy", "y"),
                ],
                [value("x", [*batch, 5, 8])],
                [value("y", [*batch, 5, 16])],
                {
                    "sx": np.float32(0.02), "zx": np.uint8(120),
                    "sw": RANDOM.uniform(0.005, 0.02, 16).astype(np.float32),
                    "zw": np.zeros(16, np.int8),
                    "sy": np.float32(0.05), "zy": np.uint8(130),
                    "qw": RANDOM.integers(-127, 128, (8, 16)).astype(np.int8),
                },
                RANDOM.standard_normal((2, 3, 5, 8)).astype(np.float32),
            )  # fmt: skip

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_sequences_in_groups(self):
        self.check(
            [
                linear("QuantizeLinear", "x", "sx", "zx", "qx"),
                linear("DequantizeLinear", "qx", "sx", "zx", "dx"),
                helper.make_node("DequantizeLinear", ["qw", "sw", "zw"], ["dw"], axis=0),
                helper.make_node("DequantizeLinear", ["qb", "sb", "zb"], ["db"], axis=0),
                helper.make_node(
                    "Conv", ["dx", "dw", "db"], ["c"], group=2, strides=[2], dilations=[2],
                    pads=[2, 1],
                ),
                linear("QuantizeLinear", "c", "sy", "zy", "qy"),
                linear("DequantizeLinear", "qy", "sy", "zy", "y"),
            ],
            [value("x", [2, 8, 20])],
            [value("y", [2, 6, 10])],
            {
                "sx": np.float32(0.03125), "zx": np.uint8(120),
                "sw": np.float32(2) ** -RANDOM.integers(5, 8, 6).astype(np.float32),
                "zw": np.zeros(6, np.int8),
                "sb": np.float32(0.001) * np.ones(6, np.float32),
                "zb": np.zeros(6, np.int32),
                "sy": np.float32(0.1), "zy": np.uint8(130),
                "qw": RANDOM.integers(-127, 128, (6, 4, 3)).astype(np.int8),
                "qb": np.zeros(6, np.int32),
            },
            RANDOM.standard_normal((2, 8, 20)).astype(np.float32),
        )  # fmt: skip

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_images_in_groups(self):
        """With scales for the filters of all groups or one, and activations of bytes
        or words."""
        for kind, zero in ((np.uint8, 120), (np.int16, 0)):
            for channels in (6, 1):
                size = [channels] if channels > 1 else []
                exponents = RANDOM.integers(5, 8, size)
                scales = (np.float32(2) ** -exponents).astype(np.float32)
                step = np.float32(2.0 ** (-5 if kind == np.uint8 else -11))
                self.check(
                    [
                        linear("QuantizeLinear", "x", "sx", "zx", "qx"),
                        linear("DequantizeLinear", "qx", "sx", "zx", "dx"),
                        helper.make_node("DequantizeLinear", ["qw", "sw", "zw"], ["dw"], axis=0),
                        helper.make_node("DequantizeLinear", ["qb", "sb", "zb"], ["db"], axis=0),
                        helper.make_node(
                            "Conv", ["dx", "dw", "db"], ["c"], group=2, strides=[2, 1],
                            pads=[1, 0, 1, 2],
                        ),
                        linear("QuantizeLinear", "c", "sy", "zy", "qy"),
                        linear("DequantizeLinear", "qy", "sy", "zy", "y"),
                    ],
                    [value("x", ["n", 4, 8, 7])],
                    [value("y", ["n", 6, 4, 7])],
                    {
                        "sx": step, "zx": kind(zero),
                        "sw": scales, "zw": np.zeros(size, np.int8),
                        "sb": step * scales, "zb": np.zeros(size, np.int32),
                        "sy": np.float32(0.0625), "zy": np.uint8(130),
                        "qw": RANDOM.integers(-127, 128, (6, 2, 3, 3)).astype(np.int8),
                        "qb": RANDOM.integers(-3000, 3000, 6).astype(np.int32),
                    },
                    RANDOM.standard_normal((2, 4, 8, 7)).astype(np.float32),
                    opset=21,
                )  # fmt: skip

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_nodes_on_integers(self):
        """What ONNX Runtime's QOperator format has in the place of float nodes."""

        def check(nodes, arrays, shape, result):
            self.check(
                [
                    linear("QuantizeLinear", "x", "sx", "zx", "q"),
                    *nodes,
                    linear("DequantizeLinear", "r", "sy", "zy", "y"),
                ],
                [value("x", shape)],
                [value("y", result)],
                {
                    "sx": np.float32(0.03125), "zx": np.uint8(120),
                    "sy": np.float32(0.0625), "zy": np.uint8(130), **arrays,
                },
                RANDOM.standard_normal(shape).astype(np.float32),
            )  # fmt: skip

        operands = ["q", "sx", "zx", "w", "sw", "zw", "sy", "zy"]
        for size in ([], [1], [6]):
            scales = (np.float32(2) ** -RANDOM.integers(5, 8, size)).astype(np.float32)
            parameters = {"sw": scales, "zw": np.zeros(size, np.int8)}
            bias = {"b": RANDOM.integers(-3000, 3000, 6).astype(np.int32)}
            for groups in (1, 2):
                w = RANDOM.integers(-127, 128, (6, 4 // groups, 3, 3)).astype(np.int8)
                node = helper.make_node(
                    "QLinearConv", [*operands, "b"], ["r"], group=groups, pads=[1, 1, 1, 1]
                )
                check([node], {"w": w, **parameters, **bias}, [2, 4, 5, 6], [2, 6, 5, 6])
            w = RANDOM.integers(-127, 128, (7, 6)).astype(np.int8)
            node = helper.make_node("QLinearMatMul", operands, ["r"])
            check([node], {"w": w, **parameters}, [3, 7], [3, 6])
            node = helper.make_node(
                "QGemm", [*operands[:6], "b", "sy", "zy"], ["r"], domain="com.microsoft", transB=1
            )
            check([node], {"w": w.T.copy(), **parameters, **bias}, [3, 7], [3, 6])
            # A bias of any shape that goes with the result's.
            for shape in ([], [1], [1, 6], [6, 1], [6, 6]):
                bias = {"b": RANDOM.integers(-3000, 3000, shape).astype(np.int32)}
                check([node], {"w": w.T.copy(), **parameters, **bias}, [6, 7], [6, 6])

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_ranges_that_are_found_when_it_runs(self):
        """As ONNX Runtime's quantize_dynamic writes them: there is nothing to quantize."""
        nodes = [
            helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
            helper.make_node("MatMulInteger", ["q", "w", "z", "zw"], ["i"], name="product"),
            helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["s", "sw"], ["t"]),
            helper.make_node("Mul", ["f", "t"], ["y"]),
        ]
        weights = [
            numpy_helper.from_array(RANDOM.integers(-127, 128, (4, 5)).astype(np.int8), "w"),
            numpy_helper.from_array(np.int8(0), "zw"),
            numpy_helper.from_array(np.float32(0.0078125), "sw"),
        ]
        path = self.save(make(nodes, [value("x", [3, 4])], [value("y", [3, 5])], weights))
        module = quanta.load(path)
        x = RANDOM.standard_normal((3, 4)).astype(np.float32)
        np.testing.assert_array_equal(quanta.compile(module)(x), run_by_node(path, {"x": x})[0])
        with self.assertRaisesRegex(quanta.Error, "at the integer stage already: it can be compiled"):
            quanta.quantize(module)

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_elementwise_nodes_on_integers(self):
        weights = [
            numpy_helper.from_array(np.array(array, kind), name)
            for name, array, kind in (
                ("s", 0.0625, np.float32), ("z", 120, np.uint8), ("t", 0.03125, np.float32),
                ("o", RANDOM.integers(0, 256, (2, 4, 6)), np.uint8),
            )
        ]  # fmt: skip
        one, other = ["q", "s", "z"], ["o", "t", "z"]
        for kind, inputs, options in (
            ("Add", [*one, *other, "t", "z"], {}),
            ("Mul", [*one, *other, "t", "z"], {}),
            ("Concat", ["t", "z", *one, *other], {"axis": 1}),
            ("Sigmoid", [*one, "t", "z"], {}),
            ("LeakyRelu", [*one, "t", "z"], {"alpha": 0.125}),
            ("Softmax", [*one, "t", "z"], {"axis": -1, "opset": 13}),
            ("GlobalAveragePool", [*one, "s", "z"], {}),
        ):
            nodes = [
                linear("QuantizeLinear", "x", "s", "z", "q"),
                helper.make_node(
                    f"QLinear{kind}", inputs, ["r"], domain="com.microsoft", **options
                ),
                linear("DequantizeLinear", "r", "s" if "Pool" in kind else "t", "z", "y"),
            ]
            shape = [2, {"Concat": 8}.get(kind, 4), 1 if "Pool" in kind else 6]
            model = make(nodes, [value("x", [2, 4, 6])], [value("y", shape)], weights)
            path = self.save(model)
            x = RANDOM.standard_normal((2, 4, 6)).astype(np.float32)
            run = quanta.compile(quanta.quantize(quanta.load(path)))
            np.testing.assert_array_equal(run(x), run_by_node(path, {"x": x})[0])
        node = helper.make_node(
            "QLinearGlobalAveragePool", ["q", "s", "z", "s", "z"], ["r"], name="pool",
            domain="com.microsoft", channels_last=1,
        )  # fmt: skip
        model = make([nodes[0], node, nodes[2]], [value("x", [2, 4, 6])], [value("y", [2, 1, 6])], weights)
        with self.assertRaisesRegex(
            quanta.Error, r"'pool' \(QLinearGlobalAveragePool\): .*: export the model in QDQ form"
        ):
            quanta.load(self.save(model))

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
    def test_weights_of_words(self):
        """ONNX Runtime's own casts, in operator sets that have none of 16 bits; with
        words of which none, or one, is among the 128 largest."""
        for largest in (32639, 32767):
            words = RANDOM.integers(-largest, largest + 1, (6, 5)).astype(np.int16)
            words[2, 3] = largest
            self.check(
                [
                    linear(f"{op}Linear", *names, domain="com.microsoft", **options)
                    for op, names, options in (
                        ("Quantize", ("x", "sx", "zx", "qx"), {}),
                        ("Dequantize", ("qx", "sx", "zx", "dx"), {}),
                        ("Dequantize", ("qw", "sw", "zw", "dw"), {"axis": 1}),
                    )
                ]
                + [
                    helper.make_node("MatMul", ["dx", "dw"], ["m"]),
                    linear("QuantizeLinear", "m", "sy", "zy", "qy"),
                    linear("DequantizeLinear", "qy", "sy", "zy", "y"),
                ],
                [value("x", ["n", 6])],
                [value("y", ["n", 5])],
                {
                    "sx": np.float32(0.03125), "zx": np.uint8(120),
                    "sw": np.float32(2) ** -RANDOM.integers(11, 14, 5).astype(np.float32),
                    "zw": np.zeros(5, np.int16),
                    "sy": np.float32(0.1), "zy": np.uint8(130),
                    "qw": words,
                },
                RANDOM.standard_normal((7, 6)).astype(np.float32),
                opset=17,
            )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
