# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""Executables take and return NumPy arrays."""

import gc
import threading
import time
import unittest
import weakref

import numpy as np

import quanta
from Inputs.models import SUM_AND_DIFFERENCE, Perceptron, elementwise


def compile_text(text, **options):
    return quanta.compile(quanta.Module.parse(text), **options)


class Calls(unittest.TestCase):
    def setUp(self):
        self.double = compile_text(elementwise("arith.addf", "f32"))
        self.x = np.arange(12, dtype=np.float32).reshape(3, 4)

    def test_integers_below_a_byte(self):
        """They come and go as bytes, with their values."""
        text = """
          !i4 = !quant.uniform<i4:f32, 1.0>
          func.func @quantize(%x: tensor<?xf32>) -> tensor<?x!i4> {
            %q = quanta.quantize %x : tensor<?xf32> to tensor<?x!i4>
            return %q : tensor<?x!i4>
          }
          func.func @dequantize(%q: tensor<?x!i4>) -> tensor<?xf32> {
            %x = quanta.dequantize %q : tensor<?x!i4> to tensor<?xf32>
            return %x : tensor<?xf32>
          }"""
        module = quanta.Module.parse(text)
        x = np.arange(-10, 10, dtype=np.float32)
        q = quanta.compile(module, entry="quantize")(x)
        self.assertEqual(q.dtype, np.int8)
        self.assertTrue((q == x.clip(-8, 7)).all())
        dequantize = quanta.compile(module, entry="dequantize")
        self.assertTrue((dequantize(q) == q).all())
        with self.assertRaisesRegex(quanta.Error, "element 1 is 8, .* from -8 to 7"):
            dequantize(np.array([7, 8], np.int8))

    def test_every_element_type(self):
        kinds = {
            "i8": [np.int8, np.uint8],
            "i16": [np.int16, np.uint16],
            "i32": [np.int32, np.uint32],
            "i64": [np.int64, np.uint64, np.longlong],
            "f16": [np.float16],
            "f32": [np.float32],
            "f64": [np.float64],
        }
        for kind, dtypes in kinds.items():
            run = compile_text(
                elementwise("arith.addf" if kind[0] == "f" else "arith.addi", kind)
            )
            for dtype in dtypes:
                x = np.arange(8).astype(dtype).reshape(2, 4)
                result = run(x)
                self.assertEqual(result.tolist(), (x + x).tolist(), kind)
                self.assertEqual(result.dtype.itemsize, x.dtype.itemsize)
        run = compile_text(elementwise("arith.xori", "i1"))
        self.assertEqual(run(np.ones((1, 4), bool)).dtype, np.bool_)

    def test_threads_give_the_same_bits(self):
        text = elementwise("arith.mulf", "f32").replace("?x4", "?x4096")
        x = np.random.default_rng(0).random((300, 4096), np.float32)
        for threads in (1, 2, 3):
            self.assertTrue((compile_text(text, threads=threads)(x) == x * x).all())
        with self.assertRaisesRegex(quanta.Error, "between 1 and 1024 threads, got 0"):
            compile_text(text, threads=0)

    def test_several_arguments_and_results(self):
        run = compile_text(SUM_AND_DIFFERENCE)
        a, b = np.full((2, 3), 5, np.float32), np.full((2, 3), 2, np.float32)
        total, difference = run(a, b)
        self.assertTrue((total == 7).all() and (difference == 3).all())
        self.assertEqual([t[:2] for t in run.inputs], [("float32", (None, 3))] * 2)
        self.assertEqual(run.outputs[0][2], "tensor<?x3xf32>")

    def test_every_batch_size(self):
        model = Perceptron()
        run = compile_text(model.text())
        for count in [0, 1, 2, 3, 15, 16, 17, 100]:
            x = model.data(count)
            result = run(x)
            self.assertEqual(result.shape, (count, 10))
            np.testing.assert_allclose(result, model.reference(x), atol=1e-4)

    def test_views_are_copied_once(self):
        big = np.arange(96, dtype=np.float32).reshape(6, 16)
        for view in [big[::2, ::4], big[:, :4], big.T[:, :4], big[::-1, 4:8]]:
            self.assertTrue((self.double(view) == view * 2).all())
        self.assertTrue((self.double(self.x.astype(">f4")) == self.x * 2).all())
        self.assertTrue((self.double(self.x.tolist()) == self.x * 2).all())
        raw = np.zeros(4 * 4 * 3 + 1, np.uint8)
        unaligned = raw[1:].view(np.float32).reshape(3, 4)
        unaligned[:] = self.x
        self.assertTrue((self.double(unaligned) == self.x * 2).all())

    def test_arguments_are_not_changed(self):
        self.x.flags.writeable = False
        before = self.x.copy()
        self.double(self.x)
        self.assertTrue((self.x == before).all())

    def test_arguments_are_not_changed_in_place(self):
        """What computes in place of an argument computes on a copy."""
        module = quanta.Module.parse("""
          func.func @main(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
            %w = arith.constant dense<0.5> : tensor<8x8xf32>
            %c = arith.constant 7.0 : f32
            %i = arith.constant 0 : index
            %0 = tensor.insert %c into %x[%i, %i] : tensor<?x8xf32>
            %1 = linalg.matmul ins(%0, %w : tensor<?x8xf32>, tensor<8x8xf32>)
                outs(%y : tensor<?x8xf32>) -> tensor<?x8xf32>
            return %1 : tensor<?x8xf32>
          }""")
        call = quanta.compile(module)
        x, y = np.ones((2, 8), np.float32), np.full((2, 8), 2, np.float32)
        first = call(x, y)
        np.testing.assert_array_equal(first[:, 0], [9.0, 6.0])
        self.assertTrue((x == 1).all() and (y == 2).all())
        np.testing.assert_array_equal(call(x, y), first)

    def test_results_own_their_memory(self):
        kept = [self.double(np.full((1, 4), i, np.float32)) for i in range(100)]
        for i, result in enumerate(kept):
            self.assertTrue((result == 2 * i).all())
            self.assertTrue(result.flags.writeable and result.flags.c_contiguous)
        part = kept[7][0, 1:]
        executable = self.double
        del kept, self.double, executable
        gc.collect()
        self.assertTrue((part == 14).all())

    def test_an_argument_that_is_returned_is_not_shared(self):
        run = compile_text(
            "func.func @id(%x: tensor<?xf32>) -> tensor<?xf32> "
            "{ return %x : tensor<?xf32> }"
        )
        x = np.ones(5, np.float32)
        y = run(x)
        y[0] = 9
        self.assertEqual(x[0], 1)

    def test_memory_is_given_back(self):
        run, x = self.double, np.zeros((1 << 16, 4), np.float32)
        before = resident_bytes()
        for _ in range(300):
            run(x)
        self.assertLess(resident_bytes() - before, 50 << 20)
        reference = weakref.ref(np.zeros(1))
        self.assertIsNone(reference())

    def test_threads_run_at_the_same_time(self):
        model = Perceptron(256, 512, 64)
        run, x = compile_text(model.text()), model.data(500)
        expected = run(x).tobytes()
        results, ticks = [], []

        def work():
            for _ in range(20):
                results.append(run(x).tobytes())

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        # This one can only count if the others let go of the interpreter.
        while any(thread.is_alive() for thread in threads):
            ticks.append(time.perf_counter())
            time.sleep(0)
        self.assertEqual(set(results), {expected})
        self.assertGreater(len(ticks), 10)


