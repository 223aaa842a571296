# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# RUN: rm -rf %t && mkdir %t
# RUN: env QUANTA_OPT=quant-opt %python %s %t
"""A key of a recipe that no tensor could follow is an error that names it.

In one process where there is a Python package: hundreds of processes take longer to
start than to check a recipe.
"""

import os
import subprocess
import sys

try:
    import quanta
except ImportError:
    quanta = None

READERS = {
    "activation: i8": "static dynamic",
    "symmetry: symmetric": "static dynamic",
    "granularity: per_tensor": "dynamic",
    "residual: quantized": "static",
    "smooth: 0.5": "static dynamic",
    "range_selection: mse": "static",
    "percentile: 99.9": "static",
    "weight: per_tensor": "static dynamic weight_only",
    "weight_range_selection: mse": "static dynamic weight_only",
    "weight_storage: i4": "static dynamic weight_only",
    "weight_symmetry: affine": "static dynamic weight_only",
    "block_size: 16": "weight_only",
    "observer: histogram": "static dynamic weight_only fp16 bf16 float",
}
# What makes a key of two readable.
COMPANIONS = {"percentile: 99.9": "range_selection: percentile", "block_size: 16": "weight: per_block"}
HEAD = "format: quanta-recipe\nversion: 1\n"

recipe = os.path.join(sys.argv[1], "recipe.yaml")
path = os.path.join(sys.argv[1], "model.mlir")
with open(path, "w") as file:
    file.write("func.func @f() { return }\n")
model = quanta.load(path) if quanta else None


def apply_here() -> str:
    try:
        model.run(f"quanta-insert-observers{{recipe='{recipe}'}}")
    except quanta.Error as error:
        return str(error)
    return ""


def apply_by_tool() -> str:
    ran = subprocess.run(
        [os.environ["QUANTA_OPT"], path, f"--quanta-insert-observers=recipe={recipe}"], capture_output=True, text=True
    )
    assert ran.returncode == (1 if "error:" in ran.stderr else 0), ran
    return ran.stderr


def complaint(text: str) -> str:
    """The sentence about a recipe, or nothing."""
    with open(recipe, "w") as file:
        file.write(HEAD + text)
    message = apply_here() if quanta else apply_by_tool()
    sentence = message.partition("recipe.yaml': ")[2].partition("\n")[0]
    assert sentence or not message, message
    return sentence


for key, readers in READERS.items():
    name = key.partition(":")[0]
    for scheme in "static dynamic weight_only fp16 bf16 float".split():
        is_read = scheme in readers.split()
        companion = COMPANIONS.get(key, "")
        text = f"{key}\n{companion}\n"
        message = complaint(f"scheme: {scheme}\n{text}")
        if is_read:
            assert not message, (key, scheme, message)
        else:
            assert message.endswith(", which nothing has") and "is for the scheme" in message, (key, scheme, message)
        # A rule has the scheme of its own, or of the defaults.
        rule = f"rules:\n  - op: '*'\n    {key}\n"
        if companion:
            rule += f"    {companion}\n"
        for said in (f"scheme: {scheme}\n{rule}", f"{rule}    scheme: {scheme}\n"):
            message = complaint(said)
            assert bool(message) != is_read, (key, scheme, message)
            assert is_read or "a rule gives '" in message, (key, scheme, message)
        # Some rule may have decided on another.
        if not is_read and not companion:
            other = f"rules:\n  - name: a\n    scheme: {readers.split()[0]}\n  - op: '*'\n    scheme: {scheme}\n    {key}\n"
            assert not complaint(other), (key, scheme, complaint(other))
            after = f"rules:\n  - op: '*'\n    scheme: {scheme}\n    {key}\n  - name: a\n    scheme: {readers.split()[0]}\n"
            assert name in complaint(after), (key, scheme, complaint(after))

# Defaults are static.
assert "'granularity' is for the scheme dynamic" in complaint("granularity: per_row\n")
assert not complaint("granularity: per_row\nrules:\n  - op: '*'\n    scheme: dynamic\n")
# Each key of a pair wants the other.
PERCENTILE = "gives 'percentile', but nothing that it applies to says 'range_selection: percentile'"
assert complaint("percentile: 99.9\n") == "it " + PERCENTILE
assert "nothing that it applies to says 'weight: per_block'" in complaint("scheme: weight_only\nblock_size: 16\n")
# At the same place, whichever rule says it.
for selection, percentile, is_read in [
    ("name: b", "name: a", False),
    ("name: b", "name: 'a*'", False),
    ("name: 'b*'", "name: 'a*'", True),
    ("name: 'a*'", "name: a", True),
    ("name: a", "op: c", True),
    ("name: a\n    op: b", "name: a\n    op: c", False),
    ("op: '*'", "name: a", True),
]:
    rules = [f"  - {selection}\n    range_selection: percentile\n", f"  - {percentile}\n    percentile: 99\n"]
    for order in (rules, rules[::-1]):
        message = complaint("rules:\n" + "".join(order))
        assert message == ("" if is_read else "a rule " + PERCENTILE), (selection, percentile, message)
# One that comes before both decides, and so does one behind them on what they leave open.
both = "  - name: a\n    percentile: 99\n  - name: '*'\n    range_selection: mse\n"
assert complaint(f"range_selection: percentile\nrules:\n{both}") == "a rule " + PERCENTILE
assert not complaint(f"range_selection: percentile\nrules:\n{both}".replace("'*'", "'a*.b'"))
# What stands beside the rules is for what they leave open.
beside = "percentile: 99\nrules:\n  - name: a\n    range_selection: percentile\n"
assert not complaint(beside)
assert complaint(beside + "    percentile: 98\n") == "it " + PERCENTILE
assert not complaint("range_selection: percentile\n" + beside + "    percentile: 98\n")
# A rule that comes first has decided for all that a later one applies to.
for first in ("name: a", "op: '*'", "name: '*'"):
    rules = f"rules:\n  - {first}\n    scheme: fp16\n  - name: a\n    weight_storage: i4\n"
    assert "a rule gives 'weight_storage'" in complaint(rules), first
    # One before it may have decided on another.
    assert not complaint(rules.replace("rules:\n", "rules:\n  - op: b\n    scheme: weight_only\n"))
for first in ("name: b", "name: a\n    op: '*.c'"):
    assert not complaint(f"rules:\n  - {first}\n    scheme: fp16\n  - name: a\n    weight_storage: i4\n"), first
