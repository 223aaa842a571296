# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package
# RUN: %python %s
"""ONNX nodes that are rewritten because torch-mlir would misread them."""

import unittest

import numpy as np

import quanta
from Inputs.onnx_models import MISSING, RANDOM, OnnxTestCase, make, value, weight

if not MISSING:
    import onnx
    from onnx import helper, numpy_helper


def data(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def constant(name, array, dtype=np.int64):
    return numpy_helper.from_array(np.array(array, dtype), name)


@unittest.skipIf(MISSING, f"without the packages {', '.join(MISSING)}")
class Rewrites(OnnxTestCase):
    def test_gemm_without_bias(self):
        for turned in (0, 1):
            shape = (5, 4) if turned else (4, 5)
            for alpha in (0.25, 1.0):
                model = make(
                    [helper.make_node("Gemm", ["x", "w"], ["y"], alpha=alpha, transB=turned)],
                    [value("x", ["n", 4])],
                    [value("y", ["n", 5])],
                    [weight("w", *shape)],
                )
                self.compare(model, data(3, 4))

    def test_average_pool(self):
        # The last window starts within the image, at its end, or behind it; in the third
        # case there is none that is cut off.
        for size, kernel, stride, pads in [
            (6, 3, 2, [1, 1, 1, 1]),
            (6, 3, 2, [0, 0, 0, 0]),
            (7, 3, 2, [1, 1, 1, 1]),
            (6, 2, 3, [1, 1, 1, 1]),
            (5, 3, 4, [0, 0, 2, 2]),
            (9, 3, 2, [0, 1, 1, 0]),
        ]:
            for height in (size, None):
                node = helper.make_node(
                    "AveragePool", ["x"], ["y"], kernel_shape=[kernel] * 2,
                    strides=[stride] * 2, pads=pads, ceil_mode=1, count_include_pad=1,
                )  # fmt: skip
                shape = ["n", 2, height or "h", height or "w"]
                model = make([node], [value("x", shape)], [value("y", ["n", 2, "p", "q"])])
                if height is None and stride + max(pads[2:]) > kernel:
                    with self.assertRaisesRegex(
                        quanta.Error, r"'\S+' \(AveragePool\): ceil_mode with .* an open size"
                    ):
                        quanta.load(self.save(model))
                else:
                    self.compare(model, data(2, 2, size, size))

    def test_pad_that_wraps(self):
        def pad(widths, shape, *axes):
            inits = [constant("p", widths)]
            inits += [constant("a", axes)] if axes else []
            names = ["x", "p"] + (["", "a"] if axes else [])
            node = helper.make_node("Pad", names, ["y"], name="around", mode="wrap")
            out = [f"d{i}" for i in range(len(shape))]
            return make([node], [value("x", shape)], [value("y", out)], inits, opset=19)

        x = data(2, 3, 5)
        for widths, axes in [([0, 1, 5, 0, 3, 2], ()), ([2, 0, 1, 1], (-1, 1)), ([0] * 6, ())]:
            pads = np.zeros((3, 2), int)
            for axis, low, high in zip(
                axes or range(3), widths[: len(widths) // 2], widths[len(widths) // 2 :]
            ):
                pads[axis] = low, high
            y = quanta.compile(quanta.load(self.save(pad(widths, [2, 3, 5], *axes))))(x)
            np.testing.assert_array_equal(y, np.pad(x, pads, mode="wrap"))
        for widths, shape in [([0, 4, 0, 0, 0, 0], [2, 3, 5]), ([1, 0, 0, 0, 0, 0], ["n", 3, 5]),
                              ([-1, 0, 0, 0, 0, 0], [2, 3, 5])]:  # fmt: skip
            with self.assertRaisesRegex(quanta.Error, r"'around' \(Pad\): mode 'wrap' with"):
                quanta.load(self.save(pad(widths, shape)))

    def test_transposed_convolutions_of_single_channels(self):
        for kernel, options in [
            ([3, 3], {"strides": [2, 2]}),
            ([4, 2], {"strides": [2, 3], "pads": [1, 0, 2, 0]}),
            ([3, 2], {"pads": [3, 0, 2, 0], "dilations": [2, 1]}),
            ([2, 2], {"strides": [2, 2], "output_padding": [1, 1]}),
            ([3], {"strides": [2], "pads": [1, 0]}),
        ]:
            for filters in (1, 2):
                image = [6, 5][: len(kernel)]
                node = helper.make_node(
                    "ConvTranspose", ["x", "w", "b"], ["y"], name="up", group=4, **options
                )
                model = make(
                    [node],
                    [value("x", ["n", 4, *image])],
                    [value("y", ["n", 4 * filters, *"pq"[: len(kernel)]])],
                    [weight("w", 4, filters, *kernel), weight("b", 4 * filters)],
                )
                x = data(2, 4, *image)
                module = self.compare(model, x)
                report = quanta.quantize(module, quanta.calibrate(module, x)).report
                self.assertEqual(report["int8_mac_share"], 1.0)
                self.assertEqual([c["location"] for c in report["contractions"]], ["up"])

    def test_padding_of_transposed_convolutions(self):
        for options, kinds in [
            ({"pads": [0, 1, 2, 0], "output_padding": [1, 1]}, [(1, 3), (2, 3)]),
            ({"output_shape": [9, 10]}, [(1, 3), (4, 1)]),
            ({"output_shape": [12, 13], "output_padding": [1, 1]}, [(2, 3)]),
            ({"output_shape": [8, 9], "auto_pad": "SAME_UPPER"}, [(4, 1)]),
            ({"auto_pad": "SAME_LOWER"}, [(2, 3)]),
            ({"auto_pad": "VALID"}, [(4, 1)]),
        ]:
            for groups, filters in kinds:
                node = helper.make_node(
                    "ConvTranspose", ["x", "w", "b"], ["y"], name="up", group=groups,
                    strides=[2, 2], **options,
                )  # fmt: skip
                model = make(
                    [node],
                    [value("x", [2, 4, 5, 6])],
                    [value("y", [2, groups * filters, "p", "q"])],
                    [weight("w", 4, filters, 3, 3), weight("b", groups * filters)],
                )
                x = data(2, 4, 5, 6)
                module = self.compare(model, x)
                report = quanta.quantize(module, quanta.calibrate(module, x)).report
                self.assertEqual([c["location"] for c in report["contractions"]], ["up"])
        node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="up", output_shape=[9])
        model = make([node], [value("x", [1, 2, "n"])], [value("y", [1, 2, 9])], [weight("w", 2, 2, 3)])
        with self.assertRaisesRegex(
            quanta.Error, r"'up' \(ConvTranspose\): an output_shape or auto_pad with sizes that are open"
        ):
            quanta.load(self.save(model))

    def test_groups_with_a_scale_for_each(self):
        """As before operator set 21; from then on there is one for each channel."""
        for opset, scales in ((18, 2), (21, 6)):
            node = helper.make_node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2)
            model = make(
                [node],
                [value("x", ["n", 6, 4, 3])],
                [value("y", ["n", 6, 4, 3])],
                [weight("s", scales), weight("b", scales)],
                opset=opset,
            )
            self.compare(model, data(2, 6, 4, 3))

    def test_sizes_behind_groups(self):
        """The package `onnx` infers none there."""
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("GroupNormalization", ["a", "s", "b"], ["c"], num_groups=2),
            helper.make_node("HardSwish", ["c"], ["d"]),
            helper.make_node("GlobalMaxPool", ["d"], ["y"]),
        ]
        model = make(
            nodes,
            [value("x", ["n", 3, 6, 6])],
            [value("y", ["n", 4, 1, 1])],
            [weight("w", 4, 3, 3, 3), weight("s", 4), weight("b", 4)],
            opset=21,
        )
        for shapes in (None, {"x": [2, 3, 6, 6]}):
            self.compare(model, data(2, 3, 6, 6), shapes=shapes)

    def test_gelu_by_tanh(self):
        node = helper.make_node("Gelu", ["x"], ["y"], approximate="tanh")
        model = make([node], [value("x", ["n", 200])], [value("y", ["n", 200])], opset=20)
        x = np.linspace(-5, 5, 200, dtype=np.float32)[None]
        module = quanta.load(self.save(model))
        inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x.astype(np.float64) ** 3)
        expected = x / 2 * (1 + np.tanh(inner))
        np.testing.assert_allclose(quanta.compile(module)(x), expected, atol=2e-6)

    def test_indices_of_max_pool(self):
        node = helper.make_node(
            "MaxPool", ["x"], ["v", "y"], name="pool", kernel_shape=[3, 2], strides=[2, 1]
        )
        indices = helper.make_tensor_value_info("y", onnx.TensorProto.INT64, None)
        self.compare(make([node], [value("x", [2, 3, 7, 6])], [indices]), data(2, 3, 7, 6))
        with self.assertRaisesRegex(quanta.Error, r"'pool' \(MaxPool\): indices, with sizes that"):
            quanta.load(self.save(make([node], [value("x", ["n", 3, 7, 6])], [indices])))

    def test_nearest_elements(self):
        def resize(place, rounding, sizes=None, scales=None, image=(5, 6), mode="nearest"):
            inputs = ["x", "", "n"] if scales else ["x", "", "", "n"]
            numbers = constant("n", [1, 2, *sizes]) if sizes else None
            numbers = numbers or constant("n", [1, 1, *scales], np.float32)
            node = helper.make_node(
                "Resize", inputs, ["y"], name="grow", mode=mode,
                coordinate_transformation_mode=place, nearest_mode=rounding,
            )  # fmt: skip
            return make([node], [value("x", [1, 2, *image])], [value("y", [1, 2, "p", "q"])], [numbers])

        for place in ("align_corners", "pytorch_half_pixel", "half_pixel", "asymmetric"):
            for rounding, size in (
                ("round_prefer_floor", [7, 9]),
                ("round_prefer_ceil", [3, 1]),
                ("floor", [5, 12]),
                ("ceil", [3, 9]),
            ):
                self.compare(resize(place, rounding, sizes=size), data(1, 2, 5, 6))
        # In f32, 5 times 1.4 is 7.
        self.compare(resize("align_corners", "floor", scales=[1.4, 1.5]), data(1, 2, 5, 6))
        self.compare(resize("half_pixel", "floor", scales=[1.4, 1.5], mode="linear"), data(1, 2, 5, 6))
        model = resize("align_corners", "floor", sizes=[7, 9], image=("h", 6))
        with self.assertRaisesRegex(
            quanta.Error, r"'grow' \(Resize\): coordinates 'align_corners' of mode 'nearest', with open sizes"
        ):
            quanta.load(self.save(model))

    def test_resizes_of_any_dimensions(self):
        part = [0.0, 0.0, 0.1, 0.2, 1.0, 1.0, 0.9, 1.2]

        def check(shape, numbers, shown=None, roi=None, kind=np.int64, **options):
            inits = [constant("n", numbers, kind)]
            inits += [constant("r", roi, np.float32)] if roi else []
            inputs = ["x", "r" if roi else "", *[""] * (kind == np.int64), "n"]
            node = helper.make_node("Resize", inputs, ["y"], name="grow", **options)
            out = [f"o{dim}" for dim in range(len(shape))]
            model = make([node], [value("x", shown or shape)], [value("y", out)], inits)
            self.compare(model, data(*shape))

        image = (2, 3, 5, 6)
        for mode in ("nearest", "linear", "cubic"):
            options = {"mode": mode, "coordinate_transformation_mode": "half_pixel_symmetric"}
            check(image, [2, 3, 3, 1], **options)
            check(image, [7, 9], axes=[2, -1], mode=mode)
            options["coordinate_transformation_mode"] = "tf_crop_and_resize"
            options["extrapolation_value"] = 3.5
            check(image, [2, 3, 7, 9], roi=part, **options)
            check(image, [0.6, 1], roi=[0.1, 0.2, 0.9, 1.2], kind=np.float32, axes=[2, 3], **options)
        # Each other dimension than those of an image.
        check(image, [3, 2, 5, 6], mode="nearest")
        check(image, [1, 2, 1, 1], kind=np.float32, mode="nearest", shown=["n", 3, "h", 6])
        check((2, 3, 5), [2, 3, 9], mode="linear")
        check((2, 3, 4, 5, 3), [2, 3, 3, 7, 5], mode="linear")
        # What torch-mlir knows of open sizes, by axes.
        check(image, [2, 3], kind=np.float32, mode="linear", axes=[3, 2], shown=["n", 3, "h", "w"])
        for policy in ("not_larger", "not_smaller"):
            check(image, [7, 9], mode="linear", axes=[2, 3], keep_aspect_ratio_policy=policy)
        check(image, [2, 3, 7, 9], mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5)
        for options, reason in [
            ({"antialias": 1}, "antialias"),
            ({"axes": [2, 3], "shown": [2, 3, "h", 6]}, "axes, where sizes are open"),
        ]:
            sizes = [7, 9] if "axes" in options else [2, 3, 7, 9]
            with self.assertRaisesRegex(quanta.Error, rf"'grow' \(Resize\): {reason}"):
                check(image, sizes, mode="linear", **options)
        with self.assertRaisesRegex(quanta.Error, "mode 'linear' of these dimensions, with open sizes"):
            check(image, [2, 2], kind=np.float32, mode="linear", axes=[1, 3], shown=[2, "c", 5, 6])

    def test_unsigned_integers(self):
        def check(kind, inputs, dtype, *inits, out=None, shape=(2, 3, 8, 8), **options):
            node = helper.make_node(kind, inputs, ["y"], name="node", **options)
            elem = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            numbers = RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
            result = helper.make_tensor_value_info(
                "y", helper.np_dtype_to_tensor_dtype(np.dtype(out or dtype)), None
            )
            model = make(
                [node], [helper.make_tensor_value_info("x", elem, shape)], [result],
                [constant(name, array, of) for name, array, of in inits],
            )  # fmt: skip
            self.compare(model, numbers)

        for dtype in (np.uint8, np.uint32):
            high = np.iinfo(dtype).max // 4 * 3
            low, high = ("l", 3, dtype), ("h", high, dtype)
            check("Clip", ["x", "l", "h"], dtype, low, high)
            check("Clip", ["x", "h"], dtype, high)
            check("Clip", ["x", "", "h"], dtype, high)
            check("Abs", ["x"], dtype)
            check("Max", ["x", "h"], dtype, high)
            check("Less", ["x", "h"], dtype, high, out=bool)
        seven = ("s", 7, np.uint8)
        check("Div", ["x", "s"], np.uint8, seven)
        check("Mod", ["x", "s"], np.uint8, seven)
        check("MaxPool", ["x"], np.uint8, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        square = ("w", np.arange(64).reshape(8, 8) + 190, np.uint8)
        check("MatMulInteger", ["x", "w"], np.uint8, square, out=np.int32)
        with self.assertRaisesRegex(quanta.Error, r"'node' \(Div\): torch-mlir takes its unsigned"):
            check("Div", ["x", "s"], np.uint32, ("s", 7, np.uint32))

    def test_random_numbers_are_named(self):
        nodes = [
            helper.make_node("RandomNormalLike", ["x"], ["r"], name="noise"),
            helper.make_node("TopK", ["x", "k"], ["v", "i"], name="best"),
            helper.make_node("Add", ["x", "r"], ["y"]),
        ]
        model = make(
            nodes, [value("x", [2, 7])], [value("y", [2, 7]), value("v", [2, 2])],
            [constant("k", [2])],
        )  # fmt: skip
        with self.assertRaises(quanta.Error) as caught:
            quanta.load(self.save(model))
        text = str(caught.exception)
        self.assertIn("'noise' (RandomNormalLike): it draws random numbers", text)
        self.assertIn("'best' (TopK)", text)

    def test_all_that_is_unknown_is_named(self):
        # Beside something that ONNX Runtime would fold.
        nodes = [
            helper.make_node("Foo", ["x"], ["a"], name="foo", domain="my.ops"),
            helper.make_node("BatchNormalization", ["x", "s", "s", "s", "s"], ["b"], name="bn"),
            helper.make_node("Bar", ["b"], ["c"], name="bar", domain="my.ops"),
            helper.make_node("Add", ["a", "c"], ["y"], name="sum"),
        ]
        shape = [1, 2, 4, 4]
        model = make(nodes, [value("x", shape)], [value("y", shape)], [constant("s", np.ones(2), np.float32)])
        with self.assertRaises(quanta.Error) as caught:
            quanta.load(self.save(model))
        text = str(caught.exception)
        self.assertIn("'foo' (my.ops.Foo)", text)
        self.assertIn("'bar' (my.ops.Bar)", text)
        self.assertNotIn("bn", text)


if __name__ == "__main__":
    unittest.main()
