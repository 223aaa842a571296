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
import statistics
import sys
import time
from pathlib import Path

import networks
import operations
import processes
from columns import Columns
from programs import Failure, Programs
from report import cell, print_bars, table
from workloads import all_workloads

ROUNDS = 5
# Seconds for one turn.
TURN, NETWORK_TURN = 0.04, 0.15
# A subject whose first turn took longer than this has only that one.
PATIENCE = 2.0


class Bench:
    def __init__(self, build: Path, folder: Path, peers: bool):
        build = build.resolve()
        sys.path.insert(0, str(build / "python"))
        python = processes.install(build) if peers else None
        self.tools = processes.Tools(python) if peers else None
        self.programs = Programs(folder, self.tools)
        self.columns = Columns(build, self.programs, python)

    def close(self):
        self.columns.close()
        if self.tools:
            self.tools.stop()

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
        ours = self.columns.process("ours", "quanta", work.threads)
        try:
            file = str(self.programs.ours(work))
            loaded = ours.ask({"do": "load", "file": file, "threads": work.threads}, 300)
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
        columns = self.columns.of(work)
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
            limits = self.columns.process("ours", "quanta", 1)
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
        return networks.macs(self.programs.network(work)[1])

    def bytes(self, work) -> int:
        if work.layers:
            return sum(map(operations.traffic, work.layers))
        weights = self.programs.network(work)[1].graph.initializer
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
        if not peaks.get("dot"):
            row["limit"] = "no peak: this processor has neither AMX nor AVX-512 VNNI"
            return
        compute = 2 * self.macs(work) / peaks["dot"] / work.threads * 1e-3
        memory = self.bytes(work) / peaks["read"] * 1e-3
        if compute >= memory:
            row["limit"] = f"{peaks['dot'] * work.threads:.0f} GOP/s"
        else:
            row["limit"] = f"{peaks['read']:.0f} GB/s over {self.bytes(work):,} bytes"
        row["share_of_limit"] = round(max(compute, memory) / median, 4)


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
