# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantizes a network for handwritten digits and prints what that gained.

Trains a 784-256-10 perceptron, saves it as ONNX, takes it from there to machine
code one stage at a time, and compares float with int8 on images that neither the
training nor the calibration saw. Every stage stays in BUILD/demo as MLIR text.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from digits import accuracy, load_digits, reference_logits, save_onnx, train_mlp
from timing import interleaved_medians, pin_to_one_core

CALIBRATION_IMAGES = 200

# The stage, what makes it of the one before, and how it is called there.
STAGES = [
    ("2-observed", "--quanta-insert-observers=observer=min_max"),
    ("3-simulated", "--quanta-apply-calibration=statistics={statistics}"),
    ("4-quantized", "--quanta-fuse --quanta-quantize"),
    ("5-integer", "--quanta-rewrite-types"),
    ("6-kernel", "--quanta-to-kernel"),
]


class Demo:
    def __init__(self, build: Path):
        self.build = build.resolve()
        self.out = self.build / "demo"
        self.out.mkdir(parents=True, exist_ok=True)
        sys.path.insert(0, str(self.build / "python"))

    def path(self, name: str) -> Path:
        return self.out / name

    def tool(self, command: str) -> str:
        """Runs one of our tools in the demo's folder, and shows how."""
        print(f"  {command}", flush=True)
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [str(self.build / "bin" / program), *arguments],
            cwd=self.out,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            sys.exit(f"\ndemo: this failed:\n{done.stderr.strip()}")
        return done.stdout

    def write_readable(self, name: str) -> None:
        """A copy without the weights, for people."""
        (self.out / "readable").mkdir(exist_ok=True)
        subprocess.run(
            [
                str(self.build / "bin" / "quant-opt"),
                f"{name}.mlir",
                "--mlir-elide-elementsattrs-if-larger=16",
                "--mlir-elide-resource-strings-if-larger=16",
                "-o",
                f"readable/{name}.mlir",
            ],
            cwd=self.out,
            check=True,
        )


def step(text: str) -> None:
    print(f"\n{text}", flush=True)


def prepare(demo: Demo):
    """Data, training, and the ONNX file."""
    step("Training 784-256-10 on 4,000 handwritten digits")
    digits = load_digits()
    start = time.perf_counter()
    layers = train_mlp(digits)
    save_onnx(layers, str(demo.path("mlp.onnx")))
    np.save(demo.path("calibration.npy"), digits.train_images[:CALIBRATION_IMAGES])
    np.save(demo.path("unseen.npy"), digits.test_images)
    print(f"  {time.perf_counter() - start:.1f} s, saved as mlp.onnx")
    return digits, layers


def lower(demo: Demo) -> dict:
    """From the ONNX file to the LLVM dialect; returns the report."""
    import quanta

    step("Reading mlp.onnx as float MLIR")
    quanta.load(demo.path("mlp.onnx")).save(demo.path("1-float.mlir"))
    print("  quanta.load('mlp.onnx').save('1-float.mlir')")

    step(f"Running {CALIBRATION_IMAGES} training images through the observed program")
    previous = "1-float"
    for name, passes in STAGES:
        if name == "3-simulated":
            demo.tool(
                f"quant-run {previous}.mlir --input=calibration.npy "
                "--output=calibration-logits.npy --statistics=statistics.json"
            )
            step("Quantizing, one stage at a time")
        passes = passes.format(statistics="statistics.json")
        demo.tool(
            f"quant-opt {previous}.mlir {passes} -o {name}.mlir"
        )
        demo.write_readable(name)
        previous = name
    demo.write_readable("1-float")

    step("The same in one step, down to the LLVM dialect")
    demo.tool(
        "quant-opt 1-float.mlir "
        "--quanta-ptq='statistics=statistics.json report=quantization.json' "
        "--quanta-to-llvm=cpu=native -o 7-llvm.mlir"
    )
    demo.write_readable("7-llvm")

    step("Comparing the stages on the unseen images")
    print(
        demo.tool(
            "quant-run 1-float.mlir --input=unseen.npy --check-stages "
            "--statistics=statistics.json"
        ).rstrip()
    )
    return json.loads(demo.path("quantization.json").read_text())


