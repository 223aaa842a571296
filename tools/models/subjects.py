# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks that are measured, each with its data, its bars and its original."""

import io
import json
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Tuple

import numpy as np

import data
import measures

Samples = List[Tuple[np.ndarray, ...]]


class Network(NamedTuple):
    """A model at its door, its data, and what is measured on it."""

    name: str
    module: "quanta.Module"
    calibration: Samples
    test: Samples
    # Name of the metric -> function of outputs and float outputs.
    metrics: Dict[str, Callable]
    # The same model as a file, for the peers.
    onnx: Path
    # (scheme, metric) -> the least that will do; None is any scheme.
    bars: Dict[tuple, float]
    # What the float program has to equal.
    expected: np.ndarray
    # What calls are timed with.
    timed: Tuple[np.ndarray, ...]


class Subjects:
    """Makes them, with their files in `out`."""

    def __init__(self, out: Path, quick: bool, seed: int):
        self.out, self.quick, self.seed = out, quick, seed

    def few(self, count: int) -> int:
        return max(count // 10, 8) if self.quick else count

    def digits(self):
        from digits import load_digits

        return load_digits()

    def mlp(self) -> Network:
        import quanta
        from digits import reference_logits, save_onnx, train_mlp

        digits, path = self.digits(), self.out / "mlp.onnx"
        layers = train_mlp(digits)
        save_onnx(layers, str(path))
        images = digits.test_images
        return Network(
            "digit MLP",
            quanta.load(path),
            one_by_one(digits.train_images[:200]),
            one_by_one(images),
            digit_metrics(digits.test_labels),
            path,
            {(None, "agreement"): 0.99, (None, "accuracy lost, points"): 0.2},
            reference_logits(layers, images),
            (images[:1],),
        )

    def trained_cnn(self):
        import networks

        digits = self.digits()
        start = time.perf_counter()
        net = networks.train_cnn(digits.train_images, digits.train_labels)
        print(f"  trained in {time.perf_counter() - start:.0f} s")
        return digits, net

    def cnn(self) -> Network:
        import peers
        import quanta
        import torch

        digits, net = self.trained_cnn()
        path = self.out / "cnn.onnx"
        example = np.zeros((2, 1, 28, 28), np.float32)
        batch = {0: torch.export.Dim("batch")}
        peers.export(net, (example,), path, (batch,))
        images = digits.test_images.reshape(-1, 1, 28, 28)
        with torch.no_grad():
            expected = net(torch.from_numpy(images)).numpy()
        return Network(
            "digit CNN",
            quanta.from_torch(net, torch.from_numpy(example), dynamic_shapes=(batch,)),
            one_by_one(digits.train_images[:200].reshape(-1, 1, 28, 28)),
            one_by_one(images),
            digit_metrics(digits.test_labels),
            path,
            {(None, "agreement"): 0.985, (None, "accuracy lost, points"): 0.3},
            expected,
            (images[:1],),
        )

    def magika(self) -> Network:
        import peers
        import quanta
        from magika import Magika, magika
        from magika.types.seekable import Seekable

        config = json.loads(
            (package_file(magika, "models/standard_v3_3") / "config.min.json").read_text()
        )
        path = package_file(magika, "models/standard_v3_3") / "model.onnx"

        def features(file: Path) -> tuple:
            seekable = Seekable(io.BytesIO(file.read_bytes()))
            found = Magika._extract_features_from_seekable(
                seekable,
                *(config[key] for key in ("beg_size", "mid_size", "end_size")),
                *(config[key] for key in ("padding_token", "block_size")),
                config["use_inputs_at_offsets"],
            )
            return (np.array([found.beg + found.end], np.int32),)

        size = config["beg_size"] + config["end_size"]
        # One file in a hundred changes: fewer would not tell much.
        tests = self.few(2000)
        chosen = data.files(tests + self.few(200), self.seed)
        samples = [features(file) for file in chosen]
        return Network(
            "magika",
            quanta.load(path, shapes={"bytes": [1, size]}),
            samples[tests:],
            samples[:tests],
            {"agreement": measures.agreement},
            path,
            {("static", "agreement"): 0.98, ("auto", "agreement"): 0.99},
            run_all(peers.OnnxRuntime(path), samples[:tests]),
            samples[0],
        )

    def encoder(self) -> Network:
        import networks
        import peers
        import quanta
        import torch

        net, tokenizer = networks.load_encoder()
        tests = self.few(400)
        samples = networks.tokenize(tokenizer, data.sentences(tests + self.few(64)))
        path = self.out / "encoder.onnx"
        tokens = {1: torch.export.Dim("tokens", min=2, max=512)}
        example = samples[0]
        peers.export(net, example, path, (tokens, tokens))
        with torch.no_grad():
            expected = run_all(
                lambda *x: net(*map(torch.from_numpy, x)).numpy(), samples[:tests]
            )
        return Network(
            "sentence encoder",
            quanta.from_torch(
                net,
                tuple(map(torch.from_numpy, example)),
                dynamic_shapes=(tokens, tokens),
            ),
            samples[tests:],
            samples[:tests],
            {"cosine": measures.cosine, "top-5 overlap": measures.top5_overlap},
            path,
            {
                ("auto", "cosine"): 0.998,
                ("auto", "top-5 overlap"): 0.94,
                (None, "int8 share of MACs"): 1,
            },
            expected,
            # 128 tokens.
            tuple(
                np.resize(np.concatenate(arrays, axis=1), (1, 128))
                for arrays in zip(*samples[:tests])
            ),
        )


def one_by_one(array: np.ndarray) -> Samples:
    return [(array[i : i + 1],) for i in range(len(array))]


def run_all(run: Callable, samples: Samples) -> np.ndarray:
    return np.concatenate([run(*sample) for sample in samples])


def digit_metrics(labels: np.ndarray) -> Dict[str, Callable]:
    return {
        "accuracy": lambda outputs, _: measures.accuracy(outputs, labels),
        "agreement": measures.agreement,
    }


def package_file(module, name: str) -> Path:
    return Path(module.__file__).parent / name
