# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules: programs at some stage between float and machine code."""

import contextlib
import json
import numbers
import os
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Union

from . import _quanta
from ._quanta import Error
from .statistics import Statistics

PathLike = Union[str, os.PathLike]
Recipe = Union[PathLike, Mapping[str, Any]]


class Module:
    """A program in MLIR, at one of the stages from float to machine code.

    Modules do not change: whatever transforms one returns another.
    """

    def __init__(
        self,
        program: _quanta.Program,
        name: str,
        report=None,
        remarks=(),
        recipe=None,
        analysis=None,
    ):
        self._program = program
        self._name = name
        self._report = report
        self._remarks = list(remarks)
        self._recipe = recipe
        self._analysis = analysis

    @classmethod
    def parse(cls, text: str, name: str = "module") -> "Module":
        """Parses MLIR text; `name` stands for the file in diagnostics."""
        return cls(_quanta.Program.parse(text, name), name)

    @property
    def name(self) -> str:
        """What the model is called, for people."""
        return self._name

    @property
    def stage(self) -> str:
        """"float", "observed", "simulated", "quantized", "integer", "kernel" or
        "llvm": the furthest stage whose operations the module contains."""
        return self._program.stage

    @property
    def report(self) -> Optional[Dict[str, Any]]:
        """What `quantize` reported; `None` for a module from elsewhere.

        `int8_mac_share` is the share of multiply-accumulates on integers,
        `weight_only_mac_share` that of those of float activations with weights
        stored as integers, `float16_mac_share` that of those of factors rounded to
        float16 or bfloat16, `contractions` lists them all, `float16_layers` lists
        the other layers in float16 or bfloat16, `left_in_float` lists
        contractions and pooling that compute in float, with location and reason,
        and `glue_in_float` counts the other operations that do, by their kind.
        """
        return self._report

    @property
    def recipe(self) -> Optional[str]:
        """The recipe that `quantize` chose, as the text of a recipe file that can
        be edited and repeated; `None` where it was given one."""
        return self._recipe

    @property
    def analysis(self):
        """What that recipe costs on the data, see `quanta.analyze`."""
        return self._analysis

    @property
    def remarks(self) -> List[str]:
        """Remarks and warnings of the passes that made this module."""
        return list(self._remarks)

    def run(self, pipeline: str) -> "Module":
        """Runs passes and returns the result as a new module.

        Args:
          pipeline: as for `quant-opt --pass-pipeline`, without the outer
            `builtin.module(...)`: "quanta-fuse,quanta-quantize".

        Raises:
          Error: the pipeline cannot be parsed, or a pass failed.
        """
        return self._changed(lambda program: program.run(pipeline))

    def _changed(self, change: Callable[[_quanta.Program], None]) -> "Module":
        program = self._program.clone()
        change(program)
        return Module(program, self._name, None, program.take_remarks())

    def save(self, path: PathLike) -> None:
        """Writes the module as MLIR text, with the locations of its operations:
        a later report still calls them by their names in the model.

        Raises:
          Error: the file cannot be written.
        """
        text = self._program.str_with_locations()
        try:
            Path(path).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise Error(f"cannot write '{path}': {error.strerror or error}") from None

    def __str__(self) -> str:
        return str(self._program)

    def __repr__(self) -> str:
        return f"<quanta.Module '{self._name}' at the {self.stage} stage>"


def load(
    path: PathLike, shapes: Optional[Mapping[str, Any]] = None, sample: Any = None
) -> Module:
    """Reads a model.

    Args:
      path: an ONNX file (`.onnx`), or MLIR of any stage.
      shapes: for ONNX only: sizes of inputs, by name, for example
        `{"image": [1, 3, 224, None]}`. `None` leaves a dimension open. Models
        often need all but the batch size fixed.
      sample: for ONNX only: arrays that have the sizes of the inputs, as one call
        takes them: an array, a tuple in the order of the inputs, or a dictionary
        by name. What `shapes` says of an input comes first.

    Returns:
      The module; an ONNX model is at the float stage.

    Raises:
      Error: the file cannot be read, or has operations that are not supported;
        an ONNX model needs packages that are missing
        (`pip install quanta[onnx]`).
    """
    path = os.fsdecode(path)
    if "\0" in path:
        raise ValueError("a path has no null characters")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Error(f"{path!r}: a path is UTF-8") from None
    name = Path(path).stem
    if path.lower().endswith(".onnx"):
        from .onnx import import_model

        return Module.parse(import_model(path, shapes, sample), name)
    if shapes is not None or sample is not None:
        raise Error(f"'{path}': shapes can only be given for ONNX models")
    return Module(_quanta.Program.parse_file(path), name)


