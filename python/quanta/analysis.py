# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What quantization costs, and the recipe that keeps it within a budget."""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Iterator, List, Optional, Tuple, Union

import numpy as np

from . import _quanta
from ._quanta import Error
from .calibration import Data, calibrate, parts, samples
from .module import Module, PathLike, Recipe, compile, program_of, recipe_file, statistics_file
from .statistics import Statistics


class Analysis(Mapping):
    """Figures of the float against the quantized form of a model on data.

    `analysis["layers"]` has an entry for each contraction: "name", "op",
    "location", "float_reason", "mse", "sqnr" (dB) and "cosine" of its result, and
    "operands" with "name" (empty for a weight), "scheme", and "sqnr" and
    "saturation" of its rounding alone. `analysis["results"]` has "mse", "sqnr",
    "cosine" and "agreement" of each result of the model: the share of rows (of the
    last dimension, where there are two or more) with the largest number in the same
    place, or of equal integers. What is infinite or was not measured is `None`.
    Printed, it is a table.
    """

    def __init__(self, text: str, table: str):
        self._figures = json.loads(text)
        self._table = table

    def __getitem__(self, key: str) -> Any:
        return self._figures[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def __str__(self) -> str:
        return self._table

    def __repr__(self) -> str:
        return f"<quanta.Analysis of {len(self['layers'])} layers>"


def analyze(
    module: Module,
    statistics: Union[Statistics, PathLike, None],
    data: Data,
    recipe: Optional[Recipe] = None,
    entry: Optional[str] = None,
) -> Analysis:
    """Measures what quantization costs, layer by layer and at the end.

    Args:
      module: at the float or observed stage.
      statistics: from `calibrate`, or a statistics file; `None` where the recipe
        needs none.
      data: samples, as for `calibrate`.
      recipe: as for `quantize`.
      entry: which function to run; needed if there are several.

    Raises:
      Error: there is no data, it does not fit the model, or the model cannot be
        quantized so.
    """
    program_of(module)
    calls = list_calls(module, data, entry)
    with contextlib.ExitStack() as stack:
        path = ""
        if statistics is not None:
            path = stack.enter_context(statistics_file(statistics))
        recipe_path = stack.enter_context(recipe_file(recipe)) or ""
        return Analysis(
            *_quanta.analyze(module._program, calls, path, recipe_path, entry or "")
        )


def choose(
    module: Module,
    statistics: Union[Statistics, PathLike, None],
    data: Data,
    max_loss: float,
    static_only: bool,
    entry: Optional[str],
) -> Tuple[Statistics, str, Analysis, bool, str]:
    """Statistics, the text of the recipe that holds `max_loss`, its figures,
    whether any does, and by what predictions exceed it if chance explains that."""
    # Read twice. What is no data is refused with a sentence when it is read.
    if isinstance(data, Iterable) and not isinstance(data, (str, Mapping, np.ndarray)):
        data = list(data)
    if statistics is None:
        statistics = calibrate(module, data, entry=entry)
    elif not isinstance(statistics, Statistics):
        statistics = Statistics.load(statistics)
    calls = list_calls(module, data, entry)
    recipe, figures, table, holds, excess = _quanta.choose_recipe(
        module._program,
        statistics._statistics,
        calls,
        max_loss,
        bool(static_only),
        entry or "",
    )
    return statistics, recipe, Analysis(figures, table), holds, excess


def list_calls(
    module: Module, data: Data, entry: Optional[str]
) -> List[Tuple[np.ndarray, ...]]:
    """The data as the arguments of calls."""
    executable = compile(module, entry=entry)
    names = module._program.input_names.get(executable.entry, [])
    calls = [
        part
        for sample in samples(data, executable.inputs, names)
        for part in parts(sample, executable)
    ]
    if not calls:
        raise Error("there is no data")
    return calls
