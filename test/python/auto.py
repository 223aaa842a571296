# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""The default recipe, and what quantization costs."""

import os
import re
import signal
import tempfile
import threading
import time
import unittest
import unittest.mock

import numpy as np

import quanta
from Inputs.models import Perceptron, constant


class Auto(unittest.TestCase):
    def setUp(self):
        self.model = Perceptron()
        self.module = quanta.Module.parse(self.model.text(), "mlp")
        self.x = self.model.data(100)

    def test_data_is_all_it_takes(self):
        quantized = quanta.quantize(self.module, data=iter(np.split(self.x, 4)))
        self.assertEqual(quantized.stage, "integer")
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        self.assertIn("measured_sqnr", quantized.recipe)
        (result,) = quantized.analysis["results"]
        self.assertGreater(result["sqnr"], 23)
        expected = self.model.reference(self.x)
        noise = ((quanta.compile(quantized)(self.x) - expected) ** 2).sum()
        ratio = noise / (expected**2).sum()
        self.assertAlmostEqual(result["sqnr"], -10 * np.log10(ratio), delta=0.1)

        # The recipe gives the same program again.
        statistics = quanta.calibrate(self.module, np.split(self.x, 4))
        recipe = quantized.recipe
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "recipe.yaml")
            with open(path, "w") as file:
                file.write(recipe)
            again = quanta.quantize(self.module, statistics, path)
        self.assertEqual(str(again), str(quantized))
        self.assertIsNone(again.recipe)

    def test_sixteen_bits_stand_in_for_ranges_at_run_time(self):
        # Rows a hundred times as large leave few steps of 8 bits for the others.
        x = self.x.copy()
        x[::4] *= 100
        model = Perceptron()
        model.biases = [0 * bias for bias in model.biases]
        module = quanta.Module.parse(model.text(), "mlp")
        quantized = quanta.quantize(module, data=x, static_only=True)
        self.assertIn("activation: u16", quantized.recipe)
        self.assertNotIn("dynamic", quantized.recipe)
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        (result,) = quantized.analysis["results"]
        self.assertGreaterEqual(result["agreement"], 0.98)
        self.assertIn("dynamic", quanta.quantize(module, data=x).recipe)
        expected = model.reference(x)
        noise = ((quanta.compile(quantized)(x) - expected) ** 2).sum(axis=1)
        self.assertLess((noise / (expected**2).sum(axis=1)).max(), 0.003)

    def test_smoothing_stays_with_sixteen_bits(self):
        # One channel of the input is much larger than the others, its weights smaller.
        x = self.x.copy()
        x[:, 5] *= 4096
        model = Perceptron()
        model.weights[0][5] /= 4096
        module = quanta.Module.parse(model.text(), "outlier")
        (first,) = quanta.quantize(module, data=x, max_loss=0.5).analysis["results"]
        # So much less that both activations need 16 bits, and no more.
        budget = 0.65 * 10 ** (-first["sqnr"] / 10)
        quantized = quanta.quantize(module, data=x, static_only=True, max_loss=budget)
        self.assertIn("activation: u16\n    smooth: 0.5\n", quantized.recipe)
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        (result,) = quantized.analysis["results"]
        self.assertGreater(result["sqnr"], first["sqnr"])

    def test_weights_that_spoil_the_result_go_to_float(self):
        # Of inputs that are 0 or 1, eight bits lose nothing; of the weights, one that
        # is much larger than the others leaves nothing of those.
        model = Perceptron(inputs=32, hidden=16, outputs=4)
        x = np.eye(32, dtype=np.float32)[[i % 32 for i in range(96) if i % 32 != 7]]
        # 16 bits leave some, if it is not too large.
        for largest, is_float in ((5000, False), (1e6, True)):
            model.weights[0][7] = largest
            module = quanta.Module.parse(model.text(), "onehot")
            quantized = quanta.quantize(module, data=x)
            (result,) = quantized.analysis["results"]
            self.assertGreater(result["sqnr"], 25)
            reasons = [entry["reason"] for entry in quantized.report["left_in_float"]]
            spoiled = [reason for reason in reasons if "the weights of" in reason]
            self.assertEqual(bool(spoiled), is_float, reasons)
            if not is_float:
                self.assertIn("weight_storage: i16", quantized.recipe)
                self.assertEqual(quantized.report["int8_mac_share"], 1)

    def test_large_weights_of_what_is_always_zero(self):
        # They leave nothing of the other weights, although the error is small beside
        # them: what matters is the error in the result. The other layer, which has most
        # of the work, stays in integers.
        model = Perceptron()
        model.biases[0][3] = -100
        model.weights[1][3] = 1e6
        module = quanta.Module.parse(model.text(), "silent")
        quantized = quanta.quantize(module, data=self.x)
        (left,) = quantized.report["left_in_float"]
        self.assertRegex(
            left["reason"], "the weights of [0-9]+ bits of 'main/matmul_1' kept -?[0-9]\\."
        )
        self.assertGreater(quantized.report["int8_mac_share"], 0.7)
        (result,) = quantized.analysis["results"]
        self.assertGreater(result["sqnr"], 25)

    def test_sums_that_would_wrap_around_go_to_float(self):
        # How long they are, only the data tells.
        module = quanta.Module.parse(
            """
            func.func @main(%a: tensor<1x2x?xf32>, %b: tensor<1x?x2xf32>) -> tensor<1x2x2xf32> {
              %zero = arith.constant 0.0 : f32
              %e = tensor.empty() : tensor<1x2x2xf32>
              %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
              %r = linalg.batch_matmul ins(%a, %b : tensor<1x2x?xf32>, tensor<1x?x2xf32>)
                  outs(%init : tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
              return %r : tensor<1x2x2xf32>
            }""",
            "long",
        )

        def ones(length):
            return np.ones((1, 2, length), np.float32), np.ones((1, length, 2), np.float32)

        quantized = quanta.quantize(module, data=[ones(50), ones(80000)])
        np.testing.assert_array_equal(quanta.compile(quantized)(*ones(80000)), np.full((1, 2, 2), 80000))
        # Without such data, it is stopped, and not wrong.
        quantized = quanta.quantize(module, data=[ones(20), ones(50)])
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        program = quanta.compile(quantized)
        np.testing.assert_allclose(program(*ones(2000)), np.full((1, 2, 2), 2000), rtol=0.01)
        with self.assertRaisesRegex(quanta.Error, "has more than 33025 products"):
            program(*ones(80000))

    def test_weights_that_another_reader_has(self):
        # What reads the same activation goes to float with it, and need not have weights.
        random = np.random.default_rng(4)
        weights = random.standard_normal((16, 16)).astype(np.float32)
        module = quanta.Module.parse(
            f"""
            func.func @main(%x: tensor<8x16xf32>) -> tensor<8x8xf32> {{
              %zero = arith.constant 0.0 : f32
              %w = arith.constant {constant(weights)}
              %e = tensor.empty() : tensor<8x16xf32>
              %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x16xf32>) -> tensor<8x16xf32>
              %q = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x16xf32>)
                outs(%f : tensor<8x16xf32>) -> tensor<8x16xf32> loc("query")
              %t = tensor.empty() : tensor<16x8xf32>
              %k = linalg.transpose ins(%q : tensor<8x16xf32>) outs(%t : tensor<16x8xf32>) permutation = [1, 0]
              %s = tensor.empty() : tensor<8x8xf32>
              %g = linalg.fill ins(%zero : f32) outs(%s : tensor<8x8xf32>) -> tensor<8x8xf32>
              %y = linalg.matmul ins(%x, %k : tensor<8x16xf32>, tensor<16x8xf32>)
                outs(%g : tensor<8x8xf32>) -> tensor<8x8xf32> loc("scores")
              return %y : tensor<8x8xf32>
            }}"""
        )
        # 8 bits lose nothing of the input, only of the weights.
        data = list(random.integers(0, 2, (4, 8, 16)).astype(np.float32))
        quantized = quanta.quantize(module, data=data, max_loss=0)
        left = quantized.report["left_in_float"]
        reasons = {entry["location"]: entry["reason"] for entry in left}
        self.assertEqual(len(reasons), 2)
        for reason in reasons.values():
            self.assertRegex(reason, "the weights of [0-9]+ bits of 'query' kept")

    def test_weights_of_small_layers_get_sixteen_bits(self):
        # Rows between two classes change easily. Without those that do, others are still
        # decided closely. The second layer is a small part of the model.
        model = Perceptron(inputs=256, hidden=64, outputs=8)
        model.biases = [0 * bias for bias in model.biases]
        x = model.random.standard_normal((300, 256)).astype(np.float32)
        module = quanta.Module.parse(model.text(), "close")
        first = quanta.compile(quanta.quantize(module, data=x, max_loss=0.5))(x)
        x = x[first.argmax(axis=1) == model.reference(x).argmax(axis=1)]
        quantized = quanta.quantize(module, data=x, max_loss=1e-3)
        self.assertIn("weight_storage: i16", quantized.recipe)
        self.assertIn("the weights of 8 bits of 'main/matmul_1' kept", quantized.recipe)
        self.assertIn("are expected to change", quantized.recipe)

    def test_static_only_needs_a_choice(self):
        statistics = quanta.calibrate(self.module, self.x)
        for options in ({}, {"data": self.x, "recipe": {"scheme": "dynamic"}}):
            with self.assertRaisesRegex(quanta.Error, "static_only"):
                quanta.quantize(self.module, statistics, static_only=True, **options)

    def test_budgets_are_checked(self):
        for budget, reason in (("1", "not str"), (-1, "negative"), (float("nan"), "negative")):
            with self.assertRaisesRegex(quanta.Error, f"max_loss .*{reason}"):
                quanta.quantize(self.module, data=self.x, max_loss=budget)
        with self.assertRaisesRegex(quanta.Error, "not int"):
            quanta.quantize(self.module, data=5)
        statistics = quanta.calibrate(self.module, self.x)
        with self.assertRaisesRegex(quanta.Error, "data would change nothing"):
            quanta.quantize(self.module, statistics, {"scheme": "static"}, data=self.x)

    def test_a_strict_budget_lifts(self):
        quantized = quanta.quantize(self.module, data=self.x, max_loss=1e-12)
        self.assertEqual(quantized.report["int8_mac_share"], 0)
        reasons = {entry["reason"] for entry in quantized.report["left_in_float"]}
        self.assertTrue(any("budget" in reason for reason in reasons), reasons)

    def test_chance_puts_nothing_into_float(self):
        # Two classes, and rows that lie between them: what rounding makes of those
        # is chance, and the noise of all is far within the budget.
        module = quanta.Module.parse(
            """
            func.func @main(%x: tensor<?x16xf32>) -> tensor<?x2xf32> {
              %c0 = arith.constant 0 : index
              %n = tensor.dim %x, %c0 : tensor<?x16xf32>
              %w = arith.constant dense<WEIGHTS> : tensor<16x2xf32>
              %zero = arith.constant 0.0 : f32
              %e = tensor.empty(%n) : tensor<?x2xf32>
              %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2xf32>) -> tensor<?x2xf32>
              %y = linalg.matmul ins(%x, %w : tensor<?x16xf32>, tensor<16x2xf32>)
                  outs(%z : tensor<?x2xf32>) -> tensor<?x2xf32>
              return %y : tensor<?x2xf32>
            }
            """.replace(
                "WEIGHTS", str([[0.5 + i / 64, -0.3 - i / 48] for i in range(16)])
            )
        )
        # Which class it is, and no scores: classes are at no distance.
        classes = quanta.Module.parse(
            str(module)
            .replace("-> tensor<?x2xf32> {", "-> tensor<?xi32> {", 1)
            .replace(
                "    return",
                """    %i = tensor.empty(%dim) : tensor<?xi32>
    %k = linalg.generic {indexing_maps = [affine_map<(i) -> (i, 0)>,
        affine_map<(i) -> (i, 1)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%2, %2 : tensor<?x2xf32>, tensor<?x2xf32>) outs(%i : tensor<?xi32>) {
    ^bb0(%a: f32, %b: f32, %o: i32):
      %c = arith.cmpf olt, %a, %b : f32
      %d = arith.extui %c : i1 to i32
      linalg.yield %d : i32
    } -> tensor<?xi32>
    return""",
            )
            .replace("return %2 : tensor<?x2xf32>", "return %k : tensor<?xi32>")
        )
        difference = np.array([0.8 + i / 64 + i / 48 for i in range(16)], np.float32)
        random = np.random.default_rng(1)
        x = random.standard_normal((400, 16)).astype(np.float32)
        between = x - np.outer(x @ difference, difference) / (difference**2).sum()
        x += np.outer(np.sign(x @ difference), difference)
        for rows, share in ((6, 1), (40, 0)):
            x[:rows] = between[:rows]
            chosen = quanta.quantize(module, data=x)
            (result,) = chosen.analysis["results"]
            self.assertEqual(chosen.report["int8_mac_share"], share)
            if share:
                self.assertLess(result["agreement"], 1 - 0.003)
                self.assertIn("scheme: dynamic", chosen.recipe)
                self.assertRegex(
                    " ".join(chosen.remarks),
                    "[0-9]+ of 400 predictions of result 0 changed, more than max_loss "
                    "allows: too few changed to tell it from chance",
                )
                chosen = quanta.quantize(classes, data=x)
                self.assertEqual(chosen.report["int8_mac_share"], 1)
                (result,) = chosen.analysis["results"]
                self.assertLess(result["agreement"], 1)
            else:
                self.assertNotIn("chance", " ".join(chosen.remarks))

    def test_an_interrupt_ends_the_search(self):
        # Minutes of work, of which the interrupt comes in the first second.
        data = [self.x.repeat(40, axis=0)] * 20000
        statistics = quanta.calibrate(self.module, self.x)
        sent = []

        def interrupt(folder):
            while not any(name.endswith(".yaml") for name in os.listdir(folder)):
                time.sleep(0.001)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        with tempfile.TemporaryDirectory() as folder:
            with unittest.mock.patch.dict(os.environ, TMPDIR=folder):
                thread = threading.Thread(target=interrupt, args=(folder,))
                thread.start()
                with self.assertRaises(KeyboardInterrupt):
                    quanta.quantize(self.module, statistics, data=data)
                self.assertLess(time.monotonic() - sent[0], 10)
                thread.join()
            self.assertEqual(os.listdir(folder), [])

    def test_analyze(self):
        statistics = quanta.calibrate(self.module, self.x)
        analysis = quanta.analyze(self.module, statistics, self.x)
        self.assertEqual(len(analysis["layers"]), 2)
        for layer in analysis["layers"]:
            self.assertGreater(layer["sqnr"], 25)
        self.assertIn("predictions agree", str(analysis))
        dynamic = quanta.analyze(self.module, None, self.x, {"scheme": "dynamic"})
        schemes = [layer["operands"][0]["scheme"] for layer in dynamic["layers"]]
        self.assertEqual(schemes, ["dynamic", "dynamic"])
        # Whatever a recipe leaves of their observers, layers have the same names: by
        # their number, or what the model calls them.
        named = quanta.Module.parse(
            str(self.module).replace("outs(%1 : tensor<?x48xf32>) -> tensor<?x48xf32>",
                                     "outs(%1 : tensor<?x48xf32>) -> tensor<?x48xf32> loc(\"first\")")
        )  # fmt: skip
        for module, names in (
            (self.module, ["main/matmul_0", "main/matmul_1"]),
            (named, ["first", "main/matmul_0"]),
        ):
            statistics = quanta.calibrate(module, self.x)
            for scheme in ("static", "weight_only", "fp16", "float"):
                analysis = quanta.analyze(module, statistics, self.x, {"scheme": scheme})
                layers = [layer["name"] for layer in analysis["layers"]]
                self.assertEqual(layers[:2], names, scheme)
        with self.assertRaisesRegex(quanta.Error, "no data"):
            quanta.analyze(self.module, statistics, [])
        with self.assertRaisesRegex(quanta.Error, "needs statistics, data or a recipe"):
            quanta.quantize(self.module)

    def test_a_sample_that_is_no_number(self):
        """It is told of, and changes nothing: neither ranges nor schemes."""
        x = self.x.copy()
        x[3, 2] = np.nan
        clean, dirty = (quanta.quantize(self.module, data=data) for data in (self.x, x))
        schemes = [re.findall("scheme: (.*)", module.recipe) for module in (clean, dirty)]
        self.assertEqual(*schemes)
        self.assertRegex(" ".join(dirty.remarks), "saw [0-9]+ NaNs and 0 infinities")
        self.assertEqual(dirty.analysis["results"][0]["agreement"], 1)

    def test_samples_without_a_number(self):
        with self.assertRaisesRegex(quanta.Error, "saw only NaNs and infinities"):
            quanta.quantize(self.module, data=np.full_like(self.x, np.nan))

    def test_rows_of_images_are_no_predictions(self):
        text = """
        func.func @main(%x: tensor<1x4x12x12xf32>) -> tensor<1x4x12x12xf32> {
          return %x : tensor<1x4x12x12xf32>
        }"""
        module = quanta.Module.parse(text, "image")
        x = np.zeros((1, 4, 12, 12), np.float32)
        analysis = quanta.analyze(module, None, [x], {"scheme": "dynamic"})
        self.assertNotIn("predictions", str(analysis))
        self.assertIn("places of the largest agree in 48 of 48", str(analysis))

    def test_agreement_of_many_classes(self):
        """Scores of more classes than `max_loss` is held for are counted all the same."""
        random = np.random.default_rng(2)
        model = Perceptron(outputs=300)
        module = quanta.Module.parse(model.text(), "wide")
        quantized = quanta.quantize(module, data=self.x)
        places = quanta.compile(quantized)(self.x).argmax(axis=1)
        share = (places == model.reference(self.x).argmax(axis=1)).mean()
        (result,) = quantized.analysis["results"]
        self.assertAlmostEqual(result["agreement"], share)
        self.assertIn("places of the largest agree in", str(quantized.analysis))
        self.assertNotIn("predictions", quantized.recipe)

    def test_layers_of_called_functions(self):
        """They are among those of the function that calls, once for each call."""
        text = """
        func.func private @layer(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
          %c0 = arith.constant 0 : index
          %zero = arith.constant 0.0 : f32
          %w = arith.constant dense<[[0.1, 0.2, -0.3, 0.4], [0.5, -0.6, 0.7, 0.2],
                                     [0.9, 0.1, -0.8, 0.3], [0.4, 0.6, 0.5, -0.7]]> : tensor<4x4xf32>
          %n = tensor.dim %x, %c0 : tensor<?x4xf32>
          %e = tensor.empty(%n) : tensor<?x4xf32>
          %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
          %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
          return %y : tensor<?x4xf32>
        }
        func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
          %0 = func.call @layer(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
          %1 = func.call @layer(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
          return %1 : tensor<?x4xf32>
        }"""
        module = quanta.Module.parse(text, "calls")
        x = np.random.default_rng(0).standard_normal((50, 4), dtype=np.float32)
        statistics = quanta.calibrate(module, x)
        for recipe in (None, {"scheme": "dynamic"}):
            analysis = quanta.analyze(module, statistics, x, recipe)
            self.assertEqual([layer["name"] for layer in analysis["layers"]], ["layer/matmul_0"] * 2)
            for layer in analysis["layers"]:
                self.assertGreater(layer["sqnr"], 30)
                self.assertGreater(layer["operands"][1]["sqnr"], 40)


if __name__ == "__main__":
    unittest.main()
