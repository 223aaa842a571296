# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""From float to the integer stage, with its report."""

import os
import platform
import tempfile
import unittest

import numpy as np

import quanta
from Inputs.models import Perceptron


class Quantization(unittest.TestCase):
    def setUp(self):
        self.model = Perceptron()
        self.module = quanta.Module.parse(self.model.text(), "mlp")
        self.x = self.model.data(100)
        self.statistics = quanta.calibrate(self.module, self.x)

    def test_int8_is_close_to_float(self):
        quantized = quanta.quantize(self.module, self.statistics)
        self.assertEqual(quantized.stage, "integer")
        self.assertEqual(self.module.stage, "float")
        run = quanta.compile(quantized)
        self.assertTrue(run.isa)
        error = np.abs(run(self.x) - self.model.reference(self.x))
        self.assertLess(error.max(), 0.1)
        # One program for every batch size, and the same bits in each.
        whole = run(self.x)
        for count in (1, 2, 7, 64):
            self.assertTrue((run(self.x[:count]) == whole[:count]).all())

    def test_report(self):
        report = quanta.quantize(self.module, self.statistics, strict=True).report
        self.assertEqual(report["int8_mac_share"], 1)
        self.assertEqual(len(report["contractions"]), 2)
        self.assertEqual(report["left_in_float"], [])

    def test_storage_of_weights(self):
        """Under schemes with integer activations too."""
        expected = self.model.reference(self.x)
        for scheme in ("static", "dynamic"):
            noise = {}
            for storage in ("i8", "u8", "i4", "u4"):
                for symmetry in ("symmetric", "affine"):
                    recipe = {"scheme": scheme, "weight_storage": storage, "weight_symmetry": symmetry}
                    small = quanta.quantize(self.module, self.statistics, recipe)
                    self.assertEqual(small.report["int8_mac_share"], 1)
                    self.assertEqual("xi4>" in str(small), storage in ("i4", "u4"))
                    error = quanta.compile(small)(self.x) - expected
                    noise[storage, symmetry] = np.mean(error**2) / np.mean(expected**2)
            # Signed or not is a matter of zero points: the products are the same.
            self.assertEqual(noise["i8", "symmetric"], noise["u8", "symmetric"])
            self.assertEqual(noise["i4", "symmetric"], noise["u4", "symmetric"])
            self.assertLess(max(noise["i8", "symmetric"], noise["i8", "affine"]), 1e-3)
            self.assertLess(max(noise["i4", "symmetric"], noise["i4", "affine"]), 3e-2)
            self.assertLess(noise["i8", "affine"], noise["i4", "affine"] / 10)

    def test_paths_of_any_characters(self):
        with tempfile.TemporaryDirectory(suffix=" {a}'\"=") as folder:
            path = os.path.join(folder, "s}.json")
            self.statistics.save(path)
            quantized = quanta.quantize(self.module, path)
        self.assertEqual(quantized.report["int8_mac_share"], 1)

    def test_recipe_values(self):
        """Numbers of NumPy, any text, and what no recipe can hold."""
        rules = [{"name": "\U0001f600*", "min": np.float32(-1), "max": np.int64(1)}]
        quantized = quanta.quantize(self.module, self.statistics, {"rules": rules})
        self.assertIn("\U0001f600", " ".join(quantized.remarks))
        self.assertIn("recipe file '<recipe>'", " ".join(quantized.remarks))
        for name in ({1}, "\ud800"):
            with self.assertRaisesRegex(quanta.Error, "^<recipe>: "):
                quanta.quantize(self.module, self.statistics, {"rules": [{"name": name}]})

    def test_data_and_a_recipe(self):
        recipe = {"range_selection": "mse"}
        one = quanta.quantize(self.module, recipe=recipe, data=self.x)
        two = quanta.quantize(self.module, self.statistics, recipe)
        self.assertEqual(str(one), str(two))

    def test_weight_only(self):
        recipe = {"scheme": "weight_only", "weight_storage": "i4", "weight": "per_channel"}
        small = quanta.quantize(self.module, recipe=recipe, strict=True)
        self.assertEqual(small.report["int8_mac_share"], 0)
        self.assertEqual(small.report["weight_only_mac_share"], 1)
        self.assertEqual(small.report["left_in_float"], [])
        self.assertEqual(
            [entry["weight_only"] for entry in small.report["contractions"]],
            ["i4", "i4"],
        )
        result, exact = quanta.compile(small)(self.x), self.model.reference(self.x)
        self.assertGreater(np.abs(result - exact).max(), 0)
        ratio = np.sum((result - exact) ** 2) / np.sum(exact**2)
        self.assertLess(ratio, 0.05)

    def test_float16(self):
        for scheme, dtype in (("fp16", np.float16), ("bf16", None)):
            half = quanta.quantize(self.module, recipe={"scheme": scheme}, strict=True)
            self.assertEqual(half.report["float16_mac_share"], 1)
            self.assertEqual(half.report["weight_only_mac_share"], 0)
            self.assertEqual(
                [entry["float16"] for entry in half.report["contractions"]],
                [scheme, scheme],
            )
            # ReLU is a layer of its own.
            layers = half.report["float16_layers"]
            self.assertEqual([entry["float16"] for entry in layers], [scheme])
            self.assertEqual(half.report["left_in_float"], [])
            self.assertEqual(half.report["glue_in_float"], [])
            result, exact = quanta.compile(half)(self.x), self.model.reference(self.x)
            error = np.sqrt(np.sum((result - exact) ** 2) / np.sum(exact**2))
            self.assertGreater(error, 0)
            self.assertLess(error, 0.001 if dtype else 0.01)
            if platform.machine() == "x86_64":
                # Without instructions that convert.
                baseline = quanta.compile(half, cpu="x86-64")(self.x)
                np.testing.assert_array_equal(baseline, result)
            # What is returned is a value of the type.
            bits = result.view(np.uint32)
            self.assertTrue(
                (result == result.astype(dtype)).all() if dtype else (bits & 0xFFFF == 0).all()
            )

    def test_recipe(self):
        name = next(
            n for n, e in self.statistics.items() if e["elements"] == self.x.size
        )
        rules = [{"name": name, "scheme": "float", "reason": "by hand"}]
        recipe = {"rules": rules}
        quantized = quanta.quantize(self.module, self.statistics, recipe)
        report = quantized.report
        self.assertLess(report["int8_mac_share"], 0.5)
        self.assertIn("by hand", [entry["reason"] for entry in report["left_in_float"]])
        with self.assertRaisesRegex(quanta.Error, "strict.*by hand"):
            quanta.quantize(self.module, self.statistics, recipe, strict=True)
        for bad, word in (({"colour": "blue"}, "colour"), ({"activation": "u9"}, "u9")):
            message = f"^<recipe>:1:[0-9]+: error: recipe file '<recipe>': .*{word}"
            with self.assertRaisesRegex(quanta.Error, message):
                quanta.quantize(self.module, self.statistics, bad)
            with self.assertRaisesRegex(quanta.Error, message):
                quanta.calibrate(self.module, self.x, bad)
        with tempfile.TemporaryDirectory(prefix="with space ") as folder:
            path = os.path.join(folder, "it's a recipe.yaml")
            with open(path, "w") as file:
                file.write("format: quanta-recipe\nversion: 1\nactivation: i8\n")
            quantized = quanta.quantize(self.module, self.statistics, path)
            error = np.abs(quanta.compile(quantized)(self.x) - self.model.reference(self.x))
            self.assertLess(error.max(), 0.1)

    def test_statistics_file(self):
        expected = str(quanta.quantize(self.module, self.statistics))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s.json")
            self.statistics.save(path)
            self.assertEqual(str(quanta.quantize(self.module, path)), expected)
        with self.assertRaisesRegex(quanta.Error, "nowhere.json"):
            quanta.quantize(self.module, "nowhere.json")
        other = quanta.Module.parse(Perceptron(seed=1).text())
        with self.assertRaisesRegex(quanta.Error, "<statistics>.* another model"):
            quanta.quantize(other, self.statistics)

    def test_stages_agree(self):
        statistics = os.path.join(tempfile.mkdtemp(), "s.json")
        self.statistics.save(statistics)
        stage = self.module.run("quanta-insert-observers")
        results = {"observed": quanta.compile(stage)(self.x)}
        for name, passes in [
            ("simulated", f"quanta-apply-calibration{{statistics={statistics}}}"),
            ("quantized", "quanta-fuse,quanta-quantize"),
            ("integer", "quanta-rewrite-types"),
        ]:
            stage = stage.run(passes)
            self.assertEqual(stage.stage, name)
            results[name] = quanta.compile(stage)(self.x)
        self.assertTrue((results["quantized"] == results["integer"]).all())
        difference = np.abs(results["simulated"] - results["integer"])
        self.assertLess(difference.max(), 0.05)


if __name__ == "__main__":
    unittest.main()
