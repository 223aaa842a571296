//===- Numpy.cpp - NumPy arrays as host tensors ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Uses NumPy's own interface: through the buffer protocol and DLPack, a call of
// a small network would spend more time on its arrays than on its work.
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#include <cstdlib>

namespace nb = nanobind;

namespace quanta::python {

/// NumPy has no bf16; the package `ml_dtypes` adds one. Without it, such
/// elements are passed as their bits, in `uint16`.
static int bfloat16Type = NPY_UINT16;

void importNumpy() {
  if (_import_array() < 0)
    throw nb::python_error();
  PyObject *module = PyImport_ImportModule("ml_dtypes");
  if (!module) {
    PyErr_Clear();
    return;
  }
  nb::object owned = nb::steal(module);
  nb::object type = nb::getattr(owned, "bfloat16", nb::none());
  PyArray_Descr *descr = nullptr;
  if (!type.is_none() && PyArray_DescrConverter(type.ptr(), &descr)) {
    bfloat16Type = descr->type_num;
    Py_DECREF(descr);
  }
  PyErr_Clear();
}

static int getTypeNumber(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
    return NPY_BOOL;
  case ElementKind::I2:
  case ElementKind::I4:
  case ElementKind::I8:
    return NPY_INT8;
  case ElementKind::U2:
  case ElementKind::U4:
  case ElementKind::U8:
    return NPY_UINT8;
  case ElementKind::I16:
    return NPY_INT16;
  case ElementKind::U16:
    return NPY_UINT16;
  case ElementKind::I32:
    return NPY_INT32;
  case ElementKind::U32:
    return NPY_UINT32;
  case ElementKind::I64:
    return NPY_INT64;
  case ElementKind::U64:
    return NPY_UINT64;
  case ElementKind::F16:
    return NPY_HALF;
  case ElementKind::BF16:
    return bfloat16Type;
  case ElementKind::F32:
    return NPY_FLOAT;
  case ElementKind::F64:
    return NPY_DOUBLE;
  }
  llvm_unreachable("unknown element kind");
}

const char *getDtypeName(ElementKind kind) {
  switch (getTypeNumber(kind)) {
  case NPY_BOOL:
    return "bool";
  case NPY_INT8:
    return "int8";
  case NPY_UINT8:
    return "uint8";
  case NPY_INT16:
    return "int16";
  case NPY_UINT16:
    return "uint16";
  case NPY_INT32:
    return "int32";
  case NPY_UINT32:
    return "uint32";
  case NPY_INT64:
    return "int64";
  case NPY_UINT64:
    return "uint64";
  case NPY_HALF:
    return "float16";
  case NPY_FLOAT:
    return "float32";
  case NPY_DOUBLE:
    return "float64";
  default:
    return "bfloat16";
  }
}

/// The kind of an array's elements, as far as the kinds are distinct in NumPy.
static std::optional<ElementKind> getElementKind(PyArrayObject *array) {
  int type = PyArray_TYPE(array);
  switch (type) {
  case NPY_FLOAT:
    return ElementKind::F32;
  case NPY_DOUBLE:
    return ElementKind::F64;
  case NPY_HALF:
    return ElementKind::F16;
  case NPY_BOOL:
    return ElementKind::I1;
  default:
    break;
  }
  // C has several integer types of 64 bits.
  if (PyTypeNum_ISINTEGER(type)) {
    bool isSigned = PyTypeNum_ISSIGNED(type);
    switch (PyArray_ITEMSIZE(array)) {
    case 1:
      return isSigned ? ElementKind::I8 : ElementKind::U8;
    case 2:
      return isSigned ? ElementKind::I16 : ElementKind::U16;
    case 4:
      return isSigned ? ElementKind::I32 : ElementKind::U32;
    case 8:
      return isSigned ? ElementKind::I64 : ElementKind::U64;
    default:
      return std::nullopt;
    }
  }
  if (type == bfloat16Type)
    return ElementKind::BF16;
  return std::nullopt;
}

