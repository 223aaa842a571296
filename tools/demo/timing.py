# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fair timing of short functions against each other."""

import os
import statistics
import time
from typing import Callable, Dict


def pin_to_one_core() -> None:
    """Keeps this process on one core: a move to another costs cold caches."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def seconds(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def interleaved_medians(
    functions: Dict[str, Callable[[], object]], rounds: int = 60
) -> Dict[str, float]:
    """Microseconds of a call of each function.

    The functions take turns, so that what disturbs the machine disturbs them
    all; a turn is long enough to warm the caches and to make the clock's own time
    small.
    """
    calls = {}
    for name, function in functions.items():
        once = min(seconds(function, 1) for _ in range(20))
        calls[name] = max(1, min(2000, round(2e-3 / once)))
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            seconds(function, max(1, calls[name] // 10))
            times[name].append(seconds(function, calls[name]) * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}
