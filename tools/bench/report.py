# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table, and what the bars say of it."""

from bars import judge


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
