# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures compiled programs against the fastest libraries, and judges the bars.

Every library runs in a process of its own on one core; they measure in turns, so
that whatever disturbs the machine disturbs all of them. Times are medians in
microseconds; `spread` is the interquartile range of ours over its median. The
limit of a row is the larger of: its multiply-accumulates at the peak of the dot
instruction, and its bytes at the read bandwidth of a buffer of that size, both
measured between the turns, in the process that runs our code.

Writes BUILD/bench.json and BUILD/bench.md. A peer that cannot be installed, or
does not really compute in int8, stands in its column with the reason.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import statistics
import sys
import time
from pathlib import Path

import onnx

import networks
import operations
import processes
from bars import judge
from workloads import all_workloads

ROUNDS = 5
# Seconds for one turn.
TURN, NETWORK_TURN = 0.04, 0.15
# A subject whose first turn took longer than this has only that one.
PATIENCE = 2.0
CALIBRATION_SAMPLES = 1


class Failure(Exception):
    """A reason that goes into the table."""


class Bench:
    def __init__(self, build: Path, folder: Path, peers: bool):
        self.build = build.resolve()
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        sys.path.insert(0, str(self.build / "python"))
        available = sorted(os.sched_getaffinity(0))
        self.cores = {threads: available[-threads:] for threads in (1, 2)}
        self.running = {}
        self.models = {}
        self.peers = peers
        self.python = processes.install(self.build) if peers else None
        self.tools = processes.Tools(self.python, available) if peers else None
        if peers:
            find = processes.find_library
            self.onnxruntime = find(self.build, "onnxruntime/capi/libonnxruntime.so*")
            self.openvino = find(self.build, "openvino/libs/libopenvino_c.so*")

    # Processes ---------------------------------------------------------------

    def process(self, kind: str, subject: str, threads: int) -> processes.Process:
        """The process for one column; `kind` tells apart those of one library."""
        key = (kind, subject, threads)
        if key not in self.running:
            if subject in ("torch", "iree"):
                script = str(processes.HERE / "peer_subject.py")
                command = [str(self.python), script, subject, f"--threads={threads}"]
            else:
                command = [str(self.build / "bin" / "quanta-bench"), subject]
            cores = self.cores[threads]
            self.running[key] = processes.Process(command, cores, threads)
        return self.running[key]

    def close(self):
        for process in [*self.running.values(), self.tools]:
            if process:
                process.stop()

    # Files ---------------------------------------------------------------------

    def path(self, name: str, suffix: str) -> Path:
        clean = "".join(c if c.isalnum() else "-" for c in name)
        return self.folder / f"{clean}{suffix}"

    def network(self, work) -> tuple:
        """The float ONNX file of a network and its model."""
        key = (work.network, work.batch)
        if key not in self.models:
            model = networks.NETWORKS[work.network](work.batch)
            path = self.path(f"{work.network}-{work.batch}", ".onnx")
            onnx.save(model, path)
            self.models[key] = (path, model)
        return self.models[key]

    def ours(self, work) -> Path:
        """Our program; whatever goes wrong is a `Failure`, told once."""
        key = ("ours", work.layers and work.name, work.network, work.batch)
        if key not in self.models:
            try:
                self.models[key] = self.make_ours(work)
            except Exception as error:  # The next workload may be fine.
                self.models[key] = Failure(str(error).splitlines()[0][:200])
        if isinstance(self.models[key], Failure):
            raise self.models[key]
        return self.models[key]

    def make_ours(self, work) -> Path:
        """At the quantized stage, or at the integer stage if it came as ONNX."""
        if work.group == "dynamic":
            layer = work.layers[0]
            path = self.path(work.name, "-float.onnx")
            model = operations.linear_onnx(layer["m"], layer["n"], layer["k"])
            onnx.save(model, path)
            return self.through_the_door(path, model, {"scheme": "dynamic"})
        if work.layers:
            path = self.path(work.name, ".mlir")
            path.write_text(operations.mlir(work.layers))
            return path
        path, model = self.network(work)
        return self.through_the_door(path, model, None)

    def through_the_door(self, path: Path, model, recipe) -> Path:
        """quanta.load, quanta.calibrate, quanta.quantize."""
        import quanta

        target = path.with_suffix(".integer.mlir")
        module = quanta.load(path)
        samples = [networks.sample(model, i) for i in range(CALIBRATION_SAMPLES)]
        options = {"recipe": recipe} if recipe else {}
        statistics_ = quanta.calibrate(module, samples, **options)
        small = quanta.quantize(module, statistics_, **options)
        small.save(target)
        if small.report["int8_mac_share"] < 0.999:
            left = [entry["op"] for entry in small.report["left_in_float"]]
            print(f"    ours: {small.report['int8_mac_share']:.1%} in int8; float: {left}")
        return target

    # Columns -------------------------------------------------------------------

    def columns(self, work) -> dict:
        """{column: (process, load request) or the reason why there is none}"""
        if not self.peers or work.group == "compile":
            return {}
        columns = {}
        for name, prepare in (
            ("oneDNN", self.onednn),
            ("ONNX Runtime", self.onnx_runtime),
            ("OpenVINO", self.open_vino),
            ("PyTorch", self.pytorch),
        ):
            for kind in ("int8", "float"):
                try:
                    columns[f"{name} {kind}"] = prepare(work, kind)
                except (Failure, RuntimeError, OSError) as error:
                    columns[f"{name} {kind}"] = str(error)
        try:
            columns["IREE int8"] = self.iree(work)
        except Exception as error:  # Our own passes may refuse the program.
            columns["IREE int8"] = str(error).splitlines()[0][:200]
        return columns

    def onednn(self, work, kind: str):
        request = {"int8": kind == "int8"}
        if work.network == "mlp":
            request.update(op="mlp", m=work.batch)
        elif work.network:
            raise Failure("has no whole networks")
        elif work.group == "dynamic" and kind == "int8":
            raise Failure("has no primitive that finds ranges at run time")
        elif operations.is_conv(work.layers[0]):
            request.update(op="convs", layers=work.layers)
        else:
            request.update(op="matmul", **work.layers[0])
        return self.process(f"onednn {kind}", "onednn", work.threads), request

    def model_for(self, work, kind: str, peer: str) -> tuple:
        """A file for a peer that reads ONNX, and its tensors."""
        if work.layers and work.group != "dynamic":
            conv = operations.is_conv(work.layers[0])
            last = peer == "onnxruntime" and kind == "int8"
            model = operations.onnx_model(work.layers, kind == "int8", conv and last)
            path = self.path(work.name, f"-{peer}-{kind}.onnx")
            onnx.save(model, path)
        else:
            if work.group == "dynamic":
                layer = work.layers[0]
                path = self.path(work.name, "-float.onnx")
                model = operations.linear_onnx(layer["m"], layer["n"], layer["k"])
                onnx.save(model, path)
            else:
                path, model = self.network(work)
            if kind == "int8":
                suffix = ".onnx" if peer == "onnxruntime" else ".xml"
                target = path.with_suffix(f".{peer}{suffix}")
                if target not in self.models:
                    self.tools.do(
                        "quantize_dynamic" if work.group == "dynamic" else "quantize",
                        peer=peer,
                        input=str(path),
                        output=str(target),
                        transformer=work.network == "bert_layer",
                    )
                    self.models[target] = True
                path = target
        element = {1: "f32", 2: "u8"}
        tensors = {
            key: [
                {
                    "name": value.name,
                    "type": element[value.type.tensor_type.elem_type],
                    "shape": [d.dim_value for d in value.type.tensor_type.shape.dim],
                }
                for value in values
            ]
            for key, values in (
                ("inputs", model.graph.input),
                ("outputs", model.graph.output),
            )
        }
        if kind == "int8" and not (peer == "openvino" and work.group == "dynamic"):
            runs = self.tools.do("inspect", peer=peer, file=str(path))
            if not runs["int8"]:
                raise Failure("runs this in float, whatever the model says")
            if runs["float"]:
                print(f"    {peer}: {runs['int8']} contractions in int8, {runs['float']} in float")
        return path, tensors

    def onnx_runtime(self, work, kind: str):
        if not self.onnxruntime:
            raise Failure("cannot be installed")
        path, tensors = self.model_for(work, kind, "onnxruntime")
        request = {"file": str(path), "library": self.onnxruntime, "threads": work.threads}
        process = self.process(f"onnxruntime {kind}", "onnxruntime", work.threads)
        return process, {**request, **tensors}

    def open_vino(self, work, kind: str):
        if not self.openvino:
            raise Failure("cannot be installed")
        path, tensors = self.model_for(work, kind, "openvino")
        request = {"file": str(path), "library": self.openvino, "threads": work.threads}
        if work.layers and operations.is_conv(work.layers[0]):
            # Its own account of the convolutions, without its layout changes.
            request["node"] = "Convolution"
        process = self.process(f"openvino {kind}", "openvino", work.threads)
        return process, {**request, **tensors}

    def pytorch(self, work, kind: str):
        if work.network:
            raise Failure("reads no ONNX files")
        request = {"int8": kind == "int8", "layers": work.layers}
        if work.group == "dynamic" and kind == "int8":
            request.update(op="dynamic", **work.layers[0])
        else:
            conv = operations.is_conv(work.layers[0])
            request["op"] = "convs" if conv else "matmul"
        return self.process(f"torch {kind}", "torch", work.threads), request

    def iree(self, work):
        if work.threads > 1:
            raise Failure("measured on one thread only")
        if work.network in ("resnet50", "mobilenet_v2", "bert_layer"):
            raise Failure("takes more than a second: not worth the time")
        import quanta

        # Lowered without kernels it is plain linalg, which IREE reads.
        module = quanta.load(self.ours(work))
        if module.stage == "quantized":
            module = module.run("quanta-rewrite-types,canonicalize,cse")
        path = self.path(work.name, "-iree.mlir")
        path.write_text(without_attributes(str(module)))
        if work.group == "dynamic":
            layer = work.layers[0]
            tensor = {"type": "f32", "shape": [layer["m"], layer["k"]]}
        elif work.network:
            tensor = {"type": "f32", "shape": [work.batch, 784]}
        elif operations.is_conv(work.layers[0]):
            layer = work.layers[0]
            tensor = {"type": "u8", "shape": [1, layer["h"], layer["h"], layer["ic"]]}
        else:
            layer = work.layers[0]
            tensor = {"type": "u8", "shape": [layer["m"], layer["k"]]}
        request = {"file": str(path), "inputs": [tensor]}
        return self.process("iree", "iree", 1), request

    # Measuring -------------------------------------------------------------------

    def measure(self, work) -> dict:
        row = {
            "workload": work.name,
            "group": work.group,
            "isa": "",
            "threads": work.threads,
            "ours_us": None,
            "share_of_limit": None,
            "limit": "",
            "peers": {},
            "ratio_to_best": None,
            "spread": None,
        }
        ours = self.process("ours", "quanta", work.threads)
        try:
            loaded = ours.ask({"do": "load", "file": str(self.ours(work))}, 300)
            if "error" in loaded:
                raise Failure(loaded["error"])
            row["isa"] = loaded["note"]
        except Failure as error:
            row["limit"] = f"ours failed: {error}"
            ours = None
        if work.group == "compile":
            if ours:
                row["ours_us"], row["spread"] = loaded["us"], 0.0
            return row
        columns = self.columns(work)
        subjects = {"ours": ours} if ours else {}
        for name, column in columns.items():
            if isinstance(column, str):
                row["peers"][name] = column
                continue
            process, request = column
            answer = process.ask({"do": "load", **request}, 120)
            if "error" in answer:
                row["peers"][name] = answer["error"]
            else:
                subjects[name] = process
        times, peaks = self.take_turns(work, subjects)
        for name, values in times.items():
            if name != "ours":
                row["peers"][name] = (
                    values if isinstance(values, str) else round(statistics.median(values), 3)
                )
        for process in subjects.values():
            process.ask({"do": "unload"}, 60)
        if ours and not isinstance(times["ours"], str):
            self.complete(row, work, times["ours"], peaks)
        return row

    def take_turns(self, work, subjects: dict) -> tuple:
        """{name: times or reason}, and the highest limits seen meanwhile."""
        times = {name: [] for name in subjects}
        patient, peaks = set(subjects), {}
        turn = NETWORK_TURN if work.network else TURN
        for index in range(ROUNDS):
            for name, process in subjects.items():
                if name not in patient:
                    continue
                start = time.monotonic()
                answer = process.ask({"do": "measure", "seconds": turn}, 120)
                if "error" in answer:
                    times[name] = answer["error"]
                    patient.discard(name)
                    continue
                times[name] += answer["us"]
                if time.monotonic() - start > PATIENCE:
                    patient.discard(name)
            limits = self.process("ours", "quanta", 1)
            found = limits.ask({"do": "peaks"}, 60)
            if index < 2:
                found.update(limits.ask({"do": "bandwidth", "bytes": self.bytes(work)}, 60))
            for key, value in found.items():
                if isinstance(value, (int, float)):
                    peaks[key] = max(peaks.get(key, 0), value)
        return times, peaks

    def macs(self, work) -> int:
        if work.layers:
            return sum(map(operations.macs, work.layers))
        return networks.macs(self.network(work)[1])

    def bytes(self, work) -> int:
        if work.layers:
            return sum(map(operations.traffic, work.layers))
        weights = self.network(work)[1].graph.initializer
        return sum(len(w.raw_data) // 4 for w in weights)

    def complete(self, row: dict, work, times: list, peaks: dict) -> None:
        median = statistics.median(times)
        row["ours_us"] = round(median, 3)
        if len(times) > 1:
            low, _, high = statistics.quantiles(times, n=4)
            row["spread"] = round((high - low) / median, 4)
        else:
            row["spread"] = 0.0
        # A library's own account of a tiny operation may be nothing at all.
        row["peers"] = {
            name: "reports no time for it" if us == 0 else us
            for name, us in row["peers"].items()
        }
        rates = [us for us in row["peers"].values() if isinstance(us, (int, float))]
        if rates:
            row["ratio_to_best"] = round(median / min(rates), 4)
        if not peaks.get("vnni"):
            row["limit"] = "no peak: this processor has no AVX-512 VNNI"
            return
        compute = 2 * self.macs(work) / peaks["vnni"] / work.threads * 1e-3
        memory = self.bytes(work) / peaks["read"] * 1e-3
        if compute >= memory:
            row["limit"] = f"{peaks['vnni'] * work.threads:.0f} GOP/s"
        else:
            row["limit"] = f"{peaks['read']:.0f} GB/s over {self.bytes(work):,} bytes"
        row["share_of_limit"] = round(max(compute, memory) / median, 4)


def without_attributes(text: str) -> str:
    """Stock MLIR does not know the attributes that record signatures."""
    import re

    text = re.sub(r" attributes \{.*?\} \{$", " {", text, flags=re.MULTILINE)
    return re.sub(r"^module (@\w+ )?attributes \{.*\} \{$", "module {", text, flags=re.MULTILINE)


def cell(value) -> str:
    if isinstance(value, (int, float)):
        return f"{value:.2f}" if value < 100 else f"{value:,.0f}"
    return "-"


def table(rows: list) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["peers"]))
    head = ["workload", "ours, us", "spread", "share of limit", "limit", "to best", *names]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    notes = {}
    for row in rows:
        share, ratio, spread = row["share_of_limit"], row["ratio_to_best"], row["spread"]
        cells = [
            row["workload"],
            cell(row["ours_us"]),
            "-" if spread is None else f"{spread:.1%}",
            "-" if share is None else f"{share:.1%}",
            row["limit"],
            "-" if ratio is None else f"{ratio:.2f}",
        ]
        for name in names:
            value = row["peers"].get(name)
            if isinstance(value, str):
                key = (name, value)
                notes.setdefault(key, len(notes) + 1)
                cells.append(f"({notes[key]})")
            else:
                cells.append(cell(value))
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    lines += [f"({i}) {name}: {reason}" for (name, reason), i in notes.items()]
    return "\n".join(lines) + "\n"


