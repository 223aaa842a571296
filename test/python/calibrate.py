# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""Calibration: every form of data gives the same statistics."""

import os
import tempfile
import unittest

import numpy as np

import quanta
from Inputs.models import SUM_AND_DIFFERENCE, Perceptron
from quanta.calibration import convert


def ranges(statistics):
    """All but the number of batches, which depends on how the data came."""
    return {
        name: {k: v for k, v in entry.items() if k != "batches"}
        for name, entry in statistics.items()
    }


class Calibration(unittest.TestCase):
    def setUp(self):
        self.model = Perceptron()
        self.module = quanta.Module.parse(self.model.text(), "mlp")
        self.x = self.model.data(40)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_what_is_recorded(self):
        statistics = quanta.calibrate(self.module, self.x)
        first = next(e for e in statistics.values() if e["elements"] == self.x.size)
        self.assertEqual(first["min"], self.x.min())
        self.assertEqual(first["max"], self.x.max())
        self.assertEqual((first["nans"], first["infs"], first["batches"]), (0, 0, 1))
        self.assertEqual(statistics.model, "mlp")
        self.assertIn("observers", repr(statistics))
        self.assertNotIn("nonsense", statistics)
        with self.assertRaises(KeyError):
            statistics["nonsense"]

    def test_every_form_of_data(self):
        expected = ranges(quanta.calibrate(self.module, self.x))
        self.assertTrue(expected)
        np.save(self.path("x.npy"), self.x)
        np.savez(self.path("named.npz"), x=self.x)
        np.savez(self.path("parts.npz"), self.x[:7], self.x[7:])
        os.mkdir(self.path("folder"))
        for index, part in enumerate(np.split(self.x, 8)):
            np.save(self.path(f"folder/{index}.npy"), part)
        forms = {
            "list of batches": np.split(self.x, 4),
            "generator of rows": (row for row in self.x),
            "tuples": [(self.x[:5],), (self.x[5:],)],
            "dictionaries": [{"x": self.x[:5]}, {"x": self.x[5:]}],
            "one dictionary": {"x": self.x},
            "stacked batches": self.x.reshape(10, 4, 32),
            "float64": self.x.astype(np.float64),
            "views": [self.x[::2], self.x[1::2]],
            "npy": self.path("x.npy"),
            "npz by name": self.path("named.npz"),
            "npz": self.path("parts.npz"),
            "folder": self.path("folder"),
        }
        for form, data in forms.items():
            with self.subTest(form):
                self.assertEqual(ranges(quanta.calibrate(self.module, data)), expected)

    def test_a_leading_size_that_is_no_batch(self):
        # Three rows of a factor, and two of the result.
        module = quanta.Module.parse("""
            func.func @main(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) -> tensor<2x2xf32> {
              %zero = arith.constant 0.0 : f32
              %e = tensor.empty() : tensor<2x2xf32>
              %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
              %y = linalg.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>)
                  outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
              return %y : tensor<2x2xf32>
            }""")
        a, b = np.ones((2, 3), np.float32), np.ones((6, 2), np.float32)
        with self.assertRaisesRegex(quanta.Error, "expected size 3 in dimension 0"):
            quanta.calibrate(module, [(a, b)])
        self.assertTrue(quanta.calibrate(module, [(a, b[:3])]))

    def test_a_fixed_batch_cuts_the_data(self):
        model = Perceptron(batch=8)
        module = quanta.Module.parse(model.text())
        statistics = quanta.calibrate(module, self.x)
        self.assertEqual(
            [e["batches"] for e in statistics.values()], [5] * len(statistics)
        )
        with self.assertRaisesRegex(quanta.Error, "30 rows, .* takes 8 at a time"):
            quanta.calibrate(module, self.x[:30])

    def test_several_inputs(self):
        module = quanta.Module.parse(SUM_AND_DIFFERENCE)
        a = np.ones((4, 3), np.float32)
        observed = module.run("quanta-insert-observers")
        if observed.stage != "observed":
            self.skipTest("nothing to observe in an addition")
        expected = ranges(quanta.calibrate(module, [(a, 2 * a)]))
        by_name = quanta.calibrate(module, [{"b": 2 * a, "a": a}])
        self.assertEqual(ranges(by_name), expected)
        np.savez(self.path("ab.npz"), b=2 * a, a=a)
        np.savez(self.path("in-order.npz"), a, 2 * a)
        for file in ("ab.npz", "in-order.npz"):
            self.assertEqual(ranges(quanta.calibrate(module, self.path(file))), expected)
        with self.assertRaisesRegex(quanta.Error, "1 array, but the model has 2 inputs"):
            quanta.calibrate(module, [a])
        with self.assertRaisesRegex(quanta.Error, "'a', 'c', but .* 'a', 'b'"):
            quanta.calibrate(module, [{"a": a, "c": a}])

    def test_tensors_of_other_libraries(self):
        class Tensor:
            def __init__(self, array):
                self.array = array

            def __array__(self, dtype=None, copy=None):
                return self.array

        expected = ranges(quanta.calibrate(self.module, [(self.x,)]))
        for sample in (Tensor(self.x), (Tensor(self.x),), [Tensor(self.x)]):
            self.assertEqual(ranges(quanta.calibrate(self.module, [sample])), expected)

    def test_integers_keep_their_values(self):
        for values, dtype in (([127, -128], "i1"), ([200, 0], "u1"), ([2**31 - 1], "i4")):
            array = np.array(values, "i8")
            self.assertEqual(convert(array, np.dtype(dtype)).tolist(), values)
        for values, dtype in (([128], "i1"), ([-1], "u2"), ([2**32 + 1], "i4")):
            with self.assertRaisesRegex(quanta.Error, "numbers of type int64 that .* cannot hold"):
                convert(np.array(values, "i8"), np.dtype(dtype))

    def test_files_and_merging(self):
        whole = quanta.calibrate(self.module, np.split(self.x, 4))
        parts = [quanta.calibrate(self.module, [x]) for x in np.split(self.x, 4)]
        merged = parts[0].merge(*parts[1:])
        self.assertEqual(dict(merged), dict(whole))
        self.assertEqual(whole.data, "4 batches")
        # Whoever merges, and in however many steps, to the last byte.
        self.assertEqual(str(merged), str(whole))
        halves = parts[0].merge(parts[1]), parts[2].merge(parts[3])
        self.assertEqual(str(halves[0].merge(halves[1])), str(whole))
        with self.assertRaisesRegex(TypeError, "statistics are merged, not int"):
            whole.merge(3)
        self.assertNotEqual(dict(parts[0]), dict(whole))
        whole.save(self.path("s.json"))
        again = quanta.Statistics.load(self.path("s.json"))
        self.assertEqual(dict(again), dict(whole))
        self.assertEqual(again.fingerprint, whole.fingerprint)
        other = quanta.Module.parse(Perceptron(seed=1).text())
        with self.assertRaisesRegex(quanta.Error, "model"):
            whole.merge(quanta.calibrate(other, self.x))

    def test_nothing_to_observe(self):
        # A choice among what comes in, in place of which classes come out.
        module = quanta.Module.parse(
            """
            func.func @main(%x: tensor<4xf32>) -> tensor<4xi1> {
              %e = tensor.empty() : tensor<4xi1>
              %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xi1>) {
              ^bb0(%a: f32, %o: i1):
                %c = arith.cmpf oeq, %a, %a : f32
                linalg.yield %c : i1
              } -> tensor<4xi1>
              return %y : tensor<4xi1>
            }
            """
        )
        x = np.zeros(4, np.float32)
        with self.assertRaisesRegex(quanta.Error, "there is nothing to quantize, and the program can be compiled as it is"):
            quanta.quantize(module, data=[x])

    def test_bad_data(self):
        def refuse(pattern, data):
            with self.assertRaisesRegex(quanta.Error, pattern):
                quanta.calibrate(self.module, data)

        refuse("no calibration data", [])
        os.mkdir(self.path("empty"))
        refuse("no calibration data", self.path("empty"))
        refuse("cannot read '.*nowhere.npy': No such file", self.path("nowhere.npy"))
        np.save(self.path("x.npy"), self.x)
        with open(self.path("x.npy"), "rb") as file:
            content = file.read()
        with open(self.path("cut.npy"), "wb") as file:
            file.write(content[:1000])
        refuse("cut.npy' is not a file of arrays", self.path("cut.npy"))
        for name, part, other in (
            ("open.npy", b"{", b" "),
            ("wide.npy", b"(40", b"(999999999999999999999999"),
        ):
            with open(self.path(name), "wb") as file:
                file.write(content.replace(part, other, 1))
            refuse(f"{name}' is not a file of arrays", self.path(name))
        np.savez_compressed(self.path("whole.npz"), x=self.x)
        with open(self.path("whole.npz"), "rb") as file:
            content = file.read()
        for name, damaged in (
            ("half.npz", content[: len(content) // 2]),
            ("flipped.npz", content[:100] + bytes([content[100] ^ 255]) + content[101:]),
        ):
            with open(self.path(name), "wb") as file:
                file.write(damaged)
            refuse(f"{name}' is not a file of arrays", self.path(name))
        with open(self.path("text.npy"), "w") as file:
            file.write("hello")
        refuse("text.npy' is not a file of arrays", self.path("text.npy"))
        refuse("expected size 32", [self.x[:, :5]])
        refuse("2 arrays, but the model has 1 input", [(self.x, self.x)])
        refuse("not int", 3)
        refuse("masked elements", [np.ma.masked_less(self.x, 0)])
        with self.assertRaisesRegex(quanta.Error, "stage"):
            statistics = quanta.calibrate(self.module, self.x)
            quanta.calibrate(quanta.quantize(self.module, statistics), self.x)


if __name__ == "__main__":
    unittest.main()
