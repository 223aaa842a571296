# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""The door for ONNX models."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import quanta

MISSING = [
    package
    for package in ("onnx", "torch_mlir")
    if importlib.util.find_spec(package) is None
]

if not MISSING:
    import onnx
    import onnx.reference
    from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)


def weight(name, *shape):
    values = RANDOM.standard_normal(shape).astype(np.float32) * np.float32(0.2)
    return numpy_helper.from_array(values, name)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def make(nodes, inputs, outputs, weights=(), name="main", opset=18, **options):
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    domains = {node.domain for node in nodes} - {""}
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **options)


def linear(op, source, scale, zero, result):
    """A node of quantization or dequantization."""
    return helper.make_node(op, [source, scale, zero], [result])


def perceptron(**options):
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"], name="/first", transB=1),
        helper.make_node("Relu", ["h"], ["r"], name="/relu"),
        helper.make_node("Gemm", ["r", "w1", "b1"], ["y"], name="/second", transB=1),
    ]
    weights = [weight("w0", 24, 16), weight("b0", 24)]
    weights += [weight("w1", 5, 24), weight("b1", 5)]
    return make(
        nodes, [value("x", ["n", 16])], [value("y", ["n", 5])], weights, **options
    )


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class Import(unittest.TestCase):
    def setUp(self):
        # What a test sees does not depend on those before it.
        global RANDOM
        RANDOM = np.random.default_rng(0)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def save(self, model, name="model.onnx"):
        path = os.path.join(self.folder, name)
        onnx.save(model, path)
        return path

    def compare(self, model, x, **options):
        path = self.save(model)
        module = quanta.load(path, **options)
        feeds = {model.graph.input[0].name: x}
        if importlib.util.find_spec("onnxruntime"):
            import onnxruntime

            expected = onnxruntime.InferenceSession(path).run(None, feeds)[0]
        else:
            evaluator = onnx.reference.ReferenceEvaluator(model)
            expected = evaluator.run(None, feeds)[0]
        np.testing.assert_allclose(quanta.compile(module)(x), expected, atol=1e-4)
        return module

    def test_perceptron_without_onnxruntime(self):
        path = self.save(perceptron())
        # A fresh process: nothing of onnxruntime may be needed for this model.
        script = (
            "import sys; sys.modules['onnxruntime'] = None; import quanta; "
            f"print(quanta.load({path!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
        )
        self.assertIn("tensor<?x16xf32>", done.stdout)

    def test_results_and_names(self):
        x = RANDOM.standard_normal((7, 16)).astype(np.float32)
        module = self.compare(perceptron(), x)
        self.assertEqual(module.stage, "float")
        self.assertEqual(module._program.input_names, {"main": ["x"]})
        text = module._program.str_with_locations()
        for name in ("/first", "/relu", "/second"):
            self.assertIn(f'loc("{name}")', text)
        report = quanta.quantize(module, quanta.calibrate(module, x)).report
        self.assertEqual(
            [c["location"] for c in report["contractions"]], ["/first", "/second"]
        )

    def test_shapes(self):
        path = self.save(perceptron())
        self.assertIn("tensor<3x16xf32>", str(quanta.load(path, shapes={"x": [np.int64(3), None]})))
        self.assertIn("tensor<?x16xf32>", str(quanta.load(path, shapes={"x": [-1, 16]})))
        for shapes, pattern in [
            ({"z": [1, 16]}, "no input 'z'; its inputs: 'x'"),
            ({"x": [1]}, r"\[1\] for input 'x' .* does not fit .*\[n, 16\]"),
            ({"x": [1, 17]}, "does not fit"),
            ({"x": [1.5, 16]}, "does not fit"),
            ({"x": np.zeros((1, 16))}, "an array of rank 2: data can be given as sample="),
        ]:
            with self.assertRaisesRegex(quanta.Error, pattern):
                quanta.load(path, shapes=shapes)

    def test_sizes_of_a_sample(self):
        path = self.save(perceptron())
        x = np.zeros((3, 16), np.float32)
        for sample in (x, (x,), [x], {"x": x}):
            self.assertIn("tensor<3x16xf32>", str(quanta.load(path, sample=sample)))
        # What shapes says comes first.
        text = str(quanta.load(path, sample=x, shapes={"x": [None, 16]}))
        self.assertIn("tensor<?x16xf32>", text)
        for sample, pattern in [
            ((x, x), "has 1 inputs, but the sample has 2 arrays"),
            ({"z": x}, "no input 'z'"),
            (x[:, 1:], r"\[3, 15\] for input 'x' .* does not fit"),
            ("x", "the sample for input 'x' of .* is no array, but of type str"),
        ]:
            with self.assertRaisesRegex(quanta.Error, pattern):
                quanta.load(path, sample=sample)

    def test_a_named_size_holds_everywhere(self):
        nodes = [helper.make_node("Add", ["a", "b"], ["c"])]
        model = make(
            nodes, [value("a", ["n", 4]), value("b", ["n", 4])], [value("c", ["n", 4])]
        )
        text = str(quanta.load(self.save(model), shapes={"a": [6, 4]}))
        self.assertNotIn("?", text)
        with self.assertRaisesRegex(quanta.Error, "does not fit"):
            quanta.load(self.save(model), shapes={"a": [6, 4], "b": [7, 4]})

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

    def test_names_that_c_does_not_have(self):
        for graph, function in [
            ("torch-jit-export", "torch_jit_export"),
            ("1st", "main1st"),
            ("", "main"),
        ]:
            model = perceptron(name=graph or "x")
            model.graph.name = graph
            module = quanta.load(self.save(model))
            self.assertIn(f"func.func @{function}(", str(module))

    def test_nodes_without_names_and_with_the_same(self):
        model = perceptron()
        for node in model.graph.node:
            node.name = ""
        text = quanta.load(self.save(model))._program.str_with_locations()
        self.assertIn('loc("Gemm_y")', text)
        for node in model.graph.node:
            node.name = "layer"
        text = quanta.load(self.save(model))._program.str_with_locations()
        self.assertIn('loc("layer_3")', text)

    @unittest.skipUnless(
        importlib.util.find_spec("onnxruntime"), "without the package onnxruntime"
    )
    def test_old_network_with_batch_normalization(self):
        nodes = [
            helper.make_node("Conv", ["x", "w0"], ["c"], name="conv"),
            helper.make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
            helper.make_node("Relu", ["n"], ["r"]),
            helper.make_node("Conv", ["r", "w1"], ["d"]),
            helper.make_node("Add", ["d", "r"], ["a"]),
            helper.make_node("GlobalAveragePool", ["a"], ["p"]),
            helper.make_node("Flatten", ["p"], ["y"]),
        ]
        weights = [weight("w0", 4, 1, 3, 3), weight("w1", 4, 4, 1, 1)]
        weights += [weight(name, 4) for name in "gbm"]
        weights.append(numpy_helper.from_array(np.ones(4, np.float32), "v"))
        x = RANDOM.standard_normal((2, 1, 8, 8)).astype(np.float32)
        for batch in ("n", 2):
            model = make(
                nodes,
                [value("x", [batch, 1, 8, 8])],
                [value("y", [batch, 4])],
                weights,
                opset=11,
            )
            module = self.compare(model, x)
            self.assertNotIn("math.rsqrt", str(module))

    @unittest.skipUnless(
        importlib.util.find_spec("onnxruntime"), "without the package onnxruntime"
    )
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
        report = os.path.join(self.folder, "report.json")
        small = module.run(f"quanta-ptq{{report='{report}'}}")
        with open(report, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["int8_mac_share"], 1)
        import onnxruntime

        session = onnxruntime.InferenceSession(self.save(model))
        np.testing.assert_array_equal(
            quanta.compile(small)(x), session.run(None, {"x": x})[0]
        )

    @unittest.skipUnless(
        importlib.util.find_spec("onnxruntime"), "without the package onnxruntime"
    )
    def test_words(self):
        import onnxruntime

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
        path, report = self.save(model), os.path.join(self.folder, "report.json")
        # Its optimizer makes of this a product that is 29 steps off.
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        )
        session = onnxruntime.InferenceSession(path, options)
        small = quanta.load(path).run(f"quanta-ptq{{report='{report}'}}")
        with open(report, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["int8_mac_share"], 1)
        steps = (quanta.compile(small)(x) - session.run(None, {"x": x})[0]) / 2e-4
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

    @unittest.skipUnless(
        importlib.util.find_spec("onnxruntime"), "without the package onnxruntime"
    )
    def test_network_that_onnxruntime_quantized(self):
        import onnxruntime
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
        options = onnxruntime.SessionOptions()
        level = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = level.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options)
        by_node = session.run(None, {"x": batches[0]})
        np.testing.assert_array_equal(exact, by_node[0])
        # Its own integer kernels multiply by rounded reciprocals.
        step = {
            t.name: onnx.numpy_helper.to_array(t)
            for t in onnx.load(path).graph.initializer
        }["y_scale"]
        session = onnxruntime.InferenceSession(path)
        for theirs in (by_node[1], session.run(None, {"x": batches[0]})[1]):
            self.assertLess(np.abs(result - theirs).max(), 1.01 * step)

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

    def test_functions_in_pieces_are_one_layer(self):
        def node(op, *names, **options):
            return helper.make_node(op, names[:-1], [names[-1]], **options)

        def number(name, value):
            return numpy_helper.from_array(np.array(value, np.float32), name)

        functions = {
            "silu": [node("Sigmoid", "x", "s"), node("Mul", "x", "s", "y")],
            "hard_swish": [
                node("HardSigmoid", "x", "s", alpha=1 / 6, beta=0.5),
                node("Mul", "x", "s", "y"),
            ],
            "mish": [
                node("Softplus", "x", "p"),
                node("Tanh", "p", "t"),
                node("Mul", "x", "t", "y"),
            ],
            "gelu_by_erf": [
                node("Div", "x", "root", "d"),
                node("Erf", "d", "e"),
                node("Add", "e", "one", "a"),
                node("Mul", "x", "a", "m"),
                node("Mul", "m", "half", "y"),
            ],
            "gelu_by_tanh": [
                node("Mul", "x", "x", "x2"),
                node("Mul", "x2", "x", "x3"),
                node("Mul", "x3", "cubes", "c"),
                node("Add", "x", "c", "b"),
                node("Mul", "b", "scale", "s"),
                node("Tanh", "s", "t"),
                node("Add", "t", "one", "a"),
                node("Mul", "x", "a", "m"),
                node("Mul", "m", "half", "y"),
            ],
        }
        numbers = {
            "root": 2.0**0.5, "one": 1.0, "half": 0.5, "cubes": 0.044715, "scale": 0.79788,
        }
        for name, nodes in functions.items():
            used = {source for each in nodes for source in each.input}
            model = make(
                nodes,
                [value("x", [3, 8])],
                [value("y", [3, 8])],
                [number(key, number_) for key, number_ in numbers.items() if key in used],
                name=name,
            )
            x = (RANDOM.standard_normal((3, 8)) * 3).astype(np.float32)
            module = self.compare(model, x)
            merged = module.run("quanta-merge-functions")
            self.assertEqual(str(merged).count("linalg.generic"), 1, name)
            np.testing.assert_array_equal(
                quanta.compile(merged)(x), quanta.compile(module)(x)
            )

    @unittest.skipUnless(
        importlib.util.find_spec("onnxruntime"), "without the package onnxruntime"
    )
    def test_quantized_function_in_pieces_is_one_table(self):
        import onnxruntime

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
        options = onnxruntime.SessionOptions()
        level = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = level.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options)
        expected = session.run(None, {"x": x})[0]
        np.testing.assert_array_equal(quanta.compile(module)(x), expected)

    def test_all_that_is_not_supported_is_named(self):
        nodes = [
            helper.make_node("Foo", ["x"], ["a"], name="/one", domain="com.example"),
            helper.make_node("Relu", ["a"], ["b"], name="/two"),
            helper.make_node("MelWeightMatrix", ["b"], ["c"], name="/three"),
            helper.make_node("Bar", ["c"], ["y"], name="/four", domain="com.example"),
        ]
        model = make(nodes, [value("x", ["n", 4])], [value("y", ["n", 4])])
        model.graph.value_info.extend(value(name, ["n", 4]) for name in "abc")
        with self.assertRaises(quanta.Error) as caught:
            quanta.load(self.save(model))
        lines = str(caught.exception).splitlines()
        self.assertIn("operations that are not supported", lines[0])
        self.assertEqual(
            lines[1:],
            [
                "  '/one' (com.example.Foo)",
                "  '/three' (MelWeightMatrix)",
                "  '/four' (com.example.Bar)",
            ],
        )

        # Behind operations without a definition the types are not known; and what
        # makes torch-mlir crash hides nothing.
        nodes = [
            helper.make_node("Foo", ["x"], ["a"], name="/one", domain="com.example"),
            helper.make_node("MatMul", ["a", "w"], ["b"], name="/two"),
            helper.make_node("Bar", ["b"], ["y"], name="/three", domain="com.example"),
            helper.make_node("Unique", ["s"], ["z"], name="/four"),
        ]
        model = make(
            nodes,
            [value("x", ["n", 4]), value("w", [4, 4]), value("s", [4, 4])],
            [value("y", ["n", 4]), value("z", ["m"])],
        )
        with self.assertRaises(quanta.Error) as caught:
            quanta.load(self.save(model))
        self.assertEqual(
            str(caught.exception).splitlines()[1:],
            [
                "  '/one' (com.example.Foo)",
                "  '/three' (com.example.Bar)",
                "  '/four' (Unique): torch-mlir crashes on it",
            ],
        )

    def test_files_that_are_broken(self):
        def change(function):
            model = perceptron()
            function(model)
            return self.save(model)

        def keep_apart(model):
            weight = model.graph.initializer[0]
            weight.ClearField("raw_data")
            weight.ClearField("float_data")
            weight.data_location = onnx.TensorProto.EXTERNAL
            weight.external_data.add(key="location", value="nowhere.bin")

        def shorten(model):
            weight = model.graph.initializer[0]
            weight.ClearField("float_data")
            weight.raw_data = b"1234567"

        for function, message in (
            (keep_apart, "weight '.*' of '.*' cannot be read: .*nowhere.bin"),
            (shorten, r"weight '.*' of '.*' cannot be read: .*7 bytes"),
            (
                lambda model: model.ClearField("opset_import"),
                "does not say which operator set it uses",
            ),
            (
                lambda model: setattr(model.opset_import[0], "version", 99),
                "uses ONNX operator set 99, .* knows [0-9]+ at most",
            ),
            (
                lambda model: model.graph.node[-1].input.__setitem__(0, "nothing"),
                "node '.*' of '.*' reads 'nothing', which no input, weight or node",
            ),
        ):
            with self.assertRaisesRegex(quanta.Error, message):
                quanta.load(change(function))

    def test_sizes_that_do_not_fit_together(self):
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["h"], name="/first"),
            helper.make_node("MatMul", ["h", "v"], ["r"], name="/second"),
            helper.make_node("Add", ["x", "u"], ["s"]),
        ]
        weights = [weight("w", 4, 5), weight("v", 5, 2), weight("u", 7)]
        outputs = [value("r", None), value("s", None)]
        path = self.save(make(nodes, [value("x", ["n", 3])], outputs, weights))
        with self.assertRaises(quanta.Error) as caught:
            quanta.load(path)
        lines = str(caught.exception).splitlines()
        self.assertRegex(lines[0], "model.onnx' has nodes whose inputs do not fit together:")
        self.assertRegex(lines[1], r"  '/first' \(MatMul\): Incompatible dimensions")
        self.assertRegex(lines[2], r"  'Add_s' \(Add\): Incompatible dimensions")
        self.assertEqual(len(lines), 3)

        # Known only when the caller fixes a size.
        model = make(
            [helper.make_node("Add", ["x", "u"], ["s"], name="/sum")],
            [value("x", ["n", "m"])],
            [value("s", ["n", "m"])],
            [weight("u", 7)],
        )
        self.compare(model, np.ones((2, 7), np.float32))
        with self.assertRaisesRegex(quanta.Error, "a node whose inputs .*\n  '/sum'"):
            quanta.load(self.save(model), shapes={"x": [2, 3]})

    def test_what_a_file_says_wrongly_of_results(self):
        model = perceptron()
        model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 9
        self.compare(model, np.ones((2, 16), np.float32))

    def test_files_that_are_no_models(self):
        with self.assertRaisesRegex(quanta.Error, "nowhere.onnx': No such file"):
            quanta.load("nowhere.onnx")
        content = perceptron().SerializeToString()
        for name, data in [
            ("empty.onnx", b""),
            ("text.onnx", b"hello"),
            ("cut.onnx", content[: len(content) // 2]),
        ]:
            path = os.path.join(self.folder, name)
            with open(path, "wb") as file:
                file.write(data)
            with self.assertRaisesRegex(quanta.Error, f"{name}' is not an ONNX model"):
                quanta.load(path)


class MissingPackages(unittest.TestCase):
    def test_says_what_to_install(self):
        script = (
            "import sys, importlib.util as u; f = u.find_spec; "
            "u.find_spec = lambda n, *a: None if n == 'onnx' else f(n, *a); "
            "import quanta\n"
            "try: quanta.load('m.onnx')\n"
            "except quanta.Error as error: print(error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
        )
        self.assertEqual(
            done.stdout.strip(),
            "reading ONNX models needs the package 'onnx': pip install quanta[onnx]",
        )


if __name__ == "__main__":
    unittest.main()
