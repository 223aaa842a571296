# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fails unless two arrays agree: agree.py REFERENCE OTHER DECIBELS

DECIBELS is the least signal-to-noise ratio; `same` asks for the same bits.
"""

import math
import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "Inputs"))
import arrays

reference, other = (arrays.load(path) for path in sys.argv[1:3])
if reference.shape != other.shape or reference.dtype != other.dtype:
    sys.exit(f"{reference.dtype} {reference.shape} and {other.dtype} {other.shape}")
pairs = list(zip(reference.values, other.values))
if sys.argv[3] == "same":
    if reference.bytes != other.bytes:
        differ = sum(a != b for a, b in pairs)
        sys.exit(f"{differ} of {len(pairs)} elements differ")
    sys.exit()
signal = math.fsum(float(a) ** 2 for a, _ in pairs)
noise = math.fsum((float(a) - b) ** 2 for a, b in pairs)
if not signal > 0:
    sys.exit(f"the reference has no signal: {signal}")
ratio = 10 * math.log10(signal / max(noise, 1e-300))
if not ratio >= float(sys.argv[3]):
    sys.exit(f"signal-to-noise ratio {ratio:.2f} dB")
