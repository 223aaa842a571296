# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bars: what the figures have to reach, each judged on the rows that exist."""

import math
from typing import Callable, Dict, List, NamedTuple


class Verdict(NamedTuple):
    what: str
    value: str
    bar: str
    passed: bool


def numbers(row: dict, name: str = "") -> Dict[str, float]:
    return {
        peer: us
        for peer, us in row["peers"].items()
        if isinstance(us, (int, float)) and name in peer
    }


def judge(rows: List[dict]) -> List[Verdict]:
    found = {row["workload"]: row for row in rows}
    verdicts: List[Verdict] = []

    def add(what: str, value, bar: float, at_least: bool, form="{:.2f}"):
        passed = value is not None and (value >= bar if at_least else value <= bar)
        text = "no figure" if value is None else form.format(value)
        sign = ">=" if at_least else "<="
        verdicts.append(Verdict(what, text, f"{sign} {form.format(bar)}", passed))

    def each(names, compute: Callable, what: str, bar: float, at_least: bool, **form):
        for name in names:
            if name in found:
                row = found[name]
                value = compute(row) if row["ours_us"] else None
                add(f"{name}: {what}", value, bar, at_least, **form)

    def share(row):
        return row["share_of_limit"]

    def ratio(row):
        return row["ratio_to_best"]

    def to_peer(peer):
        def compute(row):
            times = numbers(row, peer)
            return row["ours_us"] / min(times.values()) if times else None

        return compute

    def by_prefix(*prefixes):
        return [name for name in found if name.startswith(prefixes)]

    percent = {"form": "{:.1%}"}
    gemm = [row["workload"] for row in rows if row["group"] == "gemm"]
    each(gemm, share, "share of peak", 0.96, True, **percent)
    each(by_prefix("conv 3x3"), share, "share of peak", 0.97, True, **percent)
    each(by_prefix("conv 1x1"), share, "share of peak", 0.93, True, **percent)
    each(by_prefix("conv 7x7"), share, "share of peak", 0.80, True, **percent)
    each(by_prefix("depthwise"), to_peer("oneDNN int8"), "to oneDNN int8", 0.45, False)
    each(by_prefix("depthwise"), to_peer("float"), "to best float", 1.0, False)
    each(["matmul 1x256x784"], to_peer("oneDNN int8"), "to oneDNN int8", 0.85, False)
    each(["matmul 1x10x256"], to_peer("oneDNN int8"), "to oneDNN int8", 0.30, False)
    each(["matmul 1x4096x4096"], share, "share of bandwidth", 0.90, True, **percent)

    others = ("network", "overhead", "threads", "compile")
    kernels = [r for r in rows if r["group"] not in others]
    for row in kernels + [r for r in rows if r["group"] in ("network", "overhead")]:
        if row["ratio_to_best"] is None:
            if not row["ours_us"]:
                add(f"{row['workload']}: to best peer", None, 1.0, False)
            continue
        slack = 1 + (row["spread"] or 0)
        passed = row["ratio_to_best"] <= slack
        verdicts.append(
            Verdict(
                f"{row['workload']}: to best peer",
                f"{row['ratio_to_best']:.2f}",
                f"<= 1 within {slack - 1:.0%}",
                passed,
            )
        )
    ratios = [r["ratio_to_best"] for r in kernels if r["ratio_to_best"]]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        add(f"geometric mean of {len(ratios)} kernel rows", mean, 0.80, False)

    each(["resnet50 batch 1"], ratio, "to best peer", 0.88, False)
    each(["resnet50 batch 1"], share, "share of peak", 0.92, True, **percent)
    each(["mobilenet_v2 batch 1"], ratio, "to best peer", 0.60, False)
    each(["bert_layer batch 1"], ratio, "to best peer", 0.78, False)
    each(["mlp batch 1"], to_peer("oneDNN int8"), "to oneDNN int8", 0.65, False)
    each(["mlp batch 64"], to_peer("oneDNN int8"), "to oneDNN int8", 0.95, False)
    each(
        ["resnet50 batch 1"],
        lambda row: 1 / to_peer("float")(row) if numbers(row, "float") else None,
        "times the best float",
        3.5,
        True,
    )
    for single, double in (
        ("matmul 1024x1024x1024", "matmul 1024x1024x1024, 2 threads"),
        ("resnet50 batch 1", "resnet50 batch 1, 2 threads"),
    ):
        if single in found and double in found:
            one, two = found[single]["ours_us"], found[double]["ours_us"]
            value = one / two if one and two else None
            add(f"{single}: two threads", value, 1.85, True)
    for name, seconds in (("compile mlp", 1), ("compile resnet50", 20)):
        each([name], lambda row: row["ours_us"] * 1e-6, "seconds", seconds, False)
    return verdicts
