# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A line on the terminal that says how far a run over data is."""

import sys
import time
from typing import Optional, TextIO


class Progress:
    """Counts steps; shows them, their rate and the time left on a terminal only."""

    def __init__(self, total: Optional[int], stream: Optional[TextIO] = None):
        self.total = total
        self.stream = sys.stderr if stream is None else stream
        try:
            self.visible = bool(getattr(self.stream, "isatty", lambda: False)())
        except ValueError:  # It is closed.
            self.visible = False
        self.count = 0
        self.start = time.monotonic()
        # Runs that are over at once show nothing.
        self.shown, self.next = False, self.start + 0.5

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        if self.shown:
            self.write("")

    def step(self) -> None:
        self.count += 1
        now = time.monotonic()
        if self.visible and now >= self.next:
            self.write(self.line(now))
            self.shown, self.next = True, now + 0.1

    def write(self, line: str) -> None:
        try:
            self.stream.write("\r\x1b[K" + line)
            self.stream.flush()
        except (OSError, ValueError):
            # The terminal is gone; the run goes on without it.
            self.visible = False

    def line(self, now: float) -> str:
        rate = self.count / max(now - self.start, 1e-9)
        if not self.total or self.count > self.total:
            return f"calibrating: {self.count} samples, {rate:.1f}/s"
        left = int((self.total - self.count) / rate + 0.5)
        filled = 20 * self.count // self.total
        return (
            f"calibrating: [{'#' * filled}{'.' * (20 - filled)}] "
            f"{self.count}/{self.total}, {rate:.1f}/s, "
            f"{left // 60}:{left % 60:02} left"
        )
