# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What observers learned from data."""

import json
import os
from collections.abc import Mapping
from typing import Any, Dict, Iterator, Union

from . import _quanta


class Statistics(Mapping):
    """What each observer of a model saw, by the observer's name.

        statistics["main/matmul_0/lhs"]
        {"kind": "min_max", "elements": 156800, "min": 0, "max": 0.996,
         "nans": 0, "infs": 0, "batches": 200}

    An entry is what the statistics file has; without finite values, it has no
    "min" and "max".

    Observers of kind "histogram" have an entry "histogram": bin i holds `counts[i]`
    values from `(first + i) * width` on. Per-channel kinds have "channels", with the
    `axis` and the lists `min` and `max`.

    Statistics of parts of the data merge to those of the whole, bit for bit; those
    of moving averages, which depend on the order of the data, do not merge.
    """

    def __init__(self, statistics: _quanta.Statistics):
        self._statistics = statistics
        self._observers = json.loads(str(statistics))["observers"]

    @classmethod
    def load(cls, path: Union[str, os.PathLike]) -> "Statistics":
        """Reads a statistics file.

        Raises:
          Error: the file cannot be read, or is not a statistics file.
        """
        return cls(_quanta.Statistics.load(os.fspath(path)))

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes a statistics file, replacing an older one in one step.

        Raises:
          Error: the file cannot be written.
        """
        self._statistics.save(os.fspath(path))

    def merge(self, *others: "Statistics") -> "Statistics":
        """Returns what one run over all the data would have given.

        Its `data` has the sum of "3 batches" and "1 batch", and the paths of all parts.

        Raises:
          Error: the statistics are not of the same model, or of moving averages.
        """
        merged = self._statistics.copy()
        for other in others:
            if not isinstance(other, Statistics):
                raise TypeError(f"statistics are merged, not {type(other).__name__}")
            merged.merge(other._statistics)
        return Statistics(merged)

    @property
    def model(self) -> str:
        """Name of the model, for people."""
        return self._statistics.model

    @property
    def data(self) -> str:
        """Where the data came from, for people."""
        return self._statistics.data

    @property
    def fingerprint(self) -> str:
        """Identifies the float model that was observed."""
        return self._statistics.fingerprint

    def __getitem__(self, name: str) -> Dict[str, Any]:
        return self._observers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._observers)

    def __len__(self) -> int:
        return len(self._observers)

    def __str__(self) -> str:
        return str(self._statistics)

    def __repr__(self) -> str:
        return f"<quanta.Statistics of '{self.model}': {len(self)} observers>"
