# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long calls take, on one core."""

import contextlib
import os
import statistics
import time
from typing import Callable, Dict, List, Tuple

import numpy as np


@contextlib.contextmanager
def one_core():
    """What is created and run inside stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def medians(
    runs: Dict[str, Callable], sample: Tuple[np.ndarray, ...], rounds: int = 25
) -> Dict[str, float]:
    """Microseconds of a call from Python: the median of `rounds`, in each of which all
    of `runs` have a turn of 10 milliseconds or one call."""
    counts = {}
    for label, run in runs.items():
        run(*sample)
        start = time.perf_counter()
        run(*sample)
        counts[label] = max(1, int(0.01 / (time.perf_counter() - start)))
    times: Dict[str, List[float]] = {label: [] for label in runs}
    for _ in range(rounds):
        for label, run in runs.items():
            start = time.perf_counter()
            for _ in range(counts[label]):
                run(*sample)
            times[label].append((time.perf_counter() - start) / counts[label])
    return {label: statistics.median(found) * 1e6 for label, found in times.items()}
