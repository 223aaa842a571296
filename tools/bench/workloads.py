# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured. Matrix products are named MxNxK, convolutions by their kernel,
image, and channels in-out."""

from typing import List, NamedTuple, Optional


class Workload(NamedTuple):
    name: str
    # gemm, matmul, conv, depthwise, pair, dynamic, network, overhead, threads or
    # compile
    group: str
    # Single operations, see operations.py.
    layers: Optional[list] = None
    # A network of networks.py.
    network: Optional[str] = None
    batch: int = 1
    threads: int = 1


def matmul(group: str, m: int, n: int, k: int, threads: int = 1) -> Workload:
    suffix = f", {threads} threads" if threads > 1 else ""
    layers = [{"m": m, "n": n, "k": k}]
    return Workload(f"matmul {m}x{n}x{k}{suffix}", group, layers, threads=threads)


def layer(h, ic, oc, kernel=1, stride=1, g=1) -> dict:
    return dict(h=h, ic=ic, oc=oc, kernel=kernel, stride=stride, pad=kernel // 2, g=g)


def conv(h, ic, oc, kernel=1, stride=1) -> Workload:
    step = f"s{stride}" if stride > 1 else ""
    name = f"conv {kernel}x{kernel}{step} {h}x{h} {ic}-{oc}"
    return Workload(name, "conv", [layer(h, ic, oc, kernel, stride)])


def depthwise(h, channels, stride=1) -> dict:
    return layer(h, channels, channels, 3, stride, channels)


# Image, channels and stride of the depthwise convolution, channels after it.
MOBILENET_PAIRS = [
    (112, 32, 1, 16),
    (112, 96, 2, 24),
    (56, 144, 1, 24),
    (56, 144, 2, 32),
    (28, 192, 1, 32),
    (28, 192, 2, 64),
    (14, 384, 1, 64),
    (14, 576, 1, 96),
    (14, 576, 2, 160),
    (7, 960, 1, 160),
]


def all_workloads() -> List[Workload]:
    found = [matmul("gemm", size, size, size) for size in (512, 1024, 2048)]
    found += [
        matmul("matmul", *sizes)
        for sizes in ((1, 256, 784), (64, 256, 784), (1, 10, 256), (64, 10, 256))
    ]
    found.append(matmul("matmul", 128, 3072, 768))
    for n, k in ((3072, 768), (4096, 4096)):
        found += [matmul("matmul", m, n, k) for m in (1, 2, 4, 8, 16, 64)]
    # The distinct shapes of ResNet-50's bottlenecks, and its stem.
    found.append(conv(224, 3, 64, 7, 2))
    for stage, size in enumerate((56, 28, 14, 7)):
        width = 64 << stage
        found += [
            conv(size, 4 * width, width),
            conv(size, width, width, 3),
            conv(size, width, 4 * width),
        ]
    for size, channels in ((112, 32), (14, 512)):
        name = f"depthwise 3x3 {size}x{size}x{channels}"
        found.append(Workload(name, "depthwise", [depthwise(size, channels)]))
    for size, channels, stride, out in MOBILENET_PAIRS:
        step = f"s{stride}" if stride > 1 else ""
        name = f"pair {size}x{size}x{channels}{step}-{out}"
        first = depthwise(size, channels, stride)
        after = (size - 1) // stride + 1
        found.append(Workload(name, "pair", [first, layer(after, channels, out)]))
    for m in (1, 16, 128):
        found.append(
            Workload(f"dynamic {m}x768x768", "dynamic", [{"m": m, "n": 768, "k": 768}])
        )
    for network, batches in (
        ("mlp", (1, 8, 64)),
        ("resnet50", (1, 8)),
        ("mobilenet_v2", (1, 8)),
        ("bert_layer", (1, 8)),
    ):
        found += [
            Workload(f"{network} batch {batch}", "network", None, network, batch)
            for batch in batches
        ]
    found.append(Workload("identity of 16 values", "overhead", None, "identity"))
    found.append(matmul("threads", 1024, 1024, 1024, threads=2))
    found.append(
        Workload("resnet50 batch 1, 2 threads", "threads", None, "resnet50", 1, 2)
    )
    for network in ("mlp", "resnet50"):
        found.append(Workload(f"compile {network}", "compile", None, network))
    return found
