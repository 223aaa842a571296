# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes and shows arrays for tests.

    npy.py FILE EXPRESSION ...   saves NumPy expressions as .npy (or .npz, of a dict)
    npy.py FILE                  prints dtype, shape and values of an .npy
"""

import sys

import arrays

if len(sys.argv) > 2:
    import numpy

    # Many in one process, because the import takes longer than they do.
    for index in range(1, len(sys.argv), 2):
        path, expression = sys.argv[index : index + 2]
        value = eval(expression)
        if isinstance(value, dict):
            numpy.savez(path, **value)
        else:
            numpy.save(path, value)
else:
    array = arrays.load(sys.argv[1])
    print(array.dtype, list(array.shape), arrays.nest(array.values, array.shape))
