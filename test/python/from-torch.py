# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# REQUIRES: python-package, torch
# RUN: %python %s
"""The door for PyTorch modules."""

import re
import unittest

import numpy as np
import torch
from torch import nn

import quanta


class Attention(nn.Module):
    """Self-attention with everything that makes a transformer's layer."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.out = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.table = nn.Embedding(11, 8)

    def forward(self, ids, mask):
        x = self.table(ids)
        n, t, _ = x.shape
        q, k, v = (f(x).view(n, t, 2, 4).transpose(1, 2) for f in self.qkv)
        scores = q @ k.transpose(-1, -2) / 2.0 + (1.0 - mask.float())[:, None, None] * -1e4
        y = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(n, t, 8)
        return self.norm(x + nn.functional.gelu(self.out(y)))


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.depth = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=4)
        self.point = nn.Conv2d(4, 6, 1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = torch.relu(self.depth(nn.functional.max_pool2d(x, 2)))
        return self.fc(torch.relu(self.point(x)).mean((2, 3)))


class Layers(nn.Module):
    """Layers of PyTorch's own that it exports in many pieces."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, batch_first=True)
        self.gru = nn.GRU(6, 8, batch_first=True)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.up = nn.ConvTranspose1d(8, 3, 4, stride=2, padding=1)

    def forward(self, x, mask):
        x = self.encoder(self.gru(self.lstm(x)[0])[0])
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.up(x.transpose(1, 2)), mean


def tuples(results):
    return results if isinstance(results, tuple) else (results,)


