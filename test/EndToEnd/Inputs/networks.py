# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small network and data for it.

    networks.py FOLDER NAME [NUMBERS]

FOLDER receives model.mlir, the float network `main` with random weights, and its
inputs x.npy, y.npy...; where the batch is dynamic, also one row of each as
x1.npy..., and none as x0.npy...
"""

import os
import sys

import numpy

random = numpy.random.default_rng(7)

ID = "affine_map<(i, j) -> (i, j)>"
COLUMN = "affine_map<(i, j) -> (j)>"


class Network:
    """A function `main` on matrices, written one operation at a time."""

    def __init__(self):
        self.lines = []
        self.inputs = []
        self.types = {}
        self.count = 0
        self.zero = self.emit("arith.constant 0.0 : f32", "f32")
        self.first = self.emit("arith.constant 0 : index", "index")

    def emit(self, text, type):
        name = f"%{self.count}"
        self.count += 1
        self.lines.append(f"  {name} = {text}")
        self.types[name] = type
        return name

    def input(self, data, rows="?"):
        name = f"%arg{len(self.inputs)}"
        self.types[name] = (rows, data.shape[1])
        self.inputs.append(data.astype("f4"))
        return name

    @staticmethod
    def tensor(shape):
        return f"tensor<{'x'.join(str(size) for size in shape)}xf32>"

    def constant(self, values):
        values = numpy.asarray(values, "f4")
        text = numpy.array2string(values, separator=", ", threshold=10**9, max_line_width=10**9,
                                  formatter={"float": lambda x: f"{x:.9e}"})
        text = "" if values.size == 0 else text.replace("\n", "")
        shape = values.shape
        return self.emit(f"arith.constant dense<{text}> : {self.tensor(shape)}", shape)

    def empty(self, shape, like):
        """An empty tensor; dynamic rows are those of `like`."""
        sizes = ""
        if shape[0] == "?":
            sizes = self.emit(f"tensor.dim {like}, {self.first} : {self.tensor(self.types[like])}", "index")
        return self.emit(f"tensor.empty({sizes}) : {self.tensor(shape)}", shape)

    def matmul(self, a, b):
        shape = (self.types[a][0], self.types[b][1])
        empty = self.empty(shape, a)
        type = self.tensor(shape)
        init = self.emit(f"linalg.fill ins({self.zero} : f32) outs({empty} : {type}) -> {type}", shape)
        types = f"{self.tensor(self.types[a])}, {self.tensor(self.types[b])}"
        return self.emit(f"linalg.matmul ins({a}, {b} : {types}) outs({init} : {type}) -> {type}", shape)

    def elementwise(self, inputs, body, rows_of=None):
        """`body` works on %a, %b... and yields %r; vectors go along columns."""
        matrix = next(v for v in inputs if len(self.types[v]) == 2)
        shape = self.types[matrix]
        empty = self.empty(shape, matrix)
        maps = [COLUMN if len(self.types[v]) == 1 else ID for v in inputs] + [ID]
        arguments = ", ".join(f"%{'abcd'[i]}: f32" for i in range(len(inputs)))
        types = ", ".join(self.tensor(self.types[v]) for v in inputs)
        name = self.emit(
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [\"parallel\", \"parallel\"]}}"
            f" ins({', '.join(inputs)} : {types}) outs({empty} : {self.tensor(shape)}) {{", shape)
        self.lines += [f"  ^bb0({arguments}, %out: f32):"] + [f"    {line}" for line in body]
        self.lines += ["    linalg.yield %r : f32", f"  }} -> {self.tensor(shape)}"]
        return name

    def add(self, a, b):
        return self.elementwise([a, b], ["%r = arith.addf %a, %b : f32"])

    def relu(self, a):
        return self.elementwise([a], [f"%r = arith.maximumf %a, {self.zero} : f32"])

    def layer(self, x, weights, bias=None, relu=False):
        y = self.matmul(x, self.constant(weights))
        if bias is not None:
            y = self.add(y, self.constant(bias))
        return self.relu(y) if relu else y

    def write(self, folder, results):
        arguments = ", ".join(f"%arg{i}: {self.tensor(self.types[f'%arg{i}'])}" for i in range(len(self.inputs)))
        types = ", ".join(self.tensor(self.types[r]) for r in results)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "model.mlir"), "w") as file:
            file.write("\n".join([f"func.func @main({arguments}) -> ({types}) {{"] + self.lines
                                 + [f"  return {', '.join(results)} : {types}", "}", ""]))
        for letter, data in zip("xyz", self.inputs):
            numpy.save(os.path.join(folder, f"{letter}.npy"), data)
            numpy.save(os.path.join(folder, f"{letter}1.npy"), data[:1])
            numpy.save(os.path.join(folder, f"{letter}0.npy"), data[:0])


def normal(*shape, scale=1.0):
    return random.normal(0, scale, shape).astype("f4")


def mlp(net, rows, *sizes):
    """Layers with bias, ReLU between them; `rows` 0 is a dynamic batch of 37."""
    x = net.input(normal(rows or 37, sizes[0]), rows or "?")
    for index, (k, n) in enumerate(zip(sizes, sizes[1:])):
        last = index == len(sizes) - 2
        x = net.layer(x, normal(k, n, scale=k**-0.5), normal(n), relu=not last)
    return [x]


def relu6(net):
    x = net.input(normal(33, 24))
    x = net.layer(x, normal(24, 20), normal(20))
    six = net.emit("arith.constant 6.0 : f32", "f32")
    x = net.elementwise([x], [f"%p = arith.cmpf ogt, %a, {net.zero} : f32",
                              f"%q = arith.select %p, %a, {net.zero} : f32",
                              f"%r = arith.minimumf %q, {six} : f32"])
    return [net.layer(x, normal(20, 7), normal(7))]


def gelu(net):
    """0.5 x (1 + erf(x / sqrt(2))) between two layers."""
    x = net.input(normal(33, 24))
    x = net.layer(x, normal(24, 20), normal(20))
    half, one, root = (net.emit(f"arith.constant {value} : f32", "f32") for value in ("0.5", "1.0", "0.70710678"))
    x = net.elementwise([x], [f"%s = arith.mulf %a, {root} : f32", "%e = math.erf %s : f32",
                              f"%t = arith.addf %e, {one} : f32", f"%h = arith.mulf %a, {half} : f32",
                              "%r = arith.mulf %h, %t : f32"])
    return [net.layer(x, normal(20, 7), normal(7))]


def residual(net):
    x = net.input(normal(33, 24))
    y = net.layer(x, normal(24, 24, scale=0.2), normal(24), relu=True)
    y = net.layer(y, normal(24, 24, scale=0.2), normal(24))
    y = net.relu(net.add(x, y))
    return [net.layer(y, normal(24, 5))]


def two_results(net):
    x = net.input(normal(33, 24))
    y = net.layer(x, normal(24, 20), normal(20), relu=True)
    return [net.layer(y, normal(20, 7), normal(7)), y]


def siblings(net):
    """Three layers read one activation; their results meet again."""
    x = net.input(normal(33, 24))
    q, k, v = (net.layer(x, normal(24, 8), normal(8)) for _ in range(3))
    return [net.add(net.add(q, k), v)]


def left_weight(net):
    """The weight is the left factor, the activation the right one."""
    x = net.input(normal(24, 9), 24)
    return [net.matmul(net.constant(normal(20, 24)), x)]


def activations(net):
    """Both factors are data."""
    x = net.input(normal(33, 24))
    y = net.input(normal(24, 10), 24)
    return [net.matmul(x, y)]


def zero_channel(net):
    """All weights of a channel, and all of a layer, are zero."""
    weights = normal(24, 20)
    weights[:, 3] = 0
    x = net.input(normal(33, 24))
    x = net.layer(x, weights, normal(20), relu=True)
    bias = net.layer(x, numpy.zeros((20, 7)), normal(7))
    return [net.add(net.layer(x, normal(20, 7), normal(7)), bias)]


def tiny_scales(net):
    """The bias would need more than 32 bits at the scale of the products."""
    x = net.input(normal(33, 24, scale=1e-6))
    x = net.layer(x, normal(24, 20, scale=1e-5), normal(20), relu=True)
    return [net.layer(x, normal(20, 7), normal(7))]


def zero_activation(net):
    """The input is zero whatever happens, and so is what ReLU leaves."""
    x = net.input(numpy.zeros((33, 24)))
    x = net.layer(x, normal(24, 20), -numpy.abs(normal(20)), relu=True)
    return [net.layer(x, normal(20, 7), normal(7))]


def constant_activation(net):
    """Every element is 2.5: a range that does not hold zero."""
    x = net.input(numpy.full((33, 24), 2.5))
    return [net.layer(x, normal(24, 7), normal(7))]


if __name__ == "__main__":
    folder, name, *numbers = sys.argv[1:]
    network = Network()
    network.write(folder, globals()[name](network, *(int(number) for number in numbers)))
