# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables at the end of a run."""

from typing import Dict, List

# The metric of a row with times, not accuracies.
TIME = "us per call"


def print_table(rows: List[dict]) -> None:
    labels = list(dict.fromkeys(label for row in rows for label in row["peers"]))
    header = ["model", "scheme", "metric", "float", "Quanta", *labels, "size", "int8 MACs"]
    table = [header]
    for row in rows:
        values = [row["peers"].get(label) for label in labels]
        form = "{:,.1f}" if row["metric"] == TIME else "{:.4f}"
        table.append(
            [row["model"], row["scheme"], row["metric"]]
            + [form.format(row[key]) for key in ("float", "ours")]
            + ["-" if value is None else form.format(value) for value in values]
            + [f"{row['bytes_int8'] / row['bytes_float']:.1%}"]
            + [f"{row['int8_mac_share']:.1%}"]
        )
    widths = [max(len(line[i]) for line in table) for i in range(len(header))]
    print()
    for line in table:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)))


def print_left_in_float(rows: List[dict]) -> None:
    print("\n  left in float:")
    for row in {(r["model"], r["scheme"]): r for r in rows}.values():
        reasons: Dict[str, int] = {}
        for entry in row["left_in_float"]:
            reasons[entry["reason"]] = reasons.get(entry["reason"], 0) + 1
        for reason, count in reasons.items() or [("nothing", 0)]:
            times = f"{count} x " if count else ""
            print(f"    {row['model']}, {row['scheme']}: {times}{reason}")


def print_bars(bars: List[dict]) -> None:
    print()
    for bar in bars:
        verdict = "pass" if bar["passed"] else "FAIL"
        print(f"  {verdict}  {bar['what']:<64}{bar['value']:>9.4g}   (bar: {bar['bar']})")