def evaluate(demo: Demo, digits, layers) -> dict:
    """Accuracy of both programs, through files as a user would do it."""
    step("Running float and int8 over 1,000 unseen images")
    demo.tool("quant-run 1-float.mlir --input=unseen.npy --output=logits-float.npy")
    printed = demo.tool(
        "quant-run 5-integer.mlir --input=unseen.npy --output=logits-int8.npy "
        "--print-isa"
    )
    isa = re.search(r"^isa: (.*)$", printed, re.MULTILINE)[1]
    one_step = "logits-llvm.npy"
    demo.tool(f"quant-run 7-llvm.mlir --input=unseen.npy --output={one_step}")

    logits_float = np.load(demo.path("logits-float.npy"))
    logits_int8 = np.load(demo.path("logits-int8.npy"))
    if not np.array_equal(logits_int8, np.load(demo.path(one_step))):
        sys.exit("demo: the one-step program gave other bits than the stages")
    error = np.abs(logits_float - reference_logits(layers, digits.test_images)).max()
    if not error < 1e-3:
        sys.exit(f"demo: the float program is off by {error} from NumPy")
    return {
        "accuracy_float": accuracy(logits_float, digits.test_labels),
        "accuracy_int8": accuracy(logits_int8, digits.test_labels),
        "agreement": accuracy(logits_int8, logits_float.argmax(axis=1)),
        "mse": float(np.mean((logits_float - logits_int8.astype(np.float64)) ** 2)),
        "isa": isa,
    }


def constant_bytes(path: Path, pattern: str) -> int:
    """Bytes of the tensors or arrays that match; scalars are code, not model."""
    total = 0
    for match in re.finditer(pattern, path.read_text()):
        *sizes, element = re.findall(r"\d+", match[1])
        if sizes:
            total += int(np.prod([int(size) for size in sizes])) * int(element) // 8
    return total


def model_sizes(demo: Demo) -> dict:
    """What is stored of the model: parameters before, constants in the code after."""
    return {
        "bytes_float": constant_bytes(
            demo.path("1-float.mlir"),
            r"arith\.constant dense.*?> : tensor<((?:\d+x)+f32)> loc",
        ),
        "bytes_int8": constant_bytes(
            demo.path("7-llvm.mlir"),
            r"llvm\.mlir\.global .*constant.* : !llvm\.array<(.*[if]\d+)>+",
        ),
    }


def measure(demo: Demo, digits) -> tuple:
    """Microseconds per image at batch 1 and 64, of ours and of the peers."""
    import quanta
    import peers

    step("Measuring on one core, all taking turns")
    onnx_float, onnx_int8 = demo.path("mlp.onnx"), demo.path("mlp-int8.onnx")
    calibration = digits.train_images[:CALIBRATION_IMAGES]
    peers.quantize_onnx(str(onnx_float), str(onnx_int8), calibration)
    ours = {
        "float": quanta.compile(quanta.load(demo.path("1-float.mlir"))),
        "int8": quanta.compile(quanta.load(demo.path("5-integer.mlir"))),
    }
    sessions = {
        "float": peers.Session(str(onnx_float)),
        "int8": peers.Session(str(onnx_int8)),
    }

    pin_to_one_core()
    latency = {"float": {}, "int8": {}}
    peer_latency = {"float": {}, "int8": {}}
    for batch in (1, 64):
        images = np.ascontiguousarray(digits.test_images[:batch])
        functions = {}
        for kind in ("float", "int8"):
            functions[f"ours {kind}"] = lambda run=ours[kind]: run(images)
            functions[f"peer {kind}"] = sessions[kind].bound(images)
        times = interleaved_medians(functions)
        for kind in ("float", "int8"):
            latency[kind][f"b{batch}"] = times[f"ours {kind}"] / batch
            peer_latency[kind][f"b{batch}"] = times[f"peer {kind}"] / batch

    logits = {k: session.run(digits.test_images) for k, session in sessions.items()}
    peer = {
        "accuracy_float": accuracy(logits["float"], digits.test_labels),
        "accuracy_int8": accuracy(logits["int8"], digits.test_labels),
        "agreement": accuracy(logits["int8"], logits["float"].argmax(axis=1)),
        "mse": float(np.mean((logits["float"] - logits["int8"]) ** 2)),
        "bytes_float": sessions["float"].bytes,
        "bytes_int8": sessions["int8"].bytes,
        "latency_us": peer_latency,
    }
    return latency, {f"ONNX Runtime {peers.version()}": peer}


