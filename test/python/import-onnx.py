# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""The door for ONNX models."""

import os
import subprocess
import sys
import unittest

import numpy as np

import quanta
from Inputs.onnx_models import (
    HAS_RUNTIME, MISSING, RANDOM, OnnxTestCase, make, perceptron, value, weight,
)  # fmt: skip

if not MISSING:
    import onnx
    from onnx import helper, numpy_helper


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class Import(OnnxTestCase):
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

    @unittest.skipUnless(HAS_RUNTIME, "without the package onnxruntime")
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
