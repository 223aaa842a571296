//===- Npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_NPY_H
#define QUANTA_EXECUTION_NPY_H

#include "quanta/Execution/Tensor.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <vector>

namespace quanta {

/// One array of an `.npz` archive.
struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// Reads an `.npy` file (format 1, 2 or 3, little endian, C or Fortran order)
/// into a row-major tensor. Two raw bytes (`|V2`) are bf16, as NumPy has no
/// type of its own for it. The error is one sentence that begins with the path.
llvm::Expected<HostTensor> readNpy(llvm::StringRef path);

/// The same for the bytes of such a file; `name` is what errors call it.
llvm::Expected<HostTensor> parseNpy(llvm::StringRef bytes,
                                    llvm::StringRef name);

/// Reads every array of an `.npz` file in the order of the archive's directory,
/// or only those called `key`.
llvm::Expected<std::vector<NamedTensor>> readNpz(llvm::StringRef path,
                                                 llvm::StringRef key = "");

/// The same one array after the other: what has been used takes no memory. An
/// error of `use` ends it.
llvm::Error forEachArray(llvm::StringRef path,
                         llvm::function_ref<llvm::Error(NamedTensor)> use);

/// The same for the bytes of such a file; `name` is what errors call it.
llvm::Expected<std::vector<NamedTensor>>
parseNpz(llvm::StringRef bytes, llvm::StringRef name, llvm::StringRef key = "");

/// Writes an `.npy` file, in place of an older one only once it is complete.
/// Kinds below 8 bits are written as int8 or uint8 with their values.
llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor);

} // namespace quanta

#endif // QUANTA_EXECUTION_NPY_H
