# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantizes real networks and compares them with float and with what others make.

Each network comes in through its door, is calibrated, quantized and compiled, and
runs on data that neither training nor calibration saw. ONNX Runtime and NNCF
quantize the same file with the same calibration data. Calls of all are timed from
Python, in turns, on one core; the default scheme has to be as fast as any peer that
is as accurate. Writes the table also as
BUILD/models.json; each network's programs stay in BUILD/models.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import numpy as np

import data
import measures
import timing
from subjects import Network, Subjects, run_all
from tables import TIME, print_bars, print_left_in_float, print_table

DYNAMIC = {"scheme": "dynamic"}
# The name of the scheme that `quanta.quantize` chooses.
DEFAULT = "auto"


class Models:
    """What is measured of each network."""

    def __init__(self, build: Path):
        self.build = build.resolve()
        self.out = self.build / "models"
        self.out.mkdir(parents=True, exist_ok=True)
        self.rows, self.bars = [], []

    def measure(self, network: Network) -> None:
        import peers
        import quanta

        name = re.sub(r"\W", "-", network.name)
        network.module.save(self.out / f"{name}.mlir")
        float_outputs = run_all(quanta.compile(network.module), network.test)
        error = np.abs(float_outputs - network.expected).max()
        if not error < 1e-3:
            sys.exit(f"models: float {network.name} is off by {error} from its original")
        statistics = self.timed(
            "calibrated",
            lambda: quanta.calibrate(
                network.module, network.calibration, observer="histogram"
            ),
        )
        statistics.save(self.out / f"{name}.statistics.json")

        outputs = {}
        programs = {"ORT float": peers.OnnxRuntime(network.onnx)}
        programs["OpenVINO float"] = peers.OpenVino.read(network.onnx)
        for label, quantize in (
            ("ORT default", lambda p: peers.onnx_runtime_static(*p)),
            ("ORT U8S8 per channel", lambda p: peers.onnx_runtime_u8s8(*p)),
            ("NNCF default", lambda p: peers.nncf_default(p[0], p[2])),
        ):
            target = self.out / f"{name}.{re.sub(r'[^A-Za-z0-9]', '-', label)}.onnx"
            try:
                run = quantize((network.onnx, target, network.calibration))
                outputs[label] = self.timed(label, lambda: run_all(run, network.test))
                programs[label] = run
            except Exception as failure:
                print(f"  {label} failed: {str(failure).splitlines()[0][:120]}")
                outputs[label] = None
        ours = {}
        for scheme, options in self.schemes(network):
            try:
                ours[scheme] = self.measure_scheme(
                    network, name, scheme, options, statistics, float_outputs, outputs
                )
            except quanta.Error as error:
                print(f"  {scheme}: {str(error).splitlines()[0]}")
                self.bar(f"{network.name}, {scheme}: compiles", 0, ">=", 1)
        self.time_calls(network, ours, programs, outputs, float_outputs)

    def time_calls(self, network, ours, programs, outputs, float_outputs) -> None:
        """Calls of ours and of the peers' programs, which may have fixed sizes."""
        import quanta

        sample = network.timed
        with timing.one_core():
            runs = {"float": quanta.compile(network.module), **ours}
            for label, program in programs.items():
                runs[label] = getattr(program, "fixed", lambda *_: program)(*sample)
            found = timing.medians(runs, sample)
        peers = {label: found[label] for label in programs}
        rows = [row for row in self.rows if row["model"] == network.name]
        for scheme in ours:
            like = next(row for row in rows if row["scheme"] == scheme)
            self.rows.append(
                {
                    **like,
                    "metric": TIME,
                    "float": found["float"],
                    "ours": found[scheme],
                    "peers": peers,
                }
            )
        # Float peers reach every accuracy.
        rivals = {label for label in programs if label not in outputs}
        for label, output in outputs.items():
            if output is not None and all(
                row["peers"][label] >= row["ours"]
                for row in rows
                if row["scheme"] == DEFAULT
            ):
                rivals.add(label)
        fastest = min(rivals, key=peers.get)
        self.bar(
            f"{network.name}, {DEFAULT}: us per call, {fastest}",
            found[DEFAULT], "<=", peers[fastest],
        )

    @staticmethod
    def schemes(network: Network) -> list:
        """Ours, as arguments of `quanta.quantize`: the default with fixed ranges only,
        ranges at run time only, and the default itself."""
        return [
            ("static", {"data": network.calibration, "static_only": True}),
            ("dynamic", {"recipe": DYNAMIC}),
            (DEFAULT, {"data": network.calibration}),
        ]

    def measure_scheme(
        self, network, name, scheme, options, statistics, float_outputs, peer_outputs
    ):
        import quanta

        small = self.timed(
            f"quantized ({scheme})",
            lambda: quanta.quantize(network.module, statistics, **options),
        )
        small.save(self.out / f"{name}.{scheme}.mlir")
        run = self.timed("compiled", lambda: quanta.compile(small))
        ours = self.timed("run", lambda: run_all(run, network.test))
        sizes = {
            "bytes_float": constant_bytes(self.out / f"{name}.mlir"),
            "bytes_int8": constant_bytes(self.out / f"{name}.{scheme}.mlir"),
        }
        left = small.report["left_in_float"]
        for metric, function in network.metrics.items():
            row = {
                "model": network.name,
                "scheme": scheme,
                "metric": metric,
                "float": function(float_outputs, float_outputs),
                "ours": function(ours, float_outputs),
                "peers": {
                    label: None if found is None else function(found, float_outputs)
                    for label, found in peer_outputs.items()
                },
                **sizes,
                "int8_mac_share": small.report["int8_mac_share"],
                "left_in_float": left,
            }
            self.rows.append(row)
            self.judge(network, row)
        share = small.report["int8_mac_share"]
        limit = network.bars.get((None, "int8 share of MACs"), 0.95)
        self.bar(f"{network.name}, {scheme}: int8 share of MACs", share, ">=", limit)
        silent = [entry for entry in left if not entry["reason"]]
        self.bar(
            f"{network.name}, {scheme}: float without a reason", len(silent), "<=", 0
        )
        self.check_stages(network, name, scheme, options, small.recipe)
        return run

    def measure_qdq(self, network: Network) -> None:
        """The file that ONNX Runtime quantized: its parameters, its bits."""
        import peers
        import quanta

        stem = re.sub(r"\W", "-", network.name)
        path = self.out / f"{stem}.ORT-default.onnx"
        report = self.out / f"{stem}.qdq.json"
        what = f"{network.name} as QDQ ONNX"
        try:
            # Its ranges are in the file: no calibration.
            module = quanta.load(path).run(f"quanta-ptq{{report='{report}'}}")
            ours = run_all(quanta.compile(module), network.test)
        except quanta.Error as error:
            print(f"  {what}: {str(error).splitlines()[0]}")
            self.bar(f"{what}: is imported", 0, ">=", 1)
            return
        module.save(self.out / f"{stem}.qdq.mlir")
        theirs = run_all(peers.OnnxRuntime(path), network.test)
        content = json.loads(report.read_text())
        self.rows.append(
            {
                "model": what,
                "scheme": "as imported",
                "metric": "bits equal to ORT's",
                "float": measures.same_bits(theirs, theirs),
                "ours": measures.same_bits(ours, theirs),
                "peers": {"ORT default": measures.same_bits(theirs, theirs)},
                "bytes_float": constant_bytes(self.out / f"{stem}.mlir"),
                "bytes_int8": constant_bytes(self.out / f"{stem}.qdq.mlir"),
                "int8_mac_share": float(content["int8_mac_share"]),
                "left_in_float": content["left_in_float"],
            }
        )
        # Results are multiples of one scale.
        step = np.diff(np.unique(theirs)).min()
        difference = round(float(np.abs(ours - theirs).max() / step))
        self.bar(f"{what}: largest difference, in steps of the result", difference, "<=", 1)
        self.bar(f"{what}: int8 share of MACs", self.rows[-1]["int8_mac_share"], ">=", 0.95)

    def judge(self, network: Network, row: dict) -> None:
        scheme, metric = row["scheme"], row["metric"]
        label = f"{network.name}, {scheme}: {metric}"
        limit = network.bars.get((scheme, metric), network.bars.get((None, metric)))
        if limit is not None:
            self.bar(label, row["ours"], ">=", limit)
        if metric == "accuracy":
            lost = (row["float"] - row["ours"]) * 100
            limit = network.bars[None, "accuracy lost, points"]
            self.bar(f"{network.name}, {scheme}: accuracy lost, points", lost, "<=", limit)
        if scheme == DEFAULT:
            # Where none ran, nothing has been shown.
            ran = (value for value in row["peers"].values() if value is not None)
            best = max(ran, default=float("inf"))
            self.bar(f"{label}, against the best peer", row["ours"], ">=", best)

    def check_stages(
        self, network: Network, name: str, scheme: str, options: dict, chosen
    ) -> None:
        """One sample through every stage, which must agree."""
        arguments = [str(self.build / "bin" / "quant-run"), f"{name}.mlir"]
        # Early stages are slow, and LLVM takes most of the time: a small sample, and
        # no optimizer, which changes no bit.
        sample = min(network.test, key=lambda arrays: sum(a.size for a in arrays))
        for index, array in enumerate(sample):
            np.save(self.out / f"{name}.{index}.npy", array)
            arguments.append(f"--input={name}.{index}.npy")
        if "recipe" in options:
            content = {"format": "quanta-recipe", "version": 1, **options["recipe"]}
            chosen = json.dumps(content)
        (self.out / f"{name}.{scheme}.yaml").write_text(chosen)
        arguments.append(f"--recipe={name}.{scheme}.yaml")
        arguments += ["--check-stages", "--opt-level=0"]
        arguments.append(f"--statistics={name}.statistics.json")
        start = time.perf_counter()
        done = subprocess.run(arguments, cwd=self.out, capture_output=True, text=True)
        print(f"  stages compared in {time.perf_counter() - start:.1f} s")
        (self.out / f"{name}.{scheme}.stages.txt").write_text(done.stdout + done.stderr)
        if done.returncode:
            print("    " + "\n    ".join(done.stderr.strip().splitlines()[:4]))
        self.bar(
            f"{network.name}, {scheme}: stages that disagree",
            int(done.returncode != 0), "<=", 0,
        )

    @staticmethod
    def timed(what: str, function: Callable):
        start = time.perf_counter()
        result = function()
        print(f"  {what}: {time.perf_counter() - start:.1f} s", flush=True)
        return result

    def bar(self, what: str, value: float, sign: str, limit: float) -> None:
        passed = value >= limit - 1e-9 if sign == ">=" else value <= limit + 1e-9
        self.bars.append(
            {"what": what, "value": value, "bar": f"{sign} {limit:.4g}", "passed": passed}
        )


