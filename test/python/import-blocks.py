# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""ONNX models whose weights have fewer than 8 bits, or a scale for each block."""

import unittest

import numpy as np

import quanta
from Inputs.onnx_models import MISSING, OnnxTestCase, make, run_by_node, value

if not MISSING:
    from onnx import TensorProto, helper, numpy_helper

    LIMITS = {
        TensorProto.INT4: (-8, 7),
        TensorProto.UINT4: (0, 15),
        TensorProto.INT8: (-128, 127),
        TensorProto.UINT8: (0, 255),
    }

RANDOM = np.random.default_rng(0)


def quarters(*shape):
    """Numbers of which, with powers of two as scales, every sum is exact in f32."""
    return (RANDOM.integers(-16, 17, shape) / 4).astype(np.float32)


def powers(*shape):
    return (2.0 ** RANDOM.integers(-3, 1, shape)).astype(np.float32)


def pack(numbers, bits):
    """Rows of unsigned numbers in bytes, the first in the lowest bits."""
    parts = 8 // bits
    rows = np.pad(numbers, ((0, 0), (0, -numbers.shape[1] % parts)))
    rows = rows.reshape(len(rows), -1, parts).astype(np.uint8)
    return np.bitwise_or.reduce(rows << np.arange(0, 8, bits, np.uint8), -1)