def _has_parameters(module: Module) -> bool:
    """Whether some of it says itself how it is quantized: casts of `quant`, arithmetic
    of the quantize-dequantize form, `quanta.fake_quant`."""
    if module.stage != "float":
        return module.stage != "observed"
    return module.run("convert-quant-to-quanta,quanta-raise-qdq").stage != "float"


def quantize(
    module: Module,
    statistics: Union[Statistics, PathLike, None] = None,
    recipe: Optional[Recipe] = None,
    strict: bool = False,
    *,
    data: Any = None,
    max_loss: float = 0.003,
    static_only: bool = False,
    entry: Optional[str] = None,
) -> Module:
    """Takes a float module to the integer stage.

    Args:
      module: at the float, observed or simulated stage.
      statistics: from `calibrate` on the same model, or a statistics file. Without
        them, the model is calibrated on `data`. One that is quantized already
        (quantize-dequantize form, as of ONNX files) needs neither: it keeps its
        parameters.
      recipe: which tensor gets which scheme: a recipe file, or its content as a
        dictionary, such as `{"range_selection": "mse"}` on statistics of
        histograms. Without one, weights are i8 per channel, and the scheme of each
        activation follows from its histogram: u8 with a fixed range where that
        is predicted to be good enough, otherwise with a range for each row that is
        found at run time.
      strict: whether a contraction that stays in float is an error.
      data: samples, as for `calibrate`. Without a recipe, the quantized model is
        compared with the float one on them, and where it costs most, activations are
        lifted to ranges at run time, then to fixed ranges of 16 bits, multiplied byte
        by byte, weights to 16 bits (not where both would be, which is as slow as
        float), and what that does not help to float, until
        `max_loss` holds. The module's
        `recipe` is the choice as a recipe file, its `analysis` what it costs.
      max_loss: for each result of the model, noise power over signal power on the
        data must not exceed it, nor must the share of predictions that change, or
        that is expected to from how closely they were decided, where the rows of a
        result look like scores of classes (integers, probabilities, at most 100
        numbers in a result of rank 2). Predictions alone, if so few changed that
        chance can explain it, lead to what costs little and to nothing else: if they
        still exceed it, the module's `remarks` say so.
      static_only: leaves out ranges at run time when a recipe is chosen on `data`.
      entry: which function to run on the data; needed if there are several.

    Returns:
      The quantized module; its `report` says what was done and what was not.

    Raises:
      Error: the statistics are of another model or lack an observer, the recipe
        is wrong, or `strict` and something stays in float.
    """
    from .analysis import choose
    from .calibration import calibrate

    float_program_of(module)
    if not isinstance(max_loss, numbers.Real):
        raise Error(f"max_loss is a number, not {type(max_loss).__name__}")
    if not max_loss >= 0:
        raise Error("max_loss must be a number that is not negative")
    if static_only and (data is None or recipe is not None):
        raise Error(
            "static_only says what kind of recipe to choose: it needs data, and no recipe"
        )
    if data is not None and statistics is not None and recipe is not None:
        raise Error("with statistics and a recipe, data would change nothing")
    given = {"statistics": statistics, "data": data, "a recipe": recipe}
    idle = [name for name, value in given.items() if value is not None]
    has_parameters = _has_parameters(module)
    if idle and has_parameters:
        raise Error(
            f"the model says itself how it is quantized: {' and '.join(idle)} would "
            "change nothing"
        )
    chosen = analysis = None
    holds = True
    excess = ""
    if data is not None and recipe is None:
        statistics, chosen, analysis, holds, excess = choose(
            module, statistics, data, max_loss, static_only, entry
        )
    elif data is not None and statistics is None:
        statistics = calibrate(module, data, recipe, entry)
    elif statistics is None and recipe is None and not has_parameters:
        raise Error("quantize needs statistics, data or a recipe")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="quanta-"))
        report = os.path.join(folder, "report.json")
        statistics_path = ""
        if statistics is not None:
            statistics_path = stack.enter_context(statistics_file(statistics))
        if chosen is not None:
            recipe = os.path.join(folder, "recipe.yaml")
            Path(recipe).write_text(chosen, encoding="utf-8")
        recipe_path = stack.enter_context(recipe_file(recipe)) or ""
        result = module._changed(
            lambda program: program.quantize(
                statistics_path, recipe_path, report, bool(strict)
            )
        )
        with open(report, encoding="utf-8") as file:
            content = json.load(file)
    remarks = result.remarks
    if isinstance(recipe, Mapping) or chosen is not None:
        # Nobody has seen the file that it was written to.
        remarks = [text.replace(recipe_path, "<recipe>") for text in remarks]
    if not holds:
        remarks.append("even in float, the model does not hold max_loss")
    if excess:
        remarks.append(
            f"{excess}, more than max_loss allows: too few changed to tell it from chance"
        )
    # JSON does not tell 1 from 1.0.
    for key in ("int8_mac_share", "weight_only_mac_share", "float16_mac_share"):
        content[key] = float(content[key])
    return Module(
        result._program, result.name, content, remarks, chosen, analysis
    )


