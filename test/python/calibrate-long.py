# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""Long calibration runs: memory, the line on a terminal, spoiled data."""

import io
import sys
import unittest
from unittest import mock

import numpy as np

import quanta
from Inputs.models import Perceptron
from quanta.progress import Progress


def resident():
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


class Terminal(io.StringIO):
    def isatty(self):
        return not self.closed


class LongRuns(unittest.TestCase):
    def setUp(self):
        self.model = Perceptron()
        self.module = quanta.Module.parse(self.model.text(), "mlp")

    @unittest.skipUnless(sys.platform == "linux", "reads /proc")
    def test_memory_is_flat(self):
        marks = []

        def batches(count):
            for index in range(count):
                if index % 1000 == 999:
                    marks.append(resident())
                # Sizes change, and the range doubles now and then.
                yield self.model.data(1 + index % 64) * np.float32(1 + index / 100)

        statistics = quanta.calibrate(self.module, batches(5000), observer="histogram")
        self.assertTrue(all(e["batches"] == 5000 for e in statistics.values()))
        self.assertLess(marks[-1] - marks[0], 2 << 20)

    def test_parts_merge_to_the_whole(self):
        x = self.model.data(48)
        x[3, 4] = 100
        for observer in ("min_max", "histogram", "per_channel_min_max"):
            with self.subTest(observer):
                whole = quanta.calibrate(self.module, np.split(x, 12), observer=observer)
                parts = [
                    quanta.calibrate(self.module, np.split(part, 4), observer=observer)
                    for part in np.split(x, 3)
                ]
                self.assertEqual(dict(parts[0].merge(*parts[1:])), dict(whole))

    def test_spoiled_data(self):
        x = self.model.data(8)
        x[0, :3] = np.nan, np.inf, -np.inf
        statistics = quanta.calibrate(self.module, x, observer="histogram")
        name = next(iter(statistics))
        entry = statistics[name]
        self.assertEqual((entry["nans"], entry["infs"]), (1, 2))
        self.assertEqual(entry["max"], x[np.isfinite(x)].max())
        with self.assertRaisesRegex(quanta.Error, "there is no observer 'guess'"):
            quanta.calibrate(self.module, x, observer="guess")

    def test_constant_data(self):
        x = np.full((4, 32), 0.5, np.float32)
        statistics = quanta.calibrate(self.module, x, observer="histogram")
        for selection in ("max", "mse", "percentile", "entropy"):
            small = quanta.quantize(
                self.module, statistics, {"range_selection": selection}
            )
            self.assertRegex("\n".join(small.remarks), r"saw only the value 5\.0*e-01")

    def test_progress(self):
        terminal = Terminal()
        with mock.patch("quanta.progress.time.monotonic", side_effect=range(100)):
            with Progress(4, terminal) as progress:
                for _ in range(4):
                    progress.step()
        lines = terminal.getvalue().split("\r\x1b[K")
        self.assertIn("calibrating: [#####...............] 1/4, 1.0/s, 0:03 left", lines)
        self.assertEqual(lines[-1], "")
        with Progress(None, terminal) as progress:
            progress.step()
            self.assertEqual(
                progress.line(progress.start + 2), "calibrating: 1 samples, 0.5/s"
            )
        file = io.StringIO()
        with mock.patch("quanta.progress.time.monotonic", side_effect=range(100)):
            with Progress(4, file) as progress:
                progress.step()
        self.assertEqual(file.getvalue(), "")

    def test_a_terminal_that_goes_away(self):
        class Lost(Terminal):
            def write(self, text):
                raise OSError("gone")

        closed = Terminal()
        closed.close()
        for terminal in (Lost(), closed):
            with mock.patch("quanta.progress.time.monotonic", side_effect=range(100)):
                with Progress(4, terminal) as progress:
                    for _ in range(4):
                        progress.step()
            self.assertEqual(progress.count, 4)


if __name__ == "__main__":
    unittest.main()
