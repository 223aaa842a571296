#!/usr/bin/env python3
# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damages valid inputs and feeds them to the tools of a sanitized build.

IR goes through random passes of quant-opt; arrays go into quant-run; statistics
and recipe files go into quanta-apply-calibration. Whatever happens has to end
in an exit status of 0 or 1. A signal or a sanitizer's report is a failure: the
input is saved with the command that repeats it. What also brings down a stock
mlir-opt without any pass is MLIR's own and only counted.
"""

import argparse
import os
import random
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORT = re.compile(
    r"AddressSanitizer|LeakSanitizer|runtime error:|Stack dump:|PLEASE submit a bug report"
)
EXHAUSTED = re.compile(r"hard rss limit|out-of-memory|allocation-size-too-big|LLVM ERROR: out of memory")
NUMBERS = "0 1 -1 2 3 7 16 127 128 -128 255 256 65536 99999 2147483648 -9223372036854775808 0.0 -0.0 1.0e-45 1.0e38 1.0e400 0x7FC00000 0x7F800000".split()
WORDS = """f32 f64 f16 bf16 i1 i4 i8 ui8 i32 i64 index tensor<?xf32> tensor<4x4xf32> tensor<4x?xi8>
 tensor<*xf32> tensor<0x4xf32> memref<4x4xf32> vector<4xf32> ? * none dense<0.5> dense<[]> unit
 !quant.uniform<u8:f32,0.5:3> !quant.uniform<i8<-127:127>:f32:1,{0.5,0.25}> !quant.uniform<i8:f32,0.0>
 !quant.uniform<i4:f32,1.0e-40> !quant.uniform<u8:f32,1.0:99999> !quant.any<i8:f32> min_max {} [] ""
 func.func private public""".split()
TOKEN = re.compile(r'"[^"\n]*"|![\w.]+|[%@#^]?[\w.$-]+|\s+|.')

MODEL = """func.func @main(%x: tensor<?x4xf32>, %y: tensor<2xi8>) -> tensor<?x4xf32> {
  %e = arith.constant dense<0> : tensor<2xi8>
  return %x : tensor<?x4xf32>
}
"""
CALIBRATED = """func.func @main(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, -2.0], [0.0, 1.5], [3.0, 0.25], [-1.0, 2.0]]> : tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x2xf32>)
                     outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
"""
STATISTICS = """{"format": "quanta-statistics", "version": 1, "fingerprint": "FINGERPRINT",
 "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 16, "min": -1.5, "max": 2.5, "nans": 0, "infs": 0, "batches": 1},
  "main/result_0": {"kind": "min_max", "elements": 8, "min": -1, "max": 4, "nans": 0, "infs": 0, "batches": 1}}}
"""
RECIPE = """format: quanta-recipe
version: 1
activation: u8
weight: per_channel
rules:
  - name: "main/matmul_1/*"
    scheme: float
    reason: "kept in float by hand"
