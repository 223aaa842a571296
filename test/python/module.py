# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""Modules: reading, writing, running passes, and what errors say."""

import copy
import os
import pickle
import tempfile
import unittest

import quanta
from Inputs.models import Perceptron


class Modules(unittest.TestCase):
    def test_passes_make_a_new_module(self):
        module = quanta.Module.parse(Perceptron().text(), "mlp")
        self.assertEqual((module.stage, module.name), ("float", "mlp"))
        observed = module.run("quanta-insert-observers")
        self.assertEqual((observed.stage, module.stage), ("observed", "float"))
        self.assertIn("quanta.observe", str(observed))
        self.assertNotIn("quanta.observe", str(module))
        self.assertIn("observed", repr(observed))
        self.assertIsNone(observed.report)

    def test_save_and_load(self):
        model = Perceptron()
        module = quanta.Module.parse(model.text())
        x = model.data(5)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a b.mlir")
            module.save(path)
            again = quanta.load(path)
            self.assertEqual(str(again), str(module))
            self.assertEqual(again.name, "a b")
            # Locations are kept: they are the names in the report.
            self.assertEqual(again._program.input_names, {"main": ["x"]})
        expected = quanta.compile(module)(x)
        self.assertTrue((quanta.compile(again)(x) == expected).all())

    def test_pickle(self):
        model = Perceptron()
        module = quanta.Module.parse(model.text(), "mlp")
        x = model.data(5)
        statistics = quanta.calibrate(module, x)
        small = quanta.quantize(module, statistics, {"range_selection": "max"})
        again, seen, copied = pickle.loads(pickle.dumps((small, statistics, copy.copy(small))))
        for other in (again, copied):
            self.assertEqual(str(other), str(small))
            self.assertEqual((other.name, other.report), ("mlp", small.report))
            self.assertEqual(other._program.input_names, {"main": ["x"]})
        self.assertEqual((str(seen), dict(seen)), (str(statistics), dict(statistics)))
        with self.assertRaisesRegex(TypeError, "cannot pickle .*Executable"):
            pickle.dumps(quanta.compile(small))

    def test_errors_carry_the_diagnostic(self):
        text = "func.func @f(%x: tensor<4xf32>) -> tensor<5xf32> {\n  return %x : tensor<4xf32>\n}"
        with self.assertRaisesRegex(quanta.Error, r"bad.mlir:2:.*error: .*return"):
            quanta.Module.parse(text, "bad.mlir")
        with self.assertRaisesRegex(quanta.Error, "nowhere.mlir.*[Nn]o such file"):
            quanta.load("nowhere.mlir")
        with self.assertRaisesRegex(ValueError, "no null characters"):
            quanta.load("a\0b")
        with self.assertRaisesRegex(quanta.Error, "a path is UTF-8"):
            quanta.load("a\udcff.mlir")
        with self.assertRaisesRegex(quanta.Error, "nowhere.mlir.*[Nn]o such file"):
            quanta.load(b"nowhere.mlir")
        with self.assertRaisesRegex(quanta.Error, "shapes can only be given for ONNX"):
            quanta.load("nowhere.mlir", shapes={"x": [1]})
        module = quanta.Module.parse(Perceptron().text())
        with self.assertRaisesRegex(quanta.Error, "no-such-pass"):
            module.run("no-such-pass")
        with self.assertRaisesRegex(quanta.Error, "simulated|fake_quant|stage"):
            module.run("quanta-insert-observers").run("quanta-rewrite-types")
        with self.assertRaisesRegex(quanta.Error, "cannot write '.*[Nn]o such file"):
            module.save(os.path.join("no", "such", "folder", "m.mlir"))
        with self.assertRaisesRegex(quanta.Error, "between 1 and 1024 threads, got -1"):
            quanta.compile(module, threads=-1)
        with self.assertRaisesRegex(quanta.Error, "'i386' has no 64-bit mode"):
            quanta.compile(module, cpu="i386")
        for function in (quanta.compile, quanta.quantize):
            with self.assertRaisesRegex(TypeError, "expected a quanta.Module.* not NoneType"):
                function(None)
        with self.assertRaisesRegex(TypeError, "expected a quanta.Module.* not str"):
            quanta.calibrate("model.onnx", [])
        with self.assertRaisesRegex(TypeError, "expected a quanta.Module.* not str"):
            quanta.analyze("model.onnx", None, [])
        self.assertTrue(issubclass(quanta.Error, Exception))
        self.assertEqual(quanta.Error.__module__, "quanta")


if __name__ == "__main__":
    unittest.main()
