# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is asked of every ONNX graph: its nodes, constants and free names."""

import itertools
from typing import Iterator


def bodies(node) -> list:
    """The graphs that a node holds: the branches of a condition, the body of a loop."""
    return [
        body
        for attribute in node.attribute
        for body in ([attribute.g] if attribute.HasField("g") else attribute.graphs)
    ]


def walk(nodes) -> Iterator:
    """Nodes, each before those of its bodies."""
    for node in nodes:
        yield node
        for body in bodies(node):
            yield from walk(body.node)


def find_constants(graph) -> dict:
    """The constant tensors of a graph, not of those in it, by name."""
    constants = {weight.name: weight for weight in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    return constants


def fresh_names(graph, base: str) -> Iterator[str]:
    """Names that no value of the graph or of one in it has."""
    given = lambda graph: (value.name for value in [*graph.input, *graph.initializer])
    taken = set(given(graph))
    for node in walk(graph.node):
        taken.update(node.output)
        for body in bodies(node):
            taken.update(given(body))
    names = (f"{base}_{number}" for number in itertools.count())
    return (name for name in names if name not in taken)