"""


# What one of these matches can often stand for another match.
EXCHANGES = [
    r"(?<=[<x])\d+(?=x)|\?(?=x)",
    r"\b(f16|f32|f64|bf16|i1|i4|i8|i32|i64|index)\b",
    r"arith\.\w+f\b|math\.\w+",
    r"arith\.\w+i\b",
    r"!quant\.uniform<[^{}>]*>",
    r"-?\b\d+\.\d+(e[+-]\d+)?\b",
    r"\blinalg\.\w+",
    r"dense<[^>]*>",
    r"-?\b\d+\b",
]


def mutate_text(text: str, chance: random.Random, donors) -> str:
    """Mostly exchanges that may leave a valid program, sometimes plain damage."""
    if chance.random() < 0.3:
        return damage(text, chance, donors)
    for _ in range(chance.choice((1, 1, 2, 3))):
        pattern = chance.choice(EXCHANGES)
        found = [match[0] for match in re.finditer(pattern, text)]
        if not found:
            continue
        old = chance.choice(found)
        others = found + [m[0] for m in re.finditer(pattern, chance.choice(donors))]
        others += [word for word in NUMBERS + WORDS if re.fullmatch(pattern, word)]
        new = chance.choice(others)
        if chance.random() < 0.6:
            text = re.sub(rf"(?<![\w%]){re.escape(old)}", lambda _: new, text)
        else:
            at = chance.choice([m.start() for m in re.finditer(re.escape(old), text)])
            text = text[:at] + new + text[at + len(old) :]
    return text


def damage(text: str, chance: random.Random, donors) -> str:
    tokens = TOKEN.findall(text)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        if not tokens:
            break
        at = chance.randrange(len(tokens))
        length = chance.choice((1, 1, 2, 5, 20))
        kind = chance.randrange(8)
        if kind == 0:
            del tokens[at : at + length]
        elif kind == 1:
            tokens[at:at] = tokens[at : at + length]
        elif kind == 2:
            other = chance.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 3:
            donor = TOKEN.findall(chance.choice(donors))
            start = chance.randrange(max(1, len(donor)))
            tokens[at : at + length] = donor[start : start + length]
        elif kind == 4:
            tokens[at] = chance.choice(WORDS)
        elif kind == 5:
            tokens[at] = chr(chance.randrange(1, 256))
        else:
            # Numbers are most of what makes a valid program strange.
            numbers = [i for i, t in enumerate(tokens) if re.search(r"\d", t) and t[0] not in "%@#"]
            if numbers:
                i = chance.choice(numbers)
                replacement = chance.choice(NUMBERS)
                tokens[i] = re.sub(r"-?\d+(\.\d+(e[+-]?\d+)?)?", lambda _: replacement, tokens[i], count=1)
    return "".join(tokens)


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    result = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(result) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            del result[at:]
        elif kind == 1:
            result[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 2:
            result[at:at] = chance.choice((b"9" * 18, b"(", b",", b"-1", b"\0", b"<f8", b"|O"))
        else:
            del result[at : at + chance.randrange(1, 16)]
    return bytes(result)


def npy(shape: str, descr: str, data: bytes) -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


class Fuzzer:
    def __init__(self, options):
        self.options = options
        self.bin = Path(options.build, "bin").resolve()
        self.work = Path(options.build, "fuzz").resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.failures, self.upstream, self.exhausted, self.inputs = 0, 0, 0, 0
        self.chunks = [
            chunk
            for file in sorted((ROOT / "test").rglob("*.mlir"))
            for chunk in file.read_text().split("// -----")
            if len(chunk) < 8000
        ]
        for file in ("identity", "calibrated"):
            (self.work / f"{file}.mlir").write_text({"identity": MODEL, "calibrated": CALIBRATED}[file])
        helptext = self.run([self.bin / "quant-opt", "--help"]).stdout
        self.passes = sorted(set(re.findall(r"^ +--(quanta-[\w-]+)", helptext, re.M)))
        observed = self.run([self.bin / "quant-opt", "--quanta-insert-observers", self.work / "calibrated.mlir"])
        fingerprint = re.search(r'quanta.fingerprint = "(\w+)"', observed.stdout)
        (self.work / "observed.mlir").write_text(observed.stdout)
        self.statistics = STATISTICS.replace("FINGERPRINT", fingerprint[1] if fingerprint else "")
        (self.work / "statistics.json").write_text(self.statistics)
        # A valid program of every stage, whatever the tests hold.
        stages = [[f"--quanta-apply-calibration=statistics={self.work / 'statistics.json'}"], ["--quanta-fuse"],
                  ["--quanta-quantize"], ["--quanta-rewrite-types"], ["--quanta-to-llvm"]]  # fmt: skip
        for i in range(len(stages) + 1):
            passes = [argument for stage in stages[:i] for argument in stage]
            result = self.run([self.bin / "quant-opt", self.work / "observed.mlir", *passes])
            if self.is_bad(result) or result.returncode:
                sys.exit(f"{passes[-1:]} refuses an undamaged program:\n{result.stderr}")
            self.chunks += [result.stdout] * 4

    def run(self, command):
        def limit():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        environment = dict(os.environ)
        environment["ASAN_OPTIONS"] = (
            "allow_user_poisoning=0:detect_leaks=0:hard_rss_limit_mb=3000:max_allocation_size_mb=2000"
        )
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
        try:
            return subprocess.run(
                [str(word) for word in command], env=environment, preexec_fn=limit, timeout=60,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, "", "hard rss limit: took over a minute")

    def is_bad(self, result) -> bool:
        if EXHAUSTED.search(result.stderr):
            self.exhausted += 1
            return False
        return result.returncode not in (0, 1) or bool(REPORT.search(result.stderr))

    def check(self, name: str, content: bytes, command) -> None:
        """Runs `command`, in which None stands for a file with `content`."""
        file = self.work / name
        file.write_bytes(content)
        result = self.run([file if word is None else word for word in command])
        if self.is_bad(result):
            self.report(name, content, command, result)

    def report(self, name, content, command, result):
        saved = self.work / f"failure-{self.failures}-{name}"
        saved.write_bytes(content)
        self.failures += 1
        shown = " ".join(str(saved if word is None else word) for word in command)
        print(f"\nFAILED with status {result.returncode}: {shown}")
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        start = next((i for i, line in enumerate(lines) if REPORT.search(line)), 0)
        print("\n".join(lines[start : start + 14]), flush=True)

    def route(self, text, chance):
        """Passes that a program like this one can go through."""
        calibrate = f"--quanta-apply-calibration=statistics={self.work / 'statistics.json'}"
        rest = ["--quanta-fuse", "--quanta-quantize", "--quanta-rewrite-types"]
        if chance.random() < 0.3:
            name = chance.choice(self.passes)
            return [calibrate if name == "quanta-apply-calibration" else f"--{name}"]
        if "quanta.observe" in text:
            passes = chance.choice(([calibrate, *rest], ["--quanta-lower-observers"]))
        elif "quanta.fake_quant" in text:
            passes = chance.choice((rest, rest[1:], ["--quanta-lower-fake-quant"]))
        elif "quanta." in text:
            passes = chance.choice((["--canonicalize", rest[2]], ["--quanta-rewrite-types=reference"]))
        else:
            passes = chance.choice(([], ["--quanta-insert-observers", "--quanta-lower-observers"]))
        return [*passes, "--quanta-to-llvm" + chance.choice(("", "=kernels=false", "=cpu=x86-64"))]

    def ir(self, chance):
        seed = chance.choice(self.chunks)
        command = [self.bin / "quant-opt", None, "--split-input-file", "-o", "/dev/null", *self.route(seed, chance)]
        batch = [mutate_text(seed, chance, self.chunks) for _ in range(20)]
        self.inputs += len(batch)
        file = self.work / "batch.mlir"
        file.write_bytes("\n// -----\n".join(batch).encode())
        if not self.is_bad(self.run([file if word is None else word for word in command])):
            return
        stock = ["mlir-opt", None, "--allow-unregistered-dialect", "-o", "/dev/null"]
        for chunk in batch:
            content = chunk.encode()
            file.write_bytes(content)
            result = self.run([file if word is None else word for word in command])
            if not self.is_bad(result):
                continue
            stock[0] = Path(self.options.llvm) / "bin" / "mlir-opt"
            if self.run([file if word is None else word for word in stock]).returncode not in (0, 1):
                self.upstream += 1
            else:
                self.report("ir.mlir", content, command, result)

    def array(self, chance):
        self.inputs += 1
        good = [npy("(2, 4)", "<f4", bytes(32)), npy("(2,)", "|i1", bytes(2)), npy("(1, 4)", "<f8", bytes(32))]
        content = mutate_bytes(chance.choice(good), chance)
        other = self.work / "good.npy"
        other.write_bytes(good[1])
        command = [self.bin / "quant-run", self.work / "identity.mlir", "--entry=main"]
        (self.work / "array.npy").write_bytes(content)
        self.check("array.npy", content, [*command, f"--input={self.work / 'array.npy'}", f"--input={other}",
                                          f"--output={self.work / 'output.npy'}"])  # fmt: skip

    def settings(self, chance):
        self.inputs += 1
        text = mutate_text(self.statistics, chance, [RECIPE, self.statistics])
        recipe = RECIPE
        if chance.random() < 0.5:
            text, recipe = self.statistics, mutate_text(RECIPE, chance, [RECIPE, self.statistics])
        (self.work / "recipe.yaml").write_bytes(recipe.encode())
        (self.work / "damaged.json").write_bytes(text.encode())
        self.check("settings.txt", (text + "\n// recipe\n" + recipe).encode(), [
            self.bin / "quant-opt", self.work / "observed.mlir", "-o", "/dev/null",
            f"--quanta-apply-calibration=statistics={self.work / 'damaged.json'} recipe={self.work / 'recipe.yaml'}",
        ])  # fmt: skip

    def loop(self) -> int:
        begin, step = time.monotonic(), 0
        while time.monotonic() - begin < self.options.seconds:
            # Each step has its own sequence: any of them can be repeated alone.
            chance = random.Random(self.options.seed * 1000003 + step)
            chance.choices((self.ir, self.array, self.settings), (3, 1, 1))[0](chance)
            step += 1
            if sys.stdout.isatty():
                elapsed = int(time.monotonic() - begin)
                print(f"\r{self.inputs} inputs, {self.failures} failures, "
                      f"{elapsed} of {self.options.seconds} s", end="", flush=True)  # fmt: skip
        print(f"\n{self.inputs} inputs: {self.failures} failed, {self.upstream} failed in MLIR's own "
              f"parser too, {self.exhausted} ran out of memory or time")  # fmt: skip
        return 1 if self.failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/dev fuzz", description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default="build/sanitize", help=argparse.SUPPRESS)
    parser.add_argument("--llvm", default="/usr/lib/llvm-22", help="where a stock MLIR is installed")
    parser.add_argument("--seconds", type=int, default=60, help="how long to go on (60)")
    parser.add_argument("--seed", type=int, default=0, help="start of the sequence of inputs (0)")
    return Fuzzer(parser.parse_args()).loop()


if __name__ == "__main__":
    sys.exit(main())
