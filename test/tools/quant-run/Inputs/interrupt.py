# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ends a command by signals while it has temporary files:

    interrupt.py FOLDER COMMAND...
"""

import os
import signal
import subprocess
import sys
import time

FOLDER, COMMAND = sys.argv[1], sys.argv[2:]

for number in (signal.SIGINT, signal.SIGTERM):
    # A child of a shell's background job may ignore it.
    process = subprocess.Popen(
        COMMAND,
        env={**os.environ, "TMPDIR": FOLDER},
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not any(name.endswith(".yaml") for name in os.listdir(FOLDER)):
        assert process.poll() is None, process.stderr.read()
    # A file is there for some microseconds before the process knows it.
    time.sleep(0.02)
    process.send_signal(number)
    process.stderr.read()
    assert process.wait() == -number, process.returncode
    assert not os.listdir(FOLDER), os.listdir(FOLDER)
