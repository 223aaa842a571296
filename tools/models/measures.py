# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How well one set of outputs does the work of another."""

import numpy as np


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of the rows whose largest element is the label's."""
    return float(np.mean(outputs.argmax(axis=1) == labels))


def agreement(outputs: np.ndarray, reference: np.ndarray) -> float:
    """Share of the rows whose largest element is where the reference's is."""
    return accuracy(outputs, reference.argmax(axis=1))


def cosine(outputs: np.ndarray, reference: np.ndarray) -> float:
    """Mean cosine similarity of the rows."""
    dot = (outputs.astype(np.float64) * reference).sum(axis=1)
    lengths = np.linalg.norm(outputs, axis=1) * np.linalg.norm(reference, axis=1)
    return float(np.mean(dot / lengths))


def top5_overlap(outputs: np.ndarray, reference: np.ndarray) -> float:
    """Mean share of the five nearest neighbours, by cosine, that stay among them."""

    def neighbours(vectors):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = unit @ unit.T
        np.fill_diagonal(similarity, -np.inf)
        return np.argsort(-similarity, axis=1, kind="stable")[:, :5]

    pairs = zip(neighbours(outputs), neighbours(reference))
    return float(np.mean([len(np.intersect1d(a, b)) / 5 for a, b in pairs]))


def same_bits(outputs: np.ndarray, reference: np.ndarray) -> float:
    """Share of the elements that are equal to the last bit."""
    return float(np.mean(outputs.view(np.int32) == reference.view(np.int32)))