def bars(report: dict) -> list:
    """[(what, value, limit text, passed)]"""
    ours = report["latency_us"]
    peer = next(iter(report["peers"].values()))["latency_us"]
    lost = (report["accuracy_float"] - report["accuracy_int8"]) * 100
    size = report["bytes_int8"] / report["bytes_float"] * 100
    speed = ours["float"]["b64"] / ours["int8"]["b64"]
    floats = ours["float"]["b64"] / peer["float"]["b64"]
    single = ours["int8"]["b1"] / peer["int8"]["b1"]
    return [
        ("accuracy lost", f"{lost:.2f} points", "<= 0.30", lost <= 0.3 + 1e-9),
        ("int8 bytes / float bytes", f"{size:.1f} %", "<= 27.0", size <= 27),
        ("int8 speed-up, batch 64", f"{speed:.2f} x", ">= 3.00", speed >= 3),
        (
            "our float / ONNX Runtime's, batch 64",
            f"{floats:.2f} x",
            "<= 1.50",
            floats <= 1.5,
        ),
        (
            "our int8 / ONNX Runtime's, batch 1",
            f"{single:.2f} x",
            "<= 1.00",
            single <= 1,
        ),
    ]


def print_table(report: dict) -> None:
    name, peer = next(iter(report["peers"].items()))

    def row(label, *cells):
        print(f"  {label:<26}" + "".join(f"{cell:>13}" for cell in cells))

    def size(count):
        return f"{count:,}"

    print(f"\n  {'':<26}{'Quanta':>26}{name:>26}")
    row("", "float", "int8", "float", "int8")
    print("  " + "-" * 78)
    both = (report, peer)
    row(
        "accuracy",
        *(f"{r[f'accuracy_{k}']:.1%}" for r in both for k in ("float", "int8")),
    )
    row(
        "agreement with float",
        *("", f"{report['agreement']:.1%}", "", f"{peer['agreement']:.1%}"),
    )
    row("MSE of the logits", "", f"{report['mse']:.2e}", "", f"{peer['mse']:.2e}")
    row(
        "model size, bytes",
        *(size(r[f"bytes_{k}"]) for r in both for k in ("float", "int8")),
    )
    for batch in ("b1", "b64"):
        row(
            f"us per image, batch {batch[1:]}",
            *(f"{r['latency_us'][k][batch]:.2f}" for r in both for k in r["latency_us"]),
        )
    for batch in ("b1", "b64"):
        ratios = [
            r["latency_us"]["float"][batch] / r["latency_us"]["int8"][batch]
            for r in both
        ]
        row(
            f"speed-up, batch {batch[1:]}",
            "",
            f"{ratios[0]:.2f} x",
            "",
            f"{ratios[1]:.2f} x",
        )
    row("int8 share of the MACs", "", f"{report['int8_mac_share']:.1%}")
    print("\n  Latency: one core, median of calls from Python, outputs in new arrays for")
    print("  Quanta and in bound buffers for ONNX Runtime. Sizes: what is stored of the")
    print("  parameters for Quanta, the files for ONNX Runtime.")
    print(f"  int8 instruction set: {report['isa']}")
    left = report["left_in_float"]
    print(f"  left in float: {'nothing' if not left else ''}")
    for entry in left:
        print(f"    {entry['location']} ({entry['op']}): {entry['reason']}")


def print_bars(report: dict) -> bool:
    print()
    for what, value, limit, passed in bars(report):
        verdict = "pass" if passed else "FAIL"
        print(f"  {verdict}  {what:<38}{value:>12}   (bar: {limit})")
    return all(bar[3] for bar in bars(report))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tools/dev demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--build",
        type=Path,
        default=Path("build"),
        help="the build folder (default: build)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if a bar is missed"
    )
    options = parser.parse_args()

    demo = Demo(options.build)
    digits, layers = prepare(demo)
    quantization = lower(demo)
    report = evaluate(demo, digits, layers)
    report.update(model_sizes(demo))
    report["latency_us"], report["peers"] = measure(demo, digits)
    report["latency_unit"] = "us per image: median call from Python / batch size"
    report["int8_mac_share"] = quantization["int8_mac_share"]
    report["left_in_float"] = quantization["left_in_float"]
    report["bars"] = [
        {"what": what, "value": value, "bar": limit, "passed": bool(passed)}
        for what, value, limit, passed in bars(report)
    ]
    demo.path("report.json").write_text(json.dumps(report, indent=2) + "\n")

    print_table(report)
    passed = print_bars(report)
    print(f"\n  Figures: {demo.path('report.json')}")
    print(f"  Stages to read: {demo.path('readable')}")
    return 1 if options.strict and not passed else 0


if __name__ == "__main__":
    sys.exit(main())
