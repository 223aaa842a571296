# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes and shows arrays for tests.

    npy.py FILE EXPRESSION     saves a NumPy expression as .npy (or .npz, of a dict)
    npy.py FILE                prints dtype, shape and values of an .npy
"""

import sys

import arrays

path = sys.argv[1]
if len(sys.argv) > 2:
    import numpy

    value = eval(sys.argv[2])
    if isinstance(value, dict):
        numpy.savez(path, **value)
    else:
        numpy.save(path, value)
else:
    array = arrays.load(path)
    print(array.dtype, list(array.shape), arrays.nest(array.values, array.shape))
