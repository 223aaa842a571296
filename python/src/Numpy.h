//===- Numpy.h - NumPy arrays as host tensors -------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_PYTHON_NUMPY_H
#define QUANTA_PYTHON_NUMPY_H

#include "quanta/Execution/Signature.h"
#include "quanta/Execution/Tensor.h"

#include <nanobind/nanobind.h>

namespace quanta::python {

/// Must run once before anything below.
void importNumpy();

/// A tensor over the array's memory. Anything that is not an array, or is not
/// dense, aligned and in native byte order, is copied into a new array of the
/// element type that `type` wants; `owner` keeps the memory alive. An array of
/// elements that no program takes is an error.
llvm::Expected<HostTensor> toTensor(nanobind::handle value,
                                    const ValueType &type,
                                    nanobind::object &owner);

/// A new array that owns the tensor's memory.
nanobind::object toArray(HostTensor tensor);

/// The name of NumPy's type for elements of this kind.
const char *getDtypeName(ElementKind kind);

} // namespace quanta::python

#endif // QUANTA_PYTHON_NUMPY_H