def constant_bytes(path: Path) -> int:
    """Bytes of the constant tensors in a program."""
    total = 0
    pattern = re.compile(r"arith\.constant dense.*> : tensor<((?:\d+x)+)[fi](\d+)>")
    with open(path, encoding="utf-8") as file:
        for line in file:
            # The values themselves may take millions of characters.
            head, tail = line[:100], line[-200:]
            if "arith.constant dense" not in head:
                continue
            match = pattern.search(head + tail) if len(line) > 300 else pattern.search(line)
            if match:
                sizes = [int(size) for size in match[1].split("x") if size]
                bits = int(match[2])
                # Kernels store those of 2 and 4 bits as such, and flags as bytes.
                total += -(-int(np.prod(sizes)) * (8 if bits == 1 else bits) // 8)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tools/dev models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ["mlp", "cnn", "magika", "encoder"]
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--only", choices=names, action="append", help="not all of them")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data")
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if a bar is missed"
    )
    parser.add_argument(
        "--seed", type=int, default=data.SEED, help="of the choice of files"
    )
    options = parser.parse_args()

    sys.path.insert(0, str(options.build.resolve() / "python"))
    sys.path.append(str(Path(__file__).parents[1] / "demo"))
    models = Models(options.build)
    subjects = Subjects(models.out, options.quick, options.seed)
    path = models.build / "models.json"
    for name in options.only or names:
        print(f"\n{name}", flush=True)
        network = getattr(subjects, name)()
        models.measure(network)
        if name == "cnn":
            models.measure_qdq(network)
        # After each, so that a run that is cut short leaves what it measured.
        path.write_text(json.dumps(models.rows, indent=2) + "\n")

    print_table(models.rows)
    print_left_in_float(models.rows)
    print_bars(models.bars)
    print(f"\n  Figures: {path}")
    return 1 if options.strict and not all(bar["passed"] for bar in models.bars) else 0


if __name__ == "__main__":
    sys.exit(main())