def compile(
    module: Module,
    cpu: str = "native",
    entry: Optional[str] = None,
    threads: int = 1,
) -> _quanta.Executable:
    """Compiles a module of any stage to machine code in this process.

    Where the environment variable `QUANTA_CACHE_DIR` names a folder, object files
    are kept there, and the same code is generated once.

    Args:
      module: stays as it is.
      cpu: LLVM's name of the processor ("znver4", "x86-64-v3"), or "native".
      entry: which function a call runs; needed if there are several.
      threads: how many share the work of one call, through OpenMP. Results have
        the same bits whatever their number.

    Returns:
      An executable for NumPy arrays, see `quanta.Executable`.

    Raises:
      Error: the module cannot be compiled, there is no such processor or no such
        function, or this machine cannot run that code.
    """
    return _quanta.compile(program_of(module), cpu, entry or "", threads)


def program_of(module: Module) -> _quanta.Program:
    """What a module holds, with a word about what is none."""
    if not isinstance(module, Module):
        raise TypeError(
            f"expected a quanta.Module, as quanta.load returns it, not {type(module).__name__}"
        )
    return module._program


def float_program_of(module: Module) -> _quanta.Program:
    """The same of a module that is to be quantized, with a word about one that computes
    with integers already, as ONNX's `MatMulInteger` does."""
    program = program_of(module)
    if program.stage == "integer":
        raise Error(
            f"'{module.name}' is at the integer stage already: it can be compiled as it is, "
            "or its float original quantized"
        )
    return program


@contextlib.contextmanager
def temporary_file(name: str, kind: str) -> Iterator[str]:
    """The path of a file that an error calls `<kind>`: its user has not seen it."""
    with tempfile.TemporaryDirectory(prefix="quanta-") as folder:
        path = os.path.join(folder, name)
        try:
            yield path
        except Error as error:
            raise Error(str(error).replace(path, f"<{kind}>")) from None


@contextlib.contextmanager
def recipe_file(recipe: Optional[Recipe]) -> Iterator[Optional[str]]:
    """The path of a file that holds the recipe."""
    if not isinstance(recipe, Mapping):
        yield None if recipe is None else os.fspath(recipe)
        return
    with temporary_file("recipe.yaml", "recipe") as path:
        content = {"format": "quanta-recipe", "version": 1, **recipe}
        try:
            # YAML has no pairs of surrogates, which stand for what is not ASCII.
            text = json.dumps(content, ensure_ascii=False, default=plain)
            Path(path).write_text(text, encoding="utf-8")
        except (TypeError, ValueError) as error:
            raise Error(f"{path}: {error}") from None
        yield path


def plain(value: Any) -> Any:
    """A scalar or an array of NumPy as JSON has it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a recipe cannot hold a value of type {type(value).__name__}")


@contextlib.contextmanager
def statistics_file(statistics: Union[Statistics, PathLike]) -> Iterator[str]:
    """The path of a file that holds the statistics."""
    if not isinstance(statistics, Statistics):
        yield os.fspath(statistics)
        return
    with temporary_file("statistics.json", "statistics") as path:
        statistics.save(path)
        yield path