def stored(name, kind, numbers):
    return helper.make_tensor(name, kind, numbers.shape, numbers.ravel().tolist())


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class ImportBlocks(OnnxTestCase):
    def compare(self, nodes, inputs, weights, columns, storage, **options):
        """Runs the products of a model, and its nodes one by one: the same bits."""
        inputs = {name: quarters(3, depth) for name, depth in inputs.items()}
        model = make(
            nodes,
            [value(name, ["n", x.shape[1]]) for name, x in inputs.items()],
            [value(name, ["n", size]) for name, size in columns.items()],
            weights,
            **options,
        )
        model.ir_version = 10
        path = self.save(model)
        quantized = quanta.quantize(quanta.load(path))
        self.assertEqual(quantized.report["weight_only_mac_share"], 1)
        for kind in storage:
            self.assertIn(f"x{kind}>", str(quantized))
        results = quanta.compile(quantized)(*inputs.values())
        results = results if isinstance(results, (list, tuple)) else [results]
        for name, ours, expected in zip(columns, results, run_by_node(path, inputs)):
            np.testing.assert_array_equal(ours, expected, name)

    def test_dequantize_with_blocks(self):
        nodes, inputs, weights, columns = [], {}, [], {}
        for kind, shape, axis, block, zeros in (
            (TensorProto.INT4, (64, 24), 0, 16, True),
            (TensorProto.INT4, (64, 24), -1, 8, False),
            (TensorProto.INT4, (40, 24), 0, 16, True),  # The last block is a half.
            (TensorProto.UINT4, (64, 24), 0, 16, True),
            (TensorProto.UINT4, (64, 24), 0, 16, False),
            (TensorProto.INT8, (64, 24), 0, 16, False),
            (TensorProto.UINT8, (64, 24), 0, 16, True),
        ):
            low, high = LIMITS[kind]
            i = str(len(columns))
            counts = list(shape)
            counts[axis] = -(-shape[axis] // block)
            scales = powers(*counts) * RANDOM.choice([1, -1], counts).astype(np.float32)
            scales[0, 0] = 0
            weights.append(stored("w" + i, kind, RANDOM.integers(low, high + 1, shape)))
            weights.append(numpy_helper.from_array(scales, "s" + i))
            names = ["w" + i, "s" + i]
            if zeros:
                numbers = RANDOM.integers(low, high + 1, counts)
                weights.append(stored("z" + i, kind, numbers))
                names.append("z" + i)
            cast = helper.make_node(
                "DequantizeLinear", names, ["f" + i], axis=axis, block_size=block
            )
            nodes += [cast, helper.make_node("MatMul", ["x" + i, "f" + i], ["y" + i])]
            inputs["x" + i] = shape[0]
            columns["y" + i] = shape[1]
        self.compare(nodes, inputs, weights, columns, ["i4", "i8"], opset=21)

    def test_matmul_nbits(self):
        nodes, inputs, weights, columns = [], {}, [], {}
        rows = 24
        for bits, depth, block, zeros, bias in (
            (4, 64, 32, False, False),
            (4, 96, 16, True, True),
            (4, 72, 32, True, False),
            (8, 64, 32, True, False),
            (8, 64, 64, False, True),
        ):
            i, count = str(len(columns)), -(-depth // block)
            packed = pack(RANDOM.integers(0, 1 << bits, (rows * count, block)), bits)
            arrays = {
                "w" + i: packed.reshape(rows, count, -1),
                "s" + i: powers(rows * count),
            }
            if zeros:
                numbers = RANDOM.integers(0, 1 << bits, (rows, count))
                arrays["z" + i] = pack(numbers, bits).ravel()
            if bias:
                arrays["b" + i] = quarters(rows)
            weights += [numpy_helper.from_array(a, n) for n, a in arrays.items()]
            names = [n + i if n + i in arrays else "" for n in "wsz"]
            names += ["", "b" + i] if bias else []
            inputs["x" + i], columns["y" + i] = depth, rows
            nodes.append(
                helper.make_node(
                    "MatMulNBits", ["x" + i, *names], ["y" + i], domain="com.microsoft",
                    N=rows, K=depth, bits=bits, block_size=block,
                )
            )  # fmt: skip
        self.compare(nodes, inputs, weights, columns, ["i4", "i8"])

    def test_one_scale(self):
        """As a number, or as a vector of one."""
        for shape in ((), (1,)):
            weights = [
                stored("w", TensorProto.INT4, RANDOM.integers(-8, 8, (16, 8))),
                numpy_helper.from_array(np.full(shape, 0.5, np.float32), "s"),
            ]
            nodes = [
                helper.make_node("DequantizeLinear", ["w", "s"], ["f"]),
                helper.make_node("MatMul", ["x", "f"], ["y"]),
            ]
            self.compare(nodes, {"x": 16}, weights, {"y": 8}, ["i4"], opset=21)

    def test_reordered_blocks(self):
        """What is not understood is named."""
        names = ("w", "s", "g")
        arrays = (np.zeros((8, 2, 16), np.uint8), np.ones(16, np.float32), np.zeros(64, np.int32))
        node = helper.make_node(
            "MatMulNBits", ["x", "w", "s", "", "g"], ["y"], "product", domain="com.microsoft",
            N=8, K=64, bits=4, block_size=32,
        )  # fmt: skip
        weights = [numpy_helper.from_array(a, n) for n, a in zip(names, arrays)]
        path = self.save(make([node], [value("x", ["n", 64])], [value("y", ["n", 8])], weights))
        with self.assertRaisesRegex(quanta.Error, r"'product' \(com.microsoft.MatMulNBits\)"):
            quanta.load(path)

    def test_integer_product_with_four_bits(self):
        """Activations of 8 bits and weights of 4: all in integers."""
        weights = [
            stored("w", TensorProto.INT4, RANDOM.integers(-8, 8, (32, 8))),
            numpy_helper.from_array(RANDOM.uniform(0.25, 1, 8).astype(np.float32), "s"),
            numpy_helper.from_array(np.float32(0.02), "t"),
            numpy_helper.from_array(np.uint8(128), "z"),
        ]
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "t", "z"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "t", "z"], ["a"]),
            helper.make_node("DequantizeLinear", ["w", "s"], ["f"], axis=1),
            helper.make_node("MatMul", ["a", "f"], ["y"]),
        ]
        model = make(nodes, [value("x", ["n", 32])], [value("y", ["n", 8])], weights, opset=21)
        model.ir_version = 10
        path = self.save(model)
        x = RANDOM.standard_normal((3, 32)).astype(np.float32)
        quantized = quanta.quantize(quanta.load(path))
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        self.assertIn("xi4>", str(quantized))
        np.testing.assert_allclose(
            quanta.compile(quantized)(x), run_by_node(path, {"x": x})[0], rtol=1e-5, atol=1e-5
        )

    def test_rows_of_a_table(self):
        """ONNX Runtime's gather from a table with blocks, whose bytes hold one number or
        two, or of numbers of 4 bits."""
        indices = np.array([[3, 0, 9], [9, 5, 1]])
        for bits, kind in ((4, TensorProto.UINT8), (8, TensorProto.UINT8),
                           (4, TensorProto.UINT4), (4, TensorProto.INT4)):  # fmt: skip
            low = -8 if kind == TensorProto.INT4 else 0
            numbers = RANDOM.integers(low, low + (1 << bits), (10, 64))
            zeros = RANDOM.integers(low, low + (1 << bits), (10, 4))
            scales = numpy_helper.from_array(powers(10, 4), "s")
            is_packed = kind == TensorProto.UINT8 and bits == 4
            store = lambda array: pack(array, 4) if is_packed else array
            for has_zeros in (True, False):
                node = helper.make_node(
                    "GatherBlockQuantized", ["t", "i", "s"] + ["z"] * has_zeros, ["y"],
                    name="rows", domain="com.microsoft", bits=bits, block_size=16,
                    gather_axis=0, quantize_axis=1,
                )  # fmt: skip
                weights = [stored("t", kind, store(numbers)), scales]
                weights += [stored("z", kind, store(zeros))] if has_zeros else []
                inputs = [helper.make_tensor_value_info("i", TensorProto.INT64, ["n", 3])]
                model = make([node], inputs, [value("y", ["n", 3, 64])], weights, opset=21)
                model.ir_version = 10
                path = self.save(model)
                module = quanta.load(path)
                zero = zeros if has_zeros else (1 << (bits - 1) if kind == TensorProto.UINT8 else 0)
                steps = np.repeat(numpy_helper.to_array(scales), 16, 1)
                zero = np.repeat(zero, 16, 1) if has_zeros else zero
                table = ((numbers - zero) * steps).astype(np.float32)
                np.testing.assert_array_equal(quanta.compile(module)(indices), table[indices])
                text = str(module.run("convert-qdq-to-quanta"))
                self.assertIn(f"!quant.uniform<i{bits}:f32:{{", text)


if __name__ == "__main__":
    unittest.main()
