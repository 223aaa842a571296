# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that measure, one for each library, and the peers' environment."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

HERE = Path(__file__).resolve().parent

# Each on its own: one that cannot be installed costs only its own rows.
PACKAGES = [
    ["numpy==2.4.6", "onnx==1.23.2"],
    ["onnxruntime==1.32.0"],
    ["openvino==2026.4.1"],
    ["nncf==3.4.0"],
    ["iree-base-compiler==3.13.0", "iree-base-runtime==3.13.0"],
    ["torch==2.13.0"],
]


def install(build: Path, log=print) -> Path:
    """Creates the peers' environment where it is missing; returns its Python."""
    folder = build / "bench-venv"
    python = folder / "bin" / "python"
    record = folder / "installed"
    wanted = json.dumps(PACKAGES)
    if record.exists() and record.read_text() == wanted:
        return python
    log("Installing the peers into build/bench-venv")
    if not python.exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", str(folder)], check=False)
    complete = True
    for packages in PACKAGES:
        with open(build / "bench-pip.log", "a") as output:
            done = subprocess.run(
                [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
                + packages,
                stdout=output,
                stderr=output,
            )
        if done.returncode:
            complete = False
            log(f"  cannot install {' '.join(packages)}: see build/bench-pip.log")
    if complete:
        record.write_text(wanted)
    return python


def find_library(build: Path, pattern: str) -> str:
    """A library of one of the peers' packages; empty if it is not installed."""
    found = sorted((build / "bench-venv").glob(f"lib/python*/site-packages/{pattern}"))
    return str(found[0]) if found else ""


class Process:
    """A child that answers one line with one line; it starts when first asked.

    A child that dies or takes too long answers with an error and is replaced.
    """

    def __init__(self, command: List[str], cores: List[int], threads: int = 1):
        self.command, self.cores, self.threads = command, cores, threads
        self.child = None
        self.pending = b""

    def start(self):
        environment = dict(os.environ, OMP_NUM_THREADS=str(self.threads))
        environment.pop("LD_PRELOAD", None)
        self.pending = b""
        self.child = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=HERE,
            preexec_fn=lambda: os.sched_setaffinity(0, self.cores),
        )

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child.stdin.close()
            self.child.stdout.close()
            self.child = None

    def ask(self, request: dict, seconds: float) -> Dict:
        """The answer, {"error": reason} if there is none within `seconds`."""
        try:
            if not self.child:
                self.start()
            self.child.stdin.write(json.dumps(request).encode() + b"\n")
            self.child.stdin.flush()
            while b"\n" not in self.pending:
                ready, _, _ = select.select([self.child.stdout], [], [], seconds)
                if not ready:
                    self.stop()
                    return {"error": f"took more than {seconds:.0f} s"}
                block = os.read(self.child.stdout.fileno(), 1 << 16)
                if not block:
                    code = self.child.wait()
                    self.stop()
                    return {"error": f"ended with status {code}"}
                self.pending += block
            line, _, self.pending = self.pending.partition(b"\n")
            return json.loads(line)
        except (OSError, ValueError) as error:
            self.stop()
            return {"error": str(error)}


class Tools(Process):
    """`peer_tools.py`, with answers that are errors raised as such."""

    def __init__(self, python: Path):
        cores = sorted(os.sched_getaffinity(0))
        super().__init__([str(python), str(HERE / "peer_tools.py")], cores)

    def do(self, what: str, seconds: float = 300, **arguments) -> Dict:
        answer = self.ask({"do": what, **arguments}, seconds)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


def describe_machine() -> Dict:
    """What decides how fast the figures can be."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    caches = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level = (index / "level").read_text().strip()
        if (index / "type").read_text().strip() != "Instruction":
            caches[f"L{level}"] = (index / "size").read_text().strip()
    flags = fields.get("flags", "").split()
    return {
        "cpu": fields.get("model name", "unknown"),
        "family_model": f"{fields.get('cpu family')}/{fields.get('model')}",
        "cores": len(os.sched_getaffinity(0)),
        "caches": caches,
        "isa": [f for f in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_vbmi", "amx_int8") if f in flags],
        "load_average": round(os.getloadavg()[0], 2),
        "python": sys.version.split()[0],
    }
