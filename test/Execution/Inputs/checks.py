# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls each function with scalars that are right, and with such as are not."""

import sys

import numpy
import quanta

MODULE = quanta.load(sys.argv[1])
FIVE = numpy.arange(5, dtype=numpy.float32)
OUT, ZERO, UNFIT = "is out of range", "is zero", "has a size that does not fit"
HUGE = [2**59 + 1, 2**62, 2**63 - 1]


def numbers(*values, dtype=numpy.int64):
    return numpy.array(values, dtype)


def check(entry, cases):
    """Cases: arguments, and the result or what the error says."""
    run = quanta.compile(MODULE, entry=entry)
    for arguments, expected in cases:
        if not isinstance(expected, str):
            assert numpy.array_equal(run(*arguments), expected), (entry, arguments)
            continue
        try:
            result = run(*arguments)
        except quanta.Error as error:
            assert expected in str(error) and sys.argv[1] in str(error), error
        else:
            sys.exit(f"{entry} took {arguments[-1]} and gave {result}")


def with_length(entry, good):
    cases = [((numbers(value),), good(value)) for value in (0, 3)]
    check(entry, cases + [((numbers(value),), UNFIT) for value in [-1, *HUGE]])


wrong = [5, -1, 2**40, 2**63 - 1]
check("extract", [((FIVE, numbers(i)), FIVE[i : i + 1]) for i in (0, 4)])
check("extract", [((FIVE, numbers(i)), OUT) for i in wrong])
check("insert", [((FIVE, numbers(1)), numbers(0, 7, 2, 3, 4))])
check("insert", [((FIVE, numbers(i)), OUT) for i in wrong])
check("dim", [((FIVE, numbers(0)), [5])])
check("dim", [((FIVE, numbers(i)), OUT) for i in (1, -1)])
check("gather", [((FIVE, numbers(0, 4)), [0, 4]), ((FIVE, numbers()), [])])
check("gather", [((FIVE, numbers(0, i)), OUT) for i in wrong])
with_length("empty", lambda n: numpy.ones((n, 4)))
with_length("generate", numpy.ones)
with_length("splat", numpy.ones)
good = [((FIVE[:4], numbers(n)), [1] * n + [0, 1, 2, 3, 1, 1]) for n in (0, 3)]
check("pad", good + [((FIVE[:4], numbers(n)), UNFIT) for n in [-1, *HUGE]])
for entry in ("reshape", "expand"):
    data = numpy.arange(6, dtype=numpy.float32)
    right = [((data, numbers(*s)), data.reshape(s)) for s in ((2, 3), (6, 1))]
    sizes = [(-2, -3), (2, 4), (0, 6), (2**32, 2**32), (2**63 - 1, 2)]
    check(entry, right + [((data, numbers(*s)), UNFIT) for s in sizes])
    check(entry, [((data[:0], numbers(2**32, 2**32)), UNFIT)])

steps = "is not positive"
check("for", [((numbers(3),), [3]), ((numbers(0),), steps), ((numbers(-1),), steps)])


def pair(dividend, divisor, dtype):
    return numbers(dividend, dtype=dtype), numbers(divisor, dtype=dtype)


signed, unsigned = numpy.int32, numpy.uint32
check("div", [(pair(-7, 2, signed), [-3]), (pair(7, 0, signed), ZERO)])
check("div", [(pair(-(2**31), -1, signed), "does not fit its type")])
check("named", [(pair(7, 0, signed), ZERO)])
check("remainder", [(pair(7, 4, signed), [3]), (pair(7, 0, signed), ZERO)])