class Errors(unittest.TestCase):
    def check(self, pattern, function, *arguments, **options):
        with self.assertRaisesRegex(quanta.Error, pattern):
            function(*arguments, **options)

    def test_arguments_that_do_not_fit(self):
        run = compile_text(elementwise("arith.addf", "f32"))
        x = np.zeros((2, 4), np.float32)
        self.check("takes 1 argument, got 0", run)
        self.check("takes 1 argument, got 2", run, x, x)
        self.check(r"argument 0 of 'f'.*f32.*got 2x4xf64", run, x.astype(np.float64))
        self.check(r"expected rank 2 .*got 4xf32", run, x[0])
        self.check(r"expected size 4 in dimension 1.*got 2x3xf32", run, x[:, :3])
        self.check(r"argument 0 of 'f': .*float32.*got <U1", run, np.array([["a"]]))
        # A call that is stopped gives back the memory in which it computes, and
        # one that there is no memory for stops.
        both = compile_text("""
func.func @f(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> tensor<?x65536xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1xf32>
  %e = tensor.empty(%n) : tensor<?x65536xf32>
  %w = arith.constant dense<1.0> : tensor<1x65536xf32>
  %z = arith.constant 0.0 : f32
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<?x65536xf32>) -> tensor<?x65536xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x1xf32>, tensor<1x65536xf32>) outs(%i : tensor<?x65536xf32>) -> tensor<?x65536xf32>
  %1 = linalg.matmul ins(%y, %w : tensor<?x1xf32>, tensor<1x65536xf32>) outs(%0 : tensor<?x65536xf32>) -> tensor<?x65536xf32>
  return %1 : tensor<?x65536xf32>
}""")
        column = np.zeros((4, 1), np.float32)
        for _ in range(3):
            self.check("operand 2 of 'linalg.matmul'.* a size that does not fit", both, column, column[:1])
        many = np.zeros((10**7, 1), np.float32)
        self.check("there is not enough memory", both, many, many)
        whole = compile_text(elementwise("arith.addi", "i32"))
        self.assertEqual(whole([[1, 2, 3, 4]])[0, 3], 8)
        self.check(r"expected elements of type i32 .* got 1x4xf64", whole, [[1.9, 2, 3, 4]])
        self.check("expected elements of type int32 .* got object", whole, None)
        with self.assertRaises(TypeError):
            run(x=x)
        with self.assertRaises(TypeError):
            quanta.Executable()
        with self.assertRaises(TypeError):
            quanta.Executable.__new__(quanta.Executable)(x)

    def test_compilation(self):
        module = quanta.Module.parse(elementwise("arith.addf", "f32"))
        self.check("unknown CPU 'pentium99'", quanta.compile, module, cpu="pentium99")
        self.check("the name of the CPU is empty", quanta.compile, module, cpu="")
        self.check("no public function 'g'; it has f", quanta.compile, module, entry="g")
        empty = quanta.Module.parse("module {}")
        self.check("no public function", quanta.compile, empty)
        two = quanta.Module.parse(
            "func.func @a() { return }\nfunc.func @b() { return }"
        )
        self.check("several functions, choose one: a, b", quanta.compile, two)
        self.assertIsNone(quanta.compile(two, entry="b")())


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


if __name__ == "__main__":
    unittest.main()
