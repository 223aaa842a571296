# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process lives on, and the next call is right."""

import sys

import numpy
import quanta

run = quanta.compile(quanta.load(sys.argv[1]))
for _ in range(3):
    try:
        run(numpy.array([1, 3]))
        sys.exit("the index 3 was taken")
    except quanta.Error as error:
        assert "index must be smaller" in str(error), error
    assert (run(numpy.array([1, 2])) == [20, 30]).all()
