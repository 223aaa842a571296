# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs over folders and archives, seen from a terminal:

    progress.py FOLDER QUANT_RUN
"""

import os
import pty
import re
import resource
import subprocess
import sys

import numpy

FOLDER, QUANT_RUN = sys.argv[1:]


def command(samples):
    observed, statistics = (os.path.join(FOLDER, name) for name in ("observed.mlir", "s.json"))
    return [QUANT_RUN, observed, "--entry=one", f"--samples={samples}", f"--statistics={statistics}"]


def on_terminal(samples):
    """What a terminal shows."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command(samples), stdout=slave, stderr=slave)
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 4096):
            text += part
    except OSError:
        pass  # The other side is closed.
    assert process.wait() == 0, text
    return text.decode()


rows = numpy.random.default_rng(3).random((4, 1 << 16), dtype="f4")


def peak(arrays):
    """The memory of a silent run over an archive, in KiB."""
    archive = os.path.join(FOLDER, "samples.npz")
    numpy.savez(archive, **{f"x{number}": rows for number in range(arrays)})
    silent = subprocess.run(command(archive), capture_output=True, check=True)
    assert silent.stdout == silent.stderr == b"", silent
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


# An array is 1 MiB.
one, many = peak(1), peak(128)
assert many - one < 32 << 10, f"{one} KiB of memory for one array, {many} for 128"

folder = os.path.join(FOLDER, "folder")
numpy.save(os.path.join(FOLDER, "x.npy"), rows)
for number in range(900):
    os.link(os.path.join(FOLDER, "x.npy"), os.path.join(folder, f"{number}.npy"))
lines = on_terminal(folder).split("\r\x1b[K")
assert lines[0] == lines[-1] == "", lines
for line in lines[1:-1]:
    match = re.fullmatch(r"calibrating: \[(#*)(\.*)\] (\d+)/900, \d+\.\d/s, \d+:\d\d left", line)
    assert match, line
    assert len(match[1]) == 20 * int(match[3]) // 900 and len(match[1] + match[2]) == 20, line
assert len(lines) > 2, lines