def print_bars(rows: list) -> bool:
    verdicts = judge(rows)
    for what, value, bar, passed in verdicts:
        print(f"  {'pass' if passed else 'FAIL'}  {what:<58}{value:>12}   (bar: {bar})")
    missed = sum(not verdict.passed for verdict in verdicts)
    print(f"\n  {len(verdicts) - missed} of {len(verdicts)} bars met")
    return not missed


def parse_options():
    parser = argparse.ArgumentParser(
        prog="tools/dev bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument(
        "--output", type=Path, help="folder for bench.json and bench.md (default: the build folder)"
    )
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        action="append",
        default=[],
        help="only workloads or groups that match this glob, or contain it; may be repeated",
    )
    parser.add_argument("--no-peers", action="store_true", help="measure only our own programs")
    parser.add_argument("--list", action="store_true", help="print the workloads and stop")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    return parser.parse_args()


def chosen(patterns: list) -> list:
    def matches(work, pattern):
        names = (work.name, work.group)
        return pattern in work.name or any(fnmatch.fnmatchcase(n, pattern) for n in names)

    found = [
        work
        for work in all_workloads()
        if not patterns or any(matches(work, pattern) for pattern in patterns)
    ]
    if not found:
        sys.exit(f"bench: no workload matches {', '.join(patterns)}; --list shows them")
    return found