class FromTorch(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def check(self, net, inputs, dynamic=None, others=(), tolerance=0.1):
        """Float equals PyTorch; int8 comes near; nothing stays in float."""
        net.eval()
        module = quanta.from_torch(net, inputs, dynamic_shapes=dynamic)
        run = quanta.compile(module)
        statistics = quanta.calibrate(module, [tuple(x.numpy() for x in inputs)])
        small = quanta.quantize(module, statistics, strict=True)
        self.assertEqual(small.report["int8_mac_share"], 1.0)
        run8 = quanta.compile(small)
        for sample in (inputs, *others):
            with torch.no_grad():
                expected = net(*sample)
            arrays = [x.numpy() for x in sample]
            for results, near in ((run(*arrays), 2e-6), (run8(*arrays), tolerance)):
                for y, wanted in zip(tuples(results), tuples(expected)):
                    np.testing.assert_allclose(y, wanted.numpy(), atol=near)
        return module, statistics

    def test_convolutions(self):
        net = Convolutions()
        batch = torch.export.Dim("batch")
        images = torch.randn(3, 1, 12, 12)
        module, statistics = self.check(net, (images,), ({0: batch},), [(images[:1],)])
        self.assertEqual(module.name, "Convolutions")
        self.assertEqual(
            sorted(statistics),
            ["depth/lhs", "fc/lhs", "first/lhs", "main/result_0", "point/lhs"],
        )

    def test_attention_of_fixed_and_of_open_sizes(self):
        ids = torch.randint(0, 11, (2, 5))
        mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
        short = (ids[:1, :3].contiguous(), mask[1:, :3].contiguous())
        self.check(Attention(), (ids, mask))
        sizes = {0: torch.export.Dim("n"), 1: torch.export.Dim("t", max=64)}
        module, statistics = self.check(
            Attention(), (ids, mask), (sizes, sizes), [short]
        )
        # Three layers read one tensor: one observer.
        self.assertEqual(sum("qkv" in name for name in statistics), 1)
        self.assertEqual(module._program.input_names["main"], ["ids", "mask"])

    def test_layers_in_pieces(self):
        mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
        module, statistics = self.check(Layers(), (torch.randn(2, 4, 5), mask))
        # Attention within the encoder: products of two activations.
        attention = {"encoder.self_attn/rhs", "encoder.self_attn/rhs#1"}
        self.assertLessEqual(attention, set(statistics))
        # The flipped weights of a transposed convolution are weights.
        self.assertEqual([name for name in statistics if name.startswith("up/")], ["up/lhs"])

    def test_transposed_convolutions_of_single_channels(self):
        batch = torch.export.Dim("batch")
        for layer in (
            nn.ConvTranspose2d(6, 6, 4, stride=2, padding=1, groups=6),
            nn.ConvTranspose2d(6, 12, (3, 2), stride=(1, 3), groups=6, bias=False),
            nn.ConvTranspose2d(6, 6, 3, 2, padding=3, output_padding=1, groups=6, dilation=2),
        ):
            images = torch.randn(2, 6, 7, 5)
            self.check(layer, (images,))
            self.check(layer, (images,), ({0: batch},), [(images[:1],)])

    def test_functions_in_pieces_are_one_layer(self):
        functional = nn.functional

        def gelu(x):
            return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x**3)))

        functions = [
            functional.silu,
            functional.hardswish,
            functional.mish,
            lambda x: x * torch.sigmoid(x),
            lambda x: x * functional.hardsigmoid(x),
            lambda x: x * torch.tanh(functional.softplus(x)),
            lambda x: x * 0.5 * (1.0 + torch.erf(x / 2.0**0.5)),
            gelu,
            lambda x: functional.gelu(x, approximate="tanh"),
        ]

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in functions)

            def forward(self, x):
                return tuple(f(layer(x)) for f, layer in zip(functions, self.layers))

        x = torch.randn(5, 8)
        net = Net().eval()
        module = quanta.from_torch(net, x)
        merged = module.run("quanta-merge-functions")
        # The bias and the function of each.
        self.assertEqual(str(merged).count("= linalg.generic"), 2 * len(functions))
        results = [quanta.compile(m)(x.numpy()) for m in (module, merged)]
        for wanted, expected, result in zip(net(x), *results):
            np.testing.assert_allclose(expected, wanted.detach().numpy(), atol=2e-6)
            np.testing.assert_array_equal(result, expected)
        half = quanta.quantize(module, recipe={"scheme": "fp16"})
        self.assertEqual(len(half.report["float16_layers"]), len(functions))

    def test_training_mode_comes_back(self):
        net = Convolutions()
        net.norm.eval()
        quanta.from_torch(net, torch.zeros(2, 1, 12, 12), name="digits")
        self.assertTrue(net.training and net.first.training)
        self.assertFalse(net.norm.training)

    def test_an_exported_program_and_arguments_by_name(self):
        net = nn.Linear(3, 2).eval()
        x = torch.randn(4, 3)
        exported = torch.export.export(net, (x,))
        for module in (
            quanta.from_torch(exported, name="linear"),
            quanta.from_torch(net, {"input": x}),
        ):
            result = quanta.compile(module)(x.numpy())
            np.testing.assert_allclose(result, net(x).detach().numpy(), atol=1e-6)

    def test_all_that_is_not_supported_is_named(self):
        class Inner(nn.Module):
            def forward(self, x):
                return torch.special.bessel_j0(x)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = Inner()

            def forward(self, x):
                y = torch.linalg.svdvals(self.inner(x)) + torch.igamma(x, x)[0]
                return y + torch.cumsum(x, 1)[0]

        with self.assertRaises(quanta.Error) as caught:
            quanta.from_torch(Net(), torch.ones(4, 4))
        lines = str(caught.exception).splitlines()
        self.assertEqual(lines[0], "'Net' has operations that are not supported:")
        text = "\n".join(lines[1:])
        self.assertRegex(text, r"'inner/special_bessel_j0' at .*from-torch.py:\d+")
        self.assertRegex(text, r"'_linalg_svd' at .*from-torch.py:\d+")
        self.assertRegex(text, r"'igamma' at .*from-torch.py:\d+")
        self.assertRegex(text, r"'cumsum' at .*: .* only its own 'tm_tensor.scan'")

        class Twice(nn.Module):
            def forward(self, x):
                y = torch.special.bessel_j0(x)
                return torch.special.bessel_j0(y + 1)

        with self.assertRaises(quanta.Error) as caught:
            quanta.from_torch(Twice(), torch.ones(4, 4))
        lines = re.findall(r"'special_bessel_j0' at .*from-torch.py:(\d+)", str(caught.exception))
        self.assertEqual(len(set(lines)), 2)

        class Bags(nn.Module):
            def __init__(self):
                super().__init__()
                self.bag = nn.EmbeddingBag(10, 4, mode="mean")

            def forward(self, rows):
                return self.bag(rows)

        with self.assertRaisesRegex(
            quanta.Error, r"'bag' at .*from-torch.py:\d+: how many rows a bag has"
        ):
            quanta.from_torch(Bags(), torch.zeros(2, 3, dtype=torch.int64))

        class Branch(nn.Module):
            def forward(self, x):
                return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))

        with self.assertRaisesRegex(
            quanta.Error, r"'cond' at .*from-torch.py:\d+: it takes functions"
        ):
            quanta.from_torch(Branch(), torch.ones(4, 4))

    def test_changes_in_place(self):
        class Net(nn.Module):
            def forward(self, x, y):
                x[:, 0] = 0
                return x @ y, y.relu_()

        x, y = torch.randn(3, 3), torch.randn(3, 3)
        before = x.clone(), y.clone()
        results = quanta.compile(quanta.from_torch(Net(), (x, y)))(x.numpy(), y.numpy())
        for argument, old in zip((x, y), before):
            self.assertTrue(torch.equal(argument, old))
        self.assertEqual(len(results), 2)
        for result, expected in zip(results, Net()(x, y)):
            np.testing.assert_allclose(result, expected.numpy(), atol=1e-6)

        class Counter(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("calls", torch.zeros(1))

            def forward(self, x):
                self.calls += 1
                return x * self.calls

        with self.assertRaisesRegex(quanta.Error, "'calls': forward changes it"):
            quanta.from_torch(Counter(), torch.ones(2))

    def test_what_cannot_be_traced(self):
        class Net(nn.Module):
            def forward(self, x):
                return x if x.sum() > 0 else -x

        with self.assertRaisesRegex(quanta.Error, "torch.export cannot trace 'Net': "):
            quanta.from_torch(Net(), torch.ones(4, 4))
        with self.assertRaisesRegex(quanta.Error, "expected a torch.nn.Module, not int"):
            quanta.from_torch(3, torch.ones(4, 4))

    def test_bilinear(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.pair = nn.Bilinear(16, 12, 8)

            def forward(self, x, y):
                return self.pair(x, y)

        torch.manual_seed(0)
        net, inputs = Net(), (torch.randn(3, 16), torch.randn(3, 12))
        module = quanta.from_torch(net, inputs)
        arrays = tuple(x.numpy() for x in inputs)
        expected = net(*inputs).detach().numpy()
        np.testing.assert_allclose(quanta.compile(module)(*arrays), expected, atol=1e-5)
        quantized = quanta.quantize(module, quanta.calibrate(module, [arrays]))
        self.assertEqual(quantized.report["int8_mac_share"], 1)
        self.assertEqual(len(quantized.report["contractions"]), 1)
        self.assertEqual(quantized.report["contractions"][0]["macs"], 3 * 8 * 16 * 12)

    def test_other_precisions(self):
        """They are compiled as they are; quantization is of f32."""
        for kind, tolerance in ((torch.float16, 1e-2), (torch.float64, 1e-12)):
            net, x = nn.Linear(8, 4).to(kind), torch.randn(2, 8, dtype=kind)
            module = quanta.from_torch(net, x)
            np.testing.assert_allclose(
                quanta.compile(module)(x.numpy()), net(x).detach().numpy(), atol=tolerance
            )
            with self.assertRaisesRegex(quanta.Error, "f16 or f64 is to be converted to f32"):
                quanta.calibrate(module, x.numpy())
            left = quanta.quantize(module, recipe={"scheme": "dynamic"}).report["left_in_float"]
            self.assertEqual(left[0]["reason"], "its element type is not f32")

    def test_groups_of_an_open_batch(self):
        net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)).eval()
        x = torch.randn(2, 3, 6, 6)
        batch = torch.export.Dim("batch")
        model = quanta.compile(quanta.from_torch(net, (x,), dynamic_shapes=({0: batch},)))
        for n in (1, 3):
            x = torch.randn(n, 3, 6, 6)
            np.testing.assert_allclose(model(x.numpy()), net(x).detach().numpy(), atol=1e-5)

    def test_random_numbers_are_named(self):
        class Noise(nn.Module):
            def forward(self, x):
                return x + torch.randn_like(x)

        with self.assertRaisesRegex(
            quanta.Error, r"'randn_like' at \S+from-torch.py:\d+: it draws random numbers"
        ):
            quanta.from_torch(Noise(), torch.zeros(2, 4))

    def test_unsigned_integers(self):
        class Net(nn.Module):
            def forward(self, x, y, z):
                best = x.max(1)
                return (
                    x.clamp(3, 200), x % 7, x // 3, x - 130, x > 130, x.amax((2, 3)), *best,
                    nn.functional.max_pool2d(x, 2), x / 255, x + z, x > z,
                    torch.maximum(x, y), x.clamp(16, 235).float() / 255, x >> 1,
                    nn.functional.pad(x, (1, 1), value=200),
                )  # fmt: skip

        numbers = torch.arange(2 * 3 * 6 * 6).reshape(2, 3, 6, 6) * 37 % 256
        arrays = numbers.to(torch.uint8), numbers.flip(1).to(torch.uint8), numbers.int() - 128
        for got, expected in zip(
            quanta.compile(quanta.from_torch(Net(), arrays))(*(a.numpy() for a in arrays)),
            Net()(*arrays),
        ):
            self.assertEqual(got.dtype, expected.numpy().dtype)
            np.testing.assert_allclose(got, expected.numpy(), rtol=1e-6)

        class Compare(nn.Module):
            def forward(self, x):
                return x > -1

        with self.assertRaisesRegex(
            quanta.Error, r"'gt' at \S+from-torch.py:\d+: a number that its unsigned"
        ):
            quanta.from_torch(Compare(), arrays[:1])


if __name__ == "__main__":
    unittest.main()
