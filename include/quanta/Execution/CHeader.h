//===- CHeader.h - C headers of compiled modules ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_CHEADER_H
#define QUANTA_EXECUTION_CHEADER_H

#include "quanta/Execution/Signature.h"

#include <string>

namespace quanta {

/// A header, for C99 and C++, that declares the functions of an object file:
/// the descriptors of their tensors, the C interface `_mlir_ciface_<f>`, and an
/// inline function `<f>` that takes plain pointers and the sizes that are free.
/// `stem` is the file's name without extension and goes into the include guard.
std::string generateCHeader(llvm::StringRef stem,
                            llvm::ArrayRef<Signature> signatures);

} // namespace quanta

#endif // QUANTA_EXECUTION_CHEADER_H