def main() -> int:
    options = parse_options()
    works = chosen(options.only)
    if options.list:
        for work in works:
            print(f"{work.group:<10} {work.name}")
        return 0
    machine = processes.describe_machine()
    output = options.output or options.build
    bench = Bench(options.build, output / "bench", not options.no_peers)
    rows, start = [], time.monotonic()
    try:
        if bench.tools:
            with contextlib.suppress(RuntimeError):
                machine["peers"] = bench.tools.do("versions")
        for work in works:
            row = bench.measure(work)
            rows.append(row)
            best = "-" if row["ratio_to_best"] is None else f"{row['ratio_to_best']:.2f}"
            share = "-" if row["share_of_limit"] is None else f"{row['share_of_limit']:.0%}"
            print(
                f"  {time.monotonic() - start:5.0f} s  {work.name:<40}"
                f"{cell(row['ours_us']):>12} us  {share:>5} of limit  {best:>6} of best peer",
                flush=True,
            )
    finally:
        bench.close()
    machine["seconds"] = round(time.monotonic() - start, 1)
    content = {"machine": machine, "rows": rows}
    (output / "bench.json").write_text(json.dumps(content, indent=2) + "\n")
    text = table(rows)
    (output / "bench.md").write_text(text)
    print("\n" + text)
    passed = print_bars(rows)
    print(f"\n  Figures: {output / 'bench.json'}, {output / 'bench.md'}")
    return 1 if options.strict and not passed else 0


if __name__ == "__main__":
    sys.exit(main())
