# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: %python %s %quanta_src/tools/models
"""Which files of a machine real networks are measured on."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, sys.argv.pop())
import data


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for i in range(40):
            self.write(f"sources/{i}.c")
            self.write(f"texts/{i}.txt")

    def write(self, name, content=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content or f"the content of {name}")

    def choose(self, count=20, seed=1):
        return [str(p.relative_to(self.root)) for p in data.files(count, seed, [self.root])]

    def test_kinds_take_turns(self):
        chosen = self.choose()
        self.assertEqual(len(set(chosen)), 20)
        self.assertEqual(sum(name.endswith(".c") for name in chosen), 10)
        self.assertNotEqual(chosen, self.choose(seed=2))

    def test_what_builds_and_runs_leave_changes_nothing(self):
        chosen = self.choose()
        self.write("build/CMakeCache.txt")
        self.write("environment/pyvenv.cfg")
        for folder in ("build/lib", "environment/bin", ".git/objects", "sources/__pycache__"):
            for i in range(40):
                self.write(f"{folder}/{i}.c")
                self.write(f"{folder}/{i}.o")
        self.assertEqual(self.choose(), chosen)

    def test_other_files_take_no_more_than_their_places(self):
        chosen = self.choose()
        for i in range(5):
            self.write(f"more/{i}.c")
        (self.root / chosen[0]).unlink()
        now = self.choose()
        self.assertLessEqual(len(set(chosen) - set(now)), 6)
        for ending in (".c", ".txt"):
            kept = [name for name in chosen if name in now and name.endswith(ending)]
            self.assertEqual([name for name in now if name in kept], kept)

    def test_copies_and_what_is_too_small_are_left_out(self):
        for i in range(40):
            self.write(f"copies/{i}.h", "the same in all of them")
            self.write(f"small/{i}.s", "small")
        chosen = self.choose(60)
        self.assertEqual(sum(name.endswith(".h") for name in chosen), 1)
        self.assertFalse(any(name.endswith(".s") for name in chosen))

    def test_too_few(self):
        with self.assertRaisesRegex(SystemExit, "only 80 files"):
            self.choose(81)


if __name__ == "__main__":
    unittest.main()
