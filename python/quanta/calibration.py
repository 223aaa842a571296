# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running a model on data to learn the ranges of its values."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple, Union

import numpy as np

from . import _quanta
from ._quanta import Error
from .module import Module, PathLike, Recipe, compile, float_program_of, recipe_file
from .progress import Progress
from .statistics import Statistics

Sample = Union[np.ndarray, Tuple[np.ndarray, ...], Mapping[str, np.ndarray]]
Data = Union[np.ndarray, Iterable, PathLike]


def calibrate(
    module: Module,
    data: Data,
    recipe: Optional[Recipe] = None,
    entry: Optional[str] = None,
    observer: str = "histogram",
) -> Statistics:
    """Runs a float module on sample data and records the ranges it meets.

    Args:
      module: at the float or observed stage.
      data: an iterable of samples, or where to find them. A sample is an array
        for a model with one input; a tuple in the order of the inputs, or a
        dictionary by their names, for any model. On disk:

        * `.npy`: one sample;
        * `.npz`: one sample, its arrays called or else ordered like the inputs;
          but for a model with one input, each array is a sample;
        * a folder: each `.npy` and `.npz` file in it, in the order of their names.

        Samples may differ in the sizes that the model leaves open. A missing
        leading dimension is added, one that holds several times the model's
        fixed batch is run in parts, and numbers of another type are converted
        (`float64` to `float32`, say).
        NaNs and infinities are counted and left out of the ranges; `quantize` warns
        of them, and of values that never change.
      recipe: names the observers, if it does so; see `quantize`.
      entry: which function to run; needed if there are several.
      observer: kind of the observers where the recipe names none: "min_max",
        "moving_average_min_max", "per_channel_min_max",
        "moving_average_per_channel_min_max", or "histogram", which the default of
        `quantize`, and range selection by "mse", "percentile" or "entropy", need.

    On a terminal, a line shows how far the run is.

    Returns:
      The statistics for `quantize`.

    Raises:
      Error: there is no data, it does not fit the model, or the module is not at
        a stage that can be observed.
    """
    float_program_of(module)
    with recipe_file(recipe) as path:
        if path:
            _quanta.check_recipe(path)
        if module.stage != "observed":
            module = module._changed(
                lambda program: program.insert_observers(observer, path or "")
            )
    executable = compile(module, entry=entry)
    names = module._program.input_names.get(executable.entry, [])

    count = 0
    with Progress(size(data)) as progress:
        for sample in samples(data, executable.inputs, names):
            for part in parts(sample, executable):
                executable(*part)
                count += 1
            progress.step()
    if count == 0:
        raise Error("there is no calibration data")

    statistics = executable._statistics()
    statistics.model = module.name
    is_path = isinstance(data, (str, os.PathLike))
    statistics.data = (
        os.fspath(data) if is_path else f"{count} batch{'es' * (count != 1)}"
    )
    return Statistics(statistics)


def size(data: Data) -> Optional[int]:
    """How many samples there are, where that is known beforehand."""
    if isinstance(data, (str, os.PathLike)):
        return len(array_files(Path(data))) if os.path.isdir(data) else None
    if isinstance(data, Mapping) or not hasattr(data, "__len__"):
        return None
    return len(data)


def array_files(folder: Path) -> List[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in (".npy", ".npz"))


def samples(data: Data, inputs: list, names: List[str]) -> Iterator[tuple]:
    """The data as tuples of arrays, one array for each input."""
    if isinstance(data, (str, os.PathLike)):
        for sample in read(Path(data), names, len(inputs)):
            yield in_order(sample, inputs, names)
    elif isinstance(data, Mapping):
        yield in_order(data, inputs, names)
    elif isinstance(data, np.ndarray) and (
        len(inputs) == 1 and data.ndim <= len(inputs[0][1])
    ):
        yield (data,)
    elif isinstance(data, Iterable):
        for sample in data:
            yield in_order(sample, inputs, names)
    else:
        raise Error(
            "calibration data is an iterable of arrays, the path of an .npy or "
            f".npz file, or that of a folder of such, not {type(data).__name__}"
        )


def in_order(sample: Any, inputs: list, names: List[str]) -> tuple:
    """One sample as a tuple."""
    if isinstance(sample, Mapping):
        missing = [name for name in names if name not in sample]
        if missing or len(sample) != len(names) or "" in names:
            have = ", ".join(f"'{name}'" for name in sample)
            want = ", ".join(f"'{name}'" for name in names if name)
            raise Error(
                f"a sample has the arrays {have or 'none'}, but the model's inputs "
                f"are {want or 'without names'}"
            )
        return tuple(np.asarray(sample[name]) for name in names)
    # A list of numbers, or of lists of them, is an array.
    if not isinstance(sample, (tuple, list)) or not (
        sample == () or any(hasattr(item, "__array__") for item in sample)
    ):
        sample = (sample,)
    if len(sample) != len(inputs):
        raise Error(
            f"a sample has {len(sample)} array{'s' * (len(sample) != 1)}, but the "
            f"model has {len(inputs)} input{'s' * (len(inputs) != 1)}"
        )
    if any(np.ma.is_masked(item) for item in sample):
        raise Error("a sample has masked elements, which have no value")
    return tuple(np.asarray(item) for item in sample)


def read(path: Path, names: List[str], count: int) -> Iterator[Sample]:
    """The samples in a file or folder."""
    if path.is_dir():
        for file in array_files(path):
            yield from read(file, names, count)
        return
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            yield content
            return
        with content as archive:
            if set(archive.files) == set(names):
                yield {name: archive[name] for name in names}
            elif count > 1:
                yield tuple(archive[name] for name in archive.files)
            else:
                for name in archive.files:
                    yield archive[name]
    except OSError as error:
        raise Error(f"cannot read '{path}': {error.strerror or error}") from None
    except Exception as error:
        # Damaged bytes surface as errors of whatever reads them: the tokenizer
        # of a header, the sizes it gives, the archive.
        reason = str(error).split("\n")[0]
        raise Error(f"'{path}' is not a file of arrays: {reason}") from None


def convert(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The array with another type of the same kind."""
    converted = array.astype(dtype)
    # Bytes are bytes: a model without signs takes both kinds.
    if (
        array.dtype.kind in "iu"
        and array.dtype.itemsize != dtype.itemsize
        and not np.array_equal(converted, array)
    ):
        raise Error(f"a sample has numbers of type {array.dtype} that {dtype} cannot hold")
    return converted


def parts(sample: tuple, executable) -> List[tuple]:
    """Brings a sample to the types and sizes of the inputs where that is safe."""
    arrays = []
    for array, (dtype, shape, _) in zip(sample, executable.inputs):
        if array.dtype != dtype and dtype != "bfloat16":
            if np.can_cast(array.dtype, dtype, "same_kind"):
                array = convert(array, np.dtype(dtype))
        if array.ndim + 1 == len(shape):
            array = array[np.newaxis]
        arrays.append(array)
    return executable._batches(*arrays)
