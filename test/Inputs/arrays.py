# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads .npy files for tests that would spend their time on importing NumPy."""

import ast
import collections
import struct

Array = collections.namedtuple("Array", "dtype shape bytes values")

# NumPy's type letters: name and struct's letter.
TYPES = {
    "b1": ("bool", "?"),
    "i1": ("int8", "b"),
    "u1": ("uint8", "B"),
    "i2": ("int16", "h"),
    "u2": ("uint16", "H"),
    "i4": ("int32", "i"),
    "u4": ("uint32", "I"),
    "i8": ("int64", "q"),
    "u8": ("uint64", "Q"),
    "f2": ("float16", "e"),
    "f4": ("float32", "f"),
    "f8": ("float64", "d"),
}


def load(path):
    """Reads a little-endian array in C order, its values as one flat list."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x93NUMPY\x01\x00":
        raise ValueError(f"{path}: not an array in version 1.0 of the format")
    (size,) = struct.unpack_from("<H", data, 8)
    header = ast.literal_eval(data[10 : 10 + size].decode("latin1"))
    if header["fortran_order"] or header["descr"][0] == ">":
        raise ValueError(f"{path}: only little-endian arrays in C order are read")
    name, letter = TYPES[header["descr"][1:]]
    payload = data[10 + size :]
    values = [value for (value,) in struct.iter_unpack("<" + letter, payload)]
    count = 1
    for extent in header["shape"]:
        count *= extent
    if len(values) != count:
        raise ValueError(f"{path}: {len(values)} values for shape {header['shape']}")
    return Array(name, header["shape"], payload, values)


def nest(values, shape):
    """A flat list as the lists of lists of a shape."""
    if not shape:
        return values[0]
    if len(shape) == 1:
        return values
    step = len(values) // shape[0] if shape[0] else 0
    return [
        nest(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])
    ]