llvm::Expected<HostTensor> toTensor(nb::handle value, const ValueType &type,
                                    nb::object &owner) {
  PyObject *object = value.ptr();
  if (PyArray_Check(object)) {
    auto *array = reinterpret_cast<PyArrayObject *>(object);
    if (PyArray_ISCARRAY_RO(array)) {
      owner = nb::borrow(value);
    } else {
      PyObject *dense =
          PyArray_FROM_OF(object, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED);
      if (!dense)
        throw nb::python_error();
      owner = nb::steal(dense);
    }
  } else {
    // Integers become floats, but what NumPy itself takes for floats does not
    // become integers.
    PyObject *plain = PyArray_FROM_O(object);
    if (!plain)
      throw nb::python_error();
    nb::object kept = nb::steal(plain);
    auto *found = reinterpret_cast<PyArrayObject *>(plain);
    bool isCut = PyTypeNum_ISINTEGER(getTypeNumber(type.kind)) &&
                 type.kind != ElementKind::BF16 && PyArray_SIZE(found) > 0 &&
                 PyArray_ISFLOAT(found);
    // Nor does what is no number, such as None.
    isCut |= PyArray_TYPE(found) == NPY_OBJECT;
    PyObject *made = isCut ? PyArray_FROM_O(object)
                           : PyArray_FROM_OTF(object, getTypeNumber(type.kind),
                                              NPY_ARRAY_CARRAY_RO);
    if (!made)
      throw nb::python_error();
    owner = nb::steal(made);
  }

  auto *array = reinterpret_cast<PyArrayObject *>(owner.ptr());
  std::optional<ElementKind> kind = getElementKind(array);
  if (!kind) {
    nb::object dtype = nb::borrow(
        nb::handle(reinterpret_cast<PyObject *>(PyArray_DESCR(array))));
    return llvm::createStringError(
        "expected elements of type " + std::string(getDtypeName(type.kind)) +
        " (" + type.text + "), got " + nb::str(dtype).c_str());
  }
  // bf16 without a type of its own looks like another.
  if (PyArray_TYPE(array) == getTypeNumber(type.kind) &&
      !getSubByteWidth(type.kind))
    kind = type.kind;

  int rank = PyArray_NDIM(array);
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  const npy_intp *sizes = PyArray_DIMS(array);
  return HostTensor::borrow(
      *kind, llvm::ArrayRef(reinterpret_cast<const int64_t *>(sizes), rank),
      PyArray_DATA(array));
}

nb::object toArray(HostTensor tensor) {
  if (getSubByteWidth(tensor.getKind())) {
    llvm::Expected<HostTensor> wide = tensor.widen();
    if (!wide)
      throw nb::value_error(llvm::toString(wide.takeError()).c_str());
    tensor = std::move(*wide);
  }
  int rank = tensor.getRank();
  if (rank > NPY_MAXDIMS)
    throw nb::type_error("NumPy arrays cannot have that many dimensions");
  auto elementSize = static_cast<npy_intp>(getElementSize(tensor.getKind()));
  npy_intp sizes[NPY_MAXDIMS], strides[NPY_MAXDIMS];
  for (int dim = 0; dim < rank; ++dim) {
    sizes[dim] = tensor.getShape()[dim];
    strides[dim] = tensor.getStrides()[dim] * elementSize;
  }
  void *data = tensor.getData();
  PyObject *array = PyArray_New(
      &PyArray_Type, rank, sizes, getTypeNumber(tensor.getKind()),
      data ? strides : nullptr, data, 0, NPY_ARRAY_WRITEABLE, nullptr);
  if (!array)
    throw nb::python_error();
  nb::object result = nb::steal(array);

  // An empty result may have no memory at all.
  void *block = tensor.release();
  if (!block)
    return result;
  PyObject *capsule = PyCapsule_New(block, nullptr, [](PyObject *capsule) {
    std::free(PyCapsule_GetPointer(capsule, nullptr));
  });
  if (!capsule) {
    std::free(block);
    throw nb::python_error();
  }
  if (PyArray_SetBaseObject(reinterpret_cast<PyArrayObject *>(array), capsule))
    throw nb::python_error();
  return result;
}

} // namespace quanta::python
