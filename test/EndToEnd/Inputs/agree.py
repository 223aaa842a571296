"""Fails unless two arrays agree: agree.py REFERENCE OTHER DECIBELS

DECIBELS is the least signal-to-noise ratio; `same` asks for the same bits.
"""

import sys

import numpy

reference, other = (numpy.load(path) for path in sys.argv[1:3])
if reference.shape != other.shape or reference.dtype != other.dtype:
    sys.exit(f"{reference.dtype} {reference.shape} and {other.dtype} {other.shape}")
if sys.argv[3] == "same":
    if reference.tobytes() != other.tobytes():
        sys.exit(f"{(reference != other).sum()} of {reference.size} elements differ")
    sys.exit()
noise = numpy.square(reference.astype("f8") - other).sum()
ratio = 10 * numpy.log10(numpy.square(reference.astype("f8")).sum() / max(noise, 1e-300))
if not ratio >= float(sys.argv[3]):
    sys.exit(f"signal-to-noise ratio {ratio:.2f} dB")
