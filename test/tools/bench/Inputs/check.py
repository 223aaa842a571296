# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the form of a bench.json with one row, measured without peers."""

import json
import sys

content = json.load(open(sys.argv[1]))
assert set(content) == {"machine", "rows"}, set(content)
assert content["machine"]["cpu"] and content["machine"]["cores"] >= 1
(row,) = content["rows"]
assert list(row) == [
    "workload",
    "group",
    "isa",
    "threads",
    "ours_us",
    "share_of_limit",
    "limit",
    "peers",
    "ratio_to_best",
    "spread",
], list(row)
assert row["workload"] == "matmul 1x10x256" and row["group"] == "matmul"
assert row["threads"] == 1 and row["isa"] and row["limit"], row
assert 0 < row["ours_us"] < 1e4 and 0 <= row["spread"], row
assert row["peers"] == {} and row["ratio_to_best"] is None, row
# Where there is no VNNI, there is no limit to compare with.
assert row["share_of_limit"] is None or 0 < row["share_of_limit"] < 1.5, row
