# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: rm -rf %t && env QUANTA_CACHE_DIR=%t %python %s
"""Conversions are kept between processes, under all that they depend on."""

import importlib.util
import os
import unittest
from unittest import mock

from quanta import conversion

CACHE = os.environ["QUANTA_CACHE_DIR"]
MISSING = [
    package
    for package in ("onnx", "torch_mlir")
    if importlib.util.find_spec(package) is None
]

if not MISSING:
    from onnx import TensorProto, helper


def model(kind):
    node = helper.make_node(kind, ["x"], ["y"], name="only")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph([node], "main", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class Cache(unittest.TestCase):
    def convert(self, kind):
        def save(path):
            with open(path, "wb") as file:
                file.write(model(kind).SerializeToString())

        return conversion.convert("onnx", save, "model.onnx", "")

    def entries(self):
        return sorted(os.path.join(CACHE, name) for name in os.listdir(CACHE))

    def test_conversions(self):
        text, failed = self.convert("Tanh")
        self.assertIn("math.tanh", text)
        self.assertEqual(failed, [])
        (entry,) = self.entries()

        # A second time, nothing is started; a model that differs is another.
        with mock.patch.object(conversion.subprocess, "run", side_effect=AssertionError):
            self.assertEqual(self.convert("Tanh"), (text, []))
            with self.assertRaises(AssertionError):
                self.convert("Sigmoid")

        # What cannot be converted is kept as well, in the same form.
        missing = self.convert("Nothing")
        self.assertEqual(missing[0], "")
        self.assertEqual(missing[1][0][:2], ("only", "Nothing"))
        self.assertEqual(len(self.entries()), 2)
        self.assertEqual(self.convert("Nothing"), missing)

        # A damaged entry is written again, and other versions have entries of their own.
        with open(entry, "w") as file:
            file.write("[")
        self.assertEqual(self.convert("Tanh"), (text, []))
        self.assertGreater(os.path.getsize(entry), 1)
        with mock.patch.object(conversion.importlib.metadata, "version", return_value="0"):
            self.assertEqual(self.convert("Tanh"), (text, []))
        self.assertEqual(len(self.entries()), 3)

    def test_a_folder_that_cannot_be_made(self):
        with mock.patch.dict(os.environ, QUANTA_CACHE_DIR="/dev/null/nothing"):
            self.assertIn("math.tanh", self.convert("Tanh")[0])


if __name__ == "__main__":
    unittest.main()
